//! One component a page. A page is given what it shows; finding that is the server's part.

mod account;
mod class;
mod classes;
mod conversation;
mod home;
mod import;
mod join;
mod notice;
mod sign_in;

use leptos::prelude::*;
use shared::api::Me;

use crate::parts::Account;

pub use account::{AccountPage, SessionLine, TokenLine};
pub use class::{ClassManagePage, ClassPage, ClassPersonPage, RosterPage};
pub use classes::ClassesPage;
pub use conversation::ConversationPage;
pub use home::HomePage;
pub use import::ImportPage;
pub use join::JoinPage;
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
            {me.is_some().then(|| view! { <nav class="bar-nav" aria-label="Site"><a href="/classes">"Classes"</a></nav> })}
            <span class="bar-grow"></span>
            {me.map(|me| view! { <Account me=me /> })}
        </header>
    }
    .into_any()
}
