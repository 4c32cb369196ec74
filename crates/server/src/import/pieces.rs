//! Small pieces of Markdown that stand for what an export holds besides text.

/// Pieces with a blank line between; blank ones are skipped.
pub(super) fn joined(pieces: impl IntoIterator<Item = String>) -> String {
    let mut whole = String::new();
    for piece in pieces {
        append(&mut whole, &piece);
    }
    whole
}

/// Adds a piece below what is there, unless it is blank.
pub(super) fn append(whole: &mut String, piece: &str) {
    if piece.trim().is_empty() {
        return;
    }
    if !whole.is_empty() {
        whole.truncate(whole.trim_end().len());
        whole.push_str("\n\n");
    }
    whole.push_str(piece);
}

/// `[file: essay.pdf]`: a visible trace of something that could not be brought along. `name` reads as it is written,
/// whatever Markdown would make of it.
pub(super) fn bracketed(kind: &str, name: &str) -> String {
    let kind = literal(kind);
    let name = literal(name);
    if name.is_empty() { format!("[{kind}]") } else { format!("[{kind}: {name}]") }
}

/// One line, at most 120 characters, its Markdown marks escaped.
pub(super) fn literal(text: &str) -> String {
    let mut line = String::new();
    for c in text.trim().chars().take(120) {
        if c.is_control() {
            line.push(' ');
            continue;
        }
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '$' | '|' | '#') {
            line.push('\\');
        }
        line.push(c);
    }
    line
}

/// `text` as a block quote.
pub(super) fn quoted(text: &str) -> String {
    text.trim().lines().map(|line| if line.is_empty() { ">\n".to_owned() } else { format!("> {line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{bracketed, joined, quoted};

    #[test]
    fn pieces_stand_apart_and_blank_ones_are_skipped() {
        assert_eq!(joined(["a \n".to_owned(), " ".to_owned(), "  b".to_owned()]), "a\n\n  b");
    }

    #[test]
    fn a_name_in_brackets_is_no_markdown() {
        assert_eq!(bracketed("image", ""), "[image]");
        assert_eq!(bracketed("file", "a_b*](x)\n.pdf"), "[file: a\\_b\\*\\](x) .pdf]");
    }

    #[test]
    fn every_line_of_a_quote_is_marked() {
        assert_eq!(quoted("a\n\nb"), "> a\n>\n> b\n");
    }
}
