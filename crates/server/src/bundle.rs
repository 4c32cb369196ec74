//! The lossless bundle: a conversation with its document in one zip (`.grimoire`), written by the export and read by the
//! import (`docs/ARCHITECTURE.md` describes the format).
//!
//! Nothing in a bundle is believed. Its document goes through all that an update from the network goes through, is held to
//! the schema, and is then written anew under ids of ours: the bytes that somebody brings are never stored. **Whoever wrote
//! in it is no user here**, also if one has that id: anybody can write any name into a file. They stand by their names, as
//! imported (`authors::imported`).

mod read;
mod store;
mod write;

use serde::{Deserialize, Serialize};
use shared::{
    api::{MessageState, Reason, Usage},
    ids::{ConversationId, MessageId, UserId},
    messages::MessageRole,
};

pub use read::{Bundle, ENDING, is_one, read};
pub use store::store;
pub use write::{Contents, write};

/// What a manifest calls the format.
const FORMAT: &str = "promptgrimoire-bundle";

/// Its version: raised when an older server could misread it.
const VERSION: u32 = 1;

/// The first part, which names the others.
const MANIFEST: &str = "manifest.json";
/// [`Messages`].
const MESSAGES: &str = "messages.json";
/// [`Person`]s: those whom the other parts name.
const PEOPLE: &str = "people.json";
/// The document, one Yjs update (v1).
const DOCUMENT: &str = "document.yjs";
/// What the document says, for people and programs; an import reads the document.
const ANNOTATIONS: &str = "annotations.json";

/// All of them, in their order behind the manifest.
const PARTS: [&str; 4] = [MESSAGES, PEOPLE, DOCUMENT, ANNOTATIONS];

/// What the bundle is, and the sums of its parts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// [`FORMAT`].
    format: String,
    version: u32,
    /// What made it.
    generator: String,
    /// RFC 3339.
    made_at: String,
    /// The address of the conversation's page there.
    source: String,
    /// Its id there.
    conversation: ConversationId,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    bytes: u64,
    /// In lower-case hexadecimal.
    sha256: String,
}

/// The conversation, all branches of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Messages {
    title: String,
    /// The end of the branch that was last written in; nothing if the messages stand in one row.
    leaf: Option<MessageId>,
    /// In their order: each stands behind the one that it follows.
    #[serde(deserialize_with = "read::bounded::<_, Message, { crate::import::MESSAGES }>")]
    messages: Vec<Message>,
}

/// A message, as it was stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    id: MessageId,
    parent: Option<MessageId>,
    role: MessageRole,
    title: Option<String>,
    markdown: String,
    /// The canonical text in which the targets of the document count, made by the renderer of that version.
    text: String,
    renderer: i16,
    state: MessageState,
    author: Option<UserId>,
    model: Option<String>,
    usage: Option<Usage>,
    reason: Option<Reason>,
    /// RFC 3339.
    created_at: String,
}

/// Somebody, as whoever made the bundle may call them: by the pseudonym, where the conversation is anonymous.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: UserId,
    name: String,
}
