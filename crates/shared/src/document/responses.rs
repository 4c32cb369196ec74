//! What each member wrote in answer: a root of its own for each of them.

use yrs::{Doc, GetString, ReadTxn, TextRef, Transact};

use crate::{ids::UserId, order::sorted_by};

const ROOT: &str = "response:";

/// Everybody's response that is not blank, in the order of their ids. No transaction may be open.
pub fn responses(doc: &Doc) -> Vec<(UserId, String)> {
    let authors: Vec<UserId> = {
        let txn = doc.transact();
        txn.root_refs().filter_map(|(name, _)| name.strip_prefix(ROOT)?.parse().ok()).collect()
    };
    let authors = sorted_by(authors, UserId::cmp);
    let texts = authors.into_iter().map(|author| (author, response(doc, author).get_string(&doc.transact())));
    texts.filter(|(_, text)| !text.trim().is_empty()).collect()
}

/// What a member writes in answer, the root itself. No transaction may be open.
pub fn response(doc: &Doc, author: UserId) -> TextRef {
    // What has only come over the network has no type yet: this says that it is a text.
    doc.get_or_insert_text(format!("{ROOT}{author}"))
}

#[cfg(test)]
mod tests {
    use yrs::{StateVector, Text, Update, updates::decoder::Decode};

    use super::*;
    use crate::document::{Roots, empty};

    #[test]
    fn responses_are_read_as_they_come_over_the_network_and_blank_ones_are_none() {
        let (from, to) = (empty(), empty());
        let roots = Roots::of(&to);
        let (ann, ben, cat) = (UserId::new(), UserId::new(), UserId::new());
        for (author, words) in [(ann, "**Yes**, 漢字"), (ben, " \n"), (cat, "No.")] {
            let text = from.get_or_insert_text(format!("response:{author}"));
            text.insert(&mut from.transact_mut(), 0, words);
        }
        from.get_or_insert_text("response:nobody").insert(&mut from.transact_mut(), 0, "forged");
        let all = from.transact().encode_state_as_update_v1(&StateVector::default());
        to.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
        let read = responses(&to);
        assert_eq!(read, [(ann, "**Yes**, 漢字".to_owned()), (cat, "No.".to_owned())]);
        assert_eq!(roots.notes.len(&to.transact()), 0);
    }
}
