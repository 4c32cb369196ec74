//! Aliases of somebody who is erased: they stay, and are a former member's.

use shared::ids::{ConversationId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use super::former;
use crate::error::Error;

/// Where somebody has the alias that a conversation knows them by: nothing where it knows none of theirs.
///
/// # Errors
/// The database's.
pub(super) async fn scope(db: &PgPool, person: UserId, id: ConversationId) -> Result<Option<Uuid>, Error> {
    let scope = sqlx::query_scalar!(
        "select a.scope
         from conversations c
         join author_aliases a on a.scope = c.alias_scope
         where c.id = $1 and $2 in (a.user_id, a.alias)
         limit 1",
        id.uuid(),
        person.uuid()
    );
    Ok(scope.fetch_optional(db).await?)
}

/// All conversations in which people have the same aliases.
///
/// # Errors
/// The database's.
pub(super) async fn conversations(db: &PgPool, scope: Uuid) -> Result<Vec<ConversationId>, Error> {
    let ids = sqlx::query_scalar!("select id from conversations where alias_scope = $1 order by id", scope);
    Ok(ids.fetch_all(db).await?.into_iter().map(ConversationId::from_uuid).collect())
}

/// Somebody's alias in a conversation, and what others shall call it, where it is not their own id: `name` where it is no secret
/// whose it is.
///
/// # Errors
/// The database's.
pub(super) async fn of(
    db: &PgPool,
    id: ConversationId,
    (person, former): (UserId, UserId),
    name: &str,
) -> Result<Option<(UserId, String)>, Error> {
    let row = sqlx::query!(
        r#"select a.alias, case when not a.named then a.pseudonym end as "pseudonym?"
           from conversations c
           join author_aliases a on a.scope = c.alias_scope
           where c.id = $1 and a.user_id in ($2, $3) and a.alias not in ($2, $3)"#,
        id.uuid(),
        person.uuid(),
        former.uuid()
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(|row| (UserId::from_uuid(row.alias), row.pseudonym.unwrap_or_else(|| name.to_owned()))))
}

/// What is left of somebody's aliases: of those that no conversation has any more, or has yet.
///
/// # Errors
/// The database's.
pub(super) async fn forget(db: &PgPool, person: UserId) -> Result<(), Error> {
    let scopes =
        sqlx::query_scalar!("select distinct scope from author_aliases where $1 in (user_id, alias)", person.uuid());
    for scope in scopes.fetch_all(db).await? {
        hand_over(db, person, scope).await?;
    }
    Ok(())
}

/// Makes it a former member's, or that of whoever their account becomes part of.
///
/// # Errors
/// The database's.
pub(super) async fn hand_over(db: &PgPool, person: UserId, scope: Uuid) -> Result<(), Error> {
    let former = former::of(db, person, scope).await?;
    // Where both stand under their own ids, all is by the one now.
    sqlx::query!(
        "delete from author_aliases a
         where a.scope = $1 and a.alias = $2
           and exists (select from author_aliases o where o.scope = $1 and o.alias = $3)",
        scope,
        person.uuid(),
        former.uuid()
    )
    .execute(db)
    .await?;
    sqlx::query!(
        "update author_aliases
         set user_id = case user_id when $2 then $3 else user_id end,
             alias = case alias when $2 then $3 else alias end,
             pseudonym = replace(pseudonym, $2::uuid::text, $3::uuid::text)
         where scope = $1 and $2 in (user_id, alias)",
        scope,
        person.uuid(),
        former.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
