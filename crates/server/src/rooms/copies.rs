use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    mem::ManuallyDrop,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;
use shared::{
    document::Roots,
    ids::{MessageId, UserId},
    rules::{self, Place, Places, Refusal, Sender, State, Survey, Talk, Unfit},
    sync::prescan::{Outline, prescan},
};
use yrs::{Any, Doc, Map, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

use super::persistence::Stored;

/// Bytes that do not make a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored bytes do not make a document")]
pub struct Corrupt;

/// What became of an update on the probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trial {
    /// It was applied, and something is different now. Something was taken out of these texts.
    Changed(BTreeSet<Place>),
    /// Everything in it was known.
    Unchanged,
    /// It needs something that the probe lacks. The probe must be rebuilt.
    Gap,
    /// It cannot be applied. The probe must be rebuilt.
    Broken,
}

/// The two copies of a room's document. The *document* is what is committed: joiners get it. The *probe* is what is
/// accepted: updates are checked against it without waiting for the disk.
///
/// All methods may take long (milliseconds for a large document): they belong on [`super::stacks::Stacks`].
pub(super) struct Copies {
    document: Doc,
    probe: Doc,
    /// The probe's.
    roots: Roots,
    /// How many units of each client the probe holds. It has no holes, so one number says it.
    reached: HashMap<u64, u32>,
    /// What each of these units is a part of.
    places: Places,
    /// Who writes under each Yjs client id. Otherwise somebody could use up the numbers of another's next edits, which
    /// would then pass for known and be lost.
    owners: HashMap<u64, UserId>,
    /// The conversation's messages, with the lengths of their texts in code points.
    messages: BTreeMap<MessageId, u32>,
    /// Accepted, not yet committed.
    accepted: VecDeque<Bytes>,
    /// Committed, not yet applied to the document: nobody has asked for it since.
    committed: Vec<Bytes>,
    /// The document as one update, shared by all who join before the next change.
    whole: Option<Bytes>,
    /// At least the size of the probe, in bytes.
    size: usize,
    size_is_exact: bool,
}

impl Copies {
    /// Both copies from what is stored.
    pub(super) fn load(stored: &Stored, messages: BTreeMap<MessageId, u32>) -> Result<Self, Corrupt> {
        let (state, updates) = (&stored.state, &stored.updates);
        let document = load(state, updates)?;
        let probe = load(state, updates)?;
        let size = state.len() + updates.iter().map(Vec::len).sum::<usize>();
        let mut copies = Self {
            document,
            roots: Roots::of(&probe),
            probe,
            reached: HashMap::new(),
            places: Places::default(),
            owners: stored.owners(),
            messages,
            accepted: VecDeque::new(),
            committed: Vec::new(),
            whole: None,
            size,
            size_is_exact: false,
        };
        for update in std::iter::once(state).chain(updates) {
            copies.learn_stored(update);
        }
        copies.count();
        Ok(copies)
    }

    /// What is accepted.
    pub(super) fn probe(&self) -> &Doc {
        &self.probe
    }

    fn learn_stored(&mut self, update: &[u8]) {
        self.places.learn_stored(update, |client| self.reached.get(&client).copied().unwrap_or(0));
        if let Ok(outline) = prescan(update) {
            self.reach(&outline);
        }
    }

    fn count(&mut self) {
        let vector = self.probe.transact().state_vector();
        self.reached = vector.iter().map(|(client, clock)| (client.get(), *clock)).collect();
    }

    /// The conversation has other messages now, or longer ones.
    pub(super) fn learn_messages(&mut self, messages: BTreeMap<MessageId, u32>) {
        self.messages = messages;
    }

    /// How many units of this client are accepted.
    pub(super) fn reached(&self, client: u64) -> u32 {
        self.reached.get(&client).copied().unwrap_or(0)
    }

    /// Whether the update brings units that are not accepted yet.
    pub(super) fn lacks(&self, outline: &Outline) -> bool {
        outline.brings.iter().any(|(client, runs)| runs.iter().any(|(_, end)| *end > self.reached(*client)))
    }

