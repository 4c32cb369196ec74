//! The conversations of somebody's archive: whole where they are theirs, what they added elsewhere.

use serde_json::{Value, json};
use shared::ids::{ConversationId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Session, Stop};
use crate::{
    access::{self, Reader},
    bundle,
    error::Error,
    export,
    services::Services,
    times::rfc3339,
    zipped::Flow,
};

/// One that they own or have written in.
struct Row {
    id: Uuid,
    created_at: time::OffsetDateTime,
    /// Theirs, and no copy of an activity: such a copy is its class's.
    own: bool,
    trashed: bool,
}

/// Writes them, and answers a list of all: with the part that holds each, or why there is none.
pub(super) async fn write(services: &Services, user: UserId, session: &Session, flow: &Flow) -> Result<Value, Stop> {
    let mut list = Vec::new();
    for row in all(&services.db, user).await? {
        session.check(&services.db).await?;
        let id = ConversationId::from_uuid(row.id);
        let mut line = json!({
            "id": id,
            "yours": row.own,
            "part": null,
            "why_not": null,
        });
        match part(services, user, id, row.own).await {
            Ok((title, part, bytes)) => {
                line["title"] = json!(title);
                line["created_at"] = json!(rfc3339(row.created_at));
                line["part"] = json!(part);
                flow.add(&part, bytes).await?;
            }
            // Of the database, not of this one: an archive that looks whole and has holes is worse than none.
            Err(error) if error.is_of_the_store() => return Err(error.into()),
            Err(error) => line["why_not"] = json!(why(&error, &row)),
        }
        list.push(line);
    }
    Ok(Value::Array(list))
}

async fn all(db: &PgPool, user: UserId) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"with wrote as (
               -- What a copy began with was written in its template.
               select x.conversation_id as id
               from annotation_client x
               left join activity_copies w on w.conversation_id = x.conversation_id
               left join activities a on a.id = w.activity_id
               where x.author = $1 and not coalesce(x.client = any(a.seed_clients), false)
               union
               select conversation_id from annotation_update where author = $1
               union
               select m.conversation_id
               from messages m
               left join activity_copies w on w.conversation_id = m.conversation_id
               where m.author_id = $1 and (w.conversation_id is null or m.created_at >= w.created_at)
               union
               select conversation_id from activity_copies where user_id = $1
               union
               select o.id
               from conversations o
               where o.owner_id = $1 and not exists (select from activity_copies w where w.conversation_id = o.id))
           select c.id, c.created_at,
                  c.owner_id = $1 and w.conversation_id is null as "own!",
                  c.trashed_at is not null as "trashed!"
           from wrote
           join conversations c on c.id = wrote.id
           left join activity_copies w on w.conversation_id = c.id
           order by c.id"#,
        user.uuid()
    );
    rows.fetch_all(db).await
}

/// The title, and the part with its name.
async fn part(
    services: &Services,
    user: UserId,
    id: ConversationId,
    own: bool,
) -> Result<(String, String, Vec<u8>), Error> {
    let reader = access::reader(&services.db, user, id).await?;
    // Among the exports of everybody: others have their turns between two of these.
    let turn = services.exports.take(user).await?;
    let (title, bytes) = if own { whole(services, reader).await? } else { added(services, reader).await? };
    drop(turn);
    let (folder, ending) = if own { ("conversations", "grimoire") } else { ("contributions", "json") };
    // Two may be called the same, and what ids begin with is when they were made.
    let part = format!("{folder}/{}-{id}.{ending}", export::file_name(&title));
    Ok((title, part, bytes))
}

async fn whole(services: &Services, reader: Reader) -> Result<(String, Vec<u8>), Error> {
    let contents = bundle::write(services, reader).await?;
    let title = contents.title.clone();
    let zipping = tokio::task::spawn_blocking(move || contents.zip());
    Ok((title, zipping.await.map_err(|error| Error::Internal(error.into()))??))
}

async fn added(services: &Services, reader: Reader) -> Result<(String, Vec<u8>), Error> {
    let (title, added) = export::own::of_reader(services, reader).await?;
    Ok((title, super::json(&added)?))
}

/// Why one is not in the archive, in words.
fn why(error: &Error, row: &Row) -> String {
    match error {
        Error::NotFound if row.own && row.trashed => {
            "It is in your trash. Take it out there, and download your data again.".to_owned()
        }
        Error::NotFound => "It is not shared with you any more.".to_owned(),
        Error::Conflict(_, why) => why.clone(),
        error => {
            tracing::warn!(%error, source = ?std::error::Error::source(error), "a conversation is missing in somebody's data");
            "It could not be read on the server just now. Export it by itself, or download your data again.".to_owned()
        }
    }
}
