//! Mentions of people while a comment is written: the list that an `@` opens. The focus stays in the box; what is chosen
//! stands there as `@Name`, and in the comment as a link (`names.rs`).

#[cfg(any(feature = "hydrate", test))]
mod names;

use leptos::prelude::*;
#[cfg(any(feature = "hydrate", test))]
use shared::document::Highlight;
use shared::ids::UserId;

#[cfg(feature = "hydrate")]
pub use self::names::{Names, asked};
use super::{browser, desk::Desk};
use crate::parts::initials;

/// The people among whom somebody is about to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Who, and how the box calls them.
    pub people: Vec<(UserId, String)>,
    /// The one in front.
    pub active: usize,
}

/// The element's id: the box that asks says that it controls this.
pub const LIST: &str = "mention-list";

/// The people that an `@` may mean. One for the page, outside the cards, so that nothing cuts it off.
#[component]
pub fn MentionList(desk: Desk) -> impl IntoView {
    let people =
        move || desk.asking.with(|asking| asking.as_ref().map(|asking| asking.people.clone()).unwrap_or_default());
    let is_active = move |id: UserId| {
        desk.asking.with(|asking| asking.as_ref().is_some_and(|asking| asking.people[asking.active].0 == id))
    };
    view! {
        <ul
            class="mention-list"
            id=LIST
            role="listbox"
            aria-label="People to mention"
            hidden=move || desk.asking.with(Option::is_none)
            // The box keeps the focus.
            on:mousedown=|event| event.prevent_default()
        >
            <For each=people key=|person| person.clone() let((id, name))>
                <li
                    class="mention-option"
                    id=option_id(id)
                    role="option"
                    aria-selected=move || is_active(id).to_string()
                    on:click=move |_| browser::mention(desk, id)
                >
                    <span class="avatar" data-hue=move || desk.hue_of(id) aria-hidden="true">{initials(&name)}</span>
                    <bdi>{name}</bdi>
                </li>
            </For>
        </ul>
    }
    .into_any()
}

/// The element's id of somebody in the list.
pub fn option_id(id: UserId) -> String {
    "mention-".to_owned() + &id.to_string()
}

/// Whether what others wrote in a thread may have made, or taken back, notices for somebody: it is theirs, they write
/// there, or it mentions them. The server knows; this says when to ask it.
#[cfg(any(feature = "hydrate", test))]
pub fn may_concern(reader: UserId, old: Option<&Highlight>, new: Option<&Highlight>) -> bool {
    let others = |highlight: Option<&Highlight>| {
        let there = highlight.filter(|highlight| highlight.deleted.is_none());
        let comments = there.map(|highlight| highlight.comments.iter().filter(|comment| comment.author != reader));
        comments.into_iter().flatten().cloned().collect::<Vec<_>>()
    };
    let id = reader.to_string();
    let is_theirs = |highlight: &Highlight| {
        highlight.author == reader
            || highlight.comments.iter().any(|comment| comment.author == reader || comment.body.contains(&id))
    };
    [old, new].into_iter().flatten().any(is_theirs) && others(old) != others(new)
}

#[cfg(test)]
mod tests {
    use shared::{
        document::{Comment, Stamp},
        ids::{CommentId, HighlightId},
        prose,
    };

    use super::*;

    fn comment(author: UserId, body: &str) -> Comment {
        let id = CommentId::new();
        Comment { id, author, created_at: 1, body: body.into(), edited_at: None, parent: None, deleted: false }
    }

    fn highlight(author: UserId, comments: Vec<Comment>) -> Highlight {
        Highlight {
            id: HighlightId::new(),
            targets: vec![],
            author,
            created_at: 1,
            tags: vec![],
            resolved: None,
            deleted: None,
            comments,
        }
    }

    #[test]
    fn what_others_write_concerns_who_is_mentioned_or_has_a_part_in_the_thread() {
        let (ann, ben, eve) = (UserId::new(), UserId::new(), UserId::new());
        let (mine, theirs) = (comment(ann, "hm"), comment(ben, "well"));
        let call = comment(ben, &prose::mention("Ann", ann));
        let before = highlight(ann, vec![]);
        let after = Highlight { comments: vec![theirs.clone()], ..before.clone() };
        assert!(may_concern(ann, Some(&before), Some(&after)), "their highlight");
        assert!(!may_concern(eve, Some(&before), Some(&after)));
        let of_eve = |comments: Vec<Comment>| highlight(eve, comments);
        assert!(may_concern(ann, Some(&of_eve(vec![mine.clone()])), Some(&of_eve(vec![mine.clone(), theirs.clone()]))));
        assert!(may_concern(ann, None, Some(&of_eve(vec![call.clone()]))), "mentioned");
        assert!(may_concern(ann, Some(&of_eve(vec![call.clone()])), Some(&of_eve(vec![theirs]))), "not any more");
        let own = comment(ann, "oh");
        assert!(!may_concern(ann, Some(&before), Some(&highlight(ann, vec![own]))), "what they write themselves");
        let there = of_eve(vec![call]);
        let gone = Highlight { deleted: Some(Stamp { by: eve, at: 2 }), ..there.clone() };
        assert!(may_concern(ann, Some(&there), Some(&gone)), "it goes with its highlight");
        assert!(!may_concern(ann, Some(&gone), Some(&gone)));
    }
}
