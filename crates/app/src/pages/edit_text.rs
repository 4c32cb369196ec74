use leptos::{nonce::use_nonce, prelude::*};
use shared::api::{Conversation, Message};

use super::Bar;
use crate::parts::Visitor;

const SCRIPT: &str = include_str!("edit_text.js");

/// The text of a conversation, to be edited: a list of its messages, each with its Markdown in a box.
#[component]
pub fn EditTextPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is edited.
    conversation: Conversation,
) -> impl IntoView {
    let Conversation { id, title, revision, messages, .. } = conversation;
    let back = format!("/c/{id}");
    let message = |Message { id, role, title, markdown, .. }: Message| serde_json::json!({ "id": id, "role": role, "title": title, "markdown": markdown });
    let messages: Vec<_> = messages.into_iter().map(message).collect();
    let text =
        serde_json::json!({ "conversation": id, "revision": revision, "user": visitor.me.id, "messages": messages });
    // Within a script element, where nothing else ends it.
    let text = text.to_string().replace('<', "\\u003c");
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide edit-text" id="main">
            <p class="page-crumb"><a href=back.clone() dir="auto">{title}</a></p>
            <header class="page-head"><h1 class="page-title">"Edit text"</h1></header>
            <p class="hint">
                "Each box is a message, in Markdown. Highlights are looked for in what you save; the text as it is now stays readable, with what is marked in it. "
                <a href=format!("/c/{id}/revisions")>"Earlier texts"</a>
            </p>
            <noscript><p class="alert" role="alert">"This needs scripts: please allow them for this site."</p></noscript>
            <p class="remark" data-kept hidden></p>
            <ol class="edit-list" role="list" aria-label="Messages" data-list></ol>
            <p class="visually-hidden" role="status" data-status></p>
            <div class="edit-bar" data-bar hidden>
                <button class="button" type="button" data-add>"Add a message"</button>
                <button class="button" type="button" data-undo disabled>"Undo"</button>
                <button class="button" type="button" data-redo disabled>"Redo"</button>
                <span class="edit-grow"></span>
                <a class="button" href=back data-cancel>"Cancel"</a>
                <button class="button primary" type="button" data-check>"Review and save"</button>
            </div>
            <p class="alert" role="alert" data-wrong hidden></p>
            <dialog class="edit-report" aria-labelledby="report-title" data-report>
                <h2 class="section-title" id="report-title" tabindex="-1">"What becomes of the highlights"</h2>
                <p data-sum></p>
                <ul class="edit-changes" role="list" data-changes></ul>
                <details data-rendered hidden>
                    <summary>"The messages that you changed, as they will be read"</summary>
                    <div data-previews></div>
                </details>
                <div class="form-actions">
                    <button class="button primary" type="button" data-save>"Save"</button>
                    <button class="button" type="button" data-back>"Go on editing"</button>
                </div>
            </dialog>
            <script type="application/json" data-text inner_html=text></script>
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </main>
    }
    .into_any()
}
