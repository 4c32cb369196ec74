use super::reader::{Malformed, Reader, write_bytes, write_var_uint};

/// More people than this are in no room; an update that names more is none.
const MAX_ENTRIES: u32 = 10_000;

/// The state of somebody who has left.
pub const GONE: &str = "null";

/// One client's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The Yjs client id, below 2^53.
    pub client: u64,
    /// Rises with every change; an entry replaces those with a lower one.
    pub clock: u32,
    /// JSON: an object, or [`GONE`]. Not checked here.
    pub state: &'a str,
}

/// Reads an awareness update.
///
/// # Errors
/// A count or a length beyond the end, a client id or a clock too large, or a text that is not UTF-8.
pub fn decode(update: &[u8]) -> Result<Vec<Entry<'_>>, Malformed> {
    let mut reader = Reader::new(update);
    let count = reader.count(3)?;
    if count > MAX_ENTRIES {
        return Err(reader.malformed("more entries than anybody needs"));
    }
    let mut entries = Vec::with_capacity(count as usize);
    for _ in 0..count {
        entries.push(Entry { client: reader.client()?, clock: reader.var_u32()?, state: reader.text()? });
    }
    reader.end()?;
    Ok(entries)
}

/// The bytes of an awareness update.
pub fn encode(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut update = Vec::with_capacity(entries.iter().map(|entry| entry.state.len() + 20).sum::<usize>() + 5);
    write_var_uint(&mut update, entries.len() as u64);
    for entry in entries {
        write_var_uint(&mut update, entry.client);
        write_var_uint(&mut update, u64::from(entry.clock));
        write_bytes(&mut update, entry.state.as_bytes());
    }
    update
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use yrs::{sync::AwarenessUpdate, updates::decoder::Decode};

    use super::*;

    proptest! {
        #[test]
        fn entries_survive_their_bytes(
            entries in prop::collection::vec((0..super::super::MAX_CLIENT_ID, any::<u32>(), ".*"), 0..20)
        ) {
            let entries: Vec<_> = entries
                .iter()
                .map(|(client, clock, state)| Entry { client: *client, clock: *clock, state })
                .collect();
            let bytes = encode(&entries);
            prop_assert_eq!(decode(&bytes), Ok(entries.clone()));
            let theirs = AwarenessUpdate::decode_v1(&bytes).unwrap();
            for entry in entries {
                prop_assert!(theirs.clients.contains_key(&yrs::ClientID::new(entry.client)));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_allocated() {
        assert!(decode(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert!(decode(&[0x80, 0x80, 0x80, 0x80, 0x01]).is_err());
    }

    #[test]
    fn an_update_without_entries_is_one_byte() {
        assert_eq!(encode(&[]), [0]);
        assert_eq!(decode(&[0]), Ok(vec![]));
    }
}
