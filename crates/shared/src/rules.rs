//! Who may change what in a conversation's document (design section 6): one table, judged on what an update makes of
//! the document. The server holds every update to it; the browser asks it before it edits.
//!
//! A CRDT by itself lets any writer change anything. What stands here makes a document in which nobody can write in
//! another's name: [`crate::rules::places`] says what part of the document each piece of an update belongs to,
//! [`crate::rules::review()`] what changed there, and [`crate::rules::allow`] whether its sender may do that.

use crate::{access::Access, ids::UserId};

/// What each piece of an update is a part of.
pub mod places;

/// What an update changed.
pub mod review;

mod state;
mod survey;
mod talk;
mod values;
mod whole;

pub use places::{Place, Places};
pub use review::review;
pub use state::State;
pub use survey::{Survey, Unfit};
pub use talk::{MAX_MENTIONS, Said, Talk, excerpt, talk};
pub use values::MAX_DESCRIPTION_CHARS;
pub use whole::{Flaw, whole};

/// Who changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// In whose name: their id in this document.
    pub author: UserId,
    /// What they may do with the conversation.
    pub access: Access,
    /// Whether they may also mark anything deleted, restore it, lock and re-attach.
    pub moderates: bool,
}

/// One thing that somebody did, as far as it matters who may do it. Authors are those of what is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Change {
    /// A new highlight.
    AddHighlight { author: UserId },
    /// Other targets of a highlight.
    Attach { author: UserId },
    /// A tag put on a highlight, taken off, or moved on the board.
    Retag,
    /// A thread resolved in somebody's name.
    Resolve { by: UserId },
    /// A resolution taken back.
    Reopen,
    /// A highlight marked deleted in somebody's name.
    DeleteHighlight { author: UserId, by: UserId },
    /// A deletion, made by `deleted_by`, taken back or made anew.
    RestoreHighlight { author: UserId, deleted_by: UserId },
    /// A new comment.
    AddComment { author: UserId },
    /// Other words in a comment.
    EditComment { author: UserId, is_deleted: bool },
    /// A comment marked deleted, or restored.
    DeleteComment { author: UserId },
    /// A new tag.
    AddTag { author: UserId, locked: bool },
    /// A tag's name, colour, description, group or place, or the mark that it is deleted or merged.
    ChangeTag { author: UserId, locked: bool },
    /// A tag locked or unlocked.
    LockTag,
    /// A new group of tags.
    AddGroup { author: UserId },
    /// A group's name, colour or place, or the mark that it is deleted.
    ChangeGroup { author: UserId },
    /// The shared notes.
    EditNotes,
    /// A member's response.
    EditResponse { of: UserId },
}

/// Whether `sender` may change anything at all.
///
/// # Errors
/// Why not.
pub fn may_annotate(sender: &Sender) -> Result<(), Refusal> {
    match sender.access {
        Access::Closed => Err(Refusal::ActivityClosed),
        access if access.may_annotate() => Ok(()),
        _ => Err(Refusal::ReadOnly),
    }
}

/// The table: whether `sender` may do this.
///
/// # Errors
/// The rule that it breaks.
pub fn allow(sender: &Sender, change: Change) -> Result<(), Refusal> {
    let mine = |author: UserId| author == sender.author;
    let must = |is_so: bool, otherwise: Refusal| if is_so { Ok(()) } else { Err(otherwise) };
    may_annotate(sender)?;
    match change {
        Change::Retag | Change::Reopen | Change::EditNotes => Ok(()),
        Change::AddHighlight { author } | Change::AddComment { author } | Change::AddGroup { author } => {
            must(mine(author), Refusal::ForgedAuthor)
        }
        Change::AddTag { author, locked } => {
            must(mine(author), Refusal::ForgedAuthor)?;
            must(!locked || sender.moderates, Refusal::ModeratorsOnly)
        }
        Change::Resolve { by } => must(mine(by), Refusal::ForgedAuthor),
        Change::Attach { author } | Change::DeleteComment { author } => {
            must(mine(author) || sender.moderates, Refusal::NotYours)
        }
        Change::DeleteHighlight { author, by } => {
            must(mine(by), Refusal::ForgedAuthor)?;
            must(mine(author) || sender.moderates, Refusal::NotYours)
        }
        // What a moderator deleted its author does not bring back.
        Change::RestoreHighlight { author, deleted_by } => {
            must(sender.moderates || mine(author) && mine(deleted_by), Refusal::NotYours)
        }
        Change::EditComment { author, is_deleted } => {
            must(mine(author), Refusal::NotYours)?;
            must(!is_deleted, Refusal::Deleted)
        }
        Change::ChangeTag { author, locked } => {
            must(!locked || sender.moderates, Refusal::Locked)?;
            must(mine(author) || sender.access.may_edit() || sender.moderates, Refusal::NotYours)
        }
        Change::ChangeGroup { author } => {
            must(mine(author) || sender.access.may_edit() || sender.moderates, Refusal::NotYours)
        }
        Change::LockTag => must(sender.moderates, Refusal::ModeratorsOnly),
        Change::EditResponse { of } => must(mine(of), Refusal::NotYours),
    }
}

