//! People who write or move, and others who see it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Settings,
    client::{Client, Record, Shared, Writer, record},
    crowd::{self, Crowd},
};
use crate::{
    clock, machine,
    outcome::{self, Outcome},
    processes::{Cpu, Watched},
    tally::Tally,
    target::Target,
    timetable,
    witness::{Subject, Witness},
};

/// From the last preparation to the first message, so that nobody begins late.
const BREATH: u64 = 300_000;
const LOOK: Duration = Duration::from_millis(50);

/// How many people there are, and what they do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Rooms.
    pub rooms: usize,
    /// People in each room.
    pub clients: usize,
    /// Those of them who write.
    pub writers: usize,
    /// Messages a second, of all together.
    pub rate: f64,
    /// What they send.
    pub subject: Subject,
}

/// A load under way.
struct Scene {
    shared: Arc<Shared>,
    records: Vec<Arc<Mutex<Record>>>,
    people: JoinSet<()>,
    /// Messages that the timetable wants counted; those of the first room.
    asked: u64,
}

impl Traffic {
    /// Runs it.
    ///
    /// # Errors
    /// See [`super::run`].
    pub async fn run(&self, name: &str, target: &Target, watched: Watched, settings: &Settings) -> Result<Outcome> {
        let load_before = machine::load_average();
        let acks = |place| place < self.writers;
        let Crowd { people, stages } = crowd::gather(target, watched, self.rooms, self.clients, acks).await?;
        let witness = match &settings.witness {
            Some((node, script)) => Some(Witness::start(node, script, target, self.subject).await?),
            None => None,
        };
        let start = clock::now() + BREATH;
        let from = start + micros(settings.warm_up);
        let scene = self.begin(people, start, settings);
        sleep_until(clock::instant(from)).await;
        let (before, since) = (watched.cpu()?, Instant::now());
        sleep_until(clock::instant(from + micros(settings.seconds))).await;
        scene.settle(self, settings.silence).await;
        let (active, elapsed) = (watched.cpu()? - before, since.elapsed().as_secs_f64());
        sleep(settings.aftermath).await;
        let cpu = watched.cpu()? - before;
        let witnessed = match witness {
            Some(witness) => Some(witness.report(scene.sent_in_first_room(self)).await?),
            None => None,
        };
        let parts = Parts { cpu, active, elapsed, threads: settings.threads, load_before };
        let mut outcome = scene.outcome(self, name, target, parts).context("nothing was measured")?;
        (outcome.memory, outcome.witness) = (stages, witnessed);
        Ok(outcome)
    }

    /// Everybody starts.
    fn begin(
        &self,
        people: Vec<(usize, usize, crate::connection::Connection)>,
        start: u64,
        settings: &Settings,
    ) -> Scene {
        let from = start + micros(settings.warm_up);
        let length = micros(settings.warm_up + settings.seconds);
        let mut timetable = timetable::of(self.rooms * self.writers, self.rate, length).into_iter();
        let mut scene = Scene {
            shared: Arc::default(),
            records: Vec::with_capacity(people.len()),
            people: JoinSet::new(),
            asked: 0,
        };
        for (room, place, connection) in people {
            let first = (room * self.writers) as u32;
            let writer = (place < self.writers).then(|| {
                let times: VecDeque<_> =
                    timetable.next().unwrap_or_default().into_iter().map(|at| start + at).collect();
                scene.asked += times.iter().filter(|at| **at >= from).count() as u64;
                Writer::new(first + place as u32, self.subject, times, from, start as u32)
            });
            let tally = Tally::new(first, self.writers, writer.as_ref().map(|writer| writer.number));
            let record = Arc::new(Mutex::new(Record { tally, sent: 0, refused: 0, unanswered: 0 }));
            scene.records.push(Arc::clone(&record));
            let shared = Arc::clone(&scene.shared);
            scene.people.spawn(Client { connection, record, shared, writer }.live());
        }
        scene
    }
}

impl Scene {
    /// Waits until everything that was sent is heard, or nothing is heard any more.
    async fn settle(&self, traffic: &Traffic, silence: Duration) {
        let (mut last, mut since) = (0, Instant::now());
        while since.elapsed() < silence {
            let delivered = self.shared.delivered.load(Relaxed);
            let sent = self.shared.sent.load(Relaxed);
            if sent == self.asked && delivered >= traffic.expected(sent) {
                return;
            }
            if delivered != last {
                (last, since) = (delivered, Instant::now());
            }
            sleep(LOOK).await;
        }
    }

    fn sent_in_first_room(&self, traffic: &Traffic) -> u64 {
        self.records.iter().take(traffic.clients).map(|own| record(own).sent).sum()
    }

    fn outcome(mut self, traffic: &Traffic, name: &str, target: &Target, parts: Parts) -> Option<Outcome> {
        self.people.abort_all();
        let sum = |of: fn(&Record) -> u64| self.records.iter().map(|own| of(&record(own))).sum::<u64>();
        let sent = sum(|record| record.sent);
        let figures = self.shared.figures();
        let with_acks = figures.acks.summary().is_some();
        let measured = outcome::Traffic {
            asked: self.asked,
            sent,
            late: figures.late.summary(),
            expected: traffic.expected(sent),
            delivered: sum(|record| record.tally.delivered),
            twice: sum(|record| record.tally.twice),
            echoes: sum(|record| record.tally.echoes),
            strangers: sum(|record| record.tally.strangers),
            refused: sum(|record| record.refused),
            propagation: figures.propagation.summary(),
            acks: figures.acks.summary(),
            unanswered: if with_acks { sum(|record| record.unanswered) } else { 0 },
        };
        Some(Outcome {
            server: target.kind,
            load: name.to_owned(),
            traffic: Some(measured),
            storm: None,
            cpu: parts.cpu,
            active: parts.active,
            elapsed: parts.elapsed,
            threads: parts.threads,
            memory: Vec::new(),
            dropped: figures.dropped,
            reasons: figures.reasons.clone(),
            witness: None,
            load_average: (parts.load_before, machine::load_average()),
        })
    }
}

/// What is measured around a load.
struct Parts {
    cpu: Cpu,
    active: Cpu,
    elapsed: f64,
    threads: usize,
    load_before: f64,
}

impl Traffic {
    /// How many deliveries so many messages should make: everybody in the room but who wrote it.
    fn expected(&self, sent: u64) -> u64 {
        sent * (self.clients as u64 - 1)
    }
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}
