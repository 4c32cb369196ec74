//! The cards in the margin: one a highlight, with its thread.

mod drawer;
mod menu;
mod thread;

use leptos::{html, prelude::*};
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
    rules::{self, Change},
};

use self::{
    drawer::LostHighlights,
    menu::CardMenu,
    thread::{CommentForm, Thread},
};
use super::{
    browser,
    desk::{AnchorState, Card, Desk},
    filter::{FilterBar, clear_by_button},
};

/// The cards in sight, in the order of the text.
#[component]
pub fn Cards(desk: Desk) -> impl IntoView {
    let empty = move || {
        desk.order.with(Vec::is_empty).then(|| {
            let hint = if desk.may_annotate() {
                "Select a passage and choose a tag: it appears here, for everybody."
            } else {
                "Nobody has marked anything yet."
            };
            view! {
                <div class="empty">
                    <p>"No highlights yet."</p>
                    <p class="hint">{hint}</p>
                </div>
            }
        })
    };
    let nothing_found = move || {
        (desk.shown.with(Vec::is_empty) && !desk.order.with(Vec::is_empty)).then(|| {
            view! {
                <div class="empty">
                    <p>"No highlight matches."</p>
                    <button class="button" type="button" on:click=move |_| clear_by_button(desk)>"Clear the filter"</button>
                </div>
            }
        })
    };
    view! {
        {empty}
        <FilterBar desk=desk />
        {nothing_found}
        <LostHighlights desk=desk />
        <div class="margin" id="margin">{each_card(desk, desk.beside)}</div>
    }
}

/// A card each; both lists of cards are this one, for the sake of the download.
fn each_card(desk: Desk, ids: Memo<Vec<HighlightId>>) -> AnyView {
    view! {
        <For each=move || ids.get() key=|id| *id let:id>
            {desk.card(id).map(|card| view! { <CardArticle desk=desk id=id card=card /> }.into_any())}
        </For>
    }
    .into_any()
}

#[component]
fn CardArticle(desk: Desk, id: HighlightId, card: ArcRwSignal<Card>) -> impl IntoView {
    let card = RwSignal::from(card);
    let editing = RwSignal::new(false);
    let quote = Memo::new(move |_| {
        card.with(|card| {
            card.highlight.targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join("\n")
        })
    });
    let tags = Memo::new(move |_| {
        let ids: Vec<TagId> = card.with(|card| card.highlight.tags.iter().map(|(id, _)| *id).collect());
        ids.into_iter().filter_map(|id| desk.tag(id)).collect::<Vec<_>>()
    });
    let colour = move || tags.with(|tags| tags.first().map_or("#6a655b".to_owned(), |tag| tag.colour.clone()));
    let author = move || desk.name_of(card.with(|card| card.highlight.author));
    let label = move || {
        let names = tags.with(|tags| tags.iter().map(|tag| tag.name.clone()).collect::<Vec<_>>().join(", "));
        format!("{names} by {}", author())
    };
    let in_hand = RwSignal::from(desk.in_hand(id));
    let active = move || in_hand.get();
    let article = NodeRef::<html::Article>::new();
    let near = RwSignal::new(false);
    Effect::new(move |_| browser::watch_nearness(desk, id, article, near));
    on_cleanup(move || browser::forget_nearness(id));
    // Among many, one that is far out of sight is its quote alone: two thousand whole cards would take seconds to make.
    let whole = Memo::new(move |_| near.get() || !desk.many.get() || active());
    // The box's height decides where the cards below it stand.
    Effect::new(move |_| {
        card.track();
        whole.track();
        editing.track();
        browser::lay_out(desk);
    });
    let take = move || {
        if desk.active.get_untracked() != Some(id) {
            desk.active.set(Some(id));
        }
    };
    view! {
        <article
            class="card"
            id=format!("h-{id}")
            data-highlight-id=id.to_string()
            data-anchor=move || card.with(|card| card.anchor.as_str())
            data-active=move || active().then_some("")
            data-resolved=move || card.with(|card| card.highlight.resolved.is_some()).then_some("")
            data-far=move || (!whole.get()).then_some("")
            aria-label=label
            tabindex="-1"
            node_ref=article
            style:--t=colour
            on:click=move |_| take()
            on:focusin=move |_| take()
        >
            <Show when=move || whole.get()>
                <CardHead desk=desk id=id card=card tags=tags editing=editing />
            </Show>
            <blockquote class="card-quote" data-quote dir="auto" on:click=move |_| browser::show_in_text(desk, id)>
                {move || quote.get()}
            </blockquote>
            <Show when=move || whole.get()>
                <AnchorNotice desk=desk id=id card=card />
                {move || editing.get().then(|| view! { <TagChooser desk=desk id=id card=card editing=editing /> })}
                <Thread desk=desk id=id card=card />
                <CommentForm desk=desk id=id />
            </Show>
        </article>
    }
    .into_any()
}

/// Its tags, who made it and when, and what can be done with it.
#[component]
fn CardHead(
    desk: Desk,
    id: HighlightId,
    card: RwSignal<Card>,
    tags: Memo<Vec<Tag>>,
    editing: RwSignal<bool>,
) -> impl IntoView {
    let author = move || desk.name_of(card.with(|card| card.highlight.author));
    let resolved = Memo::new(move |_| card.with(|card| card.highlight.resolved.is_some()));
    view! {
        <header class="card-head">
            <For each=move || tags.get() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
                <span class="card-tag" style:--t=tag.colour><span class="dot"></span>{tag.name}</span>
            </For>
            <span class="card-author">{author}</span>
            {move || resolved.get().then(|| view! { <span class="badge">"Resolved"</span> })}
            <time class="card-time">{move || browser::time_ago(card.with(|card| card.highlight.created_at))}</time>
            <CardMenu desk=desk id=id card=card editing=editing />
        </header>
    }
    .into_any()
}

/// What became of a highlight whose text is not where it was, and what its author can do about it.
#[component]
fn AnchorNotice(desk: Desk, id: HighlightId, card: RwSignal<Card>) -> impl IntoView {
    let anchor = Memo::new(move |_| card.with(|card| card.anchor));
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
    move || match anchor.get() {
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
#[component]
fn TagChooser(desk: Desk, id: HighlightId, card: RwSignal<Card>, editing: RwSignal<bool>) -> impl IntoView {
    let has = move |tag: TagId| card.with(|card| card.highlight.tags.iter().any(|(own, _)| *own == tag));
    let only = move |tag: TagId| has(tag) && card.with(|card| card.highlight.tags.len() == 1);
    let toggle = move |tag: TagId| {
        use shared::document::Command::{AddTag, RemoveTag};
        desk.run(if has(tag) { RemoveTag(id, tag) } else { AddTag(id, tag) });
    };
    view! {
        <fieldset class="tag-chooser">
            <legend class="hint">"Tags of this highlight"</legend>
            <For each=move || desk.tags.get() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
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
            </For>
            <button class="button" type="button" on:click=move |_| editing.set(false)>"Done"</button>
        </fieldset>
    }
}
