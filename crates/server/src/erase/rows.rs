//! What names somebody beside a conversation's document.

use shared::{
    api::WhenErased,
    document::{self, Rewritten},
    ids::{ConversationId, UserId},
    rules,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::words::Leaving;
use crate::error::Error;

/// Notices show comments as they are.
pub(super) async fn reword(conn: &mut PgConnection, id: ConversationId, reworded: &[Rewritten]) -> Result<(), Error> {
    let highlights: Vec<Uuid> = reworded.iter().map(|it| it.highlight.uuid()).collect();
    let comments: Vec<Uuid> = reworded.iter().map(|it| it.comment.uuid()).collect();
    let excerpts: Vec<String> = reworded.iter().map(|it| rules::excerpt(&it.body)).collect();
    sqlx::query!(
        "update notices n
         set excerpt = said.excerpt
         from unnest($2::uuid[], $3::uuid[], $4::text[]) as said (highlight_id, comment_id, excerpt)
         where n.conversation_id = $1 and n.highlight_id = said.highlight_id and n.comment_id = said.comment_id
           and not n.comment_deleted",
        id.uuid(),
        &highlights,
        &comments,
        &excerpts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Updates that wait apart from the document.
pub(super) async fn in_updates(conn: &mut PgConnection, id: ConversationId, leaving: &Leaving) -> Result<(), Error> {
    let (from, to) = leaving.ids();
    if leaving.when_erased == WhenErased::Erase {
        sqlx::query!("delete from late_work where conversation_id = $1 and user_id = $2", id.uuid(), from.uuid())
            .execute(&mut *conn)
            .await?;
    }
    let needle = from.to_string();
    let shouted = needle.to_ascii_uppercase();
    let late = sqlx::query!(
        "select id, update
         from late_work
         where conversation_id = $1 and (position($2::bytea in update) > 0 or position($3::bytea in update) > 0)
         for update",
        id.uuid(),
        needle.as_bytes(),
        shouted.as_bytes()
    );
    for mut row in late.fetch_all(&mut *conn).await? {
        document::rename(&mut row.update, from, to);
        sqlx::query!("update late_work set update = $2 where id = $1", row.id, row.update).execute(&mut *conn).await?;
    }
    // Sent by both accounts, it is the same work.
    sqlx::query!(
        "delete from late_work l
         using late_work o
         where l.conversation_id = $1 and o.conversation_id = $1 and l.user_id = $2 and o.user_id = $3
           and sha256(l.update) = sha256(o.update)",
        id.uuid(),
        from.uuid(),
        to.uuid()
    )
    .execute(&mut *conn)
    .await?;
    let refused = sqlx::query!(
        "select id, update
         from refused_update
         where conversation_id = $1 and (position($2::bytea in update) > 0 or position($3::bytea in update) > 0)
         for update",
        id.uuid(),
        needle.as_bytes(),
        shouted.as_bytes()
    );
    for mut row in refused.fetch_all(&mut *conn).await? {
        document::rename(&mut row.update, from, to);
        sqlx::query!("update refused_update set update = $2 where id = $1", row.id, row.update)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Of what belonged to somebody and to no class: whoever is let in stays, and nobody new comes in, as nobody is left who could
/// show them out. To be called while it is theirs still.
pub(super) async fn close_doors(conn: &mut PgConnection, id: ConversationId, owner: UserId) -> Result<(), Error> {
    let theirs = sqlx::query!(
        "select from conversations where id = $1 and owner_id = $2 and share = 'none'",
        id.uuid(),
        owner.uuid()
    );
    if theirs.fetch_optional(&mut *conn).await?.is_none() {
        return Ok(());
    }
    sqlx::query!("delete from conversation_shares where conversation_id = $1 and user_id is null", id.uuid())
        .execute(&mut *conn)
        .await?;
    // By a link they are let in for as long as it lasts.
    sqlx::query!(
        "insert into conversation_shares (id, conversation_id, email, user_id, access, opened_at)
         select gen_random_uuid(), $1, lower(u.email), u.id, max(l.access), now()
         from conversation_links l
         join conversation_link_uses s on s.link_id = l.id
         join users u on u.id = s.user_id and u.banned_at is null
         where l.conversation_id = $1 and l.revoked_at is null and l.expires_at > now()
         group by u.id
         on conflict (conversation_id, email) do update
         set access = greatest(conversation_shares.access, excluded.access)",
        id.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update conversation_links set revoked_at = now() where conversation_id = $1 and revoked_at is null",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moments of a history are called nothing any more where somebody gave them their name.
///
/// # Errors
/// The database's.
pub(super) async fn take_names_of_moments_away(
    conn: &mut PgConnection,
    id: ConversationId,
    by: UserId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update history_steps
         set name = null, named_by = null, named_at = null
         where conversation_id = $1 and named_by = $2",
        id.uuid(),
        by.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whatever else names people of a conversation.
pub(super) async fn in_rows(
    conn: &mut PgConnection,
    id: ConversationId,
    (from, to): (UserId, UserId),
) -> Result<(), Error> {
    sqlx::query!(
        "with of_conversation as (
             update conversations
             set owner_id = case owner_id when $2 then $3 else owner_id end,
                 revised_by = case revised_by when $2 then $3 else revised_by end
             where id = $1 and $2 in (owner_id, revised_by)),
         of_document as (
             update annotation_document_state set last_editor = $3 where conversation_id = $1 and last_editor = $2),
         of_log as (update annotation_update set author = $3 where conversation_id = $1 and author = $2),
         of_clients as (update annotation_client set author = $3 where conversation_id = $1 and author = $2),
         of_copy as (update activity_copies set user_id = $3 where conversation_id = $1 and user_id = $2),
         of_tally as (
             update copy_tallies
             set tally = replace(tally::text, $2::uuid::text, $3::uuid::text)::jsonb
             where conversation_id = $1),
         edited as (delete from copy_editors where conversation_id = $1 and user_id = $2 returning edited_at),
         of_editors as (
             insert into copy_editors (conversation_id, user_id, edited_at)
             select $1, $3, edited_at from edited
             on conflict (conversation_id, user_id) do update
             set edited_at = greatest(copy_editors.edited_at, excluded.edited_at)),
         of_messages as (update messages set author_id = $3 where conversation_id = $1 and author_id = $2),
         of_revisions as (
             update conversation_revisions
             set made_by = case made_by when $2 then $3 else made_by end,
                 replaced_by = case replaced_by when $2 then $3 else replaced_by end
             where conversation_id = $1 and $2 in (made_by, replaced_by)),
         of_earlier_messages as (
             update revision_messages set author_id = $3 where conversation_id = $1 and author_id = $2),
         of_runs as (update runs set user_id = $3 where conversation_id = $1 and user_id = $2),
         of_notices as (update notices set by_user = $3 where conversation_id = $1 and by_user = $2),
         of_deliveries as (update webhook_deliveries set by_user = $3 where conversation_id = $1 and by_user = $2),
         of_late_work as (
             update late_work
             set user_id = case user_id when $2 then $3 else user_id end,
                 taken_in_by = case taken_in_by when $2 then $3 else taken_in_by end
             where conversation_id = $1 and $2 in (user_id, taken_in_by)),
         of_steps as (delete from history_authors where conversation_id = $1 and user_id = $2 returning number),
         of_history as (
             insert into history_authors (conversation_id, number, user_id)
             select $1, number, $3 from of_steps
             on conflict do nothing),
         of_names as (update history_steps set named_by = $3 where conversation_id = $1 and named_by = $2)
         update files set uploader_id = $3 where conversation_id = $1 and uploader_id = $2",
        id.uuid(),
        from.uuid(),
        to.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}
