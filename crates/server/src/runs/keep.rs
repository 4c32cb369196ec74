//! What nobody has in hand any more: replies of servers that are gone, and lines that nobody moves on.

use std::time::Duration;

use shared::{
    api::MessageState,
    ids::{ConversationId, MessageId, RunId},
};
use tokio::time::{MissedTickBehavior, interval};

use super::{advance, progress::INTERRUPTED, tell};
use crate::{error::Error, services::Services};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(3);

/// What this server left behind when it ended last. On a private database nobody else is at work: whatever was being written
/// has been left. To be called before anything is begun.
pub async fn take_over(services: &Services) {
    let alone = services.config.database_url.is_none();
    if alone && let Err(error) = look(services, true).await {
        tracing::warn!(%error, "replies that were left behind are not found yet");
    }
}

/// Looks after replies that were left behind, for as long as the server runs.
pub async fn keep(services: Services) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = look(&services, false).await {
            tracing::warn!(%error, "replies that were left behind cannot be looked for");
        }
    }
}

async fn look(services: &Services, all: bool) -> Result<(), Error> {
    // A run says every second that it is alive, and its server may be busy.
    let left = sqlx::query!(
        r#"with gone as (
               update runs
               set state = 'over'
               where state = 'running' and ($1 or alive_at < now() - interval '10 seconds')
               returning id, message_id, conversation_id
           ),
           told as (
               update messages m
               set state = 'interrupted', reason_code = 'interrupted', reason = $2
               from gone
               where m.conversation_id = gone.conversation_id and m.id = gone.message_id
               returning gone.id as run, gone.conversation_id as conversation, m.id as message,
                         octet_length(m.markdown) / 4 as tokens
           ),
           billed as (
               -- What came of it, in place of what was reserved.
               update model_usage u
               set output_tokens = told.tokens
               from told
               where u.run_id = told.run
           )
           select run as "run!", conversation as "conversation!", message as "message!" from told"#,
        all,
        INTERRUPTED
    )
    .fetch_all(&services.db)
    .await?;
    for row in left {
        let (run, message) = (RunId::from_uuid(row.run), MessageId::from_uuid(row.message));
        tell(services, ConversationId::from_uuid(row.conversation), run, message, MessageState::Interrupted).await;
    }
    let waiting = sqlx::query_scalar!(
        "select distinct conversation_id
         from runs r
         where state = 'waiting'
           and exists (select
                       from conversations c
                       left join projects p on p.id = c.project_id
                       left join classes k on k.id = p.class_id
                       where c.id = r.conversation_id and c.trashed_at is null and k.trashed_at is null)
           and not exists (select from runs o where o.conversation_id = r.conversation_id and o.state = 'running')
         limit 100"
    )
    .fetch_all(&services.db)
    .await?;
    for conversation in waiting {
        advance(services, ConversationId::from_uuid(conversation)).await?;
    }
    Ok(())
}