    /// Whether so many bytes more would make the document larger than `limit`.
    pub(super) fn would_exceed(&mut self, more: usize, limit: usize) -> bool {
        if self.size + more > limit && !self.size_is_exact {
            self.size = self.probe.transact().encode_diff_v1(&StateVector::default()).len();
            self.size_is_exact = true;
        }
        self.size + more > limit
    }

    /// Which places an update writes to.
    pub(super) fn survey(&self, update: &[u8]) -> Result<Survey, Unfit> {
        self.places.survey(update, |client| self.reached(client))
    }

    /// Whether somebody else writes under one of the Yjs client ids whose units an update brings.
    pub(super) fn is_foreign(&self, outline: &Outline, user: UserId) -> bool {
        let is_anothers = |client: &u64| self.owners.get(client).is_some_and(|owner| *owner != user);
        outline.brings.iter().any(|(client, runs)| {
            runs.last().is_some_and(|(_, end)| *end > self.reached(*client)) && is_anothers(client)
        })
    }

    /// What stands on the probe where the survey says that an update writes.
    pub(super) fn state_at(&self, survey: &Survey) -> State {
        State::read(&self.roots, &self.probe.transact(), &survey.touched)
    }

    /// Whether `sender` may do what an update has made of the probe since `before`.
    pub(super) fn review(
        &self,
        sender: &Sender,
        survey: &Survey,
        before: &State,
        cut: &BTreeSet<Place>,
    ) -> Result<(), Refusal> {
        rules::review(sender, survey, before, (&self.roots, &self.probe.transact()), cut, &self.messages)
    }

    /// What an update that was reviewed says to people.
    pub(super) fn talk(&self, survey: &Survey, before: &State) -> Talk {
        rules::talk(survey, before, (&self.roots, &self.probe.transact()))
    }

    /// Applies an update to the probe. Neither a panic inside nor a failure half-way reaches the document.
    pub(super) fn try_on_probe(&mut self, update: &[u8], outline: &Outline) -> Trial {
        let Ok(Ok(decoded)) = catch_unwind(|| Update::decode_v1(update)) else { return Trial::Broken };
        let lacked = self.lacks(outline);
        // A transaction commits when it is dropped, also while a panic unwinds, where a second panic would end the
        // process. So after a panic it is leaked, and the probe with it.
        let mut txn = ManuallyDrop::new(self.probe.transact_mut());
        let applied = catch_unwind(AssertUnwindSafe(|| txn.apply_update(decoded)));
        if applied.is_err() {
            return Trial::Broken;
        }
        let gap = txn.has_missing_updates();
        let deleted: Vec<_> = txn
            .delete_set()
            .iter()
            .flat_map(|(client, ranges)| ranges.iter().map(|range| (client.get(), range.clone())))
            .collect();
        let changed = lacked || !deleted.is_empty();
        let committed = catch_unwind(AssertUnwindSafe(|| drop(ManuallyDrop::into_inner(txn))));
        match applied {
            Ok(Ok(())) if committed.is_err() => Trial::Broken,
            Ok(Ok(())) if gap => Trial::Gap,
            Ok(Ok(())) if changed => Trial::Changed(self.texts_at(&deleted)),
            Ok(Ok(())) => Trial::Unchanged,
            _ => Trial::Broken,
        }
    }

    /// The texts to which these units, known before, belong.
    fn texts_at(&self, units: &[(u64, Range<u32>)]) -> BTreeSet<Place> {
        let places = units.iter().flat_map(|(client, range)| self.places.within(*client, range.start, range.end));
        places.filter(|place| place.is_text()).collect()
    }

    fn reach(&mut self, outline: &Outline) {
        for (client, runs) in &outline.brings {
            let reached = self.reached.entry(*client).or_default();
            *reached = runs.iter().map(|run| run.1).fold(*reached, u32::max);
        }
    }

