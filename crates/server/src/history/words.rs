//! Two states of a text, word by word.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use shared::api::{Piece, PieceKind};
use unicode_segmentation::UnicodeSegmentation;

/// How one text became the other: all of both, in stretches. Nothing where they are the same.
pub(super) fn pieces(before: &str, after: &str) -> Vec<Piece> {
    if before == after {
        return Vec::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (words(before), words(after));
    let mut pieces = Vec::new();
    let mut push = |kind, words: &[&str]| {
        if !words.is_empty() {
            pieces.push(Piece { kind, text: words.concat() });
        }
    };
    let mut done = 0;
    for (removed, added) in hunks(&old, &new) {
        push(PieceKind::Same, &old[done..removed.start]);
        push(PieceKind::Removed, &old[removed.clone()]);
        push(PieceKind::Added, &new[added]);
        done = removed.end;
    }
    push(PieceKind::Same, &old[done..]);
    pieces
}

/// What brings those lines of `before` back that were taken out of what is `after` now: what is put where (in UTF-16 code
/// units), from front to back. What was written since stays; a line to which words were only added lacks nothing.
pub(super) fn taken_out(before: &str, after: &str) -> Vec<(u32, String)> {
    let (old, new) = (lines(before), lines(after));
    let units = |text: &str| text.encode_utf16().count();
    let starts: Vec<usize> = new
        .iter()
        .scan(0, |at, line| {
            let start = *at;
            *at += units(line) + 1;
            Some(start)
        })
        .collect();
    let mut inserts = Vec::new();
    for (removed, added) in hunks(&old, &new) {
        let gone = old[removed].join("\n");
        if lacks_nothing(&gone, &new[added.clone()].join("\n")) {
            continue;
        }
        let (at, text) = match starts.get(added.start) {
            Some(start) => (*start, gone + "\n"),
            None if new.is_empty() => (0, gone),
            None => (units(after), format!("\n{gone}")),
        };
        inserts.push((u32::try_from(at).unwrap_or(u32::MAX), text));
    }
    inserts
}

/// Whether all words of the one are in the other, in their order.
fn lacks_nothing(before: &str, after: &str) -> bool {
    let is_gone = |piece: &Piece| piece.kind == PieceKind::Removed && !piece.text.trim().is_empty();
    before.trim().is_empty() || !pieces(before, after).iter().any(is_gone)
}

/// No line is in a text without a letter.
fn lines(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split('\n').collect() }
}

/// As Unicode has them (UAX 29), with what stands between.
fn words(text: &str) -> Vec<&str> {
    text.split_word_bounds().collect()
}

/// What of the one is what of the other instead, from front to back.
fn hunks(before: &[&str], after: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input = InternedInput::default();
    input.update_before(before.iter().copied());
    input.update_after(after.iter().copied());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let told = |piece: Piece| match piece.kind {
            PieceKind::Same => piece.text,
            PieceKind::Added => format!("[+{}]", piece.text),
            PieceKind::Removed => format!("[-{}]", piece.text),
        };
        pieces(before, after).into_iter().map(told).collect()
    }

    #[test]
    fn words_are_told_that_came_and_went() {
        assert_eq!(told("the old harbour", "the quiet harbour"), "the [-old][+quiet] harbour");
        assert_eq!(told("", "all new"), "[+all new]");
        assert_eq!(told("all gone", ""), "[-all gone]");
        assert_eq!(told("漢字語", "漢文語"), "漢[-字][+文]語");
        assert_eq!(told("same", "same"), "");
    }

    #[test]
    fn both_texts_are_whole_in_their_pieces() {
        let texts = ["", "a b", "a  b\n\nc", "b\n\nc", "🙂 one, two;\nthree", "two; three 🙂", "x\n"];
        for before in texts {
            for after in texts.into_iter().filter(|after| *after != before) {
                let pieces = pieces(before, after);
                let of = |not| pieces.iter().filter(move |piece| piece.kind != not).map(|piece| piece.text.as_str());
                assert_eq!(of(PieceKind::Added).collect::<String>(), before);
                assert_eq!(of(PieceKind::Removed).collect::<String>(), after);
            }
        }
    }

    /// `after` with what was taken out of it.
    fn whole(before: &str, after: &str) -> String {
        let mut text: Vec<u16> = after.encode_utf16().collect();
        for (at, insert) in taken_out(before, after).into_iter().rev() {
            text.splice(at as usize..at as usize, insert.encode_utf16());
        }
        String::from_utf16(&text).unwrap()
    }

    #[test]
    fn lines_that_were_taken_out_come_back_where_they_stood_and_nothing_goes() {
        assert_eq!(whole("one\ntwo\nthree", "one\nthree"), "one\ntwo\nthree");
        assert_eq!(whole("one\ntwo", "one"), "one\ntwo");
        assert_eq!(whole("one\ntwo", "two"), "one\ntwo");
        assert_eq!(whole("one", ""), "one");
        assert_eq!(whole("", "new"), "new");
        assert_eq!(whole("🙂 one\ntwo 🙂", "🙂 one\nnew 🙂"), "🙂 one\ntwo 🙂\nnew 🙂", "what is new stays");
        assert_eq!(whole("the harbour", "the quiet harbour"), "the quiet harbour", "nothing was taken out");
        assert_eq!(whole("one\n\n\ntwo", "one\ntwo"), "one\ntwo", "blank lines are no words");
    }
}
