//! TeX is kept as it was written, and shown as a formula where it is one (`formula.rs`).
//!
//! Markdown would take the backslashes of `\(a\)` for escapes and the stars of `$a*b*c$` for emphasis. So before
//! parsing, each piece of TeX is replaced by a mark that means nothing to the parser, and put back where its text is
//! written (in code too, so a dollar in a program is safe).
//!
//! Taken for TeX: `\(…\)`, `\[…\]` and `$$…$$` over lines of one paragraph, `$…$` in one line where, as in Pandoc, no
//! space follows the first and precedes the second dollar and no digit follows the second. Not taken: what holds a
//! backtick or begins a quote or a fence on its way, because it ends something that began outside; `$…$` over the edges
//! of a cell, a link or strong emphasis; anything longer than [`MAX_TEX`].
//!
//! Two dollars may also be money, or variables of a shell, that only look like TeX: what stands between single dollars
//! is no formula where a letter or digit touches them from outside, or where there are words between (`has_words`).

use std::{borrow::Cow, cell::Cell};

/// The longest piece of TeX, in bytes.
const MAX_TEX: usize = 4_000;

const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Markdown without its TeX.
pub(super) struct Masked<'source> {
    pub(super) markdown: Cow<'source, str>,
    pieces: Vec<Piece<'source>>,
    /// Bytes of TeX that may still be written into addresses: one definition can be referred to by many links.
    url_budget: Cell<usize>,
}

/// What was taken for TeX, with its delimiters.
#[derive(Clone, Copy)]
struct Piece<'source> {
    source: &'source str,
    is_formula: bool,
}

/// A part of a text whose TeX was put back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'text> {
    Words(Cow<'text, str>),
    /// TeX with its delimiters.
    Formula(&'text str),
}

/// Replaces the TeX, and the private character that begins the marks where it was written, so that all marks are ours.
pub(super) fn mask(source: &str) -> Masked<'_> {
    let mut masked =
        Masked { markdown: Cow::Borrowed(source), pieces: Vec::new(), url_budget: Cell::new(source.len()) };
    if !(source.contains(['$', OPEN]) || source.contains("\\(") || source.contains("\\[")) {
        return masked;
    }
    let mut markdown = String::with_capacity(source.len());
    let (mut at, mut copied) = (0, 0);
    // One piece for all of them: a name written twice stays one name.
    let mut written: Option<usize> = None;
    while let Some(found) = source[at..].find(['\\', '$', OPEN]) {
        at += found;
        let is_ours = source[at..].starts_with(OPEN);
        let Some(end) = (if is_ours { Some(at + OPEN.len_utf8()) } else { tex_end(source, at) }) else {
            at += skip(source, at);
            continue;
        };
        let index = written.filter(|_| is_ours).unwrap_or(masked.pieces.len());
        if index == masked.pieces.len() {
            let is_formula = !is_ours && is_formula(source, at, end);
            masked.pieces.push(Piece { source: &source[at..end], is_formula });
        }
        if is_ours {
            written = Some(index);
        }
        markdown.push_str(&source[copied..at]);
        markdown.push_str(&format!("{OPEN}{index}{CLOSE}"));
        (at, copied) = (end, end);
    }
    markdown.push_str(&source[copied..]);
    masked.markdown = Cow::Owned(markdown);
    masked
}

impl Masked<'_> {
    /// A text with its TeX put back.
    pub(super) fn reveal<'text>(&self, text: &'text str) -> Cow<'text, str> {
        if self.pieces.is_empty() || !text.contains(OPEN) {
            return Cow::Borrowed(text);
        }
        let mut revealed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, index, after)) = next_mark(rest) {
            revealed.push_str(before);
            revealed.push_str(self.pieces.get(index).map_or("", |piece| piece.source));
            rest = after;
        }
        revealed.push_str(rest);
        Cow::Owned(revealed)
    }

    /// A text in parts: its formulas, and what stands between with the rest of its TeX put back.
    pub(super) fn parts<'text>(&'text self, text: &'text str) -> impl Iterator<Item = Part<'text>> {
        let mut rest = text;
        let mut formula = None;
        std::iter::from_fn(move || {
            if let Some(formula) = formula.take() {
                return Some(Part::Formula(formula));
            }
            let words = rest;
            let mut from = 0;
            while let Some((before, index, after)) = next_mark(&words[from..]) {
                let at = from + before.len();
                from = words.len() - after.len();
                if let Some(piece) = self.pieces.get(index).filter(|piece| piece.is_formula) {
                    (formula, rest) = (Some(piece.source), after);
                    return Some(Part::Words(self.reveal(&words[..at])));
                }
            }
            rest = "";
            (!words.is_empty()).then(|| Part::Words(self.reveal(words)))
        })
    }

    /// An address with what was taken for TeX put back, as long as there is budget for it.
    pub(super) fn reveal_url<'text>(&self, url: &'text str) -> Option<Cow<'text, str>> {
        let revealed = self.reveal(url);
        if let Cow::Owned(revealed) = &revealed {
            self.url_budget.set(self.url_budget.get().checked_sub(revealed.len())?);
        }
        Some(revealed)
    }
}

