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

/// Where the stepping stands: UTF-16 code units of the messages' canonical texts.
#[derive(Clone, Copy)]
struct Cursor {
    message: MessageId,
    /// Where the extending began.
    fixed: (u32, u32),
    /// The message that was extended to, which may be another one.
    reached: MessageId,
    /// The word or sentence stepped to last, there.
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
    let extends = before.filter(|before| event.shift_key() && before.fixed.0 < before.fixed.1);
    // Whoever extends no more goes on in the message that has the focus.
    let from = before.filter(|before| extends.is_some() || before.reached == message.id);
    let reached = from.and_then(|from| session.texts.get(from.reached)).unwrap_or(message);
    let step = |text: &MessageText, at| Segmented::new(&text.steps(), unit).step(at, forward);
    let further = || {
        let all = session.texts.all();
        let at = all.iter().position(|text| text.id == reached.id).filter(|_| extends.is_some())?;
        let others: Vec<&'static MessageText> =
            if forward { all[at + 1..].to_vec() } else { all[..at].iter().rev().copied().collect() };
        others.into_iter().find_map(|text| Some((text, step(text, None)?)))
    };
    let here = step(reached, from.map(|from| from.current)).map(|next| (reached, next));
    let Some((reached, next)) = here.or_else(further) else { return };
    let fixed = extends.map_or(next, |extends| extends.fixed);
    *cursor = Some(Cursor { message: message.id, fixed, reached: reached.id, current: next });
    let (first, last) = ends(message, fixed, reached, next);
    select(first, last, (reached, next));
    let said = if first.0.id == last.0.id { (first.1, last.1) } else { next };
    if let Some((start, end)) = chars(reached, said)
        && let Some(words) = reached.offsets().slice(reached.text(), start, end)
    {
        desk.announcement.set(words.trim().to_owned());
    }
}

/// A place in a message.
type End = (&'static MessageText, u32);

/// Where what is extended over starts and ends.
fn ends(
    message: &'static MessageText,
    fixed: (u32, u32),
    reached: &'static MessageText,
    current: (u32, u32),
) -> (End, End) {
    let starts = [(message.place, fixed.0, message), (reached.place, current.0, reached)];
    let stops = [(message.place, fixed.1, message), (reached.place, current.1, reached)];
    let before = |a: &(usize, u32, _), b: &(usize, u32, _)| (a.0, a.1) <= (b.0, b.1);
    let start = if before(&starts[0], &starts[1]) { starts[0] } else { starts[1] };
    let stop = if before(&stops[0], &stops[1]) { stops[1] } else { stops[0] };
    ((start.2, start.1), (stop.2, stop.1))
}

/// Takes the highlight over the words that were stepped to in hand; again the next one there.
fn take_in_hand(desk: Desk, cursor: Option<Cursor>, article: &HtmlElement) {
    let Some(session) = session() else { return };
    let Some(message) = message_of(&session, article) else { return };
    let at = here(cursor, message).filter(|cursor| cursor.reached == message.id).and_then(|cursor| {
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
fn here(cursor: Option<Cursor>, message: &'static MessageText) -> Option<Cursor> {
    let range = selection::current();
    let covered = |text: &MessageText| text.covered(range.as_ref()?).and_then(units_of(text));
    let known = cursor.filter(|cursor| cursor.message == message.id);
    if let Some(span) = covered(message) {
        let is_same = |cursor: &Cursor| {
            let Some(reached) = session().and_then(|session| session.texts.get(cursor.reached)) else { return false };
            let (first, last) = ends(message, cursor.fixed, reached, cursor.current);
            covered(first.0).is_some_and(|(start, _)| start == first.1)
                && covered(last.0).is_some_and(|(_, end)| end == last.1)
        };
        let fresh = Cursor { message: message.id, fixed: span, reached: message.id, current: span };
        return known.filter(is_same).or(Some(fresh));
    }
    let range = window().get_selection().ok().flatten().and_then(|selection| selection.get_range_at(0).ok());
    let caret = range.and_then(|range| message.caret(&range)).and_then(|at| units_of(message)((at, at)));
    caret.map(|span| Cursor { message: message.id, fixed: span, reached: message.id, current: span })
}

fn units_of(message: &MessageText) -> impl Fn((CharOffset, CharOffset)) -> Option<(u32, u32)> {
    let unit = |offset| message.offsets().char_to_utf16(offset).map(|Utf16Offset(unit)| unit);
    move |(start, end)| Some((unit(start)?, unit(end)?))
}

fn chars(message: &MessageText, (start, end): (u32, u32)) -> Option<(CharOffset, CharOffset)> {
    let char = |unit| message.offsets().utf16_to_char(Utf16Offset(unit));
    Some((char(start)?, char(end)?))
}

/// Selects from one place to another, and brings what was stepped to into sight.
fn select(first: End, last: End, (reached, current): (&MessageText, (u32, u32))) {
    let point = |(text, at): End| text.offsets().utf16_to_char(Utf16Offset(at));
    let (Some(start), Some(end)) = (point(first), point(last)) else { return };
    let stop = if first.0.id == last.0.id { end } else { first.0.offsets().end() };
    let start_of_last = if first.0.id == last.0.id { start } else { CharOffset(0) };
    let (Some(range), Some(tail)) = (first.0.range(start, stop), last.0.range(start_of_last, end)) else { return };
    if let (Ok(node), Ok(offset)) = (tail.end_container(), tail.end_offset()) {
        // A place in the page.
        let _ = range.set_end(&node, offset);
    }
    let Ok(Some(selection)) = window().get_selection() else { return };
    // The range is in the page: both calls can only succeed.
    let _ = selection.remove_all_ranges();
    let _ = selection.add_range(&range);
    let stepped = chars(reached, current).and_then(|(start, end)| reached.range(start, end));
    if let Some(element) = stepped.and_then(|range| range.start_container().ok()).and_then(|node| node.parent_element())
    {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
