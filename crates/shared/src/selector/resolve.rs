//! Finding a target in a text that may have changed.

use super::{Target, approximate, context, occurrences};
use crate::{
    order::sorted_by,
    text::{ByteOffset, CharOffset, OffsetMap},
};

/// Where a target is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Where it was, word for word.
    Exact {
        /// Its start.
        start: CharOffset,
        /// Its end.
        end: CharOffset,
    },
    /// Most likely here: shown, and somebody is asked to confirm it.
    Moved {
        /// Its start.
        start: CharOffset,
        /// Its end.
        end: CharOffset,
    },
    /// Nowhere, or in several places that cannot be told apart: kept in a drawer, its thread intact.
    Lost,
}

impl Anchor {
    /// Its range in the canonical text.
    pub fn range(self) -> Option<(CharOffset, CharOffset)> {
        match self {
            Self::Exact { start, end } | Self::Moved { start, end } => Some((start, end)),
            Self::Lost => None,
        }
    }

    /// The word of the page's `data-anchor`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact { .. } => "exact",
            Self::Moved { .. } => "moved",
            Self::Lost => "lost",
        }
    }
}

/// What each sign is worth, after the weights that Hypothesis found good.
const QUOTE: u32 = 50;
const CONTEXT: u32 = 20;
const POSITION: u32 = 2;

/// All scores are thousandths. A quote word for word in wholly foreign surroundings has about 550.
const MIN_SCORE: u32 = 600;

/// Above it a quote found word for word is not compared with changed ones.
const GOOD_SCORE: u32 = 750;

/// Two places closer than this are told apart by their distance alone, if at all.
const TIE: u32 = 50;

/// Occurrences whose surroundings are compared in full; among more, those with the most letters in common beside the quote.
const MAX_CANDIDATES: usize = 64;

/// Finds a target in the text of its message, with `map` the text's units.
///
/// It is [`Anchor::Exact`] where its position says if the quote stands there in its stated surroundings. The quote alone is
/// not enough: where paragraphs were put in, deleted or moved, the same words may have come to stand there that are another
/// passage. Otherwise the places that hold the quote, or something like it (a quarter of its letters edited, 32 at most), are
/// scored by quote, surroundings and distance. The best is [`Anchor::Moved`] if it reaches a minimum and no other comes near,
/// or if it is the only place with the quote word for word, or, with nothing better, the place that the position names. Else
/// the target is lost. So is one whose approximate search would take too long, which takes a text that resembles the quote
/// all over.
pub fn resolve(target: &Target, text: &str, map: &OffsetMap) -> Anchor {
    if target.lost || target.exact.is_empty() {
        return Anchor::Lost;
    }
    let scale = Scale { target, text, map };
    let (start, end) = (target.start, target.end);
    let here = map.slice(text, start, end) == Some(target.exact.as_str());
    if here && scale.stands_as_stated(start, end) {
        return Anchor::Exact { start, end };
    }
    let (mut candidates, verbatim) = scale.verbatim();
    if candidates.iter().all(|candidate| candidate.score < GOOD_SCORE) {
        candidates.extend(scale.alike());
    }
    let sole = candidates.first().filter(|_| verbatim == 1).map(|sole| sole.moved());
    let fallback = sole.or(here.then_some(Anchor::Moved { start, end })).unwrap_or(Anchor::Lost);
    if candidates.iter().all(|candidate| candidate.score < MIN_SCORE) {
        return fallback;
    }
    scale.choose(&candidates).map_or(if here { fallback } else { Anchor::Lost }, Candidate::moved)
}

/// A place where the target may be.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    start: CharOffset,
    end: CharOffset,
    score: u32,
}

impl Candidate {
    fn moved(self) -> Anchor {
        Anchor::Moved { start: self.start, end: self.end }
    }
}

/// What candidates are weighed with.
struct Scale<'a> {
    target: &'a Target,
    text: &'a str,
    map: &'a OffsetMap,
}

