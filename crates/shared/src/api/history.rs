use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person, RevisionHighlight, RevisionTag};
use crate::{
    document::Changes,
    ids::{ConversationId, UserId},
};

/// Steps that a page of a history has at most.
pub const MAX_STEPS_LISTED: i64 = 200;

/// `GET /api/v1/conversations/{id}/history?before=`: what happened in a conversation's document, newest first; at most
/// [`MAX_STEPS_LISTED`] at a time. For whoever may edit it; in a copy of an activity for those whose copy it is, and for staff where they are let.
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
    /// Whether staff see it, where it is of a copy of an activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffSeeHistory>,
    /// Newest first.
    pub steps: Vec<HistoryStep>,
    /// What to ask for next as `before`, where there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// Whether the staff of a class see the history of a copy of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffSeeHistory {
    /// The activity says so, of all its copies.
    pub by_activity: bool,
    /// Whoever's copy it is lets them.
    pub by_leave: bool,
    /// Whether the caller is that person, who alone gives leave and takes it back.
    pub may_change: bool,
}

/// `PUT /api/v1/conversations/{id}/history/leave`: lets the staff of the class see the history of the caller's own copy of an
/// activity, or does so no more. What the activity itself says stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetStaffSeeHistory {
    /// Which copy.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// Whether they see it.
    pub staff_see_history: bool,
}

endpoint!(LetStaffSeeHistory: Put (), "/api/v1/conversations/{id}/history/leave", id);

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
    /// What the moment behind it is called, if somebody gave it a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<MomentName>,
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
    /// Whether the caller may name it and bring it back.
    pub may_write: bool,
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

/// Characters of a moment's name at most.
pub const MAX_MOMENT_NAME_CHARS: usize = 100;

/// Moments of a conversation that have a name, at most.
pub const MAX_NAMED_MOMENTS: i64 = 200;

/// What a moment is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentName {
    /// One line.
    pub name: String,
    /// Who called it that; nobody where their account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// When, RFC 3339.
    pub at: String,
    /// Whether the caller may change it or take it away: their own, and whoever moderates.
    pub may_change: bool,
}

/// `PUT /api/v1/conversations/{id}/history/{number}/name`: what happens later is another step then. For whoever sees the
/// history and may write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NameMoment {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// After which step.
    #[serde(skip_serializing)]
    pub number: i64,
    /// 1 to [`MAX_MOMENT_NAME_CHARS`] characters.
    pub name: String,
}

endpoint!(NameMoment: Put (), "/api/v1/conversations/{id}/history/{number}/name", id, number);

/// `DELETE /api/v1/conversations/{id}/history/{number}/name`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnnameMoment {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// After which step.
    #[serde(skip_serializing)]
    pub number: i64,
}

endpoint!(UnnameMoment: Delete (), "/api/v1/conversations/{id}/history/{number}/name", id, number);

/// `GET /api/v1/conversations/{id}/history/{number}/compare`: what is different now. As in [`HistoryMoment`] what somebody
/// else took back is left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompareMoment {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// After which step.
    #[serde(skip_serializing)]
    pub number: i64,
}

endpoint!(CompareMoment: Get HistoryComparison, "/api/v1/conversations/{id}/history/{number}/compare", id, number);

/// What is different between a moment and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryComparison {
    /// The conversation's title.
    pub title: String,
    /// The moment, after a step.
    pub step: HistoryStep,
    /// Whether its page lets the caller copy and print it.
    pub may_copy: bool,
    /// Whether the caller may name it and bring it back.
    pub may_write: bool,
    /// Those that mark, carry or say something else, oldest first.
    pub highlights: Vec<Different<RevisionHighlight>>,
    /// Of the vocabulary: those that are called otherwise, or look otherwise.
    pub tags: Vec<Different<RevisionTag>>,
    /// How the notes became what they are; nothing where they are the same.
    pub notes: Vec<Piece>,
    /// The same of the caller's own response.
    pub response: Vec<Piece>,
}

/// Something that is another now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Different<T> {
    /// As it was; nothing where it came later.
    pub then: Option<T>,
    /// As it is; nothing where it was deleted.
    pub now: Option<T>,
}

/// A stretch of two states of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// In which of them it is.
    pub kind: PieceKind,
    /// The words, and what stands between them.
    pub text: String,
}

/// In which of two states of a text something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PieceKind {
    /// In both.
    Same,
    /// In the later alone.
    Added,
    /// In the earlier alone.
    Removed,
}

/// `POST /api/v1/conversations/{id}/history/{number}/restore`: brings back what was deleted since, as a new change of the
/// caller's within what the rules let them do. What was made or written since stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreMoment {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// After which step.
    #[serde(skip_serializing)]
    pub number: i64,
}

endpoint!(RestoreMoment: Post Restored, "/api/v1/conversations/{id}/history/{number}/restore", id, number);

/// What was brought back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Highlights with their threads.
    pub highlights: u32,
    /// The caller's own comments.
    pub comments: u32,
    /// Tags of the vocabulary; merged ones stay merged.
    pub tags: u32,
    /// Characters of the notes.
    pub notes: u32,
    /// Characters of the caller's own response.
    pub response: u32,
    /// Highlights and tags that are not the caller's to bring back.
    pub left: u32,
}
