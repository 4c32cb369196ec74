//! Some of a text around what was looked for: pure.

use std::ops::Range;

use shared::api::ExcerptPiece;

use super::{
    query::Term,
    words::{Stems, Word, words},
};

/// Characters before the first word that was found.
const BEFORE: usize = 60;

/// Characters of an excerpt, about.
const LENGTH: usize = 240;

/// The excerpt of a text, and where in it the first thing is that was looked for, if any was.
pub(super) fn excerpt(text: &str, terms: &[Term]) -> (Vec<ExcerptPiece>, Option<Range<usize>>) {
    let words = words(text);
    let stems = Stems::of(text);
    let mut hits = vec![false; words.len()];
    let mut first = None;
    for place in 0..words.len() {
        let length = terms.iter().map(|term| term.begins_at(text, &words[place..], &stems)).max().unwrap_or(0);
        hits[place..words.len().min(place + length)].fill(true);
        if length > 0 && first.is_none() {
            first = Some((place, length));
        }
    }
    let found = first.map(|(place, length)| {
        let last = words.len().min(place + length) - 1;
        words[place].at.start..words[last].at.end
    });
    let start = first.map_or(0, |(place, _)| begin(text, words[place].at.start));
    let end = text[start..].char_indices().nth(LENGTH).map_or(text.len(), |(at, _)| start + at);
    let end = words.iter().map(|word| &word.at).find(|at| at.start < end && at.end > end).map_or(end, |at| at.end);
    (pieces(text, (start, end), &words, &hits), found)
}

/// Some characters before, at the start of a word.
fn begin(text: &str, at: usize) -> usize {
    let Some((back, _)) = text[..at].char_indices().rev().nth(BEFORE) else { return 0 };
    text[back..at].find(char::is_whitespace).map_or(back, |space| back + space + 1)
}

fn pieces(text: &str, (start, end): (usize, usize), words: &[Word], hits: &[bool]) -> Vec<ExcerptPiece> {
    let mut pieces = Vec::<ExcerptPiece>::new();
    let mut push = |text: &str, hit: bool| match pieces.last_mut() {
        Some(last) if last.hit == hit => last.text.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(ExcerptPiece { text: text.to_owned(), hit }),
    };
    push(if start > 0 { "… " } else { "" }, false);
    let mut at = start;
    let mut before = false;
    for (word, hit) in words.iter().zip(hits).filter(|(word, _)| word.at.start >= start && word.at.end <= end) {
        // What stands between two words of a phrase is a part of it.
        push(&text[at..word.at.start], *hit && before);
        push(&text[word.at.clone()], *hit);
        (at, before) = (word.at.end, *hit);
    }
    push(&text[at..end], false);
    push(if end < text.len() { " …" } else { "" }, false);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::query::Query;

    fn marked(text: &str, query: &str) -> String {
        let (pieces, _) = excerpt(text, &Query::read(query).unwrap().terms);
        pieces.into_iter().map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text }).collect()
    }

    #[test]
    fn what_was_looked_for_is_marked_in_all_its_forms() {
        let text = "She reads. They were reading closely together, as readers do.";
        assert_eq!(marked(text, "read"), "She [reads]. They were [reading] closely together, as readers do.");
        assert_eq!(
            marked(text, "\"reading closely\""),
            "She reads. They were [reading closely] together, as readers do."
        );
        assert_eq!(marked("数据库很大", "数据"), "[数据]库很大");
        assert_eq!(marked("Überblick", "uber*"), "[Überblick]");
        assert_eq!(marked("nothing here", "in:notes"), "nothing here");
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_place() {
        let text = format!("{}needle {}", "before ".repeat(100), "after ".repeat(100));
        let marked = marked(&text, "needle");
        assert!(marked.starts_with("… before") && marked.ends_with("after …"), "{marked}");
        assert!(marked.contains("[needle]") && marked.chars().count() < 300, "{marked}");
    }

    proptest! {
        #[test]
        fn an_excerpt_is_of_the_text(text in "[a-c数é .\n]{0,800}", query in "[a-c数]{1,2}") {
            let (pieces, found) = excerpt(&text, &Query::read(&query).unwrap().terms);
            let all: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(text.contains(all.trim_start_matches("… ").trim_end_matches(" …").trim()));
            prop_assert_eq!(found.is_some(), pieces.iter().any(|piece| piece.hit));
        }
    }
}
