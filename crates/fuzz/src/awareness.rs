use shared::sync::awareness;
use yrs::{ClientID, sync::AwarenessUpdate, updates::decoder::Decode};

use crate::memory;

/// Takes bytes as an awareness update: what is read says the same when it is written again, and yrs reads it too.
pub fn check(update: &[u8]) {
    let Ok(entries) = memory::within(32, update, || awareness::decode(update)) else { return };
    let written = awareness::encode(&entries);
    assert!(written.len() <= update.len(), "numbers are written as short as they can be");
    assert_eq!(awareness::decode(&written).as_ref(), Ok(&entries));
    let theirs = memory::within(256, update, || AwarenessUpdate::decode_v1(update)).expect("yrs reads it");
    for entry in &entries {
        assert!(theirs.clients.contains_key(&ClientID::new(entry.client)));
    }
}
