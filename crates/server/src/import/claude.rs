//! One conversation of a Claude export: the branch that was last seen, with the texts of attachments.

use std::collections::HashMap;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use shared::messages::MessageRole;

use super::accept::Draft;
use super::notes::Notes;
use super::tree::branch;
use super::{ImportError, ImportedMessage, Provenance, Tool};

use self::content::{Left, render};

mod content;

/// Reads a conversation, which errors call `what`.
pub(super) fn conversation(what: String, value: &Value) -> Result<Draft, ImportError> {
    let Some(all) = value.get("chat_messages").and_then(Value::as_array).filter(|all| !all.is_empty()) else {
        let reason = "the list that holds them (chat_messages) is missing or empty".to_owned();
        return Err(ImportError::NoMessages { what, reason });
    };
    let order = order(value, all);
    let mut left = Left::default();
    let messages = order.iter().map(|&message| read(message, &mut left)).collect();
    let mut notes = left.notes();
    branches(&mut notes, all.len() - order.len());
    let title = value.get("name").and_then(Value::as_str).map(str::to_owned);
    Ok(Draft { what, title, source: Some(provenance(value)), kind: None, messages, notes })
}

/// When a conversation began.
pub(super) fn created(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.get("created_at")?.as_str()?, &Rfc3339).ok()
}

fn branches(notes: &mut Notes, count: usize) {
    notes.count(
        count,
        "message of another branch (an edit or a retried answer) was left out",
        "messages of other branches (edits and retried answers) were left out",
    );
}

fn provenance(value: &Value) -> Provenance {
    let text = |key| value.get(key).and_then(Value::as_str).map(|text| text.chars().take(100).collect());
    Provenance { tool: Tool::Claude, id: text("uuid"), created: created(value), model: text("model") }
}

/// The messages to read: the branch of the current leaf where the export says which it is, else all in their order.
fn order<'a>(conversation: &'a Value, all: &'a [Value]) -> Vec<&'a Value> {
    let text = |value: &'a Value, key| value.get(key).and_then(Value::as_str);
    let by_id: HashMap<&str, &Value> =
        all.iter().filter_map(|message| Some((text(message, "uuid")?, message))).collect();
    let has_parents = all.iter().any(|message| text(message, "parent_message_uuid").is_some());
    let leaf = text(conversation, "current_leaf_message_uuid").filter(|leaf| has_parents && by_id.contains_key(leaf));
    let Some(leaf) = leaf else {
        return all.iter().collect();
    };
    // The first message's parent is an id of zeros that no message has.
    let parent = |id: &str| text(by_id.get(id)?, "parent_message_uuid").filter(|parent| by_id.contains_key(parent));
    branch(leaf, parent).into_iter().filter_map(|id| by_id.get(id).copied()).collect()
}

fn read(message: &Value, left: &mut Left) -> ImportedMessage {
    let sender = message.get("sender").and_then(Value::as_str).unwrap_or_default();
    let (role, title) = match sender {
        "human" | "user" => (MessageRole::User, None),
        "assistant" => (MessageRole::Assistant, None),
        "system" => (MessageRole::System, None),
        // Kept under its own name rather than put into somebody's mouth.
        other => (MessageRole::Source, Some(other.to_owned())),
    };
    ImportedMessage { role, title, markdown: render(message, left) }
}
