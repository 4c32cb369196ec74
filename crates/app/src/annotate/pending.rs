//! What this browser did and the server has not acknowledged: the journal's contents, in order.
//!
//! A change is first written to the disk (or found not to be writable), then sent, and leaves when it is acknowledged or
//! put aside. Nothing overtakes: later changes build on earlier ones.
#![cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only a browser has a journal; the tests need none"))]

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shared::{
    document::{Command, Root},
    order::sorted_by,
};

use super::away::{Aside, text_key};

/// Changes of a text in a row become one, up to so many bytes, as long as none of it is on its way.
const MAX_MERGED: usize = 16 << 10;

/// The number of a text that was never edited.
const FIRST_TEXT: i32 = 1;

/// What a change was meant to be: enough to tell its author about it, and to do it again on another document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// Something done by a command.
    Command(Command),
    /// Typed into a text; the words are in the document.
    Typed(Root),
    /// Of a version of this page that knew other commands. It is sent as it is.
    Unknown,
}

impl Intent {
    /// As the journal keeps it.
    pub fn write(&self) -> String {
        // Enums of strings and numbers: cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the journal kept, perhaps of another version: no change is lost because its meaning is.
    pub fn read(kept: &str) -> Self {
        serde_json::from_str(kept).unwrap_or(Self::Unknown)
    }
}

/// One change, as the journal keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the journal: the conversation, the time of its making (so that changes of several pages keep their
    /// order, for one may build on the other), the page, and a number.
    pub key: String,
    /// The Yjs update, or several merged (v1).
    pub update: Vec<u8>,
    /// What it was meant to be.
    pub intent: Intent,
    /// The number of the text that the page showed; nothing where a page did not keep that yet: no text was edited then.
    pub revision: Option<i32>,
}

impl Change {
    /// Which page made it.
    pub fn tab(&self) -> &str {
        tab_of(&self.key)
    }

    /// Whether it was made on the text of this number: what it marks stands where it says.
    pub fn is_on(&self, revision: i32) -> bool {
        self.revision.unwrap_or(FIRST_TEXT) == revision
    }

    /// Of which conversation it is.
    pub fn conversation(&self) -> &str {
        self.key.split('/').next().unwrap_or_default()
    }

    /// When it was made, in milliseconds since 1970; what was typed then may have grown since.
    pub fn made_at(&self) -> u64 {
        made_at(&self.key)
    }

    /// Whether what was put aside has it: of a text as it stood then, what had been typed by then. What was typed later is
    /// nowhere but in the journal (`offline/work.js` asks the same).
    pub fn is_in(&self, aside: &Aside) -> bool {
        match self.intent {
            Intent::Typed(root) => {
                aside.key.starts_with(&text_key(self.conversation(), root)) && self.made_at() as f64 <= aside.at
            }
            _ => aside.key == self.key,
        }
    }

    /// Whether it was typed into one of these texts.
    pub fn is_typed_in(&self, roots: &[Root]) -> bool {
        matches!(self.intent, Intent::Typed(root) if roots.contains(&root))
    }
}

/// Which page made the change that has this key.
pub fn tab_of(key: &str) -> &str {
    key.split('/').nth(2).unwrap_or_default()
}

/// When the change was made that has this key, in milliseconds since 1970.
pub fn made_at(key: &str) -> u64 {
    key.split('/').nth(1).and_then(|time| time.parse().ok()).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// To be written to the disk.
    New,
    /// Being written, as the so-manyth batch.
    Writing(u64),
    /// On the disk, or known not to get there: may be sent.
    Ready,
    /// Sent as the so-manyth of this connection.
    Sent(u64),
}

struct Entry {
    change: Change,
    stage: Stage,
}

/// Changes of one page that are not acknowledged.
pub struct Pending {
    conversation: String,
    tab: String,
    revision: i32,
    made: u64,
    made_at: u64,
    batches: u64,
    /// The last entry is not to be changed any more: something has come in between.
    is_sealed: bool,
    entries: VecDeque<Entry>,
}

impl Pending {
    /// None yet, of this page, which shows the text of this number.
    pub fn new(conversation: String, tab: String, revision: i32) -> Self {
        Self {
            conversation,
            tab,
            revision,
            made: 0,
            made_at: 0,
            batches: 0,
            is_sealed: false,
            entries: VecDeque::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many there are, for people: what was typed into one text is one, however often it was written to the disk.
    pub fn count(&self) -> usize {
        let typed = |root| self.all().any(|change| change.intent == Intent::Typed(root));
        let others = self.all().filter(|change| !matches!(change.intent, Intent::Typed(_)));
        others.count() + [Root::Notes, Root::Response].into_iter().filter(|root| typed(*root)).count()
    }

    /// Whether some are not on the disk: leaving the page would lose them.
    pub fn any_unwritten(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.stage, Stage::New | Stage::Writing(_)))
    }

