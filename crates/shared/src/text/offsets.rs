//! Converting between the three units.

use super::units::{ByteOffset, CharOffset, Utf16Offset};

/// The units of one text against each other. Made once in one pass; each conversion is a binary search.
///
/// The text is cut into stretches whose characters are all of one width, so plain ASCII is a single stretch and the map
/// needs neither the text nor a lifetime. The worst text (every second character of another width) takes 12 bytes of
/// map for each character.
///
/// An offset past the end is in no text: `None`. So is one inside a character, except where a function says that it
/// snaps, and to which side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetMap {
    /// Where each stretch begins, in all three units, and at last the end of the text.
    stretches: Vec<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    char: u32,
    utf16: u32,
    byte: u32,
}

impl OffsetMap {
    /// The map of a text, which must be shorter than 4 GiB.
    pub fn new(text: &str) -> Self {
        let mut stretches = Vec::new();
        let mut place = Place::default();
        let mut width = 0;
        for character in text.chars() {
            if character.len_utf8() != width {
                width = character.len_utf8();
                stretches.push(place);
            }
            place.char += 1;
            place.utf16 += character.len_utf16() as u32;
            place.byte += width as u32;
        }
        stretches.push(place);
        Self { stretches }
    }

    /// Code points in the text, and so the offset of its end.
    pub fn end(&self) -> CharOffset {
        CharOffset(self.last().char)
    }

    /// The end in UTF-16 units.
    pub fn end_utf16(&self) -> Utf16Offset {
        Utf16Offset(self.last().utf16)
    }

    /// The end in bytes.
    pub fn end_byte(&self) -> ByteOffset {
        ByteOffset(self.last().byte)
    }

    /// Where a code point begins in the DOM's count.
    pub fn char_to_utf16(&self, offset: CharOffset) -> Option<Utf16Offset> {
        self.find(offset.0, |place| place.char).map(|(place, _)| Utf16Offset(place.utf16))
    }

    /// Where a code point begins in the string.
    pub fn char_to_byte(&self, offset: CharOffset) -> Option<ByteOffset> {
        self.find(offset.0, |place| place.char).map(|(place, _)| ByteOffset(place.byte))
    }

    /// The code points before a byte; `None` inside a character.
    pub fn byte_to_char(&self, offset: ByteOffset) -> Option<CharOffset> {
        self.exact(offset.0, |place| place.byte).map(|place| CharOffset(place.char))
    }

    /// The code points before a place in the DOM; `None` inside a surrogate pair.
    pub fn utf16_to_char(&self, offset: Utf16Offset) -> Option<CharOffset> {
        self.exact(offset.0, |place| place.utf16).map(|place| CharOffset(place.char))
    }

    /// As [`Self::utf16_to_char`], but inside a surrogate pair it is the place before it and past the end the end: for
    /// the start of a selection.
    pub fn utf16_to_char_before(&self, offset: Utf16Offset) -> CharOffset {
        self.find(offset.0, |place| place.utf16).map_or(self.end(), |(place, _)| CharOffset(place.char))
    }

    /// As [`Self::utf16_to_char`], but inside a surrogate pair it is the place behind it and past the end the end: for
    /// the end of a selection.
    pub fn utf16_to_char_after(&self, offset: Utf16Offset) -> CharOffset {
        self.find(offset.0, |place| place.utf16)
            .map_or(self.end(), |(place, rest)| CharOffset(place.char + u32::from(rest > 0)))
    }

