use leptos::prelude::*;

use super::Bar;
use crate::{offline::WorkLeft, parts::Visitor};

/// A page that says one thing: not found, an error.
#[component]
pub fn NoticePage(
    /// Who is signed in.
    visitor: Option<Visitor>,
    /// What it is.
    title: String,
    /// What to do.
    text: String,
) -> impl IntoView {
    let user = visitor.as_ref().map(|visitor| visitor.me.id);
    view! {
        <Bar visitor=visitor />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">{title}</h1>
                <p class="lead">{text}</p>
                <a class="button primary" href="/">"To your conversations"</a>
            </section>
            // Of a conversation that cannot be opened any more.
            {user.map(|user| view! { <WorkLeft user=user /> })}
        </main>
    }
    .into_any()
}
