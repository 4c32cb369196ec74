//! One client: writes by its timetable, and counts what it hears.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use bytes::Bytes;
use tokio::time::sleep_until;

use crate::{
    clock,
    connection::Connection,
    delays::Delays,
    dialect::Heard,
    edits::{self, Pen},
    tally::Tally,
    token::{self, Token},
    witness::Subject,
};

/// What all clients of a load share.
#[derive(Default)]
pub(super) struct Shared {
    /// Counted messages that were sent; that were heard by others.
    pub(super) sent: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) figures: Mutex<Figures>,
}

#[derive(Default)]
pub(super) struct Figures {
    pub(super) propagation: Delays,
    pub(super) acks: Delays,
    pub(super) late: Delays,
    pub(super) dropped: usize,
    pub(super) reasons: Vec<String>,
}

/// How many reasons are kept.
const MAX_REASONS: usize = 5;

impl Shared {
    /// No panic can leave the figures half changed.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of a client when the load is over.
pub(super) struct Record {
    pub(super) tally: Tally,
    /// Counted messages that it sent.
    pub(super) sent: u64,
    pub(super) refused: u64,
    pub(super) unanswered: u64,
}

/// A client and its place.
pub(super) struct Client {
    pub(super) connection: Connection,
    pub(super) record: Arc<Mutex<Record>>,
    pub(super) shared: Arc<Shared>,
    /// `None` only listens.
    pub(super) writer: Option<Writer>,
}

/// What a writer needs.
pub(super) struct Writer {
    pub(super) number: u32,
    pub(super) subject: Subject,
    /// When to write, by [`clock::now`].
    times: VecDeque<u64>,
    /// What was to be written before is not counted.
    from: u64,
    written: u32,
    counted: u32,
    pen: Pen,
}

impl Writer {
    /// Of those times those from `from` on are counted. `generation` tells the Yjs clients of this run from those of
    /// others in the same document.
    pub(super) fn new(number: u32, subject: Subject, times: VecDeque<u64>, from: u64, generation: u32) -> Self {
        let pen = Pen::new(u64::from(generation) << 18 | u64::from(number));
        Self { number, subject, times, from, written: 0, counted: 0, pen }
    }

    /// What is written at this time, which was due then; whether it is counted.
    fn next(&mut self, due: u64, at: u64) -> (String, bool) {
        self.times.pop_front();
        self.written += 1;
        let token = Token { writer: self.number, number: self.counted, at };
        if due < self.from {
            return (token.uncounted(), false);
        }
        self.counted += 1;
        (token.text(), true)
    }
}

impl Client {
    /// Lives until the connection ends. To be aborted when the load is over.
    pub(super) async fn live(mut self) {
        let Err(error) = self.run().await;
        let mut figures = self.shared.figures();
        figures.dropped += 1;
        if figures.reasons.len() < MAX_REASONS {
            figures.reasons.push(format!("{error:#}"));
        }
    }

    async fn run(&mut self) -> Result<std::convert::Infallible> {
        loop {
            match self.writer.as_ref().and_then(|writer| writer.times.front().copied()) {
                None => {
                    let message = self.connection.receive().await?;
                    self.hear(&message).await?;
                }
                Some(due) if due <= clock::now() => self.write(due).await?,
                Some(due) => tokio::select! {
                    message = self.connection.receive() => self.hear(&message?).await?,
                    () = sleep_until(clock::instant(due)) => {}
                },
            }
        }
    }

    async fn write(&mut self, due: u64) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let at = clock::now();
        let (text, is_counted) = writer.next(due, at);
        if is_counted {
            self.shared.sent.fetch_add(1, Ordering::Relaxed);
            record(&self.record).sent += 1;
            self.shared.figures().late.add(at - due);
        }
        match writer.subject {
            Subject::Edits => {
                let update = writer.pen.write(&text);
                self.connection.update(&update, is_counted.then_some(at)).await?;
                record(&self.record).unanswered = self.connection.unanswered() as u64;
            }
            Subject::Presence => {
                let update = edits::presence(u64::from(writer.number) + 1, writer.written, &text);
                self.connection.presence(&update).await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, message: &Bytes) -> Result<()> {
        let now = clock::now();
        let dialect = self.connection.dialect.clone();
        let heard = dialect.hear(message);
        match heard {
            Heard::Update(bytes) | Heard::Step2(bytes) | Heard::Awareness(bytes) => self.count(bytes, now),
            Heard::Acked(_) | Heard::Answered(_) => {
                let mut figures = self.shared.figures();
                self.connection.acked(&heard, |at| figures.acks.add(now.saturating_sub(at)));
                drop(figures);
                record(&self.record).unanswered = self.connection.unanswered() as u64;
            }
            _ => {}
        }
        self.connection.answer(&heard).await?;
        record(&self.record).refused = self.connection.refused;
        Ok(())
    }

    fn count(&self, bytes: &[u8], now: u64) {
        let mut record = record(&self.record);
        let mut figures = self.shared.figures();
        let mut delivered = 0;
        token::find(bytes, |token| {
            if record.tally.take(&token) {
                delivered += 1;
                figures.propagation.add(now.saturating_sub(token.at));
            }
        });
        self.shared.delivered.fetch_add(delivered, Ordering::Relaxed);
    }
}

/// No panic can leave a record half changed.
pub(super) fn record(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
