use leptos::prelude::*;
use shared::{ids::UserId, order::sorted_by};

use super::desk::Desk;
use crate::parts::{Avatar, hue, initials};

/// Who has the page open, in the bar.
#[component]
pub fn PeopleHere(desk: Desk) -> impl IntoView {
    view! {
        <ul class="people" role="list" aria-label="People here">
            <For each=move || desk.present.get() key=|person| (person.id, person.name.clone()) let:person>
                <li class="person" data-hue=hue(&person.id.to_string()) title=person.name.clone()>
                    <span aria-hidden="true">{initials(&person.name)}</span>
                    <span class="visually-hidden">{person.name.clone()}</span>
                </li>
            </For>
        </ul>
    }
    .into_any()
}

/// Who takes part, and who is here now.
#[component]
pub fn PeoplePane(desk: Desk) -> impl IntoView {
    let everybody = move || sorted_by(desk.names.get().into_iter().collect(), |a: &(UserId, String), b| a.1.cmp(&b.1));
    view! {
        <ul class="people-list">
            <For each=everybody key=|(id, name)| (*id, name.clone()) let((id, name))>
                <li>
                    <Avatar id=id.to_string() name=name.clone() />
                    <span class="people-name">{name} {(id == desk.place.author).then_some(" (you)")}</span>
                    <span class="hint">
                        {move || desk.present.with(|here| here.iter().any(|person| person.id == id)).then_some("here now")}
                    </span>
                </li>
            </For>
        </ul>
    }
    .into_any()
}
