//! Activities that are thrown away, with all their copies. What was revealed of them is a conversation of its own, and stays.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{MAX_TRASHED_OTHERS, TRASH_DAYS, TrashedActivity},
    ids::{ActivityId, UserId},
};
use sqlx::{PgConnection, PgPool};

use super::AT_ONCE;
use crate::{access, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// `DELETE /api/v1/activities/{activity}`
pub async fn put(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    access::supervisor(&mut tx, caller.id, id).await?.may_change()?;
    sqlx::query!("update activities set trashed_at = now() where id = $1 and trashed_at is null", id.uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/trash/activities/{activity}/restore`
pub async fn restore(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed_activity(&mut tx, caller.id, id).await?;
    sqlx::query!("update activities set trashed_at = null where id = $1", trashed.activity().uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/trash/activities/{activity}`
pub async fn purge(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed_activity(&mut tx, caller.id, id).await?;
    delete(&mut tx, &[trashed.activity().uuid()]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(conn: &mut PgConnection, activities: &[uuid::Uuid]) -> sqlx::Result<()> {
    // What is revealed was protected by its activity's setting.
    sqlx::query!(
        "update conversations c
         set copy_protected = true
         from activity_reveals r
         join activities a on a.id = r.activity_id
         where a.id = any($1) and a.copy_protected and c.id = r.conversation_id",
        activities
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from conversations
         where id in (select conversation_id from activity_copies where activity_id = any($1))",
        activities
    )
    .execute(&mut *conn)
    .await?;
    // Who was who in them is nobody's to know any more.
    sqlx::query!(
        "delete from author_aliases a
         where a.scope = any($1) and not exists (select from conversations c where c.alias_scope = a.scope)",
        activities
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from activities where id = any($1)", activities).execute(conn).await?;
    Ok(())
}

/// Those of classes in which somebody is staff, what came last first.
pub(super) async fn list(db: &PgPool, user: UserId) -> sqlx::Result<Vec<TrashedActivity>> {
    let rows = sqlx::query!(
        r#"select a.id, a.title, k.name as class, a.trashed_at as "trashed_at!",
                  a.trashed_at + make_interval(days => $2) as "deleted_at!", w.copies as "copies!",
                  w.highlights as "highlights!"
           from activities a
           join classes k on k.id = a.class_id
           join memberships m on m.class_id = k.id and m.user_id = $1 and m.role in ('tutor', 'instructor')
           cross join lateral (
               select count(*) as copies, coalesce(sum(d.highlight_count), 0) as highlights
               from activity_copies w
               left join annotation_document_state d on d.conversation_id = w.conversation_id
               where w.activity_id = a.id
           ) w
           where a.trashed_at is not null
           order by a.trashed_at desc, a.id desc
           limit $3"#,
        user.uuid(),
        TRASH_DAYS,
        MAX_TRASHED_OTHERS
    )
    .fetch_all(db)
    .await?;
    let trashed = rows.into_iter().map(|row| TrashedActivity {
        id: ActivityId::from_uuid(row.id),
        title: row.title,
        class: row.class,
        copies: row.copies,
        highlights: row.highlights,
        trashed_at: rfc3339(row.trashed_at),
        deleted_at: rfc3339(row.deleted_at),
    });
    Ok(trashed.collect())
}

/// Deletes some of what has lain there long enough.
pub(super) async fn empty(db: &PgPool) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    let due = sqlx::query_scalar!(
        "select id
         from activities
         where trashed_at < now() - make_interval(days => $1)
         order by trashed_at
         limit $2
         for update",
        TRASH_DAYS,
        AT_ONCE
    )
    .fetch_all(&mut *tx)
    .await?;
    delete(&mut tx, &due).await?;
    tx.commit().await?;
    Ok(due.len() as u64)
}
