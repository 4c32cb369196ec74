//! What is marked deleted in a document can be taken back, and so is kept. Here it is taken out for good, in a new generation
//! of the document, and out of what is kept of earlier texts and of what copies begin with (`document::purge`).

mod show;

use std::collections::{BTreeSet, HashMap};

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use sha2::{Digest, Sha256};
use shared::{
    api::{MAX_PURGED, PurgeItem, PurgeItems, PurgedItems},
    document::{self, Purge, Purged, Roots},
    ids::{ConversationId, UserId},
    rules,
    sync::CloseCode,
};
use sqlx::PgConnection;
use uuid::Uuid;
use yrs::{ReadTxn, Transact};

use crate::{
    access,
    error::Error,
    rooms::persistence::{self, Failure},
    services::Services,
    sessions::Caller,
};

pub use show::list;

/// How often people may have written in the document while it was written anew.
const TRIES: usize = 5;

/// `POST /api/v1/conversations/{id}/purge`
pub async fn purge(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<PurgeItems>, JsonRejection>,
) -> Result<Json<PurgedItems>, Error> {
    let Path(id) = path?;
    access::moderator(&services.db, caller.id, id).await?;
    let Json(PurgeItems { items, .. }) = body?;
    let asked = Asked::of(id, caller.id, items)?;
    let turn = services.edits.take(caller.id).await?;
    // Goes on when nobody waits any more: whoever holds the document that is replaced has to hear of it.
    let work = tokio::spawn(async move {
        let _turn = turn;
        asked.purge(&services).await
    });
    work.await.map_err(|error| Error::Internal(error.into()))?.map(Json)
}

struct Asked {
    id: ConversationId,
    by: UserId,
    what: Purge,
    revisions: BTreeSet<i32>,
}

/// A document that is kept, as it is to be.
struct Kept<K> {
    key: K,
    /// SHA-256 of what was read.
    read: Vec<u8>,
    state: Vec<u8>,
    highlight_count: i32,
    is_changed: bool,
    /// Something was written in it, and not only removed.
    has_more: bool,
}

impl Asked {
    fn of(id: ConversationId, by: UserId, items: Vec<PurgeItem>) -> Result<Self, Error> {
        if items.is_empty() || items.len() > MAX_PURGED {
            return Err(Error::Invalid("items", format!("items: 1 to {MAX_PURGED} things.")));
        }
        let (mut what, mut revisions) = (Purge::default(), BTreeSet::new());
        for item in items {
            match item {
                PurgeItem::Highlight { id } => what.highlights.insert(id),
                PurgeItem::Comment { highlight, id } => what.comments.insert((highlight, id)),
                PurgeItem::Tag { id } => what.tags.insert(id),
                PurgeItem::Group { id } => what.groups.insert(id),
                PurgeItem::Revision { number } => revisions.insert(number),
            };
        }
        Ok(Self { id, by, what, revisions })
    }

    async fn purge(mut self, services: &Services) -> Result<PurgedItems, Error> {
        self.leave_what_is_used(services).await?;
        let mut kept = None;
        for _ in 0..TRIES {
            let revision = sqlx::query_scalar!("select revision from conversations where id = $1", self.id.uuid());
            let revision = revision.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
            // Earlier texts never change but here: they are gone through once, unless there is another.
            if kept.as_ref().is_none_or(|(of, _)| *of != revision) {
                kept = Some((revision, self.revisions_without(services).await?));
            }
            let Some((_, revisions)) = &kept else { continue };
            let seeds = self.seeds_without(services).await?;
            if let Some((purged, is_replaced)) = self.try_to_purge(services, (revision, revisions), &seeds).await? {
                if is_replaced {
                    services.rooms.close(self.id, CloseCode::WrongEpoch).await;
                }
                let PurgedItems { highlights, comments, tags, groups, revisions, .. } = purged;
                let (conversation, by) = (self.id, self.by);
                tracing::info!(%conversation, %by, highlights, comments, tags, groups, revisions, "purged");
                return Ok(purged);
            }
        }
        let why = "People are writing here so busily that nothing could be deleted for ever. Try again.";
        Err(Error::Conflict("busy", why.into()))
    }

