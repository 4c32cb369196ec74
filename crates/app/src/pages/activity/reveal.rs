use leptos::prelude::*;
use shared::api::{Activity, ActivityState, CopyWork, Group, MAX_REVEALED, PersonWork, RevealActivity};

use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    pages::home::counted,
};

/// Ways to choose copies that are seen together. Each asks first: what the class has seen, it has seen.
#[component]
pub(super) fn Reveal(
    activity: Activity,
    copies: Vec<CopyWork>,
    people: Vec<PersonWork>,
    groups: Vec<Group>,
) -> impl IntoView {
    let (id, anonymous) = (activity.summary.id, activity.summary.anonymous);
    let names = if anonymous { "the pseudonyms that they have in the copies" } else { "their names" };
    let api = api_of(&RevealActivity { activity: id, copies: Vec::new(), group: None, random: None });
    let to = Then::Go("/c/{id}".into());
    let most = MAX_REVEALED.min(copies.len() as i64);
    let groups = groups.into_iter().map(|group| {
        let copies = copies.iter().filter(|copy| is_of(copy, &group, &people)).count();
        let words = format!("{} ({})", group.name, counted(copies as i64, "copy"));
        (copies > 0).then(|| view! { <option value=group.id.to_string()>{words}</option> })
    });
    let groups: Vec<_> = groups.flatten().collect();
    let groups = (!groups.is_empty()).then(|| {
        view! {
            <ApiForm api=api.clone() then=to.clone() confirm="reveal-group" label="Reveal a group" class="line-form">
                <select class="field" name="group" aria-label="Group">{groups}</select>
                <button class="button" type="submit">"Reveal the group"</button>
            </ApiForm>
            <Ask activity=activity.clone() id="reveal-group" what="Chosen: {group}." />
        }
    });
    let boxes = copies.into_iter().map(|copy| {
        view! {
            <label class="checkbox-row">
                <input type="checkbox" name="copies" data-type="list" value=copy.id.to_string() />
                <span dir="auto">{copy.name}</span>
            </label>
        }
    });
    view! {
        <section class="class-section" aria-labelledby="reveal-title">
            <h2 id="reveal-title">"Reveal"</h2>
            <p class="hint">
                {format!("Up to {MAX_REVEALED} copies are merged into one new conversation, with everybody’s highlights, comments, notes and responses under {names}. The class can read and annotate it. The copies stay as they are.")}
            </p>
            <ApiForm
                api=api.clone()
                then=to.clone()
                confirm="reveal-chosen"
                needs=("copies", "Nothing is ticked. Tick the copies that are to be seen together, then press Reveal again.")
                label="Reveal some"
                class="stack"
            >
                <details>
                    <summary>"Choose by hand"</summary>
                    <div class="check-list">{boxes.collect_view()}</div>
                    <button class="button" type="submit">"Reveal the chosen"</button>
                </details>
            </ApiForm>
            <Ask activity=activity.clone() id="reveal-chosen" what="Copies: {copies}." />
            {groups}
            <ApiForm api=api then=to confirm="reveal-random" label="Reveal at random" class="line-form">
                <label>
                    "How many"
                    <input class="field" type="number" name="random" data-type="number" min="1" max=most.to_string() value=most.to_string() required />
                </label>
                <button class="button" type="submit">"Reveal at random"</button>
            </ApiForm>
            <Ask activity=activity id="reveal-random" what="Copies, at random: {random}." />
        </section>
    }
    .into_any()
}

/// Whether it is the group's, or that of somebody in it.
fn is_of(copy: &CopyWork, group: &Group, people: &[PersonWork]) -> bool {
    let in_it = |one: &PersonWork| Some(one.id) == copy.person && one.group.as_ref() == Some(&group.name);
    copy.group == Some(group.id) || people.iter().any(in_it)
}

/// What is to be known before.
#[component]
fn Ask(activity: Activity, id: &'static str, what: &'static str) -> impl IntoView {
    let round = match activity.summary.state {
        ActivityState::Open => {
            "The activity is still open: whoever has not finished sees what the others did, and can go on in their own copy."
        }
        ActivityState::Waiting => "The activity is not open at the moment.",
        ActivityState::Closed => "The activity has closed.",
    };
    let names = match activity.summary.anonymous {
        true => "Students see one another’s pseudonyms, not their names.",
        false => "Everybody’s name is shown with what they wrote.",
    };
    let text = format!("{what} The whole class can read it from then on. {round} {names}");
    view! { <ConfirmDialog id=id title="Reveal to the class?" text=text action="Reveal" filled=true /> }.into_any()
}
