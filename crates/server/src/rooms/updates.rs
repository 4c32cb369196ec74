//! What connections say, on its way to the disk and to the others.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use shared::{
    ids::UserId,
    rules::Refusal,
    sync::{Acked, CloseCode, Frame, MAX_GAPS, Refused, awareness},
};
use tokio::{sync::oneshot, time::Instant};

use crate::{activities::late, refused};

use super::{
    copies::Copies,
    ingest::{self, Case, Said, Verdict},
    queue::Judged,
    room::{End, Room, Seated, Weight},
    seat::SeatId,
    writer::{Batch, Outcome, Row},
};

/// Refusals of one connection before it is closed.
const MAX_REFUSALS: u32 = 100;

/// Each relay costs a call of the operating system a reader, whatever it carries: a room with many readers commits less
/// often, so long a reader apart, and relays what arrived meanwhile at once. The first update after a rest waits for
/// nothing.
const PACE_A_SEAT: Duration = Duration::from_micros(300);

/// And never further apart than this.
const MAX_PACE: Duration = Duration::from_millis(15);

/// Committed updates that the document may lag behind while nobody asks for it.
const MAX_BEHIND: usize = 128;

/// The same in bytes: they are held twice as long as somebody writes much.
const MAX_BEHIND_BYTES: usize = 1 << 20;

impl Room {
    pub(super) async fn said(&mut self, seat: SeatId, said: Said) -> Result<(), End> {
        let Some(seated) = self.seats.get(&seat) else { return Ok(()) };
        match said {
            Said::Step1(vector) => {
                let answer = self.on_copies(move |copies| copies.answer(&vector)).await??;
                self.tell(seat, Frame::Step2(&answer).encode().into());
            }
            Said::QueryAwareness => {
                let everybody = self.presence.everybody().unwrap_or_else(|| awareness::encode(&[]));
                self.tell(seat, Frame::Awareness(&everybody).encode().into());
            }
            Said::Awareness(update) => {
                if self.presence.announce(seat, &seated.member, &update).is_err() {
                    self.close_seat(seat, CloseCode::Malformed);
                }
            }
            Said::Update(_) => unreachable!("updates are judged in batches"),
        }
        Ok(())
    }

    /// Judges updates, in order, in one go on a thread with a large stack.
    pub(super) async fn judge(&mut self, updates: Vec<(SeatId, Bytes, Weight)>) -> Result<(), End> {
        let mut cases = Vec::with_capacity(updates.len());
        for (seat, update, weight) in updates {
            if self.queue.is_full(cases.len()) {
                self.close_seat(seat, CloseCode::TryLater);
            }
            // As of now: it may have changed since they came.
            if let Some(Seated { member, mouth, .. }) = self.seats.get(&seat)
                && let Some(rights) = mouth.rights()
            {
                let (user, sender, goes_on) = (member.user, member.sender(rights), member.speaks_v1);
                cases.push((Case { seat, user, sender, goes_on, update, heard: weight.heard }, weight));
            }
        }
        if cases.is_empty() {
            return Ok(());
        }
        let judged = self.on_copies(move |copies| ingest::judge_all(copies, cases.into_iter().map(|(case, _)| case)));
        let mut late = Vec::new();
        for (case, verdict) in judged.await?? {
            if matches!(verdict, Verdict::Refused(Refusal::ActivityClosed, _)) {
                late.push((case.user, case.update.clone()));
            }
            self.judged(case, verdict).await?;
        }
        if !late.is_empty() {
            self.keep_late(late);
        }
        Ok(())
    }

    async fn judged(&mut self, case: Case, mut verdict: Verdict) -> Result<(), End> {
        let Case { seat, user, update, heard, .. } = case;
        let number = self.seats.get_mut(&seat).map_or(0, |seated| {
            seated.counted += 1;
            seated.counted
        });
        let mut row = None;
        if let Verdict::Accepted(talk) = &mut verdict {
            row = Some(Row { update: update.clone(), author: user, talk: std::mem::take(talk) });
        }
        self.queue.push(Judged { seat, number, heard, row });
        let Some(seated) = self.seats.get_mut(&seat) else { return Ok(()) };
        match verdict {
            Verdict::Accepted(_) => seated.gaps = 0,
            Verdict::Unchanged => {}
            Verdict::Malformed => self.close_seat(seat, CloseCode::Malformed),
            Verdict::Refused(refusal, clients) => {
                seated.behind.extend(clients);
                if !seated.member.speaks_v1 {
                    self.keep_refused(user, update.clone(), refusal);
                }
                self.refuse(seat, number, refusal);
            }
            Verdict::Gap(client) if seated.behind.contains(&client) => {
                self.refuse(seat, number, Refusal::BehindRefusal);
            }
            Verdict::Gap(_) => self.gap(seat, number).await?,
        }
        Ok(())
    }

    fn refuse(&mut self, seat: SeatId, number: u64, refusal: Refusal) {
        let Some(seated) = self.seats.get_mut(&seat) else { return };
        match refusal {
            // What follows from a refusal is not another one: a queue of hours may stand behind a single change.
            Refusal::BehindRefusal => {}
            Refusal::ActivityClosed if seated.late < late::MAX_CHANGES => seated.late += 1,
            _ => seated.refusals += 1,
        }
        // A stock client does not know what a refusal is: it would go on, and everything later would be a gap.
        let ends = !seated.member.speaks_v1 || seated.refusals >= MAX_REFUSALS;
        self.say_refused(seat, number, refusal);
        if ends {
            self.close_seat(seat, CloseCode::Denied);
        }
    }

