//! The task that owns a room.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use shared::{
    ids::ConversationId,
    sync::{CloseCode, Epoch, Frame, RunChanged},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    Door, House, JoinError, Member,
    connections::Connection,
    copies::{Copies, Corrupt},
    hours::finished,
    ingest::Said,
    persistence::{self, Failure, Snapshot},
    presence::Presence,
    queue::Queue,
    seat::{Mouth, Seat, SeatId, Voice},
    updates::answer,
    writer::Outcome,
};

/// Messages that a room takes at once.
const AT_ONCE: usize = 128;

/// A message to a room. Connections and the server speak here; other processes never do.
pub(super) enum Mail {
    /// Somebody takes a seat.
    Join { member: Member, connection: Connection, door: Door, reply: oneshot::Sender<Result<Seat, JoinError>> },
    /// A connection says something.
    Said { seat: SeatId, said: Said, weight: Weight },
    /// A connection is gone.
    Leave { seat: SeatId },
    /// The room ends.
    Close { code: CloseCode },
    /// The conversation's messages are others now.
    Run(RunChanged),
    /// Memory is wanted for other rooms: this one ends if nobody is in it.
    MakeRoom,
}

/// The space that a frame takes in the mailbox, given back when it is dropped, and since when it wants it.
pub(super) struct Weight {
    _space: OwnedSemaphorePermit,
    pub(super) heard: Instant,
}

impl Weight {
    pub(super) fn new(space: OwnedSemaphorePermit, heard: Instant) -> Self {
        Self { _space: space, heard }
    }
}

/// One connection, as the room sees it.
pub(super) struct Seated {
    pub(super) member: Member,
    pub(super) mouth: Mouth,
    /// How many updates it has sent.
    pub(super) counted: u64,
    /// Gaps in a row.
    pub(super) gaps: u32,
    pub(super) refusals: u32,
    /// Changes that came after an activity had closed.
    pub(super) late: u32,
    /// Yjs clients whose later updates build on something that was refused.
    pub(super) behind: BTreeSet<u64>,
    pub(super) told: Instant,
}

/// The room must end: its copies are worth nothing, or nobody needs it.
pub(super) struct End;

impl From<Corrupt> for End {
    fn from(_: Corrupt) -> Self {
        Self
    }
}

pub(super) struct Room {
    pub(super) house: Arc<House>,
    pub(super) conversation: ConversationId,
    pub(super) mail: mpsc::Receiver<Mail>,
    /// `None` only while work on them is under way.
    pub(super) copies: Option<Copies>,
    pub(super) epoch: i64,
    pub(super) seats: BTreeMap<SeatId, Seated>,
    pub(super) next_seat: SeatId,
    pub(super) presence: Presence,
    pub(super) queue: Queue,
    /// The answer to the batch that is under way, and how many of the queue it covers.
    pub(super) committing: Option<(oneshot::Receiver<Outcome>, usize)>,
    /// The next commit waits until then: what arrives meanwhile is relayed with it.
    pub(super) commit_at: Instant,
    /// The number of the last committed update.
    pub(super) committed: i64,
    /// The number of the last update in a snapshot.
    pub(super) compacted: i64,
    pub(super) snapshot: Option<JoinHandle<Result<Option<Snapshot>, Failure>>>,
    pub(super) snapshot_failed: bool,
    /// Bytes of the document's compacted state, as far as it is known, and of the updates since.
    pub(super) bytes: usize,
    /// Those of them that were committed since the snapshot under way was begun.
    pub(super) bytes_since: usize,
    /// Since when nobody is in it; nothing until somebody has been.
    pub(super) left_at: Option<Instant>,
    /// The room is ending with this code; who wants in waits until it has.
    pub(super) closing: Option<CloseCode>,
    /// Keeping the latest late work, where there was any.
    pub(super) late: Option<JoinHandle<()>>,
    pub(super) latecomers: Vec<oneshot::Sender<Result<Seat, JoinError>>>,
    pub(super) first_change: Option<Instant>,
    pub(super) snapshot_at: Option<Instant>,
    pub(super) idle_at: Option<Instant>,
    pub(super) presence_at: Option<Instant>,
    pub(super) presence_sent: Instant,
    pub(super) beat_at: Instant,
}

impl Room {
    /// Loads the document and serves it until nobody needs the room.
    pub(super) async fn live(house: Arc<House>, conversation: ConversationId, mut mail: mpsc::Receiver<Mail>) {
        match load(&house, conversation).await {
            Ok((copies, stored)) => Self::new(house, conversation, mail, copies, &stored).run().await,
            Err(error) => {
                // What did not load is never stored: the room ends here.
                let left = leave_registry(&house, conversation, &mut mail);
                for mail in left {
                    if let Mail::Join { reply, .. } = mail {
                        let _ = reply.send(Err(error));
                    }
                }
            }
        }
    }

