//! Which rooms are open, and what they hold together.

use std::collections::HashMap;

use shared::ids::ConversationId;
use tokio::time::Instant;

use super::Door;

/// The open rooms. Whoever holds it has all of them at one moment.
#[derive(Default)]
pub(super) struct Registry {
    open: HashMap<ConversationId, Open>,
    bytes: usize,
    is_shut: bool,
}

struct Open {
    door: Door,
    /// As the room last said.
    bytes: usize,
    /// Since when nobody is in it, and nobody on the way in.
    idle_since: Option<Instant>,
    /// It has been asked to end, and will if nobody comes.
    is_ending: bool,
}

impl Registry {
    /// How many rooms are open.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// What they hold together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// From now on no room is opened.
    pub(super) fn shut(&mut self) {
        self.is_shut = true;
    }

    pub(super) fn doors(&self) -> impl Iterator<Item = &Door> {
        self.open.values().map(|open| &open.door)
    }

    pub(super) fn door(&self, conversation: ConversationId) -> Option<&Door> {
        self.open.get(&conversation).map(|open| &open.door)
    }

    /// The door of an open room, for somebody on the way in: until they have been there and left, it is not idle.
    pub(super) fn enter(&mut self, conversation: ConversationId) -> Option<&Door> {
        let open = self.open.get_mut(&conversation).filter(|open| !open.door.mailbox.is_closed())?;
        (open.idle_since, open.is_ending) = (None, false);
        Some(&open.door)
    }

    pub(super) fn insert(&mut self, conversation: ConversationId, door: Door) {
        self.remove(conversation);
        self.open.insert(conversation, Open { door, bytes: 0, idle_since: None, is_ending: false });
    }

    pub(super) fn remove(&mut self, conversation: ConversationId) {
        if let Some(open) = self.open.remove(&conversation) {
            self.bytes -= open.bytes;
        }
    }

    /// A room says what it holds, and since when nobody is in it.
    pub(super) fn report(&mut self, conversation: ConversationId, bytes: usize, idle_since: Option<Instant>) {
        if let Some(open) = self.open.get_mut(&conversation) {
            self.bytes = self.bytes - open.bytes + bytes;
            (open.bytes, open.idle_since) = (bytes, idle_since);
            open.is_ending &= idle_since.is_some();
        }
    }

    /// The rooms to end, so that all together hold no more than `limit`: those without people, the longest idle first.
    /// None is named twice.
    pub(super) fn too_much(&mut self, limit: usize) -> Vec<Door> {
        if self.bytes <= limit {
            return Vec::new();
        }
        let ending: usize = self.open.values().filter(|open| open.is_ending).map(|open| open.bytes).sum();
        let mut idle: Vec<_> = self.open.values_mut().filter(|open| !open.is_ending).collect();
        idle.retain(|open| open.idle_since.is_some());
        idle.sort_unstable_by_key(|open| open.idle_since);
        let (mut left, mut chosen) = (self.bytes - ending, Vec::new());
        for open in idle {
            if left <= limit {
                break;
            }
            left -= open.bytes;
            open.is_ending = true;
            chosen.push(open.door.clone());
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    /// Rooms of these sizes in the order in which they became idle; `None` has people.
    fn registry(
        rooms: &[(usize, Option<u64>)],
    ) -> (Registry, Vec<ConversationId>, Vec<mpsc::Receiver<super::super::Mail>>) {
        let (mut registry, now) = (Registry::default(), Instant::now());
        let (mut ids, mut mails) = (Vec::new(), Vec::new());
        for (bytes, idle) in rooms {
            let (mailbox, mail) = mpsc::channel(1);
            let id = ConversationId::new();
            registry.insert(id, Door { mailbox, space: Arc::new(Semaphore::new(1)) });
            registry.report(id, *bytes, idle.map(|seconds| now + Duration::from_secs(seconds)));
            ids.push(id);
            mails.push(mail);
        }
        (registry, ids, mails)
    }

    fn chosen(registry: &mut Registry, ids: &[ConversationId], limit: usize) -> Vec<usize> {
        let doors = registry.too_much(limit);
        let place = |door: &Door| {
            ids.iter().position(|id| registry.door(*id).is_some_and(|known| known.mailbox.same_channel(&door.mailbox)))
        };
        doors.iter().filter_map(place).collect()
    }

    #[test]
    fn the_longest_idle_end_first_and_only_as_many_as_must() {
        let (mut registry, ids, _mails) = registry(&[(10, Some(3)), (10, Some(1)), (10, None), (10, Some(2))]);
        assert_eq!(chosen(&mut registry, &ids, 40), [0; 0]);
        assert_eq!(chosen(&mut registry, &ids, 25), [1, 3]);
        assert_eq!(chosen(&mut registry, &ids, 25), [0; 0], "they are on their way");
        registry.remove(ids[1]);
        assert_eq!((registry.bytes(), chosen(&mut registry, &ids, 25)), (30, vec![]));
        registry.remove(ids[3]);
        assert_eq!(chosen(&mut registry, &ids, 5), [0], "never the one with people, whatever it holds");
    }

    #[test]
    fn a_room_that_somebody_enters_does_not_end() {
        let (mut registry, ids, _mails) = registry(&[(10, Some(1)), (10, Some(2))]);
        registry.enter(ids[0]).unwrap();
        assert_eq!(chosen(&mut registry, &ids, 5), [1]);
        registry.enter(ids[1]).unwrap();
        registry.report(ids[1], 10, Some(Instant::now()));
        assert_eq!(chosen(&mut registry, &ids, 5), [1], "it is idle once more");
    }
}
