//! Turns at what takes seconds of a core and much memory: few at a time, and one of each person, so that nobody keeps
//! the others waiting with many.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use shared::ids::UserId;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// The turns of everybody.
#[derive(Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    persons: std::sync::Mutex<HashMap<UserId, Weak<Mutex<()>>>>,
}

/// A turn: over when this is dropped.
#[derive(Debug)]
pub struct Turn {
    // Fields are dropped in this order: whoever waits for the same person finds the common place free.
    _place: OwnedSemaphorePermit,
    _person: OwnedMutexGuard<()>,
}

/// Who has the turn that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// They themselves.
    Person,
    /// As many others as there are turns.
    Others,
}

impl Turns {
    /// So many at once.
    pub fn new(at_once: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(at_once)), persons: std::sync::Mutex::default() }
    }

    /// Waits for a turn of this person.
    ///
    /// # Errors
    /// There are no more turns: the server ends.
    pub async fn take(&self, person: UserId) -> Result<Turn, Error> {
        let own = self.own(person).lock_owned().await;
        let place = self.all.clone().acquire_owned().await.map_err(|error| Error::Internal(error.into()))?;
        Ok(Turn { _place: place, _person: own })
    }

    /// A turn of this person, if there is one now.
    ///
    /// # Errors
    /// Who has it.
    pub fn try_take(&self, person: UserId) -> Result<Turn, Busy> {
        let own = self.own(person).try_lock_owned().map_err(|_| Busy::Person)?;
        let place = self.all.clone().try_acquire_owned().map_err(|_| Busy::Others)?;
        Ok(Turn { _place: place, _person: own })
    }

    fn own(&self, person: UserId) -> Arc<Mutex<()>> {
        let mut persons = self.persons.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(own) = persons.get(&person).and_then(Weak::upgrade) {
            return own;
        }
        // There are never more than those who wait or have one.
        persons.retain(|_, own| own.strong_count() > 0);
        let own = Arc::default();
        persons.insert(person, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn nobody_has_two_turns_at_once_and_all_together_have_few() {
        let turns = Turns::new(2);
        let [ann, ben, cleo] = [(); 3].map(|()| UserId::new());
        let first = turns.take(ann).now_or_never().unwrap().unwrap();
        assert!(turns.take(ann).now_or_never().is_none(), "one of each");
        let second = turns.take(ben).now_or_never().unwrap().unwrap();
        assert!(turns.take(cleo).now_or_never().is_none(), "few at once");
        drop(first);
        let third = turns.take(ann).now_or_never().unwrap().unwrap();
        assert_eq!(turns.try_take(ben).unwrap_err(), Busy::Person);
        assert_eq!(turns.try_take(cleo).unwrap_err(), Busy::Others);
        drop((second, third));
        drop(turns.try_take(ann).unwrap());
        turns.take(cleo).now_or_never().unwrap().unwrap();
        assert_eq!(turns.persons.lock().unwrap().len(), 1, "who has none is forgotten");
    }
}
