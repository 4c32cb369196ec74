//! One component a page. A page is given what it shows; finding that is the server's part.

mod account;
mod activity;
mod agreement;
mod annotations;
mod api;
mod class;
mod classes;
mod conversation;
mod deleted;
mod edit_text;
mod erase;
mod exports;
pub(crate) mod formulas;
mod history;
mod home;
mod import;
mod inbox;
mod join;
mod merge;
mod notice;
mod project;
mod projects;
mod recovery;
mod revisions;
mod search;
mod share;
mod sign_in;
mod trash;
mod webhooks;

use leptos::prelude::*;

use crate::{
    inbox::InboxLink,
    parts::{Account, Visitor},
};

pub use account::{AccountPage, End, SessionLine, TokenLine};
pub use activity::{
    ActivitiesPage, ActivityAgreementPage, ActivityPage, ActivitySettingsPage, NewActivityPage, OverviewPage,
};
pub use agreement::AgreementPage;
pub use annotations::AnnotationsPage;
pub use api::{ApiAnswer, ApiArea, ApiBody, ApiDescription, ApiField, ApiOperation, ApiPage, ApiSchema, ApiWord};
pub use class::{ClassManagePage, ClassPage, ClassPersonPage, RosterPage};
pub use classes::ClassesPage;
pub use conversation::{ComparePage, ConversationPage};
pub use deleted::DeletedPage;
pub use edit_text::EditTextPage;
pub use erase::{ErasePage, ErasedPage};
pub use exports::{ExportsOf, ExportsPage};
pub use history::{HistoryPage, LookedAt};
pub use home::{HomeList, HomePage, ShelfOfPage, ToDoOfPage};
pub use import::ImportPage;
pub use inbox::InboxPage;
pub use join::JoinPage;
pub use merge::{MergeAsked, MergePage, MergedPage};
pub use notice::NoticePage;
pub use project::{ProjectPage, ProjectView};
pub use projects::ProjectsPage;
pub use recovery::{ClosedPage, RecoveryPage};
pub use revisions::{RevisionPage, RevisionsPage};
pub use search::SearchPage;
pub use share::{LinkPage, SharePage};
pub use sign_in::{ContinuePage, SentPage, SignInPage, SignInProblemPage, WaysIn};
pub use trash::TrashPage;
pub use webhooks::WebhookPage;

/// The bar of a page that has no tools.
#[component]
fn Bar(
    /// Who is signed in.
    visitor: Option<Visitor>,
) -> impl IntoView {
    // A narrow bar has no room for the places; there they are in the account's menu.
    let places = |class: &'static str| {
        view! { <a class=class href="/search">"Search"</a><a class=class href="/projects">"Projects"</a><a class=class href="/classes">"Classes"</a> }
    };
    let of_person = move |Visitor { me, unread }| view! { <InboxLink unread=unread /><Account me=me>{places("button nav-narrow")}</Account> };
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="bar">
            <a class="bar-brand" href="/">"PromptGrimoire"</a>
            {visitor.is_some().then(|| view! { <nav class="bar-nav" aria-label="Site">{places("")}</nav> })}
            <span class="bar-grow"></span>
            {visitor.map(of_person)}
        </header>
    }
    .into_any()
}
