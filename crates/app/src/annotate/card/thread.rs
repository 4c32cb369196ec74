use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{
    document::{Command, Comment},
    ids::HighlightId,
};

use super::super::{
    browser,
    desk::{Card, Desk},
};
use crate::parts::{hue, initials};

/// The comments of a highlight, oldest first. A deleted one is a stub, so that answers to it make sense.
#[component]
pub fn Thread(desk: Desk, id: HighlightId, card: RwSignal<Card>) -> impl IntoView {
    let comments = Memo::new(move |_| card.with(|card| card.highlight.comments.clone()));
    let key = |comment: &Comment| (comment.id, comment.body.clone(), comment.edited_at, comment.deleted);
    view! {
        <ol class="thread">
            <For each=move || comments.get() key=key let:comment>
                <CommentItem desk=desk highlight=id comment=comment />
            </For>
        </ol>
    }
    .into_any()
}

#[component]
fn CommentItem(desk: Desk, highlight: HighlightId, comment: Comment) -> impl IntoView {
    let Comment { id, author, created_at, body, edited_at, deleted, .. } = comment;
    let name = move || desk.name_of(author);
    let mine = move || author == desk.place.author && desk.may_annotate();
    let text = if deleted {
        view! { <div class="comment-body comment-deleted">"This comment was deleted."</div> }.into_any()
    } else {
        view! { <div class="comment-body" dir="auto">{body}</div> }.into_any()
    };
    let delete = move |_| {
        desk.run(Command::DeleteComment { highlight, id });
    };
    view! {
        <li class="comment" id=format!("c-{id}")>
            <span class="avatar" data-hue=hue(&author.to_string()) aria-hidden="true">{move || initials(&name())}</span>
            <span class="comment-author">{name}</span>
            <time class="comment-time">{browser::time_ago(created_at)} {edited_at.map(|_| " · edited")}</time>
            {move || (mine() && !deleted).then(|| view! { <DeleteComment on_press=delete /> })}
            {text}
        </li>
    }
}

/// Its words are gone for good, so that it asks: the first press arms it, leaving it takes that back.
#[component]
fn DeleteComment(on_press: impl Fn(leptos::ev::MouseEvent) + Send + Sync + 'static) -> impl IntoView {
    let armed = RwSignal::new(false);
    let press = move |event| if armed.get_untracked() { on_press(event) } else { armed.set(true) };
    let label = move || if armed.get() { "Press again to delete the comment" } else { "Delete comment" };
    view! {
        <button
            class="icon-button"
            type="button"
            aria-label=label
            title=label
            data-armed=move || armed.get().then_some("")
            on:click=press
            on:blur=move |_| armed.set(false)
        >
            <svg viewBox="0 0 20 20" width="15" height="15" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5">
                <path d="M4 6h12M8 6V4h4v2M6 6l1 10h6l1-10" stroke-linecap="round" stroke-linejoin="round" />
            </svg>
        </button>
    }
}

/// Writes into the thread. The draft lives in the box alone: nothing that arrives from elsewhere touches it. Who may not
/// write any more does not lose it.
#[component]
pub fn CommentForm(desk: Desk, id: HighlightId) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    let post = move || {
        let Some(area) = text.get_untracked() else { return };
        let body = area.value();
        if body.trim().is_empty() {
            return;
        }
        // What was refused stays in the box.
        if desk.comment(id, None, body) {
            area.set_value("");
            browser::fit(&area);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            post();
        }
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        post();
    };
    let on_input = move |_| {
        if let Some(area) = text.get_untracked() {
            browser::fit(&area);
            browser::lay_out(desk);
        }
    };
    view! {
        <form class="comment-form" hidden=move || !desk.may_annotate() on:submit=on_submit>
            <textarea
                class="field"
                rows="1"
                maxlength="10000"
                aria-label="Add a comment"
                placeholder="Add a comment"
                node_ref=text
                dir="auto"
                on:keydown=on_key
                on:input=on_input
            ></textarea>
            <button class="button primary" type="submit">"Post"</button>
        </form>
    }
    .into_any()
}
