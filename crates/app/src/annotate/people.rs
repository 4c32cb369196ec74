use leptos::prelude::*;
use shared::{
    api::{Anonymity, Audience},
    ids::UserId,
    order::sorted_by,
};

use super::{
    browser,
    desk::{Desk, Status},
};
use crate::parts::initials;

/// So many characters of what somebody has selected say what it is.
const MOST_SAID: usize = 60;

/// Who has the page open, in the bar.
#[component]
pub fn PeopleHere(desk: Desk) -> impl IntoView {
    view! {
        <ul class="people" role="list" aria-label="People here">
            <For each=move || desk.present.get() key=|person| (person.id, person.name.clone()) let:person>
                <li class="person" data-hue=move || desk.hue_of(person.id) title=person.name.clone()>
                    <span aria-hidden="true">{initials(&person.name)}</span>
                    <span class="visually-hidden">{person.name.clone()}</span>
                </li>
            </For>
        </ul>
    }
    .into_any()
}

/// Who takes part, who is here now and where they are.
pub fn people(desk: Desk) -> AnyView {
    let everybody = move || sorted_by(desk.names.get().into_iter().collect(), |a: &(UserId, String), b| a.1.cmp(&b.1));
    view! {
        // It scrolls by itself where it is longer than the page is high.
        <ul class="people-list" tabindex="0" aria-label="People">
            <For each=everybody key=|(id, name)| (*id, name.clone()) let((id, name))>
                <PersonRow desk=desk id=id name=name />
            </For>
        </ul>
    }
    .into_any()
}

#[component]
fn PersonRow(desk: Desk, id: UserId, name: String) -> impl IntoView {
    let is_me = id == desk.place.author;
    let is_here = Memo::new(move |_| {
        // Without a connection nobody sees one here.
        let is_connected =
            matches!(desk.status.get(), Status::Saved | Status::Saving | Status::ReadOnly | Status::Loading);
        is_connected && desk.present.with(|here| here.iter().any(|person| person.id == id))
    });
    let place = move || {
        let at = desk.whereabouts.with(|all| all.get(&id).cloned()).filter(|_| !is_me).unwrap_or_default();
        match at.reads.and_then(browser::number_of) {
            _ if at.cursor.is_some() => "writing in the notes".to_owned(),
            _ if at.responds => "writing a response".to_owned(),
            Some(number) => format!("reads message {number}"),
            None => "here now".to_owned(),
        }
    };
    // In the text it is a colour with a name beside it.
    let selected = move || {
        let at = desk.whereabouts.with(|all| all.get(&id).cloned()).filter(|_| !is_me)?;
        let words = browser::words_of(at.selection.first()?)?;
        let mut short: String = words.chars().take(MOST_SAID).collect();
        if short.len() < words.len() {
            short.push('…');
        }
        Some(format!(", has selected “{short}”"))
    };
    let follows = move || desk.following.get() == Some(id);
    let toggle = move |_| desk.following.set(if follows() { None } else { Some(id) });
    let label = format!("Follow {name}");
    view! {
        <li>
            <span class="avatar" data-hue=move || desk.hue_of(id) aria-hidden="true">{initials(&name)}</span>
            <span class="people-name">{name} {is_me.then_some(" (you)")} {seen_as(desk, Some(id).into())}</span>
            <span class="hint">{move || is_here.get().then(place)} {move || is_here.get().then(selected)}</span>
            <Show when=move || !is_me && is_here.get()>
                <button
                    class="button quiet"
                    type="button"
                    aria-label=label.clone()
                    aria-pressed=move || follows().to_string()
                    on:click=toggle
                >
                    "Follow"
                </button>
            </Show>
        </li>
    }
    .into_any()
}

/// Whose way through the text one goes, and how to stop.
#[component]
pub fn Following(desk: Desk) -> impl IntoView {
    let whom = move || desk.following.get().map(|id| format!("Following {}", desk.name_of(id)));
    view! {
        <div class="following" role="status" aria-label="Following" hidden=move || desk.following.with(Option::is_none)>
            <span>{whom}</span>
            <button class="text-button" type="button" on:click=move |_| desk.following.set(None)>"Stop"</button>
        </div>
    }
    .into_any()
}

/// What others see in the place of an author's name, where the reader sees that and they do not.
pub fn seen_as(desk: Desk, author: Signal<Option<UserId>>) -> impl IntoView {
    move || {
        let pseudonym = desk.pseudonyms.with(|pseudonyms| pseudonyms.get(&author.get()?).cloned());
        pseudonym.map(|pseudonym| {
            view! {
                <span class="seen-as" title="What others see">
                    <span class="visually-hidden">"seen by others as "</span>
                    {pseudonym}
                </span>
            }
            .into_any()
        })
    }
}

/// How one is seen oneself, where one writes.
pub fn anonymity(desk: Desk) -> impl IntoView {
    desk.anonymity.get_value().map(|Anonymity { seen_as, hidden, names_seen_by }| {
        let who = match names_seen_by {
            Audience::Staff => "The class’s staff see",
            Audience::Owner => "The conversation’s owner sees",
        };
        let words = if hidden {
            view! { "Anonymous: others see you as " <b>{seen_as}</b> ". " {who} " your name." }.into_any()
        } else {
            view! { "Anonymous: the others see pseudonyms, but your name. " {who} " theirs." }.into_any()
        };
        view! { <p class="panel-note">{words}</p> }
    })
}
