use serde::{Deserialize, Serialize};

use super::{Endpoint, Message, Method};
use crate::{
    ids::{ConversationId, HighlightId, MessageId, ProjectId},
    text::CharOffset,
};

/// Annotations that one comparison carries over: the first ones, in the order of the text.
pub const MAX_CARRIED: usize = 500;

/// `GET /api/v1/conversations/{id}/comparison?original=&other=`: two branches of a chat from where they part, with what is
/// marked in the one looked for in the other. Nothing is changed by it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompareBranches {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// A message of the branch whose annotations are carried over.
    pub original: MessageId,
    /// A message of the other, and not of that one.
    pub other: MessageId,
}

/// Two branches from where they part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The conversation's title.
    pub title: String,
    /// Whether its page lets the caller copy and print the text.
    pub may_copy: bool,
    /// The project of the chat, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub project: Option<ProjectId>,
    /// How many messages they have in common.
    pub common: usize,
    /// The messages of the one.
    pub original: Vec<Message>,
    /// Those of the other.
    pub other: Vec<Message>,
    /// What is marked in the one, in its order. It is looked for in the message of the same place of the other, and, where
    /// it is not there, in others of the same speaker.
    pub carried: Vec<Carried>,
}

/// A passage that is marked in one branch, looked for in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Of which highlight.
    pub highlight: HighlightId,
    /// The marked words.
    pub exact: String,
    /// The names of its tags.
    pub tags: Vec<String>,
    /// Comments in its thread.
    pub comments: usize,
    /// Where it stands in the one; nothing: it is lost there too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub original: Option<Passage>,
    /// Where it is in the other.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other: Option<Passage>,
    /// `exact`: the same words at the same place; `moved`: most likely there; `lost`: nowhere.
    pub anchor: String,
}

/// Some of a message's canonical text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The message.
    pub message: MessageId,
    /// Where it starts, in code points.
    pub start: CharOffset,
    /// Where it ends.
    pub end: CharOffset,
}

impl Endpoint for CompareBranches {
    const METHOD: Method = Method::Get;
    type Reply = Comparison;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/comparison?original={}&other={}", self.id, self.original, self.other)
    }
}
