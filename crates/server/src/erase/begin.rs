//! What is foreseen, and the one transaction by which somebody is gone.

use shared::{
    api::{ErasedClass, Erasure, FORMER_MEMBER, WhenErased},
    ids::{ClassId, UserId},
};
use sqlx::{PgConnection, PgPool};

use crate::{error::Error, merge};

/// What a class does, as the database spells it.
pub(crate) fn when_erased(text: &str) -> WhenErased {
    if text == WhenErased::Erase.as_str() { WhenErased::Erase } else { WhenErased::Keep }
}

/// What would happen.
///
/// # Errors
/// The database's.
pub(super) async fn foreseen(db: &PgPool, user: UserId) -> Result<Erasure, Error> {
    let counted = sqlx::query!(
        r#"select count(*) as "conversations!",
                  count(*) filter (
                      where c.share = 'class' or w.conversation_id is not null
                         or exists (select from conversation_shares s where s.conversation_id = c.id)
                         or exists (select
                                    from conversation_links l
                                    join conversation_link_uses u on u.link_id = l.id
                                    where l.conversation_id = c.id and u.user_id <> $1)) as "shared!",
                  (select count(*)
                   from conversations s
                   left join activity_copies w on w.conversation_id = s.id
                   where s.owner_id = $1 and s.share = 'none' and s.trashed_at is null and w.conversation_id is null
                     and others_write_in(s.id, $1)) as "stays!",
                  (select count(*)
                   from projects p
                   where p.owner_id = $1 and p.class_id is null and p.purged_at is null) as "projects!"
           from conversations c
           left join activity_copies w on w.conversation_id = c.id
           where c.owner_id = $1 and goes_with(c.id, $1)"#,
        user.uuid()
    )
    .fetch_one(db)
    .await?;
    let rows = sqlx::query!(
        r#"select k.id, k.name, k.when_erased,
                  m.role = 'instructor'
                  and not exists (select
                                  from memberships o
                                  join users u on u.id = o.user_id and u.banned_at is null
                                  where o.class_id = k.id and o.user_id <> $1 and o.role = 'instructor') as "last!"
           from memberships m
           join classes k on k.id = m.class_id and k.trashed_at is null
           where m.user_id = $1
           order by lower(k.name), k.id"#,
        user.uuid()
    )
    .fetch_all(db)
    .await?;
    let classes = rows.into_iter().map(|row| ErasedClass {
        id: ClassId::from_uuid(row.id),
        name: row.name,
        when_erased: when_erased(&row.when_erased),
        last_instructor: row.last,
    });
    Ok(Erasure {
        conversations: counted.conversations,
        shared: counted.shared,
        stays: counted.stays,
        projects: counted.projects,
        classes: classes.collect(),
        // Whoever asks by what knows it.
        sign_in_again: false,
        last_admin: is_last_admin(&mut *db.acquire().await?, user).await?,
    })
}

async fn is_last_admin(conn: &mut PgConnection, user: UserId) -> Result<bool, Error> {
    let last = sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and is_admin)
                  and not exists (select from users where id <> $1 and is_admin and banned_at is null) as "last!""#,
        user.uuid()
    );
    Ok(last.fetch_one(conn).await?)
}

/// Somebody is gone: nobody signs in to the account, nothing that came by it goes on, and it has neither name nor address.
///
/// # Errors
/// The database's; [`Error::Conflict`] where nobody else teaches a class of theirs, or looks after the site, or another account is becoming part of
/// this one.
pub(super) async fn begin(conn: &mut PgConnection, user: UserId, email: &str) -> Result<(), Error> {
    refuse(conn, user).await?;
    cut_off(conn, user, email).await
}

/// The same, once nothing is in the way. To be repeated: a request that was under way may have written something meanwhile.
///
/// # Errors
/// The database's.
pub(super) async fn cut_off(conn: &mut PgConnection, user: UserId, email: &str) -> Result<(), Error> {
    sqlx::query!(
        "update users
         set erasing_since = coalesce(erasing_since, now()), banned_at = coalesce(banned_at, now()),
             name = $2, email = 'erased-' || id || '@erased.invalid',
             pronouns = null, time_zone = null, locale = null, is_admin = false, may_create_classes = false
         where id = $1",
        user.uuid(),
        FORMER_MEMBER
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with of_rosters as (delete from roster_entries where email = lower($2)),
              of_shares as (delete from conversation_shares where user_id = $1 or email = lower($2)),
              of_links as (delete from conversation_link_uses where user_id = $1),
              of_identities as (delete from identities where user_id = $1),
              of_sessions as (delete from sessions where user_id = $1),
              of_tokens as (delete from tokens where user_id = $1),
              of_sign_in_links as (delete from sign_in_links where user_id = $1),
              of_codes as (delete from merge_codes where user_id = $1),
              of_webhooks as (delete from webhooks where user_id = $1),
              of_memberships as (delete from memberships where user_id = $1),
              of_trashed as (delete from trashed_memberships where user_id = $1),
              of_visits as (delete from conversation_visits where user_id = $1),
              of_notices as (delete from notices where user_id = $1),
              of_refused as (delete from refused_update where user_id = $1)
         update runs set stop_asked = true where user_id = $1 and state = 'running'",
        user.uuid(),
        email
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}

async fn refuse(conn: &mut PgConnection, user: UserId) -> Result<(), Error> {
    // Whoever makes or unmakes instructors of these, or admins, waits; in one order, so that none waits for another.
    sqlx::query!(
        "select from classes
         where id in (select class_id from memberships where user_id = $1 and role = 'instructor')
         order by id
         for update",
        user.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!("select from users where is_admin or id = $1 order by id for update", user.uuid())
        .fetch_all(&mut *conn)
        .await?;
    let alone = sqlx::query_scalar!(
        "select k.name
         from memberships m
         join classes k on k.id = m.class_id and k.trashed_at is null
         where m.user_id = $1 and m.role = 'instructor'
           and not exists (select
                           from memberships o
                           join users u on u.id = o.user_id and u.banned_at is null
                           where o.class_id = k.id and o.user_id <> $1 and o.role = 'instructor')
         order by lower(k.name)",
        user.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    if !alone.is_empty() {
        let classes = alone.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
        let why =
            format!("Nobody else teaches {classes}: make somebody else an instructor first, or delete the class.");
        return Err(Error::Conflict("last_instructor", why));
    }
    if merge::is_under_way(conn, user).await? {
        let why =
            "Another account of yours is just becoming part of this one. That takes some minutes: try again then.";
        return Err(Error::Conflict("merging", why.into()));
    }
    if is_last_admin(conn, user).await? {
        let why = "Nobody else looks after this site: the people who run the server have to make somebody else an \
                   administrator first.";
        return Err(Error::Conflict("last_admin", why.into()));
    }
    Ok(())
}
