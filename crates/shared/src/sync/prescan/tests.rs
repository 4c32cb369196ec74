use std::collections::HashMap;

use proptest::prelude::*;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, Options, ReadTxn, StateVector, Text, TextPrelim, Transact, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use super::*;
use crate::sync::reader::{write_bytes, write_var_uint};

fn doc() -> Doc {
    Doc::with_options(Options { offset_kind: yrs::OffsetKind::Utf16, ..Options::default() })
}

fn nested(depth: u32) -> Any {
    (0..depth).fold(Any::Null, |inner, _| Any::Array(vec![inner].into()))
}

/// A random edit of a document that uses each kind of content.
fn edit(doc: &Doc, step: (u8, u8, String)) {
    let (kind, place, text) = step;
    let (map, notes, list) =
        (doc.get_or_insert_map("map"), doc.get_or_insert_text("notes"), doc.get_or_insert_array("list"));
    let mut txn = doc.transact_mut();
    let at = u32::from(place);
    match kind {
        0 => notes.push(&mut txn, &text),
        1 => notes.insert(&mut txn, 0, &text),
        2 if notes.len(&txn) > at => notes.remove_range(&mut txn, at, 1),
        3 => drop(map.insert(&mut txn, text, Any::from(i64::from(place) << 40))),
        4 => drop(map.insert(&mut txn, text.clone(), MapPrelim::from([("body", text)]))),
        5 => drop(list.push_back(&mut txn, TextPrelim::new(text))),
        6 => drop(list.push_back(&mut txn, ArrayPrelim::from([1.5, 2.0]))),
        7 if list.len(&txn) > at => list.remove(&mut txn, at),
        8 => drop(map.remove(&mut txn, &text)),
        9 => drop(list.push_back(&mut txn, vec![1_u8, 2, 3])),
        10 => drop(map.insert(&mut txn, text.clone(), Any::Map(HashMap::from([(text, nested(9))]).into()))),
        11 if notes.len(&txn) > 0 => notes.format(&mut txn, 0, 1, [("bold".into(), true.into())].into()),
        12 => drop(notes.insert_embed(&mut txn, 0, Any::from(text))),
        _ => {}
    }
}

fn steps() -> impl Strategy<Value = Vec<(bool, (u8, u8, String))>> {
    prop::collection::vec((any::<bool>(), (0..13_u8, 0..5_u8, "[a-c😀é]{1,3}")), 1..40)
}

fn everything(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

proptest! {
    #[test]
    fn what_yrs_writes_is_never_refused(steps in steps()) {
        let (left, right) = (doc(), doc());
        for (first, step) in steps {
            let doc = if first { &left } else { &right };
            let before = doc.transact().state_vector();
            edit(doc, step);
            let update = doc.transact().encode_diff_v1(&before);
            let outline = prescan(&update).unwrap();
            prop_assert_eq!(outline.gap(|client| before.get(&yrs::ClientID::new(client))), None);
        }
        let state = everything(&right);
        left.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
        let merged = everything(&left);
        let outline = prescan(&merged).unwrap();
        prop_assert_eq!(outline.gap(|_| 0), None);
        let vector = left.transact().state_vector();
        for (client, clock) in vector.iter() {
            prop_assert_eq!(&outline.brings[&client.get()], &vec![(0, *clock)]);
        }
        prop_assert_eq!(state_vector(&vector.encode_v1()), Ok(()));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = prescan(&bytes);
        let _ = state_vector(&bytes);
    }

    #[test]
    fn changed_bytes_never_panic(steps in steps(), changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4)) {
        let doc = doc();
        for (_, step) in steps {
            edit(&doc, step);
        }
        let mut update = everything(&doc);
        for (at, byte) in changes {
            let at = at.index(update.len());
            update[at] = byte;
        }
        let _ = prescan(&update);
    }
}

/// One item with these values, by client 1.
fn values(values: &[u8], count: u64) -> Vec<u8> {
    let mut update = vec![1, 1, 1, 0, 8, 1, 1, b'l'];
    write_var_uint(&mut update, count);
    update.extend(values);
    update.push(0);
    update
}

#[test]
fn values_may_be_nested_64_deep_and_not_deeper() {
    let nest = |depth: usize| [[117, 1].repeat(depth), vec![126]].concat();
    assert!(prescan(&values(&nest(64), 1)).is_ok());
    assert!(prescan(&values(&nest(65), 1)).is_err());
    // 12 KiB of this ended the process.
    assert!(prescan(&values(&nest(6_200), 1)).is_err());
}

