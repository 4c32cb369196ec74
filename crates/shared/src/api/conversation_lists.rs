use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Share};
use crate::{access::Access, ids::ConversationId};

/// Conversations in one answer at most.
pub const MAX_CONVERSATIONS_A_PAGE: u32 = 200;

/// `GET /api/v1/conversations?of=&after=&limit=`: those the caller may see, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListConversations {
    /// Only these.
    #[serde(default)]
    pub of: Option<Shelf>,
    /// Only those after this one: the last of the answer before. What was opened last has one page only.
    #[serde(default)]
    pub after: Option<ConversationId>,
    /// 1 to [`MAX_CONVERSATIONS_A_PAGE`], which it is where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Some of somebody's conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// What they opened last, the latest first.
    Recent,
    /// Their own.
    Mine,
    /// Others', shared with a class of theirs, with their address or by a link that they came by.
    Shared,
}

impl Shelf {
    /// All of them, as they are offered.
    pub const ALL: [Self; 3] = [Self::Recent, Self::Mine, Self::Shared];

    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::Mine => "mine",
            Self::Shared => "shared",
        }
    }

    /// As people call it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Recent => "Recent",
            Self::Mine => "My work",
            Self::Shared => "Shared with me",
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Its page is `/c/{id}`.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// Its owner's name; of a copy that a group or a class works on together, that one's.
    pub owner: String,
    /// Whether the caller owns it, and it is nobody else's too.
    pub mine: bool,
    /// What the caller may do with it.
    pub access: Access,
    /// Whether the caller may give it another title.
    pub may_rename: bool,
    /// Who sees it.
    pub share: Share,
    /// How many messages it has.
    pub messages: i64,
    /// How many highlights it had at the last snapshot.
    pub highlights: i32,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

impl Endpoint for ListConversations {
    const METHOD: Method = Method::Get;
    type Reply = Vec<ConversationSummary>;

    fn path(&self) -> String {
        let of = self.of.map(|of| ["of=", of.as_str()].concat());
        let after = self.after.map(|after| ["after=", &after.to_string()].concat());
        let limit = self.limit.map(|limit| ["limit=", &limit.to_string()].concat());
        let query: Vec<String> = of.into_iter().chain(after).chain(limit).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        ["/api/v1/conversations", mark, &query.join("&")].concat()
    }
}
