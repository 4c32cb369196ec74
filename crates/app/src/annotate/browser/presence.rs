//! Who has the page open: awareness as Yjs clients speak it, one small entry a connection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{
    api::Person,
    ids::UserId,
    order::sorted_by,
    sync::awareness::{self, Entry, GONE},
};

/// What an entry says.
#[derive(Serialize, Deserialize)]
struct State {
    user: User,
}

#[derive(Serialize, Deserialize)]
struct User {
    id: UserId,
    name: String,
}

/// All that is known of who is here.
pub struct Presence {
    client: u64,
    clock: u32,
    me: Person,
    others: BTreeMap<u64, (u32, Person)>,
}

impl Presence {
    /// The presence of somebody alone.
    pub fn new(client: u64, id: UserId, name: String) -> Self {
        Self { client, clock: 0, me: Person { id, name }, others: BTreeMap::new() }
    }

    /// One's own entry, with a new clock so that it renews.
    pub fn own(&mut self) -> Vec<u8> {
        self.clock += 1;
        let state = State { user: User { id: self.me.id, name: self.me.name.clone() } };
        let state = serde_json::to_string(&state).unwrap_or_else(|_| GONE.to_owned());
        awareness::encode(&[Entry { client: self.client, clock: self.clock, state: &state }])
    }

    /// Takes in what the server relays; says whether anything changed.
    pub fn take_in(&mut self, update: &[u8]) -> bool {
        let Ok(entries) = awareness::decode(update) else { return false };
        let mut changed = false;
        for entry in entries.into_iter().filter(|entry| entry.client != self.client) {
            let known = self.others.get(&entry.client).map(|(clock, _)| *clock);
            if known.is_some_and(|clock| entry.clock < clock) {
                continue;
            }
            changed = true;
            match serde_json::from_str::<State>(entry.state) {
                Ok(State { user }) => {
                    self.others.insert(entry.client, (entry.clock, Person { id: user.id, name: user.name }));
                }
                // Gone, or a client that does not say who it is.
                Err(_) => drop(self.others.remove(&entry.client)),
            }
        }
        changed
    }

    /// Without a connection nobody else is known to be here.
    pub fn forget_others(&mut self) {
        self.others.clear();
    }

    /// The people here, each once however many pages they have open, oneself first.
    pub fn people(&self) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        for (_, person) in self.others.values() {
            if person.id != self.me.id && people.iter().all(|known| known.id != person.id) {
                people.push(person.clone());
            }
        }
        let others = sorted_by(people, |a, b| a.name.cmp(&b.name));
        std::iter::once(self.me.clone()).chain(others).collect()
    }
}
