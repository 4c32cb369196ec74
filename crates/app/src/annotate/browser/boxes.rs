//! Text boxes bound to the document's texts.
//!
//! A box shows the document's text as it was when the box was last set. What the person typed since is the difference
//! to that; what others typed since is kept beside it. So an edit lands where it was meant even if others were faster,
//! and a word that is being composed (Chinese, Japanese, accents) is never torn.

use std::{collections::HashMap, rc::Rc};

use leptos::{
    ev::{self, KeyboardEvent},
    html,
    prelude::*,
};
use shared::document::{Root, TextEdit, difference, moved_past};
use web_sys::{Element, HtmlTextAreaElement};

use super::{carets, company, keyboard, session::Session};
use crate::annotate::desk::Desk;

struct Bound {
    area: HtmlTextAreaElement,
    shown: String,
    behind: Vec<TextEdit>,
    composing: bool,
    /// An edit of this box is being applied: what the observer tells is its own echo.
    own: bool,
}

/// The bound boxes.
#[derive(Default)]
pub struct Boxes(HashMap<Root, Bound>);

impl Boxes {
    /// The document's text changed by these replacements, and is now `text`.
    pub fn changed(&mut self, root: Root, edits: &[TextEdit], text: String) {
        let Some(bound) = self.0.get_mut(&root) else { return };
        if bound.own {
            return;
        }
        bound.behind.extend_from_slice(edits);
        if !bound.composing {
            bound.catch_up(text);
        }
    }
}

impl Boxes {
    /// The box of a text.
    pub fn area(&self, root: Root) -> Option<HtmlTextAreaElement> {
        self.0.get(&root).map(|bound| bound.area.clone())
    }

    /// Where the person's caret is in the document's text: what is selected begins, and ends.
    pub fn selected(&self, root: Root) -> Option<(u32, u32)> {
        let bound = self.0.get(&root)?;
        let there = |at: Option<u32>| Some(bound.behind.iter().fold(at?, |at, edit| edit.shift(at)));
        Some((there(bound.area.selection_start().ok().flatten())?, there(bound.area.selection_end().ok().flatten())?))
    }
}

impl Bound {
    /// Shows the document's text; the caret stays where it was among the words.
    fn catch_up(&mut self, text: String) {
        let behind = std::mem::take(&mut self.behind);
        if self.shown == text {
            return;
        }
        let moved = |position: Option<u32>| position.map(|at| behind.iter().fold(at, |at, edit| edit.shift(at)));
        let start = moved(self.area.selection_start().ok().flatten());
        let end = moved(self.area.selection_end().ok().flatten());
        let scroll = self.area.scroll_top();
        self.area.set_value(&text);
        self.shown = text;
        if let (Some(start), Some(end)) = (start, end) {
            // The box is there, and offsets beyond its end are clipped.
            let _ = self.area.set_selection_range(start, end);
        }
        self.area.set_scroll_top(scroll);
    }
}

/// Binds a box once the page has it.
pub fn bind(root: Root, node: NodeRef<html::Textarea>) {
    let Some(area) = node.get() else { return };
    let Some(session) = super::session() else {
        // The session starts in an effect of its own, which may run after this one.
        request_animation_frame(move || bind(root, node));
        return;
    };
    let shown = session.replica().read(root);
    // What was typed before the script was here is not lost: it is sent as the first edit.
    let early = area.value();
    let bound = Bound { area: area.clone(), shown: early.clone(), behind: Vec::new(), composing: false, own: false };
    session.boxes.borrow_mut().0.insert(root, bound);
    if early.is_empty() {
        if let Some(bound) = session.boxes.borrow_mut().0.get_mut(&root) {
            bound.catch_up(shown);
        }
    } else {
        session.type_in(root, &[TextEdit { at: 0, remove: 0, insert: early }]);
    }
    listen(&session, root, &area);
    let (target, desk): (web_sys::EventTarget, Desk) = (area.clone().into(), session.desk);
    super::dom::on(&target, ev::focus, move |_| company::tell_soon(desk));
    super::dom::on(&target, ev::blur, move |_| company::tell_soon(desk));
    if root == Root::Notes {
        carets::watch(desk, &area);
    }
}

