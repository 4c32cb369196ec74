//! The content of one Claude message as Markdown: its text, artifacts, attachments.

use std::collections::HashSet;

use serde_json::Value;

use crate::import::fence::fenced;
use crate::import::notes::Notes;
use crate::import::pieces::{append, bracketed, joined, literal};

/// What the export writes into `text` for blocks that it cannot show there.
const PLACEHOLDER: &str = "```\nThis block is not supported on your current device yet.\n```";

/// What was left out.
#[derive(Default)]
pub(super) struct Left {
    thinking: usize,
    tool: usize,
    unknown: usize,
}

impl Left {
    pub fn notes(&self) -> Notes {
        let mut notes = Notes::default();
        notes.count(
            self.thinking,
            "step of the model's thinking was left out",
            "steps of the model's thinking were left out",
        );
        notes.count(self.tool, "tool call or result was left out", "tool calls and results were left out");
        notes.count(self.unknown, "block of an unknown kind was left out", "blocks of an unknown kind were left out");
        notes
    }
}

/// A message's text, its artifacts, then what was attached to it.
pub(super) fn render(message: &Value, left: &mut Left) -> String {
    let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text = Text::default();
    for block in blocks {
        text.add(block, left);
    }
    if text.whole.trim().is_empty() {
        text.whole = message.get("text").and_then(Value::as_str).unwrap_or_default().replace(PLACEHOLDER, "");
    }
    let attached = list(message, "attachments").map(attachment);
    let names: HashSet<&str> =
        list(message, "attachments").filter_map(|attachment| attachment.get("file_name")?.as_str()).collect();
    let files = list(message, "files").filter_map(|file| file_line(file, &names));
    joined(std::iter::once(text.whole).chain(attached).chain(files))
}

/// The text so far.
#[derive(Default)]
struct Text {
    whole: String,
    /// The last block was text, so that the next may go on in the same sentence.
    in_text: bool,
}

impl Text {
    fn add(&mut self, block: &Value, left: &mut Left) {
        let text = |key| block.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "text" => return self.text(text("text")),
            "voice_note" => self.piece(text("text")),
            "thinking" | "redacted_thinking" => left.thinking += 1,
            "tool_use" => match artifact(block) {
                Some(artifact) => self.piece(&artifact),
                None => left.tool += 1,
            },
            "tool_result" => left.tool += 1,
            _ if !text("text").is_empty() => self.piece(text("text")),
            _ => left.unknown += 1,
        }
        self.in_text = false;
    }

    /// Blocks of text that follow each other bring their own white space, if any; without it they are paragraphs.
    fn text(&mut self, text: &str) {
        let has_space = self.whole.ends_with(char::is_whitespace) || text.starts_with(char::is_whitespace);
        if self.in_text && has_space {
            self.whole.push_str(text);
        } else {
            self.piece(text);
        }
        self.in_text = true;
    }

    fn piece(&mut self, piece: &str) {
        append(&mut self.whole, piece);
    }
}

/// The document that an artifact call made. To the person it was a part of the answer, often the main one.
fn artifact(block: &Value) -> Option<String> {
    let input = block.get("input").filter(|_| block.get("name").and_then(Value::as_str) == Some("artifacts"))?;
    let text = |key| input.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let content = text("content")?;
    let language = match (text("language"), text("type")) {
        (Some(language), _) => language,
        (None, Some("text/markdown")) => "markdown",
        (None, Some("text/html")) => "html",
        (None, Some("image/svg+xml")) => "svg",
        _ => "",
    };
    let title = literal(text("title").unwrap_or("Artifact"));
    Some(joined([format!("**{title}**"), fenced(language, content)]))
}

fn attachment(attachment: &Value) -> String {
    let text = |key| attachment.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = Some(text("file_name")).filter(|name| !name.is_empty()).unwrap_or("pasted text");
    let trace = bracketed("file", name);
    if text("extracted_content").trim().is_empty() {
        trace
    } else {
        joined([trace, fenced("", text("extracted_content"))])
    }
}

/// A line for a file whose bytes are not in the export, unless its text is among the attachments.
fn file_line(file: &Value, attached: &HashSet<&str>) -> Option<String> {
    let name = file.get("file_name").and_then(Value::as_str).filter(|name| !name.is_empty())?;
    let kind = if file.get("file_kind").and_then(Value::as_str) == Some("image") { "image" } else { "file" };
    (!attached.contains(name)).then(|| bracketed(kind, name))
}

fn list<'a>(message: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    message.get(key).and_then(Value::as_array).into_iter().flatten()
}
