use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person, RevisionHighlight};
use crate::{
    document::Changes,
    ids::{ConversationId, UserId},
};

/// Steps that a page of a history has at most.
pub const MAX_STEPS_LISTED: i64 = 200;

/// `GET /api/v1/conversations/{id}/history?before=`: what happened in a conversation's document, newest first; at most
/// [`MAX_STEPS_LISTED`] at a time. For whoever may edit it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListHistory {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// Only steps before the one with this number.
    pub before: Option<i64>,
}

impl Endpoint for ListHistory {
    const METHOD: Method = Method::Get;
    type Reply = History;

    fn path(&self) -> String {
        let before = self.before.map(|number| format!("?before={number}")).unwrap_or_default();
        format!("/api/v1/conversations/{}/history{before}", self.id)
    }
}

/// What happened in a conversation's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The conversation's title.
    pub title: String,
    /// Newest first.
    pub steps: Vec<HistoryStep>,
    /// What to ask for next as `before`, where there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// What somebody did without a pause, or several at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryStep {
    /// Rises with time; numbers between are missing where steps were made one.
    pub number: i64,
    /// When it began, RFC 3339.
    pub began_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: String,
    /// Whether all of the document was written at once: what there was when the history began, or what the server put into the
    /// place of the document before, with another text or after something was deleted for ever.
    pub is_base: bool,
    /// Who did it; nobody of what there was before, or where their accounts are gone.
    pub by: Vec<Person>,
    /// What changed, counted.
    pub changes: Changes,
}

/// `GET /api/v1/conversations/{id}/history/{number}`: what the document said after a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetMoment {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// After which step.
    #[serde(skip_serializing)]
    pub number: i64,
}

endpoint!(GetMoment: Get HistoryMoment, "/api/v1/conversations/{id}/history/{number}", id, number);

/// What a document said once. Words that somebody else took back since are left out, or stand as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryMoment {
    /// The conversation's title.
    pub title: String,
    /// After which step.
    pub step: HistoryStep,
    /// Whether its page lets the caller copy and print it.
    pub may_copy: bool,
    /// Oldest first; passages have no place.
    pub highlights: Vec<RevisionHighlight>,
    /// The shared notes, Markdown.
    pub notes: String,
    /// What people wrote in answer: the caller's own as it was then, others' as they are now.
    pub responses: Vec<HistoryResponse>,
}

/// What somebody wrote in answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryResponse {
    /// Who.
    pub author: UserId,
    /// What they are called.
    pub name: String,
    /// Markdown.
    pub text: String,
}
