//! Why something could not be brought in, for the person: what, where, and what to do.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use shared::messages::MessageRole;

/// Why nothing was imported. The text is for the person; [`ImportError::code`] is for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ImportError {
    /// No text at all, or only white space.
    #[error("There is nothing to import: {0}. Paste a conversation or choose a file that holds one.")]
    Empty(String),

    /// The whole of what was brought in is over its limit.
    #[error("{what} is too large: {} bytes, and at most {} bytes ({}) can be imported. {advice}", grouped(*.size), grouped(*.limit), unit(*.limit))]
    TooLarge {
        /// "The pasted text", "The file export.zip".
        what: String,
        /// Bytes that were given.
        size: usize,
        /// Bytes that are allowed.
        limit: usize,
        /// What to do instead.
        advice: Cow<'static, str>,
    },

    /// The title that the person gave is over its limit. One that an export gives is shortened instead, with a note.
    #[error(
        "The title is too long: it has {chars} characters, and at most {limit} fit. Shorten it, or leave it empty."
    )]
    TitleTooLong {
        /// Unicode code points, as one line.
        chars: usize,
        /// Those that are allowed.
        limit: usize,
    },

    /// The bytes are not text in an encoding that is read.
    #[error(
        "{file} is not valid {encoding} text: the byte at offset {offset} does not belong there. Save the file as UTF-8 and try again."
    )]
    NotUtf8 {
        /// The file's name.
        file: String,
        /// "UTF-8" or, where the file's mark says so, "UTF-16".
        encoding: Cow<'static, str>,
        /// From the start of the file, counted from 0.
        offset: usize,
    },

    /// A file of a known kind that is not read (PDF, Word, pictures).
    #[error("{file} is {kind}, and this kind of file cannot be imported yet. {advice}")]
    UnsupportedFile {
        /// The file's name.
        file: String,
        /// With its article: "a PDF document".
        kind: Cow<'static, str>,
        /// What to do instead.
        advice: Cow<'static, str>,
    },

    /// JSON that ends early or is malformed.
    #[error("{file} cannot be read at line {line}, column {column}: {reason}. Export or download it again.")]
    BrokenJson {
        /// The file's name, or the conversation within it.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        reason: Cow<'static, str>,
    },

    /// JSON nested deeper than any export is.
    #[error("{0} cannot be read: its JSON is nested more than 127 levels deep, which no export of a conversation is.")]
    TooDeep(String),

    /// A page or document that is larger, deeper or more tangled than any that is read.
    #[error("{file} cannot be read: {reason}. Copy the part that you need and paste it instead.")]
    DocumentTooLarge {
        /// The file's name.
        file: String,
        /// Which limit it broke.
        reason: String,
    },

    /// A PDF of scanned pages.
    #[error(
        "{file} holds pictures of pages, and no text that could be marked. Let a program for text recognition (OCR) add it, or type what you need."
    )]
    NoText {
        /// The file's name.
        file: String,
    },

    /// A document that is damaged, or only calls itself one.
    #[error("{file} cannot be read: {reason}. Open it and save it again, or copy its text and paste that instead.")]
    BrokenDocument {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },

    /// One conversation's JSON is larger than it may be.
    #[error("{what} is too large to be read: it has more than {limit} {unit}.")]
    ConversationTooLarge {
        /// Which conversation.
        what: String,
        /// How many are allowed.
        limit: String,
        /// Of what: "bytes", "JSON values".
        unit: Cow<'static, str>,
    },

    /// JSON, but of no export that is known.
    #[error(
        "{file} is not an export that can be read: {seen}. Choose the conversations.json, or the whole zip, of a ChatGPT or Claude export."
    )]
    UnknownFormat {
        /// The file's name.
        file: String,
        /// What it holds instead.
        seen: String,
    },

    /// Annotations, of ours or of another tool: they belong to a conversation that is there.
    #[error(
        "{file} holds annotations and no conversation. Open the conversation that they belong to, and choose “Bring annotations in” in its menu of formats."
    )]
    Annotations {
        /// The file's name.
        file: String,
    },

    /// An export or a zip without conversations.
    #[error("There are no conversations in {file}: {seen}.")]
    NoConversations {
        /// The file's name.
        file: String,
        /// What it holds instead.
        seen: String,
    },

    /// An export with more conversations than are listed.
    #[error("{file} holds more than {limit} conversations. Export fewer, or split the file.")]
    TooManyConversations {
        /// The file's name.
        file: String,
        /// How many are allowed.
        limit: usize,
    },

    /// The conversation chosen is not in the export.
    #[error("There is no conversation number {number} in this export: it holds {count}.")]
    NoSuchConversation {
        /// From 1, as people count.
        number: usize,
        /// How many there are.
        count: usize,
    },

    /// A conversation of which nothing is left to read.
    #[error("{what} has no messages to read: {reason}.")]
    NoMessages {
        /// Which conversation.
        what: String,
        /// Why.
        reason: String,
    },

    /// More messages than a conversation may have.
    #[error("The conversation has {count} messages, and at most {limit} can be imported. Split it into several.")]
    TooManyMessages {
        /// How many it has.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },

    /// One message is longer than a message may be.
    #[error("Message {number} ({}) is too long: {} bytes, and a message may have at most {} bytes ({}). Shorten it or split it into several.", .role.as_str(), grouped(*.size), grouped(*.limit), unit(*.limit))]
    MessageTooLarge {
        /// From 1, among the messages that would be imported.
        number: usize,
        /// Whose message.
        role: MessageRole,
        /// Bytes of UTF-8, after line ends are made alike.
        size: usize,
        /// Bytes that are allowed.
        limit: usize,
    },

    /// A zip that cannot be unpacked, or a file that only calls itself one.
    #[error("{file} cannot be unpacked: {reason}. Download the export again, or choose the conversations.json in it.")]
    BrokenZip {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A file of a zip that cannot be unpacked; others of it can perhaps.
    #[error("{entry} in {file} cannot be unpacked: {reason}. Download the export again.")]
    BrokenEntry {
        /// The zip's name.
        file: String,
        /// Which file of it.
        entry: String,
        /// What is wrong with that.
        reason: String,
    },

    /// A zip with a password.
    #[error("{file} is protected by a password ({entry}). Unpack it and choose the conversations.json in it.")]
    EncryptedZip {
        /// The file's name.
        file: String,
        /// The entry that needs the password.
        entry: String,
    },

    /// A zip that unpacks to far more than it should.
    #[error("{file} was not unpacked: {reason}. Choose the conversations.json itself, or export fewer conversations.")]
    ZipBomb {
        /// The file's name.
        file: String,
        /// Which limit it broke, and where.
        reason: String,
    },

    /// A bundle of ours that is damaged, forged, or of another version.
    #[error("{file} cannot be imported. {part}: {reason}. Nothing was stored.")]
    BadBundle {
        /// The file's name.
        file: String,
        /// Which part of it.
        part: String,
        /// What is wrong there.
        reason: String,
    },

    /// A zip with more entries than are looked at.
    #[error("{file} holds more than {} files, too many to look through. Unpack it and choose the conversations.json in it.", grouped(*.limit))]
    TooManyEntries {
        /// The file's name.
        file: String,
        /// How many are allowed.
        limit: usize,
    },
}

impl ImportError {
    /// A stable word for programs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::TitleTooLong { .. } => "title_too_long",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::UnsupportedFile { .. } => "unsupported_file",
            Self::BrokenJson { .. } => "broken_json",
            Self::TooDeep(_) => "too_deep",
            Self::DocumentTooLarge { .. } => "document_too_large",
            Self::NoText { .. } => "no_text",
            Self::BrokenDocument { .. } => "broken_document",
            Self::ConversationTooLarge { .. } => "conversation_too_large",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::Annotations { .. } => "annotations",
            Self::NoConversations { .. } => "no_conversations",
            Self::TooManyConversations { .. } => "too_many_conversations",
            Self::NoSuchConversation { .. } => "no_such_conversation",
            Self::NoMessages { .. } => "no_messages",
            Self::TooManyMessages { .. } => "too_many_messages",
            Self::MessageTooLarge { .. } => "message_too_large",
            Self::BrokenZip { .. } | Self::BrokenEntry { .. } => "broken_zip",
            Self::EncryptedZip { .. } => "encrypted_zip",
            Self::ZipBomb { .. } => "zip_bomb",
            Self::BadBundle { .. } => "bad_bundle",
            Self::TooManyEntries { .. } => "too_many_entries",
        }
    }

    /// Whether the answer is "too much" (413) rather than "wrong" (400).
    pub fn is_too_much(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::DocumentTooLarge { .. }
                | Self::ConversationTooLarge { .. }
                | Self::TooManyConversations { .. }
                | Self::TooManyMessages { .. }
                | Self::MessageTooLarge { .. }
                | Self::ZipBomb { .. }
                | Self::TooManyEntries { .. }
        )
    }
}

/// `1,048,577`: a size one byte over its limit must not read like the limit.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A limit as people say it: `1 MiB`.
pub(super) fn unit(bytes: usize) -> String {
    match bytes {
        b if b >= 1 << 20 && b.is_multiple_of(1 << 20) => format!("{} MiB", b >> 20),
        b if b >= 1 << 10 && b.is_multiple_of(1 << 10) => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, unit};

    #[test]
    fn sizes_are_written_so_that_one_byte_too_many_shows() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_048_577), "1,048,577");
        assert_eq!(unit(1 << 20), "1 MiB");
        assert_eq!(unit(200 << 20), "200 MiB");
        assert_eq!(unit(1 << 16), "64 KiB");
        assert_eq!(unit(7), "7 bytes");
    }
}
