//! Messages of a conversation.

use serde::{Deserialize, Serialize};

/// Whose words a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// What the model was told before anybody spoke.
    System,
    /// The person who talked with the model.
    User,
    /// The model.
    Assistant,
    /// A text that is no turn of a conversation: an article, a paste.
    Source,
}

impl MessageRole {
    /// As the database and the page's attributes spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Source => "source",
        }
    }

    /// As a reader sees it.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::User => "User",
            Self::Assistant => "Assistant",
            Self::Source => "Source",
        }
    }
}
