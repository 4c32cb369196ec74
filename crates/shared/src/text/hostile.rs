//! Test only: Markdown that was written to hurt.

use proptest::prelude::*;

use super::{
    MAX_MARKDOWN_BYTES, render,
    sample::{mixed_markdown, mixed_tex},
    walk,
};

/// Cells that the parser adds to short rows of wide tables, at most 2^18, are not paid for by the input.
const ADDED_CELLS: usize = (1 << 18) * "<td dir=\"auto\" align=\"center\"></td>".len();

fn survives(name: &str, markdown: &str) {
    let rendered = render(markdown);
    let size = rendered.html.len() + rendered.text.len();
    assert!(size <= 64 * markdown.len() + 2 * ADDED_CELLS, "{name}: {size} bytes of {}", markdown.len());
    walk::check(&rendered);
}

proptest! {
    #[test]
    fn every_markdown_keeps_the_invariants(markdown in mixed_markdown()) {
        survives("mixed", &markdown);
    }

    #[test]
    fn every_tex_keeps_the_invariants(formulas in prop::collection::vec(mixed_tex(), 1..8)) {
        for markdown in [formulas.join(" and "), formulas.join("\n\n"), format!("| {} |\n|-|\n| x |", formulas.join(" | "))] {
            walk::check(&render(&markdown));
        }
    }

    #[test]
    fn line_ends_are_one(markdown in mixed_markdown()) {
        let lines = markdown.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(render(&lines), render(&lines.replace('\n', "\r\n")));
    }
}

#[test]
fn nothing_but_one_marker_is_rendered() {
    for marker in [
        "*",
        "_",
        "**a ",
        "*a ",
        "[",
        "![",
        "](",
        "[a](",
        "> ",
        ">",
        "|",
        "- ",
        "1. ",
        "`",
        "<",
        "<a ",
        "<!--",
        "&",
        "\\",
        "\\(",
        "$",
        "$a",
        "$$",
        "~~a ",
        "#\n",
        "-\n",
        "- [ ]\n",
        "\\\n",
        "|a|b\n",
        "a|\n-|\n\n",
        "```\n",
        "[](http:x)",
        "![](http://x)",
        "\n",
        "\0",
        "\r",
    ] {
        survives(marker, &marker.repeat(MAX_MARKDOWN_BYTES / 4 / marker.len()));
    }
}

#[test]
fn nothing_but_two_markers_is_rendered() {
    let half = |marker: &str| marker.repeat(MAX_MARKDOWN_BYTES / 8 / marker.len());
    for (first, second) in [
        ("> ", "a\n"),
        ("- ", "a\n"),
        ("1. ", "===\n"),
        ("[a](b \"", "a\n"),
        ("*a ", " a*"),
        ("[", "](http://x)"),
        ("![a", "](http://x)"),
        ("[a]: http://x/$y$\n", "[a]"),
        ("<a ", ">"),
        ("`", "a`"),
        ("\\(", "\\)"),
        ("|a", "\n"),
    ] {
        survives(first, &(half(first) + &half(second)));
    }
    let definition = format!("[a]: http://x/{}\n\n", "\"&".repeat(50_000));
    survives("definition", &(definition + &half("[a]")));
    let wide = format!("{}\n{}\n{}", "|a".repeat(1_000), "|-".repeat(1_000), "|\n".repeat(500_000));
    survives("wide table", &wide);
}

#[test]
fn quadratic_markdown_is_shown_as_its_source() {
    let markdown = format!("{}a\n{}", "> ".repeat(50_000), "a\n".repeat(50_000));
    let rendered = render(&markdown);
    assert_eq!(rendered.text, markdown);
    assert_eq!(rendered.runs.len(), 1);
}
