use std::collections::VecDeque;

use tokio::time::Instant;

use super::{seat::SeatId, writer::Row};

/// Accepted updates that may wait for the store.
const MAX_WAITING: usize = 4_096;

/// Bytes of accepted updates that may wait for the store.
const MAX_WAITING_BYTES: usize = 32 << 20;

/// One commit takes so many updates of a room at most: they are relayed all at once, and must find place in the
/// outboxes of those who read as fast as they can.
const MAX_BATCH: usize = 128;

/// One commit takes so many bytes of a room at most, or a single update.
const MAX_BATCH_BYTES: usize = 2 << 20;

/// Something that a connection sent and that is judged, in the order of judgement.
pub(super) struct Judged {
    pub(super) seat: SeatId,
    /// Counted per connection.
    pub(super) number: u64,
    /// When it arrived.
    pub(super) heard: Instant,
    /// To be stored and relayed. `None`: refused by name, or known before; it is done when all before it is.
    pub(super) row: Option<Row>,
}

/// What is judged and not yet done. The rows of it that are under way to the disk are at its front.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Judged>,
    bytes: usize,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing more can be accepted when so many more are about to be.
    pub(super) fn is_full(&self, coming: usize) -> bool {
        self.waiting.len() + coming >= MAX_WAITING || self.bytes >= MAX_WAITING_BYTES
    }

    pub(super) fn push(&mut self, judged: Judged) {
        self.bytes += judged.row.as_ref().map_or(0, |row| row.update.len());
        self.waiting.push_back(judged);
    }

    /// How many are done without the disk: those at the front that have no row.
    pub(super) fn without_rows(&self) -> usize {
        self.waiting.iter().take_while(|judged| judged.row.is_none()).count()
    }

    /// How many, from the front, the next commit covers, and their rows.
    pub(super) fn next_batch(&self) -> (usize, Vec<Row>) {
        let (mut covered, mut bytes, mut rows) = (0, 0, Vec::new());
        for judged in &self.waiting {
            if let Some(row) = &judged.row {
                bytes += row.update.len();
                if !rows.is_empty() && (bytes > MAX_BATCH_BYTES || rows.len() == MAX_BATCH) {
                    break;
                }
                rows.push(row.clone());
            }
            covered += 1;
        }
        (covered, rows)
    }

    /// Takes the first `count`: they are done.
    pub(super) fn take(&mut self, count: usize) -> Vec<Judged> {
        let done: Vec<_> = self.waiting.drain(..count).collect();
        self.bytes -= done.iter().filter_map(|judged| judged.row.as_ref()).map(|row| row.update.len()).sum::<usize>();
        done
    }
}
