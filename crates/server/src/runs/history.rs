//! What the model is asked: the prompt, and the branch that leads to the reply.

use shared::{
    api::WITHDRAWN,
    ids::{ConversationId, MessageId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{attachments, store::Claimed};
use crate::{
    conversations,
    error::Error,
    model::{BYTES_A_TOKEN, Part, Question, Turn},
    services::Services,
};

/// The question of a run.
pub(super) async fn question(services: &Services, claimed: &Claimed) -> Result<Question, Error> {
    let instructions = match claimed.prompt {
        None => None,
        Some(prompt) => {
            let content = sqlx::query_scalar!("select content from prompt_versions where id = $1", prompt.uuid());
            Some(content.fetch_one(&services.db).await?).filter(|content| !content.trim().is_empty())
        }
    };
    Ok(Question { model: claimed.model.clone(), instructions, turns: turns(services, claimed).await? })
}

/// About how many tokens the question of a reply has that is not asked yet: by the lengths of its texts and by what its
/// files are, without reading them. A file whose kind cannot be told so weighs little here; it is weighed when it is read.
pub(super) async fn estimate(
    conn: &mut PgConnection,
    conversation: ConversationId,
    reply: MessageId,
) -> Result<i64, Error> {
    let prompt = sqlx::query_scalar!(
        r#"select octet_length(v.content)::bigint as "bytes!"
           from conversations c
           join projects p on p.id = c.project_id
           join prompt_versions v on v.id = p.active_prompt_id
           where c.id = $1"#,
        conversation.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let branch = branch(&mut *conn, conversation, reply).await?;
    let ids: Vec<_> = branch.iter().map(|message| message.id).collect();
    let files = attachments::weigh(conn, conversation, &ids).await?;
    let words: i64 = branch.iter().map(|message| message.bytes).sum();
    Ok((prompt.unwrap_or_default() + words + files) / BYTES_A_TOKEN)
}

/// A message that the model reads.
struct Before {
    id: Uuid,
    bytes: i64,
}

/// The messages before the reply, from the branch's start. Replies of which nothing came are left out: servers take no
/// empty turns. So is what was withdrawn before a model read it.
async fn branch(db: impl PgExecutor<'_>, conversation: ConversationId, reply: MessageId) -> Result<Vec<Before>, Error> {
    let rows = sqlx::query_as!(
        Before,
        r#"with recursive branch as (
               select p.id, p.parent_id, octet_length(p.markdown)::bigint as bytes, p.reason_code, 1 as back
               from messages m
               join messages p on p.conversation_id = m.conversation_id and p.id = m.parent_id
               where m.conversation_id = $2 and m.id = $1
               union all
               select p.id, p.parent_id, octet_length(p.markdown)::bigint, p.reason_code, b.back + 1
               from branch b
               join messages p on p.conversation_id = $2 and p.id = b.parent_id
           )
           select b.id as "id!", b.bytes as "bytes!"
           from branch b
           where b.bytes > 0
             and not exists (select from branch reply where reply.parent_id = b.id and reply.reason_code = $3)
           order by b.back desc"#,
        reply.uuid(),
        conversation.uuid(),
        WITHDRAWN
    );
    Ok(rows.fetch_all(db).await?)
}

async fn turns(services: &Services, claimed: &Claimed) -> Result<Vec<Turn>, Error> {
    let before = branch(&services.db, claimed.conversation, claimed.message).await?;
    let ids: Vec<_> = before.into_iter().map(|message| message.id).collect();
    let rows = sqlx::query!(
        "select m.id, m.role, m.markdown
         from unnest($1::uuid[]) with ordinality as asked (id, number)
         join messages m on m.conversation_id = $2 and m.id = asked.id
         order by asked.number",
        &ids,
        claimed.conversation.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let mut files = attachments::of_messages(services, claimed.conversation, &ids).await?;
    let turns = rows.into_iter().map(|row| {
        let mut parts = files.remove(&row.id).unwrap_or_default();
        parts.push(Part::Text(row.markdown));
        Turn { role: conversations::role(&row.role), parts }
    });
    Ok(turns.collect())
}
