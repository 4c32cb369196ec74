//! Marking text by keyboard alone: a message in focus is stepped through by word (arrows) or sentence (Ctrl and
//! arrows), Shift extends, Enter goes to the tools, digits mark at once, Escape leaves. It works by the page's own
//! selection, so that everything else (toolbar, colours, screen readers) sees what it always sees.

use std::{cell::RefCell, rc::Rc};

use leptos::{ev, ev::KeyboardEvent, prelude::*};
use shared::{
    ids::MessageId,
    text::{CharOffset, Utf16Offset},
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    dom, pointing,
    segments::{Segmented, Unit},
    selection, session,
    session::Session,
    shortcuts,
    texts::MessageText,
};
use crate::annotate::{desk::Desk, passages::Span};

/// Where the stepping stands: UTF-16 code units of the message's canonical text.
#[derive(Clone, Copy)]
struct Cursor {
    message: MessageId,
    /// Where the extending began.
    fixed: (u32, u32),
    /// The word or sentence stepped to last.
    current: (u32, u32),
}

/// Listens from now on.
pub fn listen(desk: Desk) {
    let cursor = Rc::new(RefCell::new(None));
    let page: web_sys::EventTarget = document().into();
    dom::on(&page, ev::keydown, move |event: KeyboardEvent| {
        if event.key() == "Tab" || event.key().starts_with("Arrow") {
            selection::by_mouse(false);
        }
        if event.is_composing() || event.default_prevented() {
            return;
        }
        if undo_or_redo(desk, &event) {
            return;
        }
        if shortcuts::single_key(desk, &event) {
            return;
        }
        // What was selected a moment ago counts, also if it was not read yet.
        if event.key() == "Enter" && desk.selection.with_untracked(Option::is_none) {
            selection::read(desk);
        }
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let Some(element) = target else { return };
        if event.key() == "Escape" && element.has_attribute("data-highlight-id") {
            // Back to the text, if the keyboard came from there.
            selection::leave_selection();
        }
        let Some(article) = Some(element).filter(|element| element.has_attribute("data-message-id")) else { return };
        on_key(desk, &mut cursor.borrow_mut(), &article, &event);
    });
}

/// Whether a key undoes (false) or redoes (true): Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y; the Command key on a Mac.
pub fn undo_key(event: &KeyboardEvent) -> Option<bool> {
    let redo = match event.key().to_ascii_lowercase().as_str() {
        "z" => event.shift_key(),
        "y" => true,
        _ => return None,
    };
    ((event.ctrl_key() || event.meta_key()) && !event.alt_key()).then_some(redo)
}

/// In a text box these keys are the box's.
fn undo_or_redo(desk: Desk, event: &KeyboardEvent) -> bool {
    let Some(redo) = undo_key(event).filter(|_| !dom::is_typing()) else { return false };
    event.prevent_default();
    desk.step_back(redo);
    true
}

fn on_key(desk: Desk, cursor: &mut Option<Cursor>, article: &HtmlElement, event: &KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => true,
        "ArrowLeft" | "ArrowUp" => false,
        "Enter" if event.shift_key() => {
            event.prevent_default();
            take_in_hand(desk, *cursor, article);
            return;
        }
        "Enter" if event.ctrl_key() || event.meta_key() => {
            if let Some(id) = desk.active.get_untracked() {
                event.prevent_default();
                selection::return_to(article.clone());
                super::focus_card(id);
            }
            return;
        }
        "Enter" if desk.selection.with_untracked(Option::is_some) => {
            event.prevent_default();
            selection::return_to(article.clone());
            dom::move_focus("#annotate-toolbar button", 0);
            return;
        }
        "Escape" => {
            *cursor = None;
            selection::leave_selection();
            desk.selection.set(None);
            return;
        }
        _ => return,
    };
    if event.alt_key() || event.meta_key() {
        return;
    }
    let Some(session) = session() else { return };
    let Some(message) = message_of(&session, article) else { return };
    event.prevent_default();
    let unit = if event.ctrl_key() { Unit::Sentence } else { Unit::Word };
    let before = here(*cursor, message);
    let at = before.map(|cursor| cursor.current);
    let Some(next) = Segmented::new(&message.steps(), unit).step(at, forward) else { return };
    let fixed = match before {
        Some(before) if event.shift_key() && before.fixed.0 < before.fixed.1 => before.fixed,
        _ => next,
    };
    *cursor = Some(Cursor { message: message.id, fixed, current: next });
    let span = (fixed.0.min(next.0), fixed.1.max(next.1));
    select(message, span);
    if let Some((start, end)) = chars(message, span)
        && let Some(words) = message.offsets().slice(message.text(), start, end)
    {
        desk.announcement.set(words.trim().to_owned());
    }
}

/// Takes the highlight over the words that were stepped to in hand; again the next one there.
fn take_in_hand(desk: Desk, cursor: Option<Cursor>, article: &HtmlElement) {
    let Some(session) = session() else { return };
    let Some(message) = message_of(&session, article) else { return };
    let at = here(cursor, message).and_then(|cursor| {
        let (CharOffset(start), CharOffset(end)) = chars(message, cursor.current)?;
        Some(Span { place: message.place, start, end })
    });
    if !at.is_some_and(|at| pointing::take_in_hand(desk, at)) {
        desk.announcement.set("Nothing is marked here.".to_owned());
    }
}

fn message_of(session: &Session, article: &HtmlElement) -> Option<&'static MessageText> {
    session.texts.get(article.get_attribute("data-message-id")?.parse().ok()?)
}

/// Where the stepping stands in this message: where it was left or, if something else was selected or pressed meanwhile,
/// there.
fn here(cursor: Option<Cursor>, message: &MessageText) -> Option<Cursor> {
    let units = |(start, end): (CharOffset, CharOffset)| -> Option<(u32, u32)> {
        let unit = |offset| message.offsets().char_to_utf16(offset).map(|Utf16Offset(unit)| unit);
        Some((unit(start)?, unit(end)?))
    };
    let selected = selection::current().and_then(|range| message.covered(&range)).and_then(units);
    let known = cursor.filter(|cursor| cursor.message == message.id);
    if let Some(span) = selected {
        let same =
            known.filter(|cursor| (cursor.fixed.0.min(cursor.current.0), cursor.fixed.1.max(cursor.current.1)) == span);
        return same.or(Some(Cursor { message: message.id, fixed: span, current: span }));
    }
    let range = window().get_selection().ok().flatten().and_then(|selection| selection.get_range_at(0).ok());
    let caret = range.and_then(|range| message.caret(&range)).and_then(|at| units((at, at)));
    caret.map(|span| Cursor { message: message.id, fixed: span, current: span })
}

fn chars(message: &MessageText, (start, end): (u32, u32)) -> Option<(CharOffset, CharOffset)> {
    let char = |unit| message.offsets().utf16_to_char(Utf16Offset(unit));
    Some((char(start)?, char(end)?))
}

fn select(message: &MessageText, span: (u32, u32)) {
    let Some((start, end)) = chars(message, span) else { return };
    let Some(range) = message.range(start, end) else { return };
    let Ok(Some(selection)) = window().get_selection() else { return };
    // The range is in the page: both calls can only succeed.
    let _ = selection.remove_all_ranges();
    let _ = selection.add_range(&range);
    if let Some(element) = range.start_container().ok().and_then(|node| node.parent_element()) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
