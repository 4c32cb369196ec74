//! Opening many connections.

use std::{sync::Arc, time::Instant};

use anyhow::{Context, Result};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{connection::Connection, outcome::Stage, processes::Watched, target::Target};

/// Connections that are being opened at the same time.
const AT_ONCE: usize = 64;

/// Who sits where. Rooms are filled in stages, so that memory can be measured when each room holds one person, then
/// two, and so on.
pub(super) struct Crowd {
    /// Each with its room and its place in the room.
    pub(super) people: Vec<(usize, usize, Connection)>,
    pub(super) stages: Vec<Stage>,
}

/// Opens `clients` connections in each of `rooms`. `wants_acks` is told a client's place in its room.
pub(super) async fn gather(
    target: &Target,
    watched: Watched,
    rooms: usize,
    clients: usize,
    wants_acks: impl Fn(usize) -> bool,
) -> Result<Crowd> {
    let idle = Stage { rooms: 0, connections: 0, memory: watched.memory()?, seconds: 0.0 };
    let mut crowd = Crowd { people: Vec::with_capacity(rooms * clients), stages: vec![idle] };
    // One room is filled at once but for its first person; many rooms are filled row by row.
    let rows: Vec<_> = if rooms == 1 { vec![0..1, 1..clients] } else { (0..clients).map(|row| row..row + 1).collect() };
    for row in rows {
        let since = Instant::now();
        let places = row.flat_map(|place| (0..rooms).map(move |room| (room, place)));
        let opened = open(target, places, &wants_acks).await?;
        crowd.people.extend(opened);
        let (connections, seconds) = (crowd.people.len(), since.elapsed().as_secs_f64());
        crowd.stages.push(Stage { rooms, connections, memory: watched.memory()?, seconds });
    }
    crowd.people.sort_by_key(|(room, place, _)| (*room, *place));
    Ok(crowd)
}

async fn open(
    target: &Target,
    places: impl Iterator<Item = (usize, usize)>,
    wants_acks: impl Fn(usize) -> bool,
) -> Result<Vec<(usize, usize, Connection)>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for (room, place) in places {
        let (at, turns, acks) = (target.place(room)?, Arc::clone(&turns), wants_acks(place));
        opening.spawn(async move {
            let _turn = turns.acquire().await;
            Connection::open(&at, acks).await.map(|connection| (room, place, connection))
        });
    }
    let mut opened = Vec::with_capacity(opening.len());
    while let Some(result) = opening.join_next().await {
        opened.push(result?.context("a connection could not be opened")?);
    }
    Ok(opened)
}
