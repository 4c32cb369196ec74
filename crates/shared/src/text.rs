//! Markdown to HTML and canonical text, in one pass.
//!
//! The canonical text is what offsets count in, so it must be equal to what the browser's text nodes hold, on every
//! machine and for ever. [`crate::text::render`] therefore writes three things at once: the HTML, the text, and the
//! [`crate::text::Run`]s that say which piece of the text lies in which text node.
//!
//! # The canonical text
//!
//! - It is the text nodes of the HTML, in order, with separators between: `\n` between blocks, list items and table rows
//!   and for a hard break, `\t` between table cells (one for each boundary, so that empty cells keep the columns).
//!   Separators lie in no text node; none stands at the very start or the very end.
//! - Neighbouring block boundaries are one `\n`. Rules, images without words and empty items add nothing of their own.
//! - A soft break is a `\n` inside its text node. Code keeps its white space, its last `\n` included.
//! - Raw HTML and TeX (`$x$`, `$$x$$`, `\(x\)`, `\[x\]`) are their own source. What is shown of TeX is MathML beside it:
//!   text nodes in a `<math>` are no part of the text.
//!
//! # Normalised input
//!
//! A leading byte order mark goes, CRLF and CR become LF, and the C0 controls except tab and LF are removed, from the
//! Markdown and again from what its character references (`&#13;`) say: an HTML parser would change or drop them, and
//! Postgres stores no NUL. A Rust string has no lone surrogates; whoever decodes UTF-16 has replaced them already.
//!
//! # Limits
//!
//! Quotes and lists nest [`crate::text::MAX_BLOCK_DEPTH`] deep, emphasis and the like [`crate::text::MAX_INLINE_DEPTH`];
//! what is deeper is shown flat, with all its words. Markdown that would take the parser quadratic time is shown as its
//! source (`cost.rs`).

mod blocks;
mod clean;
mod cost;
pub(crate) mod escape;
mod formula;
mod growing;
mod links;
mod marked;
mod marks;
mod math;
mod nodes;
mod offsets;
mod output;
mod runs;
mod units;
mod writer;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod walk;

pub use escape::escape;
pub use growing::Growing;
pub use marked::{Piece, cut, marked, pieces};
pub use marks::{Mark, MarkedText, with_marks};
pub use nodes::{NodeMismatch, NodePoint, TextMap};
pub use offsets::OffsetMap;
pub use runs::{Formulas, InvalidRuns, Run, Separators, decode_runs, encode_runs};
pub use units::{ByteOffset, CharOffset, Utf16Len, Utf16Offset};

/// Stored with each message. It rises when the canonical text of any Markdown changes, so that targets made with an
/// older renderer are known and found again by their quote.
pub const RENDERER_VERSION: i16 = 1;

/// A longer message is declined where it enters (import, API, chat); [`render`] itself takes any length below 4 GiB.
pub const MAX_MARKDOWN_BYTES: usize = 1 << 20;

/// Quotes, lists and list items inside each other that get elements of their own.
pub const MAX_BLOCK_DEPTH: usize = 64;

/// Emphasis, links and the like inside each other that get elements of their own.
pub const MAX_INLINE_DEPTH: usize = 32;

/// One message, ready to show and to annotate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Inert HTML: no scripts, styles, ids, forms or remote content, whatever the Markdown said.
    pub html: String,
    /// The canonical text.
    pub text: String,
    /// The text nodes of `html` in order, none of them empty.
    pub runs: Vec<Run>,
}

/// Renders a message. The same input gives the same output everywhere, natively and in WASM.
pub fn render(markdown: &str) -> Rendered {
    let source = clean::source(markdown);
    let masked = math::mask(&source);
    if cost::is_quadratic(&masked.markdown) {
        return writer::write_source(&source);
    }
    writer::write(&masked)
}

#[cfg(test)]
mod tests {
    use super::{render, walk};

    fn html(markdown: &str) -> String {
        let rendered = render(markdown);
        walk::check(&rendered);
        rendered.html
    }

