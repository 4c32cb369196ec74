//! Texts in a zip: the conversations of an export, the sheets of a workbook. Nothing is written anywhere, so paths do not matter; sizes are counted while unpacking,
//! because what headers say is up to whoever made the file.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::ImportError;
use super::error::{grouped, unit};
use super::limits::{ZIP, ZipLimits};
use super::{archive::Part, decode, parts};

/// The name and text of each `conversations.json`, `conversations-000.json`, ... of a zip, in order; of one that is damaged or
/// no text, why.
pub(super) fn conversations(file: &str, bytes: &[u8]) -> Result<Vec<Part>, ImportError> {
    within(file, bytes, ZIP)
}

pub(super) fn within(file: &str, bytes: &[u8], limits: ZipLimits) -> Result<Vec<Part>, ImportError> {
    let entries = each(file, bytes, limits, |zip| {
        let wanted = wanted(zip);
        if wanted.is_empty() && zip.file_names().flatten().any(|name| name == "annotations.json") {
            return Err(ImportError::Annotations { file: file.to_owned() });
        }
        if wanted.is_empty() {
            return Err(ImportError::NoConversations { file: file.to_owned(), seen: held(zip) });
        }
        Ok(wanted)
    })?;
    let part = |(name, unpacked): Entry| {
        let text = unpacked.and_then(|bytes| decode::mended(&format!("{name} in {file}"), bytes));
        (name, text)
    };
    Ok(entries.into_iter().map(part).collect())
}

/// The names and texts of those entries that `choose` names with their places, in that order.
pub(crate) fn texts(
    file: &str,
    bytes: &[u8],
    limits: ZipLimits,
    choose: impl FnOnce(&ZipArchive<Cursor<&[u8]>>) -> Result<Vec<(String, usize)>, ImportError>,
) -> Result<Vec<(String, String)>, ImportError> {
    let entries = entries(file, bytes, limits, choose)?.into_iter();
    entries
        .map(|(name, unpacked)| {
            let text = decode::owned(&format!("{name} in {file}"), unpacked)?;
            Ok((name, text))
        })
        .collect()
}

/// The same with their bytes: all of them, or why there are none.
pub(crate) fn entries(
    file: &str,
    bytes: &[u8],
    limits: ZipLimits,
    choose: impl FnOnce(&ZipArchive<Cursor<&[u8]>>) -> Result<Vec<(String, usize)>, ImportError>,
) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    let whole = |(name, unpacked): Entry| Ok((name, unpacked?));
    each(file, bytes, limits, choose)?.into_iter().map(whole).collect()
}

/// The name of an entry, and its bytes or why it has none.
type Entry = (String, Result<Vec<u8>, ImportError>);

/// Unpacks entries; one that is damaged does not take the others with it, and what came out of it counts.
fn each(
    file: &str,
    bytes: &[u8],
    limits: ZipLimits,
    choose: impl FnOnce(&ZipArchive<Cursor<&[u8]>>) -> Result<Vec<(String, usize)>, ImportError>,
) -> Result<Vec<Entry>, ImportError> {
    let too_many = || ImportError::TooManyEntries { file: file.to_owned(), limit: limits.entries };
    // Reading the directory costs several hundred bytes an entry, so its length is looked at first. Signatures may also
    // occur inside stored files; a few thousand more than the limit do no harm.
    if signatures(bytes, limits.entries * 4) >= limits.entries * 4 {
        return Err(too_many());
    }
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(file, &e))?;
    if zip.len() > limits.entries {
        return Err(too_many());
    }
    let wanted = choose(&zip)?;
    let mut left = limits.unpacked;
    let mut entries = Vec::with_capacity(wanted.len());
    for (name, index) in wanted {
        let mut unpacked = Vec::new();
        let problem = unpack(file, &name, &mut zip, index, (left, limits), &mut unpacked).err();
        left -= unpacked.len().min(left);
        entries.push(match problem {
            None => (name, Ok(unpacked)),
            Some(problem) if problem.is_too_much() => return Err(problem),
            Some(problem) => (name, Err(problem)),
        });
    }
    Ok(entries)
}

