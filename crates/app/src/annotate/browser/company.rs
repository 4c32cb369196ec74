//! The others in the text: what they have selected is painted, where they are can be followed; and they are told the same
//! of us.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};
use shared::{document::Root, ids::UserId, selector::Target, text::CharOffset};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::HtmlElement;

use super::{carets, dom, places, session, session::Session};
use crate::{
    annotate::{
        desk::Desk,
        passages::Span,
        whereabouts::{MAX_PASSAGES, Passage, Whereabouts},
    },
    parts::HUES,
};

/// Others are told of a move when it has rested for so long: they look at it, they do not race it.
const REST: Duration = Duration::from_millis(200);
/// A message is read when its end is further down than this, in CSS pixels from the top of the window.
const TOP: f64 = 90.0;
/// So many steps of reading on fill a window.
const STEPS: f64 = 4.0;

/// A name is no wider than that, in CSS pixels (as in the style).
const WIDEST: f64 = 160.0;
/// More names than these say nothing any more.
const MOST_NAMES: usize = 24;

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
    static NAMING: Cell<bool> = const { Cell::new(false) };
}

/// Listens from now on.
pub fn listen(desk: Desk) {
    Effect::new(move |_| {
        desk.selection.track();
        tell_soon(desk);
    });
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::scroll, move |_| tell_soon(desk));
    // Whoever goes somewhere by themselves follows no more.
    dom::on(&page, ev::wheel, move |_| stop(desk));
    dom::on(&page, ev::touchmove, move |_| stop(desk));
    Effect::new(move |_| {
        let everybody = desk.whereabouts.get();
        let Some(session) = session() else { return };
        let others = everybody.iter().filter(|(id, _)| **id != desk.place.author);
        let painted: Vec<(u32, Vec<Span>)> = others.map(|(id, at)| (desk.hue_of(*id), spans(&session, at))).collect();
        session.painter.borrow_mut().set_company(&painted, HUES, &session.texts);
        name_soon(desk);
    });
    // Lines that move take the names along: those of a text that is laid out anew, and those below something that came.
    dom::on(&page, ev::resize, move |_| name_soon(desk));
    let moved = Closure::<dyn FnMut()>::new(move || name_soon(desk));
    if let Ok(observer) = web_sys::ResizeObserver::new(moved.as_ref().unchecked_ref()) {
        dom::all("body, .reading").iter().for_each(|element| observer.observe(element));
        moved.forget();
    }
    dom::on(&page, ev::keydown, move |event| {
        let scrolls =
            matches!(event.key().as_str(), "PageDown" | "PageUp" | "Home" | "End" | " " | "ArrowDown" | "ArrowUp");
        if scrolls && !dom::is_typing() {
            stop(desk);
        }
    });
    // Only what that person does moves anything, not what the others do.
    let followed = Memo::new(move |_| {
        let whom = desk.following.get()?;
        let is_here = desk.present.with(|here| here.iter().any(|person| person.id == whom));
        Some((is_here, desk.whereabouts.with(|all| all.get(&whom).cloned())))
    });
    Effect::new(move |before: Option<Option<Whereabouts>>| {
        match (followed.get(), session()) {
            (Some((true, Some(at))), Some(session)) => {
                go(&session, before.flatten().as_ref(), &at);
                return Some(at);
            }
            // Without a connection nobody is known to be here.
            (Some((false, _)), Some(session)) if session.is_open() => stop(desk),
            _ => {}
        }
        None
    });
}

/// Follows nobody any more.
pub fn stop(desk: Desk) {
    if desk.following.get_untracked().is_some() {
        desk.following.set(None);
    }
}

fn spans(session: &Session, at: &Whereabouts) -> Vec<Span> {
    let span = |passage: &Passage| {
        let message = session.texts.get(passage.message)?;
        Some(message.span(CharOffset(passage.start), CharOffset(passage.end)))
    };
    at.selection.iter().filter_map(span).collect()
}

fn name_soon(desk: Desk) {
    if !NAMING.replace(true) {
        request_animation_frame(move || {
            NAMING.set(false);
            name(desk);
        });
    }
}

