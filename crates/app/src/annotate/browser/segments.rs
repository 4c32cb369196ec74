//! Words and sentences, as the browser finds them (`Intl.Segmenter`: Unicode's rules, UAX 29, and dictionaries for scripts
//! that put no space between words). Tables of our own would be a twentieth of what there is to load. All places are UTF-16
//! code units.

use js_sys::{
    Array,
    Intl::{SegmentData, Segmenter, SegmenterGranularity, SegmenterOptions, Segments},
    JsString, Reflect,
};

/// How far a step goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// To the next word.
    Word,
    /// To the next sentence.
    Sentence,
}

/// A text in words or sentences.
pub struct Segmented {
    /// Nothing in browsers without such a thing, or for an empty text.
    segments: Option<Segments>,
    length: u32,
    unit: Unit,
}

impl Segmented {
    /// A text, to be stepped through.
    pub fn new(text: &str, unit: Unit) -> Self {
        let options = SegmenterOptions::new();
        options.set_granularity(match unit {
            Unit::Word => SegmenterGranularity::Word,
            Unit::Sentence => SegmenterGranularity::Sentence,
        });
        // No language: the browser's own.
        let intl = Reflect::get(&js_sys::global(), &"Intl".into());
        let is_there = intl.is_ok_and(|intl| Reflect::has(&intl, &"Segmenter".into()).unwrap_or(false));
        let segments = (is_there && !text.is_empty()).then(|| Segmenter::new(&Array::new(), &options).segment(text));
        Self { segments, length: text.encode_utf16().count() as u32, unit }
    }

    /// The word or sentence after `at` (before it, going back); nothing at the end.
    pub fn step(&self, at: Option<(u32, u32)>, forward: bool) -> Option<(u32, u32)> {
        if forward { self.next(at) } else { self.before(at.map_or(self.length, |(start, _)| start)) }
    }

    fn next(&self, at: Option<(u32, u32)>) -> Option<(u32, u32)> {
        let from = match (at, self.unit) {
            (None, _) => 0,
            (Some((_, end)), Unit::Word) => end,
            // From within a sentence, the rest of it comes with it.
            (Some((start, _)), Unit::Sentence) => start + 1,
        };
        let mut place = from;
        while place < self.length {
            let segment = self.segments.as_ref()?.containing(place)?;
            let (start, end) = span(&segment);
            if let Some(found) = self.wanted(&segment).filter(|_| start >= from) {
                return Some(found);
            }
            place = end.max(place + 1);
        }
        None
    }

    fn before(&self, limit: u32) -> Option<(u32, u32)> {
        let mut place = limit.min(self.length);
        while place > 0 {
            let segment = self.segments.as_ref()?.containing(place - 1)?;
            if let Some(found) = self.wanted(&segment).filter(|(_, end)| *end <= limit) {
                return Some(found);
            }
            place = segment.index().min(place - 1);
        }
        None
    }

    /// The place of a word, or of a sentence without the white space behind it.
    fn wanted(&self, segment: &SegmentData) -> Option<(u32, u32)> {
        let (start, end) = span(segment);
        match self.unit {
            Unit::Word => segment.is_word_like().unwrap_or(false).then_some((start, end)),
            Unit::Sentence => {
                let end = start + segment.segment().trim_end().length();
                (start < end).then_some((start, end))
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let (mut place, mut count) = (0, 0);
        while let Some(segment) =
            self.segments.as_ref().filter(|_| place < self.length).and_then(|segments| segments.containing(place))
        {
            count += usize::from(self.wanted(&segment).is_some());
            place = span(&segment).1.max(place + 1);
        }
        count
    }
}

fn span(segment: &SegmentData) -> (u32, u32) {
    let words: JsString = segment.segment();
    (segment.index(), segment.index() + words.length())
}
