//! Whose copies of activities are.

use std::collections::HashMap;

use shared::ids::UserId;
use sqlx::PgPool;
use uuid::Uuid;

/// Somebody whose copy it is.
pub(crate) struct Owner {
    pub(crate) user: UserId,
    name: String,
    /// Under which those who see no names know them; nothing of one who has written nothing yet.
    pseudonym: Option<String>,
    is_hidden: bool,
}

impl Owner {
    /// As whoever `sees_names`, or does not, knows them.
    pub(crate) fn seen(self, sees_names: bool) -> Option<String> {
        if self.is_hidden && !sees_names { self.pseudonym } else { Some(self.name) }
    }
}

/// Whose these conversations are, as far as they are copies of one person each.
///
/// # Errors
/// The database's.
pub(crate) async fn owners(db: &PgPool, copies: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Owner>> {
    let rows = sqlx::query!(
        r#"select w.conversation_id as "id!", u.id as user_id, u.name, a.pseudonym as "pseudonym?",
                  (c.alias_scope is not null and not coalesce(a.named, false)) as "is_hidden!"
           from activity_copies w
           join conversations c on c.id = w.conversation_id
           join users u on u.id = w.user_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = w.user_id
           where w.conversation_id = any($1)"#,
        copies
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| {
        let (user, name, pseudonym, is_hidden) =
            (UserId::from_uuid(row.user_id), row.name, row.pseudonym, row.is_hidden);
        (row.id, Owner { user, name, pseudonym, is_hidden })
    });
    Ok(rows.collect())
}
