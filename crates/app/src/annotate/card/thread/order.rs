//! The order of a thread.

use std::collections::{HashMap, HashSet};

use shared::{document::Comment, ids::CommentId};

/// Answers to answers are not set in any further than this: a card is narrow.
const MAX_DEPTH: u8 = 2;

/// A comment in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Which one.
    pub id: CommentId,
    /// How far it is set in: 0 for one that answers none.
    pub depth: u8,
}

/// Each comment, followed by its answers, oldest first. A deleted one stays where something answers it, or where somebody
/// is writing (`held`).
pub fn ordered(comments: &[Comment], held: &HashSet<CommentId>) -> Vec<Placed> {
    let known: HashSet<CommentId> = comments.iter().map(|comment| comment.id).collect();
    let mut answers: HashMap<Option<CommentId>, Vec<&Comment>> = HashMap::new();
    for comment in comments {
        // What it answers may not have arrived, or may be of a shape that is passed over.
        answers.entry(comment.parent.filter(|parent| known.contains(parent))).or_default().push(comment);
    }
    let mut placed = Vec::with_capacity(comments.len());
    // Without recursion: how deep answers nest is up to those who write them. A circle is in no one's answers.
    let mut stack: Vec<(&Comment, u8)> = roots(&answers, None, 0);
    while let Some((comment, depth)) = stack.pop() {
        placed.push((comment, depth));
        stack.extend(roots(&answers, Some(comment.id), (depth + 1).min(MAX_DEPTH)));
    }
    prune(placed, &answers, held)
}

fn roots<'a>(
    answers: &HashMap<Option<CommentId>, Vec<&'a Comment>>,
    to: Option<CommentId>,
    depth: u8,
) -> Vec<(&'a Comment, u8)> {
    answers.get(&to).into_iter().flatten().rev().map(|comment| (*comment, depth)).collect()
}

/// From the end, so that a deleted answer to a deleted comment takes that with it.
fn prune(
    placed: Vec<(&Comment, u8)>,
    answers: &HashMap<Option<CommentId>, Vec<&Comment>>,
    held: &HashSet<CommentId>,
) -> Vec<Placed> {
    let mut kept: HashSet<CommentId> = HashSet::new();
    let mut shown: Vec<Placed> = placed
        .into_iter()
        .rev()
        .filter_map(|(comment, depth)| {
            let mut to_it = answers.get(&Some(comment.id)).into_iter().flatten();
            let stays = !comment.deleted || held.contains(&comment.id) || to_it.any(|answer| kept.contains(&answer.id));
            stays.then(|| {
                kept.insert(comment.id);
                Placed { id: comment.id, depth }
            })
        })
        .collect();
    shown.reverse();
    shown
}

#[cfg(test)]
mod tests {
    use shared::ids::UserId;

    use super::*;

    fn comment(at: i64, parent: Option<&Comment>, deleted: bool) -> Comment {
        Comment {
            id: CommentId::new(),
            author: UserId::new(),
            created_at: at,
            body: String::new(),
            edited_at: None,
            parent: parent.map(|parent| parent.id),
            deleted,
        }
    }

    fn shown(comments: &[&Comment]) -> Vec<(i64, u8)> {
        let all: Vec<Comment> = comments.iter().map(|comment| (*comment).clone()).collect();
        let at = |id| all.iter().find(|comment| comment.id == id).unwrap().created_at;
        ordered(&all, &HashSet::new()).into_iter().map(|placed| (at(placed.id), placed.depth)).collect()
    }

    #[test]
    fn answers_stand_below_what_they_answer_oldest_first() {
        let (a, b) = (comment(1, None, false), comment(2, None, false));
        let (a1, a2) = (comment(3, Some(&a), false), comment(4, Some(&a), false));
        let a11 = comment(5, Some(&a1), false);
        let a111 = comment(6, Some(&a11), false);
        assert_eq!(shown(&[&a, &b, &a1, &a2, &a11, &a111]), [(1, 0), (3, 1), (5, 2), (6, 2), (4, 1), (2, 0)]);
    }

    #[test]
    fn a_deleted_comment_stays_only_where_something_answers_it() {
        let (a, b) = (comment(1, None, true), comment(2, None, true));
        let answer = comment(3, Some(&a), false);
        let gone = comment(4, Some(&b), true);
        assert_eq!(shown(&[&a, &b, &answer, &gone]), [(1, 0), (3, 1)]);
    }

    #[test]
    fn a_deleted_comment_that_somebody_is_writing_to_stays() {
        let a = comment(1, None, true);
        assert_eq!(ordered(std::slice::from_ref(&a), &HashSet::from([a.id])), [Placed { id: a.id, depth: 0 }]);
    }

    #[test]
    fn an_answer_to_what_is_not_there_stands_by_itself() {
        let missing = comment(1, None, false);
        let answer = comment(2, Some(&missing), false);
        assert_eq!(shown(&[&answer]), [(2, 0)]);
    }
}
