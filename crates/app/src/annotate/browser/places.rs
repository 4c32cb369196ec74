//! Puts cards beside their text: read all measures, then write all places, once a frame. Of many cards only those near the
//! window are in the page's layout: one more costs as much among two thousand as among ten.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use shared::ids::HighlightId;
use web_sys::HtmlElement;

use super::{dom, nearness, session, session::Session, sight};
use crate::annotate::{
    desk::Desk,
    margin::{GAP, Slot, layout, near},
};

/// From this width on, cards stand beside the text (as in the style).
const WIDE: &str = "(min-width: 1000px)";
/// Within this distance of the window a card is made, so that a scroll does not come upon empty places; in CSS pixels.
const MARGIN: f64 = 1_500.0;
/// After a scroll of so many it is looked again which are near.
const STEP: f64 = 300.0;
/// A scroll of so many from one frame to the next is a flight, if the one before it was as far: nobody sees a card then.
const FLIGHT: f64 = 400.0;
/// A flight is over when nothing has been scrolled for so long.
const LANDS: Duration = Duration::from_millis(100);
/// What is below this in the window is below the page's bar, in CSS pixels.
const BAR: f64 = 60.0;
/// What comes into sight keeps this distance from the end of the window.
const EDGE: f64 = 40.0;
/// The height of a card that was never made: closed it is as high.
const UNSEEN: f64 = 42.0;

/// What is known of a card.
#[derive(Default, Clone, Copy)]
struct Box {
    /// Where its passage starts, from the top of the page; asked once until lines move. A lost one has no such place.
    anchor: Option<Option<f64>>,
    /// How high it was last.
    height: Option<f64>,
    /// Where it stands: one that stays is not written to.
    top: Option<f64>,
}

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
    /// The card in hand when cards were placed last.
    static IN_HAND: Cell<Option<HighlightId>> = const { Cell::new(None) };
    /// That card is to come into sight and, if its text was pressed, at which height of the window: what is pressed stays there.
    static WANTED: Cell<Option<Option<f64>>> = const { Cell::new(None) };
    static BOXES: RefCell<HashMap<HighlightId, Box>> = RefCell::default();
    /// How far the page was scrolled when cards were placed last.
    static PLACED_AT: Cell<f64> = const { Cell::new(0.0) };
    /// How far it was with the last scroll, and whether that was a far one.
    static SEEN_AT: Cell<f64> = const { Cell::new(0.0) };
    static WAS_FAR: Cell<bool> = const { Cell::new(false) };
    /// The end of a flight, while there is one.
    static LANDING: RefCell<Option<TimeoutHandle>> = const { RefCell::new(None) };
}

/// The card is gone, or stands in no place of ours any more.
pub fn forget(id: HighlightId) {
    BOXES.with_borrow_mut(|boxes| boxes.remove(&id));
}

/// The passage of this highlight may be another now.
pub fn forget_anchor(id: HighlightId) {
    BOXES.with_borrow_mut(|boxes| boxes.entry(id).or_default().anchor = None);
}

/// Lays the cards out before the next frame.
pub fn lay_out(desk: Desk) {
    if WAITING.replace(true) {
        return;
    }
    request_animation_frame(move || {
        WAITING.set(false);
        place(desk);
    });
}

/// Brings the card in hand into sight when the cards are placed next; text that was pressed at a height of the window stays
/// in sight.
pub fn come_into_sight(desk: Desk, pressed: Option<f64>) {
    WANTED.set(Some(pressed));
    lay_out(desk);
}

/// Lays out again whenever sizes may have changed.
pub fn listen(desk: Desk) {
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::resize, move |_| text_moved(desk));
    dom::on(&page, ev::load, move |_| text_moved(desk));
    dom::on(&page, ev::scroll, move |_| {
        if desk.many.get_untracked() {
            scrolled(desk);
        }
    });
    Effect::new(move |_| {
        desk.beside.track();
        desk.active.track();
        desk.tab.track();
        lay_out(desk);
    });
    // Fonts that arrive late and boxes that grow change the heights of things.
    watch_height(".reading", move || text_moved(desk));
    // What stands above the cards moves them all.
    watch_height(".filter, .drawer", move || lay_out(desk));
}

