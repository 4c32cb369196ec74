use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{MessageState, WITHDRAWN},
    ids::{ConversationId, MessageId, RunId, UserId},
};

use super::{advance, tell};
use crate::{access, error::Error, services::Services, sessions::Caller};

/// `POST /api/v1/runs/{id}/stop`: for all who may send messages in the conversation.
pub async fn stop(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<RunId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(run) = path?;
    let row = sqlx::query!("select conversation_id, message_id from runs where id = $1", run.uuid());
    let row = row.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let (conversation, message) =
        (ConversationId::from_uuid(row.conversation_id), MessageId::from_uuid(row.message_id));
    let reader = access::reader(&services.db, caller.id, conversation).await?;
    if !reader.rights().access.may_edit() {
        return Err(Error::Forbidden("This is for those who may edit the conversation."));
    }
    stop_one(&services, run, conversation, message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops all that is written in a conversation, and what is in line there.
///
/// # Errors
/// The database's.
pub async fn stop_all(services: &Services, conversation: ConversationId) -> Result<(), Error> {
    // What is in line first, the last of it before the others: none of it begins because another ends.
    let rows = sqlx::query!(
        "select id, message_id
         from runs
         where conversation_id = $1 and state in ('waiting', 'running')
         order by (state = 'waiting') desc, id desc",
        conversation.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    for row in rows {
        stop_one(services, RunId::from_uuid(row.id), conversation, MessageId::from_uuid(row.message_id)).await?;
    }
    Ok(())
}

/// Stops all that is written for somebody, and what is in line for them, wherever that is.
///
/// # Errors
/// The database's.
pub async fn stop_all_of(services: &Services, user: UserId) -> Result<(), Error> {
    let rows = sqlx::query!(
        "select id, conversation_id, message_id
         from runs
         where user_id = $1 and state in ('waiting', 'running')
         order by (state = 'waiting') desc, id desc",
        user.uuid()
    );
    for row in rows.fetch_all(&services.db).await? {
        let (conversation, message) =
            (ConversationId::from_uuid(row.conversation_id), MessageId::from_uuid(row.message_id));
        stop_one(services, RunId::from_uuid(row.id), conversation, message).await?;
    }
    Ok(())
}

async fn stop_one(
    services: &Services,
    run: RunId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), Error> {
    // In one statement, so that it is either still in line or under way.
    let stopped = sqlx::query!(
        "with taken as (
             update runs
             set state = 'over'
             where id = $1 and state = 'waiting'
             returning id, conversation_id, message_id
         ),
         given_back as (
             delete from model_usage
             where run_id in (select id from taken)
         )
         update messages m
         set state = 'stopped', reason_code = $2
         from taken
         where m.conversation_id = taken.conversation_id and m.id = taken.message_id",
        run.uuid(),
        WITHDRAWN
    )
    .execute(&services.db)
    .await?;
    if stopped.rows_affected() > 0 {
        tell(services, conversation, run, message, MessageState::Stopped).await;
        advance(services, conversation).await?;
        return Ok(());
    }
    sqlx::query!("update runs set stop_asked = true where id = $1 and state = 'running'", run.uuid())
        .execute(&services.db)
        .await?;
    if let Some(live) = services.runs.find(run) {
        live.stop.cancel();
    }
    Ok(())
}
