use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person};
use crate::ids::{CommentId, ConversationId, HighlightId, NoticeId};

/// Notices in one answer at most.
pub const MAX_NOTICES_A_PAGE: u32 = 100;

/// `GET /api/v1/notices?before=&limit=`: comments that mention the caller or answer them, newest first. Those of
/// conversations that the caller may not see any more, and of what is deleted, are left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListNotices {
    /// Only those before this one: `next` of the answer before.
    #[serde(default)]
    pub before: Option<NoticeId>,
    /// 1 to [`MAX_NOTICES_A_PAGE`]; 50 where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of somebody's notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// How many are not read, of all.
    pub unread: u32,
    /// Newest first.
    pub notices: Vec<Notice>,
    /// Where the next page begins, if there may be one.
    pub next: Option<NoticeId>,
}

/// Why somebody is told of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// It mentions them.
    Mention,
    /// It answers them: what they wrote, or a thread that they write in or that is about a highlight of theirs.
    Reply,
}

/// A comment that concerns the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Names the notice.
    pub id: NoticeId,
    /// Why.
    pub kind: NoticeKind,
    /// Where.
    pub conversation: ConversationId,
    /// Its title.
    pub title: String,
    /// The highlight whose thread it is; the page is `/c/{conversation}#h={highlight}&c={comment}`.
    pub highlight: HighlightId,
    /// The comment.
    pub comment: CommentId,
    /// Who wrote it.
    pub by: Person,
    /// The first of its words, without marks.
    pub excerpt: String,
    /// When, RFC 3339.
    pub created_at: String,
    /// Whether the caller has read it.
    pub read: bool,
}

impl Endpoint for ListNotices {
    const METHOD: Method = Method::Get;
    type Reply = Inbox;

    fn path(&self) -> String {
        let before = self.before.map(|id| format!("before={id}"));
        let limit = self.limit.map(|limit| format!("limit={limit}"));
        let query: Vec<String> = before.into_iter().chain(limit).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/api/v1/notices{mark}{}", query.join("&"))
    }
}

/// `POST /api/v1/notices/read`: marks the caller's notices as read, these or all up to one. Ids that are not the
/// caller's are passed over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadNotices {
    /// Which; at most [`MAX_NOTICES_A_PAGE`].
    #[serde(default)]
    pub ids: Vec<NoticeId>,
    /// Instead: this one and all before it.
    #[serde(default)]
    pub up_to: Option<NoticeId>,
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// How many are not read.
    pub unread: u32,
}

impl Endpoint for ReadNotices {
    const METHOD: Method = Method::Post;
    type Reply = Unread;

    fn path(&self) -> String {
        "/api/v1/notices/read".into()
    }
}
