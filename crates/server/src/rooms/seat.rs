use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bytes::Bytes;
use shared::{
    access::Rights,
    sync::{self, CloseCode},
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::Instant,
};

use super::{
    connections::{Connection, Ending, Standing},
    echoes::Echoes,
    ingest,
    room::{Mail, Weight},
};

/// Frames that may wait for a slow reader.
const MAX_FRAMES: usize = 1_024;

/// Bytes that may wait for a slow reader, one large frame not counted.
const MAX_BYTES: usize = 4 << 20;

/// A frame beyond this is a document, or all that somebody wrote offline. One may wait, beside what happens meanwhile.
const LARGE: usize = sync::MAX_FRAME + 64;

/// A connection within a room, counted up over the life of the room.
pub(super) type SeatId = u64;

/// A place in a room: what one connection says and hears. Dropping it leaves the room.
pub struct Seat {
    /// To speak.
    pub voice: Voice,
    /// To hear.
    pub outbox: Outbox,
}

/// The speaking half of a [`Seat`]. Dropping it leaves the room.
pub struct Voice {
    seat: SeatId,
    room: mpsc::Sender<Mail>,
    space: Arc<Semaphore>,
    first_answer: bool,
    echoes: Echoes,
}

impl Voice {
    pub(super) fn new(seat: SeatId, room: mpsc::Sender<Mail>, space: Arc<Semaphore>, echoes: Echoes) -> Self {
        Self { seat, room, space, first_answer: true, echoes }
    }

    /// Says one frame. Waits while the room is busy, so that a fast writer is slowed down by its own connection.
    ///
    /// # Errors
    /// The frame is malformed or too large: the connection must be closed with this code.
    pub async fn say(&mut self, frame: Bytes) -> Result<(), CloseCode> {
        let Some(said) = ingest::frame(&frame, &mut self.first_answer, &self.echoes)? else { return Ok(()) };
        let heard = Instant::now();
        // A frame is far below 4 GiB. If the room has closed, the outbox says why.
        let Ok(space) = Arc::clone(&self.space).acquire_many_owned(frame.len() as u32).await else { return Ok(()) };
        let _ = self.room.send(Mail::Said { seat: self.seat, said, weight: Weight::new(space, heard) }).await;
        Ok(())
    }

    /// Says an update that came once before, within its limits, and was kept.
    pub(super) async fn say_again(&self, update: Bytes) {
        let Ok(space) = Arc::clone(&self.space).acquire_many_owned(update.len() as u32).await else { return };
        let weight = Weight::new(space, Instant::now());
        let _ = self.room.send(Mail::Said { seat: self.seat, said: ingest::Said::Update(update), weight }).await;
    }

    /// The largest frame that may be said next, in bytes.
    pub fn limit(&self) -> usize {
        if self.first_answer || self.echoes.any() { sync::MAX_FIRST_ANSWER } else { sync::MAX_FRAME }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        // By the same way as the frames, so that those that came before are still taken.
        let leave = Mail::Leave { seat: self.seat };
        if let Err(mpsc::error::TrySendError::Full(leave)) = self.room.try_send(leave) {
            let room = self.room.clone();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { room.send(leave).await });
            }
        }
    }
}

/// What a connection is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Send this frame.
    Frame(Bytes),
    /// Close with this code.
    Close(CloseCode),
}

/// The hearing half of a [`Seat`]: frames in order, and how it ends.
pub struct Outbox {
    frames: mpsc::Receiver<Bytes>,
    waiting: Arc<Waiting>,
    standing: watch::Receiver<Result<Rights, Ending>>,
    /// The same, to see when the rights change.
    changes: watch::Receiver<Result<Rights, Ending>>,
    /// What is said then, to who understands it.
    on_change: Option<Bytes>,
    /// Held for as long as somebody listens: so long it can be ended.
    _connection: Connection,
}

impl Outbox {
    /// Waits until it is over without sending what waits: the reader is too slow, or may not read it any more.
    pub async fn ended(&mut self) -> CloseCode {
        at_once(&mut self.standing).await
    }

    /// The next frame, if it is there already.
    pub fn ready(&mut self) -> Option<Bytes> {
        let frame = self.frames.try_recv().ok()?;
        self.waiting.taken(frame.len());
        Some(frame)
    }

    /// Waits for what is next. After a close, the same close again.
    pub async fn next(&mut self) -> Outgoing {
        tokio::select! {
            biased;
            code = at_once(&mut self.standing) => Outgoing::Close(code),
            frame = changed(&mut self.changes, self.on_change.as_ref()) => Outgoing::Frame(frame),
            frame = self.frames.recv() => match frame {
                Some(frame) => {
                    self.waiting.taken(frame.len());
                    Outgoing::Frame(frame)
                }
                // Without a word the room has broken down.
                None => Outgoing::Close(self.standing.borrow().err().map_or(CloseCode::TryLater, Ending::code)),
            },
        }
    }
}

async fn at_once(standing: &mut watch::Receiver<Result<Rights, Ending>>) -> CloseCode {
    match standing.wait_for(|standing| matches!(standing, Err(Ending::AtOnce(_)))).await.map(|standing| *standing) {
        Ok(Err(ending)) => ending.code(),
        _ => std::future::pending().await,
    }
}

/// Waits until the rights are others than before.
async fn changed(changes: &mut watch::Receiver<Result<Rights, Ending>>, frame: Option<&Bytes>) -> Bytes {
    if let Some(frame) = frame
        && changes.changed().await.is_ok()
        && changes.borrow().is_ok()
    {
        return frame.clone();
    }
    std::future::pending().await
}

