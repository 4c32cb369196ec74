//! Commands: what a person does to a document. Each checks first and then edits in one transaction, so that it is done
//! whole or not at all; the journal of a browser keeps these beside the bytes.

mod annotations;
mod inverse;
mod trace;
mod vocabulary;

use serde::{Deserialize, Serialize};
use yrs::{Map, MapRef, Out, ReadTxn, TransactionMut};

use super::{
    Roots, Stamp,
    picture::{field, optional},
};
use crate::{
    ids::{CommentId, HighlightId, TagGroupId, TagId},
    rules::{self, Change, Sender},
    selector::Target,
};

pub(super) use annotations::targets_value;
pub use inverse::inverse;
pub use trace::{Trace, trace};
pub(super) use vocabulary::tag_prelim;

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
        /// 1 to [`MAX_COMMENT_CHARS`](super::MAX_COMMENT_CHARS) characters.
        body: String,
        /// The comment that it answers.
        #[serde(default)]
        parent: Option<CommentId>,
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
    /// Takes the deletion of one's own comment back.
    RestoreComment {
        /// Whose thread.
        highlight: HighlightId,
        /// Which comment.
        id: CommentId,
        /// What it said: the document does not know it any more.
        body: String,
    },
    /// Marks a highlight deleted.
    Delete(HighlightId),
    /// Takes the deletion of a highlight back.
    Restore(HighlightId),
    /// Resolves a thread.
    Resolve(HighlightId),
    /// Takes the resolution back.
    Reopen(HighlightId),
    /// Attaches a highlight to other passages.
    Attach(HighlightId, Vec<Target>),
    /// Puts a tag on a highlight.
    AddTag(HighlightId, TagId),
    /// Takes a tag off a highlight.
    RemoveTag(HighlightId, TagId),
    /// Moves a highlight on the board.
    Move {
        /// Which highlight.
        highlight: HighlightId,
        /// The tag whose column it leaves; none if it stays, or only comes to another one as well.
        from: Option<TagId>,
        /// The tag whose column it stands in then.
        to: TagId,
        /// Its place there: the columns are sorted by it.
        order: f64,
    },
    /// Adds a tag to the vocabulary.
    NewTag {
        /// The new tag's id.
        id: TagId,
        /// 1 to 100 characters.
        name: String,
        /// `#rrggbb`.
        colour: String,
    },
    /// Changes what a tag is called, how it looks, what it is for, or where it belongs. What is not said stays: somebody
    /// else may have changed it.
    EditTag {
        /// Which tag.
        id: TagId,
        /// 1 to 100 characters.
        #[serde(default)]
        name: Option<String>,
        /// `#rrggbb`.
        #[serde(default)]
        colour: Option<String>,
        /// At most 1,000 characters.
        #[serde(default)]
        description: Option<String>,
        /// The group that it stands in; `Some(None)`: in none.
        #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
        group: Option<Option<TagGroupId>>,
    },
    /// Moves a tag among the tags, which are sorted by this.
    MoveTag(TagId, f64),
    /// Locks a tag, or unlocks it.
    LockTag(TagId, bool),
    /// Marks a tag deleted that no highlight carries.
    DeleteTag(TagId),
    /// Takes back that a tag was deleted or merged.
    RestoreTag(TagId),
    /// Makes two tags one: what carries the first is read as carrying the second.
    MergeTag {
        /// The tag that goes.
        from: TagId,
        /// The tag that stays.
        into: TagId,
    },
    /// Adds a group of tags.
    NewGroup {
        /// The new group's id.
        id: TagGroupId,
        /// 1 to 100 characters.
        name: String,
    },
    /// Changes what a group is called.
    RenameGroup(TagGroupId, String),
    /// Moves a group among the groups, which are sorted by this.
    MoveGroup(TagGroupId, f64),
    /// Marks a group deleted; its tags stay, without a group.
    DeleteGroup(TagGroupId),
    /// Takes the deletion of a group back.
    RestoreGroup(TagGroupId),
}

impl Command {
    /// The highlight that it is about, if it is about one.
    pub fn highlight(&self) -> Option<HighlightId> {
        match self {
            Self::Highlight { id, .. }
            | Self::Delete(id)
            | Self::Restore(id)
            | Self::Resolve(id)
            | Self::Reopen(id)
            | Self::Attach(id, _)
            | Self::AddTag(id, _)
            | Self::RemoveTag(id, _) => Some(*id),
            Self::Comment { highlight, .. }
            | Self::EditComment { highlight, .. }
            | Self::DeleteComment { highlight, .. }
            | Self::RestoreComment { highlight, .. }
            | Self::Move { highlight, .. } => Some(*highlight),
            _ => None,
        }
    }
}

