//! Keeps the parser from the two shapes of Markdown that take it quadratic time.
//!
//! Found by trying some ten thousand combinations of markers on pulldown-cmark 0.13.6, all others being linear:
//! containers nested deeply in one line and then many lines, each of which is compared with all of them; and a link title
//! that is never closed, for which each line that follows is looked up from the paragraph's start. A megabyte of either
//! takes many minutes, and no reader ever meant one.

/// Lines times open containers. A line is compared with them up to ten times, so this is about a second without
/// optimisation, less than a tenth with it.
const MAX_CONTAINER_STEPS: usize = 5_000_000;

/// Lines of unclosed titles times inlines: half a second, or a twentieth.
const MAX_TITLE_STEPS: usize = 50_000_000;

/// Whether parsing would take too long in one of the two ways. Takes linear time itself.
pub(super) fn is_quadratic(markdown: &str) -> bool {
    container_steps(markdown) > MAX_CONTAINER_STEPS || title_steps(markdown) > MAX_TITLE_STEPS
}

/// For each line, an upper bound of the containers that are open in it: those that it opens, and those of the lines before
/// that it repeats by marks or indentation. Text may follow without either as long as no blank line came between.
fn container_steps(markdown: &str) -> usize {
    let mut open = 0;
    let mut steps: usize = 0;
    let mut after_blank = true;
    for line in markdown.split('\n') {
        let beginning = Beginning::of(line);
        let kept = open.min(beginning.width);
        let now = kept + beginning.opened;
        let closes_others = after_blank && !beginning.is_whole_line;
        open = if closes_others { now } else { open.max(now) };
        steps = steps.saturating_add(open);
        after_blank = beginning.is_whole_line && beginning.opened == 0;
    }
    steps
}

/// The marks and white space that a line begins with.
struct Beginning {
    width: usize,
    opened: usize,
    is_whole_line: bool,
}

impl Beginning {
    fn of(line: &str) -> Self {
        let mut beginning = Self { width: 0, opened: 0, is_whole_line: false };
        let mut rest = line.as_bytes();
        loop {
            let digits = rest.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
            let ends = |at: usize| rest.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
            let (len, width, opened) = match rest {
                [b' ', ..] => (1, 1, 0),
                [b'\t', ..] => (1, 4, 0),
                [b'>', ..] => (1, 1, 1),
                [b'-' | b'+' | b'*', ..] if ends(1) => (1, 1, 2),
                [b'0'..=b'9', ..] if matches!(rest.get(digits), Some(b'.' | b')')) && ends(digits + 1) => {
                    (digits + 1, digits + 1, 2)
                }
                _ => break,
            };
            beginning.width += width;
            beginning.opened += opened;
            rest = &rest[len..];
        }
        beginning.is_whole_line = rest.is_empty();
        beginning
    }
}

/// For each quotation mark that may open a link's title, the lines up to its closing, times the inlines of its paragraph.
fn title_steps(markdown: &str) -> usize {
    let bytes = markdown.as_bytes();
    let mut steps: usize = 0;
    let mut start = 0;
    while start < bytes.len() {
        let end = paragraph_end(bytes, start);
        let paragraph = &bytes[start..end];
        if let Some(link) = paragraph.windows(2).position(|pair| pair == b"](") {
            let inlines = 2 * paragraph.iter().filter(|byte| byte.is_ascii_punctuation() || **byte == b'\n').count();
            for at in start + link + 2..end {
                if may_open_title(bytes, at) {
                    steps = steps.saturating_add(lines_of_title(&bytes[at..]).saturating_mul(inlines));
                }
            }
        }
        start = end;
    }
    steps
}

/// Behind the next blank line.
fn paragraph_end(bytes: &[u8], start: usize) -> usize {
    let blank = bytes[start..].windows(2).position(|pair| pair == b"\n\n");
    blank.map_or(bytes.len(), |at| start + at + 2)
}

fn may_open_title(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'"' | b'\'' | b'(') && (bytes[at - 1].is_ascii_whitespace() || bytes[at - 1] == b'>')
}

fn lines_of_title(rest: &[u8]) -> usize {
    let (open, close) = if rest[0] == b'(' { (b'(', b')') } else { (rest[0], rest[0]) };
    let mut lines = 0;
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => lines += 1,
            byte if *byte == open || *byte == close => break,
            _ => {}
        }
        at += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_shapes_are_seen() {
        assert!(is_quadratic(&format!("{}a\n{}", "> ".repeat(20_000), "a\n".repeat(20_000))));
        assert!(is_quadratic(&format!("{}a\n{}", "1. ".repeat(20_000), "a\n".repeat(20_000))));
        assert!(is_quadratic(&format!("[a](b \"{}", "a *b* c\n".repeat(20_000))));
    }

    #[test]
    fn large_ordinary_texts_are_parsed() {
        let prose = "Some *words*, and a [link](http://x.org \"its title\") in (a \"long\" line) that isn't short.\n";
        let code = format!("{}let x = \"y\";\n", " ".repeat(60));
        for text in [
            prose.repeat(10_000),
            format!("{prose}\n").repeat(10_000),
            code.repeat(14_000),
            "- a\n  - b\n    - c\n".repeat(50_000),
        ] {
            assert!(text.len() > 700_000 && !is_quadratic(&text), "{}", &text[..100]);
        }
        let rule = format!("{}\n{}\n{}", "-".repeat(100_000), "* ".repeat(100), "1234567890".repeat(50_000));
        assert!(!is_quadratic(&format!("{rule}\n{}", prose.repeat(3_000))));
        let deep = format!("{}a\n\n", "> ".repeat(200));
        assert!(!is_quadratic(&format!("{deep}{}", "a\n\n".repeat(100_000))));
        let list = format!("{}- deep\n\n", " ".repeat(100));
        assert!(!is_quadratic(&format!(
            "{}{}",
            "- a\n  - b\n    - c\n".repeat(1_000),
            (list + &prose.repeat(10)).repeat(1_000)
        )));
    }
}
