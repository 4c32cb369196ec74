//! What somebody has begun to write and not sent: kept in the tab's own storage, so that a reload or a crash of the
//! browser does not take it. Signing out clears it.

use leptos::prelude::*;
use web_sys::Storage;

use crate::annotate::desk::Desk;

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn key(desk: Desk, draft: &str) -> String {
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
