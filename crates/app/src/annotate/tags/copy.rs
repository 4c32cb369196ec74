use leptos::prelude::*;
use shared::{api::ConversationSummary, ids::ConversationId};

use crate::annotate::{browser, desk::Desk};

/// Takes over the tags of another conversation.
#[component]
pub fn CopyTags(desk: Desk) -> impl IntoView {
    let known = RwSignal::new(None::<Result<Vec<ConversationSummary>, String>>);
    let chosen = RwSignal::new(None::<ConversationId>);
    let start = move |_| {
        known.set(None);
        browser::list_conversations(known);
    };
    let options = move |all: Vec<ConversationSummary>| {
        let others = all.into_iter().filter(|other| other.id != desk.place.conversation);
        others.map(|other| view! { <option value=other.id.to_string()>{format!("{} · {}", other.title, other.owner)}</option> }).collect_view()
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(from) = chosen.get_untracked() {
            browser::copy_tags(desk, from);
        }
    };
    let form = move || {
        match known.get() {
        None => view! { <p class="hint">"Loading your conversations…"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="alert" role="alert">{why}</p> }.into_any(),
        Some(Ok(all)) => view! {
            <form class="tags-line" on:submit=on_submit>
                <label class="field-label" for="copy-from">"Conversation"</label>
                <select class="field" id="copy-from" required on:change=move |event| chosen.set(event_target_value(&event).parse().ok())>
                    <option value="">"Choose a conversation"</option>
                    {options(all)}
                </select>
                <button class="button" type="submit">"Copy tags"</button>
            </form>
            <p class="hint">"Tags whose name is here already are passed over."</p>
        }
        .into_any(),
    }
    };
    view! {
        <details class="tags-copy">
            <summary on:click=start>"Copy the tags of another conversation"</summary>
            {form}
        </details>
    }
    .into_any()
}
