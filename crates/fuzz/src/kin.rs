//! Whether what an update links belongs together.
//!
//! An item names its neighbours, and Yjs takes them to be of one list, or of one key of one map. With neighbours of two
//! places yrs ends in no panic, but in a document that depends on the order of arrival: read again, the same bytes delete
//! what was not deleted before. Nobody's editor writes such links. The scan cannot see them, since it knows no document:
//! they are for the rules, which do.

use std::collections::BTreeMap;

use shared::sync::prescan::{Body, Id, Parent, Part, parts};

/// A list, or one key of a map. `None` for what was forgotten with its parent.
type Place = Option<(Result<String, Id>, Option<String>)>;

/// Runs of units by their first, with their length.
#[derive(Default)]
struct Places {
    runs: BTreeMap<Id, (u32, Place)>,
}

impl Places {
    fn of(&self, id: Id) -> Option<&Place> {
        let (start, (length, place)) = self.runs.range(..=id).next_back()?;
        (start.client == id.client && id.clock < start.clock + length).then_some(place)
    }
}

/// One struct, as far as it says where it belongs.
struct Claim {
    start: Id,
    length: u32,
    neighbours: Vec<Id>,
    place: Option<Place>,
}

/// Whether each item of the update stands in one place by all that it says, if the document is `state`.
pub fn belongs_together(state: &[u8], update: &[u8]) -> bool {
    let mut places = Places::default();
    settle(&mut places, claims(state)) && settle(&mut places, claims(update))
}

fn claims(update: &[u8]) -> Vec<Claim> {
    let mut claims = Vec::new();
    let _ = parts(update, |part| {
        let Part::Struct(piece) = part else { return };
        let (neighbours, place) = match piece.body {
            Body::Skip => return,
            Body::Collected => (Vec::new(), Some(None)),
            Body::Item { origin, right_origin, parent, key, .. } => {
                let parent = parent.map(|parent| match parent {
                    Parent::Root(name) => Ok(name.to_owned()),
                    Parent::Item(id) => Err(id),
                });
                let place = parent.map(|parent| Some((parent, key.map(str::to_owned))));
                (origin.into_iter().chain(right_origin).collect(), place)
            }
        };
        claims.push(Claim { start: piece.start, length: piece.length, neighbours, place });
    });
    claims
}

/// Finds the place of each, in as many rounds as it takes: neighbours may come later in the bytes.
fn settle(places: &mut Places, mut open: Vec<Claim>) -> bool {
    while !open.is_empty() {
        let before = open.len();
        let mut all_agree = true;
        open.retain(|claim| match settled(places, claim) {
            Some(agrees) => {
                all_agree &= agrees;
                false
            }
            None => true,
        });
        if !all_agree || open.len() == before {
            return false;
        }
    }
    true
}

/// `None` while a neighbour's place is not known.
fn settled(places: &mut Places, claim: &Claim) -> Option<bool> {
    let mut said: Vec<Place> = claim.place.iter().cloned().collect();
    for neighbour in &claim.neighbours {
        said.push(places.of(*neighbour)?.clone());
    }
    // Of what is forgotten, neighbours become one, whatever they belonged to.
    let is_forgotten = claim.place == Some(None);
    // What the document has already is not read again; what follows it is joined to it.
    let mut known = 0;
    while known < claim.length
        && let Some(place) = places.of(Id { clock: claim.start.clock + known, ..claim.start })
    {
        if !is_forgotten {
            said.push(place.clone());
        }
        known += 1;
    }
    // What was forgotten agrees with everything: its parent is deleted, and so will this be.
    said.retain(Option::is_some);
    let place = said.first().cloned().unwrap_or_default();
    if known < claim.length {
        let start = Id { clock: claim.start.clock + known, ..claim.start };
        places.runs.insert(start, (claim.length - known, place.clone()));
    }
    Some(said.iter().all(|other| *other == place))
}
