use leptos::prelude::*;
use shared::api::{ClassSummary, Classes};

use super::Bar;
use crate::forms::{ApiForm, Then};
use crate::parts::Visitor;

/// The classes that somebody belongs to, and the ways into one.
#[component]
pub fn ClassesPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What they belong to.
    classes: Classes,
) -> impl IntoView {
    let Classes { classes, may_create } = classes;
    let list = if classes.is_empty() {
        view! {
            <div class="empty">
                <strong>"You are in no class yet."</strong>
                <p>"Whoever teaches one has a code or a link for you."</p>
            </div>
        }
        .into_any()
    } else {
        let lines = classes.into_iter().map(|class| view! { <Line class=class /> });
        view! { <ul class="conversation-list">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Classes"</h1>
            </header>
            {list}
            <div class="class-doors">
                <JoinByCode />
                {may_create.then(|| view! { <NewClass /> })}
            </div>
        </main>
    }
    .into_any()
}

#[component]
fn Line(class: ClassSummary) -> impl IntoView {
    let archived = class.archived.then(|| view! { <span class="badge">"Archived"</span> });
    view! {
        <li>
            <a class="conversation-link" href=format!("/classes/{}", class.id)>
                <span class="conversation-title" dir="auto">{class.name}</span>
                <span class="conversation-meta">
                    {super::class::role_name(class.role)} " · " {people(class.members)}
                </span>
                {archived}
            </a>
        </li>
    }
    .into_any()
}

/// `1 person`, `2 people`.
pub(super) fn people(count: i64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

#[component]
fn JoinByCode() -> impl IntoView {
    view! {
        <section class="sheet class-door" aria-labelledby="join-title">
            <h2 id="join-title">"Join a class"</h2>
            <p class="hint">"A link brings you in by itself; a code is typed here."</p>
            <ApiForm api="POST /api/v1/classes/join" then=Then::Go("/classes/{id}".into()) label="Join a class">
                <label class="form-row">
                    <span class="field-label">"Code"</span>
                    <input
                        class="field code-field"
                        name="code"
                        required
                        maxlength="20"
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        placeholder="BCDF-2345"
                    />
                </label>
                <div class="form-actions">
                    <button class="button primary" type="submit">"Join"</button>
                </div>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn NewClass() -> impl IntoView {
    view! {
        <section class="sheet class-door" aria-labelledby="new-title">
            <h2 id="new-title">"New class"</h2>
            <p class="hint">"You teach it, and bring the others in."</p>
            <ApiForm api="POST /api/v1/classes" then=Then::Go("/classes/{id}/manage".into()) label="New class">
                <label class="form-row">
                    <span class="field-label">"Name"</span>
                    <input class="field" name="name" required maxlength="200" autocomplete="off" />
                </label>
                <div class="form-actions">
                    <button class="button" type="submit">"Create"</button>
                </div>
            </ApiForm>
        </section>
    }
    .into_any()
}
