//! The scan and the outline against updates that Yjs has written (`yjs_updates.txt`, made by
//! `end2end/clients/make_updates.mjs`): edits in texts, maps, lists and XML, undone and done again, what peers send when
//! they meet, states with forgotten content, merged logs with holes, cut-out parts.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{Doc, ReadTxn, Transact, Update, updates::decoder::Decode};

use super::*;

/// Runs of units of each client, in order and joined.
type Runs = BTreeMap<u64, Vec<(u32, u32)>>;

struct Line {
    story: &'static str,
    kind: &'static str,
    update: Vec<u8>,
}

fn lines() -> impl Iterator<Item = Line> {
    include_str!("yjs_updates.txt").lines().map(|line| {
        let mut words = line.split(' ');
        let (story, kind, hex) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        Line { story, kind, update: (0..hex.len()).step_by(2).map(digits).collect() }
    })
}

fn add(runs: &mut Runs, start: Id, length: u32) {
    let runs = runs.entry(start.client).or_default();
    runs.push((start.clock, start.clock + length));
    // Yjs does not always sort or join what it has deleted.
    runs.sort_unstable();
    runs.dedup_by(|next, last| {
        let joins = next.0 <= last.1;
        if joins {
            last.1 = last.1.max(next.1);
        }
        joins
    });
}

fn theirs(set: &yrs::IdSet) -> Runs {
    set.iter().map(|(client, runs)| (client.get(), runs.iter().map(|run| (run.start, run.end)).collect())).collect()
}

/// What the parts say, in yrs' words: all units, those not forgotten, those deleted.
fn sums(update: &[u8]) -> [Runs; 3] {
    let [mut all, mut kept, mut deleted] = [Runs::new(), Runs::new(), Runs::new()];
    parts(update, |part| match part {
        Part::Deleted { start, length } => add(&mut deleted, start, length),
        Part::Struct(Struct { body: Body::Skip, .. }) => {}
        Part::Struct(Struct { start, length, body }) => {
            add(&mut all, start, length);
            if body != Body::Collected {
                add(&mut kept, start, length);
            }
        }
    })
    .unwrap();
    [all, kept, deleted]
}

#[test]
fn what_yjs_writes_is_never_refused_and_says_what_yrs_says() {
    for Line { story, kind, update } in lines() {
        let what = format!("{kind} of story {story}");
        let outline = prescan(&update).unwrap_or_else(|error| panic!("{what}: {error}"));
        let decoded = Update::decode_v1(&update).unwrap();
        let [all, kept, deleted] = sums(&update);
        assert_eq!(all, theirs(&decoded.insertions(true)), "{what}");
        assert_eq!(kept, theirs(&decoded.insertions(false)), "{what}");
        assert_eq!(deleted, theirs(decoded.delete_set()), "{what}");
        assert_eq!((outline.deletes, &outline.brings), (!deleted.is_empty(), &all), "{what}");
        let vector: BTreeMap<_, _> =
            decoded.state_vector().iter().map(|(client, clock)| (client.get(), *clock)).collect();
        let begun = all.into_iter().filter(|(_, runs)| runs[0].0 == 0).map(|(client, runs)| (client, runs[0].1));
        assert_eq!(begun.collect::<BTreeMap<_, _>>(), vector, "{what}");
    }
}

#[test]
fn where_the_outline_sees_no_gap_yrs_sees_none_and_the_document_comes_as_far_as_it_says() {
    let (mut docs, mut gaps, mut taken) = (BTreeMap::new(), 0, 0);
    for (number, Line { story, kind, update }) in lines().enumerate() {
        // Some are lost on the way.
        if kind == "edit" && number % 5 == 0 {
            continue;
        }
        let doc = docs.entry(story).or_insert_with(Doc::new);
        let known = doc.transact().state_vector();
        let outline = prescan(&update).unwrap();
        if outline.gap(|client| known.get(&yrs::ClientID::new(client))).is_some() {
            gaps += 1;
            continue;
        }
        taken += 1;
        doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
        assert!(!doc.transact().has_missing_updates(), "{kind} of story {story}");
        let reached = doc.transact().state_vector();
        for (client, runs) in outline.brings {
            let client = yrs::ClientID::new(client);
            assert_eq!(reached.get(&client), known.get(&client).max(runs[runs.len() - 1].1), "{kind} of story {story}");
        }
    }
    assert!(gaps > 10 && taken > 300, "there are both: {gaps} with gaps, {taken} without");
}

#[test]
fn the_updates_hold_everything_that_the_scan_knows() {
    let (mut seen, mut clients) = (BTreeSet::new(), BTreeSet::new());
    for line in lines() {
        parts(&line.update, |part| {
            let (id, name) = match part {
                Part::Deleted { start, .. } => (start, "Part::Deleted".to_owned()),
                Part::Struct(piece) => (piece.start, name_of(piece.body)),
            };
            clients.insert(id.client);
            seen.insert(name);
        })
        .unwrap();
    }
    let all = [
        "Array",
        "Binary",
        "Collected",
        "Deleted",
        "Embed",
        "Format",
        "Map",
        "Part::Deleted",
        "Skip",
        "Text",
        "Type::Text",
        "Values",
        "XmlElement",
        "XmlText",
    ];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), all);
    assert!(clients.iter().any(|client| *client < 128) && clients.iter().any(|client| *client > 1 << 52));
}

/// A word for what a struct is.
fn name_of(body: Body<'_>) -> String {
    let Body::Item { content, .. } = body else { return format!("{body:?}") };
    match content {
        Content::Type(Type::Text) => "Type::Text".to_owned(),
        Content::Type(kind) => format!("{kind:?}").split('(').next().unwrap().to_owned(),
        other => format!("{other:?}").split('(').next().unwrap().to_owned(),
    }
}
