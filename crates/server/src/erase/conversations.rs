//! Conversations: those that go with their owner, and those in which a former member stands from then on.

use std::collections::BTreeSet;

use shared::{
    api::WhenErased,
    document::{self, Purge},
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use yrs::Doc;

use super::{begin::when_erased, former};
use crate::{
    error::Error,
    purge::{self, kept},
    rooms::persistence::{self, Renamed},
    runs,
    services::Services,
};

/// How often people may write in a document meanwhile.
const TRIES: usize = 5;

/// Conversations that are looked through by one query: each may be megabytes.
const A_PAGE: i64 = 20;

/// What came of going through all conversations.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// Those in which there was something of the person.
    pub(super) found: usize,
    /// Those of them that are not done.
    pub(super) left: usize,
}

/// Goes through all conversations there are. What cannot be done in one keeps none of the others back.
///
/// # Errors
/// The database's.
pub(super) async fn pass(services: &Services, person: UserId) -> Result<Pass, Error> {
    let (mut pass, mut after) = (Pass::default(), Uuid::nil());
    loop {
        let page = page(&services.db, person, after).await?;
        let Some((last, _)) = page.last() else { return Ok(pass) };
        after = *last;
        for (id, _) in page.iter().filter(|(_, has_traces)| *has_traces) {
            pass.found += 1;
            let conversation = ConversationId::from_uuid(*id);
            match forget(services, person, conversation).await {
                Ok(true) => {}
                Ok(false) => pass.left += 1,
                Err(error) => {
                    pass.left += 1;
                    let source = std::error::Error::source(&error);
                    tracing::warn!(%conversation, %error, ?source, "somebody cannot be erased in a conversation");
                }
            }
        }
    }
}

/// The next conversations, and whether there is anything of the person in each. Bytes are looked through for the id: nothing
/// else says where somebody was mentioned.
async fn page(db: &PgPool, person: UserId, after: Uuid) -> Result<Vec<(Uuid, bool)>, Error> {
    let (id, text) = (person.uuid(), person.to_string());
    let rows = sqlx::query!(
        r#"select c.id,
                  $2 in (c.owner_id, c.revised_by)
                  or exists (select from annotation_client t where t.conversation_id = c.id and t.author = $2)
                  or exists (select from messages t where t.conversation_id = c.id and t.author_id = $2)
                  or exists (select from runs t where t.conversation_id = c.id and t.user_id = $2)
                  or exists (select from notices t where t.conversation_id = c.id and t.by_user = $2)
                  or exists (select from webhook_deliveries t where t.conversation_id = c.id and t.by_user = $2)
                  or exists (select from author_aliases t where t.scope = c.alias_scope and $2 in (t.user_id, t.alias))
                  or exists (select from files t where t.conversation_id = c.id and t.uploader_id = $2)
                  or exists (select from activity_copies t where t.conversation_id = c.id and t.user_id = $2)
                  or exists (select from copy_editors t where t.conversation_id = c.id and t.user_id = $2)
                  or exists (select from copy_tallies t where t.conversation_id = c.id and strpos(t.tally::text, $4) > 0)
                  or exists (select from search_entries t
                             where t.conversation_id = c.id and (t.author = $2 or strpos(lower(t.body), $4) > 0))
                  or exists (select from revision_messages t where t.conversation_id = c.id and t.author_id = $2)
                  or exists (select from late_work t
                             where t.conversation_id = c.id
                               and ($2 in (t.user_id, t.taken_in_by) or position($3::bytea in t.update) > 0))
                  or exists (select from refused_update t
                             where t.conversation_id = c.id and position($3::bytea in t.update) > 0)
                  or exists (select from annotation_update t
                             where t.conversation_id = c.id
                               and (t.author = $2 or position($3::bytea in t.update) > 0))
                  or exists (select from conversation_revisions t
                             where t.conversation_id = c.id
                               and ($2 in (t.made_by, t.replaced_by) or position($3::bytea in t.crdt_state) > 0))
                  or exists (select from annotation_document_state t
                             where t.conversation_id = c.id
                               and (t.last_editor = $2 or position($3::bytea in t.crdt_state) > 0)) as "has_traces?"
           from conversations c
           where c.id > $1
           order by c.id
           limit $5"#,
        after,
        id,
        text.as_bytes(),
        text,
        A_PAGE
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.has_traces.unwrap_or_default())).collect())
}

/// What decides what is done with one.
struct Case {
    goes: bool,
    /// In which somebody is one and the same former member: of an activity it is one for all copies, and for what they begin
    /// with and what is revealed of them.
    place: Uuid,
    /// Who wrote what copies begin with stays in them.
    when_erased: WhenErased,
}

async fn case(db: &PgPool, person: UserId, id: ConversationId) -> Result<Option<Case>, Error> {
    let row = sqlx::query!(
        r#"select c.id in (select conversations_that_go_with($2)) as "goes!",
                  coalesce(
                      w.activity_id,
                      r.activity_id,
                      c.alias_scope,
                      (select t.id from activities t where t.template_id = c.id order by t.id limit 1),
                      c.id) as "place!",
                  case when exists (select
                                    from erased_as e
                                    where e.person = $2 and e.scope = a.id and e.former = any(a.seed_authors))
                       then 'keep'
                       else coalesce(k.when_erased, 'keep') end as "when_erased!"
           from conversations c
           left join activity_copies w on w.conversation_id = c.id
           left join activity_reveals r on r.conversation_id = c.id
           left join activities a on a.id = coalesce(w.activity_id, r.activity_id)
           left join classes k on k.id = coalesce(a.class_id, c.class_id)
           where c.id = $1"#,
        id.uuid(),
        person.uuid()
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(|row| Case { goes: row.goes, place: row.place, when_erased: when_erased(&row.when_erased) }))
}

