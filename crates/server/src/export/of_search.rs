//! What a search finds, to print: the conversations themselves, as whoever looks for it may read them.

use shared::{api::encoded, ids::UserId};
use time::OffsetDateTime;

use super::{
    MAX_PRINTED,
    contents::{About, Contents},
    copy_name, file_name,
    jobs::Sheets,
    reader::{Medium, Page},
};
use crate::{access, error::Error, search, services::Services, times::rfc3339};

/// The conversations as pages to print, one after the other, the best first; `so_far` is told how many of how many are done.
///
/// # Errors
/// Nothing is found, or more than is printed; the database's, or a document that cannot be read.
pub(super) async fn sheets<F>(
    services: &Services,
    caller: UserId,
    query: &str,
    so_far: impl Fn(usize, usize) -> F,
) -> Result<Sheets, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let found = search::conversations(services, caller, query).await?;
    let (mut page, mut holds, all) = (Page::new(Medium::Paper), Vec::new(), found.len());
    for (done, id) in found.into_iter().enumerate() {
        let reader = match access::reader(&services.db, caller, id).await {
            Err(Error::NotFound) => continue,
            reader => reader?,
        };
        let (may_copy, sees_names) = (reader.rights().may_copy, reader.rights().sees_names);
        if !may_copy {
            continue;
        }
        let contents = Contents::read(services, reader, None).await?;
        let whose = copy_name::whose(services, id, sees_names).await?.filter(|(user, _)| *user != caller);
        let title = &contents.conversation.title;
        let heading = whose.map_or_else(|| title.clone(), |(_, name)| format!("{title} · {name}"));
        let adding = tokio::task::spawn_blocking(move || page.with_part(&heading, &contents));
        page = adding.await.map_err(|error| Error::Internal(error.into()))??;
        if page.bytes() > MAX_PRINTED {
            let limit = MAX_PRINTED >> 20;
            let why = format!("What is found comes to more than {limit} MiB of pages; look for something narrower.");
            return Err(Error::TooLarge(why));
        }
        holds.push((id, sees_names));
        so_far(done + 1, all).await?;
    }
    if holds.is_empty() {
        return Err(Error::Conflict("nothing", "Nothing is found that may be taken away.".into()));
    }
    let (address, made_at) =
        (format!("{}/search?q={}", services.origin, encoded(query)), rfc3339(OffsetDateTime::now_utc()));
    let html = page.finish(About { title: query, page: &address, made_at: &made_at });
    // Whether names are shown is asked of each conversation in it.
    Ok(Sheets { name: file_name(query), html, shows_names: false, holds })
}
