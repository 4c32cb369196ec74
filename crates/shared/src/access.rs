//! What a person may do with one conversation. Roles answer questions; nobody compares them.

use serde::{Deserialize, Serialize};

/// What a person may do with one conversation, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Reads.
    Viewer,
    /// Reads, and wrote until the activity closed of which this is a copy. What they made in time and send now is kept as
    /// late work.
    Closed,
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

/// What an owner may let others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grant {
    /// See [`Access::Viewer`].
    Viewer,
    /// See [`Access::Annotator`].
    Annotator,
    /// See [`Access::Editor`].
    Editor,
}

impl Grant {
    /// All of them, from least to most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Annotator, Self::Editor];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Annotator => "annotator",
            Self::Editor => "editor",
        }
    }

    /// What it is in words, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Viewer => "can read",
            Self::Annotator => "can annotate",
            Self::Editor => "can edit",
        }
    }
}

impl From<Grant> for Access {
    fn from(grant: Grant) -> Self {
        match grant {
            Grant::Viewer => Self::Viewer,
            Grant::Annotator => Self::Annotator,
            Grant::Editor => Self::Editor,
        }
    }
}

/// The text is no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what somebody may do is viewer, annotator or editor")]
pub struct InvalidGrant;

impl std::str::FromStr for Grant {
    type Err = InvalidGrant;

    fn from_str(text: &str) -> Result<Self, InvalidGrant> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or(InvalidGrant)
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
    /// Whether they see who the others are: everybody, where it is not anonymous. Where it is, staff of the class that it
    /// belongs to; its owner, where it belongs to none.
    pub sees_names: bool,
    /// Whether the page lets them copy, print and export the text: everybody, where it is not protected. Where it is, its
    /// owner and staff of its class. A nuisance and no lock: whoever may read it has it.
    pub may_copy: bool,
    /// Whether they may give it another title: whoever may edit it; in a copy of an activity, staff of its class alone.
    pub may_rename: bool,
    /// Whether they see what happened in its document: whoever may edit it; in a copy of an activity those whose copy it is,
    /// also when it has closed, and staff where the activity or whoever's copy it is lets them.
    #[serde(default)]
    pub sees_history: bool,
}

impl Rights {
    /// The same, but nothing can be changed with them.
    pub fn to_read(self) -> Self {
        Self { access: Access::Viewer, moderates: false, may_rename: false, ..self }
    }
}

/// A role in a class, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// All of them, from least to most.
    pub const ALL: [Self; 3] = [Self::Student, Self::Tutor, Self::Instructor];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Tutor => "tutor",
            Self::Instructor => "instructor",
        }
    }

    /// Tutors and instructors: they see everybody in the class, with addresses.
    pub fn is_staff(self) -> bool {
        self >= Self::Tutor
    }

    /// Whether the class itself may be changed: its name, people, groups, code and links.
    pub fn may_change_class(self) -> bool {
        self == Self::Instructor
    }

    /// Whether this is more than `other`: links and rosters raise nobody's role by accident.
    pub fn is_above(self, other: Self) -> bool {
        self > other
    }
}

/// The text is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is student, tutor or instructor")]
pub struct InvalidRole;

impl std::str::FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(InvalidRole)
    }
}
