//! The map of places, held against what the document then shows.

use proptest::prelude::*;

use super::*;

/// Every value of a document by its path, as the places name it.
fn paths(doc: &Doc, roots: &Roots) -> BTreeSet<Place> {
    use crate::rules::places::{Holder, Place};
    fn walk(map: &MapRef, holder: Holder, txn: &impl ReadTxn, into: &mut BTreeSet<Place>) {
        for (key, value) in map.iter(txn) {
            let place = holder.child(Some(key)).unwrap();
            into.insert(place);
            if let (Out::YMap(map), Some(holder)) = (value, place.holder()) {
                walk(&map, holder, txn, into);
            }
        }
    }
    let (txn, mut found) = (doc.transact(), BTreeSet::new());
    for (name, map) in [("highlights", &roots.highlights), ("tags", &roots.tags), ("tag_groups", &roots.tag_groups)] {
        walk(map, Holder::root(name).unwrap(), &txn, &mut found);
    }
    found
}

fn edit(roots: &Roots, txn: &mut TransactionMut, me: &Sender, message: MessageId, step: (u8, u8, String)) {
    let (kind, place, text) = step;
    let ids: Vec<String> = roots.highlights.keys(txn).map(str::to_owned).collect();
    let tags: Vec<String> = roots.tags.keys(txn).map(str::to_owned).collect();
    let pick = |all: &[String]| all.get(usize::from(place) % all.len().max(1)).cloned();
    match (kind, pick(&ids), pick(&tags)) {
        (0, _, _) => drop(roots.tags.insert(txn, TagId::new().to_string(), tag_of(me.author, "T"))),
        (1, _, Some(tag)) => {
            let map = highlight_of(me.author, message, tag.parse().unwrap());
            roots.highlights.insert(txn, HighlightId::new().to_string(), map);
        }
        (2, Some(id), _) => {
            let comments = inner(&inner(&roots.highlights, txn, &id), txn, "comments");
            comments.insert(txn, CommentId::new().to_string(), comment_of(me.author, "c"));
        }
        (3, Some(id), Some(tag)) => {
            inner(&inner(&roots.highlights, txn, &id), txn, "tags").insert(txn, tag, f64::from(place));
        }
        (4, Some(id), Some(tag)) => drop(inner(&inner(&roots.highlights, txn, &id), txn, "tags").remove(txn, &tag)),
        (5, Some(id), _) => drop(inner(&roots.highlights, txn, &id).insert(txn, "resolved", stamp(me))),
        (6, ..) => roots.notes.insert(txn, 0, &text),
        (7, ..) if text.len() > 1 => roots.notes.push(txn, &text),
        (8, ..) if yrs::Text::len(&roots.notes, txn) > 1 => roots.notes.remove_range(txn, 0, 1),
        _ => {}
    }
}

proptest! {
    /// Edits of two people, alone and together, are placed where the document shows them, and nothing else is; all of
    /// them are allowed, for they keep to the rules.
    #[test]
    fn every_unit_is_placed_where_the_document_shows_it(
        steps in prop::collection::vec((any::<bool>(), any::<bool>(), (0..9_u8, any::<u8>(), "[a-c😀]{1,3}")), 1..60)
    ) {
        let mut world = World::new();
        let (ann, ben, message) = (world.people.ann, world.people.ben, world.message);
        let peers = [(world.peer(), ann), (world.peer(), ben)];
        for (first, meets, step) in steps {
            let (peer, me) = &peers[usize::from(first)];
            peer.update(|roots, txn| edit(roots, txn, me, message, step));
            if meets {
                let update = peer.doc.transact().encode_diff_v1(&world.doc.transact().state_vector());
                prop_assert_eq!(world.judge(me, &update), Ok(()));
                let back = world.doc.transact().encode_diff_v1(&peer.doc.transact().state_vector());
                peer.doc.transact_mut().apply_update(Update::decode_v1(&back).unwrap()).unwrap();
            }
        }
        for (peer, me) in &peers {
            // The whole of it, as a stock client answers: what is known is passed over.
            let all = peer.doc.transact().encode_diff_v1(&StateVector::default());
            prop_assert_eq!(world.judge(me, &all), Ok(()));
        }
        let mut placed = BTreeSet::new();
        let vector = world.doc.transact().state_vector();
        for (client, clock) in vector.iter() {
            let mut units = 0;
            for run in 0..*clock {
                placed.extend(world.places.at(crate::sync::prescan::Id { client: client.get(), clock: run }));
                units += 1;
            }
            prop_assert_eq!(units, *clock);
            prop_assert!(!world.places.within(client.get(), 0, *clock).any(|place| place == Place::Unknown));
        }
        let shown = paths(&world.doc, &world.roots);
        let hidden: Vec<_> = shown.difference(&placed).collect();
        prop_assert!(hidden.is_empty(), "shown and not placed: {:?}", hidden);
        // Learned again from what is stored, the places are the same.
        let mut again = Places::default();
        again.learn_stored(&world.state(), |_| 0);
        for (client, clock) in vector.iter() {
            for clock in 0..*clock {
                let id = crate::sync::prescan::Id { client: client.get(), clock };
                prop_assert_eq!(again.at(id), world.places.at(id));
            }
        }
    }
}

