use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{outcome::Outcome, processes::Watched, target::Target, witness::Subject};

mod client;
mod crowd;
mod storm;
mod traffic;

pub use storm::Storm;
pub use traffic::Traffic;

/// A load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// 50 people write in one room, five times a second each.
    Room,
    /// 500 rooms of 3 people, 350 updates a second in total.
    Rooms,
    /// One person writes ten times a second, 1,500 others listen.
    Observers,
    /// 100 people join a document of 4 MB at once.
    #[value(name = "storm-4mb")]
    #[serde(rename = "storm-4mb")]
    Storm4,
    /// 200 people join a document of almost 8 MiB at once.
    #[value(name = "storm-8mib")]
    #[serde(rename = "storm-8mib")]
    Storm8,
    /// 500 people come back at once to a document of 200 kB: a server that was restarted meets them all.
    #[value(name = "return-500")]
    #[serde(rename = "return-500")]
    Return500,
    /// 200 people in one room move their cursors once a second.
    #[value(name = "presence-200")]
    #[serde(rename = "presence-200")]
    Presence200,
    /// 500 people in one room move their cursors once a second.
    #[value(name = "presence-500")]
    #[serde(rename = "presence-500")]
    Presence500,
}

/// What a load consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plan {
    /// People who write or move, and others who see it.
    Traffic(Traffic),
    /// People who join at once.
    Storm(Storm),
}

/// How a load is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Seconds that are not counted.
    pub warm_up: f64,
    /// Seconds that are.
    pub seconds: f64,
    /// When nothing more has been heard for so long, what is missing is lost.
    pub silence: Duration,
    /// CPU time is counted until so long after the last message: what a server puts off (snapshots) counts too.
    pub aftermath: Duration,
    /// Threads of this generator.
    pub threads: usize,
    /// Node, and the script of the witness. `None` runs without.
    pub witness: Option<(PathBuf, PathBuf)>,
}

impl Load {
    /// All, in the order in which they are run and shown.
    pub const ALL: [Self; 8] = [
        Self::Room,
        Self::Rooms,
        Self::Observers,
        Self::Storm4,
        Self::Storm8,
        Self::Return500,
        Self::Presence200,
        Self::Presence500,
    ];

    /// As it is spelt in arguments.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Rooms => "rooms",
            Self::Observers => "observers",
            Self::Storm4 => "storm-4mb",
            Self::Storm8 => "storm-8mib",
            Self::Return500 => "return-500",
            Self::Presence200 => "presence-200",
            Self::Presence500 => "presence-500",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Room => "1 room, 50 people, each writing 5 times a second",
            Self::Rooms => "500 rooms of 3 people, 350 updates a second in total",
            Self::Observers => "1 person writing 10 times a second to 1,500 observers",
            Self::Storm4 => "100 people join a 4 MB document at once",
            Self::Storm8 => "200 people join an 8 MiB document at once",
            Self::Return500 => "500 people come back at once to a document of 200 kB",
            Self::Presence200 => "200 people in one room, each moving their cursor once a second",
            Self::Presence500 => "500 people in one room, each moving their cursor once a second",
        }
    }

    /// What it consists of.
    pub fn plan(self) -> Plan {
        let traffic =
            |rooms, clients, writers, rate, subject| Plan::Traffic(Traffic { rooms, clients, writers, rate, subject });
        match self {
            Self::Room => traffic(1, 50, 50, 250.0, Subject::Edits),
            Self::Rooms => traffic(500, 3, 3, 350.0, Subject::Edits),
            Self::Observers => traffic(1, 1_501, 1, 10.0, Subject::Edits),
            Self::Storm4 => Plan::Storm(Storm { people: 100, document: 4_000_000 }),
            // A little below the limit, which counts what is being written too.
            Self::Storm8 => Plan::Storm(Storm { people: 200, document: (8 << 20) - (128 << 10) }),
            Self::Return500 => Plan::Storm(Storm { people: 500, document: 200_000 }),
            Self::Presence200 => traffic(1, 200, 200, 200.0, Subject::Presence),
            Self::Presence500 => traffic(1, 500, 500, 500.0, Subject::Presence),
        }
    }

    /// How many rooms it needs.
    pub fn rooms(self) -> usize {
        match self.plan() {
            Plan::Traffic(traffic) => traffic.rooms,
            Plan::Storm(_) => 1,
        }
    }
}

/// Runs a load on a server.
///
/// # Errors
/// The server cannot be reached or is gone, or the witness cannot be started. What merely goes wrong under load is in
/// the outcome.
pub async fn run(load: Load, target: &Target, watched: Watched, settings: &Settings) -> Result<Outcome> {
    match load.plan() {
        Plan::Traffic(traffic) => traffic.run(load.slug(), target, watched, settings).await,
        Plan::Storm(storm) => storm.run(load.slug(), target, watched, settings).await,
    }
}
