//! `GET /api/v1/activities/{activity}/export`: all that people did in an activity's copies, for staff of its class.
//!
//! As Web Annotations and as a table it is one file; in each other format it is a zip with a file for each copy, named as the
//! overview names the copy. Each copy is read as the caller may read it, one after the other. What people read tells how far
//! they agree: within a copy in its own file, over all copies in one named `Agreement`.

use std::collections::HashSet;

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    api::CopyWork,
    ids::{ActivityId, UserId},
};
use time::OffsetDateTime;

use super::{
    Format, MAX_BYTES, Source,
    agreed::{Agreed, HEADING},
    contents::{About, Contents},
    docx, file_name, json_ld, markdown, reader, table, written,
};
use crate::{
    access, activities, agreement, error::Error, services::Services, sessions::Caller, spreadsheet, times::rfc3339,
    zipped::Zipped,
};

/// Copies of one file.
const MAX_COPIES: usize = 2_000;

/// What is asked for.
#[derive(Deserialize)]
pub struct AskedOfActivity {
    #[serde(default)]
    format: Format,
}

/// What has been gathered.
enum Gathered {
    /// Annotations, and the bytes that they will have, about.
    Items(Vec<Value>, usize),
    Table(Box<csv::Writer<Vec<u8>>>, usize),
    /// A file for each copy; names that are taken, without their ending; bytes.
    Files(Box<Zipped>, HashSet<String>, usize),
}

/// `GET /api/v1/activities/{activity}/export`
pub async fn get_of_activity(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    query: Result<Query<AskedOfActivity>, QueryRejection>,
) -> Result<Response, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller.id, id).await?;
    if !supervisor.participant().belongs() {
        return Err(Error::Forbidden(
            "What people wrote is given to those who teach in this class, and to nobody else.",
        ));
    }
    let title = sqlx::query_scalar!("select title from activities where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let copies = activities::copies(&services, supervisor).await?;
    if copies.len() > MAX_COPIES {
        let why = format!("An export holds at most {MAX_COPIES} copies; here are {}.", copies.len());
        return Err(Error::Conflict("too_much", why));
    }
    let turn = services.exports.take(caller.id).await?;
    let page = format!("{}/activities/{id}/overview", services.origin);
    let mut gathered = Gathered::new(asked.format);
    if let Some(write) = of_agreement(asked.format) {
        let agreed = agreed(&services, caller.id, id).await?;
        let (title, page) = (title.clone(), page.clone());
        gathered = blocking(move || gathered.agree(&title, &page, agreed, write)).await?;
    }
    for copy in copies {
        // What was put into the trash meanwhile is no more in it.
        let reader = match access::reader(&services.db, caller.id, copy.id).await {
            Err(Error::NotFound) => continue,
            reader => reader?,
        };
        if !reader.rights().may_copy {
            return Err(Error::Forbidden(super::PROTECTED));
        }
        gathered = match asked.format {
            Format::JsonLd | Format::Csv => {
                let contents = Contents::read(&services, reader, None).await?;
                blocking(move || gathered.join(&copy, &contents)).await?
            }
            format => {
                let source = Source::read(&services, reader, format, None).await?;
                blocking(move || gathered.add(&copy, format.ending(), source)).await?
            }
        };
    }
    let (label, media_type, ending) = match asked.format {
        Format::JsonLd | Format::Csv => (title.clone(), asked.format.media_type(), asked.format.ending()),
        _ => (title.clone(), "application/zip", "zip"),
    };
    let file = blocking(move || gathered.finish(&page, &label)).await?;
    drop(turn);
    written(&format!("{}.{ending}", file_name(&title)), media_type, file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.into()))?
}

