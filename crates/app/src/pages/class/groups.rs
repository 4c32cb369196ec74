use leptos::prelude::*;
use shared::{
    api::{CreateGroup, DeleteGroup, Group, RenameGroup},
    ids::ClassId,
};

use crate::{
    forms::{ApiForm, Then, api_of},
    pages::classes::people,
};

/// The groups of a class.
#[component]
pub(super) fn Groups(class: ClassId, groups: Vec<Group>, open: bool) -> impl IntoView {
    let none = groups.is_empty().then(|| view! { <p class="hint">"There are no groups yet."</p> });
    let lines = groups.into_iter().map(|group| view! { <Line class=class group=group open=open /> });
    let lines = lines.collect_view();
    view! {
        <section class="class-section" aria-labelledby="groups-title">
            <h2 id="groups-title">"Groups"</h2>
            <p class="hint">"Tutorials, tables, teams. Students see who is in their own."</p>
            {none}
            <ul class="group-list" role="list">{lines}</ul>
            {open.then(|| view! {
                <ApiForm api=api_of(&CreateGroup { class, name: String::new() }) then=Then::Reload class="line-form" label="New group">
                    <label class="visually-hidden" for="new-group">"Name of the new group"</label>
                    <input class="field" id="new-group" name="name" required maxlength="100" autocomplete="off" placeholder="Name" />
                    <button class="button" type="submit">"New group"</button>
                </ApiForm>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Line(class: ClassId, group: Group, open: bool) -> impl IntoView {
    let Group { id, name, members } = group;
    if !open {
        return view! {
            <li class="group">
                <span class="member-name" dir="auto">{name}</span>
                <span class="hint">{people(members)}</span>
            </li>
        }
        .into_any();
    }
    let field = format!("group-{id}");
    let (what, delete) = (format!("Name of {name}"), format!("Delete {name}"));
    let rename = api_of(&RenameGroup { class, group: id, name: String::new() });
    view! {
        <li class="group">
            <ApiForm api=rename then=Then::Reload class="line-form" label=format!("Rename {name}")>
                <label class="visually-hidden" for=field.clone()>{what}</label>
                <input class="field" id=field.clone() name="name" value=name.clone() required maxlength="100" autocomplete="off" />
                <button class="button quiet" type="submit" aria-label=format!("Rename {name}")>"Rename"</button>
            </ApiForm>
            <span class="hint">{people(members)}</span>
            <ApiForm api=api_of(&DeleteGroup { class, group: id }) then=Then::Reload class="row-form">
                <button class="button quiet" type="submit" aria-label=delete>"Delete"</button>
            </ApiForm>
        </li>
    }
    .into_any()
}
