use std::collections::HashSet;

use leptos::{ev::MouseEvent, prelude::*};
use shared::{
    document::{Command, Comment},
    ids::{CommentId, HighlightId, UserId},
    prose,
    rules::{self, Change},
};

use super::{composer::Composer, name_of, order::Placed};
use crate::{
    annotate::{
        browser,
        desk::{Card, Desk, Toast},
        people::seen_as,
    },
    parts::initials,
};

/// What is being written below a comment, or in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Nothing,
    Answer,
    NewWords,
}

/// One comment of a thread.
#[derive(Clone, Copy)]
struct Item {
    desk: Desk,
    highlight: HighlightId,
    id: CommentId,
    comment: Memo<Option<Comment>>,
    writing: RwSignal<Writing>,
}

impl Item {
    fn read<T: Default>(self, part: impl FnOnce(&Comment) -> T) -> T {
        self.comment.with(|comment| comment.as_ref().map(part).unwrap_or_default())
    }

    fn author(self) -> Option<UserId> {
        self.read(|comment| Some(comment.author))
    }

    fn may(self, change: impl FnOnce(UserId) -> Change) -> bool {
        let is_there = !self.read(|comment| comment.deleted);
        self.desk.rights.track();
        is_there && self.author().is_some_and(|author| rules::allow(&self.desk.sender(), change(author)).is_ok())
    }

    fn is_own(self) -> bool {
        self.author() == Some(self.desk.place.author)
    }

    /// What stood where the focus was is gone, so that it goes to the comment.
    fn done(self) {
        self.writing.set(Writing::Nothing);
        browser::lay_out(self.desk);
        browser::move_focus(&format!("#c-{}", self.id), 0);
    }

    fn answer(self, body: String) -> bool {
        let done = self.desk.comment(self.highlight, Some(self.id), body);
        if done {
            self.done();
            self.desk.announcement.set("Reply posted.".to_owned());
        }
        done
    }

    fn rewrite(self, body: String) -> bool {
        let done = self.desk.run(Command::EditComment { highlight: self.highlight, id: self.id, body });
        if done {
            self.done();
            self.desk.announcement.set("Comment changed.".to_owned());
        }
        done
    }

    /// One's own words come back by the toast; another's are gone for good, and their button has asked.
    fn delete(self) {
        let (highlight, id) = (self.highlight, self.id);
        let back =
            self.is_own().then(|| Command::RestoreComment { highlight, id, body: self.read(|it| it.body.clone()) });
        if self.desk.run(Command::DeleteComment { highlight, id }) {
            let can_undo = back.is_some();
            self.desk.toast.set(Some(Toast { text: "Comment deleted.".into(), undo: back }));
            if can_undo {
                browser::move_focus(".toast button", 0);
            }
        }
    }
}