fn next_mark(text: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (index, after) = rest.split_once(CLOSE)?;
    Some((before, index.parse().ok()?, after))
}

/// How far to go on where no TeX begins: over an escaped character, or over a run of dollars.
fn skip(source: &str, at: usize) -> usize {
    let rest = &source[at..];
    if rest.starts_with('$') {
        return rest.len() - rest.trim_start_matches('$').len();
    }
    match rest[1..].chars().next() {
        Some(next) if next.is_ascii_punctuation() => 2,
        _ => 1,
    }
}

/// Where the TeX that begins at `at` ends.
fn tex_end(source: &str, at: usize) -> Option<usize> {
    let rest = &source.as_bytes()[at..];
    let len = match rest {
        [b'\\', b'(', ..] => display_len(rest, b"\\)"),
        [b'\\', b'[', ..] => display_len(rest, b"\\]"),
        [b'$', b'$', ..] => display_len(rest, b"$$"),
        [b'$', ..] => dollar_len(rest),
        _ => None,
    }?;
    Some(at + len)
}

/// The length of TeX between two delimiters of two bytes, over the lines of one paragraph.
fn display_len(rest: &[u8], closer: &[u8; 2]) -> Option<usize> {
    let mut at = 2;
    let mut blank = true;
    while at + 2 <= rest.len().min(MAX_TEX) {
        let pair = &rest[at..at + 2];
        if pair == closer {
            return (!blank).then_some(at + 2);
        }
        match pair {
            [b'`', _] | [b'\\', b'(' | b'['] => return None,
            [b'\n', _] if breaks_off(&rest[at + 1..]) => return None,
            [b'\\', next] if *next != b'\n' => at += 2,
            _ => at += 1,
        }
        blank &= pair[0].is_ascii_whitespace();
    }
    None
}

/// Whether a line ends the paragraph before it, or carries a mark of a block around it.
fn breaks_off(line: &[u8]) -> bool {
    let words = line.trim_ascii_start();
    let indent = &line[..line.len() - words.len()];
    indent.contains(&b'\n') || words.is_empty() || words.starts_with(b">") || words.starts_with(b"~~~")
}

