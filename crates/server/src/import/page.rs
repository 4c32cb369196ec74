//! A web page, pasted or saved: its words as Markdown, its turns where it is a page of a chat.
//!
//! Pages are made by anybody. They are parsed by html5ever into a list of nodes (`dom`), within limits, and only words
//! with a few marks are read from it (`read`): no element, attribute, script or style of a page gets any further.

use std::time::Duration;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use shared::messages::MessageRole;

use self::{
    dom::{Id, Page, ROOT, TooMuch},
    platforms::Found,
    read::{LeftOut, Reader},
};
use super::{
    ImportError, ImportedConversation, ImportedMessage,
    accept::{Draft, accept, normalised},
    error::grouped,
    limits::{MESSAGE_BYTES, MESSAGES, TEXT_BYTES},
    notes::Notes,
    turns,
};

mod dom;
mod formulas;
mod mathml;
mod platforms;
mod read;

/// What a page may be.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Elements and texts. The largest known has 30,000.
    pub nodes: usize,
    /// Elements inside each other. Browsers end at 512.
    pub depth: usize,
    pub time: Duration,
}

/// The limits in force; tests use smaller ones.
pub(super) const LIMITS: Limits = Limits { nodes: 500_000, depth: 256, time: Duration::from_secs(20) };

/// Reads the page `bytes`, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    within(file, bytes, title, &LIMITS)
}

/// The same of one of which is said beside it how it is text.
pub(super) fn with_charset(
    file: &str,
    bytes: &[u8],
    charset: Option<&'static Encoding>,
    title: Option<&str>,
    mut notes: Notes,
) -> Result<ImportedConversation, ImportError> {
    let html = decoded(file, bytes, charset, &mut notes)?;
    read(file, html, title, notes, &LIMITS)
}

pub(super) fn within(
    file: &str,
    bytes: &[u8],
    title: Option<&str>,
    limits: &Limits,
) -> Result<ImportedConversation, ImportError> {
    let mut notes = Notes::default();
    let html = decoded(file, bytes, None, &mut notes)?;
    read(file, html, title, notes, limits)
}

fn read(
    file: &str,
    html: String,
    title: Option<&str>,
    notes: Notes,
    limits: &Limits,
) -> Result<ImportedConversation, ImportError> {
    let page = Page::read(&html, limits).map_err(|what| too_much(file, what, limits))?;
    drop(html);
    match platforms::find(&page) {
        Some(found) => of_platform(file, &page, &found, title, notes),
        None => plain(file, &page, title, notes),
    }
}

fn too_much(file: &str, what: TooMuch, limits: &Limits) -> ImportError {
    let reason = match what {
        TooMuch::Nodes => format!("it has more than {} elements", grouped(limits.nodes)),
        TooMuch::Depth => format!("its elements are nested more than {} deep", limits.depth),
        TooMuch::Time => format!("reading it took more than {} seconds", limits.time.as_secs()),
    };
    ImportError::DocumentTooLarge { file: file.to_owned(), reason }
}

/// The page's text: by its byte order mark, else as is said beside it, else as it says itself, else UTF-8 where it is that, else
/// Windows-1252, as browsers do.
fn decoded(
    file: &str,
    bytes: &[u8],
    beside: Option<&'static Encoding>,
    notes: &mut Notes,
) -> Result<String, ImportError> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    // Whoever reads that in ASCII is not in UTF-16.
    let said = marked.or(beside).or_else(|| said(bytes).filter(|named| ![UTF_16LE, UTF_16BE].contains(named)));
    if said == Some(REPLACEMENT) {
        let reason = "it is in an old encoding that nothing reads any more: save it as UTF-8".to_owned();
        return Err(ImportError::BrokenDocument { file: file.to_owned(), reason });
    }
    let guessed = || if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
    let (text, encoding, is_broken) = said.unwrap_or_else(guessed).decode(bytes);
    if said.is_none() && encoding == WINDOWS_1252 {
        notes.say("The page does not say how its letters are encoded: they were read as windows-1252. Look whether they are right.");
    }
    if is_broken {
        notes.say(&format!("Some bytes are no text in {}: a \u{fffd} stands in their place.", encoding.name()));
    }
    Ok(text.into_owned())
}

