//! What takes a command back: a command of its own, in the name of whoever takes it back.

use yrs::ReadTxn;

use super::{Command, existing_group, existing_tag};
use crate::{
    document::{
        Roots,
        picture::{self, field, optional},
    },
    ids::{CommentId, HighlightId, TagId},
};

/// The command that takes `command` back, read from the document **before** it is done; nothing if it will change
/// nothing, or if what it changes is not there.
///
/// Done later, when others have gone on, it takes back what this person did and nothing else: a flag, a tag, a place, or
/// the text of a comment that only they may write.
pub fn inverse(roots: &Roots, txn: &impl ReadTxn, command: &Command) -> Option<Command> {
    let highlight = |id: &HighlightId| picture::highlight(roots, txn, *id);
    let tag = |id: &TagId| picture::tags(roots, txn).into_iter().find(|tag| tag.id == *id);
    let comment = |thread: &HighlightId, id: &CommentId| {
        highlight(thread)?.comments.into_iter().find(|comment| comment.id == *id)
    };
    let place = |id: &HighlightId, tag: &TagId| {
        let order = highlight(id)?.tags.into_iter().find(|(own, _)| own == tag)?.1;
        Some(Command::Move { highlight: *id, from: None, to: *tag, order })
    };
    Some(match command {
        Command::Highlight { id, .. } => Command::Delete(*id),
        Command::Delete(id) => highlight(id)?.deleted.is_none().then_some(Command::Restore(*id))?,
        Command::Restore(id) => highlight(id)?.deleted.map(|_| Command::Delete(*id))?,
        Command::Resolve(id) => highlight(id)?.resolved.is_none().then_some(Command::Reopen(*id))?,
        Command::Reopen(id) => highlight(id)?.resolved.map(|_| Command::Resolve(*id))?,
        // Only an import makes lost targets; nobody can put them back.
        Command::Attach(id, _) => {
            let targets = highlight(id)?.targets;
            targets.iter().all(|target| !target.lost).then_some(Command::Attach(*id, targets))?
        }
        Command::Comment { highlight, id, .. } | Command::RestoreComment { highlight, id, .. } => {
            Command::DeleteComment { highlight: *highlight, id: *id }
        }
        Command::EditComment { highlight, id, .. } => {
            Command::EditComment { highlight: *highlight, id: *id, body: comment(highlight, id)?.body }
        }
        Command::DeleteComment { highlight, id } => {
            Command::RestoreComment { highlight: *highlight, id: *id, body: comment(highlight, id)?.body }
        }
        Command::AddTag(id, tag) => match place(id, tag) {
            Some(back) => back,
            None => Command::RemoveTag(*id, *tag),
        },
        Command::RemoveTag(id, tag) => place(id, tag)?,
        Command::Move { highlight: id, from, to, .. } => match (from.filter(|from| from != to), place(id, to)) {
            (Some(from), there) => {
                let order = highlight(id)?.tags.into_iter().find(|(own, _)| *own == from)?.1;
                // Where it came to was its tag already, that stays.
                Command::Move { highlight: *id, from: there.is_none().then_some(*to), to: from, order }
            }
            (None, Some(back)) => back,
            (None, None) => Command::RemoveTag(*id, *to),
        },
        Command::NewTag { id, .. } => Command::DeleteTag(*id),
        Command::RestoreTag(id) => match optional(&existing_tag(roots, txn, *id).ok()?, txn, "merged_into") {
            Some(into) => Command::MergeTag { from: *id, into },
            None => Command::DeleteTag(*id),
        },
        Command::DeleteTag(id) | Command::MergeTag { from: id, .. } => Command::RestoreTag(*id),
        Command::EditTag { id, name, colour, description, group } => {
            let was = tag(id)?;
            Command::EditTag {
                id: *id,
                name: name.as_ref().map(|_| was.name),
                colour: colour.as_ref().map(|_| was.colour),
                description: description.as_ref().map(|_| was.description),
                group: group.map(|_| was.group),
            }
        }
        Command::MoveTag(id, _) => Command::MoveTag(*id, tag(id)?.order),
        Command::LockTag(id, locked) => Command::LockTag(*id, (tag(id)?.locked != *locked).then_some(!locked)?),
        Command::NewGroup { id, .. } | Command::RestoreGroup(id) => Command::DeleteGroup(*id),
        Command::DeleteGroup(id) => Command::RestoreGroup(*id),
        Command::MoveGroup(id, _) => {
            Command::MoveGroup(*id, field(&existing_group(roots, txn, *id).ok()?, txn, "order")?)
        }
        Command::RenameGroup(id, _) => {
            Command::RenameGroup(*id, field(&existing_group(roots, txn, *id).ok()?, txn, "name")?)
        }
    })
}
