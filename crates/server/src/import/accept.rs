//! The last step of every import: texts are made alike, blanks are dropped, limits are kept.

use std::borrow::Cow;

use shared::text::render;

use super::branches::Branches;
use super::limits::{MESSAGE_BYTES, MESSAGES};
use super::notes::Notes;
use super::{ImportError, ImportedConversation, ImportedMessage, Provenance, title};

/// A conversation as a reader found it.
pub(super) struct Draft {
    /// How errors call it: `The text`, `Conversation 3 ("Essay plan")`.
    pub what: String,
    /// The title that the person or the export gives.
    pub title: Option<String>,
    pub source: Option<Provenance>,
    /// What was read, with its article, where that was found out.
    pub kind: Option<Cow<'static, str>>,
    pub messages: Vec<ImportedMessage>,
    /// How the messages follow each other, where they are more than one row.
    pub branches: Option<Branches>,
    pub notes: Notes,
}

/// Makes of a draft what may be stored, or says what is in the way.
pub(super) fn accept(draft: Draft) -> Result<ImportedConversation, ImportError> {
    let Draft { what, title: given, source, kind, messages, branches, mut notes } = draft;
    let messages: Vec<Option<ImportedMessage>> = messages.into_iter().map(clean).collect();
    let kept: Vec<bool> = messages.iter().map(Option::is_some).collect();
    let branches = branches.and_then(|branches| branches.keep(&kept));
    let messages: Vec<ImportedMessage> = messages.into_iter().flatten().collect();
    if messages.is_empty() {
        return Err(ImportError::NoMessages { what, reason: "nothing in it is text that can be shown".to_owned() });
    }
    if messages.len() > MESSAGES {
        return Err(ImportError::TooManyMessages { count: messages.len(), limit: MESSAGES });
    }
    let row: Vec<usize> = match &branches {
        None => (0..messages.len()).collect(),
        Some(branches) => branches.shown(),
    };
    let shown = || row.iter().map(|at| &messages[*at]);
    // What would be too large beside them was left out.
    for (number, message) in (1..).zip(shown()) {
        if message.markdown.len() > MESSAGE_BYTES {
            return Err(ImportError::MessageTooLarge {
                number,
                role: message.role,
                size: message.markdown.len(),
                limit: MESSAGE_BYTES,
            });
        }
    }
    let title = match given.as_deref().and_then(title::given) {
        Some(title::Given { title, shortened }) => {
            if shortened {
                notes.say("The title was shortened to 200 characters.");
            }
            title
        }
        None => title::guessed(shown()),
    };
    Ok(ImportedConversation { title, source, kind, messages, branches, notes: notes.into_sentences() })
}

fn clean(message: ImportedMessage) -> Option<ImportedMessage> {
    let normal = normalised(&message.markdown);
    let markdown = without_outer_blank_lines(&normal);
    if markdown.is_empty() {
        return None;
    }
    let markdown = visible(markdown).into_owned();
    let title = message.title.as_deref().and_then(title::given).map(|given| given.title);
    Some(ImportedMessage { role: message.role, title, markdown })
}

/// Where there is nothing to be seen of a text, because Markdown takes each line for what a link refers to (`[user]: hello`), the same
/// as words.
fn visible(markdown: &str) -> Cow<'_, str> {
    if !markdown.trim_start().starts_with('[') || !render(markdown).text.trim().is_empty() {
        return Cow::Borrowed(markdown);
    }
    let line = |line: &str| match line.trim_start().starts_with('[') {
        true => line.replacen('[', "\\[", 1),
        false => line.to_owned(),
    };
    Cow::Owned(markdown.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// Lines end in `\n`, a byte order mark at the start is gone, and NUL, which Postgres cannot store and CommonMark
/// forbids, is the replacement character that CommonMark names for it.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains(['\r', '\0']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
}

/// Without the blank lines before and after; the spaces before the first word stay, they can mean code.
pub(crate) fn without_outer_blank_lines(text: &str) -> &str {
    let end = text.trim_end().len();
    let start = text[..end].find(|c: char| !c.is_whitespace()).unwrap_or(end);
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    &text[line..end]
}
