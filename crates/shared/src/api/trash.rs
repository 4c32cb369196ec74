use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::ids::ConversationId;

/// How long something stays in the trash before it is deleted.
pub const TRASH_DAYS: i32 = 30;

/// Conversations of the trash in one answer at most.
pub const MAX_TRASHED_A_PAGE: u32 = 100;

/// `DELETE /api/v1/conversations/{id}`: puts it into the trash; for its owner. 409 for the template of an activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrashConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(TrashConversation: Delete (), "/api/v1/conversations/{id}", id);

/// `GET /api/v1/trash?after=&limit=`: the caller's own that are in the trash, what came last first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTrash {
    /// Only those after this one: the last of the answer before.
    #[serde(default)]
    pub after: Option<ConversationId>,
    /// 1 to [`MAX_TRASHED_A_PAGE`], which it is where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A conversation in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedConversation {
    /// Names it.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// How many messages it has.
    pub messages: i64,
    /// How many highlights it had at the last snapshot.
    pub highlights: i32,
    /// Since when it is there, RFC 3339.
    pub trashed_at: String,
    /// From when on it is deleted, RFC 3339: [`TRASH_DAYS`] later.
    pub deleted_at: String,
}

impl Endpoint for ListTrash {
    const METHOD: Method = Method::Get;
    type Reply = Vec<TrashedConversation>;

    fn path(&self) -> String {
        let after = self.after.map(|after| ["after=", &after.to_string()].concat());
        let limit = self.limit.map(|limit| ["limit=", &limit.to_string()].concat());
        let query: Vec<String> = after.into_iter().chain(limit).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        ["/api/v1/trash", mark, &query.join("&")].concat()
    }
}

/// `POST /api/v1/trash/conversations/{id}/restore`: takes it out again, as it was and shared as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(RestoreConversation: Post (), "/api/v1/trash/conversations/{id}/restore", id);

/// `DELETE /api/v1/trash/conversations/{id}`: deletes it for ever, with all that was written in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(DeleteConversation: Delete (), "/api/v1/trash/conversations/{id}", id);
