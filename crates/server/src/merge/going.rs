//! All that an account has beside the documents, handed over to the one that stays.

use shared::ids::UserId;
use sqlx::PgConnection;

use super::aliases;
use crate::error::Error;

/// Whether an account is still becoming part of this one.
///
/// # Errors
/// The database's.
pub(crate) async fn is_under_way(conn: &mut PgConnection, into: UserId) -> Result<bool, Error> {
    let found =
        sqlx::query_scalar!(r#"select exists (select from users where merged_into = $1) as "found!""#, into.uuid());
    Ok(found.fetch_one(conn).await?)
}

/// Hands over what was written by requests that were under way when the account went.
///
/// # Errors
/// The database's.
pub(crate) async fn go_on(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    // Begun meanwhile: nobody could write in it.
    sqlx::query!(
        "delete from conversations
         where id in (select g.conversation_id
                      from activity_copies g
                      join activity_copies s on s.activity_id = g.activity_id and s.user_id = $2
                      where g.user_id = $1)",
        goes.uuid(),
        stays.uuid()
    )
    .execute(&mut *conn)
    .await?;
    go_over(conn, goes, stays).await
}

/// The same, and the account's row goes, unless it is still named somewhere. Whether it went.
///
/// # Errors
/// The database's.
pub(crate) async fn finish(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<bool, Error> {
    // Nothing that refers to it is written from here on.
    sqlx::query!("select from users where id = $1 for update", goes.uuid()).fetch_optional(&mut *conn).await?;
    go_on(conn, goes, stays).await?;
    let gone = sqlx::query!(
        "delete from users
         where id = $1 and merged_into is not null
           and not exists (select from annotation_client where author = $1)
           and not exists (select from activities where $1 = any(seed_authors))
           and not exists (select from author_aliases where alias = $1)",
        goes.uuid()
    );
    Ok(gone.execute(conn).await?.rows_affected() == 1)
}

/// Nobody signs in to the account any more, and what it has is the other's. To be repeated: a request that was under way may
/// have written something meanwhile.
///
/// # Errors
/// The database's.
pub(super) async fn go_over(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    close(conn, goes, stays).await?;
    belonging(conn, goes, stays).await?;
    aliases::keep_apart(conn, goes, stays).await?;
    aliases::hand_over(conn, goes, stays).await?;
    let (goes, stays) = (goes.uuid(), stays.uuid());
    sqlx::query!(
        "with of_conversations as (update conversations set owner_id = $2 where owner_id = $1),
              of_copies as (update activity_copies set user_id = $2 where user_id = $1),
              of_projects as (update projects set owner_id = $2 where owner_id = $1),
              of_prompts as (update prompt_versions set created_by = $2 where created_by = $1),
              of_activities as (update activities set created_by = $2 where created_by = $1),
              of_invitations as (update class_invitations set created_by = $2 where created_by = $1),
              apart as (
                  select c.id
                  from conversations c
                  join erased_as e on e.scope = c.alias_scope and e.person = $1),
              of_files as (
                  update files
                  set uploader_id = $2
                  where uploader_id = $1
                    and (conversation_id is null or conversation_id not in (select id from apart))),
              of_webhooks as (update webhooks set user_id = $2 where user_id = $1),
              of_refused as (update refused_update set user_id = $2 where user_id = $1),
              of_usage as (update model_usage set user_id = $2 where user_id = $1),
              -- One at a time is made for each person.
              of_exports as (
                  update export_jobs
                  set user_id = $2,
                      state = case when ended_at is null then 'cancelled' else state end,
                      ended_at = coalesce(ended_at, now())
                  where user_id = $1)
         -- A key is one person's: that of another request stays that one's.
         update runs r
         set user_id = $2,
             idempotency_key = case when exists (select
                                                 from runs o
                                                 where o.user_id = $2 and o.idempotency_key = r.idempotency_key)
                                    then r.id::text
                                    else r.idempotency_key
                               end
         where user_id = $1 and conversation_id not in (select id from apart)",
        goes,
        stays
    )
    .execute(&mut *conn)
    .await?;
    // Nobody is let in to what is their own.
    sqlx::query!(
        "delete from conversation_shares s
         using conversations c
         where c.id = s.conversation_id and c.owner_id = $1 and s.user_id = $1",
        stays
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}

async fn close(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    sqlx::query!(
        "update users g
         set merged_into = s.id, banned_at = coalesce(g.banned_at, now()),
             name = s.name, email = 'merged-' || g.id || '@erased.invalid',
             pronouns = null, time_zone = null, locale = null, is_admin = false, may_create_classes = false
         from users s
         where g.id = $1 and s.id = $2",
        goes.uuid(),
        stays.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with of_sessions as (delete from sessions where user_id = $1),
              of_tokens as (delete from tokens where user_id = $1),
              of_sign_in_links as (delete from sign_in_links where user_id = $1),
              of_codes as (delete from merge_codes where user_id = $1)
         update identities set user_id = $2 where user_id = $1",
        goes.uuid(),
        stays.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Classes, and what the person is let in to or told of. Where both were, the more is kept.
async fn belonging(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    let (goes, stays) = (goes.uuid(), stays.uuid());
    sqlx::query!(
        "with gone as (delete from memberships where user_id = $1 returning *),
              gone_with_class as (delete from trashed_memberships where user_id = $1 returning *),
              of_trashed as (
                  insert into trashed_memberships as t (class_id, user_id, role, created_at, group_id)
                  select class_id, $2, role, created_at, group_id from gone_with_class
                  on conflict (class_id, user_id) do update
                  set role = case when array_position(array['student', 'tutor', 'instructor'], excluded.role)
                                       > array_position(array['student', 'tutor', 'instructor'], t.role)
                                  then excluded.role
                                  else t.role
                             end,
                      group_id = coalesce(t.group_id, excluded.group_id),
                      created_at = least(t.created_at, excluded.created_at))
         insert into memberships as m (class_id, user_id, role, created_at, group_id)
         select class_id, $2, role, created_at, group_id from gone
         on conflict (class_id, user_id) do update
         set role = case when array_position(array['student', 'tutor', 'instructor'], excluded.role)
                              > array_position(array['student', 'tutor', 'instructor'], m.role)
                         then excluded.role
                         else m.role
                    end,
             group_id = coalesce(m.group_id, excluded.group_id),
             created_at = least(m.created_at, excluded.created_at)",
        goes,
        stays
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with of_shares as (update conversation_shares set user_id = $2 where user_id = $1),
              came as (delete from conversation_link_uses where user_id = $1 returning *),
              of_links as (
                  insert into conversation_link_uses (link_id, user_id, created_at)
                  select link_id, $2, created_at from came
                  on conflict (link_id, user_id) do nothing),
              visited as (delete from conversation_visits where user_id = $1 returning *),
              of_visits as (
                  insert into conversation_visits as v (user_id, conversation_id, opened_at)
                  select $2, conversation_id, opened_at from visited
                  on conflict (user_id, conversation_id) do update
                  set opened_at = greatest(v.opened_at, excluded.opened_at))
         update notices n
         set user_id = $2
         where n.user_id = $1
           and not exists (select
                           from notices o
                           where o.conversation_id = n.conversation_id and o.highlight_id = n.highlight_id
                             and o.comment_id = n.comment_id and o.user_id = $2)",
        goes,
        stays
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}
