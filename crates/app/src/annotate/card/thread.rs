//! The conversation about a highlight: comments and their answers.

mod composer;
mod item;
mod order;

use std::collections::HashSet;

use leptos::prelude::*;
use shared::ids::HighlightId;

use self::{composer::Composer, item::CommentItem, order::ordered};
use super::super::{
    browser,
    desk::{Card, Desk},
};

/// The comments of a highlight, answers below what they answer. One that comes or changes draws itself alone.
#[component]
pub fn Thread(desk: Desk, id: HighlightId, card: RwSignal<Card>) -> impl IntoView {
    let held = RwSignal::new(HashSet::new());
    let comments = Memo::new(move |_| card.with(|card| held.with(|held| ordered(&card.highlight.comments, held))));
    view! {
        <ol class="thread">
            <For each=move || comments.get() key=|placed| (placed.id, placed.depth) let:placed>
                <CommentItem desk=desk highlight=id card=card placed=placed held=held />
            </For>
        </ol>
    }
    .into_any()
}

/// Writes into the thread. Who may not write any more does not lose what they had begun to write.
#[component]
pub fn CommentForm(desk: Desk, id: HighlightId) -> impl IntoView {
    view! {
        <div class="comment-add" hidden=move || !desk.may_annotate()>
            <Composer
                desk=desk
                label="Add a comment".to_owned()
                action="Post"
                draft=format!("comment/{id}")
                send=move |body| desk.comment(id, None, body)
            />
        </div>
    }
    .into_any()
}

/// What is said by whoever writes to somebody.
fn name_of(desk: Desk, author: shared::ids::UserId) -> String {
    desk.names.with_untracked(|names| names.get(&author).cloned()).unwrap_or_else(|| "Somebody".to_owned())
}

/// The heights of cards decide where those below stand.
fn lay_out(desk: Desk) {
    browser::lay_out(desk);
}
