//! `GET /api/v1/conversations/{id}/export`: a conversation with all that people added to it, as a file.
//!
//! | format | what it is for |
//! |---|---|
//! | `jsonld` | other annotation tools: the W3C's Web Annotation Data Model, one collection |
//! | `csv` | spreadsheets and programs: a line for each comment, and for each highlight without one |
//! | `markdown` | reading and writing on: each message, and below it what was marked and said there |
//! | `html` | reading anywhere, for ever: one page that needs no network, no scripts and no server |
//! | `docx` | word processors: the text, and what was marked and said as comments at its passages |
//! | `annotations` | e-book readers: an EPUB Annotation Set, in the zip that the draft names `.annotations` |
//! | `bundle` | another server, or this one again: everything ([`crate::bundle`]), all branches of a chat among it |
//!
//! It says what is committed, as the caller may see it: in an anonymous conversation people are called there as they are
//! on the page. What people read (Markdown, HTML and the PDF made of it, Word) ends with how far they agree (`agreed.rs`), where
//! two or more marked something.

mod agreed;
mod annotation_set;
mod contents;
mod copy_name;
mod docx;
mod folder;
/// Files that take a while.
pub mod jobs;
mod json_ld;
mod markdown;
mod of_activity;
pub(crate) mod own;
mod print;
mod reader;
mod table;

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shared::{
    access::Rights,
    ids::{ConversationId, MessageId},
};

use crate::{access, bundle, error::Error, etags::Essence, files, services::Services, sessions::Caller};
use contents::Contents;
pub(crate) use contents::{SOMEBODY, as_mention, named};
pub(crate) use folder::of_conversations;
pub(crate) use json_ld::{collection, passage};
pub use of_activity::get_of_activity;
pub(crate) use reader::of_parts;

/// The media type of Web Annotations.
pub(crate) const JSON_LD: &str = "application/ld+json; profile=\"http://www.w3.org/ns/anno.jsonld\"";

/// A file that would be longer is refused. A full conversation (16 MiB of text) with a full document (8 MiB) fits in.
const MAX_BYTES: usize = 96 << 20;

/// Why a text that is protected against copying is no file.
pub(crate) const PROTECTED: &str = "This text is protected: it cannot be exported.";

/// Characters of a title in a file's name at most.
const MAX_NAME_CHARS: usize = 80;

/// Bytes of it at most: with an id and an ending it is a name that disks take.
const MAX_NAME_BYTES: usize = 180;

/// What is asked for.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    format: Format,
    branch: Option<MessageId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    JsonLd,
    Csv,
    Markdown,
    Html,
    Docx,
    Annotations,
    Bundle,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::JsonLd => JSON_LD,
            Self::Csv => "text/csv; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Annotations => annotation_set::MEDIA_TYPE,
            Self::Bundle => "application/zip",
        }
    }

    /// Whether a file calls people by the names that whoever has these rights sees: what is to be imported elsewhere never does.
    fn names(self, rights: Rights) -> bool {
        rights.sees_names && self != Self::Bundle
    }

    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::JsonLd => "jsonld",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Docx => "docx",
            Self::Annotations => "annotations",
            Self::Bundle => "grimoire",
        }
    }
}

/// Writes a file of what was read. May take seconds.
type Write = fn(&Contents) -> Result<Vec<u8>, Error>;

/// What a file will be written of.
enum Source {
    Contents(Write, Box<Contents>),
    Bundle(Box<bundle::Contents>),
}

impl Source {
    async fn read(
        services: &Services,
        reader: access::Reader,
        format: Format,
        branch: Option<MessageId>,
    ) -> Result<Self, Error> {
        let write: Write = match format {
            Format::JsonLd => |contents| Ok(json_ld::write(contents).into_bytes()),
            Format::Csv => |contents| Ok(table::write(contents).into_bytes()),
            Format::Markdown => |contents| Ok(markdown::write(contents)?.into_bytes()),
            Format::Html => |contents| Ok(reader::write(contents)?.into_bytes()),
            Format::Docx => docx::write,
            Format::Annotations => annotation_set::write,
            Format::Bundle => return Ok(Self::Bundle(Box::new(bundle::write(services, reader).await?))),
        };
        Ok(Self::Contents(write, Box::new(Contents::read(services, reader, branch).await?)))
    }

    fn title(&self) -> &str {
        match self {
            Self::Contents(_, contents) => &contents.conversation.title,
            Self::Bundle(contents) => &contents.title,
        }
    }

    /// All that the file called `name` will be made of, but for the moment, which stands in most of them.
    fn essence(&self, format: Format, name: &str) -> Essence {
        match self {
            Self::Contents(_, contents) => Essence::of(format_args!("{format:?} {name} {:?}", contents.made_of())),
            Self::Bundle(contents) => Essence::of(format_args!("{format:?} {name} {:?}", contents.made_of())),
        }
    }

    /// May take seconds.
    fn write(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Contents(write, contents) => write(&contents),
            Self::Bundle(contents) => contents.zip(),
        }
    }
}

/// `GET /api/v1/conversations/{id}/export`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Error> {
    let Path(id) = path?;
    let Query(asked) = query?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    if !reader.rights().may_copy {
        return Err(Error::Forbidden(PROTECTED));
    }
    let turn = services.exports.take(caller.id).await?;
    let source = Source::read(&services, reader, asked.format, asked.branch).await?;
    let name = copy_name::of(&services, reader, source.title(), asked.format.names(reader.rights())).await?;
    let name = format!("{name}.{}", asked.format.ending());
    let called = name.clone();
    let writing = tokio::task::spawn_blocking(move || {
        // Held until it is done, also when nobody waits for it any more.
        let _turn = turn;
        let essence = source.essence(asked.format, &called);
        Ok::<_, Error>((source.write()?, essence))
    });
    let (file, essence) = writing.await.map_err(|error| Error::Internal(error.into()))??;
    if file.len() > MAX_BYTES {
        let (has, limit) = (file.len() >> 20, MAX_BYTES >> 20);
        return Err(Error::TooLarge(format!("The file would have {has} MiB; an export has at most {limit}.")));
    }
    let mut response = written(&name, asked.format.media_type(), file)?;
    response.extensions_mut().insert(essence);
    Ok(response)
}

/// A file to take away.
pub(crate) fn written(name: &str, media_type: &'static str, file: Vec<u8>) -> Result<Response, Error> {
    let disposition =
        HeaderValue::from_str(&files::disposition(name)).map_err(|error| Error::Internal(error.into()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // To be kept, not to be shown here, as an uploaded file.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(files::POLICY)),
    ];
    Ok((headers, file).into_response())
}

/// The title's words, so that the same conversation is the same file each time.
pub(crate) fn file_name(title: &str) -> String {
    let letters = title.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' });
    let mut name = letters.take(MAX_NAME_CHARS).collect::<String>();
    // Disks count bytes, and letters may be four.
    name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
    let name = name.split_whitespace().collect::<Vec<_>>().join("-");
    if name.is_empty() { "conversation".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_words_of_the_title() {
        for (title, name) in [
            ("The keeper's log, 1861", "The-keeper-s-log-1861"),
            ("../../etc/passwd", "etc-passwd"),
            ("鯨 🐋\r\nSet-Cookie: x", "鯨-Set-Cookie-x"),
            ("?!", "conversation"),
        ] {
            assert_eq!(file_name(title), name);
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), MAX_NAME_CHARS);
        assert_eq!(file_name(&"鯨".repeat(500)).len(), MAX_NAME_BYTES / 3 * 3);
    }
}