    /// A change was made, at `now` (milliseconds since 1970); returns its key.
    pub fn push(&mut self, update: Vec<u8>, intent: Intent, now: u64) -> String {
        if !std::mem::take(&mut self.is_sealed)
            && let Some(last) = self.entries.back_mut()
            && let Some(merged) = last.merged(&update, &intent)
        {
            last.change.update = merged;
            last.stage = Stage::New;
            return last.change.key.clone();
        }
        // A clock that is set back must not change the order.
        self.made_at = self.made_at.max(now);
        let key = self.key(self.made_at);
        let change = Change { key: key.clone(), update, intent, revision: Some(self.revision) };
        self.entries.push_back(Entry { change, stage: Stage::New });
        key
    }

    fn key(&mut self, time: u64) -> String {
        self.made += 1;
        format!("{}/{time:015}/{}/{:010}", self.conversation, self.tab, self.made)
    }

    /// The key that a change of another page gets when this one takes it over: its time stays.
    pub fn key_of_orphan(&mut self, key: &str) -> String {
        self.key(made_at(key))
    }

    /// What is typed next is a change of its own: others may have built on the last, or it on theirs.
    pub fn seal(&mut self) {
        self.is_sealed = true;
    }

    /// Takes over changes that another page left on the disk, among one's own by the time of their making.
    pub fn adopt(&mut self, changes: Vec<Change>) {
        self.seal();
        for change in changes {
            if self.entries.iter().all(|entry| entry.change.key != change.key) {
                self.entries.push_back(Entry { change, stage: Stage::Ready });
            }
        }
        let entries = std::mem::take(&mut self.entries).into();
        self.entries = sorted_by(entries, |a: &Entry, b| a.change.key.cmp(&b.change.key)).into();
    }

    /// What is to be written now, and which batch that is. While one is being written, nothing else is.
    pub fn begin_writing(&mut self) -> Option<(u64, Vec<Change>)> {
        let is_new = |entry: &&mut Entry| entry.stage == Stage::New;
        let is_idle = !self.entries.iter().any(|entry| matches!(entry.stage, Stage::Writing(_)));
        self.batches += 1;
        let batch = self.batches;
        let mark = |entry: &mut Entry| {
            entry.stage = Stage::Writing(batch);
            entry.change.clone()
        };
        let new: Vec<Change> = self.entries.iter_mut().filter(|_| is_idle).filter(is_new).map(mark).collect();
        if new.is_empty() { None } else { Some((batch, new)) }
    }

    /// That batch is on the disk now, or cannot get there.
    pub fn written(&mut self, batch: u64) {
        for entry in self.entries.iter_mut().filter(|entry| entry.stage == Stage::Writing(batch)) {
            entry.stage = Stage::Ready;
        }
    }

    /// All of them are part of what is sent with this number.
    pub fn sent_together(&mut self, number: u64) {
        for entry in &mut self.entries {
            if !matches!(entry.stage, Stage::New | Stage::Writing(_)) {
                entry.stage = Stage::Sent(number);
            }
        }
    }

    /// What may be sent now, in order; `number` counts what this connection sends.
    pub fn begin_sending(&mut self, mut number: impl FnMut() -> u64) -> Vec<Vec<u8>> {
        let mut updates = Vec::new();
        for entry in &mut self.entries {
            match entry.stage {
                Stage::Sent(_) => {}
                Stage::Ready => {
                    entry.stage = Stage::Sent(number());
                    updates.push(entry.change.update.clone());
                }
                Stage::New | Stage::Writing(_) => break,
            }
        }
        updates
    }

    /// What was sent may not have arrived: it is sent again.
    pub fn unsent(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| matches!(entry.stage, Stage::Sent(_))) {
            entry.stage = Stage::Ready;
        }
    }

    /// All that was sent up to this number is committed; returns the keys that leave the journal.
    pub fn acknowledged(&mut self, number: u64) -> Vec<String> {
        let mut keys = Vec::new();
        self.entries.retain(|entry| match entry.stage {
            Stage::Sent(sent) if sent <= number => {
                keys.push(entry.change.key.clone());
                false
            }
            _ => true,
        });
        keys
    }

    /// What was sent with this number was not taken for lack of what it builds on: it is sent again.
    pub fn returned(&mut self, number: u64) {
        for entry in self.entries.iter_mut().filter(|entry| entry.stage == Stage::Sent(number)) {
            entry.stage = Stage::Ready;
        }
    }

    /// The server did not take what was sent with this number.
    pub fn refused(&mut self, number: u64) -> Option<Change> {
        let at = self.entries.iter().position(|entry| entry.stage == Stage::Sent(number))?;
        self.entries.remove(at).map(|entry| entry.change)
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.entries.iter().map(|entry| &entry.change)
    }

    /// Takes those out of which this is true.
    pub fn remove(&mut self, is_meant: impl Fn(&Change) -> bool) -> Vec<Change> {
        let (gone, stay) = self.entries.drain(..).partition::<VecDeque<_>, _>(|entry| is_meant(&entry.change));
        self.entries = stay;
        gone.into_iter().map(|entry| entry.change).collect()
    }

    /// Takes all of them out.
    pub fn take(&mut self) -> Vec<Change> {
        self.entries.drain(..).map(|entry| entry.change).collect()
    }
}

