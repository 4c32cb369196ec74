//! Rooms: each is one task that owns one conversation's document, and the people who are connected to it.
//!
//! What a room *accepts* is checked at once against a copy of the document; what it *relays and acknowledges* is
//! committed. So nobody ever sees an edit that a crash could take back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::{
    access::Rights,
    document::{self, Picture, Roots, Tag},
    ids::{ConversationId, UserId},
    rules::Sender,
    sync::CloseCode,
};
use sqlx::PgPool;
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    time::Instant,
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use yrs::{Doc, ReadTxn, StateVector, Transact};

/// The document's state and log in the database.
pub mod persistence;

/// Threads for work on documents.
pub mod stacks;

mod changed;
mod connections;
mod copies;
mod echoes;
mod history;
mod hours;
mod ingest;
mod late;
mod merge;
mod metrics;
mod past;
mod presence;
mod queue;
mod recheck;
mod registry;
mod room;
mod seat;
mod steps;
mod take_in;
mod tally;
mod updates;
mod watch;
mod whole;
mod writer;

pub use changed::Changed;
pub use connections::{Moment, Whom};
pub use history::forget;
pub use late::Latecomer;
pub use merge::{MergeError, Merged};
pub use past::Rewoven;
pub use persistence::create;
pub use seat::{Outbox, Outgoing, Seat, Voice};
pub use take_in::Fate;
pub use tally::{Tally, Work};
pub use watch::Watch;
pub use whole::Unreadable;

use crate::sessions::Proof;
use connections::{Connection, Connections};
use metrics::Metrics;
use registry::Registry;
use room::{Mail, Room};
use stacks::Stacks;

/// Messages that may wait for a room; then its writers wait.
const MAILBOX: usize = 256;

/// Bytes that may wait for a room; then its writers wait.
const MAILBOX_BYTES: usize = 64 << 20;

/// How long a shutdown may wait for the store: the server has 10 s in all.
const SHUTDOWN: Duration = Duration::from_secs(6);

/// How long it may then wait for sockets to say goodbye.
const GOODBYES: Duration = Duration::from_secs(1);

/// Somebody who joins a room.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who is signed in; the author of their updates in the log.
    pub user: UserId,
    /// Who they are in the document, to the rules and to the others.
    pub author: UserId,
    /// The generation of the document in which they are that, where it was looked up.
    pub of_epoch: Option<i64>,
    /// The name that the others see.
    pub name: String,
    /// What they may do as they come in; it may change while they are here.
    pub rights: Rights,
    /// By what they came in.
    pub proof: Proof,
    /// [`Rooms::now`] from before the proof and the rights were looked up.
    pub as_of: Moment,
    /// Whether their client understands the messages of [`shared::sync::SUBPROTOCOL`].
    pub speaks_v1: bool,
    /// The generation of the document that their client holds, if it holds one.
    pub epoch: Option<i64>,
}

impl Member {
    /// In whose name they write, and what they may at present.
    fn sender(&self, rights: Rights) -> Sender {
        Sender { author: self.author, access: rights.access, moderates: rights.moderates }
    }
}

/// Why nobody can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The conversation has no document.
    #[error("there is no such conversation")]
    NotFound,
    /// The server is shutting down.
    #[error("the server is restarting")]
    Restarting,
    /// The document cannot be read: the store is down, or its bytes are damaged. Nothing was changed.
    #[error("the document cannot be read")]
    Unreadable,
}

impl JoinError {
    /// The code to close the connection with.
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::NotFound => CloseCode::NotFound,
            Self::Restarting => CloseCode::Restarting,
            Self::Unreadable => CloseCode::TryLater,
        }
    }
}

/// How long rooms wait for what. Tests shorten it.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From the last change to the snapshot.
    pub snapshot_after: Duration,
    /// From the first change to the snapshot, however much is going on.
    pub snapshot_at_latest: Duration,
    /// From the last person's leaving to the end of the room.
    pub idle: Duration,
    /// Between two rounds of renewed presence; a connection hears something at least every other round. Stock
    /// clients give up after 30 s without a message, so this is well below 15 s.
    pub beat: Duration,
    /// Between two relays of changed presence.
    pub presence: Duration,
    /// Between two looks at what everybody who is connected may do: sessions expire without anybody's doing.
    pub recheck: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            snapshot_after: Duration::from_secs(5),
            snapshot_at_latest: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            beat: Duration::from_secs(10),
            presence: Duration::from_secs(1) / shared::sync::MAX_AWARENESS_PER_SECOND,
            recheck: Duration::from_secs(30),
        }
    }
}

