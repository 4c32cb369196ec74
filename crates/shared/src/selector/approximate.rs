//! Where a text holds something like a quote.
//!
//! Bit-parallel edit distance: Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
//! programming" (1999), in blocks of 64 rows of which only those near a possible match are computed.

use crate::order::sorted_by;
use std::collections::HashMap;

/// The most edits that a changed quote may need, whatever its length.
const MAX_ERRORS: usize = 32;

/// Blocks that one search may compute: under a second without optimisation, a tenth with it. A text of 1 MiB needs one or
/// two million, more only where it resembles the quote's beginning everywhere.
const MAX_WORK: usize = 16_000_000;

/// Places that are looked at more closely.
const MAX_PLACES: usize = 16;

const ROWS: usize = 64;

/// A place like the quote, in code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Edits between the quote and this place.
    pub(super) errors: usize,
}

/// The edits that are forgiven in a quote: a quarter of its length.
pub(super) fn max_errors(quote_chars: usize) -> usize {
    (quote_chars / 4).min(MAX_ERRORS)
}

/// The places that differ from the quote in 1 to [`max_errors`] edits, at most [`MAX_PLACES`], those with the fewest
/// edits. `None` where the search was given up because of [`MAX_WORK`]: nothing is known then.
pub(super) fn places(quote: &[char], text: &[char]) -> Option<Vec<Place>> {
    let allowed = max_errors(quote.len());
    if allowed == 0 {
        return Some(Vec::new());
    }
    let mut ends = best_ends(ends(quote, text, allowed)?, quote.len());
    ends.retain(|(_, errors)| *errors > 0);
    ends = sorted_by(ends, |(_, a), (_, b)| a.cmp(b));
    ends.truncate(MAX_PLACES);
    Some(
        ends.into_iter()
            .map(|(end, errors)| Place { start: start(quote, &text[..end], allowed), end, errors })
            .collect(),
    )
}

/// Of the ends that belong to one place, the one with the fewest edits.
fn best_ends(ends: Vec<(usize, usize)>, quote_chars: usize) -> Vec<(usize, usize)> {
    let mut best: Vec<(usize, usize)> = Vec::new();
    for (end, errors) in ends {
        match best.last_mut() {
            Some(last) if end - last.0 <= quote_chars / 2 => {
                if errors < last.1 {
                    *last = (end, errors);
                }
            }
            _ => best.push((end, errors)),
        }
    }
    best
}

/// Every end of a place within the allowed edits, with its edits.
fn ends(quote: &[char], text: &[char], allowed: usize) -> Option<Vec<(usize, usize)>> {
    let alphabet = Alphabet::new(quote);
    let last = alphabet.blocks - 1;
    let mut column: Vec<Block> = (0..=last).map(|index| Block::new(rows_to(index, quote.len()))).collect();
    let mut active = allowed.div_ceil(ROWS).saturating_sub(1).min(last);
    let mut found = Vec::new();
    let mut work = 0;
    for (at, character) in text.iter().enumerate() {
        let equal = alphabet.rows(*character);
        work += active + 1;
        if work > MAX_WORK {
            return None;
        }
        let mut carry = 0;
        for index in 0..=active {
            carry = column[index].advance(equal[index], carry, top_row(index, quote.len()));
        }
        let before = column[active].score - carry;
        if active < last && before <= allowed as i32 && (carry < 0 || equal[active + 1] & 1 == 1) {
            active += 1;
            let height = rows_to(active, quote.len()) - rows_to(active - 1, quote.len());
            column[active] = Block { score: before + height, ..Block::new(0) };
            column[active].advance(equal[active], carry, top_row(active, quote.len()));
        } else {
            while active > 0 && column[active].score >= (allowed + ROWS) as i32 {
                active -= 1;
            }
        }
        if active == last && column[last].score <= allowed as i32 {
            found.push((at + 1, column[last].score as usize));
        }
    }
    Some(found)
}

/// Rows of the quote up to and with a block.
fn rows_to(block: usize, quote_chars: usize) -> i32 {
    ((block + 1) * ROWS).min(quote_chars) as i32
}

/// The bit of a block's last row.
fn top_row(block: usize, quote_chars: usize) -> u64 {
    1 << ((rows_to(block, quote_chars) as usize - 1) % ROWS)
}

/// Which rows of the quote hold a character.
struct Alphabet {
    blocks: usize,
    ascii: [usize; 128],
    others: HashMap<char, usize>,
    /// `blocks` words for each character of the quote; the first ones are for characters that it does not have.
    rows: Vec<u64>,
}

impl Alphabet {
    fn new(quote: &[char]) -> Self {
        let blocks = quote.len().div_ceil(ROWS);
        let mut alphabet = Self { blocks, ascii: [0; 128], others: HashMap::new(), rows: vec![0; blocks] };
        for (row, character) in quote.iter().enumerate() {
            let next = alphabet.rows.len() / blocks;
            let index = match alphabet.ascii.get_mut(*character as usize) {
                Some(index) => index,
                None => alphabet.others.entry(*character).or_default(),
            };
            if *index == 0 {
                *index = next;
                alphabet.rows.resize((next + 1) * blocks, 0);
            }
            alphabet.rows[*index * blocks + row / ROWS] |= 1 << (row % ROWS);
        }
        alphabet
    }

    fn rows(&self, character: char) -> &[u64] {
        let index = match self.ascii.get(character as usize) {
            Some(index) => *index,
            None => self.others.get(&character).copied().unwrap_or_default(),
        };
        &self.rows[index * self.blocks..(index + 1) * self.blocks]
    }
}