    fn text(markdown: &str) -> String {
        let rendered = render(markdown);
        walk::check(&rendered);
        rendered.text
    }

    #[test]
    fn blocks_items_and_rows_are_separated_and_cells_keep_their_columns() {
        assert_eq!(text("# A\n\nb\nc\n\n---\n\n- d\n  - e\n\n> f"), "A\nb\nc\nd\ne\nf");
        assert_eq!(text("| a | b | c |\n|-|-|-|\n| | x | |\n| | | |\n\nend"), "a\tb\tc\n\tx\t\n\t\t\nend");
        assert_eq!(text("one  \ntwo\\\nthree"), "one\ntwo\nthree");
    }

    #[test]
    fn no_separator_stands_at_the_start_or_the_end() {
        assert_eq!(text("---\n\n| | b |\n|-|-|\n| c | |\n\n---"), "b\nc");
        assert_eq!(text("- \n-\n\n***"), "");
        assert_eq!(text(""), "");
    }

    #[test]
    fn neighbouring_texts_of_one_element_are_one_run() {
        let rendered = render("a &amp; b\\*c\nd *e* f");
        let lengths: Vec<u32> = rendered.runs.iter().map(|run| run.len.0).collect();
        assert_eq!(lengths, [10, 1, 2], "{}", rendered.html);
    }

    #[test]
    fn raw_html_is_shown_as_text() {
        assert_eq!(html("a <b>x</b><br>"), "<p dir=\"auto\">a &lt;b&gt;x&lt;/b&gt;&lt;br&gt;</p>");
        assert_eq!(
            html("<script>\nalert(1)\n</script>\n\nz"),
            "<p class=\"raw\" dir=\"auto\">&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p><p dir=\"auto\">z</p>"
        );
        assert_eq!(text("<div>\nx\n</div>\n\nz"), "<div>\nx\n</div>\nz");
    }

    #[test]
    fn only_web_and_mail_links_are_links() {
        let link = |href: &str, words: &str| {
            format!("<p dir=\"auto\"><a href=\"{href}\" rel=\"noopener noreferrer nofollow\">{words}</a></p>")
        };
        assert_eq!(html("[a](https://x.org/?a=1&b=\"2\")"), link("https://x.org/?a=1&amp;b=&quot;2&quot;", "a"));
        assert_eq!(html("[a](HTTP://x.org)"), link("HTTP://x.org", "a"));
        assert_eq!(html("<a@x.org>"), link("mailto:a@x.org", "a@x.org"));
        assert_eq!(html("[](http://x.org)"), link("http://x.org", "http://x.org"));
        for other in
            ["javascript:alert(1)", "java&#10;script:x", "data:text/html,x", "/c/1", "#x", "vbscript:x", "ftp://x"]
        {
            assert_eq!(html(&format!("[words]({other})")), "<p dir=\"auto\">words</p>", "{other}");
        }
    }

    #[test]
    fn images_become_links_and_never_nest_in_one() {
        let link = "<a href=\"http://x.org/i.png\" rel=\"noopener noreferrer nofollow\">";
        assert_eq!(html("![a *cat*](http://x.org/i.png)"), format!("<p dir=\"auto\">{link}a <em>cat</em></a></p>"));
        assert_eq!(html("![](http://x.org/i.png)"), format!("<p dir=\"auto\">{link}http://x.org/i.png</a></p>"));
        assert_eq!(html("![cat](data:image/png;base64,AAAA)"), "<p dir=\"auto\">cat</p>");
        assert_eq!(html("[![cat](http://y.org)](http://x.org/i.png)"), format!("<p dir=\"auto\">{link}cat</a></p>"));
        assert_eq!(html("![a [b](http://y.org)](http://x.org/i.png)"), format!("<p dir=\"auto\">{link}a b</a></p>"));
    }

