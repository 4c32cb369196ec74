use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value};
use shared::sync::{
    MAX_AWARENESS_STATE, Malformed,
    awareness::{self, Entry, GONE},
};

use super::{Member, seat::SeatId};

/// Clocks count these since 1970, or single steps where changes come faster. So they rise over a restart of the
/// server too: a tab that stays open through it remembers the clocks of the others.
const TICK: Duration = Duration::from_millis(1000 / shared::sync::MAX_AWARENESS_PER_SECOND as u64);

/// Clocks of people who have left are forgotten beyond this many; by then the time has overtaken them.
const MAX_REMEMBERED: usize = 4_096;

/// What is relayed of a state where people are anonymous: where they are. Who they are, the server says.
const ANONYMOUS_FIELDS: [&str; 4] = ["reads", "selection", "cursor", "responds"];

/// Who is here: one small entry per connection. A connection speaks for the first Yjs client id that it announces
/// and for no other.
#[derive(Default)]
pub(super) struct Presence {
    people: BTreeMap<u64, Person>,
    own: HashMap<SeatId, u64>,
    /// The last clock of each client id.
    clocks: HashMap<u64, u32>,
    /// To be relayed soon.
    changed: BTreeSet<u64>,
    /// Announced anew without a change: relayed with the next beat, because clients forget who is silent for 30 s.
    renewed: BTreeSet<u64>,
}

struct Person {
    seat: SeatId,
    user: shared::ids::UserId,
    /// As it was announced, to know a renewal.
    said: String,
    /// As it is relayed. `None` after a goodbye.
    state: Option<String>,
    clock: u32,
}

impl Presence {
    /// Takes what a connection announces of itself; entries of others and oversized ones are dropped.
    pub(super) fn announce(&mut self, seat: SeatId, member: &Member, update: &[u8]) -> Result<(), Malformed> {
        for entry in awareness::decode(update)? {
            if entry.state.len() <= MAX_AWARENESS_STATE && self.is_own(seat, member, &entry) {
                self.take(seat, member, &entry);
            }
        }
        Ok(())
    }

    fn is_own(&mut self, seat: SeatId, member: &Member, entry: &Entry<'_>) -> bool {
        if let Some(own) = self.own.get(&seat) {
            return *own == entry.client;
        }
        // Somebody who connects again may find their own dead connection still seated.
        let is_free = self.people.get(&entry.client).is_none_or(|person| person.user == member.user);
        if entry.state == GONE || !is_free {
            return false;
        }
        if let Some(person) = self.people.get_mut(&entry.client) {
            self.own.remove(&person.seat);
            person.seat = seat;
        }
        self.own.insert(seat, entry.client);
        true
    }

    fn take(&mut self, seat: SeatId, member: &Member, entry: &Entry<'_>) {
        let client = entry.client;
        let known = self.people.get(&client);
        if known.is_some_and(|person| person.state.is_some() && person.said == entry.state) {
            self.renewed.insert(client);
            return;
        }
        let state = if entry.state == GONE { None } else { signed(entry.state, member) };
        if state.is_none() && (entry.state != GONE || known.is_none()) {
            return;
        }
        let said = entry.state.to_owned();
        let clock = known.map_or(0, |person| person.clock);
        self.people.insert(client, Person { seat, user: member.user, said, state, clock });
        self.changed.insert(client);
    }

    /// The connection is closed.
    pub(super) fn leave(&mut self, seat: SeatId) {
        if let Some(client) = self.own.remove(&seat)
            && let Some(person) = self.people.get_mut(&client)
            && person.seat == seat
        {
            person.state = None;
            self.changed.insert(client);
        }
    }

    /// The client id that a connection speaks for.
    pub(super) fn own(&self, seat: SeatId) -> Option<u64> {
        self.own.get(&seat).copied()
    }

    /// Whether anything waits to be relayed soon.
    pub(super) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Renewals are due too.
    pub(super) fn include_renewals(&mut self) {
        self.changed.append(&mut self.renewed);
    }

    /// Takes what is to be relayed: client ids, clocks and states, `null` for those who have left.
    pub(super) fn changes(&mut self) -> Vec<(u64, u32, String)> {
        let mut changes = Vec::with_capacity(self.changed.len());
        for client in std::mem::take(&mut self.changed) {
            self.renewed.remove(&client);
            let Some(person) = self.people.get_mut(&client) else { continue };
            let last = self.clocks.get(&client).copied().unwrap_or(0);
            person.clock = now().max(last.wrapping_add(1));
            self.clocks.insert(client, person.clock);
            let state = person.state.clone();
            changes.push((client, person.clock, state.clone().unwrap_or_else(|| GONE.to_owned())));
            if state.is_none() {
                self.people.remove(&client);
            }
        }
        if self.clocks.len() > MAX_REMEMBERED {
            self.clocks.retain(|client, _| self.people.contains_key(client));
        }
        changes
    }

    /// All who are here and have been relayed, as one awareness update; `None` if that is nobody.
    pub(super) fn everybody(&self) -> Option<Vec<u8>> {
        let entries: Vec<_> = self
            .people
            .iter()
            .filter(|(_, person)| person.clock > 0)
            .filter_map(|(client, person)| {
                Some(Entry { client: *client, clock: person.clock, state: person.state.as_deref()? })
            })
            .collect();
        if entries.is_empty() { None } else { Some(awareness::encode(&entries)) }
    }
}

/// Nobody appears under another's name: the state's `user` says who is signed in, whatever the client wrote there.
/// `None` if the state is not an object.
fn signed(state: &str, member: &Member) -> Option<String> {
    let mut state: Map<String, Value> = serde_json::from_str(state).ok()?;
    if member.author != member.user {
        // Stock clients say more of their person: an address, a colour by which they are known elsewhere.
        state.retain(|key, _| ANONYMOUS_FIELDS.contains(&key.as_str()));
    }
    let user = state.entry("user").or_insert_with(|| Value::Object(Map::new()));
    if !user.is_object() {
        *user = Value::Object(Map::new());
    }
    if let Value::Object(user) = user {
        user.insert("id".to_owned(), member.author.to_string().into());
        user.insert("name".to_owned(), member.name.clone().into());
    }
    serde_json::to_string(&state).ok()
}

/// Ticks since 1970, wrapped into 31 bits: they jump back once in 3.4 years.
fn now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ((since.as_millis() / TICK.as_millis()) % (1 << 31)) as u32
}
