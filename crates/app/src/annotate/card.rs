//! The cards in the margin: one a highlight, with its thread.

mod drawer;
mod menu;
mod rarely;
mod thread;

use leptos::{html, prelude::*};
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
};

pub use self::rarely::{Open, chooser, notice, paragraph};
use self::{
    drawer::LostHighlights,
    menu::CardMenu,
    thread::{CommentForm, Thread},
};
use super::{
    browser,
    desk::{AnchorState, Card, Desk},
    filter::{FilterBar, clear_by_button},
    people::seen_as,
    tag_list::for_each_of,
};
use crate::later::part;

/// The cards in sight, in the order of the text.
#[component]
pub fn Cards(desk: Desk) -> impl IntoView {
    let empty = move || {
        desk.order.with(Vec::is_empty).then(|| {
            let (what, hint) = if desk.absent.get() {
                ("The annotations are not on this device.", "They come when the server can be reached.")
            } else if desk.may_annotate() {
                ("No highlights yet.", "Select a passage and choose a tag: it appears here, for everybody.")
            } else {
                ("No highlights yet.", "Nobody has marked anything yet.")
            };
            view! {
                <div class="empty">
                    <p>{what}</p>
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
    let fate = Memo::new(move |_| card.with(|card| (card.anchor, card.highlight.deleted.is_some())));
    let open = Open { desk, id, card, editing };
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
            data-deleted=move || fate.get().1.then_some("")
            data-far=move || (!whole.get()).then_some("")
            aria-label=label
            tabindex="-1"
            node_ref=article
            style:--t=colour
            on:click=move |_| take()
            on:focusin=move |event| {
                if !browser::is_pressed(&event) {
                    take();
                }
            }
        >
            <Show when=move || whole.get()>
                <CardHead desk=desk id=id card=card tags=tags editing=editing />
            </Show>
            <blockquote class="card-quote" data-quote dir="auto" on:click=move |_| browser::show_in_text(desk, id)>
                {move || quote.get()}
            </blockquote>
            <Show when=move || whole.get()>
                {move || (fate.get() != (AnchorState::Exact, false)).then(|| part(desk, move |parts| (parts.notice)(open)))}
                {move || editing.get().then(|| part(desk, move |parts| (parts.chooser)(open)))}
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
    let open = Open { desk, id, card, editing };
    let author_id = Memo::new(move |_| card.with(|card| card.highlight.author));
    let author = move || desk.name_of(author_id.get());
    let resolved = Memo::new(move |_| card.with(|card| card.highlight.resolved.is_some()));
    // Seen where the thread is folded up.
    let comments = move || {
        let count = card.with(|card| card.highlight.comments.iter().filter(|comment| !comment.deleted).count());
        (count > 0).then(|| count.to_string())
    };
    view! {
        <header class="card-head">
            {for_each_of(tags, |tag| {
                view! { <span class="card-tag" style:--t=tag.colour><span class="dot"></span>{tag.name}</span> }.into_any()
            })}
            {move || desk.numbered.get().then(|| part(desk, move |parts| (parts.paragraph)(open)))}
            <span class="card-author">{author} {seen_as(desk, Signal::derive(move || Some(author_id.get())))}</span>
            {move || resolved.get().then(|| view! { <span class="badge">"Resolved"</span> })}
            <time class="card-time" data-comments=comments>{move || browser::time_ago(card.with(|card| card.highlight.created_at))}</time>
            <CardMenu desk=desk id=id card=card editing=editing />
        </header>
    }
    .into_any()
}