/// Why an update is not taken. The text is for the person who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The sender only reads.
    #[error("You can read this conversation, not change it.")]
    ReadOnly,
    /// The sender could change it until the activity closed.
    #[error("The activity has closed.")]
    ActivityClosed,
    /// A new thing in another's name.
    #[error("This is written in another person's name.")]
    ForgedAuthor,
    /// Another person's.
    #[error("This belongs to somebody else.")]
    NotYours,
    /// Locks, and what is locked from the start.
    #[error("Only those who moderate this conversation may do this.")]
    ModeratorsOnly,
    /// A locked tag.
    #[error("This tag is locked: it can be used, not changed.")]
    Locked,
    /// A tag that highlights carry.
    #[error("This tag is in use: merge it into another instead of deleting it.")]
    InUse,
    /// New words in a deleted comment.
    #[error("This comment has been deleted.")]
    Deleted,
    /// Author, time of creation, the comment that is answered.
    #[error("Who made something, when, and what it answers never changes.")]
    Fixed,
    /// A map in the place of another, or two at once.
    #[error("What is there already cannot be put there anew.")]
    Replaced,
    /// Something is taken out instead of being marked deleted.
    #[error("Nothing is removed here, it is marked deleted.")]
    Removed,
    /// A highlight, comment, tag or group lacks something.
    #[error("Something is missing: all of it must come in one update.")]
    Incomplete,
    /// A root that the schema does not know.
    #[error("The document has no such part.")]
    UnknownRoot,
    /// A key that the schema does not know.
    #[error("There is no such field.")]
    UnknownKey,
    /// Content that does not belong there.
    #[error("This kind of content does not belong here.")]
    UnknownKind,
    /// A key that is no id.
    #[error("An id is a UUID in lower case with hyphens.")]
    InvalidId,
    /// A value that the schema does not allow.
    #[error("A field has a value that it cannot have.")]
    InvalidValue,
    /// A text beyond its limit.
    #[error("A text is longer than its limit.")]
    TooLong,
    /// A tag, group or comment that is named and not there.
    #[error("Something that this names is not there.")]
    NoSuchThing,
    /// A target outside its message, or of no message of this conversation.
    #[error("A passage lies outside its message.")]
    OutsideMessage,
    /// `meta`.
    #[error("Only the server writes here.")]
    ServerOnly,
    /// A Yjs client id under which somebody else writes.
    #[error("Somebody else writes under this Yjs client id.")]
    NotYourClient,
    /// The document would be too large.
    #[error("This conversation's annotations have reached their limit.")]
    Full,
    /// The update builds on something that never arrived.
    #[error("Something that this edit builds on has not arrived.")]
    Gap,
    /// The update builds on one that was refused.
    #[error("This edit builds on one that was not taken.")]
    BehindRefusal,
}

impl Refusal {
    /// For programs; stable.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::ActivityClosed => "activity_closed",
            Self::ForgedAuthor => "forged_author",
            Self::NotYours => "not_yours",
            Self::ModeratorsOnly => "moderators_only",
            Self::Locked => "locked",
            Self::InUse => "in_use",
            Self::Deleted => "deleted",
            Self::Fixed => "fixed",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Incomplete => "incomplete",
            Self::UnknownRoot => "unknown_root",
            Self::UnknownKey => "unknown_key",
            Self::UnknownKind => "unknown_kind",
            Self::InvalidId => "invalid_id",
            Self::InvalidValue => "invalid_value",
            Self::TooLong => "too_long",
            Self::NoSuchThing => "no_such_thing",
            Self::OutsideMessage => "outside_message",
            Self::ServerOnly => "server_only",
            Self::NotYourClient => "not_your_client",
            Self::Full => "full",
            Self::Gap => "gap",
            Self::BehindRefusal => "behind_refusal",
        }
    }
}

#[cfg(test)]
mod tests;
