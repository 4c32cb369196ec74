//! A Word document (ECMA-376, WordprocessingML) as Markdown: headings, lists, tables, quotes, code, links, notes.
//!
//! What is uploaded may be made by anybody: parts are counted while they are unpacked, the XML is read as a row of events
//! (nothing is nested here, however deep the file is), entities are the five of XML alone.

use std::{collections::HashMap, fmt::Write as _};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

use super::{
    ImportError, ImportedConversation,
    accept::{Draft, accept},
    error::grouped,
    limits::{DOCX, TEXT_BYTES},
    notes::Notes,
    turns, unzip,
};

mod body;
mod styles;

/// Reads the document `bytes`, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let parts = parts(file, bytes)?;
    let broken = |reason: String| ImportError::BrokenDocument { file: file.to_owned(), reason };
    let part = |name: &str| parts.get(name).map(String::as_str);
    let main = main_part(&parts);
    let document = part(&main).ok_or_else(|| broken("there is no Word document in it".to_owned()))?;
    let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
    let beside = |name: &str| part(&format!("{folder}/{name}")).unwrap_or_default();
    let xml = |part: &str, error: quick_xml::Error| broken(format!("the XML of {part} is damaged ({error})"));

    let styles = styles::read(beside("styles.xml"), beside("numbering.xml")).map_err(|e| xml("its styles", e))?;
    let links = links(beside(&format!("_rels/{name}.rels"))).map_err(|e| xml("its links", e))?;
    let read = body::read(document, &styles, &links).map_err(|e| xml("its text", e))?;
    let too_long = || ImportError::DocumentTooLarge {
        file: file.to_owned(),
        reason: format!("it has more than {} bytes of text", grouped(TEXT_BYTES)),
    };
    let mut markdown = read.markdown.ok_or_else(too_long)?;
    let mut notes = Notes::default();
    for (ids, part, what) in
        [(&read.footnotes, "footnotes.xml", "footnotes"), (&read.endnotes, "endnotes.xml", "endnotes")]
    {
        let texts = body::notes(beside(part), &styles).map_err(|e| xml(&format!("its {what}"), e))?;
        list(&mut markdown, ids, &texts).ok_or_else(too_long)?;
    }
    if markdown.trim().is_empty() {
        return Err(ImportError::Empty(format!("{file} has no words in it")));
    }
    let noted = read.footnotes.len() + read.endnotes.len();
    notes.count(noted, "note stands at the end of the text", "notes stand at the end of the text");
    let comments = comments(beside("comments.xml")).map_err(|e| xml("its comments", e))?;
    notes.count(comments, "comment in the file was left out", "comments in the file were left out");
    notes.count(read.pictures, "picture or drawing was left out", "pictures and drawings were left out");
    if read.is_tracked {
        notes.say("Changes that were tracked in the file are taken as accepted.");
    }
    if read.has_formulas {
        notes.say("Formulas were taken as plain characters.");
    }
    let messages = turns::messages(&markdown, &mut notes)?;
    let (what, title) = (file.to_owned(), title.map(str::to_owned));
    accept(Draft { what, title, source: None, kind: Some("a Word document".into()), messages, branches: None, notes })
}

/// Puts notes at the end, by the numbers that stand in the text. `None`: the whole is too long; one note may be referred to
/// from everywhere.
fn list(markdown: &mut String, ids: &[body::Reference], texts: &HashMap<String, String>) -> Option<()> {
    for reference in ids {
        let text = texts.get(&reference.id).map_or("", |text| text.trim());
        // A string takes everything.
        let _ = write!(markdown, "\n\n[{}\\] {text}", reference.number);
        if markdown.len() > TEXT_BYTES {
            return None;
        }
    }
    Some(())
}

/// The parts that hold words, by their names.
fn parts(file: &str, bytes: &[u8]) -> Result<HashMap<String, String>, ImportError> {
    let wanted = |name: &str| {
        let ends = ["/styles.xml", "/numbering.xml", "/footnotes.xml", "/endnotes.xml", "/comments.xml", ".rels"];
        name.starts_with("word/document") || ends.iter().any(|end| name.ends_with(end))
    };
    let parts = unzip::texts(file, bytes, DOCX, |zip| {
        let named = zip.file_names().enumerate().filter_map(|(index, name)| Some((name.ok()?.into_owned(), index)));
        Ok(named.filter(|(name, _)| wanted(name) && name.len() < 200).collect())
    });
    let parts = parts.map_err(|error| match error {
        // What to do about a zip is said for exports of conversations.
        ImportError::BrokenZip { file, reason } => ImportError::BrokenDocument { file, reason },
        ImportError::EncryptedZip { file, .. } => {
            ImportError::BrokenDocument { file, reason: "it is protected by a password".to_owned() }
        }
        ImportError::ZipBomb { file, reason } => ImportError::DocumentTooLarge { file, reason },
        ImportError::TooManyEntries { file, limit } => {
            ImportError::DocumentTooLarge { file, reason: format!("it holds more than {} parts", grouped(limit)) }
        }
        other => other,
    })?;
    Ok(parts.into_iter().collect())
}

/// The part that the package calls its document.
fn main_part(parts: &HashMap<String, String>) -> String {
    let named = || {
        let mut reader = Reader::from_str(parts.get("_rels/.rels")?);
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) | Event::Empty(start)
                    if attribute(&start, "Type").is_some_and(|kind| kind.ends_with("/officeDocument")) =>
                {
                    return Some(attribute(&start, "Target")?.trim_start_matches('/').to_owned());
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    };
    named().unwrap_or_else(|| "word/document.xml".to_owned())
}

/// Addresses of links, by their ids.
fn links(xml: &str) -> Result<HashMap<String, String>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut links = HashMap::new();
    loop {
        match reader.read_event()? {
            Event::Start(start) | Event::Empty(start)
                if attribute(&start, "Type").is_some_and(|kind| kind.ends_with("/hyperlink")) =>
            {
                if let (Some(id), Some(target)) = (attribute(&start, "Id"), attribute(&start, "Target")) {
                    links.insert(id, target);
                }
            }
            Event::Eof => return Ok(links),
            _ => {}
        }
    }
}

fn comments(xml: &str) -> Result<usize, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut count = 0;
    loop {
        match reader.read_event()? {
            Event::Start(start) if start.local_name().as_ref() == "comment" => count += 1,
            Event::Eof => return Ok(count),
            _ => {}
        }
    }
}

/// An attribute by its name without the prefix.
fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|own| own.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// Whether a property that is switched on by being there is on.
fn is_on(start: &BytesStart) -> bool {
    !matches!(attribute(start, "val").as_deref(), Some("0" | "false" | "off" | "none"))
}

/// What an event adds to a text.
fn words(event: &Event) -> Option<String> {
    match event {
        Event::Text(part) => Some(part.to_string()),
        Event::CData(part) => Some(part.to_string()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(c)) => Some(c.to_string()),
            _ => resolve_predefined_entity(reference).map(str::to_owned),
        },
        _ => None,
    }
}
