//! Conversations that are thrown away.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{TRASH_DAYS, TrashedConversation},
    ids::{ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};

use super::AT_ONCE;
use crate::{access, error::Error, runs, services::Services, sessions::Caller, times::rfc3339};

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
    // Nobody reads what a model would still write, and it costs. Whoever writes it learns of it also if this server ends
    // now; what is in line is not begun (`runs`).
    sqlx::query!(
        "update runs set stop_asked = true where conversation_id = $1 and state = 'running'",
        owner.conversation().uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    runs::stop_all(&services, owner.conversation()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a conversation that an activity needs.
async fn refuse_template(conn: &mut PgConnection, conversation: ConversationId) -> Result<(), Error> {
    let activity = sqlx::query!(
        r#"select a.title, a.trashed_at is not null or k.trashed_at is not null as "trashed!",
                  k.trashed_at is not null as "class_trashed!"
           from activities a
           join classes k on k.id = a.class_id
           where a.template_id = $1
           order by a.trashed_at is not null or k.trashed_at is not null, k.trashed_at is not null
           limit 1"#,
        conversation.uuid()
    );
    let Some(row) = activity.fetch_optional(conn).await? else { return Ok(()) };
    let of = if row.trashed { "is in the trash, and could come back" } else { "gives a copy of it to who starts that" };
    if row.class_trashed {
        let why = "This is the template of an activity whose class is in the trash, and could come back.";
        return Err(Error::Conflict("template", why.into()));
    }
    let why = format!("This is the template of the activity “{}”, which {of}.", row.title);
    Err(Error::Conflict("template", why))
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
pub async fn purge(
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

/// Somebody's own, and what is theirs as staff, what came last first.
pub(super) async fn list(
    db: &PgPool,
    user: UserId,
    after: Option<ConversationId>,
    limit: u32,
) -> Result<Vec<TrashedConversation>, Error> {
    let after = match after {
        None => None,
        Some(id) => {
            let place = sqlx::query!(
                r#"select trashed_at as "at!"
                   from conversations
                   where id = $1 and (owner_id = $2 or is_of_staff(id, $2)) and trashed_at is not null"#,
                id.uuid(),
                user.uuid()
            );
            let gone = || Error::Invalid("after", "after: this is not in the trash any more. Begin anew.".into());
            Some((place.fetch_optional(db).await?.ok_or_else(gone)?.at, id.uuid()))
        }
    };
    let rows = sqlx::query!(
        r#"select c.id, c.title, c.trashed_at as "trashed_at!",
                  c.trashed_at + make_interval(days => $4) as "deleted_at!",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!",
                  coalesce(d.highlight_count, 0) as "highlights!"
           from (select id from conversations where owner_id = $1 and trashed_at is not null
                 union
                 select s.id
                 from memberships m
                 join classes k on k.id = m.class_id and k.archived_at is null
                 join conversations s on s.class_id = k.id and s.share = 'class' and s.trashed_at is not null
                 join users o on o.id = s.owner_id and o.is_former
                 where m.user_id = $1 and m.role in ('tutor', 'instructor')) mine
           join conversations c on c.id = mine.id
           left join annotation_document_state d on d.conversation_id = c.id
           where c.trashed_at is not null
             and ($2::timestamptz is null or (c.trashed_at, c.id) < ($2, $5::uuid))
           order by c.trashed_at desc, c.id desc
           limit $3"#,
        user.uuid(),
        after.map(|(at, _)| at),
        i64::from(limit),
        TRASH_DAYS,
        after.map(|(_, id)| id)
    )
    .fetch_all(db)
    .await?;
    let trashed = rows.into_iter().map(|row| TrashedConversation {
        id: ConversationId::from_uuid(row.id),
        title: row.title,
        messages: row.messages,
        highlights: row.highlights,
        trashed_at: rfc3339(row.trashed_at),
        deleted_at: rfc3339(row.deleted_at),
    });
    Ok(trashed.collect())
}

/// Deletes some of what has lain there long enough.
pub(super) async fn empty(db: &PgPool) -> Result<u64, Error> {
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
    );
    Ok(deleted.execute(db).await?.rows_affected())
}
