//! `GET /api/v1/search/export`: what a search finds, as a file: a line, or an annotation, for each thing; in each other format the
//! conversations in which it is found, a file each in a zip.
//!
//! An annotation bookmarks the passage of a highlight (or of a comment on it), or the words of a message, with the selectors that the
//! conversation's own export gives it. What has no passage is bookmarked by its address.

use axum::{
    extract::{Query as UrlQuery, State, rejection::QueryRejection},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    api::{SearchHit, SearchKind, SearchResult},
    ids::{ConversationId, UserId},
};
use time::OffsetDateTime;

use super::{
    find::{self, Extent, MAX_RANKED, Place},
    passages::{self, Passages},
    query::Query,
};
use crate::{
    error::Error,
    export::{self, Format, collection, passage},
    services::Services,
    sessions::Caller,
    spreadsheet,
    times::rfc3339,
};

/// Conversations in one file.
const MAX_CONVERSATIONS: usize = 500;

/// Conversations that are written as files of their own.
const MAX_FILES: usize = 100;

/// Conversations that are asked for at a time: their texts are in memory together.
const A_PAGE: usize = 10;

const COLUMNS: [&str; 9] =
    ["conversation_id", "title", "kind", "author", "text", "link", "message_id", "highlight_id", "comment_id"];

/// What is asked for.
#[derive(Deserialize)]
pub struct Asked {
    q: String,
    format: Option<Format>,
}

/// `GET /api/v1/search/export`. Texts that are protected against copying are not in it.
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    asked: Result<UrlQuery<Asked>, QueryRejection>,
) -> Result<Response, Error> {
    let UrlQuery(Asked { q, format }) = asked?;
    let format = format.unwrap_or(Format::Csv);
    let most = if matches!(format, Format::Csv | Format::JsonLd) { MAX_CONVERSATIONS } else { MAX_FILES };
    let query = Query::read(&q)?;
    let _turn = services.exports.take(caller.id).await?;
    let all = found(&services, caller.id, &query, MAX_RANKED, most).await?;
    let name = export::file_name(&q);
    match format {
        Format::Csv => export::written(&format!("{name}.csv"), "text/csv; charset=utf-8", sheet(&services, all)),
        Format::JsonLd => {
            export::written(&format!("{name}.jsonld"), export::JSON_LD, annotations(&services, &q, all).await?)
        }
        _ => {
            let all = all.into_iter().map(|result| result.conversation).collect();
            let files = export::of_conversations(&services, caller.id, all, format).await?;
            export::written(&format!("{name}.zip"), "application/zip", files)
        }
    }
}

/// What may be taken away of what is found, with so many things of each conversation, in so many conversations at most.
async fn found(
    services: &Services,
    user: UserId,
    query: &Query,
    hits: i64,
    most: usize,
) -> Result<Vec<SearchResult>, Error> {
    let extent = Extent { hits, copied: true };
    let (mut all, mut after): (Vec<SearchResult>, Option<Place>) = (Vec::new(), None);
    loop {
        let page = find::find(&services.db, user, query, after, A_PAGE, extent).await?;
        if page.is_cut {
            let why = format!("More than {MAX_RANKED} things hold this; look for something narrower to export it.");
            return Err(Error::TooLarge(why));
        }
        all.extend(page.results);
        if all.len() > most || (page.next.is_some() && all.len() == most) {
            let why = format!("More than {most} conversations hold this; look for something narrower to export it.");
            return Err(Error::TooLarge(why));
        }
        after = page.next.as_deref().and_then(Place::read);
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// What is looked for, if it can be.
///
/// # Errors
/// It cannot: there is nothing in it to look for, it is too long, or it has a filter that there is not.
pub fn checked(q: String) -> Result<String, Error> {
    Query::read(&q).map(|_| q)
}

/// The conversations in which something is found that may be taken away, the best first: as many as are written as files.
///
/// # Errors
/// There are more of them; the database's.
pub async fn conversations(services: &Services, user: UserId, q: &str) -> Result<Vec<ConversationId>, Error> {
    let all = found(services, user, &Query::read(q)?, 1, MAX_FILES).await?;
    Ok(all.into_iter().map(|result| result.conversation).collect())
}

fn text(hit: &SearchHit) -> String {
    hit.excerpt.iter().map(|piece| &*piece.text).collect()
}

fn link(services: &Services, hit: &SearchHit) -> String {
    format!("{}{}", services.origin, hit.link)
}

fn sheet(services: &Services, all: Vec<SearchResult>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    spreadsheet::line(&mut writer, COLUMNS.map(str::to_owned));
    for result in all {
        for hit in &result.hits {
            spreadsheet::line(
                &mut writer,
                [
                    result.conversation.to_string(),
                    result.title.clone(),
                    hit.kind.as_str().to_owned(),
                    hit.author.as_ref().map(|author| author.name.clone()).unwrap_or_default(),
                    text(hit),
                    link(services, hit),
                    hit.message.map(|id| id.to_string()).unwrap_or_default(),
                    hit.highlight.map(|id| id.to_string()).unwrap_or_default(),
                    hit.comment.map(|id| id.to_string()).unwrap_or_default(),
                ],
            );
        }
    }
    spreadsheet::text(writer).into_bytes()
}

/// Each thing is a bookmark of its place, with what was found there as its description. The documents are read one after the
/// other, and not held together.
async fn annotations(services: &Services, q: &str, all: Vec<SearchResult>) -> Result<Vec<u8>, Error> {
    let page = format!("{}/search?q={}", services.origin, shared::api::encoded(q));
    let mut items = Vec::new();
    for result in all {
        let passages = passages::of(services, &result).await?;
        for (hit, passages) in result.hits.iter().zip(passages) {
            items.push(annotation(services, &format!("{page}#found={}", items.len() + 1), &result, hit, &passages));
        }
    }
    Ok(collection(&page, q, &rfc3339(OffsetDateTime::now_utc()), items).into_bytes())
}

fn annotation(services: &Services, id: &str, result: &SearchResult, hit: &SearchHit, passages: &Passages) -> Value {
    let link = link(services, hit);
    let page = format!("{}/c/{}", services.origin, result.conversation);
    let target = match &passages[..] {
        // A text fragment is for browsers; what is meant is the message.
        [] => json!(link.split(":~:").next().unwrap_or(&link)),
        passages => passages.iter().map(|(target, anchor)| passage(&page, target, *anchor)).collect(),
    };
    let words = if hit.kind == SearchKind::Title { result.title.clone() } else { text(hit) };
    let mut body = json!({
        "canonical": link,
        "type": "TextualBody",
        "purpose": "describing",
        "value": words,
    });
    if let Some(author) = &hit.author {
        body["creator"] = json!({"id": format!("urn:uuid:{}", author.id), "type": "Person", "name": author.name});
    }
    json!({
        "id": id,
        "type": "Annotation",
        "motivation": "bookmarking",
        "body": body,
        "target": target,
    })
}
