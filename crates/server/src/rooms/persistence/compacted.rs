//! What a document becomes that is compacted, or changed beside its room, and how that is stored.

use std::collections::HashMap;

use shared::{
    document::{self, Changes, Picture},
    ids::{ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use yrs::{Doc, ReadTxn, StateVector, Transact};

use super::{Failure, Stored, load};
use crate::rooms::{
    copies,
    history::{self, Reached},
    stacks::Stacks,
    steps::{self, Step},
    tally::{self, Tally},
};

/// A compacted state that is not stored yet.
#[derive(Debug)]
pub struct Compacted {
    conversation: ConversationId,
    read: Stored,
    state: Vec<u8>,
    highlight_count: i32,
    /// Of a copy of an activity.
    tally: Option<Tally>,
    /// Who wrote in it under another client id than those that were read.
    by: Option<(u64, UserId)>,
    /// What the updates did that are in it.
    steps: Vec<Step>,
    /// What is different in the state from what they came to.
    changes: Changes,
}

impl Compacted {
    /// How large the document is.
    pub fn bytes(&self) -> usize {
        self.state.len()
    }

    /// The generation that was read.
    pub fn epoch(&self) -> i64 {
        self.read.epoch
    }

    /// The same, of whose last updates nothing is kept but what they came to.
    pub fn without_steps(self) -> Self {
        Self { steps: Vec::new(), ..self }
    }
}

/// Reads a document and compacts it. `None` if it is gone, or has no updates to compact.
///
/// # Errors
/// The database's, or bytes that make no document: then nothing must be stored.
pub async fn compact(db: &PgPool, stacks: &Stacks, conversation: ConversationId) -> Result<Option<Compacted>, Failure> {
    let Some(read) = load(db, conversation).await? else { return Ok(None) };
    if read.updates.is_empty() {
        return Ok(None);
    }
    let compacted = stacks.run(move || {
        let (doc, steps, _) = steps::load(&read).map_err(|_| Failure::Damaged)?;
        let highlight_count = i32::try_from(copies::highlight_count(&doc)).unwrap_or(i32::MAX);
        let state = doc.transact().encode_diff_v1(&StateVector::default());
        // What is about to replace the log must read back as the same.
        let again = copies::load(&state, &[]).map_err(|_| Failure::Damaged)?;
        if again.transact().snapshot() != doc.transact().snapshot() {
            return Err(Failure::Damaged);
        }
        let tally = read.is_copy.then(|| Tally::of(&doc));
        let changes = Changes::default();
        Ok(Compacted { conversation, read, state, highlight_count, tally, by: None, steps, changes })
    });
    compacted.await.map_err(|_| Failure::Damaged)?.map(Some)
}

/// A document that was changed, and is not stored yet.
#[derive(Debug)]
pub struct Rewritten<T> {
    /// The document as it is to be.
    pub compacted: Compacted,
    /// As it was, an update.
    pub before: Vec<u8>,
    /// What the change came to.
    pub what: T,
}

/// Reads a document and changes it in somebody's name: `None` if it is gone.
///
/// # Errors
/// The database's, bytes that make no document, or the change's own.
pub async fn rewrite<T: Send + 'static>(
    db: &PgPool,
    stacks: &Stacks,
    conversation: ConversationId,
    by: Option<UserId>,
    change: impl FnOnce(&Doc) -> Result<T, Failure> + Send + 'static,
) -> Result<Option<Rewritten<T>>, Failure> {
    let Some(read) = load(db, conversation).await? else { return Ok(None) };
    let rewritten = stacks.run(move || {
        let (doc, steps, picture) = steps::load(&read).map_err(|_| Failure::Damaged)?;
        change_read(conversation, read, (&doc, steps, &picture), by, change)
    });
    rewritten.await.map_err(|_| Failure::Damaged)?.map(Some)
}

/// Somebody who has got another id in a document.
#[derive(Debug, Clone, Default)]
pub struct Renamed {
    /// How often the one before stood there.
    pub count: usize,
    /// Who wrote under which Yjs client.
    pub owners: HashMap<u64, UserId>,
}

/// The same after somebody has got another id in it, in whose name it is changed.
///
/// # Errors
/// As [`rewrite`].
pub async fn rename<T: Send + 'static>(
    db: &PgPool,
    stacks: &Stacks,
    conversation: ConversationId,
    (from, to): (UserId, UserId),
    change: impl FnOnce(&Doc, Renamed) -> T + Send + 'static,
) -> Result<Option<Rewritten<T>>, Failure> {
    let Some(mut read) = load(db, conversation).await? else { return Ok(None) };
    let rewritten = stacks.run(move || {
        let doc = copies::load(&read.state, &read.updates).map_err(|_| Failure::Damaged)?;
        // In texts the one is taken out and the other put in: whoever is typing there merges what changed, and would bring
        // back what became another without a change.
        let typed = document::rename_typed(&doc, from, to);
        let mut state = doc.transact().encode_diff_v1(&StateVector::default());
        document::rename(&mut state, from, to);
        let mut renamed = read.rename(from, to);
        renamed.count += typed;
        if typed > 0 {
            read.clients.push((doc.client_id().get(), to));
        }
        let doc = copies::load(&state, &[]).map_err(|_| Failure::Damaged)?;
        // What waits in the log is made steps before, with all that is kept: here it would have the old words.
        let picture = Picture::of(&doc);
        change_read(conversation, read, (&doc, Vec::new(), &picture), Some(to), move |doc| Ok(change(doc, renamed)))
    });
    rewritten.await.map_err(|_| Failure::Damaged)?.map(Some)
}

