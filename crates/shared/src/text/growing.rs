use pulldown_cmark::{Event, Parser};

use super::{
    Rendered, clean, cost, math,
    writer::{OPTIONS, SoFar, write_on},
};

/// So much is looked at in one go, in bytes. A block that is longer is not rendered before its message is whole.
const WINDOW: usize = 64 << 10;

/// What is not finished is shown as it looks now as long as it is no longer, in bytes.
const MAX_REST: usize = 32 << 10;

/// A block shorter than this is looked at with each of its words.
const SHORT: usize = 4 << 10;

/// The longest mark that makes a line go on with the list before it, in bytes, with room: `123456789. `.
const MARK: usize = 12;

/// A message that is being written, rendered block by block: what it gives is put behind what it gave before.
///
/// Together that is what [`super::render`] makes of the same part of the message, as long as no link refers to a definition
/// in another part. A block is given when another has begun below it, after an empty line, so that nothing that comes can
/// change it.
#[derive(Default)]
pub struct Growing {
    so_far: SoFar,
    /// Bytes of the message that are rendered.
    bytes: usize,
    /// The same in UTF-16 units.
    units: u32,
    /// The length from which on it is looked at again: a long block is not read anew with each of its words.
    look_at: usize,
}

impl Growing {
    /// How much of the message is rendered, in UTF-16 units.
    pub fn units(&self) -> u32 {
        self.units
    }

    /// What is not finished as it looks now, for the eye: what comes may make something else of it. How many UTF-16 units of
    /// the message it ends at, and its HTML; nothing where there is none, or too much of it.
    pub fn rest(&self, markdown: &str) -> Option<(u32, String)> {
        let rest = markdown.get(self.bytes..).filter(|rest| rest.len() <= MAX_REST && !rest.trim().is_empty())?;
        // Marks alone in the last line would make a heading of the line before, and are the next item or the next row.
        let line = rest.rfind('\n').map_or(0, |at| at + 1);
        let is_mark = rest[line..].chars().all(|letter| matches!(letter, '-' | '=' | ' ' | '\t'));
        let seen = if is_mark { &rest[..line] } else { rest };
        let units = u32::try_from(seen.encode_utf16().count()).unwrap_or(u32::MAX);
        Some((self.units.saturating_add(units), super::render(seen).html))
    }

    /// The blocks that are finished by now, and were not the last time. `markdown` begins as it did then.
    pub fn grow(&mut self, markdown: &str) -> Option<Rendered> {
        if markdown.len() < self.look_at {
            return None;
        }
        let rest = markdown.get(self.bytes..)?;
        let window = &rest[..rest.floor_char_boundary(WINDOW)];
        let source = if self.bytes == 0 { clean::source(window) } else { clean::rest(window) };
        let end = if cost::is_quadratic(&source) { 0 } else { finished(&source) };
        if end == 0 {
            let is_endless = window.len() < rest.len();
            let patience = if rest.len() < SHORT { 1 } else { rest.len() / 8 };
            self.look_at = if is_endless { usize::MAX } else { markdown.len() + patience };
            return None;
        }
        write_on(&math::mask(&source[..end]), &mut self.so_far);
        let blocks = &window[..clean::length_of_lines(window, source[..end].matches('\n').count())];
        self.bytes += blocks.len();
        self.units += u32::try_from(blocks.encode_utf16().count()).unwrap_or(u32::MAX);
        Some(self.so_far.out.take())
    }
}

