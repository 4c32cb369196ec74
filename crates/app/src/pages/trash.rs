use leptos::prelude::*;
use shared::{
    api::{DeleteConversation, RestoreConversation, TRASH_DAYS, TrashedConversation},
    ids::ConversationId,
};

use super::{
    Bar,
    home::{Lists, counted},
};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalDay,
    parts::Visitor,
};

/// What somebody threw away and can take back.
#[component]
pub fn TrashPage(
    /// Who is signed in.
    visitor: Visitor,
    /// A page of it, what came last first.
    trashed: Vec<TrashedConversation>,
    /// After which it goes on, if it does.
    more: Option<ConversationId>,
    /// Whether it is not its first page.
    is_later: bool,
) -> impl IntoView {
    let empty = trashed.is_empty().then(|| {
        let words = if is_later { "Nothing older." } else { "Nothing is in the trash." };
        view! { <div class="empty"><p>{words}</p></div> }
    });
    let lines = trashed.into_iter().map(|conversation| view! { <Line conversation=conversation /> }).collect_view();
    let first = is_later.then(|| view! { <a class="button" href="/trash">"Newest"</a> });
    let more = more.map(|after| view! { <a class="button" href=format!("/trash?after={after}")>"More"</a> });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head"><h1 class="page-title">"Trash"</h1></header>
            <Lists alone=None trash=true />
            <p class="hint trash-hint">
                {format!("Conversations of yours that you deleted. Nobody can open them; after {TRASH_DAYS} days they are gone for ever.")}
            </p>
            {empty}
            <ul class="group-list" role="list">{lines}</ul>
            <div class="pages">{more} {first}</div>
        </main>
    }
    .into_any()
}

#[component]
fn Line(conversation: TrashedConversation) -> impl IntoView {
    let TrashedConversation { id, title, messages, highlights, deleted_at, .. } = conversation;
    let dialog = format!("delete-{id}");
    let holds = format!("{}, {}", counted(messages, "message"), counted(highlights.into(), "highlight"));
    let question = format!("Delete “{title}” for ever?");
    let text = format!("All that is in it goes with it, and cannot be taken back: {holds}.");
    let (restore, delete) = (format!("Restore {title}"), format!("Delete {title} for ever"));
    view! {
        <li class="group">
            <div class="member-who">
                <span class="member-name" dir="auto">{title}</span>
                <span class="member-email">{holds} " · gone on " <LocalDay at=deleted_at /></span>
            </div>
            <ApiForm api=api_of(&RestoreConversation { id }) then=Then::Reload class="row-form">
                <button class="button" type="submit" aria-label=restore>"Restore"</button>
            </ApiForm>
            <ApiForm api=api_of(&DeleteConversation { id }) then=Then::Reload class="row-form" confirm=dialog.clone()>
                <button class="button quiet" type="submit" aria-label=delete>"Delete for ever"</button>
            </ApiForm>
            <ConfirmDialog id=dialog title=question text=text action="Delete for ever" />
        </li>
    }
    .into_any()
}
