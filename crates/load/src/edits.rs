use shared::sync::awareness::{self, Entry};

/// The text that all updates go to: anybody who may annotate may write there.
pub const ROOT: &str = "notes";

/// How long the lines of a [`document`] are.
const LINE: usize = 100;

const TEXT: u8 = 4;
const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT_ORIGIN: u8 = 0x40;
const PARENT_IS_ROOT: u8 = 1;

/// Writes at the end of what it wrote before, as somebody who types in a paragraph of their own.
#[derive(Debug)]
pub struct Pen {
    client: u64,
    clock: u64,
}

impl Pen {
    /// A pen with a Yjs client id of its own, below 2^53.
    pub fn new(client: u64) -> Self {
        Self { client, clock: 0 }
    }

    /// The update (format v1) that inserts ASCII text.
    pub fn write(&mut self, text: &str) -> Vec<u8> {
        let mut update = Vec::with_capacity(text.len() + 40);
        // One client with one struct.
        uint(&mut update, 1);
        uint(&mut update, 1);
        uint(&mut update, self.client);
        uint(&mut update, self.clock);
        match self.clock.checked_sub(1) {
            Some(last) => {
                update.push(TEXT | HAS_ORIGIN);
                uint(&mut update, self.client);
                uint(&mut update, last);
            }
            None => {
                update.push(TEXT);
                update.push(PARENT_IS_ROOT);
                bytes(&mut update, ROOT.as_bytes());
            }
        }
        bytes(&mut update, text.as_bytes());
        // Nothing is deleted.
        uint(&mut update, 0);
        self.clock += text.len() as u64;
        update
    }
}

/// Updates that make a document of about so many bytes, in order, each at most `largest` bytes.
///
/// Each update is one client's; each line stands above the line before it, so that a library cannot melt them into
/// one: a reader has as much work with them as with what people wrote.
pub fn document(size: usize, largest: usize) -> Vec<Vec<u8>> {
    // The bytes of a struct beside its text: at most this many.
    let each = LINE + 24;
    let (mut updates, mut total, mut above) = (Vec::new(), 0, None);
    while total < size {
        let count = (largest - 64).min(size - total).div_ceil(each).max(1);
        let client = 1_000_000 + updates.len() as u64;
        let update = lines(client, count as u64, &mut above);
        total += update.len();
        updates.push(update);
    }
    updates
}

fn lines(client: u64, count: u64, above: &mut Option<(u64, u64)>) -> Vec<u8> {
    let mut update = Vec::new();
    uint(&mut update, 1);
    uint(&mut update, count);
    uint(&mut update, client);
    uint(&mut update, 0);
    for number in 0..count {
        match *above {
            Some((client, clock)) => {
                update.push(TEXT | HAS_RIGHT_ORIGIN);
                uint(&mut update, client);
                uint(&mut update, clock);
            }
            None => {
                update.push(TEXT);
                update.push(PARENT_IS_ROOT);
                bytes(&mut update, ROOT.as_bytes());
            }
        }
        let line = format!("{:<width$}\n", format!("Line {number} of {client}, "), width = LINE - 1);
        bytes(&mut update, line.as_bytes());
        *above = Some((client, number * LINE as u64));
    }
    uint(&mut update, 0);
    update
}

/// An awareness update as somebody sends it whose cursor moves, with `token` in its state.
pub fn presence(client: u64, clock: u32, token: &str) -> Vec<u8> {
    let state = format!(
        r##"{{"user":{{"name":"Person {client}","color":"#30bced"}},"cursor":{{"anchor":{clock},"head":{clock}}},"t":"{token}"}}"##
    );
    awareness::encode(&[Entry { client, clock, state: &state }])
}

/// Appends lib0's variable-length unsigned integer.
pub fn uint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Appends the length of `bytes`, then `bytes`.
pub fn bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    uint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use shared::sync::prescan::prescan;
    use yrs::{Doc, GetString, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

    use super::*;

    fn apply(doc: &Doc, update: &[u8]) {
        prescan(update).unwrap();
        let mut txn = doc.transact_mut();
        txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
        assert!(!txn.has_missing_updates());
    }

    fn text(doc: &Doc) -> String {
        let root = doc.get_or_insert_text(ROOT);
        root.get_string(&doc.transact())
    }

    #[test]
    fn what_each_pen_writes_stays_together_and_in_order() {
        let doc = Doc::new();
        let mut pens = [Pen::new(5), Pen::new(1 << 52)];
        for word in ["one ", "two ", "three "] {
            for pen in &mut pens {
                apply(&doc, &pen.write(word));
            }
        }
        assert_eq!(text(&doc), "one two three one two three ");
    }

    #[test]
    fn a_document_has_the_size_asked_for_and_does_not_melt_into_one_piece() {
        let doc = Doc::new();
        let updates = document(300_000, 100_000);
        assert!(updates.iter().all(|update| update.len() <= 100_000), "frames within the limit");
        updates.iter().for_each(|update| apply(&doc, update));
        let whole = doc.transact().encode_state_as_update_v1(&StateVector::default());
        assert!((280_000..=310_000).contains(&whole.len()), "{}", whole.len());
        let lines = text(&doc).lines().count();
        assert!(lines > 2_000 && text(&doc).lines().all(|line| line.len() == LINE - 1));
        let mut structs = 0;
        shared::sync::prescan::parts(&whole, |_| structs += 1).unwrap();
        assert_eq!(structs, lines, "one struct a line");
    }

    #[test]
    fn presence_is_an_awareness_update_with_one_entry_of_json() {
        let update = presence(77, 3, "~AAAAAAAAAAAAAAA");
        let entries = awareness::decode(&update).unwrap();
        assert_eq!((entries.len(), entries[0].client, entries[0].clock), (1, 77, 3));
        let state: serde_json::Value = serde_json::from_str(entries[0].state).unwrap();
        assert_eq!(state["t"], "~AAAAAAAAAAAAAAA");
    }
}
