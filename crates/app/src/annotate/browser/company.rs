//! The others in the text: what they have selected is painted, where they are can be followed; and they are told the same
//! of us.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};
use shared::{selector::Target, text::CharOffset};

use super::{carets, dom, session, session::Session};
use crate::{
    annotate::{
        desk::Desk,
        passages::Span,
        whereabouts::{MAX_PASSAGES, Passage, Whereabouts},
    },
    parts::hue,
};

/// Others are told of a move when it has rested for so long: they look at it, they do not race it.
const REST: Duration = Duration::from_millis(200);
/// People's colours.
const HUES: u32 = 12;
/// A message is read when its end is further down than this, in CSS pixels from the top of the window.
const TOP: f64 = 90.0;

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
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
        let painted: Vec<(u32, Vec<Span>)> =
            others.map(|(id, at)| (hue(&id.to_string()), spans(&session, at))).collect();
        session.painter.borrow_mut().set_company(&painted, HUES, &session.texts);
    });
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
    Effect::new(move |_| match (followed.get(), session()) {
        (Some((true, Some(at))), Some(session)) => go(&session, &at),
        // Without a connection nobody is known to be here.
        (Some((false, _)), Some(session)) if session.is_open() => stop(desk),
        _ => {}
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
        let place = session.texts.get(passage.message)?.place;
        Some(Span { place, start: passage.start, end: passage.end })
    };
    at.selection.iter().filter_map(span).collect()
}

fn go(session: &Session, at: &Whereabouts) {
    let first = spans(session, at).into_iter().next();
    let range =
        first.and_then(|first| session.texts.at(first.place)?.range(CharOffset(first.start), CharOffset(first.end)));
    let selected = range.and_then(|range| range.start_container().ok());
    let (element, block) = match (selected.and_then(|node| node.parent_element()), at.reads) {
        (Some(element), _) => (element, web_sys::ScrollLogicalPosition::Center),
        (None, Some(message)) => match session.texts.get(message) {
            Some(message) => (message.element.clone(), web_sys::ScrollLogicalPosition::Start),
            None => return,
        },
        (None, None) => return,
    };
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(block);
    element.scroll_into_view_with_scroll_into_view_options(&options);
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
            let at = Whereabouts { reads: top_message(&session), selection, cursor: carets::own(&session) };
            if session.presence.borrow_mut().go(at) && session.is_open() {
                session.announce();
            }
        },
        REST,
    );
}

fn top_message(session: &Session) -> Option<shared::ids::MessageId> {
    let messages = session.texts.all();
    let above = messages.partition_point(|message| message.element.get_bounding_client_rect().bottom() < TOP);
    messages.get(above).map(|message| message.id)
}