/// Which cards are near may be another thing now. While the page flies past, none is made: that would hold it up.
fn scrolled(desk: Desk) {
    let now = window().scroll_y().unwrap_or_default();
    let is_far = (now - SEEN_AT.replace(now)).abs() > FLIGHT;
    let was_far = WAS_FAR.replace(is_far);
    if let Some(landing) = LANDING.take() {
        landing.clear();
    }
    if is_far && was_far {
        let land = move || {
            LANDING.take();
            WAS_FAR.set(false);
            lay_out(desk);
        };
        LANDING.set(set_timeout_with_handle(land, LANDS).ok());
    } else if (now - PLACED_AT.get()).abs() > STEP {
        lay_out(desk);
    }
}

fn watch_height(selector: &str, act: impl FnMut() + 'static) {
    let changed = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(act);
    let Ok(observer) = web_sys::ResizeObserver::new(wasm_bindgen::JsCast::unchecked_ref(changed.as_ref())) else {
        return;
    };
    dom::all(selector).iter().for_each(|element| observer.observe(element));
    changed.forget();
}

/// Lines may stand elsewhere now.
fn text_moved(desk: Desk) {
    BOXES.with_borrow_mut(|boxes| boxes.values_mut().for_each(|card| card.anchor = None));
    sight::look();
    if let Some(session) = session() {
        session.painter.borrow().canvas().redraw_soon();
    }
    lay_out(desk);
}

/// Whether cards stand beside the text; else the panel is a sheet at the foot of the page.
pub fn is_wide() -> bool {
    window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches())
}

/// How much of the window shows text, from its top, in CSS pixels: all of it, unless a sheet lies over its foot.
pub fn free_height() -> f64 {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    if is_wide() {
        return height;
    }
    dom::all(".panel[data-sheet]").first().map_or(height, |sheet| sheet.get_bounding_client_rect().top())
}

fn place(desk: Desk) {
    let Some(session) = session() else { return };
    let margins = dom::all("#margin");
    let Some(margin) = margins.first() else { return };
    let flies = LANDING.with_borrow(Option::is_some);
    if flies || desk.tab.get_untracked() != crate::annotate::desk::Tab::Annotations {
        return;
    }
    let is_wide = is_wide();
    nearness::observe(!is_wide);
    let in_hand = desk.active.get_untracked();
    let wanted = WANTED.take();
    if is_wide {
        let is_other = IN_HAND.replace(in_hand) != in_hand;
        let card = align(desk, &session, margin, in_hand, is_other);
        // One that is pressed or come to by keys goes to its text, and must not go from under who is there.
        let wanted = wanted.or_else(|| (is_other && has_focus(in_hand?)).then_some(None));
        if let (Some((top, bottom)), Some(pressed)) = (card, wanted) {
            let above = dom::all(".filter").first().map_or(0.0, |filter| filter.get_bounding_client_rect().bottom());
            scroll_to(above.max(BAR), (top, bottom), pressed);
        }
        return;
    }
    list(margin);
    let (Some(id), Some(pressed)) = (in_hand, wanted) else { return };
    if let Some(card) = nearness::element(id) {
        card.scroll_into_view();
    }
    let text = session.painter.borrow().top(id, &session.texts);
    if let Some(at) = pressed.or(text) {
        scroll_to(BAR, (at, at), None);
    }
}

fn has_focus(id: HighlightId) -> bool {
    !dom::all(&format!("#h-{id}:focus-within")).is_empty()
}

/// Scrolls as little as is needed to have what stands from `top` to `bottom` in the window's free part, which begins at
/// `first`: its top in any case. What is pressed stays in there too.
fn scroll_to(first: f64, (top, bottom): (f64, f64), pressed: Option<f64>) {
    let last = free_height() - EDGE;
    let down = (bottom - last).max(0.0).min(top - first);
    let least = pressed.map_or(f64::NEG_INFINITY, |at| at - last);
    let most = pressed.map_or(f64::INFINITY, |at| at - BAR);
    let down = down.min(most).max(least);
    if down.abs() >= 1.0 {
        window().scroll_by_with_x_and_y(0.0, down);
    }
}

