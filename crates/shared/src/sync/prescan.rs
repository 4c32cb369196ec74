//! A linear scan of Yjs' update format v1, before a CRDT library sees the bytes.
//!
//! yrs 0.28.1 reserves memory for whatever count an update claims, recurses as deep as its values are nested (the
//! process dies of a stack overflow), and shifts and adds without checks. What passes here has counts that fit in the
//! bytes left, values nested at most 64 deep, client ids of 53 bits, and clocks that cannot overflow.
//! Two things that no current Yjs writes are refused because libraries disagree about them: lists of JSON texts
//! (content 2, which yrs reads one too far) and documents inside documents (content 9).
//!
//! The format is described in the sources of Yjs (`src/utils/encoding.js`) and lib0 (`encoding.js`).

mod outline;

use std::collections::BTreeSet;

use super::reader::{Malformed, Reader};

pub use outline::Outline;

/// How deep values may be nested.
pub const MAX_NESTING: u32 = 64;

/// How many structs an update may hold: the largest first answer, of the smallest items that typing makes.
pub const MAX_STRUCTS: u32 = 1_000_000;

/// Clocks stay below this: yrs subtracts them as signed 32-bit numbers.
const MAX_CLOCK: u32 = i32::MAX as u32;

/// The name of one unit of content: who made it, and its number among all that they made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The Yjs client id.
    pub client: u64,
    /// Counts from 0 for each client.
    pub clock: u32,
}

/// Something that an update holds, in the order of its bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part<'a> {
    /// New content, or a place for it.
    Struct(Struct<'a>),
    /// Content that is deleted: `length` units from `start`.
    Deleted {
        /// The first.
        start: Id,
        /// How many.
        length: u32,
    },
}

/// A run of units that were made together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Struct<'a> {
    /// The first unit.
    pub start: Id,
    /// How many units (text counts UTF-16 code units). Never 0.
    pub length: u32,
    /// What it is.
    pub body: Body<'a>,
}

/// What a struct is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Body<'a> {
    /// Nothing: these units are missing from the update.
    Skip,
    /// Content that was deleted together with its parent and then forgotten.
    Collected,
    /// Content.
    Item {
        /// What stood to its left when it was made.
        origin: Option<Id>,
        /// What stood to its right.
        right_origin: Option<Id>,
        /// Where it belongs. Not written where an origin says it.
        parent: Option<Parent<'a>>,
        /// Its key, in a map. Not written where an origin says it.
        key: Option<&'a str>,
        /// What it holds.
        content: Content<'a>,
    },
}

/// Where an item belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent<'a> {
    /// A root of the document.
    Root(&'a str),
    /// The item that holds the parent.
    Item(Id),
}

/// What an item holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content<'a> {
    /// It was deleted; only its length is kept.
    Deleted,
    /// Bytes.
    Binary(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// JSON inside a text.
    Embed(&'a str),
    /// The start or end of formatting: a key and JSON.
    Format(&'a str, &'a str),
    /// A shared type.
    Type(Type<'a>),
    /// Values, in lib0's encoding, one after another.
    Values(&'a [u8]),
}

/// A kind of shared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of Yjs")]
pub enum Type<'a> {
    Array,
    Map,
    Text,
    XmlElement(&'a str),
    XmlFragment,
    XmlText,
}

/// Scans an update and says what it builds on and brings.
///
/// # Errors
/// Anything that the format does not allow; see the module.
pub fn prescan(update: &[u8]) -> Result<Outline, Malformed> {
    let mut outline = Outline::default();
    parts(update, |part| outline.take(part))?;
    Ok(outline)
}

/// Scans an update and shows each part of it to `visit`.
///
/// # Errors
/// Anything that the format does not allow; parts before it have been shown.
pub fn parts<'a>(update: &'a [u8], mut visit: impl FnMut(Part<'a>)) -> Result<(), Malformed> {
    let mut reader = Reader::new(update);
    let clients = reader.count(3)?;
    let mut seen = BTreeSet::new();
    let mut total = 0_u32;
    for _ in 0..clients {
        let count = reader.count(2)?;
        total = total.saturating_add(count);
        if total > MAX_STRUCTS {
            return Err(reader.malformed("more structs than an update may hold"));
        }
        let client = reader.client()?;
        if !seen.insert(client) {
            return Err(reader.malformed("a client named twice"));
        }
        let mut clock = clock(&mut reader)?;
        for _ in 0..count {
            let piece = one_struct(&mut reader, Id { client, clock })?;
            clock = later(&reader, clock, piece.length)?;
            visit(Part::Struct(piece));
        }
    }
    deletions(&mut reader, &mut visit)?;
    reader.end()
}

/// Scans a state vector.
///
/// # Errors
/// A count beyond the bytes left, a client named twice, or a number too large.
pub fn state_vector(bytes: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let mut seen = BTreeSet::new();
    for _ in 0..reader.count(2)? {
        if !seen.insert(reader.client()?) {
            return Err(reader.malformed("a client named twice"));
        }
        clock(&mut reader)?;
    }
    reader.end()
}

fn deletions<'a>(reader: &mut Reader<'a>, visit: &mut impl FnMut(Part<'a>)) -> Result<(), Malformed> {
    let mut seen = BTreeSet::new();
    for _ in 0..reader.count(2)? {
        let client = reader.client()?;
        if !seen.insert(client) {
            return Err(reader.malformed("a client named twice"));
        }
        for _ in 0..reader.count(2)? {
            let start = Id { client, clock: clock(reader)? };
            let length = reader.var_u32()?;
            later(reader, start.clock, length)?;
            visit(Part::Deleted { start, length });
        }
    }
    Ok(())
}

fn clock(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    let clock = reader.var_u32()?;
    if clock > MAX_CLOCK { Err(reader.malformed("a clock beyond its range")) } else { Ok(clock) }
}

fn later(reader: &Reader<'_>, clock: u32, length: u32) -> Result<u32, Malformed> {
    clock.checked_add(length).filter(|clock| *clock <= MAX_CLOCK).ok_or(reader.malformed("a clock beyond its range"))
}

const COLLECTED: u8 = 0;
const SKIP: u8 = 10;
const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT_ORIGIN: u8 = 0x40;
const HAS_KEY: u8 = 0x20;

fn one_struct<'a>(reader: &mut Reader<'a>, start: Id) -> Result<Struct<'a>, Malformed> {
    let info = reader.byte()?;
    let (body, length) = match info {
        COLLECTED => (Body::Collected, reader.var_u32()?),
        SKIP => (Body::Skip, reader.var_u32()?),
        _ => item(reader, info)?,
    };
    if length == 0 {
        return Err(reader.malformed("a struct without content"));
    }
    Ok(Struct { start, length, body })
}

fn item<'a>(reader: &mut Reader<'a>, info: u8) -> Result<(Body<'a>, u32), Malformed> {
    let origin = if info & HAS_ORIGIN != 0 { Some(id(reader)?) } else { None };
    let right_origin = if info & HAS_RIGHT_ORIGIN != 0 { Some(id(reader)?) } else { None };
    let (mut parent, mut key) = (None, None);
    if origin.is_none() && right_origin.is_none() {
        parent = Some(match reader.byte()? {
            0 => Parent::Item(id(reader)?),
            1 => Parent::Root(reader.text()?),
            _ => return Err(reader.malformed("an unknown kind of parent")),
        });
        if info & HAS_KEY != 0 {
            key = Some(reader.text()?);
        }
    }
    let (content, length) = content(reader, info & 0x1f)?;
    Ok((Body::Item { origin, right_origin, parent, key, content }, length))
}

