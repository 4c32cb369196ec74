use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{Different, HistoryComparison, Piece, PieceKind, RevisionHighlight, RevisionTag},
    ids::ConversationId,
};

use super::{Deeds, with_name};
use crate::{
    local_times::LocalTime,
    pages::revisions::{Notes, colours},
};

/// What is different now from a moment.
#[component]
pub(super) fn Compared(conversation: ConversationId, comparison: HistoryComparison) -> impl IntoView {
    let HistoryComparison { step, may_copy, may_write, highlights, tags, notes, response, .. } = comparison;
    let is_same = highlights.is_empty() && tags.is_empty() && notes.is_empty() && response.is_empty();
    let same = is_same.then(|| view! { <p class="empty">"Nothing is different now."</p> });
    let alone = format!("/c/{conversation}/history?at={}", step.number);
    // Each stands once or twice: numbered through, so that each has its colour.
    let sides = |it: &Different<RevisionHighlight>| [it.then.clone(), it.now.clone()].into_iter().flatten();
    let colours = colours(&highlights.iter().flat_map(sides).collect::<Vec<_>>());
    let mut number = 0;
    let mut side = |highlight: Option<RevisionHighlight>| {
        highlight.map(|highlight| {
            number += 1;
            (number, highlight)
        })
    };
    let highlights: Vec<_> = highlights.into_iter().map(|it| highlight(side(it.then), side(it.now))).collect();
    let highlights = (!highlights.is_empty()).then(|| {
        view! {
            <h3 class="section-title">"Highlights"</h3>
            <ol class="history-different" role="list">{highlights}</ol>
        }
    });
    let tags: Vec<_> = tags.into_iter().map(tag).collect();
    let tags = (!tags.is_empty()).then(|| {
        view! {
            <h3 class="section-title">"Tags"</h3>
            <ul class="history-different" role="list">{tags}</ul>
        }
    });
    view! {
        <article class="history-moment revision" aria-labelledby="moment-title" data-protected=(!may_copy).then_some("")>
            <style nonce=use_nonce() inner_html=colours></style>
            <h2 class="section-title" id="moment-title" tabindex="-1">
                "What is different now from " <LocalTime at=step.ended_at.clone() />
            </h2>
            <p class="hint" dir="auto">{with_name(&step)}</p>
            <p><a class="button" href=alone>"As it was"</a></p>
            <Deeds conversation=conversation step=step may_write=may_write />
            {same} {highlights} {tags}
            <Words title="Notes" pieces=notes />
            <Words title="Your response" pieces=response />
        </article>
    }
    .into_any()
}

fn highlight(then: Option<(usize, RevisionHighlight)>, now: Option<(usize, RevisionHighlight)>) -> AnyView {
    let (label, sides) = match (then, now) {
        (Some(then), Some(now)) => ("Changed", vec![("Then", then), ("Now", now)]),
        (Some(then), None) => ("Deleted since", vec![("", then)]),
        (None, now) => ("New", now.into_iter().map(|now| ("", now)).collect()),
    };
    let sides = sides.into_iter().map(|(when, highlight)| {
        let when = (!when.is_empty()).then(|| view! { <p class="hint">{when}</p> });
        view! { {when} <Notes notes=vec![highlight] /> }
    });
    view! { <li><p class="field-label">{label}</p> {sides.collect_view()}</li> }.into_any()
}

fn tag(tag: Different<RevisionTag>) -> AnyView {
    let words = match (tag.then, tag.now) {
        (Some(then), Some(now)) if then.name == now.name => {
            view! { <bdi>{now.name}</bdi> " has another colour" }.into_any()
        }
        (Some(then), Some(now)) => view! { <bdi>{then.name}</bdi> " is called " <bdi>{now.name}</bdi> }.into_any(),
        (Some(then), None) => view! { <bdi>{then.name}</bdi> " was deleted or merged" }.into_any(),
        (None, now) => view! { <bdi>{now.map(|now| now.name)}</bdi> " is new" }.into_any(),
    };
    view! { <li>{words}</li> }.into_any()
}

/// What came into a text and what went, if anything did.
#[component]
fn Words(title: &'static str, pieces: Vec<Piece>) -> impl IntoView {
    let words = |Piece { kind, text }| {
        match kind {
        PieceKind::Same => text.into_any(),
        // Those who do not see the colour, nor hear the element, are told in words.
        PieceKind::Added => view! { <ins><span class="visually-hidden">" (added: "</span>{text}<span class="visually-hidden">") "</span></ins> }.into_any(),
        PieceKind::Removed => view! { <del><span class="visually-hidden">" (removed: "</span>{text}<span class="visually-hidden">") "</span></del> }.into_any(),
    }
    };
    (!pieces.is_empty()).then(|| {
        view! {
            <section>
                <h3 class="section-title">{title}</h3>
                <p class="history-words" dir="auto">{pieces.into_iter().map(words).collect_view()}</p>
            </section>
        }
    })
}
