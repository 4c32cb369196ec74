use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use serde::{Deserialize, Serialize};

use crate::{
    clock,
    delays::{Delays, Summary},
    token::Token,
};

/// What a model writes and what its readers hear.
pub(super) struct Book {
    /// Tokens that are written within are timed: microseconds of [`clock::now`].
    begin: AtomicU64,
    end: AtomicU64,
    /// No token is written after it.
    until: AtomicU64,
    /// Readers that have heard something.
    pub(super) begun: AtomicUsize,
    written: AtomicU64,
    heard: AtomicU64,
    wrong: AtomicU64,
    delays: Mutex<Delays>,
    late: Mutex<Delays>,
}

/// What readers heard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Heard {
    /// Tokens that were written, before and after the counted time too.
    pub written: u64,
    /// Tokens that were heard in their turn.
    pub heard: u64,
    /// Tokens that were heard out of their turn, or again.
    pub wrong: u64,
    /// From writing to hearing, of those that were written in the counted time.
    pub delays: Option<Summary>,
    /// How late the model wrote these, by its own timetable.
    pub late: Option<Summary>,
}

impl Default for Book {
    fn default() -> Self {
        let never = || AtomicU64::new(u64::MAX);
        Self {
            begin: never(),
            end: never(),
            until: never(),
            begun: AtomicUsize::default(),
            written: AtomicU64::default(),
            heard: AtomicU64::default(),
            wrong: AtomicU64::default(),
            delays: Mutex::default(),
            late: Mutex::default(),
        }
    }
}

fn add(delays: &Mutex<Delays>, micros: u64) {
    delays.lock().unwrap_or_else(PoisonError::into_inner).add(micros);
}

impl Book {
    pub(super) fn count_from(&self, at: u64) {
        self.begin.store(at, Relaxed);
    }

    pub(super) fn count_until(&self, at: u64) {
        self.end.store(at, Relaxed);
    }

    /// Has all replies come to their end.
    pub(super) fn stop(&self) {
        self.until.store(0, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        clock::now() > self.until.load(Relaxed)
    }

    fn counts(&self, at: u64) -> bool {
        (self.begin.load(Relaxed)..self.end.load(Relaxed)).contains(&at)
    }

    /// A token is written now, so many microseconds after its time.
    pub(super) fn write(&self, token: Token, late: u64) {
        self.written.fetch_add(1, Relaxed);
        if self.counts(token.at) {
            add(&self.late, late);
        }
    }

    /// A token was heard now, in its turn or not.
    pub(super) fn hear(&self, token: Token, is_in_turn: bool) {
        if !is_in_turn {
            self.wrong.fetch_add(1, Relaxed);
            return;
        }
        self.heard.fetch_add(1, Relaxed);
        if self.counts(token.at) {
            add(&self.delays, clock::now().saturating_sub(token.at));
        }
    }

    pub(super) fn heard(&self) -> Heard {
        let summary = |delays: &Mutex<Delays>| delays.lock().unwrap_or_else(PoisonError::into_inner).summary();
        Heard {
            written: self.written.load(Relaxed),
            heard: self.heard.load(Relaxed),
            wrong: self.wrong.load(Relaxed),
            delays: summary(&self.delays),
            late: summary(&self.late),
        }
    }
}
