//! What this program itself wrote, other than a bundle: a conversation as the API answers it, and sets of annotations.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use shared::{api::MessageState, messages::MessageRole};

use super::{
    ImportError, ImportedConversation, ImportedMessage,
    accept::{Draft, accept},
    json,
    notes::Notes,
};

/// What a JSON text of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `GET /api/v1/conversations/{id}`.
    Conversation,
    /// Web Annotations, ours or another tool's.
    Annotations,
}

/// The kind of a JSON text, by the keys that only these have; nothing else of it is built.
pub(super) fn kind(text: &str) -> Option<Kind> {
    #[derive(Deserialize)]
    struct Keys<'a> {
        author_id: Option<IgnoredAny>,
        revision: Option<IgnoredAny>,
        messages: Option<IgnoredAny>,
        #[serde(rename = "@context")]
        context: Option<IgnoredAny>,
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
    }
    // A list would be read as the fields in order.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let keys: Keys<'_> = serde_json::from_str(text).ok()?;
    let sets = ["AnnotationCollection", "AnnotationPage", "AnnotationSet", "Annotation"];
    match keys {
        Keys { author_id: Some(_), revision: Some(_), messages: Some(_), .. } => Some(Kind::Conversation),
        Keys { context: Some(_), kind: Some(name), .. } if sets.contains(&name.get().trim_matches('"')) => {
            Some(Kind::Annotations)
        }
        _ => None,
    }
}

/// A conversation as the API answers it.
#[derive(Deserialize)]
struct Answer {
    title: String,
    messages: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    role: MessageRole,
    title: Option<String>,
    markdown: String,
    #[serde(default)]
    state: MessageState,
    #[serde(default)]
    files: Vec<IgnoredAny>,
    #[serde(default)]
    siblings: Vec<IgnoredAny>,
}

/// Reads such a conversation, which errors call `file`.
pub(super) fn conversation(file: &str, text: &str, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let Answer { title: own, messages } = serde_json::from_str(text).map_err(|error| json::broken(file, &error))?;
    let mut notes = Notes::default();
    notes.say("What people annotated is not in this file: it comes along in the export “Everything, to import again”.");
    notes.count(
        messages.iter().map(|message| message.files.len()).sum(),
        "file that was sent along is not in it",
        "files that were sent along are not in it",
    );
    if messages.iter().any(|message| message.siblings.len() > 1) {
        notes.say("Its other branches are not in this file.");
    }
    notes.count(
        messages.iter().filter(|message| message.state != MessageState::default()).count(),
        "message was not complete",
        "messages were not complete",
    );
    let message = |said: Said| ImportedMessage { role: said.role, title: said.title, markdown: said.markdown };
    let title = title.filter(|title| !title.trim().is_empty()).map_or(own, str::to_owned);
    accept(Draft {
        what: file.to_owned(),
        title: Some(title),
        source: None,
        kind: Some("a conversation of PromptGrimoire".into()),
        messages: messages.into_iter().map(message).collect(),
        branches: None,
        notes,
    })
}
