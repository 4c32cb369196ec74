//! What of the text is pointed at, and what of the cards: each shows where the other is. A press on marked text takes a
//! highlight in hand, one after the other where several lie.

use std::cell::{Cell, RefCell};

use js_sys::{Function, Reflect};
use leptos::{ev, prelude::*};
use shared::{ids::HighlightId, text::CharOffset};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, EventTarget, MouseEvent, Node, Range};

use super::{dom, places, selection, session, session::Session};
use crate::annotate::{desk::Desk, passages::Span};

/// What shows a passage's highlight, and is not the text.
const ELSEWHERE: &str = "#margin > .card, [data-passage], [data-entry]";

/// What is pointed at.
#[derive(Default, Clone)]
struct Pointed {
    /// By the pointer, in the text.
    text: Vec<HighlightId>,
    /// By the pointer, elsewhere.
    elsewhere: Option<HighlightId>,
    /// By the focus, elsewhere. The pointer may rest anywhere meanwhile.
    focus: Option<HighlightId>,
}

thread_local! {
    static POINTED: RefCell<Pointed> = RefCell::default();
    /// The last move of the pointer, until it is looked at.
    static MOVED: Cell<Option<MouseEvent>> = const { Cell::new(None) };
    static WAITING: Cell<bool> = const { Cell::new(false) };
    /// Whether a press is not over: its click is still to come.
    static PRESSES: Cell<bool> = const { Cell::new(false) };
}

/// Listens from now on.
pub fn listen(_: Desk) {
    let page: EventTarget = document().into();
    dom::on(&page, ev::pointermove, move |event| {
        // A finger points at what it presses.
        if event.pointer_type() != "touch" && event.buttons() == 0 {
            MOVED.set(Some(event.into()));
            if !WAITING.replace(true) {
                request_animation_frame(look);
            }
        }
    });
    if let Some(root) = document().document_element() {
        dom::on(&root.into(), ev::pointerleave, move |_| {
            point_at(|pointed| (pointed.text, pointed.elsewhere) = Default::default());
        });
    }
    // On a touch screen the focus comes when the finger is up.
    // Other buttons than the first make no click.
    dom::on(&page, ev::pointerdown, move |event| PRESSES.set(event.button() == 0));
    dom::on(&page, ev::pointercancel, move |_| PRESSES.set(false));
    dom::on(&page, ev::click, move |_| PRESSES.set(false));
    dom::on(&page, ev::keydown, move |_| PRESSES.set(false));
    // A card in focus is the one in hand, which its passage shows already.
    dom::on(&page, ev::focusin, move |event| {
        let focus = listed(event.target(), "[data-passage], [data-entry]");
        point_at(|pointed| pointed.focus = focus);
    });
}

/// Whether the focus comes by a press whose click is to be waited for: what it is on must not move before. In a text box
/// the focus is all that a press is for.
pub fn is_pressed(event: &ev::FocusEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    PRESSES.get() && target.is_some_and(|target| !target.matches("textarea").unwrap_or_default())
}

/// Looks where the pointer is, once a frame.
fn look() {
    WAITING.set(false);
    let (Some(event), Some(session)) = (MOVED.take(), session()) else { return };
    let in_text = spot(&session, &event).filter(|spot| spot.start < spot.end);
    let text = in_text.map(|spot| over(&session, spot)).unwrap_or_default();
    let elsewhere = listed(event.target(), ELSEWHERE);
    point_at(|pointed| (pointed.text, pointed.elsewhere) = (text, elsewhere));
}

/// The highlight that an element away from the text shows.
fn listed(target: Option<EventTarget>, which: &str) -> Option<HighlightId> {
    let element = target?.dyn_into::<Element>().ok()?.closest(which).ok()??;
    let names = ["data-highlight-id", "data-passage", "data-entry"];
    names.into_iter().find_map(|name| element.get_attribute(name))?.parse().ok()
}

