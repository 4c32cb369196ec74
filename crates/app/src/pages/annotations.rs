use leptos::{nonce::use_nonce, prelude::*};
use shared::{api::OwnRights, ids::ConversationId};

use super::Bar;
use crate::parts::Visitor;

const SCRIPT: &str = include_str!("annotations.js");

/// Annotations of elsewhere are brought into a conversation: looked at first, then taken.
#[component]
pub fn AnnotationsPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Into which conversation.
    conversation: ConversationId,
    /// What they may do there.
    rights: OwnRights,
) -> impl IntoView {
    let back = format!("/c/{conversation}");
    let form = if rights.rights.access.may_annotate() {
        view! { <Form conversation=conversation /> }.into_any()
    } else {
        view! { <p>"You can read this conversation, and add nothing to it."</p> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href=back dir="auto">{rights.title}</a></p>
            <header class="page-head"><h1 class="page-title">"Bring annotations in"</h1></header>
            <p class="hint">
                "Web Annotations (JSON-LD, or a file of EPUB Annotations) of this text: from another tool, another server, or another copy. Their passages are found by their words, and become "
                "highlights of yours. Comments say who wrote them."
            </p>
            {form}
        </main>
    }
    .into_any()
}

#[component]
fn Form(conversation: ConversationId) -> impl IntoView {
    let path = format!("/api/v1/conversations/{conversation}/annotations");
    view! {
        <noscript><p class="alert" role="alert">"This needs scripts: please allow them for this site."</p></noscript>
        <form class="stack" data-bring-in=path aria-label="Bring annotations in">
            <label class="file-drop">
                <span class="field-label">"Choose a file of annotations"</span>
                <input class="field" type="file" required accept=".jsonld,.json,.annotations,application/ld+json,application/json" />
            </label>
            <p class="alert" role="alert" data-wrong hidden></p>
            <div class="form-actions">
                <button class="button" type="submit">"Look at it"</button>
                <span class="hint">"Nothing is changed yet."</span>
            </div>
        </form>
        <section data-told tabindex="-1" aria-labelledby="told-title" hidden>
            <h2 class="section-title" id="told-title"></h2>
            <ul data-lines></ul>
            <details hidden>
                <summary></summary>
                <ol class="left-out" role="list" data-left-out></ol>
            </details>
            <div class="form-actions">
                <button class="button primary" type="button" data-take>"Bring them in"</button>
                <a class="button primary" href=format!("/c/{conversation}") data-open hidden>"Open the conversation"</a>
            </div>
        </section>
        <script nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}
