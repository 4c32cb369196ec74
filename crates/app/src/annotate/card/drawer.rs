use leptos::{ev::MouseEvent, prelude::*};

use super::each_card;
use crate::annotate::desk::Desk;

/// The highlights whose words are nowhere in the text, above the others: they belong beside nothing. Their threads go on.
#[component]
pub fn LostHighlights(desk: Desk) -> impl IntoView {
    let count = move || desk.lost.with(Vec::len);
    // A link to one of them opens it too, so that the signal says what is so, not the element.
    let toggle = move |event: MouseEvent| {
        event.prevent_default();
        desk.drawer.update(|open| *open = !*open);
    };
    view! {
        <details class="drawer" hidden=move || count() == 0 open=move || desk.drawer.get()>
            <summary on:click=toggle>"Lost highlights " <span class="badge">{count}</span></summary>
            <p class="hint">"Their words are no longer in the text. What was said about them is kept."</p>
            <div class="drawer-cards">{each_card(desk, desk.lost)}</div>
        </details>
    }
    .into_any()
}
