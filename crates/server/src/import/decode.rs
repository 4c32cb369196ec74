//! What kind of file it is, and its bytes as text.

use super::ImportError;
use super::error::ImportError::UnsupportedFile;
use super::{apart, json, own};

/// What to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain text or Markdown.
    Text,
    /// JSON.
    Json,
    /// A zip.
    Zip,
    /// What is read in a process of its own.
    Document(apart::Kind),
    /// A kind that is known and not read.
    Unsupported {
        /// With its article.
        kind: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
}

const COPY: &str = "Open it, copy the text and paste it instead.";
const SAVE: &str = "Save it as plain text (.txt) or Markdown (.md), or paste its text instead.";
const RESAVE: &str = "Save it as Word document (.docx) without a password, or paste its text instead.";
const UNPACK: &str = "Unpack it and choose the file in it.";
const WRITE: &str = "Only text can be imported: write or paste what it says.";

const WORD: Kind = Kind::Unsupported { kind: "a document of another kind than .docx", advice: RESAVE };
const OFFICE: Kind = Kind::Unsupported { kind: "an older Office document, or one with a password", advice: RESAVE };
const RTF: Kind = Kind::Unsupported { kind: "a rich text (RTF) document", advice: SAVE };
const SHEET: Kind = Kind::Unsupported { kind: "a spreadsheet", advice: SAVE };
const SLIDES: Kind = Kind::Unsupported { kind: "a presentation", advice: COPY };
const BOOK: Kind = Kind::Unsupported { kind: "an e-book", advice: COPY };
const WEB_ARCHIVE: Kind =
    Kind::Unsupported { kind: "a web archive of Safari", advice: "Save the page as HTML (page source) instead." };
const PICTURE: Kind = Kind::Unsupported { kind: "a picture", advice: WRITE };
const SOUND: Kind = Kind::Unsupported { kind: "a sound or video file", advice: WRITE };
const PACKED: Kind = Kind::Unsupported { kind: "an archive other than a zip", advice: UNPACK };

/// First bytes that tell a kind whatever the file is called.
const SIGNATURES: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Document(apart::Kind::Pdf)),
    (b"{\\rtf", RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OFFICE),
    (b"\x89PNG\r\n\x1a\n", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF87a", PICTURE),
    (b"GIF89a", PICTURE),
    (b"\x1f\x8b", PACKED),
    (b"7z\xbc\xaf\x27\x1c", PACKED),
    (b"Rar!\x1a\x07", PACKED),
    (b"\xfd7zXZ\0", PACKED),
    (b"ID3", SOUND),
    (b"OggS", SOUND),
];

/// The kind of a file: by its bytes where they are plain, else by its name, else text.
pub(super) fn kind(name: &str, bytes: &[u8]) -> Kind {
    let extension = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let named = named(&extension);
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        // Office documents are zips too.
        return named
            .filter(|kind| matches!(kind, Kind::Unsupported { .. } | Kind::Document(apart::Kind::Docx)))
            .unwrap_or(Kind::Zip);
    }
    // A RIFF or MP4 file names its kind a few bytes in.
    match (bytes.get(..4), bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => return PICTURE,
        (Some(b"RIFF"), _, Some(b"WAVE" | b"AVI ")) => return SOUND,
        (_, Some(b"ftyp"), Some(b"heic" | b"heix" | b"mif1" | b"avif")) => return PICTURE,
        (_, Some(b"ftyp"), _) => return SOUND,
        _ => {}
    }
    if let Some(&(_, kind)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return kind;
    }
    // Saved under another name, it is none the less.
    if is_web_archive(bytes) && !matches!(&*extension, "md" | "markdown" | "json") {
        return Kind::Document(apart::Kind::WebArchive);
    }
    named.unwrap_or_else(|| looks(bytes))
}

fn named(extension: &str) -> Option<Kind> {
    Some(match extension {
        "txt" | "text" | "md" | "markdown" => Kind::Text,
        "json" | "jsonld" => Kind::Json,
        "zip" | "grimoire" => Kind::Zip,
        "pdf" => Kind::Document(apart::Kind::Pdf),
        "docx" | "docm" => Kind::Document(apart::Kind::Docx),
        "doc" | "odt" | "pages" => WORD,
        "rtf" => RTF,
        "xls" | "xlsx" | "ods" | "numbers" => SHEET,
        "ppt" | "pptx" | "odp" | "key" => SLIDES,
        "epub" | "mobi" => BOOK,
        "html" | "htm" | "xhtml" => Kind::Document(apart::Kind::Page),
        "mhtml" | "mht" => Kind::Document(apart::Kind::WebArchive),
        "webarchive" => WEB_ARCHIVE,
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "heic" | "avif" | "bmp" | "tif" | "tiff" | "svg" => PICTURE,
        "mp3" | "m4a" | "wav" | "ogg" | "mp4" | "mov" | "avi" | "webm" => SOUND,
        "gz" | "tgz" | "7z" | "rar" | "tar" | "xz" | "bz2" => PACKED,
        _ => return None,
    })
}

