//! A few bytes of something real, changed.

use arbitrary::{Arbitrary, Unstructured};

const MAX: u32 = 8;

/// Changes up to eight bytes, as the input spells it. Returns how many it has changed.
pub fn make(update: &mut Vec<u8>, bytes: &mut Unstructured<'_>) -> arbitrary::Result<u32> {
    let changes = bytes.int_in_range(0..=MAX)?;
    for _ in 0..changes {
        let at = bytes.choose_index(update.len())?;
        match u8::arbitrary(bytes)? % 6 {
            0 => update[at] = u8::arbitrary(bytes)?,
            1 => update[at] = update[at].wrapping_add(1),
            2 => update[at] = update[at].wrapping_sub(1),
            3 => update.insert(at, u8::arbitrary(bytes)?),
            4 if update.len() > 1 => drop(update.remove(at)),
            _ => update[at] ^= 1 << (u8::arbitrary(bytes)? % 8),
        }
    }
    Ok(changes)
}
