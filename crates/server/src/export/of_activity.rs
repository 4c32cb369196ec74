//! `GET /api/v1/activities/{activity}/export`: all that people did in an activity's copies, for staff of its class. The PDF of it
//! takes a while ([`super::jobs`]): one file, each copy with a page of its own to begin on.
//!
//! As Web Annotations and as a table it is one file; in each other format it is a zip with a file for each copy, named by
//! whose it is. Each copy is read as the caller may read it, one after the other. What people read tells how far
//! they agree: within a copy in its own file, over all copies in one named `Agreement`.

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
    Format, MAX_BYTES, PROTECTED, Source,
    agreed::{Agreed, HEADING},
    contents::{About, Contents},
    copy_name, docx, file_name,
    folder::Folder,
    jobs::Sheets,
    json_ld, markdown,
    reader::{self, Medium, Page},
    table, written,
};
use crate::{
    access::{self, Reader, Supervisor},
    activities, agreement,
    error::Error,
    services::Services,
    sessions::Caller,
    spreadsheet,
    times::rfc3339,
};

/// Copies of one file.
const MAX_COPIES: usize = 2_000;

/// Bytes of the pages that are printed as one file: a browser has them in memory many times over.
const MAX_PRINTED: usize = 32 << 20;

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
    /// A file for each copy.
    Files(Box<Folder>),
}

/// `GET /api/v1/activities/{activity}/export`
pub async fn get_of_activity(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    query: Result<Query<AskedOfActivity>, QueryRejection>,
) -> Result<Response, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let Work { title, page, copies } = work(&services, caller.id, id).await?;
    let turn = services.exports.take(caller.id).await?;
    let mut gathered = Gathered::new(asked.format);
    if let Some(write) = of_agreement(asked.format) {
        let agreed = agreed(&services, caller.id, id).await?;
        let (title, page) = (title.clone(), page.clone());
        gathered = blocking(move || gathered.agree(&title, &page, agreed, write)).await?;
    }
    for copy in copies {
        let Some(reader) = reader_of(&services, caller.id, &copy).await? else { continue };
        gathered = match asked.format {
            Format::JsonLd | Format::Csv => {
                let contents = Contents::read(&services, reader, None).await?;
                blocking(move || gathered.join(&copy, &contents)).await?
            }
            format => {
                let source = Source::read(&services, reader, format, None).await?;
                let whose = copy_name::whose(&services, copy.id, format.names(reader.rights())).await?;
                let name = file_name(whose.as_ref().map_or(&copy.name, |(_, name)| name));
                blocking(move || gathered.add(&name, format.ending(), source)).await?
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

/// Whoever may take an activity's copies away.
///
/// # Errors
/// Not of the staff of its class, or there is no such activity for them.
pub(super) async fn staff(services: &Services, caller: UserId, id: ActivityId) -> Result<Supervisor, Error> {
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller, id).await?;
    if !supervisor.participant().belongs() {
        return Err(Error::Forbidden(
            "What people wrote is given to those who teach in this class, and to nobody else.",
        ));
    }
    Ok(supervisor)
}

/// What there is to take.
struct Work {
    title: String,
    /// The page's address.
    page: String,
    copies: Vec<CopyWork>,
}

async fn work(services: &Services, caller: UserId, id: ActivityId) -> Result<Work, Error> {
    let supervisor = staff(services, caller, id).await?;
    let title = sqlx::query_scalar!("select title from activities where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let copies = activities::copies(services, supervisor).await?;
    if copies.len() > MAX_COPIES {
        let why = format!("An export holds at most {MAX_COPIES} copies; here are {}.", copies.len());
        return Err(Error::Conflict("too_much", why));
    }
    Ok(Work { title, page: format!("{}/activities/{id}/overview", services.origin), copies })
}

/// Somebody as the reader of a copy; none of one that was put into the trash meanwhile.
async fn reader_of(services: &Services, caller: UserId, copy: &CopyWork) -> Result<Option<Reader>, Error> {
    match access::reader(&services.db, caller, copy.id).await {
        Err(Error::NotFound) => Ok(None),
        reader => match reader? {
            reader if reader.rights().may_copy => Ok(Some(reader)),
            _ => Err(Error::Forbidden(PROTECTED)),
        },
    }
}

/// All copies as pages to print, one after the other; `so_far` is told how many of how many are done. At the end stands how
/// far people agree over all of them.
///
/// # Errors
/// As the caller may not take them away, there are none, or they are more than is printed.
pub(super) async fn sheets<F>(
    services: &Services,
    caller: UserId,
    id: ActivityId,
    so_far: impl Fn(usize, usize) -> F,
) -> Result<Sheets, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let Work { title, page: address, copies } = work(services, caller, id).await?;
    let agreed = agreed(services, caller, id).await?;
    let made_at = rfc3339(OffsetDateTime::now_utc());
    let (mut page, mut shows_names, all) = (Page::new(Medium::Paper), false, copies.len());
    for (done, copy) in copies.into_iter().enumerate() {
        let Some(reader) = reader_of(services, caller, &copy).await? else { continue };
        shows_names |= reader.rights().sees_names;
        let contents = Contents::read(services, reader, None).await?;
        page = blocking(move || page.with_part(&copy.name, &contents)).await?;
        if page.bytes() > MAX_PRINTED {
            let limit = MAX_PRINTED >> 20;
            let why = format!("The pages of this activity come to more than {limit} MiB; take its copies one by one.");
            return Err(Error::TooLarge(why));
        }
        so_far(done + 1, all).await?;
    }
    if page.bytes() == 0 {
        return Err(Error::Conflict(
            "nothing",
            "Nobody has begun this activity yet: there is nothing to print.".into(),
        ));
    }
    let html = page.with_agreement(agreed.as_ref()).finish(About { title: &title, page: &address, made_at: &made_at });
    Ok(Sheets { name: file_name(&title), html, shows_names })
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
            _ => Self::Files(Box::default()),
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
            Self::Files(_) => {}
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
        if let (Self::Files(folder), Some(agreed)) = (&mut self, agreed) {
            let made_at = rfc3339(OffsetDateTime::now_utc());
            let file = write(About { title, page, made_at: &made_at }, &agreed)?;
            folder.add(&file_name(HEADING), ending, &file)?;
        }
        self.within()
    }

    /// Adds a copy as a file of its own.
    fn add(mut self, name: &str, ending: &str, source: Source) -> Result<Self, Error> {
        if let Self::Files(folder) = &mut self {
            folder.add(name, ending, &source.write()?)?;
        }
        self.within()
    }

    fn within(self) -> Result<Self, Error> {
        let bytes = match &self {
            Self::Items(_, bytes) | Self::Table(_, bytes) => *bytes,
            Self::Files(folder) => folder.bytes,
        };
        if bytes > MAX_BYTES {
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
            Self::Files(folder) => folder.finish(),
        }
    }
}
