//! Targets of highlights: made from a selection, found again in a text.
//!
//! A target states its place twice: as a range of the canonical text and as the quote with its surroundings (the
//! `TextPositionSelector` and `TextQuoteSelector` of W3C Web Annotation, in one object). The range is quick and exact as
//! long as the text stays; the quote finds the passage again when it does not.

mod approximate;
mod carry;
mod context;
pub mod occurrences;
mod resolve;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod stories;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    ids::MessageId,
    letters::{letter_end, letter_start},
    text::{ByteOffset, CharOffset, OffsetMap},
};

pub use carry::{EVIDENCE_CHARS, Within};
pub use resolve::{Anchor, resolve};

/// The longest quote, in code points.
pub const MAX_EXACT_CHARS: usize = 10_000;

/// What is kept of the text before and after a quote, in code points.
pub const CONTEXT_CHARS: usize = 32;

/// The targets of one highlight as JSON, in bytes.
pub const MAX_TARGETS_BYTES: usize = 64 * 1024;

/// A passage of one message.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The message.
    pub message: MessageId,
    /// Where the passage starts in the canonical text.
    pub start: CharOffset,
    /// Where it ends, behind its last code point.
    pub end: CharOffset,
    /// The passage itself.
    pub exact: String,
    /// Up to [`CONTEXT_CHARS`] code points before it.
    pub prefix: String,
    /// Up to [`CONTEXT_CHARS`] code points behind it.
    pub suffix: String,
    /// The passage had no place when it was imported: it is kept and never looked for until somebody re-attaches it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

/// A selection that cannot become a target, in words for whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unselectable {
    /// Nothing, or white space alone.
    #[error("Nothing is selected but white space. Select some words.")]
    Blank,
    /// More than [`MAX_EXACT_CHARS`].
    #[error(
        "The selection has {chars} characters; one highlight holds at most {MAX_EXACT_CHARS}. Select less, or make several highlights."
    )]
    TooLong {
        /// Code points of the selection without outer white space.
        chars: usize,
    },
    /// Backwards, or past the end of the text.
    #[error("The selection is not inside the message. Select it again.")]
    Outside,
    /// The targets together are more than [`MAX_TARGETS_BYTES`].
    #[error(
        "The selection is too large for one highlight ({bytes} bytes of at most {MAX_TARGETS_BYTES}). Select less, or make several highlights."
    )]
    TooLarge {
        /// The targets as JSON.
        bytes: usize,
    },
}

impl Target {
    /// The target of a selection in a message whose canonical text is `text`, with `map` its units.
    ///
    /// White space at the ends is left out, and a grapheme cluster (an emoji with its joiners, a letter with its marks)
    /// that the selection cuts is taken in whole.
    pub fn describe(
        message: MessageId,
        text: &str,
        map: &OffsetMap,
        range: Range<CharOffset>,
    ) -> Result<Self, Unselectable> {
        let selected = map.slice(text, range.start, range.end).ok_or(Unselectable::Outside)?;
        let words = selected.trim();
        if words.is_empty() {
            return Err(Unselectable::Blank);
        }
        let from = map.char_to_byte(range.start).ok_or(Unselectable::Outside)?.0 as usize;
        let start = letter_start(text, from + selected.len() - selected.trim_start().len());
        let end = letter_end(text, from + selected.trim_end().len());
        let exact = &text[start..end];
        let chars = exact.chars().count();
        if chars > MAX_EXACT_CHARS {
            return Err(Unselectable::TooLong { chars });
        }
        let char_at = |byte: usize| map.byte_to_char(ByteOffset(byte as u32)).ok_or(Unselectable::Outside);
        Ok(Self {
            message,
            start: char_at(start)?,
            end: char_at(end)?,
            exact: exact.to_owned(),
            prefix: context::before(text, start).to_owned(),
            suffix: context::after(text, end).to_owned(),
            lost: false,
        })
    }
}

