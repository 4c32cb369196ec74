//! One test a row of the table, each on real updates: a client that knows nothing of the rules edits as it likes, and
//! its update is judged as the server does it.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{
    Any, Array, ArrayPrelim, Doc, In, Map, MapPrelim, MapRef, Out, ReadTxn, StateVector, Text, Transact,
    TransactionMut, Update, any, updates::decoder::Decode,
};

use super::*;
use crate::{
    access::Access,
    document::{self, Roots},
    ids::{CommentId, HighlightId, MessageId, TagGroupId, TagId, UserId},
};

mod commands;
mod places;
mod rows;
mod talk;
mod whole;

const NOW: i64 = 1_800_000_000_000;

/// Who is there: a student and another, an editor, the owner, and somebody who only reads.
#[derive(Clone, Copy)]
struct People {
    ann: Sender,
    ben: Sender,
    eve: Sender,
    olga: Sender,
    vic: Sender,
}

/// A document as the server holds it, with a highlight and a comment of Ann's, a tag of hers, a locked tag, a tag that
/// the highlight carries, a group of hers, notes, and a response of hers.
struct World {
    doc: Doc,
    roots: Roots,
    places: Places,
    people: People,
    message: MessageId,
    highlight: HighlightId,
    comment: CommentId,
    tag: TagId,
    locked: TagId,
    used: TagId,
    group: TagGroupId,
    /// What the last accepted update said.
    talk: Talk,
}

/// Somebody's own copy.
struct Peer {
    doc: Doc,
    roots: Roots,
}

impl Peer {
    fn of(state: &[u8]) -> Self {
        let doc = document::empty();
        let roots = Roots::of(&doc);
        doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
        Self { doc, roots }
    }

    /// What an edit makes as an update.
    fn update(&self, edit: impl FnOnce(&Roots, &mut TransactionMut)) -> Vec<u8> {
        let before = self.doc.transact().state_vector();
        edit(&self.roots, &mut self.doc.transact_mut());
        self.doc.transact().encode_diff_v1(&before)
    }
}

fn known(doc: &Doc) -> impl Fn(u64) -> u32 {
    let vector = doc.transact().state_vector();
    move |client| vector.get(&yrs::block::ClientID::new(client))
}

impl World {
    fn new() -> Self {
        let sender = |access, moderates| Sender { author: UserId::new(), access, moderates };
        let people = People {
            ann: sender(Access::Annotator, false),
            ben: sender(Access::Annotator, false),
            eve: sender(Access::Editor, false),
            olga: sender(Access::Owner, true),
            vic: sender(Access::Viewer, false),
        };
        let doc = document::empty();
        let mut world = Self {
            roots: Roots::of(&doc),
            doc,
            places: Places::default(),
            people,
            message: MessageId::new(),
            highlight: HighlightId::new(),
            comment: CommentId::new(),
            tag: TagId::new(),
            locked: TagId::new(),
            used: TagId::new(),
            group: TagGroupId::new(),
            talk: Talk::default(),
        };
        let People { ann, olga, .. } = people;
        let (used, locked, tag, group) = (world.used, world.locked, world.tag, world.group);
        let (highlight, comment, message) = (world.highlight, world.comment, world.message);
        world.must(&olga, |roots, txn| {
            roots.tags.insert(txn, used.to_string(), tag_of(olga.author, "Used"));
            let mut tag = tag_of(olga.author, "Locked");
            tag.insert("locked".into(), In::from(true));
            roots.tags.insert(txn, locked.to_string(), tag);
        });
        world.must(&ann, |roots, txn| {
            roots.tags.insert(txn, tag.to_string(), tag_of(ann.author, "Mine"));
            roots.tag_groups.insert(txn, group.to_string(), group_of(ann.author));
            let map = roots.highlights.insert(txn, highlight.to_string(), highlight_of(ann.author, message, used));
            let comments = inner(&map, txn, "comments");
            comments.insert(txn, comment.to_string(), comment_of(ann.author, "first"));
        });
        world.must(&ann, |roots, txn| roots.notes.push(txn, "shared"));
        let own = format!("response:{}", ann.author);
        let peer = world.peer();
        let text = peer.doc.get_or_insert_text(own.as_str());
        let update = peer.update(|_, txn| text.push(txn, "my answer"));
        assert_eq!(world.judge(&ann, &update), Ok(()));
        world
    }