impl Session {
    /// Whether this person writes in a box now.
    pub fn writes_in(&self, root: Root) -> bool {
        let area = self.boxes.borrow().area(root);
        let has_focus =
            |area| document().active_element().is_some_and(|active| active == *AsRef::<Element>::as_ref(area));
        area.as_ref().is_some_and(has_focus)
            && document().has_focus().unwrap_or_default()
            && self.desk.sender().access.may_annotate()
    }
}

/// Puts words into a box where its caret is, a line of their own, as if they were typed.
pub fn insert(area: &HtmlTextAreaElement, words: &str) {
    let value = area.value();
    let caret = area.selection_end().ok().flatten().unwrap_or_default();
    let units: Vec<u16> = value.encode_utf16().take(caret as usize).collect();
    let before = String::from_utf16_lossy(&units);
    let gap = match before.as_str() {
        "" => "",
        before if before.ends_with("\n\n") => "",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    // Shown first: a hidden box takes no focus.
    let _ = area.remove_attribute("hidden");
    let _ = area.focus();
    // The caret is a place in the text.
    let _ = area.set_range_text_with_start_and_end_and_mode(&format!("{gap}{words}"), caret, caret, "end");
    if let Ok(event) = web_sys::Event::new("input") {
        let _ = area.dispatch_event(&event);
    }
}

fn listen(session: &Rc<Session>, root: Root, area: &HtmlTextAreaElement) {
    let target: web_sys::EventTarget = area.clone().into();
    let composing = {
        let session = session.clone();
        move |now: bool| {
            if let Some(bound) = session.boxes.borrow_mut().0.get_mut(&root) {
                bound.composing = now;
            }
            if !now {
                typed(&session, root);
            }
        }
    };
    let undoing = session.clone();
    super::dom::on(&target, ev::keydown, move |event: KeyboardEvent| {
        if let Some(redo) = keyboard::undo_key(&event) {
            event.prevent_default();
            undoing.step_text(root, redo);
        }
    });
    // From a menu, or by shaking a telephone: the box's own memory knows nothing of what others typed.
    let undoing = session.clone();
    super::dom::on(&target, ev::beforeinput, move |event: web_sys::InputEvent| {
        let redo = match event.input_type().as_str() {
            "historyUndo" => false,
            "historyRedo" => true,
            _ => return,
        };
        event.prevent_default();
        undoing.step_text(root, redo);
    });
    let left = session.clone();
    super::dom::on(&target, ev::blur, move |_| left.replica().pause(root));
    let session = session.clone();
    super::dom::on(&target, ev::input, move |_| typed(&session, root));
    let started = composing.clone();
    super::dom::on(&target, ev::compositionstart, move |_| started(true));
    super::dom::on(&target, ev::compositionend, move |_| composing(false));
}

/// The person typed: their edit goes into the document, moved past what others typed meanwhile.
fn typed(session: &Rc<Session>, root: Root) {
    let edits = {
        let mut boxes = session.boxes.borrow_mut();
        let Some(bound) = boxes.0.get_mut(&root).filter(|bound| !bound.composing) else { return };
        let value = bound.area.value();
        let caret = bound.area.selection_end().ok().flatten();
        let edit = difference(&bound.shown, &value, caret);
        bound.shown = value;
        edit.map(|edit| {
            bound.own = true;
            moved_past(edit, &bound.behind)
        })
    };
    if let Some(edits) = edits {
        session.type_in(root, &edits);
    }
    let text = session.replica().read(root);
    if let Some(bound) = session.boxes.borrow_mut().0.get_mut(&root) {
        bound.own = false;
        bound.catch_up(text);
    }
}
