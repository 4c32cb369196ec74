//! What is taken out of a text because an HTML parser, or Postgres, would change it.

use std::borrow::Cow;

/// The Markdown as it is parsed: no leading byte order mark, LF line ends, no other C0 controls than tab and LF.
pub(super) fn source(markdown: &str) -> Cow<'_, str> {
    rest(markdown.strip_prefix('\u{feff}').unwrap_or(markdown))
}

/// The same of what does not stand at the beginning, where a byte order mark is a character like others.
pub(super) fn rest(markdown: &str) -> Cow<'_, str> {
    if !markdown.bytes().any(is_unwanted) {
        return Cow::Borrowed(markdown);
    }
    let lines = markdown.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(without_controls(&lines).into_owned())
}

/// How long so many lines of the text are that [`rest`] made line ends one in, in bytes with their ends.
pub(super) fn length_of_lines(markdown: &str, lines: usize) -> usize {
    let bytes = markdown.as_bytes();
    let is_end = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    let last = lines.checked_sub(1).and_then(|last| (0..bytes.len()).filter(is_end).nth(last));
    last.map_or(0, |last| last + 1)
}

/// The text without C0 controls (tab and LF stay): character references can bring them back after [`source`].
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(is_unwanted) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|character| !u8::try_from(*character).is_ok_and(is_unwanted)).collect())
}

fn is_unwanted(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' && byte != b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_is_one_line_feed() {
        assert_eq!(source("a\r\nb\rc\nd\r\r\n"), "a\nb\nc\nd\n\n");
    }

    #[test]
    fn lines_are_as_long_as_they_were() {
        let text = "a\r\nb\rc\u{1}\nd\r\r\n";
        let lengths: Vec<usize> = (0..=5).map(|lines| length_of_lines(text, lines)).collect();
        assert_eq!(lengths, [0, 3, 5, 8, 10, 12]);
    }

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(source("a\tb\nc\u{7f}\u{85}\u{feff}"), Cow::Borrowed(_)));
    }
}
