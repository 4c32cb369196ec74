//! Places in which people are authors under aliases. Nothing that is seen there may say of two that they are one.

use shared::ids::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{erase, error::Error};

/// Places in which both are to be seen, and one of them under a pseudonym: by an alias, or because a conversation, a message or
/// a file is theirs, in whose place an alias would be shown.
///
/// # Errors
/// The database's.
async fn of_both(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<Vec<Uuid>, Error> {
    let scopes = sqlx::query_scalar!(
        r#"select there.scope as "scope!"
           from (select scope, user_id, not named as is_hidden from author_aliases where user_id in ($1, $2)
                 union all
                 select c.alias_scope, p.id, false
                 from conversations c
                 join (values ($1::uuid), ($2::uuid)) as p (id)
                     on c.owner_id = p.id
                        or exists (select from messages m where m.conversation_id = c.id and m.author_id = p.id)
                        or exists (select from files f where f.conversation_id = c.id and f.uploader_id = p.id)
                 where c.alias_scope is not null) as there
           group by there.scope
           having bool_or(there.user_id = $1) and bool_or(there.user_id = $2) and bool_or(there.is_hidden)"#,
        goes.uuid(),
        stays.uuid()
    );
    Ok(scopes.fetch_all(conn).await?)
}

/// What the account that goes owns there, by title. It would be owned under the other's pseudonym then, with the words of its
/// own: so whoever reads it would know that the two are one.
///
/// # Errors
/// The database's.
pub(super) async fn owned(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<Vec<String>, Error> {
    let scopes = of_both(conn, goes, stays).await?;
    let titles = sqlx::query_scalar!(
        "select title from conversations where owner_id = $1 and alias_scope = any($2) order by lower(title), id",
        goes.uuid(),
        &scopes
    );
    Ok(titles.fetch_all(conn).await?)
}

/// Where the account that goes is another person, and stays one: it becomes a former member there, whose alias changes when
/// all that has it is gone through.
///
/// # Errors
/// The database's.
pub(super) async fn keep_apart(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    for scope in of_both(conn, goes, stays).await? {
        let known = sqlx::query!("select from erased_as where person = $1 and scope = $2", goes.uuid(), scope);
        if known.fetch_optional(&mut *conn).await?.is_none() {
            erase::add_former_member(conn, goes, scope).await?;
        }
    }
    Ok(())
}

/// All others. Nobody has two aliases in one place: where both have one they are seen by name, and that of the account that goes
/// keeps its words, is nobody's, and is called as the one that stays.
///
/// # Errors
/// The database's.
pub(super) async fn hand_over(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    let (goes, stays) = (goes.uuid(), stays.uuid());
    sqlx::query!(
        "update author_aliases a
         set user_id = $2
         where a.user_id = $1
           and not exists (select from erased_as e where e.person = $1 and e.scope = a.scope)
           and not exists (select from author_aliases o where o.scope = a.scope and o.user_id = $2)",
        goes,
        stays
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update author_aliases a
         set user_id = null,
             pseudonym = case when exists (select
                                           from author_aliases o
                                           where o.scope = a.scope and o.pseudonym = s.name)
                              then a.pseudonym
                              else s.name
                         end
         from users s
         where a.user_id = $1 and s.id = $2
           and not exists (select from erased_as e where e.person = $1 and e.scope = a.scope)",
        goes,
        stays
    )
    .execute(&mut *conn)
    .await?;
    // Whoever is told of a comment sees the alias of its author, or a name: so both change at once.
    sqlx::query!(
        "update notices n
         set by_user = $2
         from conversations c
         where n.by_user = $1 and c.id = n.conversation_id
           and not exists (select from erased_as e where e.person = $1 and e.scope = c.alias_scope)",
        goes,
        stays
    )
    .execute(conn)
    .await?;
    Ok(())
}
