use leptos::prelude::*;

use super::desk::Desk;

/// What was just said, with the way back where there is one.
#[component]
pub fn ToastBar(desk: Desk) -> impl IntoView {
    let undo = move |_| {
        if let Some(command) = desk.toast.get_untracked().and_then(|toast| toast.undo) {
            // A refusal speaks by a toast of its own.
            if !desk.take_back(command) {
                return;
            }
        }
        desk.toast.set(None);
    };
    view! {
        <div class="toast-place" role="status" aria-label="Messages">
            {move || {
                desk.toast
                    .get()
                    .map(|toast| {
                        view! {
                            <div class="toast">
                                <span>{toast.text}</span>
                                {toast.undo.map(|_| view! { <button class="button" type="button" on:click=undo>"Undo"</button> })}
                                <button class="button quiet" type="button" on:click=move |_| desk.toast.set(None)>"Dismiss"</button>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
