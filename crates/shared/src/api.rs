//! The typed HTTP API: one request type an endpoint, with its method, its path and its reply.
//!
//! The server answers these, the pages call them through one `call(request)`, and outside programs use the same paths
//! (`/api/v1/...`, JSON both ways, errors as RFC 9457 problems).

mod conversations;
mod notices;
mod people;
mod problem;
mod tokens;

use serde::{Serialize, de::DeserializeOwned};

pub use conversations::{
    Conversation, ConversationSummary, CreateConversation, Created, GetConversation, GetRights, ImportChoice, Imported,
    ListConversations, ListPeople, ListRefused, ListTags, Message, Person, RefusedUpdate, Share, TagSummary,
};
pub use notices::{Inbox, ListNotices, MAX_NOTICES_A_PAGE, Notice, NoticeKind, ReadNotices, Unread};
pub use people::{DevelopmentPerson, DevelopmentSignIn, GetMe, Me, SignOut};
pub use problem::Problem;
pub use tokens::{CreateToken, CreatedToken, ListTokens, RevokeToken, Token};

/// Methods that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; never changes anything.
    Get,
    /// Makes something.
    Post,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request of the API. Its serialised form is the JSON body of a `POST`; what stands in the path is skipped there.
pub trait Endpoint: Serialize {
    /// How it is sent.
    const METHOD: Method;
    /// What a success answers.
    type Reply: DeserializeOwned;

    /// The path with its parameters filled in, from `/api/v1` on.
    fn path(&self) -> String;
}

/// Where files are imported (multipart; fields `file`, `title`, `share`, `choice`), answered with [`Imported`].
pub const IMPORT_PATH: &str = "/api/v1/import";

/// An upload's size in bytes at most; more is answered with 413.
pub const MAX_UPLOAD_BYTES: usize = 25 << 20;
