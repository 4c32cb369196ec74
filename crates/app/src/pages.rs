//! One component a page. A page is given what it shows; finding that is the server's part.

mod account;
mod conversation;
mod home;
mod import;
mod notice;
mod sign_in;

use leptos::prelude::*;
use shared::api::Me;

use crate::parts::Account;

pub use account::{AccountPage, SessionLine, TokenLine};
pub use conversation::ConversationPage;
pub use home::HomePage;
pub use import::ImportPage;
pub use notice::NoticePage;
pub use sign_in::{ContinuePage, SentPage, SignInPage, SignInProblemPage, WaysIn};

/// The bar of a page that has no tools.
#[component]
fn Bar(
    /// Who is signed in.
    me: Option<Me>,
) -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="bar">
            <a class="bar-brand" href="/">"PromptGrimoire"</a>
            <span class="bar-grow"></span>
            {me.map(|me| view! { <Account me=me /> })}
        </header>
    }
    .into_any()
}