/// The encoding that a page names in its first kilobyte.
fn said(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(1 << 10)].to_ascii_lowercase();
    let after = |name: &[u8]| {
        let places = head.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
        let value = |(at, _)| head[at + name.len()..].trim_ascii_start().strip_prefix(b"=");
        places.filter_map(value).next()
    };
    // Pages of XML say it in their first line.
    let in_xml = head.starts_with(b"<?xml").then(|| after(b"encoding")).flatten();
    let rest = after(b"charset").or(in_xml)?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end =
        rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte)).unwrap_or(rest.len());
    Encoding::for_label(&rest[..end])
}

fn of_platform(
    file: &str,
    page: &Page,
    found: &Found,
    title: Option<&str>,
    mut notes: Notes,
) -> Result<ImportedConversation, ImportError> {
    let platform = found.platform;
    if found.turns.len() > MESSAGES {
        return Err(ImportError::TooManyMessages { count: found.turns.len(), limit: MESSAGES });
    }
    let mut reader = Reader::new(page, Some(platform), MESSAGE_BYTES);
    let mut messages = Vec::with_capacity(found.turns.len());
    let mut empty = 0;
    for (number, turn) in found.turns.iter().enumerate() {
        let speaker = reader.speaker(turn.id).filter(|speaker| !speaker.trim().is_empty());
        let markdown = reader.read(turn.id, MESSAGE_BYTES).ok_or_else(|| ImportError::MessageTooLarge {
            number: number + 1,
            role: turn.role,
            size: MESSAGE_BYTES + 1,
            limit: MESSAGE_BYTES,
        })?;
        if markdown.trim().is_empty() {
            empty += 1;
            continue;
        }
        let title = (turn.role == MessageRole::Assistant).then(|| speaker.unwrap_or_else(|| platform.name.to_owned()));
        messages.push(ImportedMessage { role: turn.role, title, markdown });
    }
    let name = platform.name;
    notes.say(&format!("The turns of a page of {name} were taken, and nothing of what stands around them."));
    notes.count(empty, "turn without any text was left out", "turns without any text were left out");
    notes.count(found.left_out, "message of a tool was left out", "messages of tools were left out");
    left_out(&reader.left_out, &mut notes);
    if let Some(caution) = platform.caution {
        notes.say(caution);
    }
    let title =
        title.filter(|title| !title.trim().is_empty()).map(str::to_owned).or_else(|| own_title(page, Some(name)));
    accept(Draft {
        what: file.to_owned(),
        title,
        source: None,
        kind: Some(platform.kind.into()),
        messages,
        branches: None,
        notes,
    })
}

fn left_out(left_out: &LeftOut, notes: &mut Notes) {
    notes.count(left_out.pictures, "picture was left out", "pictures were left out");
    notes.count(left_out.media, "video or sound was left out", "videos and sounds were left out");
    notes.count(left_out.citations, "citation mark was left out", "citation marks were left out");
    notes.count(
        left_out.formulas,
        "formula was left out: the page holds only a picture of it",
        "formulas were left out: the page holds only pictures of them",
    );
    notes.count(
        left_out.parts_of_formulas,
        "formula could not be read in full: look whether it is right",
        "formulas could not be read in full: look whether they are right",
    );
    notes.count(
        left_out.thoughts,
        "piece of the model’s thinking was left out",
        "pieces of the model’s thinking were left out",
    );
}

