//! What Ben tries: things that he may do, and things that he may not.

use arbitrary::Arbitrary;
use shared::document::Roots;
use yrs::{Any, Doc, Map, MapRef, Text, TextRef, Transact, TransactionMut, WriteTxn, any};

use super::conversation::{
    ANN, BEN, COMMENT, GROUP, HIGHLIGHT, LOCKED, NEW_HIGHLIGHT, OWN_HIGHLIGHT, TAG, nested, put_comment, put_highlight,
    put_tag, response, targets,
};

#[derive(Debug, Arbitrary)]
pub struct Step {
    kind: u8,
    which: u8,
    key: u8,
    value: u8,
}

pub fn edit(doc: &Doc, roots: &Roots, step: &Step) {
    let mut txn = doc.transact_mut();
    let author = if step.value & 1 == 0 { BEN } else { ANN };
    match step.kind % 10 {
        0 => write(&roots.notes, &mut txn, step),
        1 => write(&txn.get_or_insert_text(response(author)), &mut txn, step),
        2 => put_highlight(&roots.highlights, &mut txn, NEW_HIGHLIGHT, author),
        3 | 4 => change(roots, &mut txn, step),
        5 => {
            if let Some(comments) = highlight(roots, &txn, step).and_then(|map| nested(&map, &txn, "comments")) {
                put_comment(&comments, &mut txn, &id(step), author, "because");
            }
        }
        6 => put_tag(&roots.tags, &mut txn, &id(step), author, "Mine", step.which & 1 == 0),
        7 => {
            if let Some(tags) = highlight(roots, &txn, step).and_then(|map| nested(&map, &txn, "tags")) {
                tags.insert(&mut txn, id(step), f64::from(step.value));
            }
        }
        8 => drop(roots.highlights.remove(&mut txn, &id(step))),
        _ => drop(roots.meta.insert(&mut txn, KEYS[usize::from(step.key) % KEYS.len()], 2)),
    }
}

fn write(text: &TextRef, txn: &mut TransactionMut<'_>, step: &Step) {
    let length = text.len(txn);
    let at = u32::from(step.which) % (length + 1);
    match step.key % 4 {
        0 | 1 => text.insert(txn, at, "words "),
        2 => text.remove_range(txn, at, (length - at).min(4)),
        _ => text.format(txn, at, (length - at).min(4), [("bold".into(), true.into())].into()),
    }
}

/// A field of any map is given any value, or taken away.
fn change(roots: &Roots, txn: &mut TransactionMut<'_>, step: &Step) {
    let Some(map) = any_map(roots, txn, step) else { return };
    let key = KEYS[usize::from(step.key) % KEYS.len()];
    match step.value % 12 {
        0 => drop(map.remove(txn, key)),
        1 => drop(map.insert(txn, key, yrs::MapPrelim::default())),
        2 => drop(map.insert(txn, key, yrs::TextPrelim::new("text"))),
        value => drop(map.insert(txn, key, some(value))),
    }
}

fn some(number: u8) -> Any {
    let (ann, ben, tag) = (ANN.to_string(), BEN.to_string(), TAG.to_string());
    match number {
        3 => Any::Null,
        4 => any!({"by": ben, "at": 1.8e12}),
        5 => any!({"by": ann, "at": 1.8e12}),
        6 => true.into(),
        7 => ben.into(),
        8 => tag.into(),
        9 => targets(5),
        10 => "#00a784".into(),
        _ => 2.5.into(),
    }
}

fn any_map(roots: &Roots, txn: &TransactionMut<'_>, step: &Step) -> Option<MapRef> {
    match step.which % 6 {
        0 => Some(roots.meta.clone()),
        1 => nested(&roots.tags, txn, &TAG.to_string()),
        2 => nested(&roots.tags, txn, &LOCKED.to_string()),
        3 => nested(&roots.tag_groups, txn, &GROUP.to_string()),
        4 => {
            let comments = nested(&highlight(roots, txn, step)?, txn, "comments")?;
            nested(&comments, txn, &COMMENT.to_string())
        }
        _ => highlight(roots, txn, step),
    }
}

fn highlight(roots: &Roots, txn: &TransactionMut<'_>, step: &Step) -> Option<MapRef> {
    let id = if step.value & 2 == 0 { HIGHLIGHT } else { OWN_HIGHLIGHT };
    nested(&roots.highlights, txn, &id.to_string())
}

fn id(step: &Step) -> String {
    match step.key % 7 {
        0 => HIGHLIGHT.to_string(),
        5 => NEW_HIGHLIGHT.to_string(),
        1 => COMMENT.to_string(),
        2 => TAG.to_string(),
        3 => LOCKED.to_string(),
        4 => OWN_HIGHLIGHT.to_string(),
        _ => "no id".to_owned(),
    }
}

const KEYS: [&str; 16] = [
    "targets",
    "author",
    "created_at",
    "tags",
    "resolved",
    "deleted",
    "comments",
    "body",
    "edited_at",
    "parent",
    "name",
    "colour",
    "locked",
    "merged_into",
    "schema",
    "unheard_of",
];