/// 64 rows of one column of the distance matrix, as differences between neighbouring rows.
#[derive(Clone, Copy)]
struct Block {
    plus: u64,
    minus: u64,
    /// The distance in the block's last row.
    score: i32,
}

impl Block {
    fn new(score: i32) -> Self {
        Self { plus: u64::MAX, minus: 0, score }
    }

    /// Goes one column on. `carry` is the difference to the column before in the row above the block; the difference in
    /// the block's last row is given back.
    fn advance(&mut self, equal: u64, carry: i32, top: u64) -> i32 {
        let vertical = equal | self.minus;
        let equal = equal | u64::from(carry < 0);
        let horizontal = ((equal & self.plus).wrapping_add(self.plus) ^ self.plus) | equal;
        let mut rises = self.minus | !(horizontal | self.plus);
        let mut falls = self.plus & horizontal;
        let out = i32::from(rises & top != 0) - i32::from(falls & top != 0);
        rises = rises << 1 | u64::from(carry > 0);
        falls = falls << 1 | u64::from(carry < 0);
        self.plus = falls | !(vertical | rises);
        self.minus = rises & vertical;
        self.score += out;
        out
    }
}

/// Where the best place that ends with `text` begins: the quote is aligned backwards, in a band as wide as the allowed
/// edits.
fn start(quote: &[char], text: &[char], allowed: usize) -> usize {
    let far = allowed + 1;
    let width = 2 * allowed + 1;
    // Column `c` of row `r` of the band stands for `r + c - allowed` characters of the text.
    let mut row: Vec<usize> = (0..width).map(|column| column.checked_sub(allowed).unwrap_or(far)).collect();
    for (index, character) in quote.iter().rev().enumerate() {
        let above = row.clone();
        for column in 0..width {
            let taken = (index + 1 + column).checked_sub(allowed).filter(|taken| *taken <= text.len());
            row[column] = match taken {
                None => far,
                Some(taken) => {
                    let same = taken > 0 && text[text.len() - taken] == *character;
                    let replaced = if taken > 0 { above[column] + usize::from(!same) } else { far };
                    let left_out = above.get(column + 1).map_or(far, |errors| errors + 1);
                    let added = if column > 0 && taken > 0 { row[column - 1] + 1 } else { far };
                    replaced.min(left_out).min(added)
                }
            };
        }
    }
    let best = (0..width).min_by_key(|column| (row[*column], column.abs_diff(allowed))).unwrap_or(allowed);
    text.len() - (quote.len() + best).saturating_sub(allowed).min(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::selector::context::distance;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    /// The last row of the whole matrix, column by column (Sellers).
    fn all_ends(quote: &[char], text: &[char], allowed: usize) -> Vec<(usize, usize)> {
        let mut column: Vec<usize> = (0..=quote.len()).collect();
        let mut found = Vec::new();
        for (at, character) in text.iter().enumerate() {
            let mut diagonal = 0;
            for row in 1..=quote.len() {
                let replaced = diagonal + usize::from(quote[row - 1] != *character);
                diagonal = column[row];
                column[row] = replaced.min(column[row - 1] + 1).min(diagonal + 1);
            }
            if column[quote.len()] <= allowed {
                found.push((at + 1, column[quote.len()]));
            }
        }
        found
    }

    /// A quote, and a text that holds it with some edits.
    fn edited() -> impl Strategy<Value = (Vec<char>, Vec<char>)> {
        let letters = |range| prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c', 'é', '漢']), range);
        (letters(4..260), letters(0..100), letters(0..100), prop::collection::vec((0usize..260, 0usize..3), 0..20))
            .prop_map(|(quote, before, after, edits)| {
                let mut middle = quote.clone();
                for (at, kind) in edits {
                    let at = at % middle.len().max(1);
                    match kind {
                        0 => middle.insert(at, 'x'),
                        1 if middle.len() > 1 => drop(middle.remove(at)),
                        _ => middle[at] = 'y',
                    }
                }
                (quote, [before, middle, after].concat())
            })
    }

    proptest! {
        #[test]
        fn blocks_agree_with_the_whole_matrix((quote, text) in edited(), allowed in 1usize..32) {
            prop_assert_eq!(ends(&quote, &text, allowed).unwrap(), all_ends(&quote, &text, allowed));
        }

        #[test]
        fn a_place_is_as_far_from_the_quote_as_it_says((quote, text) in edited()) {
            for place in places(&quote, &text).unwrap() {
                let found = &text[place.start..place.end];
                prop_assert_eq!(distance(found, &quote), place.errors);
                prop_assert!(place.errors <= max_errors(quote.len()));
            }
        }
    }

    #[test]
    fn a_changed_sentence_is_found_with_its_ends() {
        let text = chars("Before. The quick brown foxes jumped over the lazy dog. After.");
        let quote = chars("The quick brown fox jumps over the lazy dog.");
        let place = places(&quote, &text).unwrap()[0];
        assert_eq!(
            text[place.start..place.end].iter().collect::<String>(),
            "The quick brown foxes jumped over the lazy dog."
        );
        assert_eq!(place.errors, 4);
    }

    #[test]
    fn quotes_too_short_to_forgive_an_edit_have_no_places() {
        assert_eq!(places(&chars("cat"), &chars("car cut cat")), Some(vec![]));
    }

    #[test]
    fn a_search_that_would_take_too_long_is_given_up() {
        let quote = chars(&"a".repeat(10_000));
        assert_eq!(places(&quote, &chars(&"a".repeat(1 << 20))), None);
    }
}
