use leptos::prelude::*;
use shared::{
    api::{
        PurgeActivity, PurgeClass, PurgeConversation, PurgeProject, RestoreActivity, RestoreClass, RestoreConversation,
        RestoreProject, TRASH_DAYS, Trash, TrashedActivity, TrashedClass, TrashedConversation, TrashedProject,
    },
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
    trash: Trash,
    /// After which conversation it goes on, if it does.
    more: Option<ConversationId>,
    /// Whether it is not its first page.
    is_later: bool,
) -> impl IntoView {
    let Trash { conversations, projects, activities, classes } = trash;
    let is_empty = conversations.is_empty() && projects.is_empty() && activities.is_empty() && classes.is_empty();
    let empty = is_empty.then(|| {
        let words = if is_later { "Nothing older." } else { "Nothing is in the trash." };
        view! { <div class="empty"><p>{words}</p></div> }
    });
    let first = is_later.then(|| view! { <a class="button" href="/trash">"Newest"</a> });
    let more = more.map(|after| view! { <a class="button" href=format!("/trash?after={after}")>"More"</a> });
    let pages = (first.is_some() || more.is_some()).then(|| view! { <div class="pages">{more} {first}</div> });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head"><h1 class="page-title">"Trash"</h1></header>
            <Lists alone=None trash=true />
            <p class="hint trash-hint">
                {format!("What you deleted, and what was deleted of classes that you teach. Nobody can open it; after {TRASH_DAYS} days it is gone for ever.")}
            </p>
            {empty}
            <Kind title="Conversations" lines=conversations.into_iter().map(of_conversation).collect() />
            {pages}
            <Kind title="Projects" lines=projects.into_iter().map(of_project).collect() />
            <Kind title="Activities" lines=activities.into_iter().map(of_activity).collect() />
            <Kind title="Classes" lines=classes.into_iter().map(of_class).collect() />
        </main>
    }
    .into_any()
}

/// One thing that can be taken back.
struct Thrown {
    id: String,
    title: String,
    /// What hangs on it.
    holds: String,
    /// RFC 3339.
    deleted_at: String,
    restore: String,
    purge: String,
}

fn of_conversation(conversation: TrashedConversation) -> Thrown {
    let TrashedConversation { id, title, messages, highlights, deleted_at, .. } = conversation;
    let holds = format!("{}, {}", counted(messages, "message"), counted(highlights.into(), "highlight"));
    let (restore, purge) = (api_of(&RestoreConversation { id }), api_of(&PurgeConversation { id }));
    Thrown { id: id.to_string(), title, holds, deleted_at, restore, purge }
}

fn of_project(project: TrashedProject) -> Thrown {
    let TrashedProject { id: project, name: title, class, files, deleted_at, .. } = project;
    let holds = in_class(class, format!("its prompts, {}", counted(files, "file")));
    let (restore, purge) = (api_of(&RestoreProject { project }), api_of(&PurgeProject { project }));
    Thrown { id: project.to_string(), title, holds, deleted_at, restore, purge }
}

fn of_activity(activity: TrashedActivity) -> Thrown {
    let TrashedActivity { id: activity, title, class, copies, highlights, deleted_at, .. } = activity;
    let work = format!("{}, {}", counted(copies, "conversation"), counted(highlights, "highlight"));
    let holds = in_class(Some(class), work);
    let (restore, purge) = (api_of(&RestoreActivity { activity }), api_of(&PurgeActivity { activity }));
    Thrown { id: activity.to_string(), title, holds, deleted_at, restore, purge }
}

fn of_class(class: TrashedClass) -> Thrown {
    let TrashedClass { id: class, name: title, members, activities, copies, projects, deleted_at, .. } = class;
    let many =
        |noun: &str, nouns: &str, count| if count == 1 { format!("1 {noun}") } else { format!("{count} {nouns}") };
    let holds = format!(
        "{}, {} with {}, {}",
        many("person", "people", members),
        many("activity", "activities", activities),
        counted(copies, "conversation"),
        counted(projects, "project")
    );
    let (restore, purge) = (api_of(&RestoreClass { class }), api_of(&PurgeClass { class }));
    Thrown { id: class.to_string(), title, holds, deleted_at, restore, purge }
}

fn in_class(class: Option<String>, holds: String) -> String {
    class.map(|class| format!("{class} · ")).unwrap_or_default() + &holds
}

#[component]
fn Kind(title: &'static str, lines: Vec<Thrown>) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        let id = format!("{}-title", title.to_lowercase());
        let lines = lines.into_iter().map(|thrown| view! { <Line thrown=thrown /> }).collect_view();
        view! {
            <section class="class-section" aria-labelledby=id.clone()>
                <h2 id=id.clone()>{title}</h2>
                <ul class="group-list" role="list">{lines}</ul>
            </section>
        }
    })
}

#[component]
fn Line(thrown: Thrown) -> impl IntoView {
    let Thrown { id, title, holds, deleted_at, restore, purge } = thrown;
    let dialog = format!("delete-{id}");
    let question = format!("Delete “{title}” for ever?");
    let text = format!("All that is in it goes with it, and cannot be taken back: {holds}.");
    let (to_restore, to_delete) = (format!("Restore {title}"), format!("Delete {title} for ever"));
    view! {
        <li class="group">
            <div class="member-who">
                <span class="member-name" dir="auto">{title}</span>
                <span class="member-email">{holds} " · gone on " <LocalDay at=deleted_at /></span>
            </div>
            <ApiForm api=restore then=Then::Reload class="row-form">
                <button class="button" type="submit" aria-label=to_restore>"Restore"</button>
            </ApiForm>
            <ApiForm api=purge then=Then::Reload class="row-form" confirm=dialog.clone()>
                <button class="button quiet" type="submit" aria-label=to_delete>"Delete for ever"</button>
            </ApiForm>
            <ConfirmDialog id=dialog title=question text=text action="Delete for ever" />
        </li>
    }
    .into_any()
}