fn unpack(
    file: &str,
    name: &str,
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    (left, limits): (usize, ZipLimits),
    bytes: &mut Vec<u8>,
) -> Result<(), ImportError> {
    let bomb = |reason| ImportError::ZipBomb { file: file.to_owned(), reason };
    if zip.by_index_data(index).is_ok_and(|entry| entry.encrypted()) {
        return Err(ImportError::EncryptedZip { file: file.to_owned(), entry: name.to_owned() });
    }
    let damaged = |error: ZipError| ImportError::BrokenEntry {
        file: file.to_owned(),
        entry: name.to_owned(),
        reason: reason(&error),
    };
    let entry = zip.by_index(index).map_err(damaged)?;
    // The reader takes no more than this from the file, so it can be believed in this one direction.
    let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX).max(1);
    let by_ratio = packed.saturating_mul(limits.ratio).max(limits.ratio_from);
    let cap = left.min(by_ratio);
    let read = entry.take(cap as u64 + 1).read_to_end(bytes);
    if bytes.len() <= cap {
        return read.map(drop).map_err(|e| damaged(ZipError::Io(e)));
    }
    Err(bomb(if cap == left {
        format!("it unpacks to more than {}", unit(limits.unpacked))
    } else {
        let packed = grouped(packed);
        format!(
            "{name} grows more than {} times when it is unpacked ({packed} bytes become over {})",
            limits.ratio,
            grouped(cap)
        )
    }))
}

/// The entries that hold conversations, by file name; parts are in the order of their numbers.
fn wanted(zip: &ZipArchive<Cursor<&[u8]>>) -> Vec<(String, usize)> {
    let mut wanted: Vec<(u64, String, usize)> = zip
        .file_names()
        .enumerate()
        .filter_map(|(index, name)| {
            let name = decode::shown(&name.ok()?);
            Some((parts::number(&name)?, name, index))
        })
        .collect();
    wanted.sort();
    wanted.into_iter().map(|(_, name, index)| (name, index)).collect()
}

/// What a zip without conversations holds, for its error.
fn held(zip: &ZipArchive<Cursor<&[u8]>>) -> String {
    let mut names: Vec<String> =
        zip.file_names().flatten().filter(|name| !name.ends_with('/')).map(|name| decode::shown(&name)).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(5);
    names.truncate(5);
    if !names.is_empty() && names.iter().all(|name| name.ends_with(".grimoire")) {
        return "it holds bundles: unpack it, and bring them in one by one".to_owned();
    }
    match (names.is_empty(), more) {
        (true, _) => "the zip is empty".to_owned(),
        (false, 0) => format!("it has no conversations.json, only {}", names.join(", ")),
        (false, more) => format!("it has no conversations.json, only {} and {more} more", names.join(", ")),
    }
}

fn signatures(bytes: &[u8], enough: usize) -> usize {
    let mut found = 0;
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&b| b == b'P') {
        rest = &rest[at + 1..];
        found += usize::from(rest.starts_with(b"K\x01\x02"));
        if found >= enough {
            break;
        }
    }
    found
}

fn broken(file: &str, error: &ZipError) -> ImportError {
    ImportError::BrokenZip { file: file.to_owned(), reason: reason(error) }
}

fn reason(error: &ZipError) -> String {
    let reason = match error {
        ZipError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => "it ends too early",
        ZipError::Io(_) => "it is damaged",
        ZipError::CompressionMethodNotSupported(_) => "it is packed in a way other than deflate",
        ZipError::InvalidArchive(_) => "it is not a zip, or a damaged one",
        _ => "it is damaged, or of a kind that is not read",
    };
    reason.to_owned()
}
