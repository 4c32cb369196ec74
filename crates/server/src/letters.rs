//! Codes that people read from a board or a screen and type.

use rand::{Rng, TryRngCore, rngs::OsRng};

/// No vowels, so that no code is a word; nothing that looks like something else in a hall's last row.
const ALPHABET: &[u8] = b"23456789BCDFGHJKMNPQRSTVWXYZ";

/// Letters between two hyphens.
const GROUP: usize = 4;

/// A code of so many letters, each of 28.
pub fn draw(length: usize) -> String {
    let mut random = OsRng.unwrap_err();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// With hyphens, to be read.
pub fn shown(code: &str) -> String {
    let groups: Vec<&str> = code.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("-")
}

/// What [`draw`] made, if it can be a code of so many letters; people type it in their own way.
pub fn read(typed: &str, length: usize) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .take(length + 1)
        .collect();
    (code.len() == length && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for length in [8, 16] {
            let code = draw(length);
            for typed in [shown(&code), code.to_lowercase(), format!("  {} ", shown(&code).replace('-', " - "))] {
                assert_eq!(read(&typed, length).as_deref(), Some(code.as_str()), "{typed:?}");
            }
        }
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
        for other in ["", "BCDF-GHJ", "BCDF-GHJK2", "BCDF-GHJ0", "BCDF-GHJÉ", &"B".repeat(1 << 20)] {
            assert_eq!(read(other, 8), None);
        }
    }
}
