use std::collections::BTreeMap;

use super::{Body, Id, Parent, Part, Struct};

/// What an update builds on and brings, a line per client; enough to see a gap before anything is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Runs of new units, `start..end`, rising, neighbours joined.
    pub brings: BTreeMap<u64, Vec<(u32, u32)>>,
    /// The clock that must be reached so that all references have their target: origins, parents, deletions.
    pub needs: BTreeMap<u64, u32>,
    /// Whether anything is deleted.
    pub deletes: bool,
}

impl Outline {
    /// Whether the update can change nothing, whatever the document.
    pub fn is_empty(&self) -> bool {
        self.brings.is_empty() && !self.deletes
    }

    /// The first client whose units would be missing if the update were applied to a document with `known` units of
    /// each client (without holes). yrs' own answer to this question does not see a hole that nothing refers to.
    pub fn gap(&self, known: impl Fn(u64) -> u32) -> Option<u64> {
        let reached = |client: u64| {
            let runs = self.brings.get(&client).map_or(&[][..], Vec::as_slice);
            let reach =
                |reached: u32, &(start, end): &(u32, u32)| if start <= reached { reached.max(end) } else { reached };
            runs.iter().fold(known(client), reach)
        };
        let hole = |(client, runs): (&u64, &Vec<(u32, u32)>)| {
            let end = runs.last().map_or(0, |run| run.1);
            (end > reached(*client)).then_some(*client)
        };
        let lacks = |(client, clock): (&u64, &u32)| (*clock > reached(*client)).then_some(*client);
        self.brings.iter().find_map(hole).or_else(|| self.needs.iter().find_map(lacks))
    }

    pub(super) fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Deleted { start, length } => {
                self.deletes |= length > 0;
                self.need(Id { client: start.client, clock: start.clock + length }, 0);
            }
            Part::Struct(Struct { body: Body::Skip, .. }) => {}
            Part::Struct(Struct { start, length, body }) => {
                let runs = self.brings.entry(start.client).or_default();
                match runs.last_mut() {
                    Some(last) if last.1 == start.clock => last.1 += length,
                    _ => runs.push((start.clock, start.clock + length)),
                }
                if let Body::Item { origin, right_origin, parent, .. } = body {
                    let holder = if let Some(Parent::Item(id)) = parent { Some(id) } else { None };
                    for id in [origin, right_origin, holder].into_iter().flatten() {
                        self.need(id, 1);
                    }
                }
            }
        }
    }

    fn need(&mut self, id: Id, more: u32) {
        let clock = self.needs.entry(id.client).or_default();
        *clock = (*clock).max(id.clock + more);
    }
}