    /// Of tags and groups that are not marked deleted people make use.
    async fn leave_what_is_used(&mut self, services: &Services) -> Result<(), Error> {
        if self.what.tags.is_empty() && self.what.groups.is_empty() {
            return Ok(());
        }
        let read = services.rooms.read(self.id, rules::whole).await.map_err(internal)?.ok_or(Error::NotFound)?;
        let deleted = read.what.map_err(|_| internal(Failure::Damaged))?.deleted();
        self.what.tags.retain(|id| deleted.tags.contains(id));
        self.what.groups.retain(|id| deleted.groups.contains(id));
        Ok(())
    }

    /// Answers whether the document is another now. `None` if somebody wrote meanwhile, the text was edited, or an activity
    /// begun with it: then nothing is changed.
    async fn try_to_purge(
        &self,
        services: &Services,
        (revision, revisions): (i32, &[Kept<i32>]),
        seeds: &[Kept<Uuid>],
    ) -> Result<Option<(PurgedItems, bool)>, Error> {
        let (id, what) = (self.id.uuid(), self.what.clone());
        let rewritten = services.rooms.rewrite(self.id, self.by, move |doc| document::purge(doc, &what));
        let rewritten = rewritten.await.map_err(internal)?.ok_or(Error::NotFound)?;
        let purged = rewritten.what;
        let is_replaced = !purged.is_nothing();

        let mut tx = services.db.begin().await?;
        // Whoever edits the text, or begins an activity with it, waits.
        let held = sqlx::query_scalar!("select revision from conversations where id = $1 for no key update", id);
        let held = held.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound)?;
        access::moderator(&mut *tx, self.by, self.id).await?;
        if held != revision || !are_these(&mut tx, self.id, seeds).await? {
            return Ok(None);
        }
        put_revisions(&mut tx, self.id, revisions).await?;
        put_seeds(&mut tx, seeds).await?;
        forget(&mut tx, self.id, &self.what).await?;
        let gone: Vec<i32> = self.revisions.iter().copied().collect();
        let gone = sqlx::query!(
            "delete from conversation_revisions where conversation_id = $1 and number = any($2)",
            id,
            &gone
        );
        let gone = gone.execute(&mut *tx).await?.rows_affected();
        // At last: whoever writes here waits from then on, and others with them.
        if is_replaced && !persistence::replace(&mut tx, &rewritten.compacted).await? {
            return Ok(None);
        }
        tx.commit().await?;
        let Purged { highlights, comments, tags, groups } = purged;
        let epoch = rewritten.compacted.epoch() + i64::from(is_replaced);
        let purged = PurgedItems { epoch, highlights, comments, tags, groups, revisions: gone as usize };
        Ok(Some((purged, is_replaced)))
    }

    /// The documents of earlier texts in which something of it is, without it.
    async fn revisions_without(&self, services: &Services) -> Result<Vec<Kept<i32>>, Error> {
        if self.what.is_empty() {
            return Ok(Vec::new());
        }
        let gone: Vec<i32> = self.revisions.iter().copied().collect();
        let numbers = sqlx::query_scalar!(
            "select number from conversation_revisions where conversation_id = $1 and number <> all($2)",
            self.id.uuid(),
            &gone
        );
        let mut all = Vec::new();
        for number in numbers.fetch_all(&services.db).await? {
            let state = sqlx::query_scalar!(
                "select crdt_state from conversation_revisions where conversation_id = $1 and number = $2",
                self.id.uuid(),
                number
            );
            // Another purge may have taken it away.
            let Some(state) = state.fetch_optional(&services.db).await? else { continue };
            let kept = without(services, number, state, &self.what).await?;
            all.extend(kept.is_changed.then_some(kept));
        }
        Ok(all)
    }

    /// What activities give to who starts them, without it: all of them, changed or not.
    async fn seeds_without(&self, services: &Services) -> Result<Vec<Kept<Uuid>>, Error> {
        let rows = sqlx::query!(
            r#"select id, seed as "seed!" from activities where template_id = $1 and seed is not null"#,
            self.id.uuid()
        );
        let mut all = Vec::new();
        for row in rows.fetch_all(&services.db).await? {
            let kept = without(services, row.id, row.seed, &self.what).await?;
            // Copies are merged by what they have beyond it: nothing new may be in it.
            if kept.has_more {
                let why = "Somebody has started an activity that begins with this, and there something else refers to what is \
                           to be deleted for ever: a comment that is answered, or a tag that is in use. Highlights can be.";
                return Err(Error::Conflict("begun", why.into()));
            }
            all.push(kept);
        }
        Ok(all)
    }
}

