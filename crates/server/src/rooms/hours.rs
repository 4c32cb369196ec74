//! What a room does by the clock: snapshots, presence, and its end.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use shared::sync::{Frame, awareness};
use tokio::{task::JoinHandle, time::Instant};

use super::{
    persistence::{Failure, Snapshot},
    room::{End, Room},
};

/// Bytes of memory that a document takes for each byte of its compacted state: measured with yrs 0.28, 8.5 for
/// highlights with comments, 6.6 for a text of many hands, 1 for one of a single hand.
const HEAP_PER_BYTE: usize = 8;

impl Room {
    pub(super) fn deadline(&self) -> Instant {
        let beat = (!self.seats.is_empty()).then_some(self.beat_at);
        // What cannot be done before something else has ended is looked at then.
        let snapshot = self.snapshot_at.filter(|_| self.snapshot.is_none());
        let idle = self.idle_at.filter(|_| !self.is_busy());
        let commit = (self.committing.is_none() && !self.queue.is_empty()).then_some(self.commit_at);
        let times = [snapshot, idle, self.presence_at, beat, commit];
        // Without any, an hour is as good as never.
        times.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600))
    }

    /// So many bytes more are committed.
    pub(super) fn grown(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.bytes_since += bytes;
        self.report();
    }

    /// Says what the room holds, about: the document and its probe.
    pub(super) fn report(&self) {
        self.house.report(self.conversation, 2 * HEAP_PER_BYTE * self.bytes, self.left_at);
    }

    pub(super) fn changed(&mut self) {
        let now = Instant::now();
        let first = *self.first_change.get_or_insert(now);
        let timing = &self.house.timing;
        let due = (now + timing.snapshot_after).min(first + timing.snapshot_at_latest);
        self.snapshot_at = Some(if self.seats.is_empty() { now } else { due });
    }

    pub(super) fn snapshotted(&mut self, result: Result<Option<Snapshot>, Failure>) {
        self.snapshot = None;
        match result {
            Ok(Some(snapshot)) => {
                self.compacted = self.compacted.max(snapshot.seq);
                self.snapshot_failed = false;
                self.bytes = snapshot.bytes + self.bytes_since;
                self.report();
            }
            Ok(None) => self.snapshot_failed = true,
            Err(error) => {
                tracing::error!(conversation = %self.conversation, %error, "no snapshot: the log keeps everything");
                self.snapshot_failed = true;
            }
        }
        if self.committed > self.compacted && self.snapshot_at.is_none() {
            self.first_change = None;
            self.changed();
            if self.snapshot_failed {
                self.snapshot_at = Some(Instant::now() + self.house.timing.snapshot_at_latest);
            }
        }
    }

    pub(super) fn on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        self.relay_presence(now);
        self.take_snapshot(now);
        let is_idle = self.idle_at.is_some_and(|at| at <= now);
        if (is_idle || self.closing.is_some()) && !self.is_busy() { Err(End) } else { Ok(()) }
    }

    /// Whether something is under way whose end must be waited for.
    fn is_busy(&self) -> bool {
        !self.queue.is_empty() || self.committing.is_some() || self.snapshot.is_some()
    }

    /// Starts a snapshot if one is due: one at a time, and only if there is something to compact.
    fn take_snapshot(&mut self, now: Instant) {
        let is_due = self.snapshot_at.is_some_and(|at| at <= now);
        if self.snapshot.is_some() || !is_due {
            return;
        }
        (self.snapshot_at, self.first_change) = (None, None);
        if self.committed > self.compacted {
            let (house, conversation) = (Arc::clone(&self.house), self.conversation);
            let snapshot = async move { house.snapshot(&house.stacks, conversation).await };
            self.bytes_since = 0;
            self.snapshot = Some(tokio::spawn(snapshot));
        }
    }

    fn relay_presence(&mut self, now: Instant) {
        let is_beat = self.beat_at <= now;
        if is_beat {
            self.beat_at = now + self.house.timing.beat;
            self.presence.include_renewals();
        }
        let next = self.presence_sent + self.house.timing.presence;
        self.presence_at = self.presence.has_changes().then_some(next);
        if self.presence_at.is_some_and(|at| at <= now) {
            self.presence_at = None;
            self.presence_sent = now;
            self.send_presence();
        }
        if is_beat {
            self.keep_alive(now);
        }
    }

    /// Nobody is told of themselves: their client would take an older state for its own.
    fn send_presence(&mut self) {
        let changes = self.presence.changes();
        let encode = |except: Option<u64>| {
            let entries: Vec<_> = changes
                .iter()
                .filter(|(client, ..)| Some(*client) != except)
                .map(|(client, clock, state)| awareness::Entry { client: *client, clock: *clock, state })
                .collect();
            (!entries.is_empty()).then(|| Bytes::from(Frame::Awareness(&awareness::encode(&entries)).encode()))
        };
        let to_all = encode(None);
        for seat in self.seats.keys().copied().collect::<Vec<_>>() {
            let own = self.presence.own(seat).filter(|own| changes.iter().any(|(client, ..)| client == own));
            let frame = if own.is_some() { encode(own) } else { to_all.clone() };
            if let Some(frame) = frame {
                self.tell(seat, frame);
            }
        }
    }

    /// Stock clients take a connection on which no message comes for dead.
    fn keep_alive(&mut self, now: Instant) {
        let frame = Bytes::from(Frame::Awareness(&awareness::encode(&[])).encode());
        let quiet = now - self.house.timing.beat;
        let silent: Vec<_> =
            self.seats.iter().filter(|(_, seated)| seated.told <= quiet).map(|(seat, _)| *seat).collect();
        for seat in silent {
            self.tell(seat, frame.clone());
        }
    }
}

/// Waits for the snapshot that is being taken, if one is.
pub(super) async fn finished(
    snapshot: &mut Option<JoinHandle<Result<Option<Snapshot>, Failure>>>,
) -> Result<Option<Snapshot>, Failure> {
    match snapshot {
        Some(task) => task.await.unwrap_or(Err(Failure::Damaged)),
        None => std::future::pending().await,
    }
}
