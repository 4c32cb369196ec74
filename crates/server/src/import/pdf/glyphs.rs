//! From a PDF to the lines of its pages.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use pdf_extract::{Document, Error, MediaBox, OutputDev, OutputError, Transform, output_doc_page};

use super::{
    Answer, Line,
    directions::{self, Stretch},
    widths,
};
use crate::import::limits::{PDF_CHARS, PDF_PAGES};

pub(super) fn read(bytes: &[u8]) -> Answer {
    // A panic is an answer here; what it says would be of the file.
    std::panic::set_hook(Box::new(|_| {}));
    let answer = catch_unwind(|| all(bytes)).unwrap_or(Answer::Broken);
    let _ = std::panic::take_hook();
    answer
}

fn all(bytes: &[u8]) -> Answer {
    let mut document = match Document::load_mem(bytes) {
        Ok(document) => document,
        Err(Error::InvalidPassword | Error::Decryption(_)) => return Answer::Encrypted,
        Err(_) => return Answer::Broken,
    };
    // Many are encrypted with no password, only to say what may not be done with them.
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Answer::Encrypted;
    }
    widths::listed(&mut document);
    let numbers: Vec<u32> = document.get_pages().into_keys().take(PDF_PAGES + 1).collect();
    if numbers.len() > PDF_PAGES {
        return Answer::TooManyPages;
    }
    if numbers.is_empty() {
        return Answer::Broken;
    }
    let mut left = PDF_CHARS;
    let mut pages = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut lines = Lines {
            lines: Vec::new(),
            height: 0.0,
            sides: 0.0..0.0,
            last: None,
            begins_word: false,
            space: None,
            left: &mut left,
        };
        // One page that cannot be read does not take the others with it.
        let read = catch_unwind(AssertUnwindSafe(|| output_doc_page(&document, &mut lines, number)));
        let (lines, was_read) = (directions::lines(lines.lines, lines.sides), matches!(read, Ok(Ok(()))));
        if left == 0 {
            return Answer::TooMuchText;
        }
        pages.push((was_read || !lines.is_empty()).then_some(lines));
    }
    Answer::Pages(pages)
}

/// Gathers letters to lines, as they come.
struct Lines<'a> {
    lines: Vec<Stretch>,
    height: f64,
    /// Of the page, from the left to the right.
    sides: Range<f64>,
    /// Where the letter before ended.
    last: Option<(f64, f64)>,
    begins_word: bool,
    /// Where the space begins that came last, if nothing came after it.
    space: Option<f64>,
    /// Characters that may still come.
    left: &'a mut usize,
}

impl OutputDev for Lines<'_> {
    fn begin_page(&mut self, _: u32, media: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        self.height = media.ury;
        self.sides = media.llx..media.urx;
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        at: &Transform,
        width: f64,
        _: f64,
        font_size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        let size = (at.m21.hypot(at.m22) * font_size).abs();
        let (x, y) = (at.m31, self.height - at.m32);
        let end = x + width * size;
        if !(size.is_finite() && x.is_finite() && y.is_finite() && end.is_finite()) {
            return Ok(());
        }
        let text: String = text.chars().filter(|c| !c.is_control()).flat_map(letters).collect();
        *self.left = self.left.saturating_sub(text.chars().count().max(1));
        if *self.left == 0 {
            return Err(OutputError::FormatError(std::fmt::Error));
        }
        let goes_on = self.last.is_some_and(|(last, base)| (y - base).abs() <= size * 0.5 && x >= last - size * 2.0);
        let Stretch { line, pieces } = match self.lines.last_mut() {
            Some(line) if goes_on => line,
            _ => {
                let line = Line { y, left: x, right: end, size, text: String::new() };
                self.lines.push(Stretch { line, pieces: Vec::new() });
                let Some(line) = self.lines.last_mut() else { return Ok(()) };
                line
            }
        };
        // A space on which the next letter stands is a place where a word might have been parted, and was not.
        if self.space.take().is_some_and(|space| goes_on && (x - space).abs() < size * 0.05) {
            line.text.pop();
            pieces.pop();
        }
        if text == " " {
            self.space = Some(x);
        } else {
            line.right = line.right.max(end);
        }
        let gap = self.last.map_or(0.0, |(last, _)| x - last);
        if goes_on && (self.begins_word || gap > size * 0.25) && gap > size * 0.1 && !line.text.ends_with(' ') {
            pieces.push((x, line.text.len()));
            line.text.push(' ');
        }
        pieces.push((x, line.text.len()));
        line.text.push_str(&text);
        line.size = line.size.max(size);
        self.last = Some((end, y));
        self.begins_word = false;
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        self.begins_word = true;
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

/// Letters that a font has joined, apart.
fn letters(c: char) -> impl Iterator<Item = char> {
    let apart = match c {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{fb05}' | '\u{fb06}' => "st",
        _ => "",
    };
    apart.chars().chain(apart.is_empty().then_some(c))
}
