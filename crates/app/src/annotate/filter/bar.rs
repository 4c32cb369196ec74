use leptos::prelude::*;
use shared::{document::Tag, ids::UserId};

use super::Filter;
use crate::{
    annotate::{browser, desk::Desk, shortcuts::Action, tag_list::for_each_tag},
    later::part,
};

/// Above the cards: what to look for, how many there are, and the way from one to the next.
#[component]
pub fn FilterBar(desk: Desk) -> impl IntoView {
    let open = RwSignal::new(false);
    let facets = Memo::new(move |_| desk.filter.with(Filter::facets));
    let clear = Memo::new(move |_| desk.filter.with(Filter::is_clear));
    let count = move || format!("{} of {}", desk.shown.with(Vec::len), desk.order.with(Vec::len));
    let label = move || match facets.get() {
        0 => "Filter".to_owned(),
        facets => format!("Filter ({facets} set)"),
    };
    let on_words = move |event| desk.set_filter(|filter| filter.words = event_target_value(&event));
    view! {
        <div class="filter" role="search" aria-label="Find highlights" hidden=move || desk.order.with(Vec::is_empty)>
            <div class="filter-row">
                <div class="filter-find">
                    <input
                        class="field filter-words"
                        type="search"
                        aria-label="Search quotes and comments"
                        placeholder="Search"
                        autocomplete="off"
                        dir="auto"
                        prop:value=move || desk.filter.with(|filter| filter.words.clone())
                        on:input=on_words
                    />
                    <button
                        class="icon-button filter-open"
                        type="button"
                        title=label
                        aria-label=label
                        aria-expanded=move || open.get().to_string()
                        aria-controls="filter-facets"
                        data-set=move || (facets.get() > 0).then_some("")
                        on:click=move |_| open.update(|open| *open = !*open)
                    >
                        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3.5 5.5h13M6 10h8M8.5 14.5h3" /></svg>
                    </button>
                </div>
                <div class="filter-steps">
                    <button class="icon-button" type="button" aria-label="Clear the filter" title="Clear the filter"
                        data-idle=move || clear.get().then_some("") on:click=move |_| clear_by_button(desk)>
                        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5.5 5.5l9 9M14.5 5.5l-9 9" /></svg>
                    </button>
                    <span class="filter-count">{count}</span>
                    <Step desk=desk forward=false />
                    <Step desk=desk forward=true />
                </div>
            </div>
            <div class="filter-facets" id="filter-facets" hidden=move || !open.get()>
                {move || open.get().then(|| part(desk, move |parts| (parts.facets)(desk)))}
            </div>
        </div>
    }
    .into_any()
}

/// The button is gone then; the focus goes where the next search would be written.
pub fn clear_by_button(desk: Desk) {
    desk.clear_filter();
    browser::move_focus(".filter-words", 0);
}

#[component]
fn Step(desk: Desk, forward: bool) -> impl IntoView {
    let (label, action, path) = if forward {
        ("Next highlight", Action::Next, "M5 8l5 5 5-5")
    } else {
        ("Previous highlight", Action::Previous, "M5 12l5-5 5 5")
    };
    let key = move || desk.shortcuts.with(|settings| settings.key_of(action));
    let title = move || key().map_or(label.to_owned(), |key| format!("{label} ({key})"));
    view! {
        <button class="icon-button" type="button" aria-label=label title=title aria-keyshortcuts=key
            on:click=move |_| browser::step_highlight(desk, forward, false)>
            <svg viewBox="0 0 20 20" aria-hidden="true"><path d=path /></svg>
        </button>
    }
}

/// Beside words: tags, who, and what state.
pub fn facets(desk: Desk) -> AnyView {
    view! {
        <TagFacet desk=desk />
        <OtherFacets desk=desk />
    }
    .into_any()
}

#[component]
fn TagFacet(desk: Desk) -> impl IntoView {
    let chip = move |tag: Tag| {
        let id = tag.id;
        let toggle = move |_| {
            desk.set_filter(|filter| match filter.tags.iter().position(|tag| *tag == id) {
                Some(at) => drop(filter.tags.remove(at)),
                None => filter.tags.push(id),
            });
        };
        let pressed = move || desk.filter.with(|filter| filter.tags.contains(&id)).to_string();
        view! {
            <button class="chip tinted" type="button" style:--t=tag.colour aria-pressed=pressed on:click=toggle>
                <span class="dot"></span>
                <span class="chip-name" dir="auto">{tag.name}</span>
            </button>
        }
        .into_any()
    };
    view! { <div class="filter-tags" role="group" aria-label="Tags">{for_each_tag(desk, chip)}</div> }
}

#[component]
fn OtherFacets(desk: Desk) -> impl IntoView {
    // Those who did something here, by name.
    let authors = Memo::new(move |_| {
        let mut authors: Vec<(UserId, String)> = Vec::new();
        let mut add = |id: UserId| {
            if authors.iter().all(|(known, _)| *known != id) {
                let name = desk.name_of(id);
                authors.insert(authors.partition_point(|(_, other)| *other <= name), (id, name));
            }
        };
        // Who is asked for stays in the list, also with nothing left of theirs.
        desk.filter.with(|filter| filter.author).into_iter().for_each(&mut add);
        for card in desk.order.get().into_iter().filter_map(|id| desk.card(id)) {
            card.with(|card| super::doings(&card.highlight).for_each(|(author, _)| add(author)));
        }
        authors
    });
    let is_author = move |author: Option<UserId>| desk.filter.with(|filter| filter.author == author);
    let on_author = move |event| {
        let author = event_target_value(&event).parse().ok();
        desk.set_filter(|filter| filter.author = author);
    };
    let unresolved = move |_| desk.set_filter(|filter| filter.unresolved = !filter.unresolved);
    let new = move |_| desk.set_filter(|filter| filter.new = !filter.new);
    view! {
        <div class="filter-others">
            <select class="field filter-author" aria-label="Author" on:change=on_author>
                <option value="" prop:selected=move || is_author(None)>"Anybody"</option>
                <For each=move || authors.get() key=Clone::clone let((id, name))>
                    <option value=id.to_string() prop:selected=move || is_author(Some(id))>{name}</option>
                </For>
            </select>
            <button class="chip" type="button" aria-pressed=move || desk.filter.with(|filter| filter.unresolved).to_string() on:click=unresolved>
                "Unresolved"
            </button>
            <button class="chip" type="button" aria-pressed=move || desk.filter.with(|filter| filter.new).to_string() on:click=new>
                "New since my last visit"
            </button>
        </div>
    }
}