#[test]
fn json_may_be_nested_64_deep_and_not_deeper() {
    let embed = |depth: usize| {
        let mut update = vec![1, 1, 1, 0, 5, 1, 1, b't'];
        write_bytes(&mut update, format!("{}\"[[[\\\"[\"{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        update.push(0);
        update
    };
    assert!(prescan(&embed(64)).is_ok());
    assert!(prescan(&embed(65)).is_err());
}

#[test]
fn a_count_that_the_bytes_cannot_hold_is_refused() {
    let huge = [0x80, 0x80, 0x80, 0x80, 0x01];
    assert!(prescan(&huge).is_err(), "clients");
    assert!(prescan(&[&[1][..], &huge, &[1, 0, 0]].concat()).is_err(), "structs");
    assert!(prescan(&[&[0][..], &huge].concat()).is_err(), "deletions");
    assert!(prescan(&[&[0, 1, 1][..], &huge].concat()).is_err(), "ranges");
    assert!(prescan(&values(&[&[118][..], &huge].concat(), 1)).is_err(), "entries of a map");
    assert!(prescan(&values(&[&[117][..], &huge].concat(), 1)).is_err(), "entries of an array");
    assert!(prescan(&values(&[], 1 << 28)).is_err(), "values");
    assert!(state_vector(&huge).is_err(), "entries of a state vector");
}

#[test]
fn clocks_that_overflow_are_refused() {
    let collected = |clock: u64, length: u64| {
        let mut update = vec![1, 1, 1];
        write_var_uint(&mut update, clock);
        update.push(0);
        write_var_uint(&mut update, length);
        update.push(0);
        update
    };
    let most = i32::MAX as u64;
    assert!(prescan(&collected(most - 1, 1)).is_ok());
    assert!(prescan(&collected(most, 1)).is_err());
    assert!(prescan(&collected(1, u64::from(u32::MAX))).is_err());
    let mut deleted = vec![0, 1, 1, 1, 0];
    write_var_uint(&mut deleted, 1 << 32);
    assert!(prescan(&deleted).is_err());
}

#[test]
fn client_ids_beyond_53_bits_are_refused() {
    let client = |client: u64| {
        let mut update = vec![1, 1];
        write_var_uint(&mut update, client);
        update.extend([0, 0, 1, 0]);
        update
    };
    assert!(prescan(&client((1 << 53) - 1)).is_ok());
    assert!(prescan(&client(1 << 53)).is_err());
}

#[test]
fn an_integer_that_would_overflow_a_shift_is_refused() {
    let integer = |bytes: usize| [vec![125], vec![0xff; bytes - 1], vec![0]].concat();
    assert!(prescan(&values(&integer(9), 1)).is_ok());
    assert!(prescan(&values(&integer(10), 1)).is_err());
}

#[test]
fn a_client_named_twice_is_refused() {
    assert!(prescan(&[2, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0]).is_err());
    assert!(prescan(&[2, 1, 1, 0, 0, 1, 1, 2, 1, 0, 1, 0]).is_ok());
    assert!(prescan(&[0, 2, 1, 0, 1, 0]).is_err());
}

#[test]
fn bytes_after_the_update_are_refused() {
    assert!(prescan(&[0, 0]).unwrap().is_empty());
    assert!(prescan(&[0, 0, 0]).is_err());
}

#[test]
fn a_hole_that_nothing_refers_to_is_a_gap() {
    let doc = doc();
    let (first, second) = (doc.get_or_insert_map("first"), doc.get_or_insert_map("second"));
    first.insert(&mut doc.transact_mut(), "a", 1);
    let before = doc.transact().state_vector();
    second.insert(&mut doc.transact_mut(), "b", 2);
    let update = doc.transact().encode_diff_v1(&before);
    // Why the outline is asked and not yrs: it takes the update and sees nothing missing.
    let other = Doc::new();
    other.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
    assert!(!other.transact().has_missing_updates());

    let outline = prescan(&update).unwrap();
    let client = doc.client_id().get();
    assert_eq!(outline.gap(|_| 0), Some(client));
    assert_eq!(outline.gap(|_| 1), None);
}

#[test]
fn deleting_what_is_not_yet_written_is_a_gap() {
    let mut update = vec![0, 1, 7, 1, 0];
    write_var_uint(&mut update, MAX_CLOCK.into());
    assert_eq!(prescan(&update).unwrap().gap(|_| 10), Some(7));
    assert_eq!(prescan(&[0, 1, 7, 1, 0, 10]).unwrap().gap(|_| 10), None);
}
