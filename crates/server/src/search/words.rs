//! Words of texts in any script, folded so that what people take for the same word is the same: when it is stored, looked
//! for and shown.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use whatlang::Lang;

/// Characters of a word that count.
const MAX_WORD: usize = 60;

/// Shorter texts do not say what language they are in.
const MIN_TELLING: usize = 24;

/// The languages whose words have stems here, with how `whatlang` calls them.
const LANGUAGES: [(Lang, Algorithm); 18] = [
    (Lang::Eng, Algorithm::English),
    (Lang::Ara, Algorithm::Arabic),
    (Lang::Dan, Algorithm::Danish),
    (Lang::Nld, Algorithm::Dutch),
    (Lang::Fin, Algorithm::Finnish),
    (Lang::Fra, Algorithm::French),
    (Lang::Deu, Algorithm::German),
    (Lang::Ell, Algorithm::Greek),
    (Lang::Hun, Algorithm::Hungarian),
    (Lang::Ita, Algorithm::Italian),
    (Lang::Nob, Algorithm::Norwegian),
    (Lang::Por, Algorithm::Portuguese),
    (Lang::Ron, Algorithm::Romanian),
    (Lang::Rus, Algorithm::Russian),
    (Lang::Spa, Algorithm::Spanish),
    (Lang::Swe, Algorithm::Swedish),
    (Lang::Tam, Algorithm::Tamil),
    (Lang::Tur, Algorithm::Turkish),
];

/// A word in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where, in bytes.
    pub(super) at: Range<usize>,
    /// As it is compared.
    pub(super) folded: String,
}

/// Whether words of this script are not set apart by spaces (or, like Hangul, bear endings): each character is a word then,
/// and a word is looked for as a phrase of them. So a part is found wherever it stands, and nothing has to know the words.
fn stands_alone(character: char) -> bool {
    matches!(u32::from(character),
        0x0e00..=0x0eff // Thai, Lao
        | 0x0f00..=0x0fff // Tibetan
        | 0x1000..=0x109f // Myanmar
        | 0x1100..=0x11ff // Hangul Jamo
        | 0x1780..=0x17ff // Khmer
        | 0x3005..=0x3007 | 0x3040..=0x30ff | 0x3130..=0x318f | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff
        | 0xff66..=0xffdc | 0x1b000..=0x1b16f | 0x20000..=0x3ffff)
        || is_picture(character)
}

/// Whether it is an emoji or another picture that people look for: each is a word. Arrows and the like are none: they stand
/// between words. Nor are tones of skin and what joins two to a third: they are found with the picture that they belong to.
fn is_picture(character: char) -> bool {
    matches!(u32::from(character), 0x231a..=0x231b | 0x23e9..=0x23fa | 0x2600..=0x27bf | 0x2b50 | 0x2b55
        | 0x1f000..=0x1f3fa | 0x1f400..=0x1faff)
}

/// Accents, points and choices of a shape that readers leave out when they type. Those that make another letter of one (in Devanagari, say)
/// are none of them.
fn is_left_out(character: char) -> bool {
    matches!(u32::from(character),
        0x0300..=0x036f | 0x0591..=0x05c7 | 0x0610..=0x061a | 0x0640 | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06dc
        | 0x06df..=0x06e8 | 0x06ea..=0x06ed | 0xfe00..=0xfe0f | 0xe0100..=0xe01ef | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff)
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character) || is_picture(character)
}

/// A word as it is compared: without case, accents and the ways to write one letter (NFKD). May become nothing.
pub(super) fn fold(word: &str) -> String {
    let plain: String = word.nfkd().filter(|character| is_of_word(*character) && !is_left_out(*character)).collect();
    // Both ways: some letters have one spelling in capitals only, such as sharp s and final sigma; and the capital sharp s has it
    // only once it is a small one. Each by itself: a whole word would end in a final sigma again.
    plain
        .to_lowercase()
        .to_uppercase()
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|character| !is_left_out(*character))
        .take(MAX_WORD)
        .collect()
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut take = |at: Range<usize>| {
        let folded = fold(&text[at.clone()]);
        if !folded.is_empty() {
            words.push(Word { at, folded });
        }
    };
    let mut open: Option<usize> = None;
    for (at, character) in text.char_indices() {
        let alone = stands_alone(character);
        if (alone || !is_of_word(character))
            && let Some(start) = open.take()
        {
            take(start..at);
        }
        if alone {
            take(at..at + character.len_utf8());
        } else if is_of_word(character) && open.is_none() {
            open = Some(at);
        }
    }
    if let Some(start) = open {
        take(start..text.len());
    }
    words
}

/// The stems of a text's words: each line in its own language, where it tells it, else in that of the whole text.
pub(super) struct Stems {
    /// Where lines end, in bytes, with what they are in.
    lines: Vec<(usize, Algorithm)>,
}

impl Stems {
    /// Of this text. What is too short to tell counts as English.
    pub(super) fn of(text: &str) -> Self {
        let whole = language(text).unwrap_or(Algorithm::English);
        let (mut lines, mut end) = (Vec::<(usize, Algorithm)>::new(), 0);
        for line in text.split_inclusive('\n') {
            end += line.len();
            let of = language(line).unwrap_or(whole);
            match lines.last_mut() {
                Some((last, same)) if *same == of => *last = end,
                _ => lines.push((end, of)),
            }
        }
        Self { lines }
    }

