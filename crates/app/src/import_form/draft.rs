//! What was filled in and not imported: kept in the browser's storage, so that neither a reload nor a closed tab takes it.
//! Signing out asks first, and clears it (`offline/sign_out.js` knows the beginning of the name).

use std::{cell::Cell, time::Duration};

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use serde::{Deserialize, Serialize};
use web_sys::Storage;

use super::{Fields, State, browser};

/// In UTF-16 code units. The storage has room for five million of them, for all that is begun on this device.
const MAX_UNITS: u32 = 1_500_000;

/// A large text is not read at each key.
const REST: Duration = Duration::from_millis(400);

#[derive(Serialize, Deserialize)]
struct Draft {
    title: String,
    text: String,
}

thread_local! {
    /// What is about to be kept.
    static SOON: Cell<Option<TimeoutHandle>> = const { Cell::new(None) };
}

fn place() -> Option<(Storage, String)> {
    let user = browser::host()?.get_attribute("data-user")?;
    Some((window().local_storage().ok()??, format!("draft/{user}/import")))
}

/// Fills in what was kept, where nothing is filled in yet: what was typed before the tools came has been carried over.
pub fn take_up(fields: Fields, state: State) {
    let _ = fill(fields);
    keep_soon(fields, state);
}

fn fill(fields: Fields) -> Option<()> {
    let (title, paste) = (fields.title.get_untracked()?, fields.paste.get_untracked()?);
    let (storage, key) = place()?;
    let kept: Draft = serde_json::from_str(&storage.get_item(&key).ok()??).ok()?;
    // Each by itself: what is not taken up would be overwritten.
    if title.value().is_empty() {
        title.set_value(&kept.title);
    }
    if paste.value().is_empty() {
        paste.set_value(&kept.text);
    }
    Some(())
}

/// Keeps what is filled in, when nobody types for a moment.
pub fn keep_soon(fields: Fields, state: State) {
    let later = set_timeout_with_handle(
        move || {
            // Without a storage nothing is kept.
            let _ = keep(fields, state);
        },
        REST,
    )
    .ok();
    if let Some(before) = SOON.replace(later) {
        before.clear();
    }
}

fn keep(fields: Fields, state: State) -> Option<()> {
    let (title, paste) = (fields.title.get_untracked()?, fields.paste.get_untracked()?);
    let (storage, key) = place()?;
    let is_too_large = paste.text_length() > MAX_UNITS;
    let draft = Draft { title: title.value(), text: if is_too_large { String::new() } else { paste.value() } };
    let is_empty = draft.title.is_empty() && draft.text.is_empty();
    let kept = match serde_json::to_string(&draft) {
        _ if is_empty => storage.remove_item(&key),
        Ok(json) => storage.set_item(&key, &json),
        Err(_) => return None,
    };
    if kept.is_err() {
        // What was kept before is not what stands here. Removing cannot fail for want of room.
        let _ = storage.remove_item(&key);
    }
    state.is_unkept.set(is_too_large || kept.is_err());
    Some(())
}

/// It has been imported.
pub fn forget() {
    if let Some(soon) = SOON.take() {
        soon.clear();
    }
    if let Some((storage, key)) = place() {
        // Removing cannot fail for want of room.
        let _ = storage.remove_item(&key);
    }
}
