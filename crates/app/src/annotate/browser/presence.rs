//! Who has the page open: awareness as Yjs clients speak it, one small entry a connection.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use shared::{
    api::Person,
    ids::UserId,
    order::sorted_by,
    sync::awareness::{self, Entry, GONE},
};

use crate::annotate::whereabouts::Whereabouts;

/// What an entry of ours says.
#[derive(Serialize)]
struct State {
    user: User,
    #[serde(flatten)]
    at: Whereabouts,
}

/// What every entry says.
#[derive(Deserialize)]
struct Known {
    user: User,
}

#[derive(Serialize, Deserialize)]
struct User {
    id: UserId,
    name: String,
}

/// Somebody else's page.
struct Other {
    clock: u32,
    /// Rises with every word of anybody: of two pages of a person the one that said something last counts.
    heard: u64,
    person: Person,
    at: Whereabouts,
}

/// All that is known of who is here.
pub struct Presence {
    client: u64,
    clock: u32,
    heard: u64,
    me: Person,
    at: Whereabouts,
    others: BTreeMap<u64, Other>,
}

impl Presence {
    /// The presence of somebody alone.
    pub fn new(client: u64, id: UserId, name: String) -> Self {
        let me = Person { id, name, pseudonym: None };
        Self { client, clock: 0, heard: 0, me, at: Whereabouts::default(), others: BTreeMap::new() }
    }

    /// One's own entry, with a new clock so that it renews.
    pub fn own(&mut self) -> Vec<u8> {
        self.clock += 1;
        let user = User { id: self.me.id, name: self.me.name.clone() };
        let state = State { user, at: self.at.clone() };
        let state = serde_json::to_string(&state).unwrap_or_else(|_| GONE.to_owned());
        awareness::encode(&[Entry { client: self.client, clock: self.clock, state: &state }])
    }

    /// One is somewhere; whether that is elsewhere than before.
    pub fn go(&mut self, at: Whereabouts) -> bool {
        let moved = self.at != at;
        self.at = at;
        moved
    }

    /// Where one is, to be told again under another client.
    pub fn at(&self) -> Whereabouts {
        self.at.clone()
    }

    /// Takes in what the server relays; says whether anything changed.
    pub fn take_in(&mut self, update: &[u8]) -> bool {
        let Ok(entries) = awareness::decode(update) else { return false };
        let mut changed = false;
        for entry in entries.into_iter().filter(|entry| entry.client != self.client) {
            let known = self.others.get(&entry.client).map(|other| other.clock);
            if known.is_some_and(|clock| entry.clock < clock) {
                continue;
            }
            changed = true;
            match serde_json::from_str::<Known>(entry.state) {
                Ok(Known { user }) => {
                    self.heard += 1;
                    let person = Person { id: user.id, name: user.name, pseudonym: None };
                    // Another program says where it is in its own way, or not at all.
                    let at = serde_json::from_str(entry.state).unwrap_or_default();
                    let other = Other { clock: entry.clock, heard: self.heard, person, at };
                    self.others.insert(entry.client, other);
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

    /// Where everybody else is: each person once, where they did something last.
    pub fn whereabouts(&self) -> HashMap<UserId, Whereabouts> {
        let mut last: HashMap<UserId, &Other> = HashMap::new();
        for other in self.others.values() {
            let known = last.entry(other.person.id).or_insert(other);
            if known.heard < other.heard {
                *known = other;
            }
        }
        last.into_iter().map(|(id, other)| (id, other.at.clone())).collect()
    }

    /// The people here, each once however many pages they have open, oneself first.
    pub fn people(&self) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        for Other { person, .. } in self.others.values() {
            if person.id != self.me.id && people.iter().all(|known| known.id != person.id) {
                people.push(person.clone());
            }
        }
        let others = sorted_by(people, |a, b| a.name.cmp(&b.name));
        std::iter::once(self.me.clone()).chain(others).collect()
    }
}