/// A comment, with what can be done with it. A deleted one that something answers is a stub, so that the answers make
/// sense.
#[component]
pub fn CommentItem(
    desk: Desk,
    highlight: HighlightId,
    card: RwSignal<Card>,
    placed: Placed,
    /// The comments with a box below them or in their place, which stay until that is closed.
    held: RwSignal<HashSet<CommentId>>,
) -> impl IntoView {
    let Placed { id, depth } = placed;
    let comment =
        Memo::new(move |_| card.with(|card| card.highlight.comments.iter().find(|comment| comment.id == id).cloned()));
    let item = Item { desk, highlight, id, comment, writing: RwSignal::new(Writing::Nothing) };
    Effect::new(move |_| {
        let is_held = item.writing.get() != Writing::Nothing;
        if held.with_untracked(|held| held.contains(&id)) != is_held {
            held.update(|held| {
                if is_held {
                    held.insert(id);
                } else {
                    held.remove(&id);
                }
            });
        }
    });
    let name = move || item.author().map(|author| desk.name_of(author)).unwrap_or_default();
    let body = Memo::new(move |_| item.read(|comment| comment.body.clone()));
    let deleted = Memo::new(move |_| item.read(|comment| comment.deleted));
    let words = move || {
        if deleted.get() && item.writing.get() != Writing::NewWords {
            view! { <div class="comment-body comment-deleted">"This comment was deleted."</div> }.into_any()
        } else if item.writing.get() == Writing::NewWords {
            let initial = body.get_untracked();
            view! {
                <div class="comment-write">
                    <Composer
                        desk=desk
                        label="Edit comment".to_owned()
                        action="Save"
                        draft=format!("edit/{id}")
                        initial=initial
                        send=move |body| item.rewrite(body)
                        cancel=Callback::new(move |()| item.done())
                    />
                </div>
            }
            .into_any()
        } else {
            let html = body.with(|body| prose::html_for(body, desk.place.author));
            view! { <div class="comment-body" dir="auto" inner_html=html></div> }.into_any()
        }
    };
    let answer = move || {
        (item.writing.get() == Writing::Answer).then(|| {
            // Whatever becomes of that comment, the box stays as it is.
            let author = item.comment.with_untracked(|comment| comment.as_ref().map(|comment| comment.author));
            let to = author.map(|author| name_of(desk, author)).unwrap_or_default();
            view! {
                <div class="comment-write">
                    <Composer
                        desk=desk
                        label=format!("Reply to {to}")
                        action="Reply"
                        draft=format!("reply/{id}")
                        send=move |body| item.answer(body)
                        cancel=Callback::new(move |()| item.done())
                    />
                </div>
            }
        })
    };
    let hue_of = move || item.author().map(|author| item.desk.hue_of(author));
    let edited = move || item.read(|comment| comment.edited_at).map(|_| " · edited");
    view! {
        <li class="comment" id=format!("c-{id}") tabindex="-1" data-depth=depth.to_string()>
            <span class="avatar" data-hue=hue_of aria-hidden="true">{move || initials(&name())}</span>
            <span class="comment-author">{name} {seen_as(desk, Signal::derive(move || item.author()))}</span>
            <time class="comment-time">{move || browser::time_ago(item.read(|comment| comment.created_at))} {edited}</time>
            {words}
            <Tools item=item />
            {answer}
        </li>
    }
    .into_any()
}

#[component]
fn Tools(item: Item) -> impl IntoView {
    let may_answer = move || item.desk.may_annotate() && !item.read(|comment| comment.deleted);
    let may_edit = move || item.may(|author| Change::EditComment { author, is_deleted: false });
    let may_delete = move || item.may(|author| Change::DeleteComment { author });
    let name = move || item.author().map(|author| item.desk.name_of(author)).unwrap_or_default();
    view! {
        <div class="comment-tools" hidden=move || item.writing.get() != Writing::Nothing || item.read(|comment| comment.deleted)>
            <Show when=may_answer>
                <button class="text-button" type="button" aria-label=move || format!("Reply to {}", name()) on:click=move |_| item.writing.set(Writing::Answer)>
                    "Reply"
                </button>
            </Show>
            <Show when=may_edit>
                <button class="text-button" type="button" aria-label="Edit comment" on:click=move |_| item.writing.set(Writing::NewWords)>
                    "Edit"
                </button>
            </Show>
            <Show when=may_delete>
                <DeleteComment item=item />
            </Show>
            <button
                class="text-button"
                type="button"
                aria-label="Copy link to comment"
                on:click=move |_| browser::copy_link(item.desk, item.highlight, Some(item.id))
            >
                "Link"
            </button>
        </div>
    }
    .into_any()
}

/// Another's words are gone for good, so that it asks there: the first press arms it, leaving it takes that back.
#[component]
fn DeleteComment(item: Item) -> impl IntoView {
    let armed = RwSignal::new(false);
    let press = move |event: MouseEvent| {
        event.stop_propagation();
        if armed.get_untracked() || item.is_own() { item.delete() } else { armed.set(true) }
    };
    let label = move || if armed.get() { "Press again to delete the comment" } else { "Delete comment" };
    view! {
        <button
            class="text-button"
            type="button"
            aria-label=label
            data-armed=move || armed.get().then_some("")
            on:click=press
            on:blur=move |_| armed.set(false)
        >
            {move || if armed.get() { "Delete for good?" } else { "Delete" }}
        </button>
    }
    .into_any()
}
