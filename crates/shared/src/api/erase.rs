//! One's own account, erased.

use serde::{Deserialize, Serialize};

use crate::ids::ClassId;

/// What a former member is called.
pub const FORMER_MEMBER: &str = "Former member";

/// What happens to what somebody wrote in a class when their account is erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenErased {
    /// It stays, by a former member.
    #[default]
    Keep,
    /// It goes.
    Erase,
}

impl WhenErased {
    /// As requests and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Erase => "erase",
        }
    }
}

/// `GET /api/v1/me/erase`: what would happen, and what is in the way. For somebody who is signed in, not for a token.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct GetErasure {}

/// What happens when an account is erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Conversations that are deleted for ever.
    pub conversations: i64,
    /// Those of them that others were let in to, or that a class has.
    pub shared: i64,
    /// Conversations that belong to no class and stay, by a former member, because others wrote in them who are let in.
    pub stays: i64,
    /// Projects that are deleted for ever, with their files.
    pub projects: i64,
    /// The classes that they belong to, by name.
    pub classes: Vec<ErasedClass>,
    /// Whether nobody else could look after the site: then it is refused.
    pub last_admin: bool,
    /// Whether the caller signed in too long ago: then it is refused.
    pub sign_in_again: bool,
}

/// What happens in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedClass {
    /// Which.
    pub id: ClassId,
    /// What it is called.
    pub name: String,
    /// What becomes of what they wrote there.
    pub when_erased: WhenErased,
    /// Whether nobody else teaches it: then the erasing is refused.
    pub last_instructor: bool,
}

impl Erasure {
    /// Whether something is in the way.
    pub fn is_refused(&self) -> bool {
        self.last_admin || self.classes.iter().any(|class| class.last_instructor)
    }
}

endpoint!(GetErasure: Get Erasure, "/api/v1/me/erase");

/// `POST /api/v1/me/erase`: erases the caller's account, for good. They are signed out everywhere at once, and have neither
/// name nor address any more; documents follow, one after the other. For somebody who has just signed in, not for a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EraseMe {
    /// The caller's address, so that nobody does it by mistake.
    pub confirm: String,
}

endpoint!(EraseMe: Post (), "/api/v1/me/erase");
