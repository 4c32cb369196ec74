//! The author of a document in which nobody has written yet: its owner, whose id there may become another.

use yrs::{Doc, Map, MapRef, Out, ReadTxn, Transact};

use super::Roots;
use crate::ids::UserId;

/// Somebody has written in the document, so that its authors stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody has written in the document")]
pub struct Written;

/// Makes `to` the author of the tags and groups that `from` made. Nothing of the old id is left. No transaction may be
/// open.
///
/// # Errors
/// There is more than tags of `from`'s: a highlight (also a deleted one), notes, a response, tags of others. Then nothing
/// is changed.
pub fn hand_over(doc: &Doc, from: UserId, to: UserId) -> Result<(), Written> {
    let roots = Roots::of(doc);
    let mut txn = doc.transact_mut();
    let has_response = txn.root_refs().any(|(name, _)| name.starts_with("response:"));
    if has_response || roots.highlights.len(&txn) > 0 || yrs::Text::len(&roots.notes, &txn) > 0 {
        return Err(Written);
    }
    let from = from.to_string();
    let mut made: Vec<MapRef> = Vec::new();
    for map in [&roots.tags, &roots.tag_groups] {
        for (_, value) in map.iter(&txn) {
            let Out::YMap(thing) = value else { return Err(Written) };
            let is_from = thing.get(&txn, "author").is_some_and(|author| author.to_string(&txn) == from);
            if !is_from {
                return Err(Written);
            }
            made.push(thing);
        }
    }
    for thing in made {
        thing.insert(&mut txn, "author", to.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use yrs::{StateVector, Text, Update, updates::decoder::Decode};

    use super::*;
    use crate::document::{empty, seed, tags};

    fn seeded(author: UserId) -> Doc {
        let doc = empty();
        doc.transact_mut().apply_update(Update::decode_v1(&seed(author)).unwrap()).unwrap();
        doc
    }

    fn bytes(doc: &Doc) -> Vec<u8> {
        doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    fn holds(bytes: &[u8], id: UserId) -> bool {
        bytes.windows(36).any(|window| window == id.to_string().as_bytes())
    }

    #[test]
    fn a_seeded_document_gets_another_author_and_nothing_is_left_of_the_first() {
        let (ann, alias) = (UserId::new(), UserId::new());
        let doc = seeded(ann);
        assert!(holds(&bytes(&doc), ann));
        let before = tags(&Roots::of(&doc), &doc.transact());
        hand_over(&doc, ann, alias).unwrap();
        let (bytes, after) = (bytes(&doc), tags(&Roots::of(&doc), &doc.transact()));
        assert!(holds(&bytes, alias) && !holds(&bytes, ann));
        let as_before: Vec<_> = after.into_iter().map(|tag| crate::document::Tag { author: ann, ..tag }).collect();
        assert_eq!(as_before, before, "nothing else has changed");
        hand_over(&doc, alias, ann).unwrap();
    }

    #[test]
    fn a_document_in_which_somebody_has_written_keeps_its_authors() {
        let (ann, ben) = (UserId::new(), UserId::new());
        let notes = seeded(ann);
        notes.get_or_insert_text("notes").insert(&mut notes.transact_mut(), 0, "x");
        let response = seeded(ann);
        let root = response.get_or_insert_text(format!("response:{ann}"));
        root.insert(&mut response.transact_mut(), 0, "x");
        root.remove_range(&mut response.transact_mut(), 0, 1);
        let highlight = seeded(ann);
        highlight.get_or_insert_map("highlights").insert(&mut highlight.transact_mut(), "x", "deleted");
        for (doc, what) in [(notes, "notes"), (response, "a response"), (highlight, "a highlight")] {
            let before = bytes(&doc);
            assert_eq!(hand_over(&doc, ann, ben), Err(Written), "{what}");
            assert_eq!(bytes(&doc), before);
        }
        assert_eq!(hand_over(&seeded(ben), ann, ben), Err(Written), "tags of somebody else");
    }
}
