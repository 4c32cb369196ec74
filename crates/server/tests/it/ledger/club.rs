//! What the writers share: the ledger, and what they are told to do.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use shared::ids::{ConversationId, UserId};
use tokio::sync::watch;
use yrs::Doc;

use super::{book::Book, tab::Passage};

/// Somebody who may annotate.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub token: String,
}

/// A conversation.
#[derive(Debug, Clone)]
pub struct Room {
    pub id: ConversationId,
    pub passage: Passage,
}

/// What all writers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Edit as fast as acknowledgements come.
    Write,
    /// Edit no more, and wait until everything is acknowledged.
    Settle,
    /// Wait until everything that the others did has come too.
    Look,
    /// Leave for good.
    Leave,
}

/// What the writers are told.
#[derive(Debug, Clone)]
pub struct Orders {
    /// The port of the server; `None` while there is none.
    pub port: Option<u16>,
    pub task: Task,
}

/// How far a writer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not connected.
    Away,
    /// Connected.
    Here,
    /// All that it did is acknowledged.
    Settled,
    /// And all that the others did has come.
    Looked,
}

/// What is known of all writers.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Edits that are acknowledged.
    pub acked: u64,
    pub states: Vec<State>,
}

/// What the writers share.
pub struct Club {
    pub rooms: Vec<Room>,
    pub book: Mutex<Book>,
    /// Each writer's copy, and its room.
    pub copies: Mutex<Vec<(usize, Doc)>>,
    pub orders: watch::Sender<Orders>,
    pub progress: watch::Sender<Progress>,
    /// What the server did that it must not do.
    pub faults: Mutex<Vec<String>>,
    /// How connections ended, and how often.
    pub ends: Mutex<BTreeMap<String, u64>>,
}

impl Club {
    pub fn new(rooms: Vec<Room>, writers: usize) -> Club {
        let progress = Progress { acked: 0, states: vec![State::Away; writers] };
        Club {
            book: Mutex::new(Book::new(rooms.len())),
            rooms,
            copies: Mutex::default(),
            orders: watch::Sender::new(Orders { port: None, task: Task::Write }),
            progress: watch::Sender::new(progress),
            faults: Mutex::default(),
            ends: Mutex::default(),
        }
    }

    pub fn is(&self, writer: usize, state: State) {
        self.progress.send_if_modified(|progress| {
            let before = std::mem::replace(&mut progress.states[writer], state);
            before != state
        });
    }

    pub fn fault(&self, fault: String) {
        locked(&self.faults).push(fault);
    }
}

/// A writer that panicked has said why; the others' words are still worth reading.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
