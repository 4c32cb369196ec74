//! Which places an update writes to, found out before it is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Refusal,
    places::{Holder, Place, Places, Run},
};
use crate::sync::prescan::{Body, Content, Id, Parent, Part, Struct, Type, parts};

/// Why a survey could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It breaks a rule.
    Refused(Refusal),
    /// It is no update that could ever be applied: items that need each other, or neighbours of different parents.
    Malformed,
}

impl From<Refusal> for Unfit {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The places that an update writes to.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The places of its new units, by client and clock.
    runs: BTreeMap<(u64, u32), (u32, Place)>,
    /// Values and maps that are new, or perhaps deleted.
    pub touched: BTreeSet<Place>,
    /// Maps that are new.
    pub created: BTreeSet<Place>,
    /// Texts with new content.
    pub written: BTreeSet<Place>,
}

impl Places {
    /// Surveys an update that builds on nothing unknown. `known` says how many units of each client the document has;
    /// what is known already is passed over.
    ///
    /// # Errors
    /// See [`Unfit`]. Nothing is learned.
    pub fn survey(&self, update: &[u8], known: impl Fn(u64) -> u32) -> Result<Survey, Unfit> {
        let mut walk = Walk { places: self, survey: Survey::default(), waiting: BTreeMap::new(), is_stored: false };
        walk.all(update, known)?;
        if !walk.waiting.is_empty() {
            return Err(Unfit::Malformed);
        }
        Ok(walk.survey)
    }

    /// Takes in an update that was surveyed and accepted.
    pub fn learn(&mut self, survey: &Survey) {
        for (&(client, start), &(end, place)) in &survey.runs {
            self.extend(client, Run { start, end, place });
        }
    }

    /// Takes in an update that is stored, whatever is in it: what is not of the schema is [`Place::Unknown`].
    pub fn learn_stored(&mut self, update: &[u8], known: impl Fn(u64) -> u32) {
        let mut walk = Walk { places: self, survey: Survey::default(), waiting: BTreeMap::new(), is_stored: true };
        // It was applied before: only what nothing could be made of is left out.
        let _ = walk.all(update, known);
        let survey = walk.survey;
        self.learn(&survey);
    }
}

struct Walk<'p, 'u> {
    places: &'p Places,
    survey: Survey,
    /// Structs by the unit that they wait for, in another client's part of the update.
    waiting: BTreeMap<(u64, u32), Vec<Struct<'u>>>,
    is_stored: bool,
}

/// The unit whose place must be known first.
struct Needs(Id);

