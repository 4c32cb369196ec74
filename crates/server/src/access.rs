//! What somebody may do with a conversation: one module, one query.

use shared::{
    access::{Access, Rights},
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;

use crate::error::Error;

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Option<Rights>, Error> {
    let row = sqlx::query!(
        r#"select c.owner_id = $2 as "owner!",
                  c.share = 'class' and m.user_id is not null as "shared!",
                  coalesce(m.role in ('tutor', 'instructor'), false) as "staff!"
           from conversations c
           left join memberships m on m.class_id = c.class_id and m.user_id = $2
           where c.id = $1"#,
        conversation.uuid(),
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| match (row.owner, row.shared) {
        (true, _) => Some(Rights { access: Access::Owner, moderates: true }),
        (false, true) => Some(Rights { access: Access::Annotator, moderates: row.staff }),
        (false, false) => None,
    }))
}
