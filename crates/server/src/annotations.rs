//! Annotations of other tools, or of another copy of the same text, brought into a conversation that is here: passages are
//! found by their quotes. They become whoever brings them: nobody else's words are put into anybody's mouth, and a comment
//! says whose it was. They go into the document as that person's own commands do, by the same door.

mod plan;
mod read;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State, rejection::BytesRejection, rejection::PathRejection, rejection::QueryRejection},
};
use serde::Deserialize;
use shared::{api::BroughtIn, ids::ConversationId, rules::Sender, sync::MAX_FIRST_ANSWER, text::OffsetMap};
use sqlx::PgPool;
use time::OffsetDateTime;

pub use self::plan::copy_to_write;
use self::plan::{Place, Text, plan};
use crate::{
    access::{self, Reader},
    authors::{self, Author},
    conversations,
    error::Error,
    rooms::{Fate, Member, Moment},
    services::Services,
    sessions::Caller,
};

/// A file of annotations, in bytes.
pub const MAX_BYTES: usize = 8 << 20;

/// The query of [`bring_in`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// Whether it is only told what would be done.
    #[serde(default)]
    preview: bool,
}

/// `POST /api/v1/conversations/{id}/annotations`
pub async fn bring_in(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<How>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BroughtIn>, Error> {
    let Path(id) = path?;
    let as_of = services.rooms.now();
    let reader = access::reader(&services.db, caller.id, id).await?;
    if !reader.rights().access.may_annotate() {
        return Err(Error::Forbidden("This is for people who may annotate the conversation."));
    }
    let Query(How { preview }) = query?;
    let body = body.map_err(|_| Error::TooLarge(format!("annotations: at most {} MiB at once.", MAX_BYTES >> 20)))?;
    let author = authors::of(&services.db, reader).await?;
    let rights = reader.rights();
    let sender = Sender { author: author.id, access: rights.access, moderates: rights.moderates };
    let now = i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let (texts, seen_as) = (texts(&services, reader).await?, author.seen_as.clone());
    let done = services.rooms.read(id, move |doc| {
        let place = Place { conversation: id, sender, seen_as, texts: texts(), now };
        let incoming = read::read(&body)?;
        Ok(plan(&place, doc, incoming))
    });
    let done = done.await.map_err(|error| Error::Internal(error.into()))?.ok_or(Error::NotFound)?;
    let (update, told) = done.what.map_err(|why| Error::Invalid("no_annotations", why))?;
    let Some(update) = update.filter(|_| !preview) else { return Ok(Json(told)) };
    if update.len() > MAX_FIRST_ANSWER {
        return Err(Error::TooLarge("annotations: these are too many at once. Bring them in several parts.".into()));
    }
    say(&services, caller, reader, author, as_of, update).await?;
    Ok(Json(told))
}

/// Says an update in somebody's name in a conversation's room: one that [`copy_to_write`] was written in. Should it have been
/// taken where the room did not answer, whoever asks again finds it done.
///
/// # Errors
/// The rules do not let it be, or the room did not answer.
pub async fn say(
    services: &Services,
    caller: Caller,
    reader: Reader,
    author: Author,
    as_of: Moment,
    update: Vec<u8>,
) -> Result<(), Error> {
    let id = reader.conversation();
    if update.len() > MAX_FIRST_ANSWER {
        return Err(Error::TooLarge("This is too much at once.".into()));
    }
    let member = Member {
        user: caller.id,
        author: author.id,
        of_epoch: Some(author.epoch),
        name: author.seen_as,
        rights: reader.rights(),
        proof: caller.proof,
        as_of,
        speaks_v1: true,
        epoch: None,
    };
    let fates = services.rooms.take_in(id, &member, vec![update.into()]).await;
    match fates.map_err(|error| Error::Internal(error.into()))?.pop() {
        Some(Fate::Taken) => Ok(()),
        Some(Fate::Refused(why)) => Err(Error::Conflict("refused", why)),
        _ if is_of_another_generation(&services.db, id, author.epoch).await? => {
            Err(Error::Conflict("changed", "The text was changed meanwhile. Look at it again.".into()))
        }
        _ => Err(Error::Internal(anyhow::anyhow!("the room of {id} did not answer"))),
    }
}

async fn is_of_another_generation(db: &PgPool, id: ConversationId, epoch: i64) -> sqlx::Result<bool> {
    let now = sqlx::query_scalar!("select epoch from annotation_document_state where conversation_id = $1", id.uuid());
    Ok(now.fetch_optional(db).await?.is_some_and(|now| now != epoch))
}

/// The canonical texts of all messages; their maps are made where there is time.
async fn texts(services: &Services, reader: Reader) -> Result<impl FnOnce() -> Vec<Text> + Send + 'static, Error> {
    let shown = conversations::read(&services.db, reader, None).await?;
    let beside = conversations::texts_beside(&services.db, &shown).await?;
    let shown = shown.messages.into_iter().map(|message| (message.id, message.text));
    let all: Vec<_> = shown.chain(beside).collect();
    Ok(move || {
        let text = |(message, text): (_, String)| Text { message, map: OffsetMap::new(&text), text };
        all.into_iter().map(text).collect()
    })
}
