//! Single keys: kept for each person on this device, and done.

use leptos::{ev, ev::KeyboardEvent, prelude::*};
use shared::{document::Command, ids::HighlightId};

use super::{dom, selection};
use crate::annotate::{
    desk::{Desk, Dialog, Tab},
    shortcuts::{Action, Settings},
};

/// Somebody else who signs in here has their own.
fn name(desk: Desk) -> String {
    format!("shortcuts:{}", desk.place.user)
}

fn read(desk: Desk) {
    let storage = window().local_storage().ok().flatten();
    let kept = storage.and_then(|storage| storage.get_item(&name(desk)).ok().flatten());
    desk.shortcuts.set(kept.map(|text| Settings::parse(&text)).unwrap_or_default());
}

/// Takes over what was kept, now and whenever another tab changes it.
pub fn listen(desk: Desk) {
    read(desk);
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::storage, move |_| read(desk));
}

/// Keeps the settings.
pub fn keep_shortcuts(desk: Desk) {
    if let Ok(Some(storage)) = window().local_storage() {
        // Where nothing can be kept, they hold until the page is left.
        let _ = storage.set_item(&name(desk), &desk.shortcuts.with_untracked(Settings::text));
    }
}

/// What a key that was pressed does, if it is a shortcut and nobody is typing or in a dialog.
pub fn single_key(desk: Desk, event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.repeat() || dom::is_typing() {
        return false;
    }
    // With Shift a letter is another key; signs need it on many keyboards.
    if event.shift_key() && event.key().chars().all(char::is_alphabetic) {
        return false;
    }
    if document().query_selector("dialog:modal").is_ok_and(|dialog| dialog.is_some()) {
        return false;
    }
    let Some(action) = desk.shortcuts.with_untracked(|settings| settings.action(&event.key())) else { return false };
    let done = match action {
        Action::Tag(place) => mark(desk, place),
        Action::Next | Action::Previous => {
            super::step_highlight(desk, action == Action::Next, false);
            true
        }
        Action::NextUnresolved | Action::PreviousUnresolved => {
            super::step_highlight(desk, action == Action::NextUnresolved, true);
            true
        }
        Action::Reply => in_hand(desk, comment),
        Action::Resolve => in_hand(desk, resolve),
        Action::Search => {
            open(desk, Tab::Annotations);
            dom::move_focus(".filter-words", 0);
            true
        }
        Action::Open(tab) => {
            open(desk, tab);
            // Where one goes on: in its box if it is one, else at the tab.
            request_animation_frame(|| {
                let writes = ".notes-pane:not([hidden] *) textarea";
                dom::focus_on(if dom::all(writes).is_empty() { ".tab[aria-selected=true]" } else { writes });
            });
            true
        }
        Action::Help => {
            desk.dialog.set(Some(Dialog::Shortcuts));
            true
        }
    };
    if done {
        event.prevent_default();
    }
    done
}

/// Brings a tab to the front; where the panel is a sheet, opens that.
fn open(desk: Desk, tab: Tab) {
    desk.tab.set(tab);
    desk.sheet.update(|sheet| *sheet = sheet.map(|_| true));
}

/// Does something with the highlight in hand, or says why not.
fn in_hand(desk: Desk, act: fn(Desk, HighlightId)) -> bool {
    match desk.active.get_untracked() {
        Some(_) if !desk.sender().access.may_annotate() => {
            desk.announcement.set("You can read this, and not annotate it.".to_owned());
        }
        Some(id) => act(desk, id),
        None => desk.announcement.set("No highlight is in hand.".to_owned()),
    }
    true
}

fn comment(desk: Desk, id: HighlightId) {
    open(desk, Tab::Annotations);
    dom::move_focus(&format!("#h-{id} .comment-add textarea"), 0);
}

fn resolve(desk: Desk, id: HighlightId) {
    let Some(card) = desk.card(id) else { return };
    let is_resolved = card.with_untracked(|card| card.highlight.resolved.is_some());
    if desk.run(if is_resolved { Command::Reopen(id) } else { Command::Resolve(id) }) {
        desk.announcement.set(if is_resolved { "Reopened." } else { "Resolved." }.to_owned());
    }
}

/// Marks the selection with the tag of this place.
fn mark(desk: Desk, place: usize) -> bool {
    // What was selected a moment ago counts, also if it was not read yet.
    if desk.selection.with_untracked(Option::is_none) {
        selection::read(desk);
    }
    let Some(tag) = desk.tags.with_untracked(|tags| tags.get(place).map(|tag| tag.id)) else { return false };
    if !desk.sender().access.may_annotate() || desk.selection.with_untracked(Option::is_none) {
        return false;
    }
    desk.mark(tag);
    true
}
