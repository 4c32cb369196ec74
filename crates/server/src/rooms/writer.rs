use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use shared::{
    ids::{ConversationId, UserId},
    rules::Talk,
};
use sqlx::{Acquire, PgConnection, PgPool};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

use super::{changed::Changed, metrics::Metrics};
use crate::notices::record::record;

/// Bytes that one commit takes; more wait for the next.
const MAX_COMMIT: usize = 16 << 20;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// An accepted update.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) update: Bytes,
    pub(super) author: UserId,
    /// What it says to people.
    pub(super) talk: Talk,
}

/// Accepted updates of one room, on their way into the log. A room has one batch under way at a time.
pub(super) struct Batch {
    pub(super) conversation: ConversationId,
    pub(super) epoch: i64,
    /// The number of the first update in the log; the others follow without a gap.
    pub(super) first: i64,
    pub(super) updates: Vec<Row>,
    pub(super) done: oneshot::Sender<Outcome>,
}

/// What became of a [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is on the disk.
    Committed,
    /// It cannot be: another process writes this document, or it is gone. The room's copies are worth nothing.
    Lost,
}

/// The only writer of the log: takes whatever arrived while the last commit was under way, of all rooms, into one
/// statement. There is no timer: when nothing comes, it sleeps.
///
/// While the store is down it tries again; the rooms hold what is accepted, and acknowledge nothing.
pub(super) async fn run(db: PgPool, mut batches: mpsc::UnboundedReceiver<Batch>, metrics: Metrics, changed: Changed) {
    let (mut arrived, mut waiting) = (Vec::new(), VecDeque::new());
    loop {
        if waiting.is_empty() && batches.recv_many(&mut arrived, 1_024).await == 0 {
            return;
        }
        while let Ok(batch) = batches.try_recv() {
            arrived.push(batch);
        }
        waiting.extend(arrived.drain(..));
        let group = take_group(&mut waiting);
        let (began, count) = (Instant::now(), group.len());
        changed.note(commit(&db, group).await);
        metrics.committed(began.elapsed());
        metrics.writing.dec_by(count as i64);
    }
}

fn take_group(waiting: &mut VecDeque<Batch>) -> Vec<Batch> {
    let mut size = 0_usize;
    let fits = |batch: &Batch| {
        let before = size;
        size += batch.updates.iter().map(|row| row.update.len()).sum::<usize>();
        before == 0 || size <= MAX_COMMIT
    };
    let count = waiting.iter().map(fits).take_while(|fits| *fits).count();
    waiting.drain(..count).collect()
}

/// Answers in which conversations something was committed.
async fn commit(db: &PgPool, group: Vec<Batch>) -> HashSet<ConversationId> {
    match until_the_store_answers(db, &group).await {
        Ok(written) => {
            for batch in group {
                let outcome = if written.contains(&batch.conversation) { Outcome::Committed } else { Outcome::Lost };
                let _ = batch.done.send(outcome);
            }
            written
        }
        // One batch spoils the statement for all: each for itself.
        Err(_) if group.len() > 1 => {
            let mut all = HashSet::new();
            for batch in group {
                all.extend(Box::pin(commit(db, vec![batch])).await);
            }
            all
        }
        Err(error) => {
            let mut all = HashSet::new();
            for batch in group {
                let written = is_conflict(&error) && is_written(db, &batch).await;
                if written {
                    all.insert(batch.conversation);
                } else {
                    tracing::error!(conversation = %batch.conversation, %error, "updates cannot be stored");
                }
                let _ = batch.done.send(if written { Outcome::Committed } else { Outcome::Lost });
            }
            all
        }
    }
}

