//! The trash. What is put into it is there for nobody ([`access`]): pages, lists, search and sockets are as if it were
//! deleted. Its owner finds it in a list of its own and takes it out again, as it was and shared as it was, or deletes it
//! for ever; what has lain there for [`TRASH_DAYS`] days is deleted by itself.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::PathRejection, rejection::QueryRejection},
    http::StatusCode,
};
use shared::{
    api::{ListTrash, MAX_TRASHED_A_PAGE, TRASH_DAYS, TrashedConversation},
    ids::ConversationId,
};
use sqlx::{PgConnection, PgPool};

use crate::{access, error::Error, files::Files, runs, services::Services, sessions::Caller, times::rfc3339};

/// Between two looks at what has lain there long enough.
const EVERY: Duration = Duration::from_secs(3_600);

/// What is deleted in one statement; more is of the next.
const AT_ONCE: i64 = 50;

/// `DELETE /api/v1/conversations/{id}`
pub async fn put(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let owner = access::owner(&services.db, caller.id, id).await?;
    let mut tx = services.db.begin().await?;
    // Nobody makes an activity of it meanwhile: its row would refer to this one.
    sqlx::query!("select from conversations where id = $1 for update", owner.conversation().uuid())
        .fetch_optional(&mut *tx)
        .await?;
    refuse_template(&mut tx, owner.conversation()).await?;
    sqlx::query!(
        "update conversations set trashed_at = now() where id = $1 and trashed_at is null",
        owner.conversation().uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    // Nobody reads what a model would still write, and it costs.
    runs::stop_all(&services, owner.conversation()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a conversation that an activity needs.
async fn refuse_template(conn: &mut PgConnection, conversation: ConversationId) -> Result<(), Error> {
    let activity =
        sqlx::query_scalar!("select title from activities where template_id = $1 limit 1", conversation.uuid());
    match activity.fetch_optional(conn).await? {
        None => Ok(()),
        Some(title) => {
            let why = format!("This is the template of the activity “{title}”: who starts that is given a copy of it.");
            Err(Error::Conflict("template", why))
        }
    }
}

/// `GET /api/v1/trash`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<ListTrash>, QueryRejection>,
) -> Result<Json<Vec<TrashedConversation>>, Error> {
    let Query(ListTrash { after, limit }) = query?;
    let limit = limit.unwrap_or(MAX_TRASHED_A_PAGE);
    if !(1..=MAX_TRASHED_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_TRASHED_A_PAGE}.")));
    }
    let rows = sqlx::query!(
        r#"select c.id, c.title, c.trashed_at as "trashed_at!",
                  c.trashed_at + make_interval(days => $4) as "deleted_at!",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!",
                  coalesce(d.highlight_count, 0) as "highlights!"
           from conversations c
           left join annotation_document_state d on d.conversation_id = c.id
           where c.owner_id = $1
             and c.trashed_at is not null
             and ($2::uuid is null
                  or (c.trashed_at, c.id) < (select a.trashed_at, a.id
                                             from conversations a
                                             where a.id = $2 and a.owner_id = $1))
           order by c.trashed_at desc, c.id desc
           limit $3"#,
        caller.id.uuid(),
        after.map(ConversationId::uuid),
        i64::from(limit),
        TRASH_DAYS
    )
    .fetch_all(&services.db)
    .await?;
    let trashed = rows.into_iter().map(|row| TrashedConversation {
        id: ConversationId::from_uuid(row.id),
        title: row.title,
        messages: row.messages,
        highlights: row.highlights,
        trashed_at: rfc3339(row.trashed_at),
        deleted_at: rfc3339(row.deleted_at),
    });
    Ok(Json(trashed.collect()))
}

/// `POST /api/v1/trash/conversations/{id}/restore`
pub async fn restore(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed(&mut tx, caller.id, id).await?;
    sqlx::query!("update conversations set trashed_at = null where id = $1", trashed.conversation().uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/trash/conversations/{id}`
pub async fn delete(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed(&mut tx, caller.id, id).await?;
    refuse_template(&mut tx, trashed.conversation()).await?;
    sqlx::query!("delete from conversations where id = $1", trashed.conversation().uuid()).execute(&mut *tx).await?;
    tx.commit().await?;
    services.files.sweep_soon();
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes what has lain in the trash long enough, for as long as the server runs.
pub async fn follow(db: PgPool, files: Files) {
    loop {
        match empty(&db).await {
            Ok(0) => {}
            Ok(deleted) => {
                tracing::info!(deleted, "conversations of the trash are deleted");
                files.sweep_soon();
            }
            Err(error) => tracing::warn!(%error, "the trash could not be emptied"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Deletes what has lain there long enough, and says how much that was. Repeating it, or another server doing the same at
/// once, changes nothing.
///
/// # Errors
/// The database's; the next time goes on from there.
pub async fn empty(db: &PgPool) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let deleted = sqlx::query!(
            "delete from conversations
             where id in (select c.id
                          from conversations c
                          where c.trashed_at < now() - make_interval(days => $1)
                            and not exists (select from activities a where a.template_id = c.id)
                          order by c.trashed_at
                          limit $2
                          for update)",
            TRASH_DAYS,
            AT_ONCE
        )
        .execute(db)
        .await?
        .rows_affected();
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
