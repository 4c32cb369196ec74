//! The page of one project: its chats, prompts, files and settings.

mod files;
mod prompts;

use leptos::prelude::*;
use shared::{
    api::{
        ChangeProject, ChatSummary, DeleteProject, FileSummary, NewChat, Project, ProjectChange, PromptVersion,
        TRASH_DAYS,
    },
    ids::{ProjectId, PromptVersionId},
};

use super::{Bar, home::counted};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalDay,
    parts::Visitor,
};

/// What the page of a project shows.
#[derive(Debug, Clone)]
pub struct ProjectView {
    /// The project.
    pub project: Project,
    /// Its chats that the visitor may read, newest first.
    pub chats: Vec<ChatSummary>,
    /// All versions of its prompt, newest first.
    pub prompts: Vec<PromptVersion>,
    /// Its files, newest first.
    pub files: Vec<FileSummary>,
    /// The version that the next one is written from.
    pub draft: Option<PromptVersionId>,
}

/// A project.
#[component]
pub fn ProjectPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is shown.
    shown: ProjectView,
) -> impl IntoView {
    let ProjectView { project, chats, prompts, files, draft } = shown;
    let (id, name, may_change) = (project.id, project.name.clone(), project.may_change);
    let class = project.class.clone().map(|class| {
        let address = format!("/classes/{}", class.id);
        view! { <a class="badge" href=address dir="auto">{class.name}</a> }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href="/projects">"Projects"</a></p>
            <header class="page-head">
                <h1 class="page-title" dir="auto">{project.name}</h1>
                <p class="page-badges">{class}</p>
            </header>
            <Chats project=id of_class=project.class.is_some() may_chat=project.may_chat chats=chats />
            <prompts::Prompts project=id prompts=prompts may_change=may_change draft=draft />
            <files::Files project=id files=files may_change=may_change />
            {may_change.then(|| view! { <Settings project=id name=name /> })}
        </main>
    }
    .into_any()
}

#[component]
fn Chats(project: ProjectId, of_class: bool, may_chat: bool, chats: Vec<ChatSummary>) -> impl IntoView {
    let none = chats.is_empty().then(|| view! { <p class="empty">"No chats yet."</p> });
    let lines = chats.into_iter().map(|chat| view! { <Chat chat=chat /> }).collect_view();
    let whose = match of_class {
        true => "A chat is its writer's alone, also for those who teach the class, until it is shared.",
        false => "A chat is yours alone until you share it.",
    };
    view! {
        <section class="class-section" aria-labelledby="chats-title">
            <h2 id="chats-title">"Chats"</h2>
            <p class="hint">{whose}</p>
            {may_chat.then(|| view! {
                <ApiForm api=api_of(&NewChat { project, title: None }) then=Then::Go("/c/{id}".into()) class="row-form">
                    <button class="button primary" type="submit">"New chat"</button>
                </ApiForm>
            })}
            {none}
            <ul class="conversation-list">{lines}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn Chat(chat: ChatSummary) -> impl IntoView {
    let owner = if chat.mine { "You".to_owned() } else { chat.owner };
    view! {
        <li>
            <a class="conversation-link" href=format!("/c/{}", chat.id)>
                <span class="conversation-title" dir="auto">{chat.title}</span>
                <span class="conversation-meta">
                    <span dir="auto">{owner}</span> " · " {counted(chat.messages, "message")} " · "
                    <LocalDay at=chat.created_at />
                </span>
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn Settings(project: ProjectId, name: String) -> impl IntoView {
    let api = api_of(&ChangeProject { project, change: ProjectChange { name: String::new() } });
    view! {
        <section class="class-section" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <ApiForm api=api then=Then::Reload label="Name of the project">
                <label class="form-row">
                    <span class="field-label">"Name of the project"</span>
                    <input class="field" name="name" value=name required maxlength="200" autocomplete="off" />
                </label>
                <div class="form-actions">
                    <button class="button" type="submit">"Rename"</button>
                </div>
            </ApiForm>
            <ApiForm api=api_of(&DeleteProject { project }) then=Then::Go("/projects".into()) confirm="delete" label="Delete the project">
                <div class="form-actions">
                    <button class="button danger" type="submit">"Delete the project"</button>
                </div>
            </ApiForm>
            <ConfirmDialog
                id="delete"
                title="Delete this project?"
                text=format!(
                    "It goes to the trash with its prompts and files, and can be restored for {TRASH_DAYS} days. Chats stay with those who wrote them, to be read and annotated; nobody goes on with them meanwhile.",
                )
                action="Delete"
            />
        </section>
    }
    .into_any()
}
