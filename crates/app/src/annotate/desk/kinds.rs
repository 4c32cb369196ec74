//! What is shown on the desk, as values.

use shared::{
    document::{Command, Highlight},
    ids::{ConversationId, MessageId, UserId},
};

/// Whether, and how, the work is safe; `data-state` of the sync status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Before the first connection.
    Connecting,
    /// Connected, before the first answer.
    Loading,
    /// Every edit is committed on the server.
    Saved,
    /// Edits are on their way.
    Saving,
    /// No socket is open.
    Offline,
    /// The person may only read.
    ReadOnly,
    /// The session has ended: what is done goes on being kept, and is sent after signing in.
    SignedOut,
    /// Something is wrong that waiting does not mend.
    Error(&'static str),
}

/// Whether a highlight's text is where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorState {
    /// It is.
    Exact,
    /// It was found elsewhere.
    Moved,
    /// It was not found.
    Lost,
}

/// Why a highlight stands nowhere on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeless {
    /// Its words are gone.
    Lost,
    /// They are in this message, which belongs to another branch than the one that is shown.
    Elsewhere(MessageId),
}

impl AnchorState {
    /// As `data-anchor` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Moved => "moved",
            Self::Lost => "lost",
        }
    }
}

/// What a card shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The highlight.
    pub highlight: Highlight,
    /// Whether its text is where it was.
    pub anchor: AnchorState,
    /// The text where it is shown, if that is not where it was.
    pub found: Option<String>,
}

/// A short word at the edge of the page, perhaps with a way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// What happened.
    pub text: String,
    /// What takes it back.
    pub undo: Option<Command>,
}

/// A tab of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The cards.
    Annotations,
    /// The evidence by tag.
    Board,
    /// The shared notes.
    Notes,
    /// One's own text.
    Response,
    /// Who takes part.
    People,
}

/// A dialog over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// The vocabulary.
    Tags,
    /// The keys.
    Shortcuts,
}

/// Who works here, and where.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The conversation.
    pub conversation: ConversationId,
    /// Who they are as an author.
    pub author: UserId,
    /// Who they are as somebody who signs in: what this device keeps is theirs.
    pub user: UserId,
}
