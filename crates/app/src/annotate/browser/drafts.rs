//! What somebody has begun to write and not sent: kept in the browser's storage, so that neither a reload nor a closed tab
//! nor a crash takes it. Signing out asks first, and clears it.

use leptos::prelude::*;
use shared::{document::Highlight, ids::HighlightId};
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, Storage};

use super::{dom, mirror, session};
use crate::annotate::desk::Desk;

pub fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

pub fn key(desk: Desk, draft: &str) -> String {
    format!("draft/{}/{}/{draft}", desk.place.user, desk.place.conversation)
}

/// What is kept under a name; empty if nothing is.
pub fn draft(desk: Desk, name: &str) -> String {
    storage().and_then(|storage| storage.get_item(&key(desk, name)).ok().flatten()).unwrap_or_default()
}

/// Keeps a text under a name; nothing is kept of an empty one.
pub fn keep_draft(desk: Desk, name: &str, text: &str) {
    let Some(storage) = storage() else { return };
    // A storage that is full or forbidden keeps nothing; what is written still stands in its box.
    let _ = if text.trim().is_empty() {
        storage.remove_item(&key(desk, name))
    } else {
        storage.set_item(&key(desk, name), text)
    };
}

/// Under which names something may be kept that is written in the thread of a highlight.
fn names(highlight: &Highlight) -> impl Iterator<Item = String> {
    let of_comment = |comment: &shared::document::Comment| {
        let id = comment.id.to_string();
        [["reply/", &id].concat(), ["edit/", &id].concat()]
    };
    let own = ["comment/", &highlight.id.to_string()].concat();
    std::iter::once(own).chain(highlight.comments.iter().flat_map(of_comment))
}

/// Whether somebody writes in the thread of a highlight, or has begun to.
pub fn is_written_to(desk: Desk, highlight: &Highlight) -> bool {
    let boxes = ["#h-", &highlight.id.to_string(), " textarea:is(:focus, :not(:placeholder-shown))"].concat();
    !dom::all(&boxes).is_empty() || names(highlight).any(|name| !draft(desk, &name).is_empty())
}

fn boxes(id: HighlightId) -> Vec<HtmlTextAreaElement> {
    dom::all(&format!("#h-{id} textarea")).into_iter().filter_map(|area| area.dyn_into().ok()).collect()
}

/// What was begun in the thread of a highlight and stands in no box: those of answers are closed when the page comes.
pub fn put_by(desk: Desk, highlight: &Highlight) -> Vec<String> {
    let shown: Vec<String> = boxes(highlight.id).iter().map(HtmlTextAreaElement::value).collect();
    // The box of a comment is always there.
    let kept = names(highlight).skip(1).map(|name| draft(desk, &name));
    kept.filter(|text| !text.is_empty() && !shown.contains(text)).collect()
}

/// What stands in the boxes of a thread.
pub fn in_boxes(id: HighlightId) -> Vec<String> {
    let all = boxes(id).into_iter().map(|area| area.value());
    all.filter(|text| !text.trim().is_empty()).collect()
}

/// Forgets all that was begun in the thread of a highlight.
pub fn forget_words(desk: Desk, highlight: &Highlight) {
    boxes(highlight.id).iter().for_each(|area| area.set_value(""));
    names(highlight).for_each(|name| keep_draft(desk, &name, ""));
}

/// The card of a highlight that somebody else has deleted goes, once nobody writes in it any more.
pub fn let_go(desk: Desk, id: HighlightId) {
    request_animation_frame(move || {
        let (Some(session), Some(card)) = (session(), desk.card(id)) else { return };
        if card.with_untracked(|card| card.highlight.deleted.is_none() || is_written_to(desk, &card.highlight)) {
            return;
        }
        let had_focus = !dom::all(&format!("#h-{id}:focus-within")).is_empty();
        mirror::show(&session, mirror::Changes::of_one(id));
        if had_focus {
            dom::focus("tab-annotations");
        }
    });
}
