use std::collections::BTreeMap;

use shared::sync::prescan::{Outline, prescan};
use yrs::{
    Doc, GetString, Map, ReadTxn, StateVector, Text, Transact, Update,
    types::{ToJson, text::YChange},
    updates::decoder::Decode,
};

use crate::{kin, memory, seeded, words};

/// Bytes of memory for a byte of input: the scan itself keeps client ids and runs of clocks.
const SCAN: usize = 64;

/// yrs makes of each of the smallest structs (5 bytes) an item with its links.
const YRS: usize = 256;

/// Takes bytes as the server takes an update: scanned, decoded, looked at for gaps, applied. Whatever comes of it, nothing
/// panics and nothing takes memory out of proportion; and what was taken leaves a document that can be stored and read again.
pub fn check(update: &[u8]) {
    if let Some((doc, whole)) = taken(update)
        && kin::belongs_together(seeded::state(), update)
    {
        read_again(&doc, &whole);
    }
}

/// As [`check`], for an update that was made by edits: the document shows the same when it is read again. (A forged item
/// that claims neighbours which were never beside each other stands elsewhere for each who reads it.)
pub fn check_made(update: &[u8]) {
    let (doc, whole) = taken(update).expect("what yrs writes is never refused");
    assert!(kin::belongs_together(seeded::state(), update));
    let again = read_again(&doc, &whole);
    assert_eq!(shown(&doc), shown(&again));
    let before = doc.transact().state_vector();
    let (highlights, notes) = (doc.get_or_insert_map("highlights"), doc.get_or_insert_text("notes"));
    highlights.insert(&mut doc.transact_mut(), "later", 1);
    notes.push(&mut doc.transact_mut(), "later");
    let more = doc.transact().encode_diff_v1(&before);
    prescan(&more).expect("what yrs writes is never refused");
    seeded::take(&again, &more);
    assert_eq!(shown(&doc), shown(&again));
}

/// The document with the update, and all of it as one update.
fn taken(update: &[u8]) -> Option<(Doc, Vec<u8>)> {
    let Ok(outline) = memory::within(SCAN, update, || prescan(update)) else { return None };
    // The scan leaves JSON and formats that no Yjs writes to yrs, which declines them.
    let Ok(decoded) = memory::within(YRS, update, || Update::decode_v1(update)) else { return None };
    assert_eq!(brought(&decoded), outline.brings, "the outline says what the update brings");
    let deletes = decoded.delete_set().iter().any(|(_, runs)| runs.iter().any(|run| !run.is_empty()));
    assert_eq!(deletes, outline.deletes, "the outline says whether it deletes");

    let doc = seeded::document(4);
    let before = reached(&doc);
    if outline.gap(|client| before.get(&client).copied().unwrap_or(0)).is_some() {
        return None;
    }
    let taken = memory::within(YRS, update, || {
        let mut txn = doc.transact_mut();
        txn.apply_update(decoded).is_ok() && !txn.has_missing_updates()
    });
    if !taken {
        return None;
    }
    assert_eq!(reached(&doc), after(before, &outline), "the outline says how far the document has come");
    let whole = written(&doc, update);
    Some((doc, whole))
}

/// A document that can be written, and written on.
fn written(doc: &Doc, update: &[u8]) -> Vec<u8> {
    let whole = memory::within(YRS, update, || seeded::whole(doc));
    let outline = prescan(&whole).expect("what yrs writes is never refused");
    assert_eq!(outline.gap(|_| 0), None, "a document has no holes");
    // Slower, and once ended in a panic after an update that yrs had taken.
    doc.transact().encode_state_as_update_v1(&StateVector::default());
    whole
}

/// Another document of the same bytes. Both know the same, and nothing more is deleted.
fn read_again(doc: &Doc, whole: &[u8]) -> Doc {
    let again = seeded::empty(5);
    memory::within(YRS, whole, || seeded::take(&again, whole));
    assert!(!again.transact().has_missing_updates());
    assert_eq!(doc.transact().snapshot(), again.transact().snapshot(), "what was read is what was written");
    for doc in [doc, &again] {
        // Not as JSON: yrs reads a list for ever that holds a text item, as only a forged one does. The rules take no
        // lists, and nothing of ours reads one.
        let (highlights, notes) = (doc.get_or_insert_map("highlights"), doc.get_or_insert_text("notes"));
        let txn = doc.transact();
        notes.get_string(&txn);
        highlights.keys(&txn).for_each(drop);
    }
    again
}

/// The units that an update holds, by yrs' account.
fn brought(update: &Update) -> BTreeMap<u64, Vec<(u32, u32)>> {
    let runs = update.insertions(true);
    let runs = runs.iter().map(|(client, runs)| (client.get(), runs.iter().map(|run| (run.start, run.end)).collect()));
    runs.collect()
}

/// How many units of each client a document has.
fn reached(doc: &Doc) -> BTreeMap<u64, u32> {
    doc.transact().state_vector().iter().map(|(client, clock)| (client.get(), *clock)).collect()
}

fn after(mut reached: BTreeMap<u64, u32>, outline: &Outline) -> BTreeMap<u64, u32> {
    for (client, runs) in &outline.brings {
        let clock = reached.entry(*client).or_default();
        *clock = runs.iter().map(|run| run.1).fold(*clock, u32::max);
    }
    reached
}

/// What a reader sees. As text: a number that is none is not equal to itself.
fn shown(doc: &Doc) -> [String; 3] {
    let (highlights, notes) = (doc.get_or_insert_map("highlights"), doc.get_or_insert_text("notes"));
    let list = doc.get_or_insert_array("list");
    let txn = doc.transact();
    let pieces = notes.diff(&txn, YChange::identity);
    let pieces: Vec<_> = pieces.iter().map(|piece| words::of(&piece.insert.to_json(&txn))).collect();
    [words::of(&highlights.to_json(&txn)), pieces.join("|"), words::of(&list.to_json(&txn))]
}