impl<'u> Walk<'_, 'u> {
    fn all(&mut self, update: &'u [u8], known: impl Fn(u64) -> u32) -> Result<(), Unfit> {
        let mut deleted: BTreeMap<u64, Vec<(u32, u32)>> = BTreeMap::new();
        let mut walked = Ok(());
        parts(update, |part| match part {
            Part::Deleted { start, length } => {
                deleted.entry(start.client).or_default().push((start.clock, start.clock + length));
            }
            Part::Struct(piece) => {
                if walked.is_ok() {
                    walked = self.piece(trimmed(piece, known(piece.start.client)));
                }
            }
        })
        .map_err(|_| Unfit::Malformed)?;
        walked?;
        for (client, ranges) in deleted {
            for (start, end) in merged(ranges) {
                self.deleted(client, start, end);
            }
        }
        Ok(())
    }

    /// Deletions of text are judged when it is known which are new: a whole answer names all that ever were.
    fn deleted(&mut self, client: u64, start: u32, end: u32) {
        let known = self.places.within(client, start, end);
        let from = self.survey.runs.range(..=(client, start)).next_back().map_or((client, start), |(at, _)| *at);
        let new = self.survey.runs.range(from..(client, end)).filter(|(at, run)| at.0 == client && run.0 > start);
        let places = known.chain(new.map(|(_, run)| run.1)).filter(|place| !place.is_text());
        let places: Vec<_> = places.collect();
        self.survey.touched.extend(places);
    }

    /// Takes a struct, and those that waited for it.
    fn piece(&mut self, piece: Option<Struct<'u>>) -> Result<(), Unfit> {
        let mut ready: Vec<Struct<'u>> = piece.into_iter().collect();
        while let Some(piece) = ready.pop() {
            match self.place(&piece)? {
                Err(Needs(id)) => self.waiting.entry((id.client, id.clock)).or_default().push(piece),
                Ok(place) => {
                    let (client, start) = (piece.start.client, piece.start.clock);
                    let end = start + piece.length;
                    self.record(&piece, place)?;
                    self.survey.runs.insert((client, start), (end, place));
                    let woken: Vec<_> = self.waiting.range((client, start)..(client, end)).map(|(at, _)| *at).collect();
                    ready.extend(woken.into_iter().filter_map(|at| self.waiting.remove(&at)).flatten());
                }
            }
        }
        Ok(())
    }

    fn known(&self, id: Id) -> Result<Place, Needs> {
        let new = self.survey.runs.range(..=(id.client, id.clock)).next_back();
        let new = new.filter(|(at, run)| at.0 == id.client && run.0 > id.clock).map(|(_, run)| run.1);
        new.or_else(|| self.places.at(id)).ok_or(Needs(id))
    }

    /// Where a struct belongs.
    fn place(&self, piece: &Struct<'u>) -> Result<Result<Place, Needs>, Unfit> {
        let Body::Item { origin, right_origin, parent, key, .. } = piece.body else {
            return if self.is_stored { Ok(Ok(Place::Unknown)) } else { Err(Refusal::Removed.into()) };
        };
        let found = match (origin, right_origin, parent) {
            (Some(left), right, parent) => self.known(left).and_then(|left| {
                let right = right.map_or(Ok(left), |right| self.known(right))?;
                // Where something was cut off, the parent is written too.
                let parent = parent.map_or(Ok(Ok(left)), |parent| self.within(parent, key))?;
                let agrees = left == right && parent == Ok(left);
                Ok(if agrees || self.is_stored { Ok(left) } else { Err(Unfit::Malformed) })
            }),
            (None, Some(right), _) => self.known(right).map(Ok),
            (None, None, Some(parent)) => self.within(parent, key),
            (None, None, None) => Ok(Err(Unfit::Malformed)),
        };
        match found {
            Ok(Err(_)) if self.is_stored => Ok(Ok(Place::Unknown)),
            Ok(place) => place.map(Ok),
            Err(needs) => Ok(Err(needs)),
        }
    }

    /// What a parent has under a key.
    fn within(&self, parent: Parent<'u>, key: Option<&str>) -> Result<Result<Place, Unfit>, Needs> {
        let holder = match parent {
            Parent::Root(name) => Holder::root(name),
            Parent::Item(item) => self.known(item)?.holder().ok_or(Refusal::UnknownKind),
        };
        Ok(holder.and_then(|holder| holder.child(key)).map_err(Unfit::from))
    }

    /// Whether this content belongs at its place, and what it does there.
    fn record(&mut self, piece: &Struct<'u>, place: Place) -> Result<(), Unfit> {
        let Body::Item { content, .. } = piece.body else { return Ok(()) };
        if self.is_stored {
            return Ok(());
        }
        match (place, content) {
            (Place::Meta, _) => return Err(Refusal::ServerOnly.into()),
            (Place::Unknown, _) => return Err(Refusal::UnknownKind.into()),
            (place, Content::Deleted | Content::Text(_)) if place.is_text() => {
                self.survey.written.insert(place);
            }
            (place, Content::Type(Type::Map)) if place.holder().is_some() => {
                self.survey.touched.insert(place);
                // Two at once would hide one of them, and what others add to it.
                if !self.survey.created.insert(place) {
                    return Err(Refusal::Replaced.into());
                }
            }
            (place, Content::Deleted) if place.holder().is_some() => return Err(Refusal::Removed.into()),
            (place, Content::Values(_) | Content::Deleted) if !place.is_text() && place.holder().is_none() => {
                self.survey.touched.insert(place);
            }
            _ => return Err(Refusal::UnknownKind.into()),
        }
        Ok(())
    }
}

/// A struct without the units that are known; `None` if nothing is left, or if it stands for nothing. What is left stands
/// beside the last of what was cut off, as yrs puts it, whatever the struct says.
fn trimmed(mut piece: Struct<'_>, known: u32) -> Option<Struct<'_>> {
    let end = piece.start.clock + piece.length;
    if end <= known || matches!(piece.body, Body::Skip) {
        return None;
    }
    if piece.start.clock < known {
        if let Body::Item { origin, .. } = &mut piece.body {
            *origin = Some(Id { clock: known - 1, ..piece.start });
        }
        piece.start.clock = known;
        piece.length = end - known;
    }
    Some(piece)
}

/// The same ranges, sorted and without overlap: however often an update names a unit, it is looked up once.
fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
