//! From what a page draws to lines in the order in which people read them.
//!
//! Letters that go from right to left stand in a PDF as they are seen: most programs draw them from the left, some from
//! the right, and some each stretch of one direction by itself. Here the stretches of a line are put side by side as they
//! are seen, and the rules that lay such lines out (Unicode Standard Annex 9) are followed backwards.

use std::ops::Range;

use unicode_bidi::{BidiClass, Level, ParagraphBidiInfo, bidi_class};
use unicode_normalization::UnicodeNormalization;

use super::Line;

/// Letters that were drawn one after another.
#[derive(Debug)]
pub(super) struct Stretch {
    pub line: Line,
    /// Where each piece of the text stands, and begins in the text.
    pub pieces: Vec<(f64, usize)>,
}

pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(bidi_class(c), BidiClass::R | BidiClass::AL) && c.is_alphabetic()
}

fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The lines of a page whose edges are `sides`.
pub(super) fn lines(stretches: Vec<Stretch>, sides: Range<f64>) -> Vec<Line> {
    let mut rows: Vec<Row> = Vec::new();
    for stretch in stretches {
        let is_backwards = stretch.line.text.contains(is_right_to_left);
        match rows.last_mut() {
            Some(row) if (is_backwards || row.is_backwards) && row.is_beside(&stretch.line) => {
                row.left = row.left.min(stretch.line.left);
                row.right = row.right.max(stretch.line.right);
                row.is_backwards |= is_backwards;
                row.stretches.push(stretch);
            }
            _ => {
                let Line { y, left, right, size, .. } = stretch.line;
                rows.push(Row { y, left, right, size, is_backwards, stretches: vec![stretch] });
            }
        }
    }
    let mut read: Vec<(Line, Option<Read>)> = Vec::with_capacity(rows.len());
    for row in rows {
        if row.is_backwards {
            let (line, words) = row.read(&sides);
            read.push((line, Some(words)));
        } else {
            read.extend(row.stretches.into_iter().map(|stretch| (stretch.line, None)));
        }
    }
    // A program writes either the brackets that are seen, or those that are meant: it shows in which of both close.
    let open = |which: fn(&Read) -> &str| unclosed(read.iter().filter_map(|(_, read)| read.as_ref()).map(which));
    let is_meant = open(|read| &read.as_is) < open(|read| &read.mirrored);
    let chosen = |(line, read): (Line, Option<Read>)| match read {
        Some(read) => {
            let text = with_plain_letters(if is_meant { &read.as_is } else { &read.mirrored });
            Line { text, ..line }
        }
        None => line,
    };
    read.into_iter().map(chosen).collect()
}

/// Stretches side by side: several only where there are letters from right to left.
struct Row {
    y: f64,
    left: f64,
    right: f64,
    size: f64,
    is_backwards: bool,
    stretches: Vec<Stretch>,
}

impl Row {
    fn is_beside(&self, next: &Line) -> bool {
        (self.y - next.y).abs() <= next.size * 0.5
            && next.left <= self.right + next.size
            && self.left <= next.right + next.size
    }

    fn read(mut self, sides: &Range<f64>) -> (Line, Read) {
        self.stretches.sort_by(|a, b| a.line.left.total_cmp(&b.line.left));
        let (mut seen, mut end, mut size) = (String::new(), self.left, self.size);
        for stretch in &self.stretches {
            // What turned the direction has done so where the letters were drawn.
            let words = as_seen(stretch).replace(is_turning, "");
            let is_apart = stretch.line.left - end > stretch.line.size * 0.1;
            if is_apart && !seen.ends_with(' ') && !words.starts_with(' ') {
                seen.push(' ');
            }
            seen.push_str(&words);
            end = stretch.line.right;
            size = size.max(stretch.line.size);
        }
        let count = |is: fn(char) -> bool| seen.chars().filter(|&c| is(c)).count();
        let is_whole = count(is_right_to_left) > count(|c| bidi_class(c) == BidiClass::L);
        let level = if is_whole { Level::rtl() } else { Level::ltr() };
        let (left, right) = if is_whole {
            // It begins at the right, and has its space at the left: as if in a mirror.
            (sides.start + sides.end - self.right, sides.start + sides.end - self.left)
        } else {
            (self.left, self.right)
        };
        (Line { y: self.y, left, right, size, text: String::new() }, read(seen.trim(), level))
    }
}

/// A line as it is read, with its brackets as they stand there and the other way round.
struct Read {
    as_is: String,
    mirrored: String,
}

/// The letters of a stretch from left to right.
fn as_seen(stretch: &Stretch) -> String {
    let text = &stretch.line.text;
    let ends = stretch.pieces.iter().skip(1).map(|(_, start)| *start).chain([text.len()]);
    let mut pieces: Vec<(f64, &str)> =
        stretch.pieces.iter().zip(ends).map(|(&(x, start), end)| (x, &text[start..end])).collect();
    let letters: Vec<f64> =
        pieces.iter().filter(|(_, text)| text.contains(is_right_to_left)).map(|(x, _)| *x).collect();
    let backwards = letters.windows(2).filter(|two| two[1] < two[0]).count();
    if backwards * 2 > letters.len().saturating_sub(1) {
        pieces.reverse();
        pieces.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let mut seen = String::with_capacity(text.len());
    for (_, piece) in pieces {
        // One sign for several letters is written as they are read.
        if piece.contains(is_right_to_left) { seen.extend(piece.chars().rev()) } else { seen.push_str(piece) }
    }
    seen
}

/// Laying a line out twice gives what it was.
fn read(seen: &str, level: Level) -> Read {
    let levels = ParagraphBidiInfo::new(seen, Some(level)).reordered_levels_per_char(0..seen.len());
    let chars: Vec<char> = seen.chars().collect();
    let order = ParagraphBidiInfo::reorder_visual(&levels);
    let as_is = order.iter().map(|&at| chars[at]).collect();
    let mirrored = order.iter().map(|&at| if levels[at].is_rtl() { mirrored(chars[at]) } else { chars[at] }).collect();
    Read { as_is, mirrored }
}

const BRACKETS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('«', '»'), ('‹', '›')];

