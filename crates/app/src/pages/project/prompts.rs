use leptos::prelude::*;
use shared::{
    api::{ActivatePrompt, CreatePrompt, PromptVersion},
    ids::{ProjectId, PromptVersionId},
    text,
};

use crate::{
    forms::{ApiForm, Then, api_of},
    local_times::LocalDay,
};

/// The versions of a project's prompt, and the way to the next.
#[component]
pub(super) fn Prompts(
    project: ProjectId,
    prompts: Vec<PromptVersion>,
    may_change: bool,
    draft: Option<PromptVersionId>,
) -> impl IntoView {
    let from = prompts.iter().find(|prompt| Some(prompt.id) == draft).cloned();
    let lines =
        prompts.into_iter().map(|prompt| view! { <Line project=project prompt=prompt may_change=may_change /> });
    let lines = lines.collect_view();
    view! {
        <section class="class-section" aria-labelledby="prompts-title">
            <h2 id="prompts-title">"Prompts"</h2>
            <p class="hint">
                "The instructions that the model is given with each message. A version never changes, and each reply keeps the one that it was written with. "
                "New replies are given the " <b>"active"</b> " one."
            </p>
            <ul class="prompt-list" role="list">{lines}</ul>
            {may_change.then(|| view! { <NewPrompt project=project from=from /> })}
        </section>
    }
    .into_any()
}

#[component]
fn Line(project: ProjectId, prompt: PromptVersion, may_change: bool) -> impl IntoView {
    let PromptVersion { id, version, name, content, active, created_by, created_at } = prompt;
    let by = created_by.map(|name| view! { <span dir="auto">{name}</span> " · " });
    let title = format!("prompt-{version}");
    let has_content = !content.is_empty();
    let words = match has_content {
        true => view! { <pre class="prompt-text" dir="auto">{content}</pre> }.into_any(),
        false => view! { <p class="hint">"The model is given no instructions."</p> }.into_any(),
    };
    let (label, described) = (title.clone(), title.clone());
    let edit = (may_change && has_content).then(|| {
        let address = format!("/projects/{project}?prompt={id}#new-prompt");
        view! { <a class="button quiet" href=address aria-describedby=described>"Edit as a new version"</a> }
    });
    let activate = (may_change && !active).then(|| {
        view! {
            <ApiForm api=api_of(&ActivatePrompt { project, prompt: id }) then=Then::Reload class="row-form">
                <button class="button" type="submit" aria-describedby=label>"Activate"</button>
            </ApiForm>
        }
    });
    view! {
        <li class="prompt" data-active=active.then_some("")>
            <details>
                <summary>
                    <span class="prompt-name" id=title.clone()><span dir="auto">{name}</span> {format!(", version {version}")}</span>
                    {active.then(|| view! { <span class="badge">"Active"</span> })}
                </summary>
                {words}
                <p class="hint">{by} <LocalDay at=created_at /></p>
                {edit}
            </details>
            {activate}
        </li>
    }
    .into_any()
}

#[component]
fn NewPrompt(project: ProjectId, from: Option<PromptVersion>) -> impl IntoView {
    let api = api_of(&CreatePrompt { project, name: String::new(), content: String::new() });
    let (name, content) = from.map(|prompt| (prompt.name, prompt.content)).unzip();
    // The first line break in a text area is none of its text.
    let content = format!("\n{}", text::escape(&content.unwrap_or_default()));
    view! {
        <div id="new-prompt">
            <ApiForm api=api then=Then::Go(format!("/projects/{project}")) label="New prompt">
                <label class="form-row">
                    <span class="field-label">"Name of the prompt"</span>
                    <input class="field" name="name" value=name required maxlength="200" autocomplete="off" />
                </label>
                <label class="form-row">
                    <span class="field-label">"Instructions"</span>
                    <textarea class="field prompt-instructions" name="content" rows="6" required maxlength="65536" dir="auto" inner_html=content></textarea>
                </label>
                <div class="form-actions">
                    <button class="button" type="submit">"New prompt"</button>
                    <span class="hint">"It is active when you make it so."</span>
                </div>
            </ApiForm>
        </div>
    }
    .into_any()
}
