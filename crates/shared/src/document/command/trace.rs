//! Whether what a command did still stands: what somebody else has changed since is not one's own to take back.

use yrs::ReadTxn;

use super::{Command, existing_group, existing_tag};
use crate::{
    document::{
        Roots, Tag,
        picture::{self, field, optional},
    },
    ids::{HighlightId, TagGroupId, TagId, UserId},
    selector::Target,
};

/// What stands in the fields that a command writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// The passages of a highlight.
    Targets(Vec<Target>),
    /// Whoever resolved or deleted it, if somebody has. Not when: what a document taken afresh does again has another time.
    By(Option<UserId>),
    /// Its place in the columns that it left and came to.
    Places(Option<f64>, Option<f64>),
    /// Whether it carries a tag.
    Carries(bool),
    /// What was said of a tag, as far as the command says anything of it.
    Said(Option<String>, Option<String>, Option<String>, Option<Option<TagGroupId>>),
    /// A place among the tags, or among their groups.
    Place(f64),
    /// A lock, or a mark of deletion.
    Is(bool),
    /// What a deleted tag has become.
    Became(bool, Option<TagId>),
    /// A name.
    Name(String),
}

/// Reads them; nothing for commands that nobody else can contradict (one's own comments), or where what it changes is not
/// there.
///
/// Read after a command is done and again before it is taken back: if the two differ, somebody has changed it meanwhile.
pub fn trace(roots: &Roots, txn: &impl ReadTxn, command: &Command) -> Option<Trace> {
    let highlight = |id: &HighlightId| picture::highlight(roots, txn, *id);
    let place = |id: &HighlightId, tag: &TagId| {
        highlight(id)?.tags.into_iter().find(|(own, _)| own == tag).map(|(_, order)| order)
    };
    let tag = |id: &TagId| -> Option<Tag> { picture::tags(roots, txn).into_iter().find(|tag| tag.id == *id) };
    Some(match command {
        Command::Comment { .. }
        | Command::EditComment { .. }
        | Command::DeleteComment { .. }
        | Command::RestoreComment { .. } => return None,
        Command::Highlight { id, .. } | Command::Delete(id) | Command::Restore(id) => {
            Trace::By(highlight(id)?.deleted.map(|stamp| stamp.by))
        }
        Command::Resolve(id) | Command::Reopen(id) => Trace::By(highlight(id)?.resolved.map(|stamp| stamp.by)),
        Command::Attach(id, _) => Trace::Targets(highlight(id)?.targets),
        // Where others put it in the column is theirs to say: one's own is that it is there.
        Command::AddTag(id, tag) | Command::RemoveTag(id, tag) => Trace::Carries(place(id, tag).is_some()),
        Command::Move { highlight, from, to, .. } => {
            Trace::Places(from.as_ref().and_then(|from| place(highlight, from)), place(highlight, to))
        }
        Command::EditTag { id, name, colour, description, group } => {
            let now = tag(id)?;
            Trace::Said(
                name.as_ref().map(|_| now.name),
                colour.as_ref().map(|_| now.colour),
                description.as_ref().map(|_| now.description),
                group.map(|_| now.group),
            )
        }
        Command::MoveTag(id, _) => Trace::Place(tag(id)?.order),
        Command::LockTag(id, _) => Trace::Is(tag(id)?.locked),
        Command::NewTag { id, .. }
        | Command::DeleteTag(id)
        | Command::RestoreTag(id)
        | Command::MergeTag { from: id, .. } => {
            let map = existing_tag(roots, txn, *id).ok()?;
            Trace::Became(optional(&map, txn, "deleted").unwrap_or(false), optional(&map, txn, "merged_into"))
        }
        Command::NewGroup { id, .. } | Command::DeleteGroup(id) | Command::RestoreGroup(id) => {
            Trace::Is(optional(&existing_group(roots, txn, *id).ok()?, txn, "deleted").unwrap_or(false))
        }
        Command::MoveGroup(id, _) => Trace::Place(field(&existing_group(roots, txn, *id).ok()?, txn, "order")?),
        Command::RenameGroup(id, _) => Trace::Name(field(&existing_group(roots, txn, *id).ok()?, txn, "name")?),
    })
}
