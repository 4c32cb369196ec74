//! Replies of models, many at once: written by a model that stands in for a provider's, and read along by people.
//!
//! Model and readers are in this process, so that one clock times each token: from when the model hands it to its socket
//! until a reader has it. The same readers first ask the model itself; what the server adds is the difference.

mod book;
mod model;
mod people;
mod readers;
mod report;

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep, sleep_until},
};

use self::{
    book::{Book, Heard},
    model::Model,
    readers::Readers,
};
use crate::{
    clock, machine,
    processes::{Cpu, Memory, Watched},
};

pub use report::{Facts, report};

/// Tokens of a reply in a second.
const RATE: u64 = 50;

/// Chats of one person: no more replies are written for somebody at once.
const CHATS_A_PERSON: usize = 4;

/// What streams through a server need.
#[derive(Debug, Args)]
pub struct Place {
    /// The server's origin
    #[arg(long)]
    origin: String,
    /// A file of links that sign in, a line each; none is used twice
    #[arg(long)]
    links: PathBuf,
    /// Where the model is to listen; the server knows it already
    #[arg(long)]
    model: SocketAddr,
    /// Replies at once
    #[arg(long)]
    streams: usize,
}

/// A measurement.
#[derive(Debug, Args)]
pub struct Measure {
    #[command(flatten)]
    place: Place,
    /// The server's process id
    #[arg(long)]
    pid: u32,
    /// Seconds that are counted
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
    /// Seconds before that
    #[arg(long, default_value_t = 3.0)]
    warm_up: f64,
    /// The file to write the outcome to
    #[arg(long)]
    out: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// Replies at once.
    pub streams: usize,
    /// Threads of the generator.
    pub threads: usize,
    /// The readers at the model itself; the server has nothing to do.
    pub direct: Phase,
    /// The readers at the server.
    pub served: Phase,
    /// The server's highest memory, in bytes.
    pub peak: Option<u64>,
    /// Processes that wanted to run, one minute's average, before and after.
    pub load_average: (f64, f64),
}

/// What one set of readers came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phase {
    /// What they heard.
    pub heard: Heard,
    /// The seconds that were counted.
    pub elapsed: f64,
    /// What was used in them.
    pub cpu: Cpu,
    /// In their midst.
    pub memory: Memory,
}

/// Measures, and writes down what came of it.
///
/// # Errors
/// The server refuses something, or a stream did not come to its end.
pub async fn measure(measure: Measure, threads: usize) -> Result<()> {
    let Measure { place, pid, seconds, warm_up, out } = measure;
    let before = machine::load_average();
    let watched = Watched { server: pid };
    let model = Model::start(place.model).await?;
    let chats = people::arrive(&place.origin, &place.links, place.streams).await?;

    let mut readers = Readers::new(model.open());
    model.ask(&mut readers, place.streams).await?;
    let direct = count(readers, watched, warm_up, seconds).await.context("readers at the model")?;

    watched.forget_peak();
    let mut readers = Readers::new(model.open());
    people::ask(&chats, &mut readers).await?;
    let served = count(readers, watched, warm_up, seconds).await.context("readers at the server")?;

    let load_average = (before, machine::load_average());
    let outcome = Outcome { streams: place.streams, threads, direct, served, peak: watched.peak(), load_average };
    println!("{}", outcome.line());
    fs::write(&out, serde_json::to_string_pretty(&outcome)?).with_context(|| format!("cannot write {}", out.display()))
}

/// Has replies written and read until nobody holds this process's standard input any more. Says `streaming` when all have
/// begun. With no streams, the model alone is there.
///
/// # Errors
/// The server refuses something.
pub async fn crowd(place: Place) -> Result<()> {
    let model = Model::start(place.model).await?;
    let mut readers = Readers::new(model.open());
    if place.streams > 0 {
        let chats = people::arrive(&place.origin, &place.links, place.streams).await?;
        people::ask(&chats, &mut readers).await?;
        readers.begun().await?;
    }
    println!("streaming");
    let mut nothing = Vec::new();
    // An error is an end, too.
    let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
    readers.book.stop();
    readers.end().await
}

/// Counts for a while once all have begun, and waits until all have come to their end.
async fn count(readers: Readers, watched: Watched, warm_up: f64, seconds: f64) -> Result<Phase> {
    readers.begun().await?;
    sleep(Duration::from_secs_f64(warm_up)).await;
    let book: Arc<Book> = readers.book.clone();
    let (begin, before) = (Instant::now(), watched.cpu()?);
    book.count_from(clock::now());
    sleep_until(begin + Duration::from_secs_f64(seconds / 2.0)).await;
    let memory = watched.memory()?;
    sleep_until(begin + Duration::from_secs_f64(seconds)).await;
    book.count_until(clock::now());
    let (cpu, elapsed) = (watched.cpu()? - before, begin.elapsed().as_secs_f64());
    book.stop();
    readers.end().await?;
    Ok(Phase { heard: book.heard(), elapsed, cpu, memory })
}
