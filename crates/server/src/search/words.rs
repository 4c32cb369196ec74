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
}

/// Accents and points that readers leave out when they type. Those that make another letter of one (in Devanagari, say)
/// are none of them.
fn is_left_out(character: char) -> bool {
    matches!(u32::from(character),
        0x0300..=0x036f | 0x0591..=0x05c7 | 0x0610..=0x061a | 0x0640 | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06dc
        | 0x06df..=0x06e8 | 0x06ea..=0x06ed | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff)
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
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

/// The language that a text is in, as far as its words' stems go: English where it is too short to tell.
pub(super) fn language(text: &str) -> Algorithm {
    let told = (text.len() >= MIN_TELLING).then(|| whatlang::detect(text)).flatten();
    let told = told.filter(|info| info.is_reliable()).map(|info| info.lang());
    let known = told.and_then(|told| LANGUAGES.into_iter().find(|(lang, _)| *lang == told));
    known.map_or(Algorithm::English, |(_, algorithm)| algorithm)
}

/// The stem of a word in a language, folded.
pub(super) fn stem(word: &str, of: &Stemmer) -> String {
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
        assert_eq!(folded("— … 😀"), [""; 0]);
    }

    #[test]
    fn scripts_without_spaces_have_a_word_for_each_character() {
        assert_eq!(folded("GPT的数据"), ["gpt", "的", "数", "据"]);
        assert_eq!(folded("ไทย").len(), 3);
    }

    #[test]
    fn forms_of_a_word_have_one_stem_in_its_language() {
        let english = Stemmer::create(language("The students were reading long conversations together."));
        assert_eq!(stem("reading", &english), stem("reads", &english));
        let german =
            Stemmer::create(language("Die Schülerinnen lasen gestern gemeinsam lange Gespräche mit Maschinen."));
        assert_eq!(stem("Gespräche", &german), stem("Gesprächen", &german));
        assert!(stems("Gesprächen").contains(&stem("Gespräche", &german)));
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
