//! What stock Yjs clients wrote against the rules, kept for whoever wrote it. (Our own client keeps it in the browser.)

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use shared::{
    api::RefusedUpdate,
    ids::{ConversationId, UserId},
    rules::Refusal,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{access, error::Error, services::Services, sessions::Caller};

/// Updates kept for one person, in all conversations; the newest stay.
const MAX_KEPT: i64 = 100;

/// Bytes of them.
const MAX_KEPT_BYTES: i64 = 16 << 20;

/// `GET /api/v1/conversations/{id}/refused`: what the caller's own stock clients wrote there in the last 30 days and
/// was not taken, newest first. Somebody who has lost access, or where it is
/// in the trash, still finds their own.
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<RefusedUpdate>>, Error> {
    let Path(id) = path?;
    let rows = sqlx::query!(
        r#"
        select update, code, (extract(epoch from refused_at) * 1000)::bigint as "at!"
        from refused_update
        where conversation_id = $1 and user_id = $2 and refused_at > now() - interval '30 days'
        order by id desc
        "#,
        id.uuid(),
        caller.id.uuid(),
    )
    .fetch_all(&services.db)
    .await?;
    if rows.is_empty() {
        access::of(&services.db, caller.id, id).await?.ok_or(Error::NotFound)?;
    }
    let refused = rows.into_iter().map(|row| RefusedUpdate {
        refused_at: row.at,
        code: row.code,
        update: BASE64_STANDARD.encode(row.update),
    });
    Ok(Json(refused.collect()))
}

/// Keeps an update that was refused, and lets go of what is too old or too much.
///
/// # Errors
/// The database's.
pub async fn keep(
    db: &PgPool,
    conversation: ConversationId,
    user: UserId,
    update: &[u8],
    refusal: Refusal,
) -> sqlx::Result<()> {
    let mut txn = db.begin().await?;
    sqlx::query!(
        r#"
        insert into refused_update (id, conversation_id, user_id, update, code)
        values ($1, $2, $3, $4, $5)
        "#,
        Uuid::now_v7(),
        conversation.uuid(),
        user.uuid(),
        update,
        refusal.code(),
    )
    .execute(&mut *txn)
    .await?;
    sqlx::query!(
        r#"
        delete from refused_update
        where refused_at <= now() - interval '30 days'
            or id in (
                select id
                from (
                    select id,
                        row_number() over newest as number,
                        sum(octet_length(update)) over newest as bytes
                    from refused_update
                    where user_id = $1
                    window newest as (order by id desc)
                ) as kept
                where number > $2 or (bytes > $3 and number > 1)
            )
        "#,
        user.uuid(),
        MAX_KEPT,
        MAX_KEPT_BYTES,
    )
    .execute(&mut *txn)
    .await?;
    txn.commit().await
}