/// Tries again while the error is the store's and not the batch's.
async fn until_the_store_answers(db: &PgPool, group: &[Batch]) -> sqlx::Result<HashSet<ConversationId>> {
    let mut pause = FIRST_PAUSE;
    loop {
        match store(db, group).await {
            Err(error) if is_of_the_store(&error) => {
                tracing::warn!(%error, ?pause, "the store does not take updates: nothing is acknowledged");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            result => return result,
        }
    }
}

/// Stores updates, and with them, in one transaction, what they say to people. Most say nothing: that is one statement.
async fn store(db: &PgPool, group: &[Batch]) -> sqlx::Result<HashSet<ConversationId>> {
    if group.iter().flat_map(|batch| &batch.updates).all(|row| row.talk.is_empty()) {
        return insert(&mut *db.acquire().await?, group).await;
    }
    let mut txn = db.begin().await?;
    let written = insert(&mut txn, group).await?;
    tell(&mut txn, &said(group, &written)).await?;
    txn.commit().await?;
    Ok(written)
}

/// What those updates say that are written, in their order.
fn said<'a>(group: &'a [Batch], written: &HashSet<ConversationId>) -> Vec<(ConversationId, &'a Talk)> {
    let batches = group.iter().filter(|batch| written.contains(&batch.conversation));
    batches.flat_map(|batch| batch.updates.iter().map(|row| (batch.conversation, &row.talk))).collect()
}

/// A fault in telling is ours, and logged; it takes nobody's words with it.
async fn tell(conn: &mut PgConnection, talks: &[(ConversationId, &Talk)]) -> sqlx::Result<()> {
    let mut point = conn.begin().await?;
    match record(&mut point, talks).await {
        Ok(()) => point.commit().await,
        Err(error) if is_of_the_store(&error) => Err(error),
        Err(error) => {
            tracing::error!(%error, "nobody is told of comments that are stored");
            point.rollback().await
        }
    }
}

/// One statement, so one transaction and one round trip. A room's rows go in all or none: only if its document is
/// still of that generation and no other process has compacted rows with these numbers. The lock makes a snapshot
/// that is being stored come before or after.
async fn insert(conn: &mut PgConnection, group: &[Batch]) -> sqlx::Result<HashSet<ConversationId>> {
    let rooms: Vec<Uuid> = group.iter().map(|batch| batch.conversation.uuid()).collect();
    let rows = || group.iter().flat_map(|batch| batch.updates.iter().zip(batch.first..).map(move |row| (batch, row)));
    let conversations: Vec<Uuid> = rows().map(|(batch, _)| batch.conversation.uuid()).collect();
    let epochs: Vec<i64> = rows().map(|(batch, _)| batch.epoch).collect();
    let firsts: Vec<i64> = rows().map(|(batch, _)| batch.first).collect();
    let seqs: Vec<i64> = rows().map(|(_, (_, seq))| seq).collect();
    let updates: Vec<&[u8]> = rows().map(|(_, (row, _))| row.update.as_ref()).collect();
    let authors: Vec<Uuid> = rows().map(|(_, (row, _))| row.author.uuid()).collect();
    let written = sqlx::query_scalar!(
        r#"
        with held as (
            select conversation_id, seq, epoch
            from annotation_document_state
            where conversation_id = any($1)
            order by conversation_id
            for share
        )
        insert into annotation_update (conversation_id, seq, update, author)
        select new.conversation_id, new.seq, new.update, users.id
        from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::uuid[])
            as new (conversation_id, epoch, first, seq, update, author)
        join held
            on held.conversation_id = new.conversation_id
            and held.epoch = new.epoch
            and held.seq < new.first
        left join users on users.id = new.author
        returning conversation_id
        "#,
        &rooms,
        &conversations,
        &epochs,
        &firsts,
        &seqs,
        &updates as _,
        &authors,
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(ConversationId::from_uuid).collect())
}

fn is_of_the_store(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return !matches!(error, sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_));
    };
    // Connection, transaction state (a standby), rollback, resources, prerequisites, operator, system, internal.
    let classes = ["08", "25", "40", "53", "55", "57", "58", "XX"];
    error.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}

fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether a commit that seemed to fail (the connection broke before its answer) had been made: then exactly these
/// rows are there.
async fn is_written(db: &PgPool, batch: &Batch) -> bool {
    let last = batch.first + batch.updates.len() as i64 - 1;
    let rows = sqlx::query_scalar!(
        r#"
        select update
        from annotation_update
        where conversation_id = $1 and seq between $2 and $3
        order by seq
        "#,
        batch.conversation.uuid(),
        batch.first,
        last,
    )
    .fetch_all(db)
    .await;
    rows.is_ok_and(|rows| rows.iter().map(Vec::as_slice).eq(batch.updates.iter().map(|row| row.update.as_ref())))
}