    /// Keeps an update that the probe has taken.
    pub(super) fn accept(&mut self, update: Bytes, outline: &Outline, survey: &Survey, user: UserId) {
        self.places.learn(survey);
        for client in outline.brings.keys() {
            self.owners.entry(*client).or_insert(user);
        }
        self.reach(outline);
        self.size += update.len();
        self.size_is_exact = false;
        self.accepted.push_back(update);
    }

    /// Makes the probe anew after a refusal: the document, and what is accepted and not committed yet.
    pub(super) fn rebuild(&mut self) -> Result<(), Corrupt> {
        self.settle()?;
        let state = self.document.transact().encode_diff_v1(&StateVector::default());
        let probe = load(&state, &[])?;
        for update in &self.accepted {
            apply(&probe, update)?;
        }
        // The old roots point into the old probe.
        self.roots = Roots::of(&probe);
        self.probe = probe;
        self.count();
        Ok(())
    }

    /// The first `count` accepted updates are committed.
    pub(super) fn commit(&mut self, count: usize) {
        self.whole = None;
        self.committed.extend(self.accepted.drain(..count));
    }

    /// How many committed updates the document still has to take, and how many bytes they are.
    pub(super) fn behind(&self) -> (usize, usize) {
        (self.committed.len(), self.committed.iter().map(Bytes::len).sum())
    }

    /// Applies what is committed to the document.
    pub(super) fn settle(&mut self) -> Result<(), Corrupt> {
        for update in self.committed.drain(..) {
            apply(&self.document, &update)?;
        }
        Ok(())
    }

    /// The document's state vector, encoded.
    pub(super) fn state_vector(&mut self) -> Result<Vec<u8>, Corrupt> {
        use yrs::updates::encoder::Encode;

        self.settle()?;
        Ok(self.document.transact().state_vector().encode_v1())
    }

    /// What somebody with this (pre-scanned) state vector lacks of the document.
    pub(super) fn answer(&mut self, state_vector: &[u8]) -> Result<Bytes, Corrupt> {
        self.settle()?;
        let vector = StateVector::decode_v1(state_vector).map_err(|_| Corrupt)?;
        if !vector.is_empty() {
            return Ok(self.document.transact().encode_diff_v1(&vector).into());
        }
        let document = &self.document;
        let whole = self.whole.get_or_insert_with(|| document.transact().encode_diff_v1(&vector).into());
        Ok(whole.clone())
    }
}

/// A document as all of ours are: Yjs counts in UTF-16, deleted content is forgotten, and the server never makes
/// changes of its own.
pub(super) fn empty() -> Doc {
    Doc::with_options(Options {
        offset_kind: OffsetKind::Utf16,
        skip_gc: false,
        cleanup_formatting: false,
        ..Options::default()
    })
}

/// A document from a compacted state and the updates after it.
pub(super) fn load(state: &[u8], updates: &[Vec<u8>]) -> Result<Doc, Corrupt> {
    let doc = empty();
    apply(&doc, state)?;
    for update in updates {
        apply(&doc, update)?;
    }
    Ok(doc)
}

pub(super) fn apply(doc: &Doc, update: &[u8]) -> Result<(), Corrupt> {
    let update = Update::decode_v1(update).map_err(|_| Corrupt)?;
    let mut txn = doc.transact_mut();
    txn.apply_update(update).map_err(|_| Corrupt)?;
    if txn.has_missing_updates() { Err(Corrupt) } else { Ok(()) }
}

/// How many highlights are not marked deleted.
pub(super) fn highlight_count(doc: &Doc) -> usize {
    let highlights = doc.get_or_insert_map("highlights");
    let txn = doc.transact();
    let is_there = |value: Out| match value {
        Out::YMap(highlight) => {
            matches!(highlight.get(&txn, "deleted"), None | Some(Out::Any(Any::Null | Any::Undefined)))
        }
        _ => false,
    };
    highlights.iter(&txn).filter(|(_, value)| is_there(value.clone())).count()
}
