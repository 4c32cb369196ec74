//! Edits of a shared text, as an ordinary text box makes them: one replacement between two states.

/// One replacement; offsets and lengths in UTF-16 code units, as the DOM and Yjs count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// Where it starts.
    pub at: u32,
    /// How much is taken out there.
    pub remove: u32,
    /// What is put in its place.
    pub insert: String,
}

/// The one replacement that turns `before` into `after`, or nothing if they are equal.
///
/// Typing a letter into a run of the same letter is ambiguous: `caret` (UTF-16, where the caret stands after the edit)
/// tells which of them is new, so that the letter lands between the right neighbours when others type there too. A
/// surrogate pair is never cut.
pub fn difference(before: &str, after: &str, caret: Option<u32>) -> Option<TextEdit> {
    if before == after {
        return None;
    }
    let old: Vec<u16> = before.encode_utf16().collect();
    let new: Vec<u16> = after.encode_utf16().collect();
    let shorter = old.len().min(new.len());
    // What stands behind the caret was there before: the common end reaches at most back to the caret.
    let tail_limit = caret.map_or(shorter, |caret| shorter.min(new.len().saturating_sub(caret as usize)));
    let mut tail = old.iter().rev().zip(new.iter().rev()).take(tail_limit).take_while(|(a, b)| a == b).count();
    if tail > 0 && is_low(old[old.len() - tail]) {
        tail -= 1;
    }
    let mut head = old.iter().zip(&new).take(shorter - tail).take_while(|(a, b)| a == b).count();
    if head > 0 && is_high(old[head - 1]) {
        head -= 1;
    }
    let insert = String::from_utf16_lossy(&new[head..new.len() - tail]);
    Some(TextEdit { at: head as u32, remove: (old.len() - tail - head) as u32, insert })
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

impl TextEdit {
    /// Where a caret at `position` belongs after this edit was made by somebody else.
    pub fn shift(&self, position: u32) -> u32 {
        let inserted = self.insert.encode_utf16().count() as u32;
        if position <= self.at {
            position
        } else if position >= self.at + self.remove {
            position - self.remove + inserted
        } else {
            self.at
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(text: &str, edit: &TextEdit) -> String {
        let mut units: Vec<u16> = text.encode_utf16().collect();
        let at = edit.at as usize;
        units.splice(at..at + edit.remove as usize, edit.insert.encode_utf16());
        String::from_utf16(&units).expect("no pair is cut")
    }

    #[test]
    fn a_letter_typed_among_equal_letters_lands_at_the_caret() {
        assert_eq!(difference("aaa", "aaaa", Some(1)), Some(TextEdit { at: 0, remove: 0, insert: "a".into() }));
        assert_eq!(difference("aaa", "aaaa", Some(4)), Some(TextEdit { at: 3, remove: 0, insert: "a".into() }));
    }

    #[test]
    fn an_emoji_replaced_by_one_with_the_same_first_half_is_replaced_whole() {
        let edit = difference("x😀y", "x😁y", None).expect("they differ");
        assert_eq!(edit, TextEdit { at: 1, remove: 2, insert: "😁".into() });
    }

    #[test]
    fn a_caret_moves_with_what_others_type_before_it() {
        let edit = TextEdit { at: 2, remove: 1, insert: "abc".into() };
        assert_eq!((edit.shift(1), edit.shift(2), edit.shift(3), edit.shift(9)), (1, 2, 5, 11));
    }

    proptest! {
        #[test]
        fn the_difference_turns_one_text_into_the_other(a in "[ab😀é]{0,12}", b in "[ab😀é]{0,12}", caret in proptest::option::of(0u32..16)) {
            match difference(&a, &b, caret) {
                None => prop_assert_eq!(a, b),
                Some(edit) => prop_assert_eq!(apply(&a, &edit), b),
            }
        }
    }
}
