//! Messages of a conversation. Roles answer questions; nobody compares them.

use serde::{Deserialize, Serialize};

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// Instructions given to the model before the conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Nobody: a text to be read, an article, an essay.
    Source,
}

impl MessageRole {
    /// The word for it in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Source => "source",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MessageRole;

    #[test]
    fn the_word_for_a_role_is_the_same_in_json_and_in_the_database() {
        for role in [MessageRole::System, MessageRole::User, MessageRole::Assistant, MessageRole::Source] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(serde_json::from_value::<MessageRole>(role.as_str().into()).unwrap(), role);
        }
    }
}
