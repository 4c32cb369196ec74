//! Targets that are taken into another text than the one that they were made on: never so that a place which is only likely
//! passes for certain.

use std::ops::Range;

use super::{Anchor, CONTEXT_CHARS, Target, resolve};
use crate::{
    ids::MessageId,
    text::{CharOffset, OffsetMap},
};

/// So many characters that stand in a text once are enough to know the place by.
pub const EVIDENCE_CHARS: usize = 48;

/// A message of the text that targets are taken into.
#[derive(Debug, Clone, Copy)]
pub struct Within<'t> {
    /// Its id.
    pub id: MessageId,
    /// Its canonical text.
    pub text: &'t str,
    /// That text's units.
    pub map: &'t OffsetMap,
}

impl Target {
    /// The target as it is stored where a message has something like it, so that [`resolve`] finds it there and whoever reads
    /// it is asked: [`Anchor::Moved`]. None where nothing is found, or where what stands there could not be told from
    /// what was marked.
    ///
    /// A quote that stands at its place in the surroundings that the target states is exact for every reader, and one
    /// without surroundings is so wherever it stands: such a target says a range that is off by one.
    pub fn to_confirm(&self, message: Within) -> Option<Self> {
        let target = Self { message: message.id, ..self.clone() };
        let (start, end) = resolve(&target, message.text, message.map).range()?;
        let moved = Anchor::Moved { start, end };
        target.beside(start..end, message.map.end()).find(|near| resolve(near, message.text, message.map) == moved)
    }

    /// The target at a range of a text that ends there, and at those that are off by one.
    pub fn beside(&self, range: Range<CharOffset>, last: CharOffset) -> impl Iterator<Item = Self> {
        let (from, to) = (range.start.0, range.end.0);
        let ranges = [
            Some((from, to)),
            from.checked_add(1).zip(to.checked_add(1)),
            from.checked_sub(1).zip(to.checked_sub(1)),
            // All of a message: there is nowhere else to go.
            to.checked_sub(1).map(|to| (from, to)),
        ];
        let ranges = ranges.into_iter().flatten().filter(move |(from, to)| from < to && *to <= last.0);
        ranges.map(|(from, to)| Self { start: CharOffset(from), end: CharOffset(to), ..self.clone() })
    }

    /// A target that was made on an earlier text, as it can be made on this one, of which nothing but its words is known here;
    /// none where it would be anybody's guess. It stays as it is where its place is certain: where it says, with so
    /// much around it that stands in the text once.
    pub fn carried<'t>(&self, messages: impl Iterator<Item = Within<'t>>) -> Option<Self> {
        let messages: Vec<Within> = messages.collect();
        let own = messages.iter().find(|message| message.id == self.message);
        if let Some(own) = own {
            let is_there = matches!(resolve(self, own.text, own.map), Anchor::Exact { .. });
            if is_there && self.is_known_by_its_words(&messages) {
                return Some(self.clone());
            }
            if let Some(found) = self.to_confirm(*own) {
                return Some(found);
            }
        }
        // Elsewhere only what is there word for word; in several messages it cannot be told which is meant.
        let others = messages.iter().filter(|other| other.id != self.message && other.text.contains(&self.exact));
        let mut others = others.map(|other| Self { start: CharOffset(0), ..self.clone() }.to_confirm(*other));
        others.next().flatten().filter(|_| others.next().is_none())
    }

    /// Whether the quote with what is stated around it is long enough to know a place by, and stands there once.
    fn is_known_by_its_words(&self, messages: &[Within]) -> bool {
        let words = [&*self.prefix, &self.exact, &self.suffix].concat();
        let is_full = |context: &str| context.chars().count() >= CONTEXT_CHARS;
        let is_within = is_full(&self.prefix) && is_full(&self.suffix);
        // At an edge of the message less is stated, and the quote has to stand for itself.
        let is_enough = is_within || words.chars().count() >= EVIDENCE_CHARS && count(messages, &self.exact) == 1;
        is_enough && count(messages, &words) == 1
    }
}

