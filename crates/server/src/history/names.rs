//! What moments of a history are called.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    api::{MAX_MOMENT_NAME_CHARS, MAX_NAMED_MOMENTS},
    ids::ConversationId,
};
use sqlx::PgPool;

use crate::{
    access::{self, Chronicler},
    error::Error,
    names,
    services::Services,
    sessions::Caller,
};

/// What is kept before somebody brings something back.
const BEFORE_RESTORING: &str = "Before restoring";

/// The body of [`shared::api::NameMoment`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    name: String,
}

/// `PUT /api/v1/conversations/{id}/history/{number}/name`
pub async fn give(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i64)>, PathRejection>,
    body: Result<Json<NewName>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path((id, number)) = path?;
    let chronicler = access::chronicler(&services.db, caller.id, id).await?;
    let name = names::name(&body?.0.name, MAX_MOMENT_NAME_CHARS)?;
    let mut txn = services.db.begin().await?;
    // One name after another, so that they are counted.
    sqlx::query!("select from conversations where id = $1 for no key update", id.uuid())
        .fetch_optional(&mut *txn)
        .await?;
    let named = sqlx::query_scalar!(
        r#"select count(*) as "count!" from history_steps where conversation_id = $1 and number <> $2 and name is not null"#,
        id.uuid(),
        number
    );
    if named.fetch_one(&mut *txn).await? >= MAX_NAMED_MOMENTS {
        let why = format!("At most {MAX_NAMED_MOMENTS} moments have a name: take one away first.");
        return Err(Error::Conflict("too_many_names", why));
    }
    let given = sqlx::query!(
        "update history_steps
         set name = $3, named_by = $4, named_at = now()
         where conversation_id = $1 and number = $2 and (name is null or named_by = $4 or $5)",
        id.uuid(),
        number,
        name,
        caller.id.uuid(),
        chronicler.reader().rights().moderates
    );
    let is_given = given.execute(&mut *txn).await?.rows_affected() == 1;
    txn.commit().await?;
    if is_given { Ok(StatusCode::NO_CONTENT) } else { Err(not_theirs(&services.db, id, number).await?) }
}

/// `DELETE /api/v1/conversations/{id}/history/{number}/name`
pub async fn take_away(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i64)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((id, number)) = path?;
    let chronicler = access::chronicler(&services.db, caller.id, id).await?;
    let taken = sqlx::query!(
        "update history_steps
         set name = null, named_by = null, named_at = null
         where conversation_id = $1 and number = $2 and (name is null or named_by = $3 or $4)",
        id.uuid(),
        number,
        caller.id.uuid(),
        chronicler.reader().rights().moderates
    );
    let is_taken = taken.execute(&services.db).await?.rows_affected() == 1;
    if is_taken { Ok(StatusCode::NO_CONTENT) } else { Err(not_theirs(&services.db, id, number).await?) }
}

async fn not_theirs(db: &PgPool, id: ConversationId, number: i64) -> Result<Error, Error> {
    let is_there = sqlx::query_scalar!(
        r#"select exists (select from history_steps where conversation_id = $1 and number = $2) as "is!""#,
        id.uuid(),
        number
    );
    Ok(match is_there.fetch_one(db).await? {
        true => Error::Forbidden("Somebody else gave this moment its name: they and those who moderate change it."),
        false => Error::NotFound,
    })
}

/// The last moment there is gets a name, unless it has one or there are too many: so it stays as it is, whatever comes.
///
/// # Errors
/// The database's.
pub(super) async fn before_restoring(db: &PgPool, by: Chronicler) -> sqlx::Result<()> {
    let reader = by.reader();
    sqlx::query!(
        "update history_steps
         set name = $2, named_by = $3, named_at = now()
         where conversation_id = $1
           and number = (select max(number) from history_steps where conversation_id = $1)
           and name is null
           and (select count(*) from history_steps where conversation_id = $1 and name is not null) < $4",
        reader.conversation().uuid(),
        BEFORE_RESTORING,
        reader.user().uuid(),
        MAX_NAMED_MOMENTS
    )
    .execute(db)
    .await?;
    Ok(())
}