/// A field that is there was said, also if it is null.
fn said<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<Option<TagGroupId>>, D::Error> {
    Option::deserialize(field).map(Some)
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
    /// More than [`crate::selector::MAX_TARGETS_BYTES`] in all.
    #[error("this selection is too long: mark a shorter one")]
    LongTarget,
    /// A comment says something.
    #[error("a comment needs some text")]
    EmptyComment,
    /// Longer than [`MAX_COMMENT_CHARS`](super::MAX_COMMENT_CHARS).
    #[error("a comment has at most 10,000 characters: split it in two")]
    LongComment,
    /// The group is not in the document.
    #[error("this group of tags is not there any more")]
    NoGroup,
    /// Two tags of one name could not be told apart.
    #[error("there is a tag of this name already")]
    TagExists,
    /// Empty or over 100 characters.
    #[error("a tag's name has 1 to 100 characters")]
    TagName,
    /// Longer than 1,000 characters.
    #[error("a tag's description has at most 1,000 characters")]
    LongDescription,
    /// A tag merged into itself, or into one that is merged into it.
    #[error("a tag cannot be merged into itself")]
    MergeIntoItself,
}

fn nested(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

fn existing(roots: &Roots, txn: &impl ReadTxn, id: HighlightId) -> Result<MapRef, Refusal> {
    nested(&roots.highlights, txn, &id.to_string()).ok_or(Refusal::NoHighlight)
}

fn existing_comment(
    roots: &Roots,
    txn: &impl ReadTxn,
    highlight: HighlightId,
    id: CommentId,
) -> Result<MapRef, Refusal> {
    let highlight = existing(roots, txn, highlight)?;
    nested(&highlight, txn, "comments").and_then(|all| nested(&all, txn, &id.to_string())).ok_or(Refusal::NoComment)
}

fn existing_tag(roots: &Roots, txn: &impl ReadTxn, tag: TagId) -> Result<MapRef, Refusal> {
    nested(&roots.tags, txn, &tag.to_string()).ok_or(Refusal::NoTag)
}

/// A tag that is shown: not deleted, not merged into another.
fn live_tag(roots: &Roots, txn: &impl ReadTxn, tag: TagId) -> Result<MapRef, Refusal> {
    let map = existing_tag(roots, txn, tag)?;
    if optional::<bool>(&map, txn, "deleted") == Some(true) { Err(Refusal::NoTag) } else { Ok(map) }
}

fn existing_group(roots: &Roots, txn: &impl ReadTxn, group: TagGroupId) -> Result<MapRef, Refusal> {
    nested(&roots.tag_groups, txn, &group.to_string()).ok_or(Refusal::NoGroup)
}

/// What a command changes, as the table of rules sees it.
fn change(roots: &Roots, txn: &impl ReadTxn, sender: &Sender, command: &Command) -> Result<Change, Refusal> {
    let me = sender.author;
    let author_of = |id| field(&existing(roots, txn, id)?, txn, "author").ok_or(Refusal::NoHighlight);
    let comment_author = |highlight, id| {
        let comment = existing_comment(roots, txn, highlight, id)?;
        field(&comment, txn, "author").ok_or(Refusal::NoComment)
    };
    let tag = |id| -> Result<Change, Refusal> {
        let tag = existing_tag(roots, txn, id)?;
        let author = field(&tag, txn, "author").ok_or(Refusal::NoTag)?;
        Ok(Change::ChangeTag { author, locked: optional(&tag, txn, "locked").unwrap_or(false) })
    };
    let group = |id| -> Result<Change, Refusal> {
        let author = field(&existing_group(roots, txn, id)?, txn, "author").ok_or(Refusal::NoGroup)?;
        Ok(Change::ChangeGroup { author })
    };
    Ok(match command {
        Command::Highlight { .. } => Change::AddHighlight { author: me },
        Command::Comment { .. } => Change::AddComment { author: me },
        Command::EditComment { highlight, id, .. } => {
            let is_deleted = optional(&existing_comment(roots, txn, *highlight, *id)?, txn, "deleted").unwrap_or(false);
            Change::EditComment { author: comment_author(*highlight, *id)?, is_deleted }
        }
        Command::DeleteComment { highlight, id } => Change::DeleteComment { author: comment_author(*highlight, *id)? },
        // Its words come back too, and those are its author's alone.
        Command::RestoreComment { highlight, id, .. } => {
            Change::EditComment { author: comment_author(*highlight, *id)?, is_deleted: false }
        }
        Command::Delete(id) => Change::DeleteHighlight { author: author_of(*id)?, by: me },
        Command::Restore(id) => {
            let stamp: Option<Stamp> = optional(&existing(roots, txn, *id)?, txn, "deleted");
            let deleted_by = stamp.map_or(me, |stamp| stamp.by);
            Change::RestoreHighlight { author: author_of(*id)?, deleted_by }
        }
        Command::Resolve(_) => Change::Resolve { by: me },
        Command::Reopen(_) => Change::Reopen,
        Command::Attach(id, _) => Change::Attach { author: author_of(*id)? },
        Command::AddTag(..) | Command::RemoveTag(..) | Command::Move { .. } => Change::Retag,
        Command::NewTag { .. } => Change::AddTag { author: me, locked: false },
        Command::LockTag(id, _) => existing_tag(roots, txn, *id).map(|_| Change::LockTag)?,
        Command::EditTag { id, .. }
        | Command::MoveTag(id, _)
        | Command::DeleteTag(id)
        | Command::RestoreTag(id)
        | Command::MergeTag { from: id, .. } => tag(*id)?,
        Command::NewGroup { .. } => Change::AddGroup { author: me },
        Command::RenameGroup(id, _)
        | Command::MoveGroup(id, _)
        | Command::DeleteGroup(id)
        | Command::RestoreGroup(id) => group(*id)?,
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
    rules::allow(sender, change(roots, txn, sender, &command)?)?;
    let by = (sender.author, now);
    match command {
        Command::Highlight { id, targets, tag } => annotations::add(roots, txn, by, id, &targets, tag),
        Command::Comment { highlight, id, body, parent } => {
            annotations::comment(roots, txn, by, highlight, (id, parent), &body)
        }
        Command::EditComment { highlight, id, body } => {
            annotations::edit_comment(roots, txn, now, (highlight, id), &body)
        }
        Command::DeleteComment { highlight, id } => annotations::delete_comment(roots, txn, (highlight, id)),
        Command::RestoreComment { highlight, id, body } => {
            annotations::restore_comment(roots, txn, (highlight, id), &body)
        }
        Command::Delete(id) => annotations::delete(roots, txn, by, id),
        Command::Restore(id) => annotations::mark(roots, txn, id, "deleted", None),
        Command::Resolve(id) => annotations::mark(roots, txn, id, "resolved", Some(by)),
        Command::Reopen(id) => annotations::mark(roots, txn, id, "resolved", None),
        Command::Attach(id, targets) => annotations::attach(roots, txn, id, &targets),
        Command::AddTag(id, tag) => annotations::place(roots, txn, id, tag, now as f64),
        Command::RemoveTag(id, tag) => annotations::untag(roots, txn, id, tag),
        Command::Move { highlight, from, to, order } => {
            live_tag(roots, txn, to)?;
            if let Some(from) = from.filter(|from| *from != to) {
                annotations::untag(roots, txn, highlight, from)?;
            }
            annotations::place(roots, txn, highlight, to, order)
        }
        Command::NewTag { id, name, colour } => vocabulary::add(roots, txn, sender.author, id, &name, &colour),
        Command::EditTag { id, name, colour, description, group } => {
            vocabulary::edit(roots, txn, id, (name.as_deref(), colour.as_deref(), description.as_deref(), group))
        }
        Command::MoveTag(id, order) => vocabulary::set(roots, txn, id, "order", order),
        Command::LockTag(id, locked) => vocabulary::set(roots, txn, id, "locked", locked),
        Command::DeleteTag(id) => vocabulary::delete(roots, txn, id),
        Command::RestoreTag(id) => vocabulary::restore(roots, txn, id),
        Command::MergeTag { from, into } => vocabulary::merge(roots, txn, from, into),
        Command::NewGroup { id, name } => vocabulary::add_group(roots, txn, sender.author, id, &name),
        Command::RenameGroup(id, name) => vocabulary::rename_group(roots, txn, id, &name),
        Command::MoveGroup(id, order) => vocabulary::set_group(roots, txn, id, "order", order),
        Command::DeleteGroup(id) => vocabulary::set_group(roots, txn, id, "deleted", true),
        Command::RestoreGroup(id) => vocabulary::set_group(roots, txn, id, "deleted", false),
    }
}
