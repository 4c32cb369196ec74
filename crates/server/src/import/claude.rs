//! One conversation of a Claude export: all its branches, with the texts of attachments.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use shared::messages::MessageRole;

use super::accept::{Draft, normalised};
use super::branches::{Piece, Told, told};
use super::tree::Tree;
use super::{ImportError, ImportedMessage, Provenance, Tool};

use self::content::{Left, render};

mod content;

/// What the first message follows: an id that no message has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// Reads a conversation, which errors call `what`.
pub(super) fn conversation(what: String, value: &Value) -> Result<Draft, ImportError> {
    let Some(all) = value.get("chat_messages").and_then(Value::as_array).filter(|all| !all.is_empty()) else {
        let reason = "the list that holds them (chat_messages) is missing or empty".to_owned();
        return Err(ImportError::NoMessages { what, reason });
    };
    let mut left = Left::default();
    let mut read = |message: &Value| read(message, &mut left);
    let told = match leaf(value, all) {
        Some(leaf) => tree(all, leaf, &mut read),
        None => Told::row(all.iter().map(&mut read).collect()),
    };
    let mut notes = left.notes();
    told.say(&mut notes);
    let title = value.get("name").and_then(Value::as_str).map(str::to_owned);
    let Told { messages, branches, .. } = told;
    Ok(Draft { what, title, source: Some(provenance(value)), kind: None, messages, branches, notes })
}

/// When a conversation began.
pub(super) fn created(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.get("created_at")?.as_str()?, &Rfc3339).ok()
}

fn provenance(value: &Value) -> Provenance {
    let text = |key| value.get(key).and_then(Value::as_str).map(|text| text.chars().take(100).collect());
    Provenance { tool: Tool::Claude, id: text("uuid"), created: created(value), model: text("model") }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The end of the branch that was last seen, where the export says which it is. Where it does not, it is the one that was written
/// last, if each message says which of those before it it follows. Else the order of the list is all that is known.
fn leaf(conversation: &Value, all: &[Value]) -> Option<usize> {
    let has_parents = all.iter().any(|message| text(message, "parent_message_uuid").is_some());
    if !has_parents {
        return None;
    }
    if let Some(leaf) = text(conversation, "current_leaf_message_uuid") {
        return all.iter().rposition(|message| text(message, "uuid") == Some(leaf));
    }
    let mut before = HashSet::from([NOBODY]);
    let follow = all.iter().all(|message| {
        let follows = text(message, "parent_message_uuid").is_some_and(|parent| before.contains(parent));
        before.extend(text(message, "uuid"));
        follows
    });
    follow.then(|| all.len() - 1)
}

fn tree(all: &[Value], leaf: usize, read: &mut impl FnMut(&Value) -> ImportedMessage) -> Told {
    let by_id: HashMap<&str, usize> =
        all.iter().enumerate().filter_map(|(at, message)| Some((text(message, "uuid")?, at))).collect();
    // That of the first message, `NOBODY`, is none of them.
    let parents: Vec<Option<usize>> =
        all.iter().map(|message| by_id.get(text(message, "parent_message_uuid")?).copied()).collect();
    let tree = Tree::new(parents, leaf);
    let order = tree.order();
    let mut numbers = vec![None; all.len()];
    let mut pieces = Vec::with_capacity(all.len());
    for at in &order {
        let parent = tree.parent(*at).and_then(|parent| numbers[parent]);
        let message = read(&all[*at]);
        if message.markdown.trim().is_empty() {
            numbers[*at] = parent;
            continue;
        }
        numbers[*at] = Some(pieces.len());
        pieces.push(Piece { parent, joins: false, message });
    }
    let mut told = told(&pieces, numbers[leaf]);
    told.left_out += all.len() - order.len();
    told
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
    ImportedMessage { role, title, markdown: normalised(&render(message, left)).into_owned() }
}
