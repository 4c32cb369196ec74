//! Every limit of an import, in one place.

/// A pasted text, in bytes of UTF-8.
pub const PASTE_BYTES: usize = 1 << 20;
/// A file as it is uploaded.
pub const UPLOAD_BYTES: usize = 25 << 20;
/// One message's Markdown, in bytes of UTF-8, after normalisation.
pub const MESSAGE_BYTES: usize = 1 << 20;
/// Messages of one conversation.
pub const MESSAGES: usize = 5_000;
/// Characters (Unicode code points) of a title.
pub const TITLE_CHARS: usize = 200;

/// Characters of a title that is taken from a first line: enough to tell conversations apart in a list.
pub(super) const GUESSED_TITLE_CHARS: usize = 60;
/// Conversations listed of one export. The largest reported ones hold a few thousand.
pub(super) const CONVERSATIONS: usize = 50_000;
/// Bytes of one conversation's JSON.
pub(super) const CONVERSATION_BYTES: usize = 64 << 20;
/// JSON values of one conversation. A parsed value costs 32 bytes and more where the text may cost two (`0,`); with
/// about sixty values a message this is six times what the largest conversation needs, and keeps memory below 200 MB.
pub(super) const CONVERSATION_VALUES: usize = 2_000_000;

/// What a zip may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ZipLimits {
    /// Files and folders in it.
    pub entries: usize,
    /// Bytes of all that is unpacked, counted while it is unpacked.
    pub unpacked: usize,
    /// Times that an entry may grow. JSON of chats shrinks to a fifth, hardly ever to a fiftieth; deflate ends at 1,032.
    pub ratio: usize,
    /// Bytes up to which the ratio does not matter: small repetitive files are harmless.
    pub ratio_from: usize,
}

/// The limits in force; tests use smaller ones.
pub(super) const ZIP: ZipLimits = ZipLimits { entries: 10_000, unpacked: 200 << 20, ratio: 250, ratio_from: 10 << 20 };
/// Text of a page or a document that is read as a whole, in bytes of its Markdown.
pub(super) const TEXT_BYTES: usize = 16 << 20;
/// Pages of a PDF.
pub(super) const PDF_PAGES: usize = 2_000;
/// Characters of a PDF.
pub(super) const PDF_CHARS: usize = 4_000_000;
/// A Word document: its XML shrinks to a twentieth or so.
pub(super) const DOCX: ZipLimits = ZipLimits { entries: 5_000, unpacked: 96 << 20, ..ZIP };
/// A bundle has a handful of parts, and its texts stand in them twice and three times.
pub(crate) const BUNDLE: ZipLimits = ZipLimits { entries: 16, unpacked: 96 << 20, ..ZIP };