/// What an outbox holds.
#[derive(Default)]
struct Waiting {
    bytes: AtomicUsize,
    has_large: AtomicBool,
}

impl Waiting {
    /// Counts a frame that is about to wait; whether there is room for it.
    fn fits(&self, length: usize) -> bool {
        if length > LARGE {
            return !self.has_large.swap(true, Ordering::Relaxed);
        }
        self.bytes.fetch_add(length, Ordering::Relaxed) + length <= MAX_BYTES
    }

    fn taken(&self, length: usize) {
        if length > LARGE {
            self.has_large.store(false, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
        }
    }
}

/// The room's end of an [`Outbox`].
pub(super) struct Mouth {
    frames: mpsc::Sender<Bytes>,
    waiting: Arc<Waiting>,
    standing: Standing,
    echoes: Echoes,
}

/// The reader is too slow.
pub(super) struct Full;

impl Mouth {
    /// `on_change` is said whenever the rights have changed.
    pub(super) fn new(connection: Connection, on_change: Option<Bytes>) -> (Self, Outbox) {
        let (frames, heard) = mpsc::channel(MAX_FRAMES);
        let standing = connection.standing().clone();
        let waiting = Arc::new(Waiting::default());
        let outbox = Outbox {
            frames: heard,
            waiting: Arc::clone(&waiting),
            standing: standing.watch(),
            changes: standing.watch(),
            on_change,
            _connection: connection,
        };
        (Self { frames, waiting, standing, echoes: Echoes::default() }, outbox)
    }

    /// What the connection may do at this moment; nothing if it is about to be closed.
    pub(super) fn rights(&self) -> Option<Rights> {
        self.standing.rights()
    }

    /// For the voice of the same connection.
    pub(super) fn echoes(&self) -> Echoes {
        self.echoes.clone()
    }

    pub(super) fn send(&self, frame: Bytes) -> Result<(), Full> {
        let length = frame.len();
        if !self.waiting.fits(length) {
            return Err(Full);
        }
        self.echoes.heard(length);
        match self.frames.try_send(frame) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
            // A reader that has gone says so itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// Closes when the frames before have been sent.
    pub(super) fn close(self, code: CloseCode) {
        self.standing.end(Ending::AfterFrames(code));
    }

    /// Closes without sending what waits: nobody reads it.
    pub(super) fn close_at_once(self, code: CloseCode) {
        self.standing.end(Ending::AtOnce(code));
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        access::Access,
        ids::{ConversationId, UserId},
    };

    use super::*;
    use crate::{
        rooms::{Member, Moment, connections::Connections},
        sessions::Proof,
    };

    fn line() -> (Mouth, Outbox) {
        let member = Member {
            user: UserId::new(),
            author: UserId::new(),
            of_epoch: None,
            name: "Ann".to_owned(),
            rights: Rights {
                access: Access::Viewer,
                moderates: false,
                sees_names: true,
                may_copy: true,
                may_rename: false,
                sees_history: false,
            },
            proof: Proof::Session(Vec::new()),
            as_of: Moment::default(),
            speaks_v1: true,
            epoch: None,
        };
        Mouth::new(Connections::default().enter(ConversationId::new(), &member).0, None)
    }

    #[tokio::test]
    async fn frames_come_before_the_close_that_follows_them() {
        let (mouth, mut outbox) = line();
        assert!(mouth.send(Bytes::from_static(b"last words")).is_ok());
        mouth.close(CloseCode::Denied);
        assert_eq!(outbox.next().await, Outgoing::Frame(Bytes::from_static(b"last words")));
        assert_eq!(outbox.next().await, Outgoing::Close(CloseCode::Denied));
        assert_eq!(outbox.next().await, Outgoing::Close(CloseCode::Denied));
    }

    #[tokio::test]
    async fn a_reader_that_is_too_slow_hears_nothing_more() {
        let (mouth, mut outbox) = line();
        for _ in 0..MAX_FRAMES {
            assert!(mouth.send(Bytes::from_static(b"x")).is_ok());
        }
        assert!(mouth.send(Bytes::from_static(b"x")).is_err());
        mouth.close_at_once(CloseCode::TryLater);
        assert_eq!(outbox.next().await, Outgoing::Close(CloseCode::TryLater));
    }

    #[tokio::test]
    async fn bytes_are_limited_and_counted_back_when_they_are_read() {
        let (mouth, mut outbox) = line();
        let frame = Bytes::from(vec![0; LARGE]);
        for _ in 0..MAX_BYTES / LARGE {
            assert!(mouth.send(frame.clone()).is_ok());
        }
        assert_eq!(outbox.next().await, Outgoing::Frame(frame.clone()));
        assert!(mouth.send(frame.clone()).is_ok());
        assert!(mouth.send(frame).is_err());
    }

    #[tokio::test]
    async fn a_document_may_wait_beside_what_happens_meanwhile_and_two_may_not() {
        let (mouth, mut outbox) = line();
        let (document, edit) = (Bytes::from(vec![0; sync::MAX_DOCUMENT]), Bytes::from_static(b"x"));
        assert!(mouth.send(document.clone()).is_ok());
        assert!(mouth.send(edit.clone()).is_ok());
        assert_eq!(outbox.next().await, Outgoing::Frame(document.clone()));
        assert!(mouth.send(document.clone()).is_ok());
        assert!(mouth.send(document).is_err());
    }
}
