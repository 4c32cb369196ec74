//! Who people are as authors of a conversation's document, and by what names others see them.
//!
//! Where a conversation is not anonymous, an author's id is the user's. Where it is, it is an alias (`author_aliases`):
//! made when the person first comes, and all that others get to see of them, in the document's bytes, in its presence and
//! over the API, with a pseudonym. Who sees the names nonetheless is part of what somebody may do
//! (`Rights::sees_names`, decided in [`crate::access`]).
//!
//! **Who sees names does not change once anybody but the owner has come**: they were told who would. So such a
//! conversation stays with its class, or without one (`sharing::share_with_class`).
//!
//! In an anonymous activity people have one alias in all copies and in what is revealed of them: its own id is the scope.

mod pseudonyms;

use shared::{
    access::Rights,
    api::{Anonymity, Audience, Person},
    ids::{ActivityId, ClassId, ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{access, error::Error};

pub(crate) use pseudonyms::alias as unrelated_id;

/// Pseudonyms that are tried before there seems to be none left.
const MAX_TRIES: usize = 100;

/// Somebody as an author of one conversation's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Their id in it.
    pub id: UserId,
    /// What the others see.
    pub seen_as: String,
    /// Whether that is a pseudonym.
    pub hidden: bool,
    /// Who sees names, where the conversation is anonymous.
    pub names_seen_by: Option<Audience>,
    /// The generation of the document in which they are this.
    pub epoch: i64,
}

impl Author {
    /// How they are seen, where the conversation is anonymous.
    pub fn anonymity(self) -> Option<Anonymity> {
        let Self { seen_as, hidden, names_seen_by, .. } = self;
        names_seen_by.map(|names_seen_by| Anonymity { seen_as, hidden, names_seen_by })
    }
}

/// Who a reader is as an author. Who comes to an anonymous conversation for the first time gets an alias.
///
/// # Errors
/// The database's, or no pseudonym is left.
pub async fn of(db: &PgPool, reader: access::Reader) -> Result<Author, Error> {
    author(&mut *db.acquire().await?, reader.conversation(), reader.user()).await
}

/// The same in a transaction, for somebody whose access is known.
async fn author(conn: &mut PgConnection, conversation: ConversationId, user: UserId) -> Result<Author, Error> {
    for tries in 0..MAX_TRIES {
        if let Some(author) = known(conn, conversation, user).await? {
            return Ok(author);
        }
        make(conn, conversation, user, &pseudonyms::draw(tries)).await?;
    }
    Err(Error::Internal(anyhow::anyhow!("no pseudonym is left in {conversation}")))
}

async fn known(conn: &mut PgConnection, conversation: ConversationId, user: UserId) -> Result<Option<Author>, Error> {
    let row = sqlx::query!(
        r#"select c.alias_scope is not null as "anonymous!", u.name,
                  c.class_id is null and not c.class_gone and w.conversation_id is null as "alone!",
                  a.alias as "alias?", case when not a.named then a.pseudonym end as "pseudonym?",
                  coalesce(d.epoch, 0) as "epoch!"
           from conversations c
           join users u on u.id = $2
           left join activity_copies w on w.conversation_id = c.id
           left join annotation_document_state d on d.conversation_id = c.id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = u.id
           where c.id = $1"#,
        conversation.uuid(),
        user.uuid()
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    let id = match (row.anonymous, row.alias) {
        (false, _) => user,
        (true, Some(alias)) => UserId::from_uuid(alias),
        (true, None) => return Ok(None),
    };
    Ok(Some(Author {
        id,
        hidden: row.pseudonym.is_some(),
        seen_as: row.pseudonym.unwrap_or(row.name),
        names_seen_by: row.anonymous.then_some(if row.alone { Audience::Owner } else { Audience::Staff }),
        epoch: row.epoch,
    }))
}

/// Makes an alias, unless somebody there has this pseudonym or the person has one already. The conversation's row is held,
/// so that its class does not change meanwhile.
async fn make(
    conn: &mut PgConnection,
    conversation: ConversationId,
    user: UserId,
    pseudonym: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into author_aliases (alias, scope, user_id, pseudonym, named)
         select $1, c.alias_scope, $3, $4,
                case when coalesce(k.class_id, c.class_id) is null and not c.class_gone
                     then c.owner_id = $3
                     else exists (select
                                  from memberships m
                                  where m.class_id = coalesce(k.class_id, c.class_id)
                                    and m.user_id = $3
                                    and m.role in ('tutor', 'instructor'))
                end
         from conversations c
         left join activity_copies w on w.conversation_id = c.id
         left join activities k on k.id = w.activity_id
         where c.id = $2 and c.alias_scope is not null
         for share of c
         on conflict do nothing",
        pseudonyms::alias(),
        conversation.uuid(),
        user.uuid(),
        pseudonym
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether all who wrote in a conversation, and its owner, are staff of the class: people who are seen by their names in what
/// is anonymous there. Whoever was erased has none to be seen.
///
/// # Errors
/// The database's.
pub async fn all_staff(conn: &mut PgConnection, class: ClassId, conversation: ConversationId) -> Result<bool, Error> {
    let all = sqlx::query_scalar!(
        r#"select not exists (
               select
               from (select owner_id as id from conversations where id = $2
                     union all
                     select author from annotation_client where conversation_id = $2
                     union all
                     select author from annotation_update where conversation_id = $2 and author is not null) as wrote
               where not exists (select
                                 from memberships m
                                 where m.class_id = $1
                                   -- Who becomes part of another account is in no class any more; that one is.
                                   and m.user_id in (wrote.id, (select merged_into from users where id = wrote.id))
                                   and m.role in ('tutor', 'instructor'))
                 and not exists (select
                                 from users u
                                 where u.id = wrote.id and (u.is_former or u.erasing_since is not null))
           ) as "all!""#,
        class.uuid(),
        conversation.uuid()
    );
    Ok(all.fetch_one(conn).await?)
}

/// Lets staff stand under their own ids, and so by their names, in the copies of an anonymous activity: they wrote the
/// template, whose bytes every copy has.
///
/// # Errors
/// The database's.
pub async fn by_own_id(conn: &mut PgConnection, activity: ActivityId, staff: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "insert into author_aliases (alias, scope, user_id, pseudonym, named)
         select distinct on (wrote.id) wrote.id, $1::uuid, wrote.id, wrote.id::text, true
         from unnest($2::uuid[]) as wrote (id)
         on conflict do nothing",
        activity.uuid(),
        staff
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes a conversation anonymous, and answers who its owner is then. Its document is to be given to them in the same
/// transaction.
///
/// # Errors
/// The database's.
pub async fn hide(conn: &mut PgConnection, conversation: ConversationId, owner: UserId) -> Result<UserId, Error> {
    sqlx::query!("update conversations set alias_scope = id where id = $1", conversation.uuid())
        .execute(&mut *conn)
        .await?;
    Ok(author(conn, conversation, owner).await?.id)
}

/// The opposite: names stand there again, and the aliases are forgotten. Answers which was the owner's.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut PgConnection, conversation: ConversationId, owner: UserId) -> Result<UserId, Error> {
    let was = author(conn, conversation, owner).await?.id;
    sqlx::query!("delete from author_aliases where scope = $1", conversation.uuid()).execute(&mut *conn).await?;
    sqlx::query!("update conversations set alias_scope = null where id = $1", conversation.uuid())
        .execute(conn)
        .await?;
    Ok(was)
}

/// Whether people were told who sees their names: somebody but the owner has come. Holds the conversation's row.
///
/// # Errors
/// The database's.
pub async fn were_told(conn: &mut PgConnection, conversation: ConversationId) -> Result<bool, Error> {
    let told = sqlx::query_scalar!(
        r#"select exists (select
                          from author_aliases a
                          where a.scope = c.alias_scope and a.user_id is distinct from c.owner_id) as "told!"
           from conversations c
           where c.id = $1
           for update of c"#,
        conversation.uuid()
    );
    Ok(told.fetch_optional(conn).await?.unwrap_or_default())
}

/// Looks again whether the owner of an anonymous conversation is seen by name: its class has changed, before anybody came.
///
/// # Errors
/// The database's.
pub async fn class_changed(conn: &mut PgConnection, conversation: ConversationId) -> Result<(), Error> {
    sqlx::query!(
        "update author_aliases a
         set named = (c.class_id is null and not c.class_gone)
                     or exists (select
                                from memberships m
                                where m.class_id = c.class_id
                                  and m.user_id = c.owner_id
                                  and m.role in ('tutor', 'instructor'))
         from conversations c
         where c.id = $1 and a.scope = c.alias_scope and a.user_id = c.owner_id",
        conversation.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What stands behind the name of somebody who is no user: whoever made the file that was imported says that they wrote it.
const IMPORTED: &str = " (imported)";

/// Somebody who wrote before the conversation was imported.
pub fn imported(id: UserId, name: &str) -> Person {
    Person { id, name: format!("{name}{IMPORTED}"), pseudonym: None }
}

/// What somebody is called who may have been imported before.
pub fn without_mark(name: &str) -> &str {
    name.strip_suffix(IMPORTED).unwrap_or(name)
}

/// Somebody as a reader sees them. `pseudonym` is theirs, if they are not seen by name.
pub fn seen(rights: Rights, is_self: bool, id: UserId, name: String, pseudonym: Option<String>) -> Person {
    match pseudonym {
        Some(pseudonym) if !is_self && !rights.sees_names => Person { id, name: pseudonym, pseudonym: None },
        pseudonym => Person { id, name, pseudonym },
    }
}