/// Writes how far people agree; with the file's ending.
type WriteAgreement = (fn(About<'_>, &Agreed) -> Result<Vec<u8>, Error>, &'static str);

/// Only what people read tells it.
fn of_agreement(format: Format) -> Option<WriteAgreement> {
    let write: fn(About<'_>, &Agreed) -> Result<Vec<u8>, Error> = match format {
        Format::Markdown => |about, agreed| Ok(markdown::of_agreement(about, agreed).into_bytes()),
        Format::Html => |about, agreed| Ok(reader::of_agreement(about, agreed).into_bytes()),
        Format::Docx => docx::of_agreement,
        Format::JsonLd | Format::Csv | Format::Annotations | Format::Bundle => return None,
    };
    Some((write, format.ending()))
}

/// How far people agree over all copies, as the caller may know it.
///
/// # Errors
/// The database's, or a document that cannot be read.
pub(super) async fn agreed(services: &Services, caller: UserId, id: ActivityId) -> Result<Option<Agreed>, Error> {
    let material = match agreement::of_activity(services, caller, id).await {
        Err(Error::Forbidden(_)) => return Ok(None),
        Err(Error::Conflict(_, why)) => return Ok(Some(Agreed::Without(why))),
        material => material?,
    };
    blocking(move || Agreed::told(material)).await
}

impl Gathered {
    fn new(format: Format) -> Self {
        match format {
            Format::JsonLd => Self::Items(Vec::new(), 0),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                let copy = ["copy_id", "copy"].map(str::to_owned);
                spreadsheet::line(&mut writer, copy.into_iter().chain(table::COLUMNS.map(str::to_owned)));
                Self::Table(Box::new(writer), 0)
            }
            _ => Self::Files(Box::default(), HashSet::new(), 0),
        }
    }

    /// Adds a copy to the one file.
    fn join(mut self, copy: &CopyWork, contents: &Contents) -> Result<Self, Error> {
        match &mut self {
            Self::Items(items, bytes) => {
                let more = json_ld::items(contents);
                *bytes += more.iter().map(|item| item.to_string().len()).sum::<usize>();
                items.extend(more);
            }
            Self::Table(writer, bytes) => {
                for line in table::lines(contents) {
                    *bytes += line.iter().map(String::len).sum::<usize>();
                    let copy = [copy.id.to_string(), copy.name.clone()];
                    spreadsheet::line(writer, copy.into_iter().chain(line));
                }
            }
            Self::Files(..) => {}
        }
        self.within()
    }

    /// Adds how far people agree over all copies, before them: so its name is free.
    fn agree(
        mut self,
        title: &str,
        page: &str,
        agreed: Option<Agreed>,
        (write, ending): WriteAgreement,
    ) -> Result<Self, Error> {
        if let (Self::Files(zip, names, bytes), Some(agreed)) = (&mut self, agreed) {
            let made_at = rfc3339(OffsetDateTime::now_utc());
            let file = write(About { title, page, made_at: &made_at }, &agreed)?;
            *bytes += file.len();
            names.insert(HEADING.to_lowercase());
            zip.add(&format!("{HEADING}.{ending}"), &file)?;
        }
        self.within()
    }

    /// Adds a copy as a file of its own.
    fn add(mut self, copy: &CopyWork, ending: &str, source: Source) -> Result<Self, Error> {
        if let Self::Files(zip, names, bytes) = &mut self {
            let file = source.write()?;
            *bytes += file.len();
            let plain = file_name(&copy.name);
            let mut numbered = (2..).map(|number| format!("{plain}-{number}"));
            let name =
                std::iter::once(plain.clone()).chain(&mut numbered).find(|name| names.insert(name.to_lowercase()));
            zip.add(&format!("{}.{ending}", name.unwrap_or_default()), &file)?;
        }
        self.within()
    }

    fn within(self) -> Result<Self, Error> {
        let (Self::Items(_, bytes) | Self::Table(_, bytes) | Self::Files(_, _, bytes)) = &self;
        if *bytes > MAX_BYTES {
            let why = "The copies of this activity come to more than {} MiB; take them one by one, or as a table.";
            return Err(Error::TooLarge(why.replace("{}", &(MAX_BYTES >> 20).to_string())));
        }
        Ok(self)
    }

    fn finish(self, page: &str, label: &str) -> Result<Vec<u8>, Error> {
        match self {
            Self::Items(items, _) => {
                Ok(json_ld::collection(page, label, &rfc3339(OffsetDateTime::now_utc()), items).into_bytes())
            }
            Self::Table(writer, _) => Ok(spreadsheet::text(*writer).into_bytes()),
            Self::Files(zip, ..) => zip.finish(),
        }
    }
}
