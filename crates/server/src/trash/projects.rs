//! Projects that are thrown away, with their prompts and files. Their chats are not: these are their writers'.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{MAX_TRASHED_OTHERS, TRASH_DAYS, TrashedProject},
    ids::{ProjectId, UserId},
};
use sqlx::{PgConnection, PgPool};

use super::AT_ONCE;
use crate::{access, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// `DELETE /api/v1/projects/{project}`
pub async fn put(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let editor = access::project_editor_alone(&mut tx, caller.id, id).await?;
    sqlx::query!("update projects set deleted_at = now() where id = $1", editor.project().uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/trash/projects/{project}/restore`
pub async fn restore(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed_project(&mut tx, caller.id, id).await?;
    sqlx::query!("update projects set deleted_at = null where id = $1", trashed.project().uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/trash/projects/{project}`
pub async fn purge(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let trashed = access::trashed_project(&mut tx, caller.id, id).await?;
    delete(&mut tx, &[trashed.project().uuid()]).await?;
    tx.commit().await?;
    services.files.sweep_soon();
    Ok(StatusCode::NO_CONTENT)
}

/// The rows stay, for the chats that belonged to them, and so do files that a message was sent with.
pub(crate) async fn delete(conn: &mut PgConnection, projects: &[uuid::Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update files f
         set deleted_at = now()
         where f.project_id = any($1) and f.conversation_id is null and f.deleted_at is null
           and not exists (select from message_files m where m.file_id = f.id)",
        projects
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("update projects set purged_at = now() where id = any($1)", projects).execute(conn).await?;
    Ok(())
}

/// Somebody's own, and those of classes in which they are staff, what came last first.
pub(super) async fn list(db: &PgPool, user: UserId) -> sqlx::Result<Vec<TrashedProject>> {
    let rows = sqlx::query!(
        r#"select p.id, p.name, k.name as "class?", p.deleted_at as "trashed_at!",
                  p.deleted_at + make_interval(days => $2) as "deleted_at!",
                  (select count(*)
                   from files f
                   where f.project_id = p.id and f.conversation_id is null and f.deleted_at is null) as "files!"
           from projects p
           left join classes k on k.id = p.class_id
           where p.deleted_at is not null
             and p.purged_at is null
             and (p.class_id is null and p.owner_id = $1
                  or p.class_id in (select class_id
                                    from memberships
                                    where user_id = $1 and role in ('tutor', 'instructor')))
           order by p.deleted_at desc, p.id desc
           limit $3"#,
        user.uuid(),
        TRASH_DAYS,
        MAX_TRASHED_OTHERS
    )
    .fetch_all(db)
    .await?;
    let trashed = rows.into_iter().map(|row| TrashedProject {
        id: ProjectId::from_uuid(row.id),
        name: row.name,
        class: row.class,
        files: row.files,
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
         from projects
         where deleted_at < now() - make_interval(days => $1) and purged_at is null
         order by deleted_at
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
