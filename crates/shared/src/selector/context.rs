//! The surroundings of a quote.

use super::CONTEXT_CHARS;

/// The code points before a byte.
pub(super) fn before(text: &str, byte: usize) -> &str {
    last_chars(&text[..byte])
}

/// The code points behind a byte.
pub(super) fn after(text: &str, byte: usize) -> &str {
    first_chars(&text[byte..])
}

/// How alike two contexts are, in thousandths; both are cut to [`CONTEXT_CHARS`], on the side away from the quote.
///
/// Below a half it is nothing: two unrelated pieces of one language share a quarter of their letters anyway.
pub(super) fn prefix_similarity(stated: &str, found: &str) -> u32 {
    similarity(last_chars(stated), last_chars(found))
}

/// As [`prefix_similarity`], for what follows a quote.
pub(super) fn suffix_similarity(stated: &str, found: &str) -> u32 {
    similarity(first_chars(stated), first_chars(found))
}

/// Whether a text ends with the stated one, however white space is spelled: it says little of a place, and other clients
/// keep it in other ways.
pub(super) fn ends_with(stated: &str, found: &str) -> bool {
    let mut found = found.chars().rev().filter(|character| !character.is_whitespace());
    last_chars(stated)
        .chars()
        .rev()
        .filter(|character| !character.is_whitespace())
        .all(|wanted| found.next() == Some(wanted))
}

/// As [`ends_with`], for the beginning.
pub(super) fn starts_with(stated: &str, found: &str) -> bool {
    let mut found = found.chars().filter(|character| !character.is_whitespace());
    first_chars(stated)
        .chars()
        .filter(|character| !character.is_whitespace())
        .all(|wanted| found.next() == Some(wanted))
}

fn last_chars(text: &str) -> &str {
    let start = text.char_indices().rev().take(CONTEXT_CHARS).last().map_or(text.len(), |(at, _)| at);
    &text[start..]
}

fn first_chars(text: &str) -> &str {
    let end = text.char_indices().nth(CONTEXT_CHARS).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn similarity(stated: &str, found: &str) -> u32 {
    let (stated, found): (Vec<char>, Vec<char>) = (stated.chars().collect(), found.chars().collect());
    let longest = stated.len().max(found.len());
    if longest == 0 {
        return 1000;
    }
    let alike = 1000 - distance(&stated, &found) * 1000 / longest;
    if alike < 500 { 0 } else { alike as u32 }
}

/// Insertions, deletions and replacements from one to the other (Levenshtein).
pub(super) fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_cut_at_code_points() {
        let text = "é".repeat(40);
        assert_eq!(before(&text, 70), "é".repeat(32));
        assert_eq!(after(&text, 20), "é".repeat(30));
        assert_eq!((before(&text, 0), after(&text, 80)), ("", ""));
    }

    #[test]
    fn likeness_counts_edits_and_forgets_chance() {
        assert_eq!(prefix_similarity("the cat", "the cat"), 1000);
        assert_eq!(prefix_similarity("the cat ", "the cart"), 750);
        assert_eq!(suffix_similarity("and so it goes", "by other means"), 0);
        assert_eq!(distance(&['a', 'b', 'c'], &['b', 'c', 'd', 'e']), 3);
    }
}