/// A document that is kept, without these things.
async fn without<K>(services: &Services, key: K, state: Vec<u8>, what: &Purge) -> Result<Kept<K>, Error> {
    let (what, read) = (what.clone(), Sha256::digest(&state).to_vec());
    let kept = services.rooms.rewrite_kept(state, move |doc| {
        let before = doc.transact().state_vector();
        let purged = document::purge(doc, &what);
        let (roots, txn) = (Roots::of(doc), doc.transact());
        (purged, txn.state_vector() != before, document::highlights(&roots, &txn).len())
    });
    let ((purged, has_more, highlights), state) = kept.await.map_err(internal)?;
    let highlight_count = i32::try_from(highlights).unwrap_or(i32::MAX);
    Ok(Kept { key, read, state, highlight_count, is_changed: !purged.is_nothing(), has_more })
}

/// Whether activities still begin with what was read, all of them, in a transaction in which none is begun.
async fn are_these(conn: &mut PgConnection, id: ConversationId, seeds: &[Kept<Uuid>]) -> Result<bool, Error> {
    let rows = sqlx::query!(
        r#"select id, sha256(seed) as "sum!" from activities where template_id = $1 and seed is not null for update"#,
        id.uuid()
    );
    let now: HashMap<Uuid, Vec<u8>> = rows.fetch_all(conn).await?.into_iter().map(|row| (row.id, row.sum)).collect();
    Ok(now.len() == seeds.len() && seeds.iter().all(|seed| now.get(&seed.key) == Some(&seed.read)))
}

async fn put_revisions(conn: &mut PgConnection, id: ConversationId, kept: &[Kept<i32>]) -> Result<(), Error> {
    sqlx::query!("select set_config('promptgrimoire.purge', 'on', true)").fetch_one(&mut *conn).await?;
    for Kept { key, state, highlight_count, .. } in kept {
        sqlx::query!(
            "update conversation_revisions
             set crdt_state = $3, highlight_count = $4,
                 bytes = bytes - octet_length(crdt_state) + octet_length($3::bytea)
             where conversation_id = $1 and number = $2",
            id.uuid(),
            key,
            state,
            highlight_count
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!("select set_config('promptgrimoire.purge', 'off', true)").fetch_one(conn).await?;
    Ok(())
}

async fn put_seeds(conn: &mut PgConnection, kept: &[Kept<Uuid>]) -> Result<(), Error> {
    for Kept { key, state, highlight_count, .. } in kept.iter().filter(|kept| kept.is_changed) {
        sqlx::query!(
            "update activities set seed = $2, seed_highlights = $3 where id = $1",
            key,
            state,
            highlight_count
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// What is told and found of it elsewhere.
async fn forget(conn: &mut PgConnection, id: ConversationId, what: &Purge) -> Result<(), Error> {
    let highlights: Vec<Uuid> = what.highlights.iter().map(|id| id.uuid()).collect();
    let (of, comments): (Vec<Uuid>, Vec<Uuid>) =
        what.comments.iter().map(|(highlight, comment)| (highlight.uuid(), comment.uuid())).unzip();
    sqlx::query!(
        "delete from notices
         where conversation_id = $1
           and (highlight_id = any($2)
                or (highlight_id, comment_id) in (select * from unnest($3::uuid[], $4::uuid[])))",
        id.uuid(),
        &highlights,
        &of,
        &comments
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from webhook_deliveries
         where conversation_id = $1
           and (highlight_id = any($2)
                or (highlight_id, comment_id) in (select * from unnest($3::uuid[], $4::uuid[])))",
        id.uuid(),
        &highlights,
        &of,
        &comments
    )
    .execute(&mut *conn)
    .await?;
    // What came late and was taken in is in the document.
    sqlx::query!("delete from late_work where conversation_id = $1 and taken_in_at is not null", id.uuid())
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into search_queue (conversation_id) values ($1)
         on conflict (conversation_id) do update set change = nextval('search_changes')",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn internal(error: Failure) -> Error {
    Error::Internal(error.into())
}
