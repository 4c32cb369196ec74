//! A bundle from bytes that anybody may have written. Pure; the document is read by [`crate::rooms::Rooms::unpack`].

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    io::Cursor,
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, SeqAccess, Visitor},
};
use shared::{
    api::MessageState,
    ids::{MessageId, UserId},
    text,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zip::ZipArchive;

use super::{
    DOCUMENT, FORMAT, MANIFEST, MESSAGES, Manifest, Message, Messages, PARTS, PEOPLE, Person, VERSION, write::sum,
};
use crate::{
    conversations::MAX_CONVERSATION_BYTES,
    import::{
        ImportError, MESSAGE_BYTES, TITLE_CHARS, given_title,
        limits::{BUNDLE, ZipLimits},
        unzip,
    },
};

/// What a bundle's name ends in.
pub const ENDING: &str = ".grimoire";

/// People in one bundle.
const MAX_PEOPLE: usize = 10_000;

/// A manifest is a few hundred bytes.
const MAX_MANIFEST: usize = 64 << 10;

/// Characters of a model's name, of a reason and of its code, as the database has them.
const MAX_MODEL_CHARS: usize = 200;
const MAX_CODE_CHARS: usize = 100;
const MAX_REASON_CHARS: usize = 1_000;

/// A bundle within every limit, its texts rendered anew, its document not read yet.
#[derive(Debug)]
pub struct Bundle {
    /// How errors call it.
    pub file: String,
    /// The person's, or its own.
    pub title: String,
    pub(super) leaf: Option<MessageId>,
    pub(super) messages: Vec<Stored>,
    pub(super) people: BTreeMap<UserId, String>,
    /// One Yjs update.
    pub document: Vec<u8>,
    /// Messages whose canonical text is another here.
    pub(super) rendered_anew: usize,
}

/// A message, checked, with its canonical text.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) message: Message,
    pub(super) created_at: OffsetDateTime,
}

impl Bundle {
    /// How many messages it has.
    pub fn messages(&self) -> usize {
        self.messages.len()
    }

    /// What is wrong with one of its parts.
    pub fn flaw(&self, error: impl fmt::Display) -> ImportError {
        bad(&self.file, DOCUMENT, error)
    }
}

/// Reasons quote what the file says.
const MAX_REASON_SHOWN: usize = 300;

fn bad(file: &str, part: &str, reason: impl fmt::Display) -> ImportError {
    let reason: String =
        reason.to_string().chars().filter(|letter| !letter.is_control()).take(MAX_REASON_SHOWN).collect();
    // The sentence has its own full stop.
    let reason = reason.trim_end_matches('.').to_owned();
    ImportError::BadBundle { file: file.to_owned(), part: part.to_owned(), reason }
}

/// Whether a zip is a bundle: by its name, or by its manifest.
pub fn is_one(name: &str, bytes: &[u8]) -> bool {
    name.to_ascii_lowercase().ends_with(ENDING) || has_manifest(bytes)
}

fn has_manifest(bytes: &[u8]) -> bool {
    let limits = ZipLimits { unpacked: MAX_MANIFEST, ..BUNDLE };
    let read = unzip::entries("", bytes, limits, |zip| Ok(places(zip, &[MANIFEST])));
    let format = |manifest: &[u8]| {
        let manifest: serde_json::Value = serde_json::from_slice(manifest).ok()?;
        Some(manifest.get("format")? == FORMAT)
    };
    read.is_ok_and(|entries| entries.first().is_some_and(|(_, bytes)| format(bytes) == Some(true)))
}

