use leptos::prelude::*;
use shared::api::{ProjectSummary, Projects, SharingClass};

use super::{Bar, home::counted};
use crate::forms::{ApiForm, Then};
use crate::parts::Visitor;

/// The projects that somebody sees, and the way to a new one.
#[component]
pub fn ProjectsPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What they see.
    projects: Projects,
) -> impl IntoView {
    let Projects { projects, classes } = projects;
    let list = if projects.is_empty() {
        view! {
            <div class="empty">
                <strong>"No projects yet."</strong>
                <p>"A project is a home for chats with a model, with the instructions and the files that it is given."</p>
            </div>
        }
        .into_any()
    } else {
        let lines = projects.into_iter().map(|project| view! { <Line project=project /> });
        view! { <ul class="conversation-list">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Projects"</h1>
            </header>
            {list}
            <div class="class-doors">
                <NewProject classes=classes />
            </div>
        </main>
    }
    .into_any()
}

#[component]
fn Line(project: ProjectSummary) -> impl IntoView {
    let whose = project.class.map_or_else(|| "Yours alone".to_owned(), |class| class.name);
    let chats = match project.chats {
        0 => "no chats of yours yet".to_owned(),
        chats => format!("{} of yours", counted(chats, "chat")),
    };
    view! {
        <li>
            <a class="conversation-link" href=format!("/projects/{}", project.id)>
                <span class="conversation-title" dir="auto">{project.name}</span>
                <span class="conversation-meta"><span dir="auto">{whose}</span> " · " {chats}</span>
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn NewProject(classes: Vec<SharingClass>) -> impl IntoView {
    let options = classes.iter().map(|class| {
        let (id, name) = (class.id.to_string(), class.name.clone());
        view! { <option value=id>{name}</option> }
    });
    let options = options.collect_view();
    let choice = (!classes.is_empty()).then(|| {
        view! {
            <label class="form-row">
                <span class="field-label">"For whom"</span>
                <select class="field" name="class" data-type="optional">
                    <option value="">"Me alone"</option>
                    {options}
                </select>
            </label>
            <p class="hint">"In a class's project its members chat, each for themselves. What they write is theirs until they share it."</p>
        }
    });
    view! {
        <section class="sheet class-door" aria-labelledby="new-title">
            <h2 id="new-title">"New project"</h2>
            <p class="hint">"Chats, with the instructions and files that the model is given."</p>
            <ApiForm api="POST /api/v1/projects" then=Then::Go("/projects/{id}".into()) label="New project">
                <label class="form-row">
                    <span class="field-label">"Name"</span>
                    <input class="field" name="name" required maxlength="200" autocomplete="off" />
                </label>
                {choice}
                <div class="form-actions">
                    <button class="button primary" type="submit">"New project"</button>
                </div>
            </ApiForm>
        </section>
    }
    .into_any()
}
