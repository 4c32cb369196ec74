//! Keeps what is searched as new as what it is made of.
//!
//! Documents that change say so at once ([`crate::rooms::Changed`]); titles and messages by rows of `search_queue`, which
//! triggers write. Whatever is missed (a server that was killed, another version of the entries) is found by how far the
//! projection says that it is. Nothing here locks what people write to: entries are made from committed bytes, and written
//! only where they have changed.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use shared::ids::{ConversationId, MessageId};
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::entries::{self, Entry, VERSION};
use crate::rooms::{
    Rooms,
    persistence::{Failure, Read},
};

/// Between two looks at the queue.
const POLL: Duration = Duration::from_millis(400);

/// Between two searches for what was missed.
const SWEEP: Duration = Duration::from_secs(30);

/// Conversations that are taken from the queue, or found by a sweep, at once.
const BATCH: i64 = 50;

/// A conversation that changes all the time is made anew so much later than it took, so that it takes a tenth of the time.
const REST: u32 = 9;

/// Bytes of a document's log that are read beside those who write. A longer one is about to be compacted.
const LONG_LOG: i64 = 2 << 20;

/// Until a long log is looked at again.
const UNTIL_COMPACTED: Duration = Duration::from_secs(3);

/// Entries that one statement writes.
const AT_ONCE: usize = 200;

/// Kinds of entries that are made of a conversation's document, in one go.
const OF_DOCUMENT: [&str; 5] = ["highlight", "comment", "tag", "notes", "response"];

/// After the database failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps the projection new, as long as it is polled.
pub async fn follow(db: PgPool, rooms: Rooms) {
    let mut pace = Pace::default();
    let mut sweep_at = Instant::now();
    loop {
        let _ = timeout(POLL, rooms.changed().wait()).await;
        pace.take(rooms.changed().take());
        let round = async {
            for conversation in pace.due() {
                let began = Instant::now();
                match document(&db, &rooms, conversation).await? {
                    true => pace.did(conversation, began.elapsed()),
                    false => pace.rest(conversation, UNTIL_COMPACTED),
                }
            }
            while queued(&db, &rooms).await? == BATCH as usize {}
            if Instant::now() >= sweep_at {
                // What people change meanwhile does not wait until all is done.
                let is_behind = missed(&db, &rooms).await? == BATCH as usize;
                sweep_at = Instant::now() + if is_behind { Duration::ZERO } else { SWEEP };
            }
            Ok::<_, sqlx::Error>(())
        };
        if let Err(error) = round.await {
            tracing::warn!(%error, "what is searched falls behind");
            sleep(PAUSE).await;
        }
    }
}

/// Which documents are to be looked at, and when.
#[derive(Default)]
struct Pace {
    waiting: HashSet<ConversationId>,
    /// Not before.
    resting: HashMap<ConversationId, Instant>,
}

impl Pace {
    fn take(&mut self, changed: HashSet<ConversationId>) {
        self.waiting.extend(changed);
    }

    fn due(&mut self) -> Vec<ConversationId> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        self.waiting.iter().filter(|id| !self.resting.contains_key(id)).copied().collect()
    }

    fn did(&mut self, conversation: ConversationId, took: Duration) {
        self.waiting.remove(&conversation);
        self.rest(conversation, took * REST);
    }

    fn rest(&mut self, conversation: ConversationId, time: Duration) {
        self.resting.insert(conversation, Instant::now() + time);
    }
}

/// Makes everything anew that was made before, a conversation at a time, and tells `done` how many there are and how many are
/// done. Searches find what there was meanwhile.
///
/// # Errors
/// The database's.
pub async fn rebuild(db: &PgPool, rooms: &Rooms, mut done: impl FnMut(usize, usize)) -> sqlx::Result<()> {
    let all = sqlx::query_scalar!("select id from conversations order by id desc").fetch_all(db).await?;
    sqlx::query!("delete from search_entries where conversation_id not in (select id from conversations)")
        .execute(db)
        .await?;
    for (count, id) in all.iter().enumerate() {
        done(count, all.len());
        let id = ConversationId::from_uuid(*id);
        sqlx::query!("update search_entries set hash = '' where conversation_id = $1", id.uuid()).execute(db).await?;
        whole(db, rooms, id).await?;
    }
    done(all.len(), all.len());
    Ok(())
}