fn id(reader: &mut Reader<'_>) -> Result<Id, Malformed> {
    let id = Id { client: reader.client()?, clock: clock(reader)? };
    // One more must still be a clock: a reference needs its target to exist.
    later(reader, id.clock, 1)?;
    Ok(id)
}

fn content<'a>(reader: &mut Reader<'a>, kind: u8) -> Result<(Content<'a>, u32), Malformed> {
    let one = |content| Ok((content, 1));
    match kind {
        1 => {
            let length = reader.var_u32()?;
            Ok((Content::Deleted, length))
        }
        3 => one(Content::Binary(reader.bytes()?)),
        4 => {
            let text = reader.text()?;
            Ok((Content::Text(text), utf16_length(text)))
        }
        5 => one(Content::Embed(json(reader)?)),
        6 => one(Content::Format(reader.text()?, json(reader)?)),
        7 => one(Content::Type(shared_type(reader)?)),
        8 => {
            let count = reader.count(1)?;
            let from = reader.at();
            for _ in 0..count {
                value(reader, 0)?;
            }
            Ok((Content::Values(reader.since(from)), count))
        }
        _ => Err(reader.malformed("an unknown kind of content")),
    }
}

/// At most the number of bytes, which fits: a frame is far below 4 GiB.
fn utf16_length(text: &str) -> u32 {
    text.chars().map(|character| character.len_utf16() as u32).sum()
}

fn shared_type<'a>(reader: &mut Reader<'a>) -> Result<Type<'a>, Malformed> {
    Ok(match reader.byte()? {
        0 => Type::Array,
        1 => Type::Map,
        2 => Type::Text,
        3 => Type::XmlElement(reader.text()?),
        4 => Type::XmlFragment,
        6 => Type::XmlText,
        _ => return Err(reader.malformed("an unknown kind of shared type")),
    })
}

/// JSON is parsed by others; here only its depth counts.
fn json<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    let text = reader.text()?;
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(reader.malformed("JSON nested too deep"));
        }
    }
    Ok(text)
}

/// Recurses at most [`MAX_NESTING`] deep.
fn value(reader: &mut Reader<'_>, depth: u32) -> Result<(), Malformed> {
    if depth > MAX_NESTING {
        return Err(reader.malformed("values nested too deep"));
    }
    match reader.byte()? {
        120 | 121 | 126 | 127 => {}
        125 => integer(reader)?,
        124 => drop(reader.take(4)?),
        122 | 123 => drop(reader.take(8)?),
        119 => drop(reader.text()?),
        118 => {
            for _ in 0..reader.count(2)? {
                reader.text()?;
                value(reader, depth + 1)?;
            }
        }
        117 => {
            for _ in 0..reader.count(1)? {
                value(reader, depth + 1)?;
            }
        }
        116 => drop(reader.bytes()?),
        _ => return Err(reader.malformed("an unknown kind of value")),
    }
    Ok(())
}

/// A sign and 6 bits, then 7 bits a byte. Yjs writes 32 bits this way and yrs 53; beyond 62 yrs overflows a shift.
fn integer(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let mut more = reader.byte()? & 0x80 != 0;
    for _ in 0..8 {
        if !more {
            return Ok(());
        }
        more = reader.byte()? & 0x80 != 0;
    }
    if more { Err(reader.malformed("an integer of more than 62 bits")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod yjs_updates;
