//! Conversations: those that go with their owner, and those in which a former member, or another account, stands from then on.

use std::collections::HashSet;

use shared::{
    api::WhenErased,
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use sqlx::PgPool;
use uuid::Uuid;
use yrs::Doc;

use super::{
    aliases,
    begin::when_erased,
    former, rows,
    words::{Changed, Leaving},
};
use crate::{
    error::Error,
    kept, purge,
    rooms::persistence::{self, Renamed},
    runs, search,
    services::Services,
};

/// How often people may write in a document meanwhile.
const TRIES: usize = 5;

/// Conversations that are looked through by one query: each may be megabytes.
const A_PAGE: i64 = 20;

/// What came of going through all conversations, or all activities.
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
    let (mut pass, mut after, mut tried) = (Pass::default(), Uuid::nil(), HashSet::new());
    loop {
        let page = page(&services.db, person, after).await?;
        let Some((last, _)) = page.last() else { return Ok(pass) };
        after = *last;
        for (id, _) in page.iter().filter(|(_, has_traces)| *has_traces) {
            pass.found += 1;
            let conversation = ConversationId::from_uuid(*id);
            match forget(services, person, conversation, &mut tried).await {
                Ok(true) => {}
                Ok(false) => pass.left += 1,
                Err(error) => {
                    pass.left += 1;
                    warn(conversation, &error);
                }
            }
        }
    }
}

fn warn(conversation: ConversationId, error: &Error) {
    let source = std::error::Error::source(error);
    tracing::warn!(%conversation, %error, ?source, "somebody cannot be erased in a conversation");
}

/// The next conversations, and whether there is anything of the person in each. Bytes are looked through for the id: nothing
/// else says where somebody was mentioned. What is found by words is not: it says what these say, or what somebody wrote into
/// a message, whose words stay. The page is cut before anything is looked through, so that no more is read than what
/// hangs on it.
async fn page(db: &PgPool, person: UserId, after: Uuid) -> Result<Vec<(Uuid, bool)>, Error> {
    let (id, text) = (person.uuid(), person.to_string());
    let shouted = text.to_ascii_uppercase();
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
                  or exists (select from search_entries t where t.conversation_id = c.id and t.author = $2)
                  or exists (select from history_authors t where t.conversation_id = c.id and t.user_id = $2)
                  or exists (select from history_steps t
                             where t.conversation_id = c.id
                               and (t.named_by = $2 or (position($3::bytea in t.update) > 0 or position($6::bytea in t.update) > 0)))
                  or exists (select from revision_messages t where t.conversation_id = c.id and t.author_id = $2)
                  or exists (select from late_work t
                             where t.conversation_id = c.id
                               and ($2 in (t.user_id, t.taken_in_by) or (position($3::bytea in t.update) > 0 or position($6::bytea in t.update) > 0)))
                  or exists (select from refused_update t
                             where t.conversation_id = c.id and (position($3::bytea in t.update) > 0 or position($6::bytea in t.update) > 0))
                  or exists (select from annotation_update t
                             where t.conversation_id = c.id
                               and (t.author = $2 or (position($3::bytea in t.update) > 0 or position($6::bytea in t.update) > 0)))
                  or exists (select from conversation_revisions t
                             where t.conversation_id = c.id
                               and ($2 in (t.made_by, t.replaced_by) or (position($3::bytea in t.crdt_state) > 0 or position($6::bytea in t.crdt_state) > 0)))
                  or exists (select from annotation_document_state t
                             where t.conversation_id = c.id
                               and (t.last_editor = $2 or (position($3::bytea in t.crdt_state) > 0 or position($6::bytea in t.crdt_state) > 0))) as "has_traces?"
           from (select * from conversations where id > $1 order by id limit $5) c
           order by c.id"#,
        after,
        id,
        text.as_bytes(),
        text,
        A_PAGE,
        shouted.as_bytes()
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
    /// Who wrote what an activity begins with stays in it, and in its copies.
    when_erased: WhenErased,
}

