//! What few cards show, and so is loaded later: the tags to choose among, and what became of words that are not there any
//! more.

use leptos::prelude::*;
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
    rules::{self, Change},
};

use crate::annotate::{
    browser,
    desk::{AnchorState, Card, Desk},
    tag_list::for_each_tag,
};

/// A card, as its parts know it.
#[derive(Clone, Copy)]
pub struct Open {
    /// Where it lies.
    pub desk: Desk,
    /// Of which highlight it is.
    pub id: HighlightId,
    /// What it shows.
    pub card: RwSignal<Card>,
    /// Whether its tags are being chosen.
    pub editing: RwSignal<bool>,
}

/// What became of a highlight whose text is not where it was, and what its author can do about it.
pub fn notice(open: Open) -> AnyView {
    let Open { desk, id, card, .. } = open;
    let found = Memo::new(move |_| card.with(|card| card.found.clone()));
    let may_attach = move || {
        desk.rights.track();
        let author = card.with(|card| card.highlight.author);
        rules::allow(&desk.sender(), Change::Attach { author }).is_ok()
    };
    let confirm = move |_| {
        if browser::confirm(desk, id) {
            desk.announcement.set("Confirmed where it is shown.".to_owned());
        }
    };
    // A press must not take the selection away before it is used.
    let keep = |event: leptos::ev::PointerEvent| event.prevent_default();
    let attach = move || {
        view! {
            <button
                class="button"
                type="button"
                disabled=move || desk.selection.with(Option::is_none)
                on:pointerdown=keep
                on:click=move |_| desk.attach(id)
            >
                "Attach to selection"
            </button>
        }
    };
    let anchor = card.with_untracked(|card| card.anchor);
    match anchor {
        AnchorState::Exact => ().into_any(),
        AnchorState::Moved => view! {
            <div class="card-note">
                <p>"The text has changed since this was marked. These seem to be the words now:"</p>
                <blockquote class="card-found" dir="auto">{move || found.get()}</blockquote>
                <Show when=may_attach>
                    <button class="button" type="button" on:click=confirm>"Confirm"</button>
                    {attach()}
                </Show>
            </div>
        }
        .into_any(),
        AnchorState::Lost => view! {
            <div class="card-note">
                <p>"The marked words are no longer in the text. The thread is kept."</p>
                <Show when=may_attach>
                    <p>"Select the words that it is about now, and attach it to them."</p>
                    {attach()}
                </Show>
            </div>
        }
        .into_any(),
    }
}

/// Puts tags on a highlight and takes them off; one stays.
pub fn chooser(open: Open) -> AnyView {
    let Open { desk, id, card, editing } = open;
    let has = move |tag: TagId| card.with(|card| card.highlight.tags.iter().any(|(own, _)| *own == tag));
    let only = move |tag: TagId| has(tag) && card.with(|card| card.highlight.tags.len() == 1);
    let toggle = move |tag: TagId| {
        use shared::document::Command::{AddTag, RemoveTag};
        desk.run(if has(tag) { RemoveTag(id, tag) } else { AddTag(id, tag) });
    };
    let row = move |tag: Tag| {
        view! {
            <label class="checkbox-row" style:--t=tag.colour>
                <input
                    type="checkbox"
                    prop:checked=move || has(tag.id)
                    disabled=move || only(tag.id)
                    on:change=move |_| toggle(tag.id)
                />
                <span class="dot"></span>
                {tag.name}
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="tag-chooser">
            <legend class="hint">"Tags of this highlight"</legend>
            {for_each_tag(desk, row)}
            <button class="button" type="button" on:click=move |_| editing.set(false)>"Done"</button>
        </fieldset>
    }
    .into_any()
}