/// A page of anything else: the whole, or the labelled turns that stand in it.
fn plain(file: &str, page: &Page, title: Option<&str>, mut notes: Notes) -> Result<ImportedConversation, ImportError> {
    if let Some(text) = verbatim(page) {
        let messages = turns::messages(&normalised(&text), &mut notes)?;
        let (what, title) = (file.to_owned(), title.map(str::to_owned));
        return accept(Draft {
            what,
            title,
            source: None,
            kind: Some("plain text".into()),
            messages,
            branches: None,
            notes,
        });
    }
    let mut reader = Reader::new(page, None, TEXT_BYTES);
    let markdown = reader.read(body(page), TEXT_BYTES).ok_or_else(|| ImportError::DocumentTooLarge {
        file: file.to_owned(),
        reason: format!("it has more than {} bytes of text", grouped(TEXT_BYTES)),
    })?;
    if markdown.trim().is_empty() {
        return Err(ImportError::Empty(format!("{file} has no words in it")));
    }
    left_out(&reader.left_out, &mut notes);
    let messages = turns::messages(&markdown, &mut notes)?;
    let title = title.filter(|title| !title.trim().is_empty()).map(str::to_owned).or_else(|| own_title(page, None));
    accept(Draft {
        what: file.to_owned(),
        title,
        source: None,
        kind: Some("a web page".into()),
        messages,
        branches: None,
        notes,
    })
}

/// A page that is nothing but a text as it was typed: what editors copy, and what a browser makes of a text file. Its
/// Markdown is meant.
fn verbatim(page: &Page) -> Option<String> {
    let is_blank = |id: Id| matches!(page.kind(id), dom::Kind::Text(words) if words.trim().is_empty());
    let is_named = |id: Id, names: &[&str]| page.element(id).is_some_and(|own| names.contains(&own.name()));
    let mut at = ROOT;
    while !page.element(at).is_some_and(read::is_verbatim) {
        let mut inside = page.children(at).filter(|&id| !is_blank(id) && !is_named(id, &["head", "meta"]));
        at = inside.next().filter(|&id| page.element(id).is_some())?;
        if inside.next().is_some() {
            return None;
        }
    }
    let is_plain = |id: Id| page.element(id).is_none() || is_named(id, &["pre", "div", "span", "br"]);
    let is_verbatim = page.below(at).all(is_plain);
    let mut lines = String::new();
    let inner: Vec<Id> = page.children(at).collect();
    for id in inner {
        // Editors make an element of each line.
        if is_named(id, &["div", "br"]) && !lines.is_empty() && (!lines.ends_with('\n') || is_named(id, &["br"])) {
            lines.push('\n');
        }
        lines.push_str(&page.text(id));
        if is_named(id, &["div"]) {
            lines.push('\n');
        }
    }
    (is_verbatim && !lines.trim().is_empty()).then_some(lines)
}

/// Where the text of a page stands: in the one element that says so, else in all of it.
fn body(page: &Page) -> Id {
    let the_one = |is: &dyn Fn(&dom::Element) -> bool| {
        let mut found = page.below(ROOT).filter(|&id| page.element(id).is_some_and(is));
        let first = found.next()?;
        // A second that stands inside the first is a part of it.
        let inside: std::collections::HashSet<Id> = page.below(first).collect();
        found.all(|id| inside.contains(&id)).then_some(first)
    };
    the_one(&|element| element.has_class("mw-parser-output"))
        .or_else(|| the_one(&|element| element.name() == "main" || element.attribute("role") == Some("main")))
        .or_else(|| the_one(&|element| element.name() == "article"))
        .unwrap_or(ROOT)
}

/// The page's title, without the platform's name before or behind it; `None` where nothing else is in it.
fn own_title(page: &Page, platform: Option<&str>) -> Option<String> {
    let id = page.below(ROOT).find(|&id| page.element(id).is_some_and(|element| element.name() == "title"))?;
    let text = page.text(id);
    let mut title = text.trim();
    if let Some(platform) = platform {
        let dashes: &[char] = &['-', '–', '—', '|', '\\', ':', ' '];
        title = title.strip_prefix(platform).map_or(title, |rest| rest.trim_start_matches(dashes));
        title = title.strip_suffix(platform).map_or(title, |rest| rest.trim_end_matches(dashes));
    }
    (!title.is_empty()).then(|| title.to_owned())
}
