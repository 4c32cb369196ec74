//! What would be stored, before it is.

use leptos::prelude::*;
use shared::api::Reading;

/// What it was taken for, what was left out, and how its messages begin.
pub(super) fn reading(reading: Reading) -> impl IntoView {
    let Reading { kind, notes, beginnings } = reading;
    let notes = notes.into_iter().map(|note| view! { <li>{note}</li> }).collect_view();
    let beginnings = beginnings.into_iter().map(|beginning| {
        let speaker = beginning.title.unwrap_or_else(|| beginning.role.label().to_owned());
        view! {
            <li>
                <span class="preview-speaker">{speaker}</span>
                <span class="preview-words" dir="auto">{beginning.text}</span>
            </li>
        }
    });
    view! {
        <div class="preview">
            <p>"Read as " <strong>{kind}</strong> "."</p>
            <ul class="preview-notes">{notes}</ul>
            <ol class="preview-messages" tabindex="0" aria-label="How its messages begin">{beginnings.collect_view()}</ol>
        </div>
    }
}