/// Finds no more of a document what words are taken out of for ever, until it is made anew: whoever read it before it was of
/// this epoch comes too late to write what they read.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut PgConnection, conversation: ConversationId, epoch: i64) -> sqlx::Result<()> {
    // Before the entries: whoever writes some is waited for.
    sqlx::query!(
        "insert into search_state (conversation_id, version, epoch, seq)
         values ($1, $2, $3, -1)
         on conflict (conversation_id) do update
         set version = excluded.version, epoch = greatest(search_state.epoch, excluded.epoch), seq = -1",
        conversation.uuid(),
        VERSION,
        epoch
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from search_entries where conversation_id = $1 and kind = any($2)",
        conversation.uuid(),
        &OF_DOCUMENT as _
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into search_queue (conversation_id) values ($1)
         on conflict (conversation_id) do update set change = nextval('search_changes')",
        conversation.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Titles and messages that changed. Answers how many conversations there were.
async fn queued(db: &PgPool, rooms: &Rooms) -> sqlx::Result<usize> {
    let rows = sqlx::query!("select conversation_id, change from search_queue order by change limit $1", BATCH)
        .fetch_all(db)
        .await?;
    for row in &rows {
        whole(db, rooms, ConversationId::from_uuid(row.conversation_id)).await?;
        // What changed again meanwhile has another number, and stays.
        sqlx::query!(
            "delete from search_queue where conversation_id = $1 and change = $2",
            row.conversation_id,
            row.change
        )
        .execute(db)
        .await?;
    }
    Ok(rows.len())
}

/// Documents that are further than their entries. Answers how many of them are as far now.
async fn missed(db: &PgPool, rooms: &Rooms) -> sqlx::Result<usize> {
    let ids = sqlx::query_scalar!(
        "select d.conversation_id
         from annotation_document_state d
         left join search_state s on s.conversation_id = d.conversation_id
         where s.conversation_id is null
            or s.version < $1
            or s.epoch < d.epoch
            or s.seq < d.seq
            or exists (select from annotation_update u where u.conversation_id = d.conversation_id and u.seq > s.seq)
         limit $2",
        VERSION,
        BATCH
    )
    .fetch_all(db)
    .await?;
    let mut done = 0;
    for id in &ids {
        done += usize::from(whole(db, rooms, ConversationId::from_uuid(*id)).await?);
    }
    Ok(done)
}

/// All of a conversation, but for a document that has to wait: see [`document`].
async fn whole(db: &PgPool, rooms: &Rooms, conversation: ConversationId) -> sqlx::Result<bool> {
    let Some(title) = sqlx::query_scalar!("select title from conversations where id = $1", conversation.uuid())
        .fetch_optional(db)
        .await?
    else {
        return Ok(true);
    };
    let messages = sqlx::query!(
        "select id, text
         from messages
         where conversation_id = $1 and state not in ('waiting', 'streaming')
         order by position",
        conversation.uuid()
    )
    .fetch_all(db)
    .await?;
    let messages = messages.into_iter().map(|row| (MessageId::from_uuid(row.id), row.text)).collect();
    let entries = aside(move || made(entries::of_messages(title, messages))).await?;
    let mut txn = db.begin().await?;
    if is_there(&mut txn, conversation).await? {
        write(&mut txn, conversation, &["title", "message"], entries).await?;
    }
    txn.commit().await?;
    document(db, rooms, conversation).await
}

/// What is in a conversation's document; false if its log is long and still grows, so that it has to wait until it is
/// compacted. Bytes that make none are logged where they are opened; they stay as they are.
async fn document(db: &PgPool, rooms: &Rooms, conversation: ConversationId) -> sqlx::Result<bool> {
    let has_to_wait = sqlx::query_scalar!(
        r#"
        select coalesce(sum(octet_length(update)) > $2 and max(created_at) > now() - interval '1 minute', false) as "wait!"
        from annotation_update
        where conversation_id = $1
        "#,
        conversation.uuid(),
        LONG_LOG
    )
    .fetch_one(db)
    .await?;
    if has_to_wait {
        return Ok(false);
    }
    let read = rooms.read(conversation, |doc| made(entries::of_document(doc))).await;
    let Read { epoch, seq, what } = match read {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(true),
        Err(Failure::Store(error)) => return Err(error),
        Err(error) => {
            tracing::error!(%conversation, %error, "a document cannot be searched");
            put_aside(db, conversation).await?;
            return Ok(true);
        }
    };
    let mut txn = db.begin().await?;
    if !is_there(&mut txn, conversation).await? {
        return Ok(true);
    }
    // Two servers may have read it; the later wins, whoever is first.
    let is_newer = sqlx::query!(
        "insert into search_state (conversation_id, version, epoch, seq)
         values ($1, $2, $3, $4)
         on conflict (conversation_id) do update
         set version = excluded.version, epoch = excluded.epoch, seq = excluded.seq
         where (search_state.version, search_state.epoch, search_state.seq)
             <= (excluded.version, excluded.epoch, excluded.seq)",
        conversation.uuid(),
        VERSION,
        epoch,
        seq
    )
    .execute(&mut *txn)
    .await?;
    if is_newer.rows_affected() > 0 {
        write(&mut txn, conversation, &OF_DOCUMENT, what).await?;
    }
    txn.commit().await?;
    Ok(true)
}

/// What cannot be read is not tried again until it changes.
async fn put_aside(db: &PgPool, conversation: ConversationId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into search_state (conversation_id, version, epoch, seq)
         select d.conversation_id, $2, d.epoch,
                greatest(d.seq, (select max(u.seq) from annotation_update u where u.conversation_id = d.conversation_id))
         from annotation_document_state d
         where d.conversation_id = $1
         on conflict (conversation_id) do update
         set version = excluded.version, epoch = excluded.epoch, seq = excluded.seq",
        conversation.uuid(),
        VERSION
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Holds the conversation's row against deletion, and nothing else: whoever renames it does not wait.
async fn is_there(conn: &mut PgConnection, conversation: ConversationId) -> sqlx::Result<bool> {
    let there = sqlx::query_scalar!(
        r#"select 1 as "one!" from conversations where id = $1 for key share"#,
        conversation.uuid()
    );
    Ok(there.fetch_optional(conn).await?.is_some())
}

/// Work that may take long. A panic is a fault of ours, and is told like one of the database's.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> sqlx::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| sqlx::Error::Protocol(error.to_string()))
}

/// An entry as it is written.
struct Made {
    entry: Entry,
    hash: Vec<u8>,
}

fn made(entries: Vec<Entry>) -> Vec<Made> {
    entries.into_iter().map(|entry| Made { hash: entry.hash(), entry }).collect()
}

/// Makes the entries of these kinds what they should be. What is as it was is not touched.
async fn write(
    conn: &mut PgConnection,
    conversation: ConversationId,
    kinds: &[&str],
    made: Vec<Made>,
) -> sqlx::Result<()> {
    let there = sqlx::query!(
        "select kind, key, hash from search_entries where conversation_id = $1 and kind = any($2)",
        conversation.uuid(),
        kinds as _
    )
    .fetch_all(&mut *conn)
    .await?;
    let there: HashMap<(String, String), Vec<u8>> =
        there.into_iter().map(|row| ((row.kind, row.key), row.hash)).collect();
    let name = |made: &Made| (made.entry.kind.as_str().to_owned(), made.entry.key.clone());
    let kept: HashSet<(String, String)> = made.iter().map(name).collect();
    let (gone_kinds, gone_keys): (Vec<&str>, Vec<&str>) =
        there.keys().filter(|name| !kept.contains(*name)).map(|(kind, key)| (kind.as_str(), key.as_str())).unzip();
    if !gone_keys.is_empty() {
        sqlx::query!(
            "delete from search_entries e
             using unnest($2::text[], $3::text[]) as gone (kind, key)
             where e.conversation_id = $1 and e.kind = gone.kind and e.key = gone.key",
            conversation.uuid(),
            &gone_kinds as _,
            &gone_keys as _
        )
        .execute(&mut *conn)
        .await?;
    }
    let mut new = made.into_iter().filter(|made| there.get(&name(made)) != Some(&made.hash)).peekable();
    while new.peek().is_some() {
        put(conn, conversation, new.by_ref().take(AT_ONCE).collect()).await?;
    }
    Ok(())
}

async fn put(conn: &mut PgConnection, conversation: ConversationId, new: Vec<Made>) -> sqlx::Result<()> {
    let written = move || {
        let words: Vec<String> = new.iter().map(|made| made.entry.words()).collect();
        (new, words)
    };
    let (new, words) = aside(written).await?;
    let entries = || new.iter().map(|made| &made.entry);
    let kinds: Vec<&str> = entries().map(|entry| entry.kind.as_str()).collect();
    let keys: Vec<&str> = entries().map(|entry| entry.key.as_str()).collect();
    let authors: Vec<Option<Uuid>> = entries().map(|entry| entry.author.map(|id| id.uuid())).collect();
    let messages: Vec<Option<Uuid>> = entries().map(|entry| entry.message.map(|id| id.uuid())).collect();
    let highlights: Vec<Option<Uuid>> = entries().map(|entry| entry.highlight.map(|id| id.uuid())).collect();
    let comments: Vec<Option<Uuid>> = entries().map(|entry| entry.comment.map(|id| id.uuid())).collect();
    let bodies: Vec<&str> = entries().map(|entry| entry.body.as_str()).collect();
    let hashes: Vec<&[u8]> = new.iter().map(|made| made.hash.as_slice()).collect();
    sqlx::query!(
        "insert into search_entries
             (conversation_id, kind, key, author, message_id, highlight_id, comment_id, body, words, hash)
         select $1, new.kind, new.key, new.author, new.message, new.highlight, new.comment, new.body,
                new.words::tsvector, new.hash
         from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[],
                 $10::bytea[])
             as new (kind, key, author, message, highlight, comment, body, words, hash)
         on conflict (conversation_id, kind, key) do update
         set author = excluded.author, message_id = excluded.message_id, highlight_id = excluded.highlight_id,
             comment_id = excluded.comment_id, body = excluded.body, words = excluded.words, hash = excluded.hash",
        conversation.uuid(),
        &kinds as _,
        &keys as _,
        &authors as _,
        &messages as _,
        &highlights as _,
        &comments as _,
        &bodies as _,
        &words,
        &hashes as _
    )
    .execute(conn)
    .await?;
    Ok(())
}
