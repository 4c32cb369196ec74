use leptos::prelude::*;

use super::Bar;
use crate::{import_form::ImportForm, parts::Visitor};

/// Brings a conversation in.
#[component]
pub fn ImportPage(
    /// Who is signed in.
    visitor: Visitor,
) -> impl IntoView {
    let user = visitor.me.id.to_string();
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <h1 class="page-title">"Import a conversation"</h1>
            <p class="lead">
                "Paste it, or choose a file: plain text, Markdown, a web page as you saved it (ChatGPT, Claude, Gemini, Google AI Studio, \
                 OpenRouter, ScienceOS or any other), a Word document, a PDF with text, the export of ChatGPT or Claude (the zip or its "
                <code>"conversations.json"</code> "), or a conversation of this program with its annotations ("
                <code>".grimoire"</code> ")."
            </p>
            <noscript><p class="alert" role="alert">"Importing needs scripts: please allow them for this site."</p></noscript>
            <div data-import-form data-user=user><ImportForm /></div>
        </main>
    }
    .into_any()
}