/// How much rooms may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of memory of all documents together, as the rooms estimate them. Above it rooms without people end before
    /// their time, the longest idle first; a room with people never does, so that people alone can hold more than this.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 512 << 20 }
    }
}

/// All rooms of this process. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    house: Arc<House>,
}

/// What rooms share.
struct House {
    db: PgPool,
    timing: Timing,
    limits: Limits,
    stacks: Stacks,
    /// For what can wait: the rooms' own threads are not held up by it.
    aside: Stacks,
    /// For what takes seconds of a thread, and nobody but who asked waits for.
    rewriting: Stacks,
    /// Something was said of an activity's times.
    times_changed: Notify,
    writer: mpsc::UnboundedSender<writer::Batch>,
    registry: Mutex<Registry>,
    connections: Connections,
    changed: Changed,
    metrics: Metrics,
    tasks: TaskTracker,
    sockets: TaskTracker,
}

/// How to reach a room.
#[derive(Clone)]
struct Door {
    mailbox: mpsc::Sender<Mail>,
    space: Arc<Semaphore>,
}

impl Rooms {
    /// Rooms over this database. To be called within a tokio runtime.
    pub fn new(db: PgPool) -> Self {
        Self::with_timing(db, Timing::default())
    }

    /// Rooms with other waiting times.
    pub fn with_timing(db: PgPool, timing: Timing) -> Self {
        Self::with_limits(db, timing, Limits::default())
    }

    /// Rooms with other waiting times and other limits.
    pub fn with_limits(db: PgPool, timing: Timing, limits: Limits) -> Self {
        let (writer, batches) = mpsc::unbounded_channel();
        let (metrics, changed) = (Metrics::new(), Changed::default());
        tokio::spawn(writer::run(db.clone(), batches, metrics.clone(), changed.clone()));
        let house = House {
            db,
            timing,
            limits,
            stacks: Stacks::start(),
            aside: Stacks::one(),
            rewriting: Stacks::one(),
            times_changed: Notify::new(),
            writer,
            registry: Mutex::default(),
            connections: Connections::default(),
            changed,
            metrics,
            tasks: TaskTracker::new(),
            sockets: TaskTracker::new(),
        };
        Self { house: Arc::new(house) }
    }