    fn state(&self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&StateVector::default())
    }

    fn peer(&self) -> Peer {
        Peer::of(&self.state())
    }

    /// As the server does it. A refused update leaves no trace.
    fn judge(&mut self, sender: &Sender, update: &[u8]) -> Result<(), Unfit> {
        let survey = self.places.survey(update, known(&self.doc))?;
        let before = State::read(&self.roots, &self.doc.transact(), &survey.touched);
        let state = self.state();
        let cut = {
            let mut txn = self.doc.transact_mut();
            txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
            let deleted = txn.delete_set().iter().flat_map(|(client, ranges)| {
                ranges.iter().flat_map(|range| self.places.within(client.get(), range.start, range.end))
            });
            deleted.filter(|place| place.is_text()).collect::<BTreeSet<_>>()
        };
        let messages = BTreeMap::from([(self.message, 100)]);
        let judged = review(sender, &survey, &before, (&self.roots, &self.doc.transact()), &cut, &messages);
        if judged.is_ok() {
            self.talk = super::talk(&survey, &before, (&self.roots, &self.doc.transact()));
            self.places.learn(&survey);
        } else {
            let peer = Peer::of(&state);
            (self.doc, self.roots) = (peer.doc, peer.roots);
        }
        Ok(judged?)
    }

    /// What becomes of an edit that somebody makes on a copy.
    fn tries(&mut self, sender: &Sender, edit: impl FnOnce(&Roots, &mut TransactionMut)) -> Result<(), Refusal> {
        let update = self.peer().update(edit);
        match self.judge(sender, &update) {
            Ok(()) => Ok(()),
            Err(Unfit::Refused(refusal)) => Err(refusal),
            Err(Unfit::Malformed) => panic!("a real update is malformed"),
        }
    }

    fn must(&mut self, sender: &Sender, edit: impl FnOnce(&Roots, &mut TransactionMut)) {
        assert_eq!(self.tries(sender, edit), Ok(()));
    }
}

fn inner(map: &MapRef, txn: &impl ReadTxn, key: &str) -> MapRef {
    match map.get(txn, key) {
        Some(Out::YMap(map)) => map,
        other => panic!("no map at {key}: {other:?}"),
    }
}

fn highlight_of(author: UserId, message: MessageId, tag: TagId) -> MapPrelim {
    MapPrelim::from_iter([
        ("targets", In::from(targets(message, 3, 7))),
        ("author", In::from(author.to_string())),
        ("created_at", In::from(NOW as f64)),
        ("tags", In::from(MapPrelim::from_iter([(tag.to_string(), 1.5)]))),
        ("resolved", In::from(Any::Null)),
        ("deleted", In::from(Any::Null)),
        ("comments", In::from(MapPrelim::default())),
    ])
}

fn targets(message: MessageId, start: i64, end: i64) -> Any {
    let message = message.to_string();
    any!([{"message": message, "start": start, "end": end, "exact": "some", "prefix": "", "suffix": " more"}])
}

fn comment_of(author: UserId, body: &str) -> MapPrelim {
    MapPrelim::from_iter([
        ("author", Any::from(author.to_string())),
        ("created_at", Any::from(NOW)),
        ("body", Any::from(body)),
    ])
}

fn tag_of(author: UserId, name: &str) -> MapPrelim {
    MapPrelim::from_iter([
        ("name", In::from(name)),
        ("colour", In::from("#246997")),
        ("description", In::from("")),
        ("group", In::from(Any::Null)),
        ("order", In::from(1.0)),
        ("locked", In::from(false)),
        ("author", In::from(author.to_string())),
    ])
}

fn group_of(author: UserId) -> MapPrelim {
    MapPrelim::from_iter([
        ("name", Any::from("Group")),
        ("order", Any::from(1)),
        ("author", Any::from(author.to_string())),
    ])
}

fn stamp(by: &Sender) -> Any {
    let by = by.author.to_string();
    any!({"by": by, "at": NOW})
}