/// Puts a name above the start of each selection of the others: all is read, then written. In words it stands with the people.
fn name(desk: Desk) {
    let Some(session) = session() else { return };
    let (width, height) = (window().inner_width(), window().scroll_y().unwrap_or_default());
    let width = width.ok().and_then(|width| width.as_f64()).unwrap_or_default();
    let label = |(id, at): (&UserId, &Whereabouts)| {
        let first = spans(&session, at).into_iter().next().filter(|_| *id != desk.place.author)?;
        let text = session.texts.at(first.place)?;
        let start = text.rectangles(CharOffset(first.start), CharOffset(first.start + 1))?.item(0)?;
        let (x, y) = (start.left().min(width - WIDEST), start.top() + height);
        Some((desk.name_of(*id), desk.hue_of(*id), format!("{x}px {y}px")))
    };
    let labels: Vec<_> = untrack(|| desk.whereabouts.with(|all| all.iter().filter_map(label).collect()));
    let (Some(body), Ok(fresh)) = (document().body(), document().create_element("div")) else { return };
    fresh.set_class_name("selection-names");
    // Attributes and properties that exist, of elements that are made just now.
    let _ = fresh.set_attribute("aria-hidden", "true");
    for (name, hue, place) in labels.into_iter().take(MOST_NAMES) {
        let Ok(flag) = document().create_element("span").map(JsCast::unchecked_into::<HtmlElement>) else { return };
        flag.set_class_name("selection-name");
        let _ = flag.set_attribute("data-hue", &hue.to_string());
        let _ = HtmlElement::style(&flag).set_property("translate", &place);
        flag.set_text_content(Some(&name));
        let _ = fresh.append_child(&flag);
    }
    dom::all(".selection-names").iter().for_each(|old| old.remove());
    if fresh.has_child_nodes() {
        let _ = body.append_child(&fresh);
    }
}

/// Goes where somebody went last: to what they have just selected or, if they have read on since, to what they read.
fn go(session: &Session, before: Option<&Whereabouts>, at: &Whereabouts) {
    // Where they are when one begins to follow is what they see, whatever is selected.
    let selects = at.reads.is_none() || before.is_some_and(|before| before.selection != at.selection);
    let reads = || Some((session.texts.get(at.reads?)?, at.above));
    let selected = || {
        let first = spans(session, at).into_iter().next()?;
        let text = session.texts.at(first.place)?;
        Some(text.rectangles(CharOffset(first.start), CharOffset(first.end))?.item(0)?.top())
    };
    let down = match (selects.then(selected).flatten(), reads()) {
        (Some(top), _) => top - places::free_height() / 2.0,
        (None, Some((message, above))) => {
            let message = message.element.get_bounding_client_rect();
            message.top() + message.height() * f64::from(above.unwrap_or_default()) / 1_000.0 - TOP
        }
        (None, None) => return,
    };
    window().scroll_by_with_x_and_y(0.0, down);
}

/// Tells the others where one is, when that has rested a moment.
pub fn tell_soon(desk: Desk) {
    if WAITING.replace(true) {
        return;
    }
    set_timeout(
        move || {
            WAITING.set(false);
            let Some(session) = session() else { return };
            let passage =
                |target: &Target| Passage { message: target.message, start: target.start.0, end: target.end.0 };
            let selection = desk
                .selection
                .with_untracked(|selection| selection.iter().flatten().take(MAX_PASSAGES).map(passage).collect());
            let (reads, above) = top_message(&session).unzip();
            let at = Whereabouts {
                reads,
                above,
                selection,
                cursor: carets::own(&session),
                responds: session.writes_in(Root::Response),
            };
            if session.presence.borrow_mut().go(at) && session.is_open() {
                session.announce();
            }
        },
        REST,
    );
}

/// The message at the top of the window, and how much of it is above. Others are not told of every line: a part of the
/// window is a step.
fn top_message(session: &Session) -> Option<(shared::ids::MessageId, u16)> {
    let messages = session.texts.all();
    let above = messages.partition_point(|message| message.element.get_bounding_client_rect().bottom() < TOP);
    let message = messages.get(above)?;
    let place = message.element.get_bounding_client_rect();
    let step = (places::free_height() / STEPS).max(1.0);
    let above = ((TOP - place.top()).max(0.0) / step).floor() * step / place.height().max(1.0);
    Some((message.id, (above * 1_000.0).min(1_000.0) as u16))
}
