//! What updates that came too late would add to their document: for staff, before they take them in.

use std::collections::HashMap;

use shared::{
    api::LateContent,
    document::{self, Roots},
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;
use yrs::{Doc, Text, Transact};

use super::{Rooms, copies, stacks::Stacks, tally::Tally};

/// Somebody with late work in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Latecomer {
    /// Which copy.
    pub copy: ConversationId,
    /// Who.
    pub user: UserId,
    /// Who they are in its document.
    pub author: UserId,
}

/// A document's bytes, and the updates that came to it.
#[derive(Default)]
struct Log {
    state: Vec<u8>,
    updates: Vec<Vec<u8>>,
}

impl Rooms {
    /// What the late work of each would add in their own name; what cannot be read is left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn would_add(&self, of: &[Latecomer]) -> sqlx::Result<HashMap<Latecomer, LateContent>> {
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        would_add(&self.house.db, &self.house.aside, of).await
    }
}

async fn would_add(db: &PgPool, aside: &Stacks, of: &[Latecomer]) -> sqlx::Result<HashMap<Latecomer, LateContent>> {
    let (copies, users): (Vec<Uuid>, Vec<Uuid>) = of.iter().map(|one| (one.copy.uuid(), one.user.uuid())).unzip();
    // All reads must see the same moment: a snapshot between them would hide its rows.
    let mut txn = db.begin_with("begin isolation level repeatable read read only").await?;
    let states = sqlx::query!(
        "select conversation_id, crdt_state from annotation_document_state where conversation_id = any($1)",
        &copies
    )
    .fetch_all(&mut *txn)
    .await?;
    let updates = sqlx::query!(
        "select u.conversation_id, u.update
         from annotation_update u
         join annotation_document_state s on s.conversation_id = u.conversation_id and u.seq > s.seq
         where u.conversation_id = any($1)
         order by u.conversation_id, u.seq",
        &copies
    )
    .fetch_all(&mut *txn)
    .await?;
    let late = sqlx::query!(
        "select l.conversation_id, l.user_id, l.update
         from unnest($1::uuid[], $2::uuid[]) as asked (conversation_id, user_id)
         join late_work l on l.conversation_id = asked.conversation_id and l.user_id = asked.user_id
         where l.taken_in_at is null
         order by l.id",
        &copies,
        &users
    )
    .fetch_all(&mut *txn)
    .await?;
    txn.commit().await?;
    let mut logs = HashMap::<Uuid, Log>::new();
    for row in states {
        logs.entry(row.conversation_id).or_default().state = row.crdt_state;
    }
    for row in updates {
        logs.entry(row.conversation_id).or_default().updates.push(row.update);
    }
    let mut kept = HashMap::<(Uuid, Uuid), Vec<Vec<u8>>>::new();
    for row in late {
        kept.entry((row.conversation_id, row.user_id)).or_default().push(row.update);
    }
    // Several people in one copy read the same bytes.
    let logs: HashMap<Uuid, std::sync::Arc<Log>> = logs.into_iter().map(|(id, log)| (id, log.into())).collect();
    let mut added = HashMap::new();
    for one in of {
        let Some(log) = logs.get(&one.copy.uuid()).cloned() else { continue };
        let late = kept.remove(&(one.copy.uuid(), one.user.uuid())).unwrap_or_default();
        let author = one.author;
        if let Ok(Some(content)) = aside.run(move || preview(&log, &late, author)).await {
            added.insert(*one, content);
        }
    }
    Ok(added)
}

fn preview(log: &Log, late: &[Vec<u8>], author: UserId) -> Option<LateContent> {
    let doc = copies::load(&log.state, &log.updates).ok()?;
    let before = content(&doc, author);
    for update in late {
        // One that cannot be applied would be refused; the others are counted.
        let _ = copies::apply(&doc, update);
    }
    let after = content(&doc, author);
    Some(LateContent {
        highlights: after.highlights.saturating_sub(before.highlights),
        comments: after.comments.saturating_sub(before.comments),
        replies: after.replies.saturating_sub(before.replies),
        text: after.text.saturating_sub(before.text),
    })
}

/// What an author has in a document now.
fn content(doc: &Doc, author: UserId) -> LateContent {
    let work = Tally::of(doc).people.remove(&author).unwrap_or_default();
    let notes = Roots::of(doc).notes;
    let response = document::response(doc, author);
    let txn = doc.transact();
    let text = notes.len(&txn) + response.len(&txn);
    LateContent { highlights: work.highlights, comments: work.comments, replies: work.replies, text }
}
