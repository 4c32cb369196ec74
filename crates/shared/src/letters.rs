//! What Unicode knows of letters. Its tables are 50 KB, which every browser has already: compiled for one, this asks it.

#[cfg(not(target_arch = "wasm32"))]
pub use self::ours::{lower, upper};
#[cfg(target_arch = "wasm32")]
pub use self::theirs::{lower, upper};

/// Whether one letter, as people see it, ends and another begins at a byte of a text (extended grapheme clusters, UAX 29);
/// if not, where the letter begins that it is inside of.
pub(crate) fn letter_start(text: &str, byte: usize) -> usize {
    if is_plain(text, byte) { byte } else { around(text, byte).map_or(byte, |(start, _)| start) }
}

/// The same, but where that letter ends.
pub(crate) fn letter_end(text: &str, byte: usize) -> usize {
    if is_plain(text, byte) { byte } else { around(text, byte).map_or(byte, |(_, end)| end) }
}

/// Between two characters of ASCII nothing is joined, but for the two of a line's end. So it is nearly everywhere.
fn is_plain(text: &str, byte: usize) -> bool {
    let bytes = text.as_bytes();
    let (Some(before), Some(after)) = (byte.checked_sub(1).map(|at| bytes[at]), bytes.get(byte)) else { return true };
    before.is_ascii() && after.is_ascii() && (before, *after) != (b'\r', b'\n')
}

#[cfg(not(target_arch = "wasm32"))]
use self::ours::around;
#[cfg(target_arch = "wasm32")]
use self::theirs::around;

#[cfg(not(target_arch = "wasm32"))]
mod ours {
    use unicode_segmentation::GraphemeCursor;

    /// In small letters.
    pub fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    /// In capitals.
    pub fn upper(text: &str) -> String {
        text.to_uppercase()
    }

    /// The letter that a byte is inside of; nothing between two.
    pub(super) fn around(text: &str, byte: usize) -> Option<(usize, usize)> {
        // The whole text is given, so the cursor never asks for more of it.
        let cursor = || GraphemeCursor::new(byte, text.len(), true);
        if cursor().is_boundary(text, 0).ok()? {
            return None;
        }
        Some((cursor().prev_boundary(text, 0).ok()??, cursor().next_boundary(text, 0).ok()??))
    }
}

#[cfg(target_arch = "wasm32")]
mod theirs {
    use js_sys::{
        Array,
        Intl::{Segmenter, SegmenterGranularity, SegmenterOptions},
        JsString, Reflect,
    };

    /// In small letters.
    pub fn lower(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    /// In capitals.
    pub fn upper(text: &str) -> String {
        JsString::from(text).to_upper_case().into()
    }

    /// The letter that a byte is inside of; nothing between two, or in a browser that has no such thing.
    pub(super) fn around(text: &str, byte: usize) -> Option<(usize, usize)> {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        if !Reflect::has(&intl, &"Segmenter".into()).ok()? {
            return None;
        }
        let options = SegmenterOptions::new();
        options.set_granularity(SegmenterGranularity::Grapheme);
        let letters = Segmenter::new(&Array::new(), &options).segment(text);
        let at = text.get(..byte)?.encode_utf16().count() as u32;
        let letter = letters.containing(at)?;
        let start = byte_of(text, letter.index());
        (start < byte).then(|| (start, start + String::from(letter.segment()).len()))
    }

    /// Where the character of that many UTF-16 units before it begins.
    fn byte_of(text: &str, units: u32) -> usize {
        let mut left = units as usize;
        let mut characters = text.chars();
        while left > 0 {
            let Some(character) = characters.next() else { break };
            left = left.saturating_sub(character.len_utf16());
        }
        text.len() - characters.as_str().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_of_a_letter_both_its_ends_are_found_and_between_letters_neither_moves() {
        // A family of one letter, an accent of its own, a flag, a line's end.
        let text = "a👩‍👩‍👧b e\u{301} 🇩🇪\r\n.";
        let letters = ["a", "👩‍👩‍👧", "b", " ", "e\u{301}", " ", "🇩🇪", "\r\n", "."];
        let mut start = 0;
        for letter in letters {
            let end = start + letter.len();
            assert_eq!((letter_start(text, start), letter_end(text, start)), (start, start), "before {letter:?}");
            for (inside, _) in letter.char_indices().skip(1) {
                let byte = start + inside;
                assert_eq!((letter_start(text, byte), letter_end(text, byte)), (start, end), "{inside} of {letter:?}");
            }
            start = end;
        }
        assert_eq!((letter_start(text, start), letter_end(text, start)), (text.len(), text.len()));
    }
}