/// The entries of these names that are there. The zip's reader lists a name once, however often it occurs.
fn places(zip: &ZipArchive<Cursor<&[u8]>>, names: &[&'static str]) -> Vec<(String, usize)> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), zip.index_for_name(name)?))).collect()
}

/// Reads a bundle; `title` in place of its own, if there is one.
///
/// # Errors
/// What is wrong, and in which part.
pub fn read(file: &str, bytes: &[u8], title: Option<&str>) -> Result<Bundle, ImportError> {
    let parts = parts(file, bytes)?;
    let part = |name: &str| parts.get(name).map(Vec::as_slice).unwrap_or_default();
    let Messages { title: own, leaf, messages } = json(file, MESSAGES, part(MESSAGES))?;
    let people: People = json(file, PEOPLE, part(PEOPLE))?;
    let people = people_of(people.0).map_err(|why| bad(file, PEOPLE, why))?;
    line(Some(&own), TITLE_CHARS).map_err(|why| bad(file, MESSAGES, format_args!("title: it {why}")))?;
    let title = title.and_then(given_title).map_or(own, |given| given.title);
    references(leaf, &messages).map_err(|why| bad(file, MESSAGES, why))?;
    let mut rendered_anew = 0;
    let mut left = MAX_CONVERSATION_BYTES;
    let mut stored = Vec::with_capacity(messages.len());
    for (number, message) in (1..).zip(messages) {
        left = left.checked_sub(message.markdown.len()).ok_or_else(|| {
            let limit = MAX_CONVERSATION_BYTES >> 20;
            bad(file, MESSAGES, format_args!("its messages have more than {limit} MiB of text"))
        })?;
        let message = checked(message, &mut rendered_anew)
            .map_err(|why| bad(file, MESSAGES, format_args!("message {number}: {why}")))?;
        stored.push(message);
    }
    let document = part(DOCUMENT).to_vec();
    Ok(Bundle { file: file.to_owned(), title, leaf, messages: stored, people, document, rendered_anew })
}

/// The parts, each as long as the manifest says and with the sum that it says.
fn parts(file: &str, bytes: &[u8]) -> Result<HashMap<String, Vec<u8>>, ImportError> {
    let names: Vec<&'static str> = [MANIFEST].into_iter().chain(PARTS).collect();
    let entries = unzip::entries(file, bytes, BUNDLE, |zip| {
        let places = places(zip, &names);
        match names.iter().find(|name| places.iter().all(|(there, _)| there != *name)) {
            Some(missing) => Err(bad(file, missing, "it is not in the file")),
            None => Ok(places),
        }
    });
    let mut parts: HashMap<String, Vec<u8>> = entries.map_err(|error| zipped(file, error))?.into_iter().collect();
    let listed = manifest(file, &parts.remove(MANIFEST).unwrap_or_default())?.parts;
    for name in PARTS {
        let mut told = listed.iter().filter(|part| part.name == name);
        let (Some(told), None) = (told.next(), told.next()) else {
            return Err(bad(file, MANIFEST, format_args!("it does not name {name} once")));
        };
        let bytes = parts.get(name).map(Vec::as_slice).unwrap_or_default();
        if bytes.len() as u64 != told.bytes {
            let (has, told) = (bytes.len(), told.bytes);
            return Err(bad(file, name, format_args!("it has {has} bytes, and the manifest says {told}")));
        }
        if sum(bytes) != told.sha256 {
            return Err(bad(file, name, "its SHA-256 is not that of the manifest: it was changed or damaged"));
        }
    }
    Ok(parts)
}

/// What is wrong with the zip, in words for a bundle and not for an export of conversations.
fn zipped(file: &str, error: ImportError) -> ImportError {
    match error {
        ImportError::BrokenZip { reason, .. } => bad(file, "the file", reason),
        ImportError::EncryptedZip { entry, .. } => bad(file, &entry, "it is protected by a password"),
        ImportError::ZipBomb { reason, .. } => bad(file, "the file", reason),
        ImportError::TooManyEntries { limit, .. } => {
            bad(file, "the file", format_args!("it has more than {limit} parts"))
        }
        other => other,
    }
}

/// Its version is looked at before anything else, which may be different in another.
fn manifest(file: &str, bytes: &[u8]) -> Result<Manifest, ImportError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    if bytes.len() > MAX_MANIFEST {
        return Err(bad(file, MANIFEST, format_args!("it has more than {MAX_MANIFEST} bytes")));
    }
    let head: Head = json(file, MANIFEST, bytes)?;
    if head.format != FORMAT {
        return Err(bad(file, MANIFEST, format_args!("its format is not {FORMAT}")));
    }
    if head.version != VERSION {
        let version = head.version;
        let why = format_args!("it is of version {version} of the format, and this server reads version {VERSION}");
        return Err(bad(file, MANIFEST, why));
    }
    json(file, MANIFEST, bytes)
}

fn json<T: DeserializeOwned>(file: &str, part: &str, bytes: &[u8]) -> Result<T, ImportError> {
    serde_json::from_slice(bytes).map_err(|error| bad(file, part, error))
}

