//! Documents to take away, and such as come from elsewhere.

use std::collections::BTreeMap;

use shared::{
    document::whole::Whole,
    ids::ConversationId,
    rules::{self, Flaw},
    sync::{MAX_DOCUMENT, prescan::prescan},
};
use yrs::{ReadTxn, StateVector, Transact};

use super::{
    Rooms,
    copies::{Copies, Trial},
    persistence::{self, EMPTY, Stored},
};

/// Why bytes are no document of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More than a document may have.
    #[error("it has {0} bytes; a document has at most {MAX_DOCUMENT}")]
    TooLarge(usize),
    /// No update, or one that cannot be applied.
    #[error("it is no Yjs update (v1), or a damaged one")]
    Malformed,
    /// Something in it stands on something that is not in it.
    #[error("it is only a part of a document: something that it builds on is not in it")]
    Gap,
    /// It is not of the schema.
    #[error(transparent)]
    Flaw(#[from] Flaw),
}

impl Rooms {
    /// A document as it is committed: as one update, and all that it says; `None` if there is none.
    ///
    /// # Errors
    /// The database's, or bytes that make no document. What is not of the schema is said in place of what it says.
    pub async fn whole(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<(Vec<u8>, Result<Whole, Flaw>)>, persistence::Failure> {
        let read = self.read(conversation, |doc| {
            let state = doc.transact().encode_diff_v1(&StateVector::default());
            (state, rules::whole(doc))
        });
        Ok(read.await?.map(|read| read.what))
    }

    /// Reads a document that somebody brings, through all that an update from the network goes through.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub async fn unpack(&self, update: Vec<u8>) -> Result<Whole, Unreadable> {
        // A panic is told from damage by nobody.
        self.house.aside.run(move || unpack(&update)).await.unwrap_or(Err(Unreadable::Malformed))
    }
}

fn unpack(update: &[u8]) -> Result<Whole, Unreadable> {
    if update.len() > MAX_DOCUMENT {
        return Err(Unreadable::TooLarge(update.len()));
    }
    let outline = prescan(update).map_err(|_| Unreadable::Malformed)?;
    if outline.gap(|_| 0).is_some() {
        return Err(Unreadable::Gap);
    }
    let nothing = Stored {
        state: EMPTY.to_vec(),
        seq: 0,
        epoch: 0,
        updates: Vec::new(),
        authors: Vec::new(),
        written_at: Vec::new(),
        clients: Vec::new(),
        is_copy: false,
    };
    let mut copies = Copies::load(&nothing, BTreeMap::new()).map_err(|_| Unreadable::Malformed)?;
    match copies.try_on_probe(update, &outline) {
        Trial::Changed(_) | Trial::Unchanged => Ok(rules::whole(copies.probe())?),
        Trial::Gap => Err(Unreadable::Gap),
        Trial::Broken => Err(Unreadable::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        document::{seed, whole::NewIds},
        ids::UserId,
    };
    use yrs::{Doc, Map, Text};

    use super::*;

    fn update(write: impl FnOnce(&Doc)) -> Vec<u8> {
        let doc = Doc::new();
        write(&doc);
        doc.transact().encode_diff_v1(&StateVector::default())
    }

    #[test]
    fn what_a_new_conversation_begins_with_is_read_and_written_again() {
        let author = UserId::new();
        let whole = unpack(&seed(author)).unwrap();
        assert_eq!((whole.tags.len(), whole.people().into_iter().collect::<Vec<_>>()), (6, vec![author]));
        let again = unpack(&whole.write().unwrap()).unwrap();
        assert_eq!(again, whole);
        let other = unpack(&whole.clone().under(&mut NewIds::default()).write().unwrap()).unwrap();
        let names = |whole: &Whole| whole.tags.values().map(|tag| tag.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&other), names(&whole), "in the same order");
        assert!(other.tags.keys().all(|id| !whole.tags.contains_key(id)));
    }

    #[test]
    fn what_is_no_whole_document_is_not_read() {
        let whole = update(|doc| doc.get_or_insert_text("notes").insert(&mut doc.transact_mut(), 0, "words"));
        for cut in 1..whole.len() {
            assert_eq!(unpack(&whole[..cut]), Err(Unreadable::Malformed), "{cut}");
        }
        let text = Doc::new();
        let notes = text.get_or_insert_text("notes");
        notes.insert(&mut text.transact_mut(), 0, "first ");
        let known = text.transact().state_vector();
        notes.insert(&mut text.transact_mut(), 6, "second");
        assert_eq!(unpack(&text.transact().encode_diff_v1(&known)), Err(Unreadable::Gap));
        assert_eq!(unpack(&vec![0; MAX_DOCUMENT + 1]), Err(Unreadable::TooLarge(MAX_DOCUMENT + 1)));
    }

    #[test]
    fn what_is_not_of_the_schema_is_named() {
        let root = |root: &'static str, key: &'static str| {
            update(move |doc| {
                doc.get_or_insert_map(root).insert(&mut doc.transact_mut(), key, "x");
            })
        };
        for (update, at) in [
            (root("secrets", "x"), "secrets: "),
            (root("response:nobody", "x"), "response:nobody: "),
            (root("highlights", "x"), "highlights/x: "),
            (root("tags", "018f0000-0000-7000-8000-000000000000"), "tags/018f0000-0000-7000-8000-000000000000: "),
            (root("meta", "owner"), "meta/owner: "),
            (root("meta", "schema"), "meta/schema: "),
        ] {
            let error = unpack(&update).unwrap_err().to_string();
            assert!(error.starts_with(at), "{error}");
        }
    }
}