    /// The tags of a document as it is committed; `None` if there is none.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn tags(&self, conversation: ConversationId) -> Result<Option<Vec<Tag>>, persistence::Failure> {
        let tags = |doc: &Doc| document::tags(&Roots::of(doc), &doc.transact());
        Ok(persistence::read(&self.house.db, &self.house.stacks, conversation, tags).await?.map(|read| read.what))
    }

    /// Reads something of a document as it is committed, with time: nobody who writes waits for it. `None` if there is none.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn read<T: Send + 'static>(
        &self,
        conversation: ConversationId,
        read: impl FnOnce(&Doc) -> T + Send + 'static,
    ) -> Result<Option<persistence::Read<T>>, persistence::Failure> {
        persistence::read(&self.house.db, &self.house.aside, conversation, read).await
    }

    /// Reads something of several documents as they are committed, in the same way; what cannot be read is left out. All their
    /// bytes are in memory at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn read_all<T: Send + 'static>(
        &self,
        of: &[ConversationId],
        read: impl Fn(&Doc) -> T + Clone + Send + 'static,
    ) -> sqlx::Result<HashMap<ConversationId, T>> {
        persistence::read_all(&self.house.db, &self.house.aside, of, read).await
    }

    /// Reads something of a document that copies began with.
    ///
    /// # Errors
    /// Bytes that make no document.
    pub async fn read_seed<T: Send + 'static>(
        &self,
        seed: Vec<u8>,
        read: impl FnOnce(&Doc) -> T + Send + 'static,
    ) -> Result<T, persistence::Failure> {
        let read = move || copies::load(&seed, &[]).map(|doc| read(&doc));
        let read = self.house.aside.run(read).await.map_err(|_| persistence::Failure::Damaged)?;
        read.map_err(|_| persistence::Failure::Damaged)
    }

    /// Which documents change.
    pub fn changed(&self) -> &Changed {
        &self.house.changed
    }

    /// What a document says as it is committed; `None` if there is none.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn picture(&self, conversation: ConversationId) -> Result<Option<Picture>, persistence::Failure> {
        Ok(self.read(conversation, Picture::of).await?.map(|read| read.what))
    }

    /// The document of a conversation as it is committed, to begin copies with; `None` if there is none. What nobody is
    /// known to have written is `owner`'s.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn seed(
        &self,
        conversation: ConversationId,
        owner: UserId,
    ) -> Result<Option<persistence::Seed>, persistence::Failure> {
        persistence::seed(&self.house.db, &self.house.aside, conversation, owner).await
    }

    /// What people did in these conversations, as it is committed; what cannot be read is left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn tallies(&self, of: &[ConversationId]) -> sqlx::Result<HashMap<ConversationId, Tally>> {
        self.read_all(of, Tally::of).await
    }

    /// A document that belongs to another author, to be put into the place of the one that is stored: see
    /// [`persistence::replace`].
    ///
    /// # Errors
    /// As [`persistence::rewrite`]; or somebody has written in it.
    pub async fn hand_over(
        &self,
        conversation: ConversationId,
        from: UserId,
        to: UserId,
    ) -> Result<Option<persistence::Compacted>, persistence::Failure> {
        let change = move |doc: &Doc| Ok(document::hand_over(doc, from, to)?);
        let handed = persistence::rewrite(&self.house.db, &self.house.stacks, conversation, None, change).await?;
        Ok(handed.map(|handed| handed.compacted))
    }

    /// A document that is changed in somebody's name, to be put into the place of the one that is stored: see
    /// [`persistence::replace`]. Nobody who writes waits for it.
    ///
    /// # Errors
    /// As [`persistence::rewrite`].
    pub async fn rewrite<T: Send + 'static>(
        &self,
        conversation: ConversationId,
        by: UserId,
        change: impl FnOnce(&Doc) -> T + Send + 'static,
    ) -> Result<Option<persistence::Rewritten<T>>, persistence::Failure> {
        let change = move |doc: &Doc| Ok(change(doc));
        persistence::rewrite(&self.house.db, &self.house.rewriting, conversation, Some(by), change).await
    }

    /// A document in which somebody has another id, and that is changed in that one's name, as by [`Self::rewrite`].
    ///
    /// # Errors
    /// As [`persistence::rewrite`].
    pub async fn rename<T: Send + 'static>(
        &self,
        conversation: ConversationId,
        ids: (UserId, UserId),
        change: impl FnOnce(&Doc, persistence::Renamed) -> T + Send + 'static,
    ) -> Result<Option<persistence::Rewritten<T>>, persistence::Failure> {
        persistence::rename(&self.house.db, &self.house.rewriting, conversation, ids, change).await
    }

    /// The same as [`Self::rewrite`] of a document that is kept as it once was, an update.
    ///
    /// # Errors
    /// Bytes that make no document.
    pub async fn rewrite_kept<T: Send + 'static>(
        &self,
        kept: Vec<u8>,
        change: impl FnOnce(&Doc) -> T + Send + 'static,
    ) -> Result<(T, Vec<u8>), persistence::Failure> {
        let work = move || {
            let doc = copies::load(&kept, &[])?;
            let what = change(&doc);
            Ok((what, doc.transact().encode_diff_v1(&StateVector::default())))
        };
        let done: Result<_, copies::Corrupt> =
            self.house.rewriting.run(work).await.map_err(|_| persistence::Failure::Damaged)?;
        done.map_err(|_| persistence::Failure::Damaged)
    }

    /// Takes a seat in a conversation's room, which is opened if it is not open; a room that is closing is waited
    /// for. Access has been checked by the caller, and is looked up again if any has changed since; access that is gone
    /// is answered in the seat, with a close, and so is a generation of the document that is not the current one.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn join(&self, conversation: ConversationId, member: Member) -> Result<Seat, JoinError> {
        loop {
            let (connection, still_holds) = self.house.connections.enter(conversation, &member);
            if !still_holds {
                self.access_changed(&[Whom::User(member.user)]).await.map_err(|_| JoinError::Unreadable)?;
            }
            if let Some(answer) = self.sit(conversation, &member, connection).await {
                return answer;
            }
        }
    }

    /// Asks the room for a seat. A room that has just ended takes no mail and gives no answer: the next one will.
    async fn sit(
        &self,
        conversation: ConversationId,
        member: &Member,
        connection: Connection,
    ) -> Option<Result<Seat, JoinError>> {
        let Some(door) = self.house.door(conversation) else { return Some(Err(JoinError::Restarting)) };
        let (reply, answer) = oneshot::channel();
        let mail = Mail::Join { member: member.clone(), connection, door: door.clone(), reply };
        door.mailbox.send(mail).await.ok()?;
        answer.await.ok()
    }

    /// Closes a room with this code, for everybody in it, and waits until all that it accepted is committed and it
    /// is gone. To be called before the document is replaced or deleted.
    pub async fn close(&self, conversation: ConversationId, code: CloseCode) {
        let door = self.house.registry().door(conversation).cloned();
        if let Some(door) = door {
            let _ = door.mailbox.send(Mail::Close { code }).await;
            door.mailbox.closed().await;
        }
    }

    /// How many rooms are open.
    pub fn open(&self) -> usize {
        self.house.registry().count()
    }

    /// Closes all rooms with [`CloseCode::Restarting`] and lets nobody in again. Returns when all that they accepted
    /// is committed and compacted and everybody has been told, or after 7 s: then the store is down, and what is not
    /// committed was never acknowledged.
    pub async fn shutdown(&self) {
        let doors: Vec<Door> = {
            let mut registry = self.house.registry();
            registry.shut();
            registry.doors().cloned().collect()
        };
        let closing = async {
            for door in doors {
                let _ = door.mailbox.send(Mail::Close { code: CloseCode::Restarting }).await;
            }
            self.house.tasks.close();
            self.house.tasks.wait().await;
        };
        if tokio::time::timeout(SHUTDOWN, closing).await.is_err() {
            tracing::error!(rooms = self.open(), "not all rooms could be stored in time");
        }
        self.house.sockets.close();
        let _ = tokio::time::timeout(GOODBYES, self.house.sockets.wait()).await;
    }

    /// Held by a socket while it is open, so that a shutdown lets it say goodbye.
    pub(crate) fn socket(&self) -> TaskTrackerToken {
        self.house.sockets.token()
    }
}

impl House {
    /// No panic can leave the registry half changed.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The door of a room, opened if need be: looked up and opened under one lock, so that a document never has two
    /// rooms. `None` if the house is shut.
    fn door(self: &Arc<Self>, conversation: ConversationId) -> Option<Door> {
        let mut registry = self.registry();
        if registry.is_shut() {
            return None;
        }
        if let Some(door) = registry.enter(conversation) {
            return Some(door.clone());
        }
        let (mailbox, mail) = mpsc::channel(MAILBOX);
        let door = Door { mailbox, space: Arc::new(Semaphore::new(MAILBOX_BYTES)) };
        registry.insert(conversation, door.clone());
        self.tasks.spawn(Room::live(Arc::clone(self), conversation, mail));
        Some(door)
    }

    /// A room says what it holds and since when nobody is in it. When all together hold too much, the longest idle are
    /// asked to end.
    fn report(&self, conversation: ConversationId, bytes: usize, idle_since: Option<Instant>) {
        let doors = {
            let mut registry = self.registry();
            registry.report(conversation, bytes, idle_since);
            registry.too_much(self.limits.memory)
        };
        for door in doors {
            // A room with a full mailbox is not idle.
            let _ = door.mailbox.try_send(Mail::MakeRoom);
        }
    }
}