fn mirrored(c: char) -> char {
    let other = |&(open, close): &(char, char)| match c {
        c if c == open => Some(close),
        c if c == close => Some(open),
        _ => None,
    };
    BRACKETS.iter().find_map(other).unwrap_or(c)
}

/// Brackets that close nothing, or are not closed.
fn unclosed<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    let (mut open, mut lost) = (0, 0);
    for c in lines.flat_map(str::chars) {
        if BRACKETS.iter().any(|(opening, _)| *opening == c) {
            open += 1;
        } else if BRACKETS.iter().any(|(_, closing)| *closing == c) {
            if open > 0 { open -= 1 } else { lost += 1 }
        }
    }
    open + lost
}

/// Letters instead of the shapes that they take within words. Those that people write (a whole blessing in one sign) stay.
fn with_plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // A mark by itself would stand on a space.
            '\u{fb1d}'..='\u{fdef}' | '\u{fe70}'..='\u{fefc}' => {
                plain.extend(std::iter::once(c).nfkc().filter(|c| *c != ' '))
            }
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stretch of letters that are 10 wide, drawn from a place on to the right, or to the left.
    fn drawn(text: &str, from: f64, step: f64) -> Stretch {
        let pieces: Vec<(f64, usize)> =
            text.char_indices().enumerate().map(|(number, (at, _))| (from + step * number as f64, at)).collect();
        let ends = [from, pieces.last().map_or(from, |(x, _)| *x)];
        let (left, right) = (ends[0].min(ends[1]), ends[0].max(ends[1]) + 10.0);
        Stretch { line: Line { y: 20.0, left, right, size: 10.0, text: text.to_owned() }, pieces }
    }

    fn texts(stretches: Vec<Stretch>) -> Vec<String> {
        lines(stretches, 0.0..600.0).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_order_is_that_of_the_places_and_not_that_of_the_drawing() {
        assert_eq!(texts(vec![drawn("םלוע םולש", 0.0, 10.0)]), ["שלום עולם"]);
        assert_eq!(texts(vec![drawn("שלום עולם", 80.0, -10.0)]), ["שלום עולם"]);
        // A number in its own order, in a line that is drawn from the right.
        let line = vec![drawn("שלום ", 100.0, -10.0), drawn("42", 40.0, 10.0), drawn(" עולם", 30.0, -10.0)];
        assert_eq!(texts(line), ["שלום 42 עולם"]);
        assert_eq!(texts(vec![drawn("ab cd", 40.0, 10.0), drawn("ef", 0.0, 10.0)]), ["ab cd", "ef"]);
    }

    #[test]
    fn columns_stay_apart_and_lines_from_the_right_begin_there() {
        let two = lines(vec![drawn("םולש", 500.0, 10.0), drawn("םלוע", 0.0, 10.0)], 0.0..600.0);
        let places: Vec<_> = two.iter().map(|line| (line.text.as_str(), line.left, line.right)).collect();
        assert_eq!(places, [("שלום", 60.0, 100.0), ("עולם", 560.0, 600.0)]);
        let mixed = lines(vec![drawn("so it is: ןכ", 0.0, 10.0)], 0.0..600.0);
        assert_eq!((mixed[0].text.as_str(), mixed[0].left), ("so it is: כן", 0.0));
    }

    #[test]
    fn brackets_close_whichever_way_they_were_written() {
        assert_eq!(texts(vec![drawn("ג (ב) א", 0.0, 10.0)]), ["א (ב) ג"]);
        assert_eq!(texts(vec![drawn("ג )ב( א", 0.0, 10.0)]), ["א (ב) ג"]);
        let over_lines = |first: &str, second: &str| {
            let mut second = drawn(second, 0.0, 10.0);
            second.line.y = 40.0;
            texts(vec![drawn(first, 0.0, 10.0), second])
        };
        assert_eq!(over_lines("ב) א", "ד (ג"), ["א (ב", "ג) ד"]);
        assert_eq!(over_lines("ב( א", "ד )ג"), ["א (ב", "ג) ד"]);
    }

    #[test]
    fn signs_that_turn_directions_stop_nothing() {
        for sign in ['\u{2029}', '\u{202e}', '\u{202c}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{5b0}'] {
            let text = format!("{sign}ab {sign}םולש{sign}");
            let read = texts(vec![drawn(&text, 0.0, 10.0)]).concat();
            assert!(read.contains("שלום") && read.contains("ab"), "{sign:?} became {read:?}");
        }
    }

    #[test]
    fn shapes_of_letters_are_letters() {
        // From the left: lam-alef in one sign, as a shape and as what its font says of it.
        assert_eq!(texts(vec![drawn("\u{fee1}\u{fefc}\u{feb3}", 0.0, 10.0)]), ["سلام"]);
        let mut joined = drawn("م", 0.0, 10.0);
        joined.pieces.extend([(10.0, joined.line.text.len()), (20.0, joined.line.text.len() + 4)]);
        joined.line.text.push_str("لاس");
        assert_eq!(texts(vec![joined]), ["سلام"]);
        assert_eq!(with_plain_letters("\u{fdfa} \u{fb2a} \u{fe71} ﬁ ½"), "\u{fdfa} ש\u{5c1} ـ\u{64b} ﬁ ½");
    }
}
