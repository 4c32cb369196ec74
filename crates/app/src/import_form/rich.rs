//! What was pasted with its formatting. The text box shows its plain text, and as long as nobody changes that, the
//! formatting goes to the server, which reads it. It is in this page alone: after a reload the plain text is left.

use std::cell::RefCell;

use leptos::prelude::*;
use shared::api::MAX_UPLOAD_BYTES;
use web_sys::{Blob, BlobPropertyBag, ClipboardEvent, js_sys};

use super::{Fields, State};

/// What the file is called that it is sent as.
pub const NAME: &str = "The pasted text.html";

struct Pasted {
    html: String,
    /// What the text box held right after it; none yet while the browser is putting it there.
    plain: Option<String>,
}

thread_local! {
    static PASTED: RefCell<Option<Pasted>> = const { RefCell::new(None) };
}

/// Notes the formatting of what is pasted, if that is all that the text box will hold.
pub fn take(fields: Fields, event: &ClipboardEvent) {
    let _ = note(fields, event);
}

fn note(fields: Fields, event: &ClipboardEvent) -> Option<()> {
    let paste = fields.paste.get_untracked()?;
    let (from, to) = (paste.selection_start().ok()??, paste.selection_end().ok()??);
    let replaces_all = paste.value().trim().is_empty() || (from == 0 && to >= paste.text_length());
    let data = event.clipboard_data()?;
    let html = data.get_data("text/html").ok()?;
    let has_plain = data.get_data("text/plain").is_ok_and(|plain| !plain.is_empty());
    let is_taken = replaces_all && has_plain && !html.trim().is_empty() && html.len() <= MAX_UPLOAD_BYTES;
    PASTED.set(is_taken.then_some(Pasted { html, plain: None }));
    Some(())
}

/// After each change of the form: the formatting is of the text that was pasted, and of no other.
pub fn compare(fields: Fields, state: State) {
    let Some(paste) = fields.paste.get_untracked() else { return };
    let is_rich = PASTED.with_borrow_mut(|pasted| {
        let Some(held) = pasted else { return false };
        let text = paste.value();
        let is_same = *held.plain.get_or_insert_with(|| text.clone()) == text;
        if !is_same {
            *pasted = None;
        }
        is_same
    });
    if state.is_rich.get_untracked() != is_rich {
        state.is_rich.set(is_rich);
        super::choices::forget(state);
    }
}

/// The plain text is meant.
pub fn forget() {
    PASTED.set(None);
}

/// What was pasted, as a file.
pub fn file() -> Option<Blob> {
    PASTED.with_borrow(|pasted| {
        let html = &pasted.as_ref()?.html;
        let options = BlobPropertyBag::new();
        options.set_type("text/html;charset=utf-8");
        Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&html.into()), &options).ok()
    })
}