    /// A stock client's person finds it over the API. That it is kept is worth a try, not a wait.
    fn keep_refused(&self, author: UserId, update: Bytes, refusal: Refusal) {
        let (house, conversation) = (Arc::clone(&self.house), self.conversation);
        self.house.tasks.spawn(async move {
            if let Err(error) = refused::keep(&house.db, conversation, author, &update, refusal).await {
                tracing::warn!(%conversation, %error, "a refused update is not kept");
            }
        });
    }

    /// Staff find it in the overview; whoever made it has it on their device. That it is kept is worth a try, not a wait.
    fn keep_late(&mut self, updates: Vec<(UserId, Bytes)>) {
        let (house, conversation) = (Arc::clone(&self.house), self.conversation);
        // Each builds on those before it, so they are kept in their order.
        let before = self.late.take();
        let keeping = self.house.tasks.spawn(async move {
            if let Some(before) = before {
                before.await.ok();
            }
            if let Err(error) = late::keep(&house.db, conversation, &updates).await {
                tracing::warn!(%conversation, %error, "late work is not kept");
            }
        });
        self.late = Some(keeping);
    }

    fn say_refused(&mut self, seat: SeatId, number: u64, refusal: Refusal) {
        self.house.metrics.refused(refusal.code());
        if self.seats.get(&seat).is_some_and(|seated| seated.member.speaks_v1) {
            let why = match refusal {
                Refusal::ActivityClosed => late::KEPT.to_owned(),
                _ => refusal.to_string(),
            };
            let refused = Refused { refused: number, code: refusal.code().to_owned(), why };
            self.tell(seat, Frame::Refused(refused).encode().into());
        }
    }

    async fn gap(&mut self, seat: SeatId, number: u64) -> Result<(), End> {
        let Some(seated) = self.seats.get_mut(&seat) else { return Ok(()) };
        seated.gaps += 1;
        if seated.gaps >= MAX_GAPS {
            self.close_seat(seat, CloseCode::Malformed);
            return Ok(());
        }
        self.say_refused(seat, number, Refusal::Gap);
        let vector = self.on_copies(Copies::state_vector).await??;
        self.tell(seat, Frame::Step1(&vector).encode().into());
        Ok(())
    }

    /// Sends what is accepted to the writer, if nothing of this room is under way there.
    pub(super) fn commit(&mut self) {
        if self.committing.is_some() {
            return;
        }
        let done = self.queue.without_rows();
        if done > 0 {
            let done = self.queue.take(done);
            self.relay(&done);
        }
        let now = Instant::now();
        if now < self.commit_at && self.closing.is_none() {
            return;
        }
        let (covered, updates) = self.queue.next_batch();
        if updates.is_empty() {
            return;
        }
        self.commit_at = now + MAX_PACE.min(PACE_A_SEAT * self.seats.len() as u32);
        let (done, outcome) = oneshot::channel();
        let (conversation, epoch, first) = (self.conversation, self.epoch, self.committed + 1);
        self.house.metrics.writing.inc();
        // If the writer is gone, so is the runtime.
        let _ = self.house.writer.send(Batch { conversation, epoch, first, updates, done });
        self.committing = Some((outcome, covered));
    }

    /// Relays, acknowledges and keeps what is committed now.
    pub(super) async fn written(&mut self, outcome: Outcome, covered: usize) -> Result<(), End> {
        self.committing = None;
        if outcome == Outcome::Lost {
            return Err(End);
        }
        let done = self.queue.take(covered);
        let rows = done.iter().filter(|judged| judged.row.is_some()).count();
        self.committed += rows as i64;
        self.house.metrics.applied(rows);
        self.grown(done.iter().filter_map(|judged| judged.row.as_ref()).map(|row| row.update.len()).sum());
        self.relay(&done);
        self.changed();
        let Some(copies) = &mut self.copies else { return Err(End) };
        copies.commit(rows);
        // Otherwise when somebody asks for the document.
        let (count, bytes) = copies.behind();
        if count > MAX_BEHIND || bytes > MAX_BEHIND_BYTES {
            self.on_copies(Copies::settle).await??;
        }
        Ok(())
    }

    /// Tells everybody what others did, and that what they did themselves is done: all for one at a time, so that it
    /// goes out together.
    fn relay(&mut self, done: &[Judged]) {
        let frame = |judged: &Judged| {
            let row = judged.row.as_ref()?;
            Some((judged.seat, Bytes::from(Frame::Update(&row.update).encode())))
        };
        let frames: Vec<_> = done.iter().filter_map(frame).collect();
        let mut acks = self.acks(done);
        for seat in self.seats.keys().copied().collect::<Vec<_>>() {
            for (_, frame) in frames.iter().filter(|(from, _)| *from != seat) {
                self.tell(seat, frame.clone());
            }
            if let Some(ack) = acks.remove(&seat) {
                self.tell(seat, ack);
            }
        }
    }

    /// The acknowledgement of what is done, by seat, for those who understand it.
    fn acks(&self, done: &[Judged]) -> BTreeMap<SeatId, Bytes> {
        let mut last = BTreeMap::new();
        for judged in done {
            self.house.metrics.acknowledged(judged.heard.elapsed());
            last.insert(judged.seat, judged.number);
        }
        last.retain(|seat, _| self.seats.get(seat).is_some_and(|seated| seated.member.speaks_v1));
        last.into_iter().map(|(seat, acked)| (seat, Frame::Acked(Acked { acked }).encode().into())).collect()
    }
}

/// Waits for the writer's answer, if one is due.
pub(super) async fn answer(committing: &mut Option<(oneshot::Receiver<Outcome>, usize)>) -> (Outcome, usize) {
    match committing {
        Some((outcome, covered)) => (outcome.await.unwrap_or(Outcome::Lost), *covered),
        None => std::future::pending().await,
    }
}
