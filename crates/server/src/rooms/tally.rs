//! What people did in a document, counted: a projection of copies of activities, so that an overview of a class decodes
//! only what changed in the last seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{
    document::{self, Roots},
    ids::{ConversationId, TagId, UserId},
};
use sqlx::{PgConnection, types::Json};
use yrs::{Doc, Transact};

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
    pub fn of(doc: &Doc) -> Self {
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