/// Whether it begins as Chrome and Edge begin one.
fn is_web_archive(bytes: &[u8]) -> bool {
    const HEAD: &[u8] = b"from: <saved by ";
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    start.get(..HEAD.len()).is_some_and(|head| head.eq_ignore_ascii_case(HEAD))
}

/// The kind of a file whose name says nothing.
fn looks(bytes: &[u8]) -> Kind {
    let start = bytes.trim_ascii_start();
    let tag = |tag: &[u8]| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag));
    match start.first() {
        Some(b'<') if tag(b"<!doctype html") || tag(b"<html") => Kind::Document(apart::Kind::Page),
        // `[` also begins a Markdown link, `{` a sentence in TeX: only what holds conversations is taken for an export.
        Some(b'[' | b'{') if std::str::from_utf8(bytes).is_ok_and(is_export) => Kind::Json,
        _ => Kind::Text,
    }
}

/// Whether it is JSON that is read.
fn is_export(text: &str) -> bool {
    json::holds_conversations(text) || own::kind(text).is_some()
}

/// The bytes of a text file as text; bytes that belong to no text are an error.
pub(crate) fn plain(file: &str, bytes: &[u8]) -> Result<String, ImportError> {
    let text = text(file, bytes)?;
    if text.contains('\0') {
        let (kind, advice) = ("a binary file, or text in an encoding that cannot be told", "Save it as UTF-8 text.");
        return Err(UnsupportedFile { file: file.to_owned(), kind: kind.into(), advice: advice.into() });
    }
    Ok(text)
}

/// The bytes as text: UTF-8 with or without a byte order mark, UTF-16 with one.
pub(super) fn text(file: &str, bytes: &[u8]) -> Result<String, ImportError> {
    if let Some(units) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(file, units, u16::from_le_bytes);
    }
    if let Some(units) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(file, units, u16::from_be_bytes);
    }
    let (mark, rest) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (3, rest),
        None => (0, bytes),
    };
    match std::str::from_utf8(rest) {
        Ok(text) => Ok(text.to_owned()),
        Err(e) => Err(not_text(file, "UTF-8", mark + e.valid_up_to())),
    }
}

/// As [`text`], without a copy in the usual case: what comes out of a zip can be 200 MiB.
pub(super) fn owned(file: &str, bytes: Vec<u8>) -> Result<String, ImportError> {
    let has_mark = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"].iter().any(|mark| bytes.starts_with(mark));
    if has_mark {
        return text(file, &bytes);
    }
    String::from_utf8(bytes).map_err(|e| not_text(file, "UTF-8", e.utf8_error().valid_up_to()))
}

/// As [`owned`], of an export: where it is text but for a byte here and there, these are replacement characters. Not more than one in
/// this many: then it is something else.
pub(super) fn mended(file: &str, bytes: Vec<u8>) -> Result<String, ImportError> {
    const BYTES_OF_ONE: usize = 1_000;
    // Most bytes of UTF-16 are UTF-8 too.
    if [&b"\xff\xfe"[..], b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark)) {
        return text(file, &bytes);
    }
    let problem = match std::str::from_utf8(&bytes) {
        Ok(_) => return owned(file, bytes),
        Err(e) => not_text(file, "UTF-8", e.valid_up_to()),
    };
    let bad = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    match bad * BYTES_OF_ONE <= bytes.len() {
        true => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        false => Err(problem),
    }
}

fn utf16(file: &str, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ImportError> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut offset = 2;
    for decoded in char::decode_utf16(units) {
        let c = decoded.map_err(|_| not_text(file, "UTF-16", offset))?;
        offset += 2 * c.len_utf16();
        text.push(c);
    }
    if bytes.len() % 2 == 1 {
        return Err(not_text(file, "UTF-16", offset));
    }
    Ok(text)
}

fn not_text(file: &str, encoding: &'static str, offset: usize) -> ImportError {
    ImportError::NotUtf8 { file: file.to_owned(), encoding: encoding.into(), offset }
}

/// A file's name as errors show it: without folders, one line, not endless.
pub(crate) fn shown(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut shown: String = base.chars().filter(|c| !c.is_control()).take(80).collect();
    if base.chars().count() > 80 {
        shown.push('…');
    }
    if shown.trim().is_empty() { "The file".to_owned() } else { shown }
}