#[test]
fn structs_that_wait_for_each_other_are_malformed() {
    // Two clients, each an item of text whose origin is the other's.
    let mut update = vec![2];
    for (client, other) in [(5_u8, 4_u8), (4, 5)] {
        update.extend([1, client, 0, 0x84, other, 0, 1, b'x']);
    }
    update.push(0);
    assert!(matches!(Places::default().survey(&update, |_| 0), Err(Unfit::Malformed)));
}

#[test]
fn neighbours_of_different_parents_are_malformed() {
    let mut world = World::new();
    let peer = world.peer();
    let response = peer.doc.get_or_insert_text(format!("response:{}", world.people.ann.author).as_str());
    let _ = response;
    // Units of the notes and of the response, found through the places.
    let vector = world.doc.transact().state_vector();
    let mut found = BTreeMap::new();
    for (client, clock) in vector.iter() {
        for clock in 0..*clock {
            let id = crate::sync::prescan::Id { client: client.get(), clock };
            found.entry(world.places.at(id).unwrap()).or_insert(id);
        }
    }
    let (left, right) = (found[&Place::Notes], found[&Place::Response(world.people.ann.author)]);
    let mut update = vec![1, 1, 77, 0, 0xc4];
    for id in [left, right] {
        crate::sync::reader::write_var_uint(&mut update, id.client);
        crate::sync::reader::write_var_uint(&mut update, u64::from(id.clock));
    }
    update.extend([1, b'x', 0]);
    let ann = world.people.ann;
    assert_eq!(world.judge(&ann, &update), Err(Unfit::Malformed));
}

#[test]
fn a_chain_between_two_clients_is_surveyed_in_linear_time() {
    // Each unit's origin is the other client's latest: a naive walk would start anew for each.
    let length = 100_000_u32;
    let mut update = vec![2];
    for client in [2_u8, 1] {
        crate::sync::reader::write_var_uint(&mut update, u64::from(length));
        update.extend([client, 0]);
        for clock in 0..length {
            match (client, clock) {
                (1, 0) => update.extend([0x04, 1, 5, b'n', b'o', b't', b'e', b's']),
                _ => {
                    update.extend([0x84, 3 - client]);
                    let origin = if client == 1 { clock - 1 } else { clock };
                    crate::sync::reader::write_var_uint(&mut update, u64::from(origin));
                }
            }
            update.extend([1, b'x']);
        }
    }
    update.push(0);
    let survey = Places::default().survey(&update, |_| 0).unwrap();
    assert_eq!(survey.written, BTreeSet::from([Place::Notes]));
}

#[test]
fn deletions_named_over_and_over_cost_no_more_than_once() {
    let world = World::new();
    let client = world.doc.transact().state_vector().iter().map(|(client, _)| client.get()).next().unwrap();
    let mut update = vec![0, 1];
    crate::sync::reader::write_var_uint(&mut update, client);
    crate::sync::reader::write_var_uint(&mut update, 200_000);
    for _ in 0..200_000 {
        update.extend([0, 1]);
    }
    assert!(world.places.survey(&update, known(&world.doc)).is_ok());
}

#[test]
fn what_is_said_again_with_something_behind_it_belongs_where_it_was() {
    let mut world = World::new();
    let ben = world.people.ben;
    let peer = world.peer();
    let answer = peer.doc.get_or_insert_text(format!("response:{}", ben.author).as_str());
    let update = peer.update(|_, txn| answer.push(txn, "ab"));
    assert_eq!(world.judge(&ben, &update), Ok(()));
    // The same two units, and a third: now all are said to be in the notes.
    let mut client = peer.doc.client_id().get();
    let mut forged = vec![1, 1];
    while client >= 0x80 {
        forged.push(client as u8 | 0x80);
        client >>= 7;
    }
    forged.push(client as u8);
    forged.extend(b"\x00\x04\x01\x05notes\x03abc\x00");
    assert_eq!(world.judge(&ben, &forged), Err(Unfit::Malformed));
}