    /// The piece of `text`, which must be the text of this map, between two code points. `None` where the range is
    /// backwards or reaches past the end.
    pub fn slice<'text>(&self, text: &'text str, start: CharOffset, end: CharOffset) -> Option<&'text str> {
        let (start, end) = (self.char_to_byte(start)?, self.char_to_byte(end)?);
        text.get(start.0 as usize..end.0 as usize)
    }

    fn last(&self) -> Place {
        self.stretches.last().copied().unwrap_or_default()
    }

    fn exact(&self, offset: u32, unit: fn(&Place) -> u32) -> Option<Place> {
        self.find(offset, unit).and_then(|(place, rest)| (rest == 0).then_some(place))
    }

    /// The last character boundary at or before `offset`, and how many units of `offset` lie behind it.
    fn find(&self, offset: u32, unit: fn(&Place) -> u32) -> Option<(Place, u32)> {
        let next = self.stretches.partition_point(|place| unit(place) <= offset);
        let start = *self.stretches.get(next.checked_sub(1)?)?;
        let beyond = offset - unit(&start);
        let Some(end) = self.stretches.get(next) else {
            return (beyond == 0).then_some((start, 0));
        };
        let chars = end.char - start.char;
        let width = |unit: fn(&Place) -> u32| (unit(end) - unit(&start)) / chars;
        let steps = beyond / width(unit);
        let place = Place {
            char: start.char + steps,
            utf16: start.utf16 + steps * width(|place| place.utf16),
            byte: start.byte + steps * width(|place| place.byte),
        };
        Some((place, beyond % width(unit)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::sample::mixed_text;

    proptest! {
        #[test]
        fn all_three_units_agree_at_every_boundary(text in mixed_text()) {
            let map = OffsetMap::new(&text);
            let (mut char, mut utf16) = (0, 0);
            for (byte, character) in text.char_indices().chain([(text.len(), ' ')]) {
                let (c, u, b) = (CharOffset(char), Utf16Offset(utf16), ByteOffset(byte as u32));
                prop_assert_eq!(map.char_to_utf16(c), Some(u));
                prop_assert_eq!(map.char_to_byte(c), Some(b));
                prop_assert_eq!(map.byte_to_char(b), Some(c));
                prop_assert_eq!(map.utf16_to_char(u), Some(c));
                prop_assert_eq!(map.utf16_to_char_before(u), c);
                prop_assert_eq!(map.utf16_to_char_after(u), c);
                if byte < text.len() {
                    for inside in 1..character.len_utf8() {
                        prop_assert_eq!(map.byte_to_char(ByteOffset((byte + inside) as u32)), None);
                    }
                    if character.len_utf16() == 2 {
                        let inside = Utf16Offset(utf16 + 1);
                        prop_assert_eq!(map.utf16_to_char(inside), None);
                        prop_assert_eq!(map.utf16_to_char_before(inside), c);
                        prop_assert_eq!(map.utf16_to_char_after(inside), CharOffset(char + 1));
                    }
                    char += 1;
                    utf16 += character.len_utf16() as u32;
                }
            }
            prop_assert_eq!(utf16 as usize, text.encode_utf16().count());
            prop_assert_eq!((map.end(), map.end_utf16(), map.end_byte()), (CharOffset(char), Utf16Offset(utf16), ByteOffset(text.len() as u32)));
        }

        #[test]
        fn past_the_end_is_nowhere(text in mixed_text(), past in 1u32..) {
            let map = OffsetMap::new(&text);
            prop_assert_eq!(map.char_to_utf16(CharOffset(map.end().0.saturating_add(past))), None);
            prop_assert_eq!(map.byte_to_char(ByteOffset(map.end_byte().0.saturating_add(past))), None);
            let utf16 = Utf16Offset(map.end_utf16().0.saturating_add(past));
            prop_assert_eq!(map.utf16_to_char(utf16), None);
            prop_assert_eq!((map.utf16_to_char_before(utf16), map.utf16_to_char_after(utf16)), (map.end(), map.end()));
        }
    }

    #[test]
    fn a_piece_is_cut_by_code_points() {
        let text = "añ漢👩🏽‍🚀z";
        let map = OffsetMap::new(text);
        assert_eq!(map.slice(text, CharOffset(1), CharOffset(3)), Some("ñ漢"));
        assert_eq!(map.slice(text, CharOffset(3), CharOffset(2)), None);
        assert_eq!(map.slice(text, CharOffset(0), CharOffset(9)), None);
    }
}
