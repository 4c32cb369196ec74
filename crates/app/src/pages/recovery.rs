use leptos::prelude::*;
use shared::api::Me;

use super::Bar;
use crate::parts::Visitor;

/// A link of the people who run the server was opened. Nobody is signed in before the button is pressed.
#[component]
pub fn RecoveryPage(
    /// Who is signed in already.
    visitor: Option<Visitor>,
    /// As whom the link signs in.
    whose: Me,
) -> impl IntoView {
    let other = visitor
        .as_ref()
        .map(|visitor| view! { <p class="hint">{format!("You are signed in as {} now.", visitor.me.name)}</p> });
    view! {
        <Bar visitor=visitor />
        <main class="page" id="main">
            <section class="sheet sign-in">
                <h1 class="page-title">"Sign in"</h1>
                <p class="lead">
                    "This link signs you in as " <strong class="sign-in-address">{whose.name}</strong> ", "
                    <span class="sign-in-address">{whose.email}</span> "."
                </p>
                <p>
                    "The people who run this server have made it, and it works once. Leave if that is not you: you would be working in somebody else's account."
                </p>
                <form class="stack" method="post" action="/sign-in/link" data-once>
                    <div class="form-actions">
                        <button class="button primary" type="submit">"Sign in"</button>
                        <a class="button quiet" href="/">"Leave"</a>
                    </div>
                </form>
                {other}
            </section>
        </main>
    }
    .into_any()
}

/// Says to somebody who is banned that they are.
#[component]
pub fn ClosedPage(
    /// What to do.
    text: String,
) -> impl IntoView {
    view! {
        <Bar visitor=None />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">"Account closed"</h1>
                <p class="lead">{text}</p>
                <form class="form-actions" method="post" action="/sign-out" data-once>
                    <button class="button" type="submit">"Sign in as somebody else"</button>
                </form>
            </section>
        </main>
    }
    .into_any()
}
