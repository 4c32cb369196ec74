use leptos::prelude::*;
use shared::{
    access::Rights,
    api::{Me, Person},
    ids::{ConversationId, UserId},
};

use super::{
    away::{AsideButton, Away},
    browser,
    desk::{Desk, Place},
    panel::Panel,
    people::{Following, PeopleHere},
    shortcuts::{ShortcutsButton, ShortcutsDialog},
    status::SyncStatus,
    tags::TagsDialog,
    toast::ToastBar,
    toolbar::Toolbar,
};
use crate::parts::Account;

/// The conversation page: the bar, the text (which stays as the server wrote it) and the tools.
#[island]
pub fn Workspace(
    /// The conversation.
    conversation: ConversationId,
    /// Its title.
    title: String,
    /// What the person may do.
    rights: Rights,
    /// Who they are as an author.
    author: UserId,
    /// Who is signed in.
    me: Me,
    /// Everybody whose name may stand on the page.
    people: Vec<Person>,
    children: Children,
) -> impl IntoView {
    let desk = Desk::new(Place { conversation, author, user: me.id }, rights, me.name.clone(), people);
    Effect::new(move |_| browser::start(desk));
    view! {
        <header class="bar">
            <a class="bar-brand" href="/">"PromptGrimoire"</a>
            <nav class="bar-crumbs" aria-label="Breadcrumb">
                <span dir="auto">{title}</span>
            </nav>
            <span class="bar-grow"></span>
            <AsideButton desk=desk />
            <SyncStatus desk=desk />
            <PeopleHere desk=desk />
            <button class="button" type="button" title="Take it away as a Markdown file" on:click=move |_| browser::download(desk)>
                "Export"
            </button>
            <Account me=me><ShortcutsButton desk=desk /></Account>
        </header>
        <main class="workspace">
            {children()}
            <Panel desk=desk />
            <Toolbar desk=desk />
            <TagsDialog desk=desk />
            <ShortcutsDialog desk=desk />
            <Away desk=desk />
            <Following desk=desk />
            <ToastBar desk=desk />
            <p class="visually-hidden" role="log" aria-label="Announcements">{move || desk.announcement.get()}</p>
        </main>
    }
    .into_any()
}
