use leptos::prelude::*;
use shared::{
    api::{CopyWork, Group, MAX_REVEALED, RevealActivity},
    ids::ActivityId,
};

use crate::forms::{ApiForm, Then, api_of};

/// Ways to choose copies that are seen together.
#[component]
pub(super) fn Reveal(activity: ActivityId, copies: Vec<CopyWork>, groups: Vec<Group>) -> impl IntoView {
    let api = api_of(&RevealActivity { activity, copies: Vec::new(), group: None, random: None });
    let to = Then::Go("/c/{id}".into());
    let most = MAX_REVEALED.min(copies.len() as i64);
    let boxes = copies.into_iter().map(|copy| {
        view! {
            <label class="checkbox-row">
                <input type="checkbox" name="copies" data-type="list" value=copy.id.to_string() />
                <span dir="auto">{copy.name}</span>
            </label>
        }
    });
    let groups = (!groups.is_empty()).then(|| {
        let options =
            groups.into_iter().map(|group| view! { <option value=group.id.to_string()>{group.name}</option> });
        view! {
            <ApiForm api=api.clone() then=to.clone() label="Reveal a group" class="line-form">
                <select class="field" name="group" aria-label="Group">{options.collect_view()}</select>
                <button class="button" type="submit">"Reveal the group"</button>
            </ApiForm>
        }
    });
    view! {
        <section class="class-section" aria-labelledby="reveal-title">
            <h2 id="reveal-title">"Reveal"</h2>
            <p class="hint">
                {format!("Up to {MAX_REVEALED} copies are merged into one new conversation, with everybody’s highlights, comments, notes and responses under their names. The class can read and annotate it. The copies stay as they are.")}
            </p>
            <ApiForm api=api.clone() then=to.clone() label="Reveal some" class="stack">
                <details>
                    <summary>"Choose by hand"</summary>
                    <div class="check-list">{boxes.collect_view()}</div>
                    <button class="button" type="submit">"Reveal the chosen"</button>
                </details>
            </ApiForm>
            {groups}
            <ApiForm api=api then=to label="Reveal at random" class="line-form">
                <input class="field" type="number" name="random" data-type="number" min="1" max=most.to_string() value=most.to_string() required aria-label="How many" />
                <button class="button" type="submit">"Reveal at random"</button>
            </ApiForm>
        </section>
    }
    .into_any()
}
