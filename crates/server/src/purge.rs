//! What is marked deleted in a document can be taken back, and so is kept. Here it is taken out for good: the document is
//! written anew without it, as a new generation, and so is what is kept of earlier texts and of what copies begin with.

mod show;

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use shared::{
    api::{MAX_PURGED, PurgeItem, PurgeItems, PurgedItems},
    document::{Purge, Purged},
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use sqlx::PgConnection;
use uuid::Uuid;

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

/// Another document in the place of one that is kept.
struct Kept<K> {
    key: K,
    state: Vec<u8>,
    highlight_count: i32,
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

    async fn purge(self, services: &Services) -> Result<PurgedItems, Error> {
        for _ in 0..TRIES {
            if let Some(purged) = self.try_to_purge(services).await? {
                services.rooms.close(self.id, CloseCode::WrongEpoch).await;
                let PurgedItems { highlights, comments, tags, groups, revisions, .. } = purged;
                tracing::info!(conversation = %self.id, highlights, comments, tags, groups, revisions, "purged");
                return Ok(purged);
            }
        }
        let why = "People are writing here so busily that nothing could be deleted for ever. Try again.";
        Err(Error::Conflict("busy", why.into()))
    }

    /// `None` if somebody wrote meanwhile, or the text was edited: then nothing is changed.
    async fn try_to_purge(&self, services: &Services) -> Result<Option<PurgedItems>, Error> {
        let id = self.id.uuid();
        let revision = sqlx::query_scalar!("select revision from conversations where id = $1", id);
        let revision = revision.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
        let asked = self.what.clone();
        let rewritten = services.rooms.write_anew(self.id, move |whole| {
            let (deleted, mut what) = (whole.deleted(), asked);
            // Of the others people make use.
            what.tags.retain(|id| deleted.tags.contains(id));
            what.groups.retain(|id| deleted.groups.contains(id));
            let purged = whole.purge(&what);
            (what, purged)
        });
        let rewritten = rewritten.await.map_err(internal)?.ok_or(Error::NotFound)?;
        let (what, purged) = rewritten.what;
        let revisions = self.revisions_without(services, &what).await?;
        let seeds = self.seeds_without(services, &what).await?;

        let mut tx = services.db.begin().await?;
        // Whoever edits the text, or begins an activity with it, waits.
        let held = sqlx::query_scalar!("select revision from conversations where id = $1 for no key update", id);
        let held = held.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound)?;
        access::moderator(&mut *tx, self.by, self.id).await?;
        if held != revision || (!purged.is_nothing() && !persistence::replace(&mut tx, &rewritten.compacted).await?) {
            tx.rollback().await?;
            return Ok(None);
        }
        put_revisions(&mut tx, self.id, &revisions).await?;
        put_seeds(&mut tx, &seeds).await?;
        forget(&mut tx, self.id, &what).await?;
        let gone: Vec<i32> = self.revisions.iter().copied().collect();
        let gone = sqlx::query!(
            "delete from conversation_revisions where conversation_id = $1 and number = any($2)",
            id,
            &gone
        );
        let gone = gone.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        let Purged { highlights, comments, tags, groups } = purged;
        let epoch = rewritten.compacted.epoch() + i64::from(!purged.is_nothing());
        Ok(Some(PurgedItems { epoch, highlights, comments, tags, groups, revisions: gone as usize }))
    }

    /// The documents of earlier texts in which something of it is, without it.
    async fn revisions_without(&self, services: &Services, what: &Purge) -> Result<Vec<Kept<i32>>, Error> {
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
            all.extend(without(services, number, state, what).await?);
        }
        Ok(all)
    }

    /// The same of what an activity gives to who starts it.
    async fn seeds_without(&self, services: &Services, what: &Purge) -> Result<Vec<Kept<Uuid>>, Error> {
        let rows = sqlx::query!(
            r#"select id, seed as "seed!" from activities where template_id = $1 and seed is not null"#,
            self.id.uuid()
        );
        let mut all = Vec::new();
        for row in rows.fetch_all(&services.db).await? {
            all.extend(without(services, row.id, row.seed, what).await?);
        }
        Ok(all)
    }
}

/// A document that is kept, without these things; `None` if none of them is in it.
async fn without<K>(services: &Services, key: K, state: Vec<u8>, what: &Purge) -> Result<Option<Kept<K>>, Error> {
    let what = what.clone();
    let kept = services.rooms.write_kept_anew(state, move |whole| (whole.purge(&what), whole.count().0));
    let ((purged, highlights), state) = kept.await.map_err(internal)?;
    let highlight_count = i32::try_from(highlights).unwrap_or(i32::MAX);
    Ok((!purged.is_nothing()).then_some(Kept { key, state, highlight_count }))
}

async fn put_revisions(conn: &mut PgConnection, id: ConversationId, kept: &[Kept<i32>]) -> Result<(), Error> {
    sqlx::query!("select set_config('promptgrimoire.purge', 'on', true)").fetch_one(&mut *conn).await?;
    for Kept { key, state, highlight_count } in kept {
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
    for Kept { key, state, .. } in kept {
        sqlx::query!("update activities set seed = $2 where id = $1", key, state).execute(&mut *conn).await?;
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