impl Scale<'_> {
    /// The places with the quote word for word, and how many there are in all.
    fn verbatim(&self) -> (Vec<Candidate>, usize) {
        let quote = &self.target.exact;
        let mut places: Vec<usize> = occurrences::of(quote, self.text).collect();
        let all = places.len();
        if all > MAX_CANDIDATES {
            let rank = |at: usize| (std::cmp::Reverse(self.common_bytes(at)), self.distance_of_byte(at), at);
            let ranked = sorted_by(places.into_iter().map(rank).collect(), |a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
            places = ranked.into_iter().take(MAX_CANDIDATES).map(|(_, _, at)| at).collect();
        }
        let candidate = |at: usize| {
            let (start, end) = (self.char_at(at)?, self.char_at(at + quote.len())?);
            Some(self.weigh(start, end, 1000))
        };
        (places.into_iter().filter_map(candidate).collect(), all)
    }

    /// The places with something like the quote; none where looking for them takes too long.
    fn alike(&self) -> Vec<Candidate> {
        let quote: Vec<char> = self.target.exact.chars().take(super::MAX_EXACT_CHARS + 1).collect();
        if quote.len() > super::MAX_EXACT_CHARS || approximate::max_errors(quote.len()) == 0 {
            return Vec::new();
        }
        let text: Vec<char> = self.text.chars().collect();
        let places = approximate::places(&quote, &text).unwrap_or_default();
        let weigh = |place: approximate::Place| {
            let likeness = 1000 - (place.errors * 1000 / quote.len()) as u32;
            self.weigh(CharOffset(place.start as u32), CharOffset(place.end as u32), likeness)
        };
        places.into_iter().map(weigh).collect()
    }

    /// The best candidate, if it is good enough and no other comes near it: one that scores about the same must be much
    /// farther away.
    fn choose(&self, candidates: &[Candidate]) -> Option<Candidate> {
        let best = candidates.iter().max_by_key(|candidate| candidate.score).filter(|best| best.score >= MIN_SCORE)?;
        let near = self.distance(best.start);
        let rivalled = candidates.iter().any(|other| {
            let same = (other.start, other.end) == (best.start, best.end);
            !same
                && other.score + TIE > best.score
                && self.distance(other.start) < 4 * near + super::CONTEXT_CHARS as u32
        });
        (!rivalled).then_some(*best)
    }

    fn weigh(&self, start: CharOffset, end: CharOffset, likeness: u32) -> Candidate {
        let (prefix, suffix) = self.contexts(start, end);
        let length = self.map.end().0.max(1);
        let far = (u64::from(self.distance(start)) * 1000 / u64::from(length)).min(1000) as u32;
        let mut sum = QUOTE * likeness + POSITION * (1000 - far);
        let mut weights = QUOTE + POSITION;
        for context in [prefix, suffix].into_iter().flatten() {
            sum += CONTEXT * context;
            weights += CONTEXT;
        }
        Candidate { start, end, score: sum / weights }
    }

    /// How alike the surroundings of a place are to the stated ones, where any are stated.
    fn contexts(&self, start: CharOffset, end: CharOffset) -> (Option<u32>, Option<u32>) {
        let (before, after) = self.around(start, end);
        let Target { prefix, suffix, .. } = self.target;
        let prefix = (!prefix.is_empty()).then(|| context::prefix_similarity(prefix, before));
        let suffix = (!suffix.is_empty()).then(|| context::suffix_similarity(suffix, after));
        (prefix, suffix)
    }

    /// Whether the surroundings of a place are the stated ones, as far as any are stated.
    fn stands_as_stated(&self, start: CharOffset, end: CharOffset) -> bool {
        let (before, after) = self.around(start, end);
        context::ends_with(&self.target.prefix, before) && context::starts_with(&self.target.suffix, after)
    }

    fn around(&self, start: CharOffset, end: CharOffset) -> (&str, &str) {
        let byte = |offset| self.map.char_to_byte(offset).map_or(self.text.len(), |ByteOffset(byte)| byte as usize);
        (&self.text[..byte(start)], &self.text[byte(end)..])
    }

    /// Bytes beside an occurrence that are as stated, from the quote outwards.
    fn common_bytes(&self, at: usize) -> usize {
        let Target { prefix, suffix, exact, .. } = self.target;
        let (before, after) = (&self.text.as_bytes()[..at], &self.text.as_bytes()[at + exact.len()..]);
        let prefix = prefix.bytes().rev().zip(before.iter().rev()).take_while(|(a, b)| a == *b).count();
        let suffix = suffix.bytes().zip(after).take_while(|(a, b)| a == *b).count();
        prefix + suffix
    }

    fn distance_of_byte(&self, at: usize) -> u32 {
        self.char_at(at).map_or(u32::MAX, |start| self.distance(start))
    }

    fn distance(&self, start: CharOffset) -> u32 {
        // Offsets of a real text; what a forged target states is cut to it.
        start.0.abs_diff(self.target.start.0.min(self.map.end().0))
    }

    fn char_at(&self, byte: usize) -> Option<CharOffset> {
        self.map.byte_to_char(ByteOffset(byte as u32))
    }
}
