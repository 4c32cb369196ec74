//! One component a page. A page is given what it shows; finding that is the server's part.

mod conversation;
mod home;
mod import;
mod inbox;
mod notice;
mod sign_in;

use leptos::prelude::*;

use crate::{
    inbox::InboxLink,
    parts::{Account, Visitor},
};

pub use conversation::ConversationPage;
pub use home::HomePage;
pub use import::ImportPage;
pub use inbox::InboxPage;
pub use notice::NoticePage;
pub use sign_in::SignInPage;

/// The bar of a page that has no tools.
#[component]
fn Bar(
    /// Who is signed in.
    visitor: Option<Visitor>,
) -> impl IntoView {
    let of_person = |Visitor { me, unread }| view! { <InboxLink unread=unread /><Account me=me /> };
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="bar">
            <a class="bar-brand" href="/">"PromptGrimoire"</a>
            <span class="bar-grow"></span>
            {visitor.map(of_person)}
        </header>
    }
    .into_any()
}