#[derive(Deserialize)]
struct People(#[serde(deserialize_with = "bounded::<_, Person, MAX_PEOPLE>")] Vec<Person>);

/// A list of at most `MOST`: what comes after is not read.
pub(super) fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MOST: usize>(
    json: D,
) -> Result<Vec<T>, D::Error> {
    struct Bounded<T, const MOST: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Bounded<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "a list of at most {MOST}")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element()? {
                if items.len() == MOST {
                    return Err(A::Error::custom(format_args!("there are more than {MOST} of these")));
                }
                items.push(item);
            }
            Ok(items)
        }
    }

    json.deserialize_seq(Bounded::<T, MOST>(PhantomData))
}

/// One line, as the database has names.
fn people_of(people: Vec<Person>) -> Result<BTreeMap<UserId, String>, String> {
    let mut names = BTreeMap::new();
    for (number, Person { id, name }) in (1..).zip(people) {
        line(Some(&name), TITLE_CHARS).map_err(|why| format!("person {number}: the name {why}"))?;
        if names.insert(id, name).is_some() {
            return Err(format!("person {number}: somebody before has the same id"));
        }
    }
    Ok(names)
}

/// Nothing, or one line of some length.
fn line(text: Option<&str>, longest: usize) -> Result<(), String> {
    match text {
        None => Ok(()),
        Some(text) if text.trim().is_empty() => Err("is blank".to_owned()),
        Some(text) if text.chars().any(char::is_control) => Err("has control characters".to_owned()),
        Some(text) if text.chars().count() > longest => Err(format!("has more than {longest} characters")),
        Some(_) => Ok(()),
    }
}

/// Whether each message is there once and follows one before it, and the leaf is one of them.
fn references(leaf: Option<MessageId>, messages: &[Message]) -> Result<(), String> {
    let mut before = HashSet::new();
    for (number, message) in (1..).zip(messages) {
        if let Some(parent) = message.parent {
            if leaf.is_none() {
                return Err(format!("message {number}: it follows another, and no branch is the last"));
            }
            if !before.contains(&parent) {
                return Err(format!("message {number}: it follows {parent}, which is none of those before it"));
            }
        }
        if !before.insert(message.id) {
            return Err(format!("message {number}: one before it has the same id"));
        }
    }
    if let Some(leaf) = leaf.filter(|leaf| !before.contains(leaf)) {
        return Err(format!("leaf: {leaf} is none of the messages"));
    }
    Ok(())
}

/// A message as it may be stored. Its canonical text is made here, whatever the bundle says.
fn checked(mut message: Message, rendered_anew: &mut usize) -> Result<Stored, String> {
    if message.markdown.len() > MESSAGE_BYTES {
        return Err(format!("it has {} bytes, and a message has at most {MESSAGE_BYTES}", message.markdown.len()));
    }
    if message.markdown.contains('\0') {
        return Err("it has a NUL, which no text has".to_owned());
    }
    line(message.title.as_deref(), TITLE_CHARS).map_err(|why| format!("title: it {why}"))?;
    line(message.model.as_deref(), MAX_MODEL_CHARS).map_err(|why| format!("model: it {why}"))?;
    if let Some(reason) = &message.reason {
        line(Some(&reason.code), MAX_CODE_CHARS).map_err(|why| format!("reason/code: it {why}"))?;
        let detail = reason.detail.as_deref().unwrap_or_default();
        if detail.contains('\0') || detail.chars().count() > MAX_REASON_CHARS {
            return Err(format!("reason/detail: it has a NUL, or more than {MAX_REASON_CHARS} characters"));
        }
    }
    if message.usage.is_some_and(|usage| usage.input_tokens < 0 || usage.output_tokens < 0) {
        return Err("usage: no message takes fewer than 0 tokens".to_owned());
    }
    // Nobody writes it any more.
    if matches!(message.state, MessageState::Waiting | MessageState::Streaming) {
        message.state = MessageState::Interrupted;
    }
    let created_at = OffsetDateTime::parse(&message.created_at, &Rfc3339).ok();
    let created_at = created_at.filter(|at| (0..10_000).contains(&at.year()));
    let created_at = created_at.ok_or("created_at: it is no moment of RFC 3339")?;
    let text = text::render(&message.markdown).text;
    *rendered_anew += usize::from(text != message.text);
    (message.text, message.renderer) = (text, text::RENDERER_VERSION);
    Ok(Stored { message, created_at })
}
