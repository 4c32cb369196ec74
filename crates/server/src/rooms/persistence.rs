//! Where documents are kept: a compacted state, and the log of the updates after it.
//!
//! A snapshot compacts what it reads from the database and never what a room holds in memory, and it deletes exactly
//! the rows that it has read. So it is harmless whenever it runs, or if it never does.

mod compacted;

use std::collections::{BTreeMap, HashMap};

use shared::{
    document::{self, Written},
    ids::{ConversationId, MessageId, UserId},
    sync::prescan::prescan,
    text::MAX_MARKDOWN_BYTES,
};
use sqlx::{PgConnection, PgPool, types::time::OffsetDateTime};
use uuid::Uuid;
use yrs::{Doc, ReadTxn, StateVector, Transact};

use super::{copies, stacks::Stacks, tally::Tally};

pub use compacted::{Compacted, Renamed, Rewritten, Snapshot, compact, rename, replace, rewrite, snapshot, store};

/// An update without anything in it.
pub(super) const EMPTY: &[u8] = &[0, 0];

/// A document as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The compacted state, an update.
    pub state: Vec<u8>,
    /// How many updates the state holds.
    pub seq: i64,
    /// The generation of the document.
    pub epoch: i64,
    /// The updates after it, numbered from `seq` + 1 without a gap.
    pub updates: Vec<Vec<u8>>,
    /// Who made each of them.
    pub authors: Vec<Option<Uuid>>,
    /// When each of them was committed.
    pub written_at: Vec<OffsetDateTime>,
    /// Who writes under each Yjs client id, as of the compacted state.
    pub clients: Vec<(u64, UserId)>,
    /// Whether it is a copy of an activity.
    pub is_copy: bool,
}

impl Stored {
    /// The number of the last update.
    pub fn last(&self) -> i64 {
        self.seq + self.updates.len() as i64
    }

    /// Who writes under each Yjs client id.
    pub fn owners(&self) -> HashMap<u64, UserId> {
        let mut owners: HashMap<u64, UserId> = self.clients.iter().copied().collect();
        for (update, author) in self.updates.iter().zip(&self.authors) {
            let Ok(outline) = prescan(update) else { continue };
            for client in outline.brings.into_keys() {
                // Of somebody whose account is gone, nobody is left who could go on.
                owners.entry(client).or_insert(UserId::from_uuid(author.unwrap_or_default()));
            }
        }
        owners
    }

    /// Gives somebody another id, wherever theirs stands.
    fn rename(&mut self, from: UserId, to: UserId) -> Renamed {
        let authors = self.authors.iter_mut().flatten().filter(|author| **author == from.uuid());
        authors.for_each(|author| *author = to.uuid());
        let clients = self.clients.iter_mut().filter(|(_, author)| *author == from);
        clients.for_each(|(_, author)| *author = to);
        let bytes = [&mut self.state].into_iter().chain(&mut self.updates);
        let count = bytes.map(|bytes| document::rename(bytes, from, to)).sum();
        Renamed { count, owners: self.owners() }
    }
}

