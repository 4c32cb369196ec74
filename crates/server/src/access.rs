//! What somebody may do with a conversation: one module, one query.

use shared::{
    access::Access,
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;

use crate::error::Error;

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Option<Access>, Error> {
    let row = sqlx::query!(
        r#"select c.owner_id = $2 as "owner!",
                  c.share = 'class' and m.user_id is not null as "shared!"
           from conversations c
           left join memberships m on m.class_id = c.class_id and m.user_id = $2
           where c.id = $1"#,
        conversation.uuid(),
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| match (row.owner, row.shared) {
        (true, _) => Some(Access::Owner),
        (false, true) => Some(Access::Annotator),
        (false, false) => None,
    }))
}
