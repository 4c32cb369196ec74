use leptos::prelude::*;
use shared::api::Me;

use super::Bar;

/// A page that says one thing: not found, an error.
#[component]
pub fn NoticePage(
    /// Who is signed in.
    me: Option<Me>,
    /// What it is.
    title: String,
    /// What to do.
    text: String,
) -> impl IntoView {
    view! {
        <Bar me=me />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">{title}</h1>
                <p class="lead">{text}</p>
                <a class="button primary" href="/">"To your conversations"</a>
            </section>
        </main>
    }
    .into_any()
}