/// How often words stand in the messages, as far as that matters: up to two.
fn count(messages: &[Within], words: &str) -> usize {
    let of_one = |message: &Within| match message.text.find(words) {
        None => 0,
        Some(at) => {
            let next = at + words.chars().next().map_or(1, char::len_utf8);
            1 + usize::from(message.text.get(next..).is_some_and(|rest| rest.contains(words)))
        }
    };
    messages.iter().map(of_one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Texts(Vec<(MessageId, String, OffsetMap)>);

    impl Texts {
        fn of(messages: &[(MessageId, &str)]) -> Self {
            Self(messages.iter().map(|(id, text)| (*id, (*text).to_owned(), OffsetMap::new(text))).collect())
        }

        fn all(&self) -> impl Iterator<Item = Within<'_>> {
            self.0.iter().map(|(id, text, map)| Within { id: *id, text, map })
        }

        /// What a reader's page makes of a target.
        fn read(&self, target: &Target) -> (Anchor, String) {
            let Some((_, text, map)) = self.0.iter().find(|(id, ..)| *id == target.message) else {
                return (Anchor::Lost, String::new());
            };
            let anchor = resolve(target, text, map);
            let words = anchor.range().and_then(|(start, end)| map.slice(text, start, end)).unwrap_or_default();
            (anchor, words.to_owned())
        }
    }

    /// The so-manyth of these words.
    fn mark(id: MessageId, text: &str, words: &str, number: usize) -> Target {
        let (at, _) = text.match_indices(words).nth(number).unwrap();
        let at = text[..at].chars().count() as u32;
        let range = CharOffset(at)..CharOffset(at + words.chars().count() as u32);
        Target::describe(id, text, &OffsetMap::new(text), range).unwrap()
    }

    fn ids<const N: usize>() -> [MessageId; N] {
        std::array::from_fn(|_| MessageId::new())
    }

    const ROW: &str =
        "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.";

    #[test]
    fn what_nobody_touched_is_where_it_was() {
        let [own, other] = ids();
        let target = mark(own, ROW, "gently down the stream", 0);
        let now = Texts::of(&[(other, "Something new stands before it."), (own, ROW)]);
        assert_eq!(target.carried(now.all()), Some(target.clone()));
        // At the edge of a message too, where it is the only one.
        let first = mark(own, ROW, "Row, row, row your boat", 0);
        assert_eq!(first.carried(now.all()), Some(first));
    }

    #[test]
    fn at_the_edge_of_a_message_a_quote_stands_for_itself() {
        let [own, other] = ids();
        let first = mark(own, ROW, "Row, row, row your boat", 0);
        for text in ["Row, row, row your boat!", "They sang: Row, row, row your boat, and went on."] {
            let now = Texts::of(&[(other, text), (own, ROW)]);
            let found = first.carried(now.all()).unwrap();
            assert_eq!(found.message, own, "{text}");
            assert!(matches!(now.read(&found).0, Anchor::Moved { .. }), "{text}");
        }
    }

    #[test]
    fn a_message_that_is_gone_is_not_another_one_that_says_the_same() {
        let [gone, other] = ids();
        let target = mark(gone, "Thank you!", "Thank you!", 0);
        assert_eq!((&*target.prefix, &*target.suffix), ("", ""));
        for text in ["Thank you!", "Thank you! Bye.", "I said: Thank you!", "“Thank you!”, he said."] {
            let now = Texts::of(&[(other, text)]);
            let found = target.carried(now.all()).unwrap();
            let (anchor, words) = now.read(&found);
            assert!(matches!(anchor, Anchor::Moved { .. }), "{text}: {anchor:?}");
            assert_eq!((&*words, &*found.exact), ("Thank you!", "Thank you!"), "{text}");
        }
        // Nor is its own, where another text stands in it now.
        let now = Texts::of(&[(gone, "Thank you! Bye.")]);
        let found = target.carried(now.all()).unwrap();
        assert!(matches!(now.read(&found).0, Anchor::Moved { .. }));
        // In two of them it cannot be told which.
        let now = Texts::of(&[(other, "Thank you! Bye."), (MessageId::new(), "Thank you!")]);
        assert_eq!(target.carried(now.all()), None);
        assert_eq!(target.carried(Texts::of(&[(other, "Not a word.")]).all()), None);
        // What is a single letter has nowhere to be put but where it would pass for certain.
        assert_eq!(mark(gone, "x", "x", 0).carried(Texts::of(&[(other, "x")]).all()), None);
    }

    #[test]
    fn a_refrain_that_was_cut_away_is_not_the_one_that_is_left() {
        let [own, other] = ids();
        let old = format!("{ROW}\nA verse that nobody remembers.\n{ROW}\nThe end of the song.");
        for number in 0..2 {
            let target = mark(own, &old, "stream. Merrily", number);
            for text in [
                format!("{ROW}\nThe end of the song."),
                format!("A verse that nobody remembers.\n{ROW}\nThe end of the song."),
                format!("Another song, of which there is much to be said.\n{ROW}"),
                ROW.to_owned(),
            ] {
                for id in [own, other] {
                    let now = Texts::of(&[(id, &text)]);
                    let Some(found) = target.carried(now.all()) else { continue };
                    let (anchor, words) = now.read(&found);
                    // Where it was, with all that was before it: that is the first one as well as anything can be.
                    let is_first = id == own && number == 0 && text.starts_with(ROW);
                    assert_eq!(matches!(anchor, Anchor::Exact { .. }), is_first, "{number} {text}: {anchor:?}");
                    assert_eq!(words, "stream. Merrily", "{text}");
                }
            }
        }
        // There twice, it may be either.
        let twice = Texts::of(&[(own, &old)]);
        let found = mark(own, ROW, "stream. Merrily", 0).carried(twice.all()).unwrap();
        assert!(matches!(twice.read(&found).0, Anchor::Moved { .. }));
    }
}
