//! A text as a conversation: its labelled turns, or the whole as one source.

use shared::messages::MessageRole;

use super::accept::{Draft, accept, normalised, without_outer_blank_lines};
use super::limits::MESSAGES;
use super::marks::{bodies, marks};
use super::notes::Notes;
use super::{ImportError, ImportedConversation, ImportedMessage};

/// What stands before the first label is kept under this title.
const BEFORE: &str = "Before the conversation";

/// Reads `text`, which errors call `what`.
pub(super) fn conversation(what: &str, text: &str, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let text = normalised(text);
    if text.trim().is_empty() {
        return Err(ImportError::Empty(format!("{what} has no words in it")));
    }
    let mut notes = Notes::default();
    let messages = messages(&text, &mut notes)?;
    accept(Draft {
        what: what.to_owned(),
        title: title.map(str::to_owned),
        source: None,
        kind: None,
        messages,
        branches: None,
        notes,
    })
}

pub(super) fn messages(text: &str, notes: &mut Notes) -> Result<Vec<ImportedMessage>, ImportError> {
    let marks = marks(text);
    let Some(first) = marks.first() else {
        return Ok(vec![source(text, None)]);
    };
    // Said before the turns are copied, so that a text of a million labels costs nothing.
    if marks.len() > MESSAGES {
        return Err(ImportError::TooManyMessages { count: marks.len(), limit: MESSAGES });
    }
    let mut messages = Vec::with_capacity(marks.len() + 1);
    let before = &text[..first.start];
    if !before.trim().is_empty() {
        messages.push(source(before, Some(BEFORE)));
    }
    let mut empty = 0;
    for (mark, body) in bodies(text, &marks) {
        if body.trim().is_empty() {
            empty += 1;
            continue;
        }
        messages.push(ImportedMessage {
            role: mark.label.role,
            title: mark.label.title.map(str::to_owned),
            markdown: without_outer_blank_lines(body).to_owned(),
        });
    }
    notes.count(empty, "turn without any text was left out", "turns without any text were left out");
    Ok(messages)
}

fn source(text: &str, title: Option<&str>) -> ImportedMessage {
    let markdown = without_outer_blank_lines(text).to_owned();
    ImportedMessage { role: MessageRole::Source, title: title.map(str::to_owned), markdown }
}
