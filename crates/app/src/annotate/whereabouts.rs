//! Where the people here are: what they read, what they have selected, where they write in the shared notes, and whether they
//! write their response.
#![cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only browsers tell one another"))]

use serde::{Deserialize, Serialize};
use shared::{document::Position, ids::MessageId};

/// More of a selection is not told: a state in the presence has 4 KiB.
pub const MAX_PASSAGES: usize = 8;

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Whereabouts {
    /// The message at the top of their window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<MessageId>,
    /// How much of that message is above, in thousandths of its height: pages are not equally wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<u16>,
    /// What they have selected, a passage a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<Passage>,
    /// Where they write in the shared notes: as Yjs clients say it (`y-codemirror` and others), so that these see us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Whether they write their own response. Not where: nobody else writes there, and others read it as it is meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub responds: bool,
}

/// What is selected in the shared notes; mostly nothing, and both are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Where it was begun.
    pub anchor: Position,
    /// Where the caret is.
    pub head: Position,
}

/// A passage of a message, in code points of its canonical text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The message.
    pub message: MessageId,
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}
