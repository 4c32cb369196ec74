//! What a replica holds, in a form that is the same whichever library holds it.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::sync::prescan::{Body, Part, Struct, parts};
use yrs::{Doc, GetString, ReadTxn, Transact, types::ToJson};

/// Ranges of deleted units of each client: clock and length.
type Deletes = BTreeMap<u64, Vec<(u32, u32)>>;

/// The roots that are read; the others hold nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Roots {
    pub maps: Vec<String>,
    pub texts: Vec<String>,
}

/// A replica's document and where the replica stands.
#[derive(Debug, Clone, Deserialize)]
pub struct Dump {
    /// Rises with each change.
    pub version: u64,
    /// Something has come whose foundation has not.
    pub pending: bool,
    /// The server has closed the connection for good.
    pub closed: Option<Value>,
    pub state: State,
}

/// What replicas must agree on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct State {
    pub json: Value,
    vector: BTreeMap<u64, u32>,
    deletes: Deletes,
}

impl State {
    pub fn of(doc: &Doc, roots: &Roots) -> Self {
        let maps: Vec<_> = roots.maps.iter().map(|root| doc.get_or_insert_map(root.as_str())).collect();
        let texts: Vec<_> = roots.texts.iter().map(|root| doc.get_or_insert_text(root.as_str())).collect();
        let txn = doc.transact();
        let maps = maps.iter().map(|map| serde_json::to_value(map.to_json(&txn)).unwrap());
        let texts = texts.iter().map(|text| Value::String(text.get_string(&txn)));
        let names = roots.maps.iter().chain(&roots.texts).cloned();
        let snapshot = txn.snapshot();
        let state = Self {
            json: names.zip(maps.chain(texts)).collect(),
            vector: snapshot.state_map.iter().map(|(client, clock)| (client.get(), *clock)).collect(),
            deletes: snapshot
                .delete_set
                .iter()
                .map(|(client, runs)| (client.get(), runs.iter().map(|run| (run.start, run.end - run.start)).collect()))
                .collect(),
        };
        state.normal()
    }

    /// Libraries differ in how they write the same number, and in where they cut a run of deletions.
    pub fn normal(mut self) -> Self {
        alike_numbers(&mut self.json);
        self.vector.retain(|_, clock| *clock > 0);
        for runs in self.deletes.values_mut() {
            runs.sort_unstable();
            let mut joined: Vec<(u32, u32)> = Vec::new();
            for &(start, length) in runs.iter().filter(|run| run.1 > 0) {
                match joined.last_mut() {
                    Some(last) if last.0 + last.1 >= start => last.1 = last.1.max(start + length - last.0),
                    _ => joined.push((start, length)),
                }
            }
            *runs = joined;
        }
        self.deletes.retain(|_, runs| !runs.is_empty());
        self
    }

    /// All that either has; the text of it is nobody's.
    pub fn joined(mut self, other: &Self) -> Self {
        for (client, clock) in &other.vector {
            let reached = self.vector.entry(*client).or_default();
            *reached = (*reached).max(*clock);
        }
        for (client, runs) in &other.deletes {
            self.deletes.entry(*client).or_default().extend(runs);
        }
        self.normal()
    }

    /// Whether everything of `other` is here too.
    pub fn holds(&self, other: &Self) -> bool {
        let has_units = other.vector.iter().all(|(client, clock)| self.reaches(*client, *clock));
        let mut runs = other.deletes.iter().flat_map(|(client, runs)| runs.iter().map(move |run| (*client, *run)));
        has_units && runs.all(|(client, run)| self.lacks(client, run))
    }

    /// Whether everything of an update is here.
    pub fn holds_update(&self, update: &[u8]) -> bool {
        let mut is_here = true;
        let scanned = parts(update, |part| {
            is_here &= match part {
                Part::Struct(Struct { body: Body::Skip, .. }) => true,
                Part::Struct(Struct { start, length, .. }) => self.reaches(start.client, start.clock + length),
                Part::Deleted { start, length } => self.lacks(start.client, (start.clock, length)),
            };
        });
        scanned.is_ok() && is_here
    }

    /// How many units of this client are here.
    pub fn clock(&self, client: u64) -> u32 {
        self.vector.get(&client).copied().unwrap_or(0)
    }

    fn reaches(&self, client: u64, clock: u32) -> bool {
        self.clock(client) >= clock
    }

    /// Whether these units are deleted.
    fn lacks(&self, client: u64, (start, length): (u32, u32)) -> bool {
        let runs = self.deletes.get(&client).map_or(&[][..], Vec::as_slice);
        runs.iter().any(|run| run.0 <= start && run.0 + run.1 >= start + length)
    }

    /// How two differ, for a person.
    pub fn differences(&self, other: &Self) -> String {
        let mut said = String::new();
        differing(&mut said, "units", &self.vector, &other.vector);
        differing(&mut said, "deletions", &self.deletes, &other.deletes);
        values_differing(&mut said, "", &self.json, &other.json);
        said
    }
}

fn alike_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::from(number.as_f64().unwrap()),
        Value::Array(values) => values.iter_mut().for_each(alike_numbers),
        Value::Object(values) => values.values_mut().for_each(alike_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn differing<T: PartialEq + std::fmt::Debug>(
    said: &mut String,
    what: &str,
    a: &BTreeMap<u64, T>,
    b: &BTreeMap<u64, T>,
) {
    let clients: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    for client in clients.into_iter().filter(|client| a.get(client) != b.get(client)) {
        let _ = writeln!(said, "  {what} of {client}: {:?} and {:?}", a.get(client), b.get(client));
    }
}

fn values_differing(said: &mut String, path: &str, a: &Value, b: &Value) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                values_differing(said, &format!("{path}/{key}"), a, b);
            }
        }
        _ if a == b => {}
        _ => drop(writeln!(said, "  {path}: {a} and {b}")),
    }
}

#[test]
fn runs_are_joined_wherever_a_library_cuts_them() {
    let state = |deletes: Vec<(u32, u32)>, number: Value| State {
        json: number,
        vector: BTreeMap::from([(1, 9), (2, 0)]),
        deletes: BTreeMap::from([(1, deletes)]),
    };
    let (cut, whole) = (state(vec![(4, 1), (1, 2), (3, 1)], 1.into()), state(vec![(1, 4)], 1.0.into()));
    assert_eq!(cut.clone().normal(), whole.clone().normal());
    assert!(whole.holds(&cut) && !cut.holds(&whole));
    assert_ne!(state(vec![(1, 3)], 1.into()).normal(), whole.normal());
}
