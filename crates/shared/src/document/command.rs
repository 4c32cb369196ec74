//! Commands: what a person does to a document. Each checks first and then edits in one transaction, so that it is done
//! whole or not at all; the journal of a browser keeps these beside the bytes.

use serde::{Deserialize, Serialize};
use yrs::{Any, Map, MapPrelim, MapRef, Out, TransactionMut, any};

use super::{
    MAX_COMMENT_CHARS, Roots, Stamp,
    picture::{field, optional},
};
use crate::{
    ids::{CommentId, HighlightId, TagId, UserId},
    rules::{self, Change, Sender},
    selector::{self, Target},
};

/// What a person does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Marks a passage with a tag.
    Highlight {
        /// The new highlight's id.
        id: HighlightId,
        /// What is marked, at least one.
        targets: Vec<Target>,
        /// Its first tag.
        tag: TagId,
    },
    /// Answers in a highlight's thread.
    Comment {
        /// Whose thread.
        highlight: HighlightId,
        /// The new comment's id.
        id: CommentId,
        /// 1 to [`MAX_COMMENT_CHARS`] characters.
        body: String,
    },
    /// Changes the text of one's own comment.
    EditComment {
        /// Whose thread.
        highlight: HighlightId,
        /// Which comment.
        id: CommentId,
        /// The new text.
        body: String,
    },
    /// Marks a comment deleted.
    DeleteComment {
        /// Whose thread.
        highlight: HighlightId,
        /// Which comment.
        id: CommentId,
    },
    /// Marks a highlight deleted.
    Delete(HighlightId),
    /// Takes the deletion of a highlight back.
    Restore(HighlightId),
    /// Resolves a thread.
    Resolve(HighlightId),
    /// Takes the resolution back.
    Reopen(HighlightId),
    /// Puts a tag on a highlight.
    AddTag(HighlightId, TagId),
    /// Takes a tag off a highlight.
    RemoveTag(HighlightId, TagId),
    /// Adds a tag to the vocabulary.
    NewTag {
        /// The new tag's id.
        id: TagId,
        /// 1 to 100 characters.
        name: String,
        /// `#rrggbb`.
        colour: String,
    },
}

/// Why a command was not done; the document is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person may not do this.
    #[error(transparent)]
    Rule(#[from] rules::Refusal),
    /// The highlight is not in the document.
    #[error("this highlight is not there any more")]
    NoHighlight,
    /// The comment is not in its thread.
    #[error("this comment is not there any more")]
    NoComment,
    /// The tag is not in the vocabulary.
    #[error("this tag is not there any more")]
    NoTag,
    /// A highlight marks something.
    #[error("nothing is selected")]
    NoTarget,
    /// More than [`selector::MAX_TARGETS_BYTES`] in all.
    #[error("this selection is too long: mark a shorter one")]
    LongTarget,
    /// A comment says something.
    #[error("a comment needs some text")]
    EmptyComment,
    /// Longer than [`MAX_COMMENT_CHARS`].
    #[error("a comment has at most 10,000 characters: split it in two")]
    LongComment,
    /// Two tags of one name could not be told apart.
    #[error("there is a tag of this name already")]
    TagExists,
    /// Empty or over 100 characters.
    #[error("a tag's name has 1 to 100 characters")]
    TagName,
}

fn stamp(by: UserId, at: i64) -> Any {
    any!({"by": by.to_string(), "at": at})
}