/// Why a document was not read or compacted.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database failed.
    #[error("the database failed: {0}")]
    Store(#[from] sqlx::Error),
    /// The log has a hole or its bytes make no document.
    #[error("the stored document is damaged")]
    Damaged,
    /// Its authors stay who they are.
    #[error(transparent)]
    Written(#[from] Written),
}

/// Inserts the document of a new conversation, in the transaction that creates it: `seed` is its first update (an
/// empty one is taken as such), made by `author`.
///
/// # Errors
/// The database's.
pub async fn create(
    conn: &mut PgConnection,
    conversation: ConversationId,
    seed: &[u8],
    author: UserId,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into annotation_document_state (conversation_id, crdt_state, seq, last_editor)
        values ($1, $2, 0, $3)
        "#,
        conversation.uuid(),
        if seed.is_empty() { EMPTY } else { seed },
        author.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives the document of a conversation that is being created another seed, in the same transaction.
///
/// # Errors
/// The database's.
pub async fn seed_again(conn: &mut PgConnection, conversation: ConversationId, seed: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "update annotation_document_state set crdt_state = $2 where conversation_id = $1",
        conversation.uuid(),
        seed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Reads a document; `None` if there is none.
///
/// # Errors
/// The database's, or a hole in the log.
pub async fn load(db: &PgPool, conversation: ConversationId) -> Result<Option<Stored>, Failure> {
    // Both reads must see the same moment: a snapshot between them would hide its rows.
    let mut txn = db.begin_with("begin isolation level repeatable read read only").await?;
    let state = sqlx::query!(
        r#"
        select crdt_state, seq, epoch,
            exists (select from activity_copies where conversation_id = $1) as "is_copy!"
        from annotation_document_state
        where conversation_id = $1
        "#,
        conversation.uuid(),
    )
    .fetch_optional(&mut *txn)
    .await?;
    let Some(state) = state else { return Ok(None) };
    let rows = sqlx::query!(
        r#"
        select seq, update, author, created_at
        from annotation_update
        where conversation_id = $1 and seq > $2
        order by seq
        "#,
        conversation.uuid(),
        state.seq,
    )
    .fetch_all(&mut *txn)
    .await?;
    let clients = sqlx::query!(
        r#"
        select client, author
        from annotation_client
        where conversation_id = $1
        "#,
        conversation.uuid(),
    )
    .fetch_all(&mut *txn)
    .await?;
    txn.commit().await?;
    if !rows.iter().map(|row| row.seq).eq(state.seq + 1..=state.seq + rows.len() as i64) {
        return Err(Failure::Damaged);
    }
    let written_at = rows.iter().map(|row| row.created_at).collect();
    let (updates, authors) = rows.into_iter().map(|row| (row.update, row.author)).unzip();
    let clients = clients.into_iter().map(|row| (row.client.cast_unsigned(), UserId::from_uuid(row.author))).collect();
    let (is_copy, seq, epoch) = (state.is_copy, state.seq, state.epoch);
    Ok(Some(Stored { state: state.crdt_state, seq, epoch, updates, authors, written_at, clients, is_copy }))
}

/// A conversation's messages with the lengths of their canonical texts, in code points. One that is being written counts as
/// long as any may become: its text grows with every word, and what is marked in it is found again by its quote.
///
/// # Errors
/// The database's.
pub async fn messages(db: &PgPool, conversation: ConversationId) -> sqlx::Result<BTreeMap<MessageId, u32>> {
    let rows = sqlx::query!(
        r#"
        select id, case when state in ('waiting', 'streaming') then $2 else char_length(text) end as "chars!"
        from messages
        where conversation_id = $1
        "#,
        conversation.uuid(),
        MAX_MARKDOWN_BYTES as i32,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (MessageId::from_uuid(row.id), row.chars.cast_unsigned())).collect())
}

/// What was read of a document, as it was committed.
#[derive(Debug)]
pub struct Read<T> {
    /// The generation of the document.
    pub epoch: i64,
    /// The number of the last update in it.
    pub seq: i64,
    /// What was read.
    pub what: T,
}

/// Reads something of a document as it is committed; `None` if there is none.
///
/// # Errors
/// The database's, or bytes that make no document.
pub async fn read<T: Send + 'static>(
    db: &PgPool,
    stacks: &Stacks,
    conversation: ConversationId,
    read: impl FnOnce(&Doc) -> T + Send + 'static,
) -> Result<Option<Read<T>>, Failure> {
    let Some(stored) = load(db, conversation).await? else { return Ok(None) };
    let (epoch, seq) = (stored.epoch, stored.last());
    let what = stacks.run(move || {
        let doc = copies::load(&stored.state, &stored.updates).map_err(|_| Failure::Damaged)?;
        Ok::<_, Failure>(read(&doc))
    });
    Ok(Some(Read { epoch, seq, what: what.await.map_err(|_| Failure::Damaged)?? }))
}

/// Reads something of several documents as they are committed, all of one moment; what cannot be read is left out.
///
/// # Errors
/// The database's.
pub async fn read_all<T: Send + 'static>(
    db: &PgPool,
    stacks: &Stacks,
    of: &[ConversationId],
    read: impl Fn(&Doc) -> T + Clone + Send + 'static,
) -> sqlx::Result<HashMap<ConversationId, T>> {
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
    let mut all = HashMap::new();
    for row in states {
        let log = logs.remove(&row.conversation_id).unwrap_or_default();
        let read = read.clone();
        let what = stacks.run(move || copies::load(&row.crdt_state, &log).map(|doc| read(&doc)));
        if let Ok(Ok(what)) = what.await {
            all.insert(ConversationId::from_uuid(row.conversation_id), what);
        }
    }
    Ok(all)
}

/// What copies of a conversation begin with.
#[derive(Debug)]
pub struct Seed {
    /// The document, an update.
    pub state: Vec<u8>,
    /// How many highlights it holds.
    pub highlight_count: i32,
    /// What people did in it.
    pub tally: Tally,
    /// Who wrote under each Yjs client id.
    pub clients: Vec<(u64, UserId)>,
    /// The generation of the document that it was taken from.
    pub epoch: i64,
}

/// See [`super::Rooms::seed`].
///
/// # Errors
/// The database's, or bytes that make no document.
pub async fn seed(
    db: &PgPool,
    stacks: &Stacks,
    conversation: ConversationId,
    owner: UserId,
) -> Result<Option<Seed>, Failure> {
    let Some(read) = load(db, conversation).await? else { return Ok(None) };
    let seed = stacks.run(move || {
        let doc = copies::load(&read.state, &read.updates).map_err(|_| Failure::Damaged)?;
        let highlight_count = i32::try_from(copies::highlight_count(&doc)).unwrap_or(i32::MAX);
        let tally = Tally::of(&doc);
        let (txn, owners) = (doc.transact(), read.owners());
        let of = |client: u64| (client, owners.get(&client).copied().unwrap_or(owner));
        let clients = txn.state_vector().iter().map(|(client, _)| of(client.get())).collect();
        let state = txn.encode_diff_v1(&StateVector::default());
        Ok(Seed { state, highlight_count, tally, clients, epoch: read.epoch })
    });
    seed.await.map_err(|_| Failure::Damaged)?.map(Some)
}
