use leptos::{html, prelude::*};

use super::{browser, desk::Desk};

/// The notes that all write together.
#[component]
pub fn NotesPane(desk: Desk) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| browser::bind_notes(text));
    view! {
        <div class="notes-pane">
            <textarea
                class="field notes"
                aria-label="Shared notes"
                placeholder="Write together: everybody here sees it as you type."
                // A browser that fills in what stood there before would write it a second time.
                autocomplete="off"
                node_ref=text
                dir="auto"
                readonly=move || !desk.may_annotate()
            ></textarea>
            <p class="hint">"Shared with everybody in this conversation. Markdown."</p>
        </div>
    }
    .into_any()
}

/// One's own text.
#[component]
pub fn ResponsePane(desk: Desk) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| browser::bind_response(text));
    view! {
        <div class="notes-pane">
            <textarea
                class="field notes"
                aria-label="My response"
                placeholder="Your own answer to what you read."
                // A browser that fills in what stood there before would write it a second time.
                autocomplete="off"
                node_ref=text
                dir="auto"
                readonly=move || !desk.may_annotate()
            ></textarea>
            <p class="hint">"Yours alone to write. Markdown."</p>
        </div>
    }
    .into_any()
}