/// `false` if people write there so busily that it could not be done.
async fn forget(services: &Services, person: UserId, id: ConversationId) -> Result<bool, Error> {
    let Some(case) = case(&services.db, person, id).await? else { return Ok(true) };
    if case.goes {
        delete(services, person, id).await?;
        return Ok(true);
    }
    let former = former::of(&services.db, person, case.place).await?;
    for _ in 0..TRIES {
        if replace(services, id, (person, former), case.when_erased).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn delete(services: &Services, person: UserId, id: ConversationId) -> Result<(), Error> {
    runs::stop_all(services, id).await?;
    services.rooms.close(id, CloseCode::NotFound).await;
    // Asked again: it may be an activity's template by now.
    sqlx::query!(
        "delete from conversations where id = $1 and id in (select conversations_that_go_with($2))",
        id.uuid(),
        person.uuid()
    )
    .execute(&services.db)
    .await?;
    services.files.sweep_soon();
    Ok(())
}

/// Puts the second id into the place of the first, in all that is kept of a conversation. `false` if somebody wrote meanwhile:
/// then nothing is changed.
async fn replace(
    services: &Services,
    id: ConversationId,
    ids: (UserId, UserId),
    when_erased: WhenErased,
) -> Result<bool, Error> {
    let changing = move |doc: &Doc, Renamed { count, clients }: Renamed| change(doc, ids, count, when_erased, clients);
    let rewritten = services.rooms.rename(id, ids, changing).await;
    let rewritten = rewritten.map_err(|error| Error::Internal(error.into()))?.ok_or(Error::NotFound)?;
    let Changed { is_changed, clients, gone } = rewritten.what;
    let changing = move |doc: &Doc, count| change(doc, ids, count, when_erased, clients.clone()).is_changed;
    let earlier = kept::rewrite(services, id, &BTreeSet::new(), Some(ids), changing).await?;
    let mut tx = services.db.begin().await?;
    sqlx::query!("select from conversations where id = $1 for no key update", id.uuid())
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound)?;
    if !kept::put(&mut tx, id, &earlier).await? {
        return Ok(false);
    }
    purge::forget(&mut tx, id, &gone).await?;
    in_updates(&mut tx, id, ids, when_erased).await?;
    in_rows(&mut tx, id, ids).await?;
    // At last: whoever writes here waits from then on.
    if is_changed && !persistence::replace(&mut tx, &rewritten.compacted).await? {
        return Ok(false);
    }
    tx.commit().await?;
    if is_changed {
        services.rooms.close(id, CloseCode::WrongEpoch).await;
    }
    Ok(true)
}

/// What became of a document.
struct Changed {
    is_changed: bool,
    /// Under which somebody wrote in it.
    clients: BTreeSet<u64>,
    /// What was taken out.
    gone: Purge,
}

/// What is done to a document in which the id stood so often, and is another already.
fn change(
    doc: &Doc,
    (from, to): (UserId, UserId),
    count: usize,
    when_erased: WhenErased,
    clients: BTreeSet<u64>,
) -> Changed {
    let mut changes = count + document::rename_typed(doc, from, to);
    let mut gone = Purge::default();
    if when_erased == WhenErased::Erase {
        gone = document::said_by(doc, to);
        changes += usize::from(!document::purge(doc, &gone).is_nothing());
        changes += document::purge_typed(doc, to, &clients);
    }
    Changed { is_changed: changes > 0, clients, gone }
}

/// Updates that wait apart from the document.
async fn in_updates(
    conn: &mut PgConnection,
    id: ConversationId,
    (from, to): (UserId, UserId),
    when_erased: WhenErased,
) -> Result<(), Error> {
    if when_erased == WhenErased::Erase {
        sqlx::query!("delete from late_work where conversation_id = $1 and user_id = $2", id.uuid(), from.uuid())
            .execute(&mut *conn)
            .await?;
    }
    let needle = from.to_string();
    let late = sqlx::query!(
        "select id, update from late_work where conversation_id = $1 and position($2::bytea in update) > 0 for update",
        id.uuid(),
        needle.as_bytes()
    );
    for mut row in late.fetch_all(&mut *conn).await? {
        document::rename(&mut row.update, from, to);
        sqlx::query!("update late_work set update = $2 where id = $1", row.id, row.update).execute(&mut *conn).await?;
    }
    let refused = sqlx::query!(
        "select id, update from refused_update where conversation_id = $1 and position($2::bytea in update) > 0 for update",
        id.uuid(),
        needle.as_bytes()
    );
    for mut row in refused.fetch_all(&mut *conn).await? {
        document::rename(&mut row.update, from, to);
        sqlx::query!("update refused_update set update = $2 where id = $1", row.id, row.update)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Whatever else names people of a conversation. What is found by words is made anew.
async fn in_rows(conn: &mut PgConnection, id: ConversationId, (from, to): (UserId, UserId)) -> Result<(), Error> {
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
         of_files as (update files set uploader_id = $3 where conversation_id = $1 and uploader_id = $2),
         of_aliases as (
             update author_aliases
             set user_id = case user_id when $2 then $3 else user_id end,
                 alias = case alias when $2 then $3 else alias end,
                 pseudonym = replace(pseudonym, $2::uuid::text, $3::uuid::text)
             where scope = (select alias_scope from conversations where id = $1) and $2 in (user_id, alias)),
         of_search as (delete from search_entries where conversation_id = $1),
         of_search_state as (delete from search_state where conversation_id = $1)
         insert into search_queue (conversation_id) values ($1)
         on conflict (conversation_id) do update set change = nextval('search_changes')",
        id.uuid(),
        from.uuid(),
        to.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}
