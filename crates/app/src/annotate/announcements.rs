use leptos::prelude::*;

use super::desk::Desk;

/// What a screen reader is told. It hears changes alone: what is said twice in a row ends, every second time, in a space
/// that nobody sees.
#[component]
pub fn Announcements(desk: Desk) -> impl IntoView {
    let text = Memo::new(move |said: Option<&String>| {
        let mut text = desk.announcement.get();
        if said == Some(&text) && !text.is_empty() {
            text.push('\u{a0}');
        }
        text
    });
    view! { <p class="visually-hidden" role="log" aria-label="Announcements">{text}</p> }
}