/// Whether the targets of one highlight are few and short enough together.
pub fn check_size(targets: &[Target]) -> Result<(), Unselectable> {
    let bytes = serde_json::to_vec(targets).map_or(usize::MAX, |json| json.len());
    if bytes > MAX_TARGETS_BYTES { Err(Unselectable::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::sample::mixed_text;

    fn describe(text: &str, start: u32, end: u32) -> Result<Target, Unselectable> {
        Target::describe(MessageId::new(), text, &OffsetMap::new(text), CharOffset(start)..CharOffset(end))
    }

    #[test]
    fn a_target_has_the_six_keys_of_the_schema() {
        let mut target = describe("say hello to all", 4, 9).unwrap();
        let keys = |target: &Target| {
            let json = serde_json::to_value(target).unwrap();
            json.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys(&target), "end exact message prefix start suffix");
        assert_eq!((target.start, target.end), (CharOffset(4), CharOffset(9)));
        assert_eq!((&*target.prefix, &*target.exact, &*target.suffix), ("say ", "hello", " to all"));
        target.lost = true;
        assert_eq!(keys(&target), "end exact lost message prefix start suffix");
        let json = serde_json::to_string(&target).unwrap();
        assert_eq!(serde_json::from_str::<Target>(&json).unwrap(), target);
        assert!(serde_json::from_str::<Target>(&json.replace("\"lost\"", "\"found\"")).is_err());
    }

    #[test]
    fn white_space_at_the_ends_is_left_out() {
        let target = describe("a \n word\u{a0}\t b", 1, 11).unwrap();
        assert_eq!((&*target.exact, target.start, target.end), ("word", CharOffset(4), CharOffset(8)));
        assert_eq!(describe("a \n\u{a0}\u{3000} b", 1, 5), Err(Unselectable::Blank));
        assert_eq!(describe("abc", 1, 1), Err(Unselectable::Blank));
    }

    #[test]
    fn clusters_are_taken_whole() {
        for (text, start, end, exact) in [
            ("x👩🏽‍🚀y", 2, 3, "👩🏽‍🚀"),
            ("caf\u{65}\u{301}s", 0, 4, "cafe\u{301}"),
            ("🇦🇺🇳🇿", 3, 4, "🇳🇿"),
            ("한글", 0, 1, "한"),
            ("a\u{301}\u{302}b", 2, 4, "a\u{301}\u{302}b"),
        ] {
            assert_eq!(describe(text, start, end).unwrap().exact, exact, "{text} {start}..{end}");
        }
    }

    #[test]
    fn what_cannot_be_selected_is_declined_with_a_word_why() {
        assert_eq!(describe("abc", 2, 4), Err(Unselectable::Outside));
        assert_eq!(describe("abc", 2, 1), Err(Unselectable::Outside));
        let long = "é".repeat(MAX_EXACT_CHARS + 1);
        assert_eq!(describe(&long, 0, 10_001), Err(Unselectable::TooLong { chars: 10_001 }));
        assert!(describe(&long, 0, 10_000).is_ok());
        let error = describe(&long, 0, 10_001).unwrap_err().to_string();
        assert!(error.contains("10001 characters") && error.contains("at most 10000"), "{error}");
    }

    #[test]
    fn the_targets_of_a_highlight_have_a_limit_together() {
        let text = "x".repeat(9_000);
        let target = describe(&text, 0, 9_000).unwrap();
        assert_eq!(check_size(&vec![target.clone(); 7]), Ok(()));
        assert!(
            matches!(check_size(&vec![target; 8]), Err(Unselectable::TooLarge { bytes }) if bytes > MAX_TARGETS_BYTES)
        );
    }

    proptest! {
        #[test]
        fn what_is_described_is_found_where_it_was(text in mixed_text(), start in 0u32..120, len in 1u32..80) {
            let map = OffsetMap::new(&text);
            let end = (start + len).min(map.end().0);
            if let Ok(target) = Target::describe(MessageId::new(), &text, &map, CharOffset(start)..CharOffset(end)) {
                let Target { start, end, .. } = target;
                prop_assert_eq!(map.slice(&text, start, end), Some(target.exact.as_str()));
                prop_assert_eq!(resolve(&target, &text, &map), Anchor::Exact { start, end });
            }
        }
    }
}
