//! Two accounts of one person, made one.

use serde::{Deserialize, Serialize};

/// `GET /api/v1/me/merge`: whether the caller may do anything about it now. For somebody who is signed in, not for a token.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct GetMerging {}

/// What a page has to know before it offers anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merging {
    /// Whether the caller signed in too long ago: then it is refused.
    pub sign_in_again: bool,
}

endpoint!(GetMerging: Get Merging, "/api/v1/me/merge");

/// `POST /api/v1/me/merge/code`: a code that says to another account of the same person that this one may become part of it.
/// The one before is good no more. For somebody who has just signed in, not for a token.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeMergeCode {}

/// A code, shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeCode {
    /// In letters and digits, with hyphens.
    pub code: String,
    /// Until then it is good, RFC 3339, in UTC.
    pub expires_at: String,
}

endpoint!(MakeMergeCode: Post MergeCode, "/api/v1/me/merge/code");

/// `POST /api/v1/me/merge/preview`: whose account would become part of the caller's, and what is in the way. Nothing is done.
/// A code that is wrong, old or used is 400; after ten of them within ten minutes 429.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewMerge {
    /// What the other account was given; in either case, with or without the hyphens.
    pub code: String,
}

/// What would come over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergePreview {
    /// What the account is called that goes.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Conversations of its own.
    pub conversations: i64,
    /// Classes that it belongs to.
    pub classes: i64,
    /// Projects of its own.
    pub projects: i64,
    /// Activities of which both have a copy of their own, by title: then it is refused.
    pub both: Vec<String>,
    /// What is anonymous and the other account's, by title, where others would learn that the two are one: then it is refused.
    pub apart: Vec<String>,
}

endpoint!(PreviewMerge: Post MergePreview, "/api/v1/me/merge/preview");

/// `POST /api/v1/me/merge`: the account that made the code becomes part of the caller's, for good. It is signed out everywhere
/// at once, and what it had is the caller's; documents follow, one after the other. For somebody who has just signed in, not
/// for a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeMe {
    /// What the other account was given.
    pub code: String,
}

endpoint!(MergeMe: Post (), "/api/v1/me/merge");