    fn new(
        house: Arc<House>,
        conversation: ConversationId,
        mail: mpsc::Receiver<Mail>,
        copies: Copies,
        stored: &persistence::Stored,
    ) -> Self {
        let now = Instant::now();
        let dirty = stored.last() > stored.seq;
        let room = Self {
            conversation,
            mail,
            copies: Some(copies),
            epoch: stored.epoch,
            seats: BTreeMap::new(),
            next_seat: 1,
            presence: Presence::default(),
            queue: Queue::default(),
            committing: None,
            commit_at: now,
            committed: stored.last(),
            compacted: stored.seq,
            snapshot: None,
            snapshot_failed: false,
            bytes: stored.state.len() + stored.updates.iter().map(Vec::len).sum::<usize>(),
            bytes_since: 0,
            left_at: None,
            closing: None,
            late: None,
            latecomers: Vec::new(),
            first_change: dirty.then_some(now),
            snapshot_at: dirty.then(|| now + house.timing.snapshot_after),
            idle_at: Some(now + house.timing.idle),
            presence_at: None,
            presence_sent: now,
            beat_at: now + house.timing.beat,
            house,
        };
        room.report();
        room
    }

    async fn run(mut self) {
        let mut mails = Vec::new();
        while self.turn(&mut mails).await.is_ok() {}
        // Reached in order (closing, or idle) with nobody seated, or because the copies cannot be trusted.
        let code = self.closing.unwrap_or(CloseCode::TryLater);
        for seated in std::mem::take(&mut self.seats).into_values() {
            seated.mouth.close(code);
        }
        // Who waited, and who wrote meanwhile, gets no answer and asks again: at the next room.
        leave_registry(&self.house, self.conversation, &mut self.mail);
    }

    /// Waits for something and deals with it.
    async fn turn(&mut self, mails: &mut Vec<Mail>) -> Result<(), End> {
        let deadline = self.deadline();
        tokio::select! {
            count = self.mail.recv_many(mails, AT_ONCE) => {
                if count == 0 {
                    return Err(End);
                }
                self.take(mails).await?;
            }
            (outcome, covered) = answer(&mut self.committing) => self.written(outcome, covered).await?,
            result = finished(&mut self.snapshot) => self.snapshotted(result),
            () = sleep_until(deadline) => {}
        }
        self.commit();
        self.on_time()
    }

    async fn take(&mut self, mails: &mut Vec<Mail>) -> Result<(), End> {
        let mut updates = Vec::new();
        for mail in mails.drain(..) {
            if let Mail::Said { seat, said: Said::Update(update), weight } = mail {
                updates.push((seat, update, weight));
                continue;
            }
            self.judge(std::mem::take(&mut updates)).await?;
            match mail {
                Mail::Join { member, connection, door, reply } => self.join(member, connection, &door, reply).await?,
                Mail::Said { seat, said, .. } => self.said(seat, said).await?,
                Mail::Leave { seat } => self.leave(seat),
                Mail::Run(changed) => self.run_changed(changed).await?,
                Mail::Close { code } => self.close(code),
                // When it has nothing under way any more.
                Mail::MakeRoom => self.idle_at = self.idle_at.map(|_| Instant::now()),
            }
        }
        self.judge(updates).await
    }

    async fn join(
        &mut self,
        member: Member,
        connection: Connection,
        door: &Door,
        reply: oneshot::Sender<Result<Seat, JoinError>>,
    ) -> Result<(), End> {
        if self.closing.is_some() {
            self.latecomers.push(reply);
            return Ok(());
        }
        let greeting = || Bytes::from(Frame::Epoch(Epoch { epoch: self.epoch }).encode());
        // Said anew, it tells that the rights have changed.
        let (mouth, outbox) = Mouth::new(connection, member.speaks_v1.then(greeting));
        let id = self.next_seat;
        self.next_seat += 1;
        let voice = Voice::new(id, door.mailbox.clone(), Arc::clone(&door.space), mouth.echoes());
        if member.speaks_v1 {
            let _ = mouth.send(greeting());
        }
        if member.epoch.is_some_and(|epoch| epoch != self.epoch) {
            mouth.close(CloseCode::WrongEpoch);
            let _ = reply.send(Ok(Seat { voice, outbox }));
            return Ok(());
        }
        if let Some(of_epoch) = member.of_epoch.filter(|of_epoch| *of_epoch != self.epoch) {
            // The document was replaced: before they were looked up, so that this room is over, or after it.
            if of_epoch > self.epoch {
                return Err(End);
            }
            mouth.close(CloseCode::TryLater);
            let _ = reply.send(Ok(Seat { voice, outbox }));
            return Ok(());
        }
        let vector = self.on_copies(Copies::state_vector).await??;
        let _ = mouth.send(Frame::Step1(&vector).encode().into());
        if let Some(everybody) = self.presence.everybody() {
            let _ = mouth.send(Frame::Awareness(&everybody).encode().into());
        }
        let told = Instant::now();
        let behind = BTreeSet::new();
        let seated = Seated { member, mouth, counted: 0, gaps: 0, refusals: 0, late: 0, behind, told };
        if self.seats.is_empty() {
            self.beat_at = told + self.house.timing.beat;
        }
        self.seats.insert(id, seated);
        (self.idle_at, self.left_at) = (None, None);
        self.report();
        // If nobody waits for the answer any more, the seat is dropped, and so left.
        let _ = reply.send(Ok(Seat { voice, outbox }));
        Ok(())
    }

