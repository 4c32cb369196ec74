use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person};
use crate::{
    ids::{CommentId, ConversationId, HighlightId, MessageId, UserId},
    messages::MessageRole,
    text::CharOffset,
};

/// Revisions that are kept of one conversation.
pub const MAX_REVISIONS: i32 = 200;

/// Bytes of earlier texts and their documents that are kept of one conversation: with so many nothing is added.
pub const MAX_REVISION_BYTES: i64 = 64 << 20;

/// Highlights that the report of an edit names.
pub const MAX_CHANGED_ANCHORS: usize = 200;

/// `PUT /api/v1/conversations/{id}/text?preview=`: gives a conversation another text, as a new revision. For those who may
/// edit it; not for chats, nor for copies of an activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditText {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub id: ConversationId,
    /// Whether it is only told what would become of the highlights.
    #[serde(skip)]
    pub preview: bool,
    /// The revision that this text was made from. If there is a newer one the answer is 409.
    pub base: i32,
    /// All messages in their order, those that stay as they are too.
    pub messages: Vec<EditedMessage>,
    /// What a preview said, where somebody has seen one: if it is worse by now, nothing is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
}

/// What whoever edits a text knows will become of the highlights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// How many are to be confirmed.
    pub moved: usize,
    /// How many are lost.
    pub lost: usize,
}

impl Confirmed {
    /// Whether more is lost, or more is not where it was.
    pub fn is_worse_now(self, report: &TextEdited) -> bool {
        report.lost > self.lost || report.moved + report.lost > self.moved + self.lost
    }
}

/// A message as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditedMessage {
    /// Which messages its text comes from: none if it is new, several if they were merged. The first that names a message
    /// keeps its id; what nobody names is removed.
    #[serde(default)]
    pub from: Vec<MessageId>,
    /// Whose words it is.
    pub role: MessageRole,
    /// A title, or the name of who spoke.
    #[serde(default)]
    pub title: Option<String>,
    /// At most 1 MiB.
    pub markdown: String,
}

/// What becomes, or became, of the highlights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdited {
    /// The revision that is there now.
    pub revision: i32,
    /// How many highlights stand where they stood, or are certain to stand elsewhere.
    pub exact: usize,
    /// How many were found by their quotes: somebody has to confirm them.
    pub moved: usize,
    /// How many were not found: they are kept, with their threads.
    pub lost: usize,
    /// Those of the last two kinds, at most [`MAX_CHANGED_ANCHORS`].
    pub changes: Vec<ChangedAnchor>,
    /// Of a preview: the messages whose Markdown is another, as HTML.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendered: Vec<RenderedMessage>,
}

/// A highlight that is not where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedAnchor {
    /// Which.
    pub highlight: HighlightId,
    /// How its quote begins.
    pub quote: String,
    /// `moved` or `lost`.
    pub anchor: String,
}

/// A message, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedMessage {
    /// Its place in the list that was sent.
    pub at: usize,
    /// Its HTML.
    pub html: String,
}

impl Endpoint for EditText {
    const METHOD: Method = Method::Put;
    type Reply = TextEdited;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/text?preview={}", self.id, self.preview)
    }
}

/// `GET /api/v1/conversations/{id}/revisions`: the texts that it has had, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListRevisions {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(ListRevisions: Get Revisions, "/api/v1/conversations/{id}/revisions", id);

/// The texts that a conversation has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisions {
    /// The conversation's title.
    pub title: String,
    /// Whether the caller may edit its text.
    pub may_edit_text: bool,
    /// Whether the caller may delete earlier ones for ever ([`PurgeItem::Revision`](super::PurgeItem::Revision)).
    pub may_purge: bool,
    /// Why that is not possible as things are, for who may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
    /// The first is the present one.
    pub revisions: Vec<RevisionSummary>,
}

/// A text that a conversation has, or has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSummary {
    /// From 1.
    pub number: i32,
    /// When it became the text, RFC 3339.
    pub made_at: String,
    /// Who edited it; nobody of the first, or whose account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// How many messages it has.
    pub messages: i64,
    /// How many highlights.
    pub highlights: i64,
}

/// `GET /api/v1/conversations/{id}/revisions/{number}`: a text with what is marked in it; of an earlier one as
/// it was left, without what was deleted since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetRevision {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// Which.
    #[serde(skip_serializing)]
    pub number: i32,
}

endpoint!(GetRevision: Get Revision, "/api/v1/conversations/{id}/revisions/{number}", id, number);

/// A text that a conversation has, or has had, with what is marked in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The conversation's title.
    pub title: String,
    /// Which it is.
    pub number: i32,
    /// The number of the present one.
    pub latest: i32,
    /// When it became the text, RFC 3339.
    pub made_at: String,
    /// When it ceased to be it; nothing of the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<String>,
    /// Who put another in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<Person>,
    /// Whether its page lets the caller copy and print it.
    pub may_copy: bool,
    /// In their order.
    pub messages: Vec<RevisionMessage>,
    /// In the order of the text; at last those without a place in it.
    pub highlights: Vec<RevisionHighlight>,
}

/// A message of an earlier text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionMessage {
    /// Its id.
    pub id: MessageId,
    /// Whose words it is.
    pub role: MessageRole,
    /// A title, or the name of who spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// As it was stored.
    pub markdown: String,
    /// The canonical text in which offsets count.
    pub text: String,
}

/// A highlight as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionHighlight {
    /// Its id.
    pub id: HighlightId,
    /// Who made it.
    pub author: UserId,
    /// What that is called.
    pub name: String,
    /// When, RFC 3339; nothing where a clock was far off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Whether its thread was resolved.
    pub resolved: bool,
    /// Its tags.
    pub tags: Vec<RevisionTag>,
    /// What it marks.
    pub passages: Vec<RevisionPassage>,
    /// Its thread: each answer behind what it answers.
    pub comments: Vec<RevisionComment>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionTag {
    /// Its name.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
}

/// A passage of an earlier text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionPassage {
    /// In which message.
    pub message: MessageId,
    /// The words.
    pub exact: String,
    /// Where they stood, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(CharOffset, CharOffset)>,
}

/// A comment as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionComment {
    /// Its id.
    pub id: CommentId,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CommentId>,
    /// Who wrote it.
    pub author: UserId,
    /// What they are called.
    pub name: String,
    /// When, RFC 3339; nothing where a clock was far off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Markdown; people who are mentioned are named as the caller sees them.
    pub body: String,
}
