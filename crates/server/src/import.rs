//! What is brought in: pasted text, files, exports of other tools.
//!
//! This half is pure, but for documents of strangers, which are read in a process of their own (`apart`): bytes or text go
//! in, conversations or one clear error come out. Nothing is half accepted, nothing is written anywhere, and no header, size
//! or nesting that the input claims is believed. Reading a large export takes seconds of CPU and several times its size in
//! memory, so callers run it on a blocking thread, few at a time.
//!
//! The way through: `file` looks at the kind, unpacks and decodes; `text` finds labelled turns; an `Archive` lists
//! the conversations of an export and reads the one that is chosen. All of them end in `accept`, which keeps the limits.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use shared::messages::MessageRole;

use crate::bundle::{self, Bundle};

pub(crate) use self::accept::{normalised, without_outer_blank_lines};
pub use self::archive::{Archive, Listed};
pub use self::branches::Branches;
pub use self::error::ImportError;
pub use self::limits::{MESSAGE_BYTES, MESSAGES, PASTE_BYTES, TITLE_CHARS, UPLOAD_BYTES};
pub(crate) use self::title::given as given_title;
pub use self::title::typed as typed_title;

mod accept;
/// Documents, in a process of their own.
pub mod apart;
mod archive;
mod branches;
mod chatgpt;
mod claude;
pub(crate) mod decode;
mod docx;
mod error;
mod fence;
mod json;
mod labels;
mod limited;
pub(crate) mod limits;
mod marks;
mod mhtml;
mod notes;
mod own;
mod page;
mod parts;
mod pdf;
mod pieces;
mod several;
mod title;
mod tree;
mod turns;
pub(crate) mod unzip;
mod written;

/// `POST /api/v1/import`.
pub mod upload;

#[cfg(test)]
mod tests;

/// A conversation as it will be stored, within every limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedConversation {
    /// One line, at most [`TITLE_CHARS`] characters, never empty.
    pub title: String,
    /// The tool it was exported from; `None` for a text, or a document.
    #[serde(skip)]
    pub source: Option<Provenance>,
    /// What was read, with its article (`a page of ChatGPT`), where that was found out.
    pub kind: Option<Cow<'static, str>>,
    /// At least one, at most [`MESSAGES`]; none is blank.
    pub messages: Vec<ImportedMessage>,
    /// How they follow each other, where they are more than one row.
    pub branches: Option<Branches>,
    /// What was left out or changed, a sentence each, for the person.
    pub notes: Vec<String>,
}

/// One message, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedMessage {
    /// Who speaks.
    pub role: MessageRole,
    /// The speaker's own name where it says more than the role (`Claude`), or what the text is.
    pub title: Option<String>,
    /// At most [`MESSAGE_BYTES`]; lines end in `\n`, no NUL, no blank lines around it.
    pub markdown: String,
}

/// Where a conversation comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The tool that wrote the export.
    pub tool: Tool,
    /// The tool's own id of the conversation.
    pub id: Option<String>,
    /// When the conversation began.
    pub created: Option<OffsetDateTime>,
    /// The model that the export names for the whole conversation.
    pub model: Option<String>,
}

/// A tool whose exports are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// OpenAI's ChatGPT.
    ChatGpt,
    /// Anthropic's Claude.
    Claude,
}

impl Tool {
    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChatGpt => "ChatGPT",
            Self::Claude => "Claude",
        }
    }
}

/// What a file holds.
#[derive(Debug)]
pub enum Parsed {
    /// One conversation, ready.
    One(Box<ImportedConversation>),
    /// Several: the person chooses.
    Choice(Archive),
    /// A bundle of ours, with annotations.
    Bundle(Box<Bundle>),
}

/// Reads pasted text or Markdown. Turns are recognised from labels at the start of a line (`User:`, `**Claude:**`,
/// `### Assistant`, `ChatGPT said:`); without labels of both sides the whole is one `source` message. Nothing but the
/// labels and the blank lines around a turn is dropped.
pub fn text(text: &str, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    title::check(title)?;
    if text.len() > PASTE_BYTES {
        return Err(ImportError::TooLarge {
            what: "The pasted text".to_owned(),
            size: text.len(),
            limit: PASTE_BYTES,
            advice: "Paste a part of it, or save a long conversation as a .md file and choose that.".into(),
        });
    }
    turns::conversation("The text", text, title)
}

/// Reads a file: `.txt` and `.md` as [`text`] does, a `conversations.json` of ChatGPT or Claude (told apart by what is in
/// it), a zip that holds one, a conversation as our API answers it, a document, or a bundle of ours. `title` is for a file of one conversation; [`Archive::read`] takes another. `name` is the file's own name; it decides only where the bytes do not.
pub fn file(name: &str, bytes: &[u8], title: Option<&str>) -> Result<Parsed, ImportError> {
    title::check(title)?;
    let shown = decode::shown(name);
    if bytes.is_empty() {
        return Err(ImportError::Empty(format!("{shown} is an empty file (0 bytes)")));
    }
    if bytes.len() > UPLOAD_BYTES {
        return Err(ImportError::TooLarge {
            what: format!("The file {shown}"),
            size: bytes.len(),
            limit: UPLOAD_BYTES,
            advice: "Choose the zip instead of its conversations.json, or export fewer conversations.".into(),
        });
    }
    let archive = match decode::kind(name, bytes) {
        decode::Kind::Unsupported { kind, advice } => {
            return Err(ImportError::UnsupportedFile { file: shown, kind: kind.into(), advice: advice.into() });
        }
        decode::Kind::Text => {
            let text = decode::plain(&shown, bytes)?;
            return Ok(Parsed::One(Box::new(turns::conversation(&shown, &text, title)?)));
        }
        decode::Kind::Document(kind) => {
            return Ok(Parsed::One(Box::new(apart::read(kind, &shown, bytes, title)?)));
        }
        decode::Kind::Json => {
            let text = decode::mended(&shown, bytes.to_vec())?;
            match own::kind(&text) {
                Some(own::Kind::Conversation) => {
                    return Ok(Parsed::One(Box::new(own::conversation(&shown, &text, title)?)));
                }
                Some(own::Kind::Annotations) => return Err(ImportError::Annotations { file: shown }),
                None => {}
            }
            Archive::open(&shown, vec![(shown.clone(), Ok(text))])?
        }
        decode::Kind::Zip if bundle::is_one(name, bytes) => {
            return Ok(Parsed::Bundle(Box::new(bundle::read(&shown, bytes, title)?)));
        }
        decode::Kind::Zip => Archive::open(&shown, unzip::conversations(&shown, bytes)?)?,
    };
    if archive.len() == 1 {
        return Ok(Parsed::One(Box::new(archive.read(0, title)?)));
    }
    Ok(Parsed::Choice(archive))
}