fn change_read<T>(
    conversation: ConversationId,
    read: Stored,
    (doc, steps, picture): (&Doc, Vec<Step>, &Picture),
    by: Option<UserId>,
    change: impl FnOnce(&Doc) -> Result<T, Failure>,
) -> Result<Rewritten<T>, Failure> {
    let encode = || doc.transact().encode_diff_v1(&StateVector::default());
    let before = encode();
    let what = change(doc)?;
    let highlight_count = i32::try_from(copies::highlight_count(doc)).unwrap_or(i32::MAX);
    let tally = read.is_copy.then(|| Tally::of(doc));
    let wrote = doc.transact().state_vector().contains_client(&doc.client_id());
    let by = by.filter(|_| wrote).map(|by| (doc.client_id().get(), by));
    let changes = Changes::between(picture, &Picture::of(doc));
    let compacted = Compacted { conversation, read, state: encode(), highlight_count, tally, by, steps, changes };
    Ok(Rewritten { compacted, before, what })
}

/// Stores a compacted state and deletes exactly the rows that are in it. Returns the number of the last of them, or
/// `None` if another process has compacted or replaced the document meanwhile; then nothing is changed.
///
/// # Errors
/// The database's.
pub async fn store(db: &PgPool, compacted: &Compacted) -> sqlx::Result<Option<i64>> {
    let mut txn = db.begin().await?;
    if !put(&mut txn, compacted, 0).await? {
        txn.rollback().await?;
        return Ok(None);
    }
    txn.commit().await?;
    Ok(Some(compacted.read.last()))
}

/// Puts a document into the place of the one from which it was made, as a new generation; `false` if that has changed
/// meanwhile, and then the transaction is to be rolled back. When it is committed, the room is to be closed.
///
/// # Errors
/// The database's.
pub async fn replace(conn: &mut PgConnection, compacted: &Compacted) -> sqlx::Result<bool> {
    if !put(&mut *conn, compacted, 1).await? {
        return Ok(false);
    }
    // The state's row is held now. What was committed after it was read is not in it, and is of the generation before.
    let is_newer = sqlx::query_scalar!(
        r#"select exists (select from annotation_update where conversation_id = $1) as "is_newer!""#,
        compacted.conversation.uuid()
    );
    Ok(!is_newer.fetch_one(conn).await?)
}

/// Both: `raise` is added to the epoch.
async fn put(conn: &mut PgConnection, compacted: &Compacted, raise: i64) -> sqlx::Result<bool> {
    let (conversation, read) = (compacted.conversation.uuid(), &compacted.read);
    let stored = sqlx::query!(
        r#"
        update annotation_document_state
        set crdt_state = $4,
            seq = $5,
            highlight_count = $6,
            last_editor = coalesce((select id from users where id = $7), last_editor),
            epoch = epoch + $8,
            updated_at = now()
        where conversation_id = $1 and seq = $2 and epoch = $3
        "#,
        conversation,
        read.seq,
        read.epoch,
        compacted.state,
        read.last(),
        compacted.highlight_count,
        read.authors.last().copied().flatten(),
        raise,
    )
    .execute(&mut *conn)
    .await?;
    if stored.rows_affected() == 0 {
        return Ok(false);
    }
    // Who wrote is in the rows that go now.
    let owners = read.owners().into_iter().chain(compacted.by);
    let (clients, owners): (Vec<i64>, Vec<Uuid>) =
        owners.map(|(client, owner)| (client.cast_signed(), owner.uuid())).unzip();
    sqlx::query!(
        r#"
        insert into annotation_client (conversation_id, client, author)
        select $1, client, author
        from unnest($2::bigint[], $3::uuid[]) as new (client, author)
        on conflict do nothing
        "#,
        conversation,
        &clients,
        &owners,
    )
    .execute(&mut *conn)
    .await?;
    let reached = Reached { conversation: compacted.conversation, epoch: read.epoch, seq: read.seq };
    history::keep(&mut *conn, reached, &read.state, &compacted.steps).await?;
    if raise > 0 {
        let begun = Reached { epoch: read.epoch + raise, seq: read.last(), ..reached };
        history::begin(&mut *conn, begun, &compacted.state, compacted.by.map(|(_, by)| by), &compacted.changes).await?;
    }
    if let Some(tally) = &compacted.tally {
        tally::store(&mut *conn, compacted.conversation, (read.seq, read.last()), tally).await?;
    }
    let deleted = sqlx::query!(
        r#"
        delete from annotation_update
        where conversation_id = $1 and seq between $2 and $3
        "#,
        conversation,
        read.seq + 1,
        read.last(),
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected() == read.updates.len() as u64)
}

/// A snapshot that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the last update that it holds.
    pub seq: i64,
    /// How large it is.
    pub bytes: usize,
}

/// Compacts a document and stores it, if there is anything to compact.
///
/// # Errors
/// As [`compact`] and [`store`].
pub async fn snapshot(db: &PgPool, stacks: &Stacks, conversation: ConversationId) -> Result<Option<Snapshot>, Failure> {
    let Some(compacted) = compact(db, stacks, conversation).await? else { return Ok(None) };
    let stored = store(db, &compacted).await?;
    if stored.is_some() {
        // What people wrote is stored, whatever becomes of this.
        if let Err(error) = history::coarsen(db, stacks, conversation).await {
            tracing::error!(%conversation, %error, "the history cannot be made coarser");
        }
    }
    Ok(stored.map(|seq| Snapshot { seq, bytes: compacted.state.len() }))
}
