//! Keeps the parser from the two shapes of Markdown that take it quadratic time.
//!
//! Found by trying some ten thousand combinations of markers on pulldown-cmark 0.13.6, all others being linear:
//! containers nested deeply in one line and then many lines, each of which is compared with all of them; and a link title
//! that is never closed, for which each line that follows is looked up from the paragraph's start. A megabyte of either
//! takes many minutes, and no reader ever meant one.

/// Steps of the parser: about half a second without optimisation, less than a tenth with it.
const MAX_STEPS: usize = 50_000_000;

/// Whether parsing would take more than [`MAX_STEPS`] in one of the two ways. Takes linear time itself.
pub(super) fn is_quadratic(markdown: &str) -> bool {
    container_steps(markdown) > MAX_STEPS || title_steps(markdown) > MAX_STEPS
}

/// For each line, the containers that can be open in it. A container is opened by a line that repeats the marks or the
/// indentation of all that are around it, so the line with the widest beginning yet is an upper bound.
fn container_steps(markdown: &str) -> usize {
    let mut deepest = 0;
    let mut steps: usize = 0;
    for line in markdown.split('\n') {
        deepest = deepest.max(marks(line));
        steps = steps.saturating_add(deepest);
    }
    steps
}

/// The quotes, lists and items that the beginning of a line can stand for.
fn marks(line: &str) -> usize {
    let mut rest = line.as_bytes();
    let mut marks = 0;
    loop {
        let digits = rest.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        let ends = |at: usize| rest.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
        let (len, new) = match rest {
            [b' ', ..] | [b'>', ..] => (1, 1),
            [b'\t', ..] => (1, 4),
            [b'-' | b'+' | b'*', ..] if ends(1) => (1, 2),
            [b'0'..=b'9', ..] if matches!(rest.get(digits), Some(b'.' | b')')) && ends(digits + 1) => (digits + 1, 2),
            _ => return marks,
        };
        marks += new;
        rest = &rest[len..];
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
    }
}