/// Marks the cards of what is pointed at in the text, and emphasises the passages of what is pointed at elsewhere.
fn point_at(change: impl FnOnce(&mut Pointed)) {
    let before = POINTED.with_borrow(Clone::clone);
    POINTED.with_borrow_mut(change);
    let now = POINTED.with_borrow(Clone::clone);
    if before.text != now.text {
        let card = |id: &HighlightId| document().get_element_by_id(&format!("h-{id}"));
        // An attribute of this name can be set on whatever is there.
        before.text.iter().filter_map(card).for_each(|card| drop(card.remove_attribute("data-pointed")));
        now.text.iter().filter_map(card).for_each(|card| drop(card.set_attribute("data-pointed", "")));
    }
    let passage = |pointed: &Pointed| pointed.elsewhere.or(pointed.focus);
    if passage(&before) != passage(&now)
        && let Some(session) = session()
    {
        session.painter.borrow_mut().point_at(passage(&now), &session.texts);
    }
}

/// The highlights over a place that are coloured, the shortest first.
fn over(session: &Session, at: Span) -> Vec<HighlightId> {
    let painter = session.painter.borrow();
    let mut found = painter.passages.over(at.place, at.start, at.end);
    found.retain(|id| painter.is_coloured(*id));
    found
}

/// A click on marked text takes that highlight in hand; another click there the next one.
pub fn press(desk: Desk, event: &MouseEvent) {
    let Some(session) = session() else { return };
    if selection::current().is_some() {
        return;
    }
    if let Some(at) = spot(&session, event)
        && take_in_hand(desk, at)
    {
        places::come_into_sight(desk, Some(f64::from(event.client_y())));
    }
}

/// Takes the next of the highlights over a place in hand, and says which of how many it is; whether there is one.
pub fn take_in_hand(desk: Desk, at: Span) -> bool {
    let Some(session) = session() else { return false };
    let found = over(&session, at);
    let active = desk.active.get_untracked().and_then(|active| found.iter().position(|id| *id == active));
    let at = active.map_or(0, |at| (at + 1) % found.len());
    let next = found.get(at).copied();
    desk.active.set(next);
    if let Some(id) = next {
        desk.sheet.set(Some(true));
        places::come_into_sight(desk, None);
        let label = untrack(|| desk.label(id));
        desk.announcement.set(match found.len() {
            1 => label,
            count => format!("{} of {count} here: {label}", at + 1),
        });
    }
    next.is_some()
}

/// The character of a message that an event points at or, for a press beside the text, the place between two.
fn spot(session: &Session, event: &MouseEvent) -> Option<Span> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("[data-canonical]").ok()??;
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let (node, offset) = caret_at(x, y)?;
    let element = node.dyn_ref::<Element>().cloned().or_else(|| node.parent_element())?;
    element.closest("[data-canonical]").ok()??;
    let id = element.closest("[data-message-id]").ok()??.get_attribute("data-message-id")?.parse().ok()?;
    let message = session.texts.get(id)?;
    let range = Range::new().ok()?;
    range.set_start(&node, offset).ok()?;
    let CharOffset(at) = message.caret(&range)?;
    let holds = |start: u32| {
        let rectangles = message.rectangles(CharOffset(start), CharOffset(start + 1))?;
        let holds = (0..rectangles.length()).filter_map(|index| rectangles.item(index)).any(|rectangle| {
            (rectangle.left()..=rectangle.right()).contains(&x) && (rectangle.top()..=rectangle.bottom()).contains(&y)
        });
        holds.then(|| message.span(CharOffset(start), CharOffset(start + 1)))
    };
    // The caret is beside the character that is pressed, before or behind it.
    let beside = [at.checked_sub(1), Some(at)].into_iter().flatten().find_map(holds);
    Some(beside.unwrap_or(Span { place: message.place, start: at, end: at }))
}

/// What of the page a caret would stand in at a point of the window. A tap sets no caret, so that the page is asked by coordinates.
pub fn caret_at(x: f64, y: f64) -> Option<(Node, u32)> {
    let page: JsValue = document().into();
    let ask = |name: &str| {
        let function: Function = Reflect::get(&page, &name.into()).ok()?.dyn_into().ok()?;
        let found = function.call2(&page, &x.into(), &y.into()).ok()?;
        found.is_object().then_some(found)
    };
    let read = |object: &JsValue, node: &str, offset: &str| {
        let node: Node = Reflect::get(object, &node.into()).ok()?.dyn_into().ok()?;
        Some((node, Reflect::get(object, &offset.into()).ok()?.as_f64()? as u32))
    };
    // The standard's name, and the one that Safari has.
    ask("caretPositionFromPoint")
        .and_then(|position| read(&position, "offsetNode", "offset"))
        .or_else(|| ask("caretRangeFromPoint").and_then(|range| read(&range, "startContainer", "startOffset")))
}
