//! `GET /api/v1/conversations/{id}/history/export`: what one person did in a conversation's document, step by step, as a file for
//! them to keep or to hand in as evidence of how their work came to be.
//!
//! **Only their own deeds are told**, in their own words; what others did is counted, and nobody is named. Of what several did at
//! once only what is surely theirs is told by itself: what they made, and the words that they changed.

mod deeds;
mod page;

use std::collections::HashMap;

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use serde::{Deserialize, Serialize};
use shared::{
    document::Changes,
    ids::{ConversationId, UserId},
};
use sqlx::types::{Json as Column, time::OffsetDateTime};
use yrs::Doc;

use self::deeds::{Deed, Diary};
use super::internal;
use crate::{
    access::{self, Reader},
    authors,
    error::Error,
    export::{file_name, written},
    services::Services,
    sessions::Caller,
    times::rfc3339,
    turns::Turn,
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// For programs.
    #[default]
    Json,
    /// To be read: one page that needs no network and no scripts.
    Html,
}

/// All that the file tells.
#[derive(Serialize)]
struct Evidence {
    conversation: ConversationId,
    title: String,
    page: String,
    /// RFC 3339, as all moments.
    exported_at: String,
    /// How far back the history reaches.
    kept_since: Option<String>,
    person: Person,
    /// What they did by themselves, added up.
    alone: Total,
    /// What they did at the same time as others, added up with what those did.
    together: Total,
    others: Others,
    /// Oldest first.
    steps: Vec<OwnStep>,
}

/// Whose deeds these are.
#[derive(Serialize)]
struct Person {
    /// Their id as an author in the document.
    id: UserId,
    /// How they are seen there.
    called: String,
}

#[derive(Default, Serialize)]
struct Total {
    steps: u32,
    changes: Changes,
}

impl Total {
    fn add(&mut self, changes: Changes) {
        self.steps += 1;
        self.changes += changes;
    }
}

/// Everybody else, counted.
#[derive(Default, Serialize)]
struct Others {
    people: i64,
    steps: u32,
    changes: Changes,
}

/// What the person did without a pause, or at once with others.
#[derive(Serialize)]
struct OwnStep {
    number: i64,
    began_at: String,
    ended_at: String,
    /// How many others wrote at the same time: then what is counted is theirs as well.
    with_others: i64,
    /// What the person called the moment behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    in_words: String,
    changes: Changes,
    deeds: Vec<Deed>,
}

/// A step as the table has it.
struct Row {
    number: i64,
    is_base: bool,
    began_at: OffsetDateTime,
    ended_at: OffsetDateTime,
    changes: Column<Changes>,
    name: Option<String>,
    is_own: bool,
    others: i64,
}

/// `GET /api/v1/conversations/{id}/history/export`
pub async fn export(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Error> {
    let Path(id) = path?;
    let Query(Asked { format }) = query?;
    let reader = access::historian(&services.db, caller.id, id).await?.reader();
    let turn = services.readings.take(caller.id).await?;
    services.rooms.settle_history(id).await.map_err(internal)?;
    let evidence = read(&services, reader, turn).await?;
    let name = file_name(&evidence.title);
    match format {
        Format::Json => {
            let json = serde_json::to_vec_pretty(&evidence).map_err(|error| Error::Internal(error.into()))?;
            written(&format!("{name}-history.json"), "application/json", json)
        }
        Format::Html => {
            written(&format!("{name}-history.html"), "text/html; charset=utf-8", page::write(&evidence).into_bytes())
        }
    }
}

async fn read(services: &Services, reader: Reader, turn: Turn) -> Result<Evidence, Error> {
    let id = reader.conversation();
    let author = authors::of(&services.db, reader).await?;
    let title = super::title(services, id).await?;
    let rows = rows(services, reader).await?;
    let people = sqlx::query_scalar!(
        r#"select count(distinct user_id) as "count!" from history_authors where conversation_id = $1 and user_id <> $2"#,
        id.uuid(),
        reader.user().uuid()
    );
    let people = people.fetch_one(&services.db).await?;
    let mut diary = Diary::of(author.id, reader.rights().may_copy);
    // How each step that is theirs is to be read: nothing of the others'. Nobody knows what was there before a history begins.
    let is_alone = |row: &Row| row.others == 0 && !row.is_base;
    let own: HashMap<i64, bool> = rows.iter().filter(|row| row.is_own).map(|row| (row.number, is_alone(row))).collect();
    let read = move |number, doc: &Doc| {
        // Whoever does not wait for it has their turn until it is done.
        let _turn = &turn;
        (number, diary.next(doc, own.get(&number).copied()))
    };
    let deeds = services.rooms.read_steps(id, read).await.map_err(internal)?;
    let mut deeds: HashMap<_, _> = deeds.into_iter().collect();
    let (mut alone, mut together, mut others) =
        (Total::default(), Total::default(), Others { people, ..Others::default() });
    let kept_since = rows.first().map(|row| rfc3339(row.began_at));
    let mut steps = Vec::new();
    for row in rows {
        let changes = row.changes.0;
        match (row.is_own, row.others) {
            (true, 0) => alone.add(changes),
            (true, _) => together.add(changes),
            (false, 0) => continue,
            (false, _) => {
                others.steps += 1;
                others.changes += changes;
                continue;
            }
        }
        steps.push(OwnStep {
            number: row.number,
            began_at: rfc3339(row.began_at),
            ended_at: rfc3339(row.ended_at),
            with_others: row.others,
            name: row.name,
            in_words: changes.in_words(),
            changes,
            deeds: deeds.remove(&row.number).unwrap_or_default(),
        });
    }
    Ok(Evidence {
        conversation: id,
        title,
        page: format!("{}/c/{id}/history", services.origin),
        exported_at: rfc3339(OffsetDateTime::now_utc()),
        kept_since,
        person: Person { id: author.id, called: author.seen_as },
        alone,
        together,
        others,
        steps,
    })
}

/// All steps, oldest first.
async fn rows(services: &Services, reader: Reader) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select s.number, s.is_base, s.began_at, s.ended_at, s.changes as "changes: Column<Changes>",
                  case when s.named_by = $2 then s.name end as name,
                  w.is_own as "is_own!", w.others as "others!"
           from history_steps s
           cross join lateral (
               select coalesce(bool_or(a.user_id = $2), false) as is_own,
                      count(*) filter (where a.user_id <> $2) as others
               from history_authors a
               where a.conversation_id = s.conversation_id and a.number = s.number
           ) w
           where s.conversation_id = $1
           order by s.number"#,
        reader.conversation().uuid(),
        reader.user().uuid()
    );
    rows.fetch_all(&services.db).await
}
