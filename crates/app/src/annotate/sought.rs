//! Words that an address leads to: `/c/{conversation}#tab=notes&words={words}`, and `#tab=response&by={author}&words={words}`,
//! with what stands before them (`&before={words}`).

use std::ops::Range;

use shared::ids::UserId;

use super::desk::Tab;

/// Letters before the words that are compared: whoever writes an address may write more.
const MAX_BEFORE: usize = 40;

/// Places that are compared, the last ones.
const MAX_PLACES: usize = 1_000;

/// Words in the notes, or in a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The tab that they are in.
    pub tab: Tab,
    /// Whose response; without one, that of whoever looks.
    pub author: Option<UserId>,
    /// The words; without any the whole is meant.
    pub words: String,
    /// What stands before them, as far as it helps to tell one place from another.
    pub before: String,
}

impl Sought {
    /// Where they are in a text, in bytes: behind most of the letters that should stand before them, else as words of their own,
    /// else first. Signs do not count, so that a place is found in Markdown as it is written and as it is read.
    pub fn within(&self, text: &str) -> Option<Range<usize>> {
        if self.words.is_empty() {
            return Some(0..0);
        }
        let fits = |at: &Range<usize>| {
            let should = letters(&self.before).take(MAX_BEFORE);
            let before = should.zip(letters(&text[..at.start])).take_while(|(should, is)| is == should);
            let is_free = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
            let are_words = is_free(text[..at.start].chars().next_back()) && is_free(text[at.end..].chars().next());
            (before.count(), are_words)
        };
        // From the end: of those that fit alike the last that is looked at is taken.
        text.rmatch_indices(&self.words)
            .take(MAX_PLACES)
            .map(|(start, words)| start..start + words.len())
            .max_by_key(fits)
    }
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().rev().filter(|letter| letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(words: &str, before: &str, text: &str) -> Option<usize> {
        let sought = Sought { tab: Tab::Notes, author: None, words: words.into(), before: before.into() };
        sought.within(text).map(|at| at.start)
    }

    #[test]
    fn words_are_found_where_they_were() {
        let text = "other claims. The claim, and *the* claim";
        assert_eq!(place("claim", "", text), Some(18), "a word of its own");
        assert_eq!(place("claim", "other ", text), Some(6), "behind what stood there");
        assert_eq!(place("claim", "The claim, and the ", text), Some(35), "whatever signs stand there");
        assert_eq!(place("the", "", "the the"), Some(0), "the first");
        assert_eq!(place("数据", "", "大数据库"), Some(3), "where words have no ends");
        assert_eq!(place("gone", "the ", text), None);
    }
}
