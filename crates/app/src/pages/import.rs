use leptos::prelude::*;
use shared::api::Me;

use super::Bar;
use crate::import_form::ImportForm;

/// Brings a conversation in.
#[component]
pub fn ImportPage(
    /// Who is signed in.
    me: Me,
) -> impl IntoView {
    view! {
        <Bar me=Some(me) />
        <main class="page" id="main">
            <h1 class="page-title">"Import a conversation"</h1>
            <p class="lead">
                "Paste it, or choose a file: plain text, Markdown, or the export of ChatGPT or Claude (the zip or its "
                <code>"conversations.json"</code> ")."
            </p>
            <div data-import-form><ImportForm /></div>
            <noscript><p class="alert" role="alert">"Importing needs scripts: please allow them for this site."</p></noscript>
        </main>
    }
    .into_any()
}