fn nested(map: &MapRef, txn: &TransactionMut, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

fn existing(roots: &Roots, txn: &TransactionMut, id: HighlightId) -> Result<MapRef, Refusal> {
    nested(&roots.highlights, txn, &id.to_string()).ok_or(Refusal::NoHighlight)
}

fn existing_comment(
    roots: &Roots,
    txn: &TransactionMut,
    highlight: HighlightId,
    id: CommentId,
) -> Result<MapRef, Refusal> {
    let highlight = existing(roots, txn, highlight)?;
    nested(&highlight, txn, "comments").and_then(|all| nested(&all, txn, &id.to_string())).ok_or(Refusal::NoComment)
}

fn checked_body(body: &str) -> Result<&str, Refusal> {
    let body = body.trim();
    match body.chars().count() {
        0 => Err(Refusal::EmptyComment),
        n if n > MAX_COMMENT_CHARS => Err(Refusal::LongComment),
        _ => Ok(body),
    }
}

/// Targets as one value: they change together or not at all.
fn targets_value(targets: &[Target]) -> Result<Any, Refusal> {
    let json = serde_json::to_string(targets).map_err(|_| Refusal::NoTarget)?;
    Any::from_json(&json).map_err(|_| Refusal::NoTarget)
}

/// What a command changes, as the table of rules sees it.
fn change(roots: &Roots, txn: &TransactionMut, me: UserId, command: &Command) -> Result<Change, Refusal> {
    let author_of = |id| field(&existing(roots, txn, id)?, txn, "author").ok_or(Refusal::NoHighlight);
    let comment_author = |highlight, id| {
        let comment = existing_comment(roots, txn, highlight, id)?;
        field(&comment, txn, "author").ok_or(Refusal::NoComment)
    };
    Ok(match command {
        Command::Highlight { .. } => Change::AddHighlight { author: me },
        Command::Comment { .. } => Change::AddComment { author: me },
        Command::EditComment { highlight, id, .. } => {
            let is_deleted = optional(&existing_comment(roots, txn, *highlight, *id)?, txn, "deleted").unwrap_or(false);
            Change::EditComment { author: comment_author(*highlight, *id)?, is_deleted }
        }
        Command::DeleteComment { highlight, id } => Change::DeleteComment { author: comment_author(*highlight, *id)? },
        Command::Delete(id) => Change::DeleteHighlight { author: author_of(*id)?, by: me },
        Command::Restore(id) => {
            let stamp: Option<Stamp> = optional(&existing(roots, txn, *id)?, txn, "deleted");
            let deleted_by = stamp.map_or(me, |stamp| stamp.by);
            Change::RestoreHighlight { author: author_of(*id)?, deleted_by }
        }
        Command::Resolve(_) => Change::Resolve { by: me },
        Command::Reopen(_) => Change::Reopen,
        Command::AddTag(..) | Command::RemoveTag(..) => Change::Retag,
        Command::NewTag { .. } => Change::AddTag { author: me, locked: false },
    })
}

/// Does `command` in the name of `sender` at `now` (milliseconds since 1970), if the rules let them: the server would
/// refuse it.
///
/// # Errors
/// See [`Refusal`].
pub fn execute(
    roots: &Roots,
    txn: &mut TransactionMut,
    sender: &Sender,
    now: i64,
    command: Command,
) -> Result<(), Refusal> {
    let author = sender.author;
    rules::allow(sender, change(roots, txn, author, &command)?)?;
    match command {
        Command::Highlight { id, targets, tag } => add_highlight(roots, txn, (author, now), id, &targets, tag)?,
        Command::Comment { highlight, id, body } => {
            let body = checked_body(&body)?.to_owned();
            let highlight = existing(roots, txn, highlight)?;
            let thread = nested(&highlight, txn, "comments").ok_or(Refusal::NoHighlight)?;
            let comment: [(&str, Any); 3] =
                [("author", author.to_string().into()), ("created_at", now.into()), ("body", body.into())];
            thread.insert(txn, id.to_string(), MapPrelim::from_iter(comment));
        }
        Command::EditComment { highlight, id, body } => {
            let body = checked_body(&body)?.to_owned();
            let comment = existing_comment(roots, txn, highlight, id)?;
            comment.insert(txn, "body", body);
            comment.insert(txn, "edited_at", now);
        }
        Command::DeleteComment { highlight, id } => {
            let comment = existing_comment(roots, txn, highlight, id)?;
            comment.insert(txn, "body", "");
            comment.insert(txn, "deleted", true);
        }
        Command::Delete(id) => mark(roots, txn, id, "deleted", stamp(author, now))?,
        Command::Restore(id) => mark(roots, txn, id, "deleted", Any::Null)?,
        Command::Resolve(id) => mark(roots, txn, id, "resolved", stamp(author, now))?,
        Command::Reopen(id) => mark(roots, txn, id, "resolved", Any::Null)?,
        Command::AddTag(id, tag) => {
            let tags = highlight_tags(roots, txn, id)?;
            existing_tag(roots, txn, tag)?;
            tags.try_update(txn, tag.to_string(), now as f64);
        }
        Command::RemoveTag(id, tag) => {
            highlight_tags(roots, txn, id)?.remove(txn, &tag.to_string());
        }
        Command::NewTag { id, name, colour } => add_tag(roots, txn, author, id, &name, &colour)?,
    }
    Ok(())
}

fn mark(roots: &Roots, txn: &mut TransactionMut, id: HighlightId, key: &str, value: Any) -> Result<(), Refusal> {
    existing(roots, txn, id)?.insert(txn, key, value);
    Ok(())
}

fn highlight_tags(roots: &Roots, txn: &TransactionMut, id: HighlightId) -> Result<MapRef, Refusal> {
    let highlight = existing(roots, txn, id)?;
    nested(&highlight, txn, "tags").ok_or(Refusal::NoHighlight)
}

fn existing_tag(roots: &Roots, txn: &TransactionMut, tag: TagId) -> Result<MapRef, Refusal> {
    nested(&roots.tags, txn, &tag.to_string()).ok_or(Refusal::NoTag)
}

fn add_highlight(
    roots: &Roots,
    txn: &mut TransactionMut,
    (author, now): (UserId, i64),
    id: HighlightId,
    targets: &[Target],
    tag: TagId,
) -> Result<(), Refusal> {
    if targets.is_empty() {
        return Err(Refusal::NoTarget);
    }
    selector::check_size(targets).map_err(|_| Refusal::LongTarget)?;
    existing_tag(roots, txn, tag)?;
    let fields: [(&str, yrs::In); 7] = [
        ("targets", targets_value(targets)?.into()),
        ("author", author.to_string().into()),
        ("created_at", now.into()),
        // The place on the board: by time, until somebody moves it.
        ("tags", MapPrelim::from_iter([(tag.to_string(), now as f64)]).into()),
        ("resolved", Any::Null.into()),
        ("deleted", Any::Null.into()),
        ("comments", MapPrelim::default().into()),
    ];
    roots.highlights.insert(txn, id.to_string(), MapPrelim::from_iter(fields));
    Ok(())
}

fn add_tag(
    roots: &Roots,
    txn: &mut TransactionMut,
    author: UserId,
    id: TagId,
    name: &str,
    colour: &str,
) -> Result<(), Refusal> {
    let name = name.trim();
    if !(1..=super::picture::MAX_TAG_NAME_CHARS).contains(&name.chars().count()) {
        return Err(Refusal::TagName);
    }
    let known = super::tags(roots, txn);
    if known.iter().any(|tag| tag.name.to_lowercase() == name.to_lowercase()) {
        return Err(Refusal::TagExists);
    }
    let last = known.last().map_or(0.0, |tag| tag.order);
    roots.tags.insert(txn, id.to_string(), tag_prelim(author, name, colour, "", last + 1.0));
    Ok(())
}

/// A tag as it is stored.
pub(super) fn tag_prelim(author: UserId, name: &str, colour: &str, description: &str, order: f64) -> MapPrelim {
    MapPrelim::from_iter([
        ("name", Any::from(name)),
        ("colour", Any::from(colour)),
        ("description", Any::from(description)),
        ("group", Any::Null),
        ("order", Any::from(order)),
        ("locked", Any::from(false)),
        ("author", Any::from(author.to_string())),
    ])
}
