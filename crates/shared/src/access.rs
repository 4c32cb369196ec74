//! What a person may do with one conversation. Roles answer questions; nobody compares them.

use serde::{Deserialize, Serialize};

/// What a person may do with one conversation, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Reads.
    Viewer,
    /// Reads, highlights, comments, tags, writes notes and their own response.
    Annotator,
    /// All that, and changes titles, texts and anybody's unlocked tags.
    Editor,
    /// All that, shares and deletes.
    Owner,
}

impl Access {
    /// Whether the document may be changed at all (within the rules).
    pub fn may_annotate(self) -> bool {
        self >= Self::Annotator
    }

    /// Whether titles, texts and others' unlocked tags may be changed.
    pub fn may_edit(self) -> bool {
        self >= Self::Editor
    }
}

/// All that a person may do with one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Their access.
    pub access: Access,
    /// Whether they may also mark anything deleted, restore it, lock tags and re-attach highlights: staff of its class,
    /// and its owner.
    pub moderates: bool,
}

/// A role in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes the class.
    Student,
    /// Helps to teach it.
    Tutor,
    /// Teaches it.
    Instructor,
}

impl Role {
    /// Tutors and instructors.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Tutor | Self::Instructor)
    }
}
