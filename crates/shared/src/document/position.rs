//! Places in a text that stay among the letters where they are: relative positions of Yjs, as its clients tell one another
//! where their carets are.

use serde::{Deserialize, Serialize};
use yrs::{Assoc, ClientID, ID, IndexedSequence, ReadTxn, StickyIndex, Text, TextRef};

use crate::sync::MAX_CLIENT_ID;

/// The root of the shared notes.
const NOTES: &str = "notes";

/// A place in the shared notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The root.
    #[serde(default)]
    pub tname: Option<String>,
    /// The letter behind it; none at the end.
    #[serde(default)]
    pub item: Option<Letter>,
    /// 0; below, `item` is the letter before it.
    #[serde(default)]
    pub assoc: i32,
}

/// A letter, by the Yjs client that wrote it and that client's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The client.
    pub client: u64,
    /// Its clock.
    pub clock: u32,
}

impl Position {
    /// The place at this offset of the notes (UTF-16 units); the end, if they are not so long.
    pub fn of(notes: &TextRef, txn: &impl ReadTxn, at: u32) -> Self {
        let place = notes.sticky_index(txn, at, Assoc::After);
        let letter = |id: &ID| Letter { client: id.client.get(), clock: id.clock };
        Self { tname: Some(NOTES.to_owned()), item: place.as_ref().and_then(StickyIndex::id).map(letter), assoc: 0 }
    }

    /// Where it is now. Others may say anything: what is not in the notes, or not here yet, is nowhere.
    pub fn offset(&self, notes: &TextRef, txn: &impl ReadTxn) -> Option<u32> {
        let assoc = if self.assoc < 0 { Assoc::Before } else { Assoc::After };
        let Some(Letter { client, clock }) = self.item else {
            let is_end = assoc == Assoc::After;
            return (self.tname.as_deref() == Some(NOTES)).then(|| if is_end { notes.len(txn) } else { 0 });
        };
        if client >= MAX_CLIENT_ID {
            return None;
        }
        let found = StickyIndex::from_id(ID::new(ClientID::new(client), clock), assoc).get_offset(txn)?;
        let own: &yrs::branch::Branch = notes.as_ref();
        std::ptr::eq(&*found.branch, own).then_some(found.index)
    }
}

#[cfg(test)]
mod tests {
    use yrs::{Map, Transact, Update, updates::decoder::Decode};

    use super::*;
    use crate::document::{Roots, empty};

    #[test]
    fn a_place_stays_among_its_letters_in_every_replica() {
        let (a, b) = (empty(), empty());
        let (notes, other) = (Roots::of(&a).notes, Roots::of(&b).notes);
        notes.insert(&mut a.transact_mut(), 0, "für 🎉 漢字 alle");
        let places: Vec<(u32, Position)> = (0..=14).map(|at| (at, Position::of(&notes, &a.transact(), at))).collect();
        let all = a.transact().encode_state_as_update_v1(&yrs::StateVector::default());
        b.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
        other.insert(&mut b.transact_mut(), 0, "👩🏽‍🚀 ");
        let json = |place: &Position| serde_json::to_string(place).unwrap();
        for (at, place) in places.into_iter().filter(|(at, _)| *at != 5) {
            let heard: Position = serde_json::from_str(&json(&place)).unwrap();
            assert_eq!(heard.offset(&other, &b.transact()), Some(at + 8), "{}", json(&place));
        }
        let beyond = Position::of(&notes, &a.transact(), 999);
        assert_eq!(beyond.offset(&notes, &a.transact()), Some(14), "behind the end is the end");
    }

    #[test]
    fn what_a_yjs_client_says_is_understood() {
        let doc = empty();
        let notes = Roots::of(&doc).notes;
        notes.insert(&mut doc.transact_mut(), 0, "one two");
        let client = doc.client_id().get();
        let said = |json: String| serde_json::from_str::<Position>(&json).unwrap().offset(&notes, &doc.transact());
        assert_eq!(
            said(format!(r#"{{"type":null,"tname":"notes","item":{{"client":{client},"clock":4}},"assoc":0}}"#)),
            Some(4)
        );
        assert_eq!(said(format!(r#"{{"item":{{"client":{client},"clock":4}},"assoc":-1}}"#)), Some(5));
        assert_eq!(said(r#"{"tname":"notes","assoc":-1}"#.into()), Some(0));
    }

    #[test]
    fn what_is_not_in_the_notes_is_nowhere() {
        let doc = empty();
        let roots = Roots::of(&doc);
        roots.meta.insert(&mut doc.transact_mut(), "schema", 1);
        roots.notes.insert(&mut doc.transact_mut(), 0, "notes");
        let client = doc.client_id().get();
        for (client, clock) in [(client, 0), (client, 6), (client, u32::MAX), (1, 0), (MAX_CLIENT_ID, 0), (u64::MAX, 7)]
        {
            let place = Position { tname: Some(NOTES.into()), item: Some(Letter { client, clock }), assoc: 0 };
            assert_eq!(place.offset(&roots.notes, &doc.transact()), None, "{place:?}");
        }
        let elsewhere = Position { tname: Some("meta".into()), item: None, assoc: 0 };
        assert_eq!(elsewhere.offset(&roots.notes, &doc.transact()), None);
    }
}
