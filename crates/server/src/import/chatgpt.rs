//! One conversation of a ChatGPT export: all its branches, as ChatGPT shows them.
//!
//! The format is unofficial and changes, so nothing in it is taken for granted: any key may be missing or of another
//! type. Pieces of one answer (before and after a search, say) are separate nodes in the export and one bubble on the
//! screen; they become one message.

use serde_json::Value;
use time::OffsetDateTime;

use shared::messages::MessageRole;

use super::accept::Draft;
use super::branches::{Piece, Told, told};
use super::notes::Notes;
use super::{ImportError, ImportedMessage, Provenance, Tool};

use crate::conversations::MAX_CONVERSATION_BYTES;

use self::content::{has_image, has_words, render};
use self::nodes::Nodes;

mod citations;
mod content;
mod nodes;

/// Reads a conversation, which errors call `what`.
pub(super) fn conversation(what: String, value: &Value) -> Result<Draft, ImportError> {
    let Some(mapping) = value.get("mapping").and_then(Value::as_object).filter(|mapping| !mapping.is_empty()) else {
        let reason = "the part of the export that holds them (mapping) is missing or empty".to_owned();
        return Err(ImportError::NoMessages { what, reason });
    };
    let nodes = Nodes::new(mapping);
    let tree = nodes.tree(value.get("current_node").and_then(Value::as_str));
    let mut turns =
        Turns { pieces: Vec::new(), room: MAX_CONVERSATION_BYTES, hidden: 0, reasoning: 0, tool: 0, citations: 0 };
    // Of each node what was said last on the way to it.
    let mut ends = vec![None; mapping.len()];
    let order = tree.order();
    for node in &order {
        let end = tree.parent(*node).and_then(|parent| ends[parent]);
        ends[*node] = match nodes.message(*node) {
            Some(message) => turns.add(message, end),
            None => end,
        };
    }
    let mut notes = turns.notes();
    let mut is_read = vec![false; mapping.len()];
    order.iter().for_each(|node| is_read[*node] = true);
    let unread = nodes.all().filter(|node| !is_read[*node]).filter_map(|node| nodes.message(node));
    let shown = tree.way().last().and_then(|leaf| ends[*leaf]).map(|end| end.piece);
    let mut told = told(&turns.pieces, shown);
    told.left_out += unread.filter(|message| is_visible(message)).count();
    told.say(&mut notes);
    if tree.way().first().is_some_and(|first| nodes.is_orphan(*first)) {
        notes.say("The beginning may be missing: the export does not contain the message that comes before the first.");
    }
    let source = Some(provenance(value));
    let title = value.get("title").and_then(Value::as_str).map(str::to_owned);
    let Told { messages, branches, .. } = told;
    Ok(Draft { what, title, source, kind: None, messages, branches, notes })
}

/// When a conversation began.
pub(super) fn created(value: &Value) -> Option<OffsetDateTime> {
    let seconds = value.get("create_time")?.as_f64()?;
    OffsetDateTime::from_unix_timestamp(seconds as i64).ok()
}

fn provenance(value: &Value) -> Provenance {
    let text = |key| value.get(key).and_then(Value::as_str).map(|text| text.chars().take(100).collect());
    Provenance {
        tool: Tool::ChatGpt,
        id: text("conversation_id").or_else(|| text("id")),
        created: created(value),
        model: text("default_model_slug"),
    }
}

/// What ChatGPT does with a message.
enum Verdict {
    Show(MessageRole),
    /// Never shown: plumbing.
    Plumbing,
    /// Not shown, though it says something.
    Hidden,
    /// Thoughts of the model.
    Reasoning,
    /// Calls of tools and their results.
    Tool,
}

fn judge(message: &Value) -> Verdict {
    let metadata =
        |key| message.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_bool) == Some(true);
    let text = |key| message.get(key).and_then(Value::as_str);
    let role = message.get("author").and_then(|author| author.get("role")).and_then(Value::as_str);
    let kind = message.get("content").and_then(|content| content.get("content_type")).and_then(Value::as_str);
    if matches!(kind, Some("thoughts" | "reasoning_recap")) || text("channel") == Some("analysis") {
        return Verdict::Reasoning;
    }
    let hidden =
        metadata("is_visually_hidden_from_conversation") || message.get("weight").and_then(Value::as_f64) == Some(0.0);
    match role {
        Some("tool") if !hidden && has_image(message) => Verdict::Show(MessageRole::Assistant),
        Some("tool") => Verdict::Tool,
        Some("system") if !metadata("is_user_system_message") => Verdict::Plumbing,
        _ if hidden => Verdict::Hidden,
        Some("system") => Verdict::Show(MessageRole::System),
        Some("user") => Verdict::Show(MessageRole::User),
        Some("assistant") if text("recipient").is_none_or(|recipient| recipient == "all") => {
            Verdict::Show(MessageRole::Assistant)
        }
        Some("assistant") => Verdict::Tool,
        _ => Verdict::Hidden,
    }
}

fn is_visible(message: &Value) -> bool {
    matches!(judge(message), Verdict::Show(_)) && has_words(message)
}

/// The last piece of a branch.
#[derive(Clone, Copy)]
struct End {
    piece: usize,
    /// The answer that it is part of goes on with the next piece.
    unfinished: bool,
}

/// What is said in all branches, and what was left out.
struct Turns {
    pieces: Vec<Piece>,
    /// Bytes that explained citations may still take.
    room: usize,
    hidden: usize,
    reasoning: usize,
    tool: usize,
    citations: usize,
}

impl Turns {
    /// Adds a message to the branch that ends with `end`; answers its new end.
    fn add(&mut self, message: &Value, end: Option<End>) -> Option<End> {
        let role = match judge(message) {
            Verdict::Show(role) => role,
            Verdict::Plumbing => return end,
            Verdict::Hidden => {
                self.hidden += usize::from(has_words(message));
                return end;
            }
            Verdict::Reasoning => {
                self.reasoning += 1;
                return end;
            }
            Verdict::Tool => {
                self.tool += 1;
                return end;
            }
        };
        let rendered = render(message, &mut self.room);
        self.citations += rendered.citations;
        let ends = message.get("end_turn").and_then(Value::as_bool) == Some(true);
        if rendered.markdown.trim().is_empty() {
            return end;
        }
        let is_assistant = role == MessageRole::Assistant;
        let title = (role == MessageRole::System).then(|| "Custom instructions".to_owned());
        self.pieces.push(Piece {
            parent: end.map(|end| end.piece),
            joins: is_assistant && end.is_some_and(|end| end.unfinished),
            message: ImportedMessage { role, title, markdown: rendered.markdown },
        });
        Some(End { piece: self.pieces.len() - 1, unfinished: is_assistant && !ends })
    }

    fn notes(&self) -> Notes {
        let mut notes = Notes::default();
        notes.count(
            self.hidden,
            "message that ChatGPT does not show was left out",
            "messages that ChatGPT does not show were left out",
        );
        notes.count(
            self.reasoning,
            "step of the model's reasoning was left out",
            "steps of the model's reasoning were left out",
        );
        notes.count(self.tool, "tool message was left out", "tool messages were left out");
        notes.count(self.citations, "citation mark was left out", "citation marks were left out");
        notes
    }
}
