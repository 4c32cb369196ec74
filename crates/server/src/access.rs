//! What somebody may do with a conversation: one module, one query.

use std::collections::HashMap;

use shared::{
    access::{Access, Rights},
    ids::{ConversationId, UserId},
};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::error::Error;

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Option<Rights>, Error> {
    Ok(of_all(db, &[(user, conversation)]).await?.into_values().next())
}

/// The same for many at once; those who may do nothing are left out.
pub async fn of_all(
    db: impl PgExecutor<'_>,
    asked: &[(UserId, ConversationId)],
) -> sqlx::Result<HashMap<(UserId, ConversationId), Rights>> {
    let users: Vec<Uuid> = asked.iter().map(|(user, _)| user.uuid()).collect();
    let conversations: Vec<Uuid> = asked.iter().map(|(_, conversation)| conversation.uuid()).collect();
    let rows = sqlx::query!(
        r#"select asked.user_id as "user!", c.id,
                  c.owner_id = asked.user_id as "owner!",
                  c.share = 'class' and m.user_id is not null as "shared!",
                  coalesce(m.role in ('tutor', 'instructor'), false) as "staff!"
           from unnest($1::uuid[], $2::uuid[]) as asked (user_id, conversation_id)
           join conversations c on c.id = asked.conversation_id
           left join memberships m on m.class_id = c.class_id and m.user_id = asked.user_id"#,
        &users,
        &conversations
    )
    .fetch_all(db)
    .await?;
    let rights = rows.into_iter().filter_map(|row| {
        let rights = match (row.owner, row.shared) {
            (true, _) => Rights { access: Access::Owner, moderates: true },
            (false, true) => Rights { access: Access::Annotator, moderates: row.staff },
            (false, false) => return None,
        };
        Some(((UserId::from_uuid(row.user), ConversationId::from_uuid(row.id)), rights))
    });
    Ok(rights.collect())
}
