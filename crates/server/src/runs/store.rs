//! What is stored of a run while it is written. The task that writes it is the only one who changes its message.

use std::time::Duration;

use shared::{
    ids::{ConversationId, MessageId, PromptVersionId, RunId, UserId},
    text,
};
use sqlx::PgPool;

use super::progress::Ending;

/// A run that has begun.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) run: RunId,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    pub(super) user: UserId,
    pub(super) model: String,
    pub(super) prompt: Option<PromptVersionId>,
}

/// Takes the run that is next in line, unless one is under way. It is given the prompt that is active now.
pub(super) async fn claim(db: &PgPool, conversation: ConversationId) -> sqlx::Result<Option<Claimed>> {
    let mut tx = db.begin().await?;
    let claimed = sqlx::query!(
        "update runs
         set state = 'running', alive_at = now()
         where id = (select r.id
                     from runs r
                     join messages m on m.conversation_id = r.conversation_id and m.id = r.message_id
                     join conversations c on c.id = r.conversation_id and c.trashed_at is null
                     where r.conversation_id = $1 and r.state = 'waiting'
                       and not exists (select
                                       from projects p
                                       join classes k on k.id = p.class_id and k.trashed_at is not null
                                       where p.id = c.project_id)
                     order by m.position
                     limit 1)
           and state = 'waiting'
           and not exists (select from runs where conversation_id = $1 and state = 'running')
         returning id, message_id, user_id, model",
        conversation.uuid()
    )
    .fetch_optional(&mut *tx)
    .await;
    let row = match claimed {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(None),
        // Somebody else was faster.
        Err(error) if is_taken(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let prompt = sqlx::query_scalar!(
        r#"update messages m
           set state = 'streaming', model = $2, prompt_id = p.active_prompt_id
           from conversations c
           left join projects p on p.id = c.project_id
           where m.id = $1 and m.conversation_id = $3 and c.id = m.conversation_id
           returning m.prompt_id"#,
        row.message_id,
        row.model,
        conversation.uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(Claimed {
        run: RunId::from_uuid(row.id),
        conversation,
        message: MessageId::from_uuid(row.message_id),
        user: UserId::from_uuid(row.user_id),
        model: row.model,
        prompt: prompt.map(PromptVersionId::from_uuid),
    }))
}

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some("runs_one_running")
}

/// What a run that is alive hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    GoOn,
    /// Somebody has stopped it at another server.
    Stop,
    /// Another server took it for dead, or the conversation is gone.
    Abandon,
}

/// Says that the run is alive, and stores what has come since the last time.
pub(super) async fn renew(db: &PgPool, claimed: &Claimed, markdown: Option<String>) -> sqlx::Result<Order> {
    let stop_asked = sqlx::query_scalar!(
        "update runs
         set alive_at = now()
         where id = $1 and state = 'running'
         returning stop_asked",
        claimed.run.uuid()
    )
    .fetch_optional(db)
    .await?;
    let order = match stop_asked {
        None => return Ok(Order::Abandon),
        Some(true) => Order::Stop,
        Some(false) => Order::GoOn,
    };
    if let Some(markdown) = markdown {
        let (markdown, text) = render(markdown).await;
        sqlx::query!(
            "update messages
             set markdown = $2, text = $3, renderer = $4
             where id = $1 and conversation_id = $5 and state = 'streaming'",
            claimed.message.uuid(),
            markdown,
            text,
            text::RENDERER_VERSION,
            claimed.conversation.uuid()
        )
        .execute(db)
        .await?;
    }
    Ok(order)
}

/// Rendering a long text is no work for a thread that others wait for.
pub(super) async fn render(markdown: String) -> (String, String) {
    const SHORT: usize = 16 << 10;
    if markdown.len() <= SHORT {
        let text = text::render(&markdown).text;
        return (markdown, text);
    }
    let work = tokio::task::spawn_blocking(move || {
        let text = text::render(&markdown).text;
        (markdown, text)
    });
    work.await.expect("the renderer takes any text, and nobody cancels it")
}

/// What is stored at the end.
#[derive(Debug, Clone)]
pub(super) struct Last {
    pub(super) markdown: String,
    pub(super) ending: Ending,
    /// Whether the model's server took the request.
    pub(super) was_asked: bool,
}

/// Stores the end of a run. While the database does not answer it is tried again, until `patience` is over.
pub(super) async fn finish(db: &PgPool, claimed: &Claimed, last: Last, patience: Duration) -> bool {
    let (markdown, text) = render(last.markdown).await;
    let trying = async {
        let mut pause = Duration::from_millis(200);
        while let Err(error) = try_finish(db, claimed, &markdown, &text, &last.ending, last.was_asked).await {
            tracing::warn!(run = %claimed.run, %error, "the end of a reply cannot be stored yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    };
    tokio::time::timeout(patience, trying).await.is_ok()
}

async fn try_finish(
    db: &PgPool,
    claimed: &Claimed,
    markdown: &str,
    text: &str,
    ending: &Ending,
    was_asked: bool,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let (code, detail) = ending.reason.as_ref().map_or((None, None), |(code, detail)| (Some(code), detail.as_ref()));
    sqlx::query!(
        "update messages
         set markdown = $2, text = $3, renderer = $4, state = $5, input_tokens = $6, output_tokens = $7,
             reason_code = $8, reason = $9
         where id = $1 and conversation_id = $10 and state in ('streaming', 'interrupted')",
        claimed.message.uuid(),
        markdown,
        text,
        text::RENDERER_VERSION,
        ending.state.as_str(),
        ending.usage.map(|usage| usage.input_tokens),
        ending.usage.map(|usage| usage.output_tokens),
        code,
        detail,
        claimed.conversation.uuid()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update runs set state = 'over' where id = $1", claimed.run.uuid()).execute(&mut *tx).await?;
    if was_asked {
        sqlx::query!(
            "update model_usage
             set input_tokens = coalesce($2::bigint, input_tokens), output_tokens = coalesce($3::bigint, $4::bigint),
                 estimated = $2::bigint is null
             where run_id = $1",
            claimed.run.uuid(),
            ending.usage.map(|usage| usage.input_tokens),
            ending.usage.map(|usage| usage.output_tokens),
            i64::try_from(markdown.len() / 4).unwrap_or(i64::MAX)
        )
        .execute(&mut *tx)
        .await?;
    } else {
        sqlx::query!("delete from model_usage where run_id = $1", claimed.run.uuid()).execute(&mut *tx).await?;
    }
    tx.commit().await
}
