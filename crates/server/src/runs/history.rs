//! What the model is asked: the prompt, and the branch that leads to the reply.

use super::{attachments, store::Claimed};
use crate::{
    conversations,
    error::Error,
    model::{Part, Question, Turn},
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

/// The messages before the reply, from the branch's start. Replies of which nothing came are left out: servers take no
/// empty turns.
async fn turns(services: &Services, claimed: &Claimed) -> Result<Vec<Turn>, Error> {
    let rows = sqlx::query!(
        r#"with recursive branch as (
               select p.id, p.parent_id, p.role, p.markdown, 1 as back
               from messages m
               join messages p on p.conversation_id = m.conversation_id and p.id = m.parent_id
               where m.conversation_id = $2 and m.id = $1
               union all
               select p.id, p.parent_id, p.role, p.markdown, b.back + 1
               from branch b
               join messages p on p.conversation_id = $2 and p.id = b.parent_id
           )
           select id as "id!", role as "role!", markdown as "markdown!"
           from branch
           where markdown <> ''
           order by back desc"#,
        claimed.message.uuid(),
        claimed.conversation.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut files = attachments::of_messages(services, claimed.conversation, &ids).await?;
    let turns = rows.into_iter().map(|row| {
        let mut parts = files.remove(&row.id).unwrap_or_default();
        parts.push(Part::Text(row.markdown));
        Turn { role: conversations::role(&row.role), parts }
    });
    Ok(turns.collect())
}