    #[test]
    fn code_keeps_its_white_space_and_only_a_plain_language_name() {
        let pre = "<pre dir=\"ltr\" tabindex=\"0\">";
        let fenced = |language: &str| html(&format!("```{language}\n\n\tx\n```"));
        assert_eq!(fenced("Rust,ignore"), format!("{pre}<code class=\"language-rust\">\n\tx\n</code></pre>"));
        assert_eq!(fenced("c++"), format!("{pre}<code class=\"language-c++\">\n\tx\n</code></pre>"));
        assert_eq!(fenced("\"><script>"), format!("{pre}<code>\n\tx\n</code></pre>"));
        assert_eq!(text("```\n\n\tx\n```\nafter"), "\n\tx\n\nafter");
    }

    #[test]
    fn headings_stay_below_the_pages_own_and_never_skip_a_level() {
        let level = |markdown: &str| {
            let html = html(markdown);
            html.match_indices("<h").map(|(at, _)| html[at + 2..at + 3].to_owned()).collect::<Vec<_>>().concat()
        };
        assert_eq!(level("# a\n## b\n### c\n#### d\n##### e\n###### f"), "345666");
        assert_eq!(level("### a\n# b\n#### c"), "334");
        assert_eq!(html("#\n\n# &nbsp;"), "<p dir=\"auto\"></p><p dir=\"auto\">\u{a0}</p>");
    }

    #[test]
    fn a_table_can_be_scrolled_to_and_has_no_empty_header() {
        assert_eq!(
            html("| | b |\n|-|-|\n| c | d |"),
            "<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table><thead><tr><td dir=\"auto\"></td>\
             <th dir=\"auto\">b</th></tr></thead><tbody><tr><td dir=\"auto\">c</td><td dir=\"auto\">d</td></tr></tbody></table></div>"
        );
    }

    #[test]
    fn a_checkbox_leaves_the_text_alone() {
        assert_eq!(text("- [x] done **b**\n- [ ] todo"), "done b\ntodo");
        assert!(html("- [x] done").contains("<input type=\"checkbox\" disabled checked aria-label=\"Done\">done"));
    }

    #[test]
    fn lists_keep_their_first_number() {
        assert_eq!(html("7. a"), "<ol start=\"7\"><li dir=\"auto\">a</li></ol>");
        assert_eq!(html("1. a"), "<ol><li dir=\"auto\">a</li></ol>");
    }

    #[test]
    fn white_space_that_a_parser_would_change_is_gone_before() {
        assert_eq!(text("\u{feff}a\r\nb\rc\0\u{8}\u{c}d"), "a\nb\ncd");
        assert_eq!(text("x&#13;&#8;y&#0;"), "xy\u{fffd}");
        assert_eq!(render("a\r\n\r\nb"), render("a\n\nb"));
    }

    #[test]
    fn a_dollar_is_a_dollar_and_tex_is_its_source() {
        assert_eq!(text("$5 and $6 *and* $7"), "$5 and $6 and $7");
        assert_eq!(
            text(r"so \(a_1 * b * c_{2}\) and \[ x \\ \{y\} \]."),
            r"so \(a_1 * b * c_{2}\) and \[ x \\ \{y\} \]."
        );
        assert_eq!(text("$$\na \\\\\n= b\n$$"), "$$\na \\\\\n= b\n$$");
        assert_eq!(text(r"$a*b*c$, **$\{x\}$**"), r"$a*b*c$, $\{x\}$");
    }

    #[test]
    fn deep_nesting_is_shown_flat_with_all_its_words() {
        let deep = format!("{}a\n\n{}b\n\nc", "> ".repeat(200), "- ".repeat(200));
        assert_eq!(text(&deep), "a\nb\nc");
        assert_eq!(html(&deep).matches("<blockquote").count(), 64);
        let emphasis = format!("{}x{}", "*a ".repeat(100), " a*".repeat(100));
        assert_eq!(html(&emphasis).matches("<em>").count(), 32);
        assert_eq!(text(&emphasis), format!("{}x{}", "a ".repeat(100), " a".repeat(100)));
        let items: String = (0..100).map(|level| format!("{}- w{level}\n", "  ".repeat(level))).collect();
        assert_eq!(text(&items).lines().count(), 100);
    }
}
