//! What people did in a document, counted: a projection of copies of activities, so that an overview of a class decodes
//! only what changed in the last seconds.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use shared::{
    document::{self, Roots},
    ids::{ConversationId, TagId, UserId},
};
use sqlx::{PgConnection, PgPool, types::Json};
use uuid::Uuid;
use yrs::{Doc, Transact};

use super::{copies, stacks::Stacks};

/// What people did in one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By author, as the document names them.
    pub people: BTreeMap<UserId, Work>,
    /// The tags in their order, with their names.
    pub tags: Vec<(TagId, String)>,
}

/// What one person did: nothing that is deleted counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Their highlights.
    pub highlights: u32,
    /// How many of them bear each tag.
    pub tagged: BTreeMap<TagId, u32>,
    /// Their comments, replies among them.
    pub comments: u32,
    /// How many of them answer another.
    pub replies: u32,
    /// How many of them are on highlights, anybody's, that bear each tag.
    #[serde(default)]
    pub commented: BTreeMap<TagId, u32>,
}

impl Tally {
    /// Counts. May take milliseconds for a large document.
    pub(super) fn of(doc: &Doc) -> Self {
        let roots = Roots::of(doc);
        let txn = doc.transact();
        let mut people = BTreeMap::<UserId, Work>::new();
        for highlight in document::highlights(&roots, &txn) {
            let work = people.entry(highlight.author).or_default();
            work.highlights += 1;
            for (tag, _) in &highlight.tags {
                *work.tagged.entry(*tag).or_default() += 1;
            }
            for comment in highlight.comments.into_iter().filter(|comment| !comment.deleted) {
                let work = people.entry(comment.author).or_default();
                work.comments += 1;
                work.replies += u32::from(comment.parent.is_some());
                for (tag, _) in &highlight.tags {
                    *work.commented.entry(*tag).or_default() += 1;
                }
            }
        }
        let tags = document::tags(&roots, &txn).into_iter().map(|tag| (tag.id, tag.name)).collect();
        Self { people, tags }
    }
}

/// Stores what was counted, and who wrote the rows of the log from after `from` to `to`, which are about to go.
pub(super) async fn store(
    conn: &mut PgConnection,
    conversation: ConversationId,
    (from, to): (i64, i64),
    tally: &Tally,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into copy_tallies (conversation_id, seq, tally)
         values ($1, $2, $3)
         on conflict (conversation_id) do update set seq = excluded.seq, tally = excluded.tally",
        conversation.uuid(),
        to,
        Json(tally) as _
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"insert into copy_editors (conversation_id, user_id, edited_at)
           select $1, author as "author!", max(created_at) as "at!"
           from annotation_update
           where conversation_id = $1 and seq > $2 and seq <= $3 and author is not null
           group by author
           on conflict (conversation_id, user_id) do update
           set edited_at = greatest(copy_editors.edited_at, excluded.edited_at)"#,
        conversation.uuid(),
        from,
        to
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// See [`super::Rooms::tallies`].
pub(super) async fn of_all(
    db: &PgPool,
    stacks: &Stacks,
    of: &[ConversationId],
) -> sqlx::Result<HashMap<ConversationId, Tally>> {
    let ids: Vec<Uuid> = of.iter().map(|id| id.uuid()).collect();
    // Both reads must see the same moment: a snapshot between them would hide its rows.
    let mut txn = db.begin_with("begin isolation level repeatable read read only").await?;
    let states = sqlx::query!(
        "select conversation_id, crdt_state
         from annotation_document_state
         where conversation_id = any($1)",
        &ids
    )
    .fetch_all(&mut *txn)
    .await?;
    let updates = sqlx::query!(
        "select u.conversation_id, u.update
         from annotation_update u
         join annotation_document_state s on s.conversation_id = u.conversation_id and u.seq > s.seq
         where u.conversation_id = any($1)
         order by u.conversation_id, u.seq",
        &ids
    )
    .fetch_all(&mut *txn)
    .await?;
    txn.commit().await?;
    let mut logs = HashMap::<Uuid, Vec<Vec<u8>>>::new();
    for row in updates {
        logs.entry(row.conversation_id).or_default().push(row.update);
    }
    let mut tallies = HashMap::new();
    for row in states {
        let log = logs.remove(&row.conversation_id).unwrap_or_default();
        let tally = stacks.run(move || copies::load(&row.crdt_state, &log).map(|doc| Tally::of(&doc)));
        if let Ok(Ok(tally)) = tally.await {
            tallies.insert(ConversationId::from_uuid(row.conversation_id), tally);
        }
    }
    Ok(tallies)
}