    /// Of the word that begins there, folded.
    pub(super) fn stem(&self, at: usize, word: &str) -> String {
        let line = self.lines.partition_point(|(end, _)| *end <= at);
        let of = self.lines.get(line).map_or(Algorithm::English, |(_, of)| *of);
        stem(word, &Stemmer::create(in_script(word, of)))
    }
}

/// The language that a text is in, where it is long enough to tell and its words have stems here.
fn language(text: &str) -> Option<Algorithm> {
    let told = (text.len() >= MIN_TELLING).then(|| whatlang::detect(text)).flatten()?;
    let known = LANGUAGES.into_iter().find(|(lang, _)| told.is_reliable() && *lang == told.lang());
    known.map(|(_, algorithm)| algorithm)
}

/// The language whose stems a word has: that of the text around it, unless it is written in letters of which only one language
/// here makes words.
fn in_script(word: &str, around: Algorithm) -> Algorithm {
    match word.chars().next().map_or(0, u32::from) {
        0x0370..=0x03ff | 0x1f00..=0x1fff => Algorithm::Greek,
        0x0400..=0x052f => Algorithm::Russian,
        0x0600..=0x06ff | 0x0750..=0x077f => Algorithm::Arabic,
        0x0b80..=0x0bff => Algorithm::Tamil,
        _ => around,
    }
}

/// The stem of a word in a language, folded.
fn stem(word: &str, of: &Stemmer) -> String {
    let lower: String = word.nfc().collect::<String>().to_lowercase();
    fold(&of.stem(&lower))
}

/// The stems of a word in every language in which it may be one, each once.
pub(super) fn stems(word: &str) -> Vec<String> {
    let mut stems: Vec<String> =
        LANGUAGES.iter().map(|(_, algorithm)| stem(word, &Stemmer::create(*algorithm))).collect();
    stems.retain(|stem| !stem.is_empty());
    stems.sort_unstable();
    stems.dedup();
    stems
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn case_accents_and_ways_to_write_a_letter_make_no_other_word() {
        assert_eq!(folded("Straße STRASSE STRAẞE"), ["strasse", "strasse", "strasse"]);
        assert_eq!(folded("Café cafe\u{301} ΟΔΟΣ οδός ﬁne ２０"), ["cafe", "cafe", "οδοσ", "οδοσ", "fine", "20"]);
        assert_eq!(folded("שָׁלוֹם שלום عَرَبِي عربي"), ["שלום", "שלום", "عربي", "عربي"]);
        assert_ne!(folded("कि"), folded("की"), "vowel signs are letters");
    }

    #[test]
    fn what_stands_between_letters_parts_words() {
        assert_eq!(folded("foo_bar, don't l’homme x-ray"), ["foo", "bar", "don", "t", "l", "homme", "x", "ray"]);
        assert_eq!(folded("— … → • §"), [""; 0]);
    }

    #[test]
    fn scripts_without_spaces_have_a_word_for_each_character() {
        assert_eq!(folded("GPT的数据"), ["gpt", "的", "数", "据"]);
        assert_eq!(folded("ไทย").len(), 3);
    }

    #[test]
    fn pictures_are_words_whatever_their_shape_and_tone() {
        assert_eq!(folded("so 🐋🐋 and ❤️, 👍🏽"), ["so", "🐋", "🐋", "and", "❤", "👍"]);
        assert_eq!(folded("👩\u{200d}🔬 → ✓"), ["👩", "🔬", "✓"]);
        assert_eq!(folded("1\u{fe0f}\u{20e3}"), ["1"]);
    }

    /// The stem of a word in a text.
    fn in_text(text: &str, word: &str) -> String {
        Stems::of(text).stem(text.find(word).unwrap(), word)
    }

    #[test]
    fn forms_of_a_word_have_one_stem_in_its_language() {
        let english = "The students were reading long conversations together.";
        assert_eq!(in_text(english, "reading"), in_text("She reads.", "reads"));
        let german = "Die Schülerinnen lasen gestern gemeinsam lange Gespräche mit Maschinen.";
        assert!(stems("Gesprächen").contains(&in_text(german, "Gespräche")));
        let both = format!("{english}\n{german}\n{english}");
        assert_eq!(in_text(&both, "Gespräche"), in_text(german, "Gespräche"), "each line in its own language");
        assert_eq!(in_text(&both, "conversations"), in_text(english, "conversations"));
        for (short, other) in [("книги", "книгами"), ("πόλεις", "πόλεων")] {
            assert!(stems(other).contains(&in_text(short, short)), "{short} in letters that tell the language");
            assert!(
                stems(other).contains(&in_text(&format!("{english} {short}"), short)),
                "{short} in a text of another"
            );
        }
    }

    proptest! {
        #[test]
        fn words_lie_in_the_text_in_order_and_fold_to_themselves(text in "\\PC{0,60}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(word.at.start >= end && text.get(word.at.clone()).is_some());
                end = word.at.end;
                prop_assert_eq!(fold(&word.folded), word.folded.clone());
                prop_assert!(word.folded.chars().all(is_of_word));
            }
        }
    }
}