/// The length of TeX between single dollars.
fn dollar_len(rest: &[u8]) -> Option<usize> {
    if rest.get(1)?.is_ascii_whitespace() {
        return None;
    }
    let mut at = 1;
    while at < rest.len().min(MAX_TEX) {
        match &rest[at..] {
            [b'$', after @ ..] => {
                let closes = !rest[at - 1].is_ascii_whitespace()
                    && !after.first().is_some_and(|next| next.is_ascii_digit() || *next == b'$');
                return closes.then_some(at + 1);
            }
            [b'`' | b'\n' | b'|', ..] | [b'*', b'*', ..] | [b'_', b'_', ..] | [b'~', b'~', ..] | [b']', b'(', ..] => {
                return None;
            }
            [b'\\', next, ..] if *next != b'\n' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Whether TeX is meant, and not money between two dollars.
fn is_formula(source: &str, start: usize, end: usize) -> bool {
    let Some(inner) = source[start..end].strip_prefix('$').and_then(|rest| rest.strip_suffix('$')) else { return true };
    let touches = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    inner.starts_with('$')
        || !(touches(source[..start].chars().next_back()) || touches(source[end..].chars().next()) || has_words(inner))
}

/// Short words that nobody multiplies.
const SHORT_WORDS: [&str; 18] = [
    "or", "to", "is", "of", "in", "at", "an", "by", "on", "if", "and", "the", "for", "per", "are", "was", "but", "not",
];

/// Whether there are words as of prose, set off by white space, and nothing that only TeX has.
fn has_words(tex: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches([',', '.', ';', ':']);
        word.bytes().all(|letter| letter.is_ascii_lowercase()) && (word.len() >= 4 || SHORT_WORDS.contains(&word))
    };
    !tex.contains(['\\', '^', '{']) && tex.contains(char::is_whitespace) && tex.split_whitespace().any(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(source: &str) -> Vec<&str> {
        let masked = mask(source);
        assert_eq!(masked.reveal(&masked.markdown), source);
        masked.pieces.iter().map(|piece| piece.source).collect()
    }

    fn formulas(source: &str) -> Vec<String> {
        let masked = mask(source);
        let parts: Vec<Part<'_>> = masked.parts(&masked.markdown).collect();
        let words = |part: &Part<'_>| match part {
            Part::Words(words) => words.to_string(),
            Part::Formula(tex) => (*tex).to_owned(),
        };
        assert_eq!(parts.iter().map(words).collect::<String>(), source);
        let formula = |part| match part {
            Part::Words(_) => None,
            Part::Formula(tex) => Some(tex.to_owned()),
        };
        parts.into_iter().filter_map(formula).collect()
    }

    #[test]
    fn tex_is_found_between_its_delimiters() {
        assert_eq!(
            pieces(r"a \(x_1\) b \[ y \\ z \] c $$p$q$$ d $r$ e"),
            [r"\(x_1\)", r"\[ y \\ z \]", "$$p$q$$", "$r$"]
        );
        assert_eq!(pieces("$$\na\nb\n$$"), ["$$\na\nb\n$$"]);
        assert_eq!(pieces(r"$\$5$"), [r"$\$5$"]);
    }

    #[test]
    fn money_code_and_open_ends_are_not_tex() {
        for source in [
            "$5 and $6",
            "it is $5, or US$6",
            r"\$a$",
            r"\\(x\\)",
            r"\(open",
            "$$$$",
            "$$ $$",
            "$a",
            "$ a$",
            "$a\nb$",
            "`$a` and `b$`",
            "| $a | b$ |",
            "[$a](http://x) [b$](http://y)",
            "**$a** **b$**",
            "\\[a\n\nb\\]",
            "> \\[a\n> b\\]",
            "\\(a\n```\nb\\)",
            "\\(a\n~~~\nb\\)",
            r"\[a \(b\]",
        ] {
            assert_eq!(pieces(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn what_stands_between_delimiters_of_tex_is_a_formula() {
        assert_eq!(
            formulas(r"\(x\)\[y\]$$z and more$$ ($r$), $n$-th"),
            [r"\(x\)", r"\[y\]", "$$z and more$$", "$r$", "$n$"]
        );
        assert_eq!(formulas(r"$x \text{ if and only if } y$ $a b c$"), [r"$x \text{ if and only if } y$", "$a b c$"]);
        assert_eq!(formulas(r"$ABC$, $\triangle and ABC$, $sine$"), ["$ABC$", r"$\triangle and ABC$", "$sine$"]);
        assert_eq!(formulas("$y = mx + b$; $E = mgh$; $f(x) dx$"), ["$y = mx + b$", "$E = mgh$", "$f(x) dx$"]);
    }

    #[test]
    fn money_and_variables_of_a_shell_are_no_formulas() {
        for source in [
            "$4 and $5",
            "from $5 and A$.",
            "$5 a day, that is 6 A$",
            "$PATH:$HOME/bin",
            "US$5 or A$",
            "costs $4, or 5$ more",
            "$5 for two, $6 for three",
        ] {
            assert_eq!(formulas(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn private_characters_of_the_text_itself_are_safe() {
        for source in ["\u{e000}0\u{e001} $x$", "$x$ \u{e000}0\u{e001}\u{e000}", "\u{e000}\u{e001}"] {
            let masked = mask(source);
            assert_eq!(masked.reveal(&masked.markdown), source);
        }
    }

    #[test]
    fn an_address_referred_to_often_is_not_written_without_end() {
        let masked = mask("[a]: http://x/$abcdefghijklmnopqrstuvwxyz$");
        assert_eq!(
            masked.reveal_url(&masked.markdown["[a]: ".len()..]).as_deref(),
            Some("http://x/$abcdefghijklmnopqrstuvwxyz$")
        );
        assert_eq!(masked.reveal_url(&masked.markdown), None);
    }
}