impl Entry {
    /// This change and a later one of the same text as one, if this one can still be changed.
    fn merged(&self, update: &[u8], intent: &Intent) -> Option<Vec<u8>> {
        let mergeable = matches!(self.stage, Stage::New | Stage::Ready)
            && matches!(intent, Intent::Typed(_))
            && self.change.intent == *intent
            && self.change.update.len() + update.len() <= MAX_MERGED;
        if mergeable { yrs::merge_updates_v1([self.change.update.as_slice(), update]).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use shared::ids::HighlightId;
    use yrs::{Doc, GetString, Text, Transact, updates::decoder::Decode};

    use super::*;

    fn pending() -> Pending {
        Pending::new("c".to_owned(), "t".to_owned(), 1)
    }

    fn write(pending: &mut Pending) {
        let (batch, _) = pending.begin_writing().unwrap();
        pending.written(batch);
    }

    fn command() -> Intent {
        Intent::Command(Command::Resolve(HighlightId::new()))
    }

    fn counter() -> impl FnMut() -> u64 {
        let mut count = 0;
        move || {
            count += 1;
            count
        }
    }

    fn aside(key: &str, at: f64) -> Aside {
        Aside { key: key.into(), at, ..Aside::default() }
    }

    fn change(key: &str, intent: Intent) -> Change {
        Change { key: key.into(), update: vec![0, 0], intent, revision: None }
    }

    #[test]
    fn a_text_that_was_put_aside_has_what_was_typed_by_then_and_nothing_newer() {
        let monday = aside("c/Shared notes/7", 100.0);
        let typed = |key| change(key, Intent::Typed(Root::Notes));
        assert!(typed("c/000000000000099/t/0000000001").is_in(&monday));
        assert!(typed("c/000000000000100/t/0000000001").is_in(&monday));
        assert!(!typed("c/000000000000101/t/0000000001").is_in(&monday), "typed on Tuesday");
        assert!(!typed("d/000000000000099/t/0000000001").is_in(&monday), "elsewhere");
        assert!(!change("c/000000000000099/t/0000000001", Intent::Typed(Root::Response)).is_in(&monday));
    }

    #[test]
    fn anything_else_is_put_aside_under_its_own_key() {
        let key = "c/000000000000099/t/0000000001";
        let resolved = change(key, command());
        assert!(resolved.is_in(&aside(key, 1.0)));
        assert!(!resolved.is_in(&aside("c/000000000000099/t/0000000002", 100.0)));
    }

    #[test]
    fn nothing_is_sent_before_it_is_on_the_disk_and_nothing_overtakes() {
        let mut pending = pending();
        pending.push(vec![1], command(), 7);
        pending.push(vec![2], command(), 7);
        assert!(pending.begin_sending(counter()).is_empty());
        let (batch, written) = pending.begin_writing().unwrap();
        assert_eq!(written.len(), 2);
        pending.push(vec![3], command(), 7);
        assert!(pending.begin_writing().is_none(), "one write at a time");
        assert!(pending.any_unwritten());
        pending.written(batch);
        pending.written(batch);
        assert_eq!(pending.begin_sending(counter()), [vec![1], vec![2]]);
        write(&mut pending);
        assert!(!pending.any_unwritten());
        assert_eq!(pending.begin_sending(|| 3), [vec![3]]);
    }

    #[test]
    fn what_is_acknowledged_leaves_and_what_is_not_is_sent_again() {
        let mut pending = pending();
        for number in 1..=3 {
            pending.push(vec![number], command(), 7);
        }
        write(&mut pending);
        assert_eq!(pending.begin_sending(counter()).len(), 3);
        assert_eq!(pending.acknowledged(2), ["c/000000000000007/t/0000000001", "c/000000000000007/t/0000000002"]);
        assert!(pending.begin_sending(counter()).is_empty(), "it is on its way");
        pending.unsent();
        assert_eq!(pending.begin_sending(counter()), [vec![3]]);
        assert_eq!(pending.acknowledged(1), ["c/000000000000007/t/0000000003"]);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn what_is_refused_is_taken_out_alone() {
        let mut pending = pending();
        let intents = [command(), command()];
        for intent in &intents {
            pending.push(vec![0, 0], intent.clone(), 7);
        }
        write(&mut pending);
        pending.begin_sending(counter());
        assert_eq!(pending.refused(1).map(|change| change.intent), Some(intents[0].clone()));
        assert_eq!(pending.refused(1), None);
        assert_eq!(pending.all().map(|change| &change.intent).collect::<Vec<_>>(), [&intents[1]]);
    }

    #[test]
    fn what_was_not_taken_for_a_gap_is_not_acknowledged_with_the_rest_and_sent_again() {
        let mut pending = pending();
        let keys: Vec<String> = (1..=2).map(|number| pending.push(vec![number], command(), 7)).collect();
        write(&mut pending);
        pending.begin_sending(counter());
        pending.returned(2);
        assert_eq!(pending.acknowledged(2), keys[..1]);
        assert_eq!(pending.begin_sending(counter()), [vec![2]]);
    }

    #[test]
    fn what_other_pages_left_is_taken_over_once_and_in_order() {
        let mut pending = pending();
        let own = pending.push(vec![9], command(), 7);
        let left = |key: &str| Change { key: key.to_owned(), update: vec![1], intent: command(), revision: None };
        pending.adopt(vec![left("c/000000000000009/s/2"), left("c/000000000000001/s/1")]);
        pending.adopt(vec![left("c/000000000000001/s/1")]);
        let keys: Vec<String> = pending.take().into_iter().map(|change| change.key).collect();
        assert_eq!(keys, ["c/000000000000001/s/1", own.as_str(), "c/000000000000009/s/2"]);
        assert_eq!(pending.key_of_orphan("c/000000000000001/s/1"), "c/000000000000001/t/0000000002");
    }

    #[test]
    fn what_is_typed_after_somebody_else_is_a_change_of_its_own() {
        let mut pending = pending();
        let typed = Intent::Typed(Root::Notes);
        pending.push(vec![0, 0], typed.clone(), 7);
        pending.push(vec![0, 0], typed.clone(), 7);
        assert_eq!(pending.len(), 1);
        pending.seal();
        pending.push(vec![0, 0], typed.clone(), 7);
        pending.push(vec![0, 0], typed, 7);
        assert_eq!(pending.len(), 2);
    }

    #[test]
    fn what_was_typed_into_one_text_counts_as_one() {
        let mut pending = pending();
        for root in [Root::Notes, Root::Response, Root::Notes] {
            pending.push(vec![0, 0], Intent::Typed(root), 7);
            pending.push(vec![1], command(), 7);
        }
        assert_eq!((pending.len(), pending.count()), (6, 5));
    }

    #[test]
    fn what_was_sent_together_is_acknowledged_together() {
        let mut pending = pending();
        pending.push(vec![1], command(), 7);
        pending.push(vec![2], command(), 7);
        write(&mut pending);
        pending.push(vec![3], command(), 7);
        pending.sent_together(1);
        assert!(pending.begin_sending(counter()).is_empty());
        assert_eq!(pending.acknowledged(1).len(), 2);
        assert_eq!(pending.len(), 1, "what was not on the disk was not sent");
    }

    #[test]
    fn a_meaning_that_is_not_understood_loses_no_change() {
        for intent in [command(), Intent::Typed(Root::Response)] {
            assert_eq!(Intent::read(&intent.write()), intent);
        }
        assert_eq!(Intent::read(r#"{"Command":{"Juggle":3}}"#), Intent::Unknown);
    }

    #[test]
    fn typing_without_a_network_is_one_change_as_long_as_it_is_short() {
        let doc = Doc::new();
        let text = doc.get_or_insert_text("notes");
        let mut pending = pending();
        let type_in = |words: &str, pending: &mut Pending| {
            let mut txn = doc.transact_mut();
            text.push(&mut txn, words);
            pending.push(txn.encode_update_v1(), Intent::Typed(Root::Notes), 7);
        };
        for letter in ["a", "b", "c"] {
            type_in(letter, &mut pending);
            write(&mut pending);
        }
        assert_eq!(pending.len(), 1);
        type_in(&"long ".repeat(4_000), &mut pending);
        assert_eq!(pending.len(), 2);
        let other = Doc::new();
        let copy = other.get_or_insert_text("notes");
        for change in pending.take() {
            other.transact_mut().apply_update(yrs::Update::decode_v1(&change.update).unwrap()).unwrap();
        }
        assert_eq!(copy.get_string(&other.transact()), text.get_string(&doc.transact()));
    }
}
