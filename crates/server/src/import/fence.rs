//! Fenced code blocks (CommonMark 4.5): where they are, and how to write one.

/// Follows a text line by line and knows which lines belong to a fenced block. As CommonMark has it, a fence that is
/// never closed reaches to the end.
#[derive(Debug, Default)]
pub(super) struct Fences {
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    mark: char,
    length: usize,
    /// Columns before the fence: one in a list item closes where it opened, not at the margin.
    indent: usize,
}

impl Fences {
    /// Whether the lines so far end inside a block.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether `line` is inside a fenced block, or one of its fences. Lines must come in order.
    pub fn covers(&mut self, line: &str) -> bool {
        let Some(open) = self.open else {
            self.open = opening(line);
            return self.open.is_some();
        };
        let (indent, rest) = indented(line);
        let length = run(rest, open.mark);
        if length >= open.length && indent <= open.indent + 3 && rest[length..].trim().is_empty() {
            self.open = None;
        }
        true
    }
}

fn opening(line: &str) -> Option<Open> {
    let (mut indent, mut rest) = indented(line);
    while let Some(width) = list_marker(rest) {
        let (more, after) = indented(&rest[width..]);
        indent += width + more;
        rest = after;
    }
    let mark = rest.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = run(rest, mark);
    // An info string with a backtick makes it inline code: ```like this```.
    let is_fence = length >= 3 && (mark == '~' || !rest[length..].contains('`'));
    is_fence.then_some(Open { mark, length, indent })
}

/// Columns of white space, and what follows.
fn indented(line: &str) -> (usize, &str) {
    let rest = line.trim_start_matches([' ', '\t']);
    let columns = line[..line.len() - rest.len()].chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
    (columns, rest)
}

/// The width of `- `, `* `, `+ `, `1. ` or `1) ` (its white space not counted).
fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take(9).take_while(u8::is_ascii_digit).count();
    let marker = if digits > 0 { text[digits..].starts_with(['.', ')']) } else { text.starts_with(['-', '*', '+']) };
    (marker && text[digits + 1..].starts_with([' ', '\t'])).then_some(digits + 1)
}

fn run(text: &str, mark: char) -> usize {
    text.chars().take_while(|&c| c == mark).count()
}

/// `code` as a block whose fence is longer than any run of backticks in it.
pub(super) fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let language: String =
        language.chars().filter(|c| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '.' | '_')).take(40).collect();
    let end = if code.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{code}{end}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{Fences, fenced};

    fn covered(text: &str) -> Vec<bool> {
        let mut fences = Fences::default();
        text.lines().map(|line| fences.covers(line)).collect()
    }

    #[test]
    fn lines_of_a_block_and_its_fences_are_covered() {
        assert_eq!(covered("a\n```rust\nb\n```\nc"), [false, true, true, true, false]);
        assert_eq!(covered("~~~\n```\n~~~\nc"), [true, true, true, false]);
    }

    #[test]
    fn a_shorter_fence_or_one_with_words_does_not_close() {
        assert_eq!(covered("````\n```\n```` x\n````\nc"), [true, true, true, true, false]);
    }

    #[test]
    fn inline_code_with_three_backticks_opens_nothing() {
        assert_eq!(covered("```like this```\nb"), [false, false]);
    }

    #[test]
    fn a_block_in_a_list_item_opens_and_closes() {
        assert_eq!(covered("- ```\n  b\n  ```\nc"), [true, true, true, false]);
        assert_eq!(covered("1. x\n\n     ```py\n     b\n     ```\nc"), [false, false, true, true, true, false]);
    }

    #[test]
    fn a_deeper_fence_inside_a_block_is_its_text() {
        assert_eq!(covered("```\n    ```\n```\nc"), [true, true, true, false]);
    }

    #[test]
    fn a_written_fence_is_longer_than_any_inside() {
        assert_eq!(fenced("py", "print()\n"), "```py\nprint()\n```");
        assert_eq!(fenced("", "a ```` b"), "`````\na ```` b\n`````");
        assert_eq!(fenced("c++\n```x", ""), "```c++x\n\n```");
    }
}
