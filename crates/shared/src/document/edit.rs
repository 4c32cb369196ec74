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

/// One's own edit, made on a text that others have changed since by `behind` (each on the text as the ones before left
/// it), as edits of their text, in the order in which they are to be made. What others put inside a passage that one's own
/// edit takes out stays: it was not there to be taken out.
pub fn moved_past(own: TextEdit, behind: &[TextEdit]) -> Vec<TextEdit> {
    // The passages to be taken out, from left to right, and where the new words go.
    let mut cuts = vec![(own.at, own.at + own.remove)];
    let mut at = own.at;
    for other in behind {
        let (start, end) = (other.at, other.at + other.remove);
        let grown = other.insert.encode_utf16().count() as u32;
        let (before, after) = (|place: u32| place.min(start), |place: u32| place.max(end) - end + start + grown);
        cuts = cuts
            .into_iter()
            .flat_map(|(from, to)| {
                let left = (from < start).then(|| (before(from), before(to)));
                let right = (to > end).then(|| (after(from), after(to)));
                [left, right].into_iter().flatten()
            })
            .filter(|(from, to)| from < to)
            .collect();
        at = if at <= start { at } else { after(at) };
    }
    let mut edits: Vec<TextEdit> = Vec::new();
    // From the right, so that no edit moves the ones still to be made.
    for (from, to) in cuts.into_iter().rev() {
        edits.push(TextEdit { at: from, remove: to - from, insert: String::new() });
    }
    if !own.insert.is_empty() {
        let taken: u32 = edits.iter().filter(|cut| cut.at < at).map(|cut| cut.remove.min(at - cut.at)).sum();
        edits.push(TextEdit { at: at - taken, remove: 0, insert: own.insert });
    }
    edits
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

    fn after(text: &str, edits: &[TextEdit]) -> String {
        edits.iter().fold(text.to_owned(), |text, edit| apply(&text, edit))
    }

    #[test]
    fn what_others_put_into_a_passage_that_one_replaces_stays() {
        let other = [TextEdit { at: 5, remove: 0, insert: "NEW".into() }];
        let own = TextEdit { at: 2, remove: 6, insert: "mine".into() };
        let theirs = after("0123456789", &other);
        let merged = after(&theirs, &moved_past(own, &other));
        assert_eq!(merged, "01mineNEW89");
    }

    #[test]
    fn a_caret_moves_with_what_others_type_before_it() {
        let edit = TextEdit { at: 2, remove: 1, insert: "abc".into() };
        assert_eq!((edit.shift(1), edit.shift(2), edit.shift(3), edit.shift(9)), (1, 2, 5, 11));
    }

    proptest! {
        /// Whoever was faster: all that was inserted is there once, and of the rest what neither took out.
        #[test]
        fn an_edit_made_on_an_older_text_takes_out_only_what_was_there(
            own in (0u32..10, 0u32..10), others in proptest::collection::vec((0u32..12, 0u32..6), 0..4),
        ) {
            let base: String = ('a'..'k').collect();
            let mine = TextEdit { at: own.0, remove: own.1.min(10 - own.0), insert: "MINE".into() };
            let mut theirs = base.clone();
            let mut behind = Vec::new();
            for (number, (at, remove)) in others.into_iter().enumerate() {
                let length = theirs.encode_utf16().count() as u32;
                let at = at.min(length);
                let edit = TextEdit { at, remove: remove.min(length - at), insert: format!("<{number}>") };
                theirs = apply(&theirs, &edit);
                behind.push(edit);
            }
            let merged = after(&theirs, &moved_past(mine.clone(), &behind));
            let kept: String = theirs.chars().filter(|letter| !letter.is_ascii_lowercase() || {
                let place = *letter as u32 - 'a' as u32;
                !(mine.at..mine.at + mine.remove).contains(&place)
            }).collect();
            prop_assert_eq!(merged.matches("MINE").count(), 1);
            prop_assert_eq!(merged.replace("MINE", ""), kept);
        }

        #[test]
        fn the_difference_turns_one_text_into_the_other(a in "[ab😀é]{0,12}", b in "[ab😀é]{0,12}", caret in proptest::option::of(0u32..16)) {
            match difference(&a, &b, caret) {
                None => prop_assert_eq!(a, b),
                Some(edit) => prop_assert_eq!(apply(&a, &edit), b),
            }
        }
    }
}
