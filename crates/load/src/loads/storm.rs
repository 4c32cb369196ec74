//! Many people who join a large document at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use tokio::{sync::Barrier, task::JoinSet};

use super::Settings;
use crate::{
    clock,
    connection::Connection,
    delays::Delays,
    edits::{self, Pen},
    machine,
    outcome::{self, Outcome, Stage},
    processes::Watched,
    target::{Place, Target},
    token::Token,
};

/// Below the limit of a frame, 1 MiB.
const LARGEST_UPDATE: usize = 1_000_000;
/// Looks at a document that is being written until it is whole.
const LOOKS: usize = 100;

/// How many people, and how large a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storm {
    /// Those who join.
    pub people: usize,
    /// The document's updates together, in bytes.
    pub document: usize,
}

#[derive(Default)]
struct Joined {
    delays: Delays,
    people: Vec<Connection>,
    reasons: Vec<String>,
}

impl Storm {
    /// Runs it.
    ///
    /// # Errors
    /// See [`super::run`].
    pub async fn run(&self, name: &str, target: &Target, watched: Watched, settings: &Settings) -> Result<Outcome> {
        let load_before = machine::load_average();
        let place = target.place(0)?;
        let idle = Stage { rooms: 0, connections: 0, memory: watched.memory()?, seconds: 0.0 };
        let (host, size) = self.prepare(&place).await?;
        let open = Stage { rooms: 1, connections: 1, memory: watched.memory()?, seconds: 0.0 };
        watched.forget_peak();
        let before = watched.cpu()?;
        let (joined, seconds) = self.rush(&place, size).await?;
        let cpu = watched.cpu()? - before;
        let peak = watched.peak().map(|peak| peak.saturating_sub(open.memory.server));
        let full = Stage { rooms: 1, connections: 1 + joined.people.len(), memory: watched.memory()?, seconds };
        host.leave().await;
        let storm = outcome::Storm {
            document: size,
            asked: self.people,
            joined: joined.people.len(),
            delays: joined.delays.summary(),
            peak,
        };
        Ok(Outcome {
            server: target.kind,
            load: name.to_owned(),
            traffic: None,
            storm: Some(storm),
            cpu,
            active: cpu,
            elapsed: seconds,
            threads: settings.threads,
            memory: vec![idle, open, full],
            dropped: joined.reasons.len(),
            reasons: joined.reasons.into_iter().take(5).collect(),
            witness: None,
            load_average: (load_before, machine::load_average()),
        })
    }

    /// Writes the document, and stays in its room. Returns when somebody who joins is given all of it.
    async fn prepare(&self, place: &Place) -> Result<(Connection, usize)> {
        let updates = edits::document(self.document, LARGEST_UPDATE);
        let mut host = Connection::open(place, true).await?;
        for update in &updates {
            host.update(update, None).await?;
        }
        // The last word: who is given it is given everything.
        let last = Token { writer: 0, number: 0, at: clock::now() };
        host.update(&Pen::new(clock::now()).write(&last.text()), None).await?;
        for _ in 0..LOOKS {
            let look = Connection::open(place, false).await?;
            let (given, is_whole) = (look.given, look.tokens > 0);
            look.leave().await;
            if is_whole {
                ensure!(host.refused == 0, "the server refused the document");
                return Ok((host, given));
            }
        }
        anyhow::bail!("the document did not become whole: is it within the server's limits?")
    }

    /// Everybody joins at the same moment.
    async fn rush(&self, place: &Place, size: usize) -> Result<(Joined, f64)> {
        let joined = Arc::new(Mutex::new(Joined::default()));
        let barrier = Arc::new(Barrier::new(self.people + 1));
        let mut people = JoinSet::new();
        for _ in 0..self.people {
            let (place, joined, barrier) = (place.clone(), Arc::clone(&joined), Arc::clone(&barrier));
            people.spawn(async move {
                barrier.wait().await;
                let since = clock::now();
                let result = Connection::open(&place, false).await;
                let mut joined = joined.lock().unwrap_or_else(PoisonError::into_inner);
                match result {
                    Ok(connection) if connection.given == size => {
                        joined.delays.add(clock::now() - since);
                        joined.people.push(connection);
                    }
                    Ok(connection) => joined.reasons.push(format!("given {} of {size} bytes", connection.given)),
                    Err(error) => joined.reasons.push(format!("{error:#}")),
                }
            });
        }
        barrier.wait().await;
        let since = Instant::now();
        while people.join_next().await.is_some() {}
        let seconds = since.elapsed().as_secs_f64();
        let joined = Arc::into_inner(joined).context("somebody is still joining")?;
        Ok((joined.into_inner().unwrap_or_else(PoisonError::into_inner), seconds))
    }
}
