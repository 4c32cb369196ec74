//! How often somebody may try what can be guessed.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use shared::ids::UserId;

use crate::error::Error;

/// Tries within [`WINDOW`], after which the next are refused.
const TRIES: u32 = 10;

/// From the first of them.
const WINDOW: Duration = Duration::from_secs(600);

/// People who are remembered; with more, those whose window is over are forgotten first.
const PEOPLE: usize = 10_000;

/// The tries of everybody, on this server.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<UserId, (Instant, u32)>>);

impl Attempts {
    fn book(&self) -> MutexGuard<'_, HashMap<UserId, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a try, before it is known what it is worth.
    ///
    /// # Errors
    /// There were too many: it is not to be looked at.
    pub fn count(&self, who: UserId) -> Result<(), Error> {
        self.count_at(who, Instant::now())
    }

    fn count_at(&self, who: UserId, now: Instant) -> Result<(), Error> {
        let mut book = self.book();
        if book.len() >= PEOPLE {
            book.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let (since, tries) = book.entry(who).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *tries) = (now, 0);
        }
        if *tries >= TRIES {
            let wait = (WINDOW - now.duration_since(*since)).as_secs().max(1);
            let why = format!("That was {TRIES} tries in a short time. Try again in {} minutes.", wait.div_ceil(60));
            return Err(Error::TooOften(why, wait));
        }
        *tries += 1;
        Ok(())
    }

    /// It was right, and does not count. Those before still do: who knows one code may be guessing at another.
    pub fn give_back(&self, who: UserId) {
        if let Some((_, tries)) = self.book().get_mut(&who) {
            *tries = tries.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_tries_are_taken_and_the_next_only_when_their_time_is_over() {
        let (attempts, ann, ben, start) = (Attempts::default(), UserId::new(), UserId::new(), Instant::now());
        for _ in 0..TRIES {
            assert!(attempts.count_at(ann, start).is_ok());
        }
        let just_before = start + WINDOW - Duration::from_millis(1);
        assert!(matches!(attempts.count_at(ann, just_before), Err(Error::TooOften(_, 1))));
        assert!(attempts.count_at(ben, just_before).is_ok(), "others are not concerned");
        for _ in 0..2 * TRIES {
            assert!(attempts.count_at(ben, start + WINDOW).is_ok(), "each was right");
            attempts.give_back(ben);
        }
        assert!(attempts.count_at(ann, start + WINDOW).is_ok());
    }
}
