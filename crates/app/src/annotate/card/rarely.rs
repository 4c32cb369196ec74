//! What few cards show, and so is loaded later: the tags to choose among, what became of words that are not there any more,
//! and of highlights that somebody is writing to.

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
    if let Some(deleted) = card.with_untracked(|card| card.highlight.deleted) {
        return held(open, untrack(|| desk.name_of(deleted.by)));
    }
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

/// In which of the numbered paragraphs it is.
pub fn paragraph(open: Open) -> AnyView {
    let Open { id, card, .. } = open;
    let paragraphs = move || {
        // It may be attached elsewhere.
        card.track();
        browser::paragraphs(id).map(|numbers| view! { <span class="card-paragraph">{numbers}</span> })
    };
    paragraphs.into_any()
}

/// Somebody deleted the highlight while the person was writing in its thread: the words stay, to be copied.
fn held(open: Open, by: String) -> AnyView {
    let Open { desk, id, card, .. } = open;
    let told = [&by, " deleted this highlight. What you have written stays here, to be copied."].concat();
    desk.announcement.set(told.clone());
    let put_by = card.with_untracked(|card| browser::put_by(desk, &card.highlight));
    let quotes =
        put_by.clone().into_iter().map(|text| view! { <blockquote class="card-found" dir="auto">{text}</blockquote> });
    let quotes = quotes.collect_view();
    let copy = move |_| {
        let all = [browser::in_boxes(id), put_by.clone()].concat();
        browser::copy(desk, all.join("\n\n"), "Copied.");
    };
    let armed = RwSignal::new(false);
    let discard = move |_| {
        if armed.get_untracked() {
            card.with_untracked(|card| browser::forget_words(desk, &card.highlight));
            browser::let_go(desk, id);
        }
        armed.set(true);
    };
    // Left with nothing in its boxes, it goes by itself.
    let left = window_event_listener(leptos::ev::focusout, move |_| browser::let_go(desk, id));
    on_cleanup(move || left.remove());
    view! {
        <div class="card-note">
            <p>{told}</p>
            {quotes}
            <button class="button" type="button" on:click=copy>"Copy"</button>
            <button class="button quiet" type="button" on:click=discard on:blur=move |_| armed.set(false)>
                {move || if armed.get() { "Discard for good?" } else { "Discard" }}
            </button>
        </div>
    }
    .into_any()
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