async fn case(db: &PgPool, person: UserId, id: ConversationId) -> Result<Option<Case>, Error> {
    let row = sqlx::query!(
        r#"select goes_with(c.id, $2) as "goes!",
                  coalesce(
                      w.activity_id,
                      r.activity_id,
                      c.alias_scope,
                      (select t.id from activities t where t.template_id = c.id order by t.id limit 1),
                      c.id) as "place!",
                  case when exists (select from activities t where t.template_id = c.id)
                            or $2 = any(a.seed_authors)
                            or exists (select
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

/// `false` if people write there so busily that it could not be done. Where somebody has an alias, all that has this one is
/// gone through at once, and once a pass: whose it is says only the alias's row, which changes at last.
async fn forget(
    services: &Services,
    person: UserId,
    id: ConversationId,
    tried: &mut HashSet<Uuid>,
) -> Result<bool, Error> {
    let Some(scope) = aliases::scope(&services.db, person, id).await? else {
        return forget_in(services, person, id).await;
    };
    if !tried.insert(scope) {
        return Ok(true);
    }
    let mut is_done = true;
    for id in aliases::conversations(&services.db, scope).await? {
        is_done &= forget_in(services, person, id).await.unwrap_or_else(|error| {
            warn(id, &error);
            false
        });
    }
    if is_done {
        aliases::hand_over(&services.db, person, scope).await?;
    }
    Ok(is_done)
}

async fn forget_in(services: &Services, person: UserId, id: ConversationId) -> Result<bool, Error> {
    let Some(case) = case(&services.db, person, id).await? else { return Ok(true) };
    let merged = former::merged_into(&services.db, person).await?;
    if case.goes && merged.is_none() {
        delete(services, person, id).await?;
        return Ok(true);
    }
    let to = former::of(&services.db, person, case.place).await?;
    let is_merged = merged.is_some();
    let when_erased = if is_merged { WhenErased::Keep } else { case.when_erased };
    let name = former::name(merged, to);
    let alias = aliases::of(&services.db, id, (person, to), &name).await?;
    let leaving = Leaving { from: person, to, name, is_merged, alias, when_erased };
    for _ in 0..TRIES {
        if replace(services, id, &leaving).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn delete(services: &Services, person: UserId, id: ConversationId) -> Result<(), Error> {
    runs::stop_all(services, id).await?;
    services.rooms.close(id, CloseCode::NotFound).await;
    // Asked again: it may be an activity's template by now.
    sqlx::query!("delete from conversations where id = $1 and goes_with(id, $2)", id.uuid(), person.uuid())
        .execute(&services.db)
        .await?;
    services.files.sweep_soon();
    Ok(())
}

/// Puts whoever they become into somebody's place, in all that is kept of a conversation. `false` if somebody wrote meanwhile: then
/// nothing is changed.
async fn replace(services: &Services, id: ConversationId, leaving: &Leaving) -> Result<bool, Error> {
    let ids = leaving.ids();
    let now = leaving.clone();
    let rewritten = services.rooms.rename(id, ids, move |doc: &Doc, renamed: Renamed| now.change(doc, renamed)).await;
    let rewritten = rewritten.map_err(|error| Error::Internal(error.into()))?.ok_or(Error::NotFound)?;
    let Changed { is_changed, owners, reworded, gone } = rewritten.what;
    let then = leaving.clone();
    let changing = move |doc: &Doc, count| then.change(doc, Renamed { count, owners: owners.clone() }).is_changed;
    let earlier = kept::renamed(services, id, ids, changing).await?;
    let mut tx = services.db.begin().await?;
    sqlx::query!("select from conversations where id = $1 for no key update", id.uuid())
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound)?;
    if !kept::put(&mut tx, id, &earlier).await? {
        return Ok(false);
    }
    purge::forget(&mut tx, id, &gone).await?;
    rows::reword(&mut tx, id, &reworded).await?;
    rows::in_updates(&mut tx, id, leaving).await?;
    if !leaving.is_merged {
        rows::close_doors(&mut tx, id, leaving.from).await?;
    }
    if leaving.when_erased == WhenErased::Erase {
        rows::take_names_of_moments_away(&mut tx, id, leaving.from).await?;
    }
    rows::in_rows(&mut tx, id, ids).await?;
    search::forget(&mut tx, id, rewritten.compacted.epoch() + i64::from(is_changed)).await?;
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
