//! Typed identifiers: UUIDv7 newtypes, so that a class is never looked up with a user's id.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a UUID in its canonical, lower-case, hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 36 characters of lower-case hexadecimal and hyphens are expected")]
pub struct InvalidId;

/// Only one spelling is accepted: ids are keys of maps in the document, where two spellings would be two keys.
fn parse(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, rising with time.
            #[expect(clippy::new_without_default, reason = "a new id differs each time, a default would not")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id of a row.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// As the database holds it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// A person.
    UserId;
    /// A class.
    ClassId;
    /// A conversation, and so a document and a room.
    ConversationId;
    /// A message of a conversation.
    MessageId;
    /// A highlight.
    HighlightId;
    /// A comment in the thread of a highlight.
    CommentId;
    /// A tag of a conversation.
    TagId;
    /// A group of tags.
    TagGroupId;
    /// A personal access token.
    TokenId;
    /// A group of members of a class.
    ClassGroupId;
    /// A link that people join a class by.
    InvitationId;
    /// A conversation shared with an address.
    ShareId;
    /// A link that lets people into a conversation.
    LinkId;
    /// A line of a class's roster that waits for its person.
    RosterEntryId;
    /// A session: somebody signed in in one browser.
    SessionId;
    /// A link that signs somebody in who cannot sign in otherwise.
    SignInLinkId;
    /// A task in a class.
    ActivityId;
    /// A line of somebody's inbox.
    NoticeId;
    /// A home for chats, prompts and files.
    ProjectId;
    /// A version of a project's prompt.
    PromptVersionId;
    /// A file of a project or of a chat.
    FileId;
    /// A file that takes a while to make.
    ExportId;
    /// What writes one reply of a model.
    RunId;
    /// An address that is told of new comments.
    WebhookId;
    /// One event on its way to a webhook.
    DeliveryId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = UserId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_spellings_of_a_uuid_are_refused() {
        let id = UserId::new().to_string();
        for text in
            [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}"), String::new()]
        {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
    }
}