    /// Learns the lengths of the messages' texts, and then tells those who follow it: what they mark is taken.
    async fn run_changed(&mut self, changed: RunChanged) -> Result<(), End> {
        match persistence::messages(&self.house.db, self.conversation).await {
            Ok(messages) => self.on_copies(move |copies| copies.learn_messages(messages)).await?,
            Err(error) => tracing::warn!(conversation = %self.conversation, %error, "new messages are not learned of"),
        }
        let frame = Bytes::from(Frame::Run(changed).encode());
        let who = self.seats.iter().filter(|(_, seated)| seated.member.speaks_v1);
        for seat in who.map(|(seat, _)| *seat).collect::<Vec<_>>() {
            self.tell(seat, frame.clone());
        }
        Ok(())
    }

    fn leave(&mut self, seat: SeatId) {
        if self.seats.remove(&seat).is_some() {
            self.left(seat);
        }
    }

    pub(super) fn left(&mut self, seat: SeatId) {
        self.presence.leave(seat);
        if self.seats.is_empty() {
            let now = Instant::now();
            self.idle_at = Some(now + self.house.timing.idle);
            self.left_at = Some(now);
            self.snapshot_at = self.snapshot_at.map(|_| now);
            self.report();
        }
    }

    /// Whatever else comes from this connection is not heard.
    pub(super) fn close_seat(&mut self, seat: SeatId, code: CloseCode) {
        if let Some(seated) = self.seats.remove(&seat) {
            seated.mouth.close(code);
            self.left(seat);
        }
    }

    fn close(&mut self, code: CloseCode) {
        self.closing.get_or_insert(code);
        for seat in self.seats.keys().copied().collect::<Vec<_>>() {
            self.close_seat(seat, code);
        }
        // The last call: what is dirty is compacted before the end.
        self.snapshot_at = Some(Instant::now());
    }

    pub(super) fn tell(&mut self, seat: SeatId, frame: Bytes) {
        let Some(seated) = self.seats.get_mut(&seat) else { return };
        seated.told = Instant::now();
        if seated.mouth.send(frame).is_err()
            && let Some(seated) = self.seats.remove(&seat)
        {
            // Too slow: it connects again and takes the state as it is then.
            seated.mouth.close_at_once(CloseCode::TryLater);
            self.left(seat);
        }
    }

    /// Works on the copies on a thread with a large stack. If that panics, they are gone and the room with them.
    pub(super) async fn on_copies<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Copies) -> T + Send + 'static,
    ) -> Result<T, End> {
        let mut copies = self.copies.take().ok_or(End)?;
        let worked = self.house.stacks.run(move || {
            let result = work(&mut copies);
            (copies, result)
        });
        let (copies, result) = worked.await.map_err(|panicked| {
            tracing::error!(conversation = %self.conversation, %panicked, "the room reloads");
            End
        })?;
        self.copies = Some(copies);
        Ok(result)
    }
}

async fn load(house: &House, conversation: ConversationId) -> Result<(Copies, persistence::Stored), JoinError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        tracing::error!(%conversation, %error, "a document cannot be read");
        JoinError::Unreadable
    };
    let stored = persistence::load(&house.db, conversation).await.map_err(|error| unreadable(&error))?;
    let stored = stored.ok_or(JoinError::NotFound)?;
    let messages = persistence::messages(&house.db, conversation).await.map_err(|error| unreadable(&error))?;
    let loaded = house.stacks.run(move || Copies::load(&stored, messages).map(|copies| (copies, stored)));
    loaded.await.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))
}

/// Takes the room out of the registry and closes its mailbox, in one step, so that whoever finds it there reaches it,
/// and nobody is left in between. Returns the mail that was not dealt with.
fn leave_registry(house: &House, conversation: ConversationId, mail: &mut mpsc::Receiver<Mail>) -> Vec<Mail> {
    {
        let mut registry = house.registry();
        registry.remove(conversation);
        mail.close();
    }
    std::iter::from_fn(|| mail.try_recv().ok()).collect()
}