/// Where the last block begins before which all is finished; 0 if there is none.
fn finished(markdown: &str) -> usize {
    let (mut depth, mut end) = (0_usize, 0);
    for (event, range) in Parser::new_ext(markdown, OPTIONS).into_offset_iter() {
        if depth == 0 && !matches!(event, Event::End(_)) {
            // With its indentation, which is a part of it.
            let start = markdown[..range.start].rfind('\n').map_or(0, |at| at + 1);
            let line = markdown[start..].trim_start();
            let is_told = line.contains('\n') || line.len() > MARK;
            if is_told && follows_empty_line(&markdown[..start]) {
                end = start;
            }
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    end
}

/// Nothing spans an empty line but what the parser knows to: no TeX, which it does not know of.
fn follows_empty_line(before: &str) -> bool {
    let blank = [' ', '\t'];
    let line = before.trim_end_matches(blank).strip_suffix('\n');
    line.is_some_and(|line| line.trim_end_matches(blank).ends_with('\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{encode_runs, render, sample::mixed_markdown};

    /// Rendered in steps of so many bytes: HTML, text and runs, and how much of the message they are.
    fn grown(markdown: &str, step: usize) -> (String, String, String, usize) {
        let mut growing = Growing::default();
        let mut all = (String::new(), String::new(), String::new(), 0);
        let ends = (0..markdown.len()).step_by(step).chain([markdown.len()]);
        for end in ends.map(|end| markdown.floor_char_boundary(end)) {
            while let Some(more) = growing.grow(&markdown[..end]) {
                all.0 += &more.html;
                all.1 += &more.text;
                all.2 += &encode_runs(&more.runs);
            }
        }
        all.3 = growing.bytes;
        assert_eq!(growing.units as usize, markdown[..growing.bytes].encode_utf16().count());
        all
    }

    fn check(markdown: &str, step: usize) -> usize {
        let (html, text, runs, bytes) = grown(markdown, step);
        let whole = render(&markdown[..bytes]);
        assert_eq!((html, text, runs), (whole.html, whole.text, encode_runs(&whole.runs)), "{markdown:?}");
        bytes
    }

    #[test]
    fn finished_blocks_are_rendered_as_they_will_be_and_the_last_one_waits() {
        let markdown = "# Bees\n\n## Sleep\n\nThey *sleep*.\n\n- a\n\n- b\n\n    code\n\n| | x |\n|-|-|\n| c | |\n\n\
            ```rust\nlet x;\n\nlet y;\n```\n\n$$\na\n- b\n$$\n\n---\n\n    indented\n\nThe end of it, which is not finished.\n";
        assert!([1, 7].into_iter().all(|step| check(markdown, step) > markdown.len() / 2));
        let bytes = check(markdown, 1000);
        assert_eq!(&markdown[bytes..], "The end of it, which is not finished.\n");
    }

    #[test]
    fn a_byte_order_mark_is_one_at_the_beginning_alone() {
        assert!(check("\n\n\u{feff}\n\nthe the 漢字, and so on.\n\nThe end.", 1) > 0);
        assert!(check("\u{feff}First.\n\nThe second, with words.\n\nThe end.", 1) > 0);
    }

    #[test]
    fn what_the_parser_does_not_see_is_not_seen_before_it_either() {
        // A comment that begins after a line end of one carriage return; a list whose mark a control stands in.
        for hidden in
            ["    &amp;\r<!-- ~~~\n  \n\n`\n\na: http://x.org\n", "-\u{1} one\n\n- two\r\r\n- three\n\nThe end of it."]
        {
            for step in 1..8 {
                check(hidden, step);
            }
        }
        assert!(check("\u{feff}One\u{2}\rand two.\r\n\r\nThe end of it, which is not finished.", 1) > 0);
    }

    #[test]
    fn the_private_characters_of_our_marks_are_letters_as_any_other() {
        let markdown = "\\[*\\]\r\n  \n\u{e000}0\u{e001} and $a_1$ \u{e000}\n\nThe end of it, which is not finished.";
        for step in 1..8 {
            assert!(check(markdown, step) > 0);
        }
    }

    #[test]
    fn a_list_that_may_go_on_is_not_finished() {
        for open in ["1. a\n\n2", "- a\n\n  b", "para\n\n", "```\na\n\nb\n", "> a\n"] {
            assert_eq!(check(open, 1), 0, "{open:?}");
        }
    }

    #[test]
    fn what_is_not_finished_is_shown_as_it_looks_so_far() {
        let mut growing = Growing::default();
        let text = "First.\n\n| a | b |\n|-|-|\n| *1* |";
        while growing.grow(text).is_some() {}
        let (seen, html) = growing.rest(text).unwrap();
        assert_eq!(seen, 31);
        assert!(html.contains("<table>") && html.contains("<em>1</em>") && !html.contains("First"), "{html}");
        // A mark that may begin anything, and makes a heading of the line before it as long as nothing follows.
        for (text, seen, html) in [
            ("Bees 🐝:\n-", 9, "<p dir=\"auto\">Bees 🐝:</p>"),
            ("Bees 🐝:\n- a", 12, "<p dir=\"auto\">Bees 🐝:</p><ul><li dir=\"auto\">a</li></ul>"),
            ("-", 0, ""),
        ] {
            assert_eq!(Growing::default().rest(text), Some((seen, html.to_owned())), "{text}");
        }
        assert_eq!(Growing::default().rest(" \n"), None);
        assert_eq!(Growing::default().rest(&"a ".repeat(MAX_REST)), None);
    }

    #[test]
    fn one_endless_block_is_not_read_again_and_again() {
        let mut growing = Growing::default();
        let long = format!("```\n{}", "a line\n\n".repeat(20_000));
        assert!(growing.grow(&long[..8000]).is_none());
        assert_eq!(growing.look_at, 9000);
        assert!(growing.grow(&long).is_none());
        assert_eq!(growing.look_at, usize::MAX);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_rendered_in_parts_as_it_is_whole(markdown in mixed_markdown(), step in 1usize..40) {
            // A definition in one part is not known in another.
            let markdown = markdown.replace("[a]", "a");
            check(&markdown, step);
        }
    }
}
