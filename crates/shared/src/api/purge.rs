use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::ids::{CommentId, ConversationId, HighlightId, TagGroupId, TagId, UserId};

/// Things that are purged at a time.
pub const MAX_PURGED: usize = 1_000;

/// `GET /api/v1/conversations/{id}/deleted`: what is marked deleted in a conversation's document. For those who moderate it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListDeleted {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(ListDeleted: Get Deleted, "/api/v1/conversations/{id}/deleted", id);

/// What is marked deleted: nobody is shown it, and it can be taken back. At most [`MAX_PURGED`] things, the latest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// The conversation's title.
    pub title: String,
    /// Whether there are more than are listed.
    pub is_cut: bool,
    /// Those of highlights that are not deleted themselves.
    pub comments: Vec<DeletedComment>,
    /// With their threads.
    pub highlights: Vec<DeletedHighlight>,
    /// Also those that were merged into others.
    pub tags: Vec<DeletedTag>,
    /// Groups of tags.
    pub groups: Vec<DeletedGroup>,
}

/// A highlight that is marked deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedHighlight {
    /// Its id.
    pub id: HighlightId,
    /// How its words begin.
    pub quote: String,
    /// Who made it.
    pub author: UserId,
    /// What that is called.
    pub name: String,
    /// Who deleted it.
    pub by: UserId,
    /// What that is called.
    pub by_name: String,
    /// When, RFC 3339; nothing where a clock was far off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How many comments it has, deleted ones too.
    pub comments: usize,
}

/// A comment that is marked deleted. Its words are not there any more; that it was there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedComment {
    /// Its id.
    pub id: CommentId,
    /// On which highlight.
    pub highlight: HighlightId,
    /// How the words of that begin.
    pub quote: String,
    /// Who wrote it.
    pub author: UserId,
    /// What that is called.
    pub name: String,
    /// When, RFC 3339; nothing where a clock was far off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// A tag that is marked deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedTag {
    /// Its id.
    pub id: TagId,
    /// What it was called.
    pub name: String,
}

/// A group of tags that is marked deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedGroup {
    /// Its id.
    pub id: TagGroupId,
    /// What it was called.
    pub name: String,
}

/// `POST /api/v1/conversations/{id}/purge`: takes things out of a conversation for good, also of what is kept of its earlier
/// texts. For those who moderate it. Nobody can take it back; copies of the conversation, and files that were taken away, keep
/// theirs.
///
/// The document has a new generation then: whoever has it open takes that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeItems {
    /// Of which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub id: ConversationId,
    /// 1 to [`MAX_PURGED`]; what is not there (any more) is passed over.
    pub items: Vec<PurgeItem>,
}

/// Something that is to be gone for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum PurgeItem {
    /// A highlight with its thread, whether it is marked deleted or not.
    Highlight {
        /// Which.
        id: HighlightId,
    },
    /// A comment, whether it is marked deleted or not. One that is answered stays, marked deleted and without its words.
    Comment {
        /// On which highlight: its id alone does not name it.
        highlight: HighlightId,
        /// Which.
        id: CommentId,
    },
    /// A tag that is marked deleted: of others people make use. One that a highlight still has, as after a merge, stays
    /// without its name.
    Tag {
        /// Which.
        id: TagId,
    },
    /// A group of tags that is marked deleted.
    Group {
        /// Which.
        id: TagGroupId,
    },
    /// An earlier text, with all that was marked in it then.
    Revision {
        /// Which.
        number: i32,
    },
}

/// What was taken out. What was not there is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedItems {
    /// The generation that the document has now.
    pub epoch: i64,
    /// Highlights.
    pub highlights: usize,
    /// Comments, those of the highlights too.
    pub comments: usize,
    /// Tags.
    pub tags: usize,
    /// Groups of tags.
    pub groups: usize,
    /// Earlier texts.
    pub revisions: usize,
}

impl Endpoint for PurgeItems {
    const METHOD: Method = Method::Post;
    type Reply = PurgedItems;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/purge", self.id)
    }
}
