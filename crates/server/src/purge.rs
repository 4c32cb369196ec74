//! What is marked deleted in a document can be taken back, and so is kept. Here it is taken out for good, in a new generation
//! of the document, and out of all that is kept of it (`document::purge`, `kept`). Not out of copies of an activity, nor of what
//! they begin with.

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
    document::{self, Purge, Purged},
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access,
    error::Error,
    kept::{self, Kept},
    rooms::persistence::{self, Failure},
    search,
    services::Services,
    sessions::Caller,
};

pub use show::list;

/// How often people may have written in the document meanwhile.
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
            let kept = self.kept_without(services).await?;
            if let Some((purged, is_replaced)) = self.try_to_purge(services, &kept).await? {
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

    /// Answers whether the document is another now. `None` if somebody wrote meanwhile, or what is kept is another: then nothing
    /// is changed.
    async fn try_to_purge(&self, services: &Services, kept: &Kept) -> Result<Option<(PurgedItems, bool)>, Error> {
        let (id, asked) = (self.id.uuid(), self.what.clone());
        let rewritten = services.rooms.rewrite(self.id, self.by, move |doc| {
            let mut what = asked;
            // Of the others people make use.
            let deleted = document::deleted_tags(doc);
            what.tags.retain(|id| deleted.tags.contains(id));
            what.groups.retain(|id| deleted.groups.contains(id));
            document::purge(doc, &what)
        });
        let rewritten = rewritten.await.map_err(internal)?.ok_or(Error::NotFound)?;
        let purged = rewritten.what;
        let is_replaced = !purged.is_nothing();
        // What was written since the last step may be what goes.
        let compacted = rewritten.compacted.without_steps();

        let mut tx = services.db.begin().await?;
        // Whoever edits the text, or begins an activity with it, waits.
        sqlx::query!("select from conversations where id = $1 for no key update", id)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Error::NotFound)?;
        access::moderator(&mut *tx, self.by, self.id).await?;
        if !self.what.is_empty() {
            refuse_of_activities(&mut tx, self.id).await?;
        }
        if !kept::put(&mut tx, self.id, kept).await? {
            return Ok(None);
        }
        forget(&mut tx, self.id, &self.what).await?;
        let epoch = compacted.epoch() + i64::from(is_replaced);
        search::forget(&mut tx, self.id, epoch).await?;
        let gone: Vec<i32> = self.revisions.iter().copied().collect();
        // What was done while it was the text has its words.
        sqlx::query!(
            "delete from history_steps s
             using conversation_revisions r
             where s.conversation_id = $1 and r.conversation_id = $1 and r.number = any($2)
               and s.began_at >= r.made_at and s.began_at < r.replaced_at",
            id,
            &gone
        )
        .execute(&mut *tx)
        .await?;
        let gone = sqlx::query!(
            "delete from conversation_revisions where conversation_id = $1 and number = any($2)",
            id,
            &gone
        );
        let gone = gone.execute(&mut *tx).await?.rows_affected();
        // At last: whoever writes here waits from then on, and others with them.
        if is_replaced && !persistence::replace(&mut tx, &compacted).await? {
            return Ok(None);
        }
        tx.commit().await?;
        let Purged { highlights, comments, tags, groups } = purged;
        let purged = PurgedItems { epoch, highlights, comments, tags, groups, revisions: gone as usize };
        Ok(Some((purged, is_replaced)))
    }

    /// What is kept of the document as it once was, without it.
    async fn kept_without(&self, services: &Services) -> Result<Kept, Error> {
        let deleted =
            services.rooms.read(self.id, document::deleted_tags).await.map_err(internal)?.ok_or(Error::NotFound)?.what;
        let mut what = self.what.clone();
        // Those that people make use of stay in earlier texts too.
        what.tags.retain(|id| deleted.tags.contains(id));
        what.groups.retain(|id| deleted.groups.contains(id));
        if what.is_empty() {
            return Ok(Kept::default());
        }
        let gone: Vec<i32> = self.revisions.iter().copied().collect();
        kept::rewritten(services, self.id, &gone, move |doc| !document::purge(doc, &what).is_nothing()).await
    }
}

/// Copies of an activity are merged by what each has beyond what all began with, and compared by it: nothing is taken out of
/// one of them, nor of what they begin with.
async fn refuse_of_activities(conn: &mut PgConnection, id: ConversationId) -> Result<(), Error> {
    let of = sqlx::query!(
        r#"select exists (select from activity_copies where conversation_id = $1) as "is_copy!",
                  exists (select from activities where template_id = $1 and seed is not null) as "is_begun!""#,
        id.uuid()
    );
    let of = of.fetch_one(conn).await?;
    let why = match (of.is_copy, of.is_begun) {
        (true, _) => {
            "This is a copy of an activity: all its copies stay comparable, so that nothing can be taken out of one of them for \
             ever. What is deleted here stays hidden, until the activity is deleted."
        }
        (_, true) => {
            "Somebody has started an activity that begins with this, so that nothing can be taken out of it for ever. What is \
             deleted here stays hidden, until the activity is deleted."
        }
        _ => return Ok(()),
    };
    Err(Error::Conflict("activity", why.into()))
}

/// What is told of it elsewhere.
pub(crate) async fn forget(conn: &mut PgConnection, id: ConversationId, what: &Purge) -> Result<(), Error> {
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
    .execute(conn)
    .await?;
    Ok(())
}

fn internal(error: Failure) -> Error {
    Error::Internal(error.into())
}