/// A plain list, in order.
fn list(margin: &HtmlElement) {
    if !margin.has_attribute("data-layout") {
        return;
    }
    BOXES.take();
    let _ = margin.remove_attribute("data-layout");
    let _ = HtmlElement::style(margin).remove_property("min-height");
    dom::all("#margin > .card").iter().for_each(|card| drop(HtmlElement::style(card).remove_property("translate")));
}

/// Says from where to where in the window the card in hand stands.
fn align(
    desk: Desk,
    session: &Session,
    margin: &HtmlElement,
    in_hand: Option<HighlightId>,
    glides: bool,
) -> Option<(f64, f64)> {
    if !margin.has_attribute("data-layout") {
        let _ = margin.set_attribute("data-layout", "aligned");
    }
    let scrolled = window().scroll_y().unwrap_or_default();
    PLACED_AT.set(scrolled);
    let order = desk.beside.get_untracked();
    let mut made = nearness::made(!desk.many.get_untracked());
    made.extend(in_hand.and_then(|id| Some((id, nearness::element(id)?))));
    let top = margin.get_bounding_client_rect().top();
    let slots = measure(session, &order, &made, scrolled, top);
    let active = in_hand.and_then(|active| order.iter().position(|id| *id == active));
    let tops = layout(&slots, active);
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let (first, last) = near(&slots, &tops, -top - MARGIN, height - top + MARGIN);
    let (from, to) = near(&slots, &tops, -top, height - top);
    // All is read: from here on it is written.
    if glides != margin.has_attribute("data-gliding") {
        let _ = margin.toggle_attribute_with_force("data-gliding", glides);
    }
    BOXES.with_borrow_mut(|boxes| {
        for (at, id) in order.iter().enumerate() {
            let is_near = (first..last).contains(&at);
            if !is_near && !made.contains_key(id) {
                continue;
            }
            let card = boxes.entry(*id).or_default();
            if card.top.replace(tops[at]) != Some(tops[at])
                && let Some(element) = nearness::element(*id)
            {
                let _ = HtmlElement::style(&element).set_property("translate", &format!("0 {}px", tops[at]));
            }
        }
    });
    // What is far now goes; what is near comes, and is measured and placed again when it is made.
    if nearness::only(desk, &order[first..last], &order[from..to]) {
        lay_out(desk);
    }
    if !margin.has_attribute("data-settled") {
        let _ = margin.set_attribute("data-settled", "");
    }
    let bottom = slots.last().zip(tops.last()).map_or(0.0, |(slot, top)| top + slot.height + GAP);
    let _ = HtmlElement::style(margin).set_property("min-height", &format!("{bottom}px"));
    active.map(|at| (top + tops[at], top + tops[at] + slots[at].height))
}

/// Where each passage starts, from the top of the margin, and how high each card is. Only what is made is asked.
fn measure(
    session: &Session,
    order: &[HighlightId],
    made: &HashMap<HighlightId, HtmlElement>,
    scrolled: f64,
    top: f64,
) -> Vec<Slot> {
    let painter = session.painter.borrow();
    let mut below = 0.0_f64;
    BOXES.with_borrow_mut(|boxes| {
        order
            .iter()
            .map(|id| {
                let card = boxes.entry(*id).or_default();
                let at = *card.anchor.get_or_insert_with(|| Some(painter.top(*id, &session.texts)? + scrolled));
                let anchor = at.map_or(below, |at| (at - scrolled - top).max(0.0));
                below = below.max(anchor);
                if let Some(element) = made.get(id) {
                    card.height = Some(f64::from(element.offset_height())).filter(|height| *height > 0.0);
                }
                Slot { anchor, height: card.height.unwrap_or(UNSEEN) }
            })
            .collect()
    })
}
