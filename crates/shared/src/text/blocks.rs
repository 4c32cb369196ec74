//! Blocks: paragraphs, headings, quotes, lists, code, tables.

use pulldown_cmark::{Alignment, CodeBlockKind, HeadingLevel, Tag, TagEnd};

use super::{
    MAX_BLOCK_DEPTH,
    output::Mark,
    writer::{Kind, PARAGRAPH, RAW, Table, Writer},
};

/// Scrollable things can be reached with the keyboard. A `group` and not a `region`: two regions of one name would be
/// two landmarks that nobody can tell apart.
const TABLE: &str = "<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>";
const CODE: &str = "<pre dir=\"ltr\" tabindex=\"0\"><code";

/// The longest name of a language that is passed on to the page.
const MAX_LANGUAGE: usize = 32;

impl Writer<'_> {
    pub(super) fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.block(PARAGRAPH, "</p>"),
            Tag::HtmlBlock => self.block(RAW, "</p>"),
            Tag::Heading { level, .. } => self.heading(level),
            Tag::BlockQuote(_) => self.container("<blockquote dir=\"auto\">", "</blockquote>"),
            Tag::List(first) => self.list(first),
            Tag::Item => self.item(),
            Tag::CodeBlock(kind) => self.code_block(&kind),
            Tag::Table(columns) => {
                self.table = Table { columns, ..Table::default() };
                self.block(TABLE, "</table></div>");
            }
            Tag::TableHead => {
                self.table.in_head = true;
                self.table.cells = 0;
                self.block("<thead><tr>", "</tr></thead>");
            }
            Tag::TableRow => self.row(),
            Tag::TableCell => self.cell(),
            inline => self.start_inline(inline),
        }
    }

    pub(super) fn end(&mut self, tag: TagEnd) {
        let Some(open) = self.open.pop() else { return };
        if open.kind == Kind::Inline {
            self.inline_depth -= usize::from(!open.close.is_empty());
            self.out.markup(open.close);
            return;
        }
        if tag == TagEnd::TableCell {
            return self.end_cell(open.mark);
        }
        self.expect_block();
        match tag {
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => {
                self.block_depth -= usize::from(!open.close.is_empty());
            }
            TagEnd::Heading(_) if self.out.is_blank_since(open.mark) => {
                // An empty heading is a trap for whoever moves by headings.
                self.out.rename_tag(open.mark, &open.close[2..4], "p");
                return self.out.markup("</p>");
            }
            TagEnd::TableHead => self.table.in_head = false,
            TagEnd::Table if self.table.has_body => self.out.markup("</tbody>"),
            TagEnd::HtmlBlock => self.held_line_end = false,
            _ => {}
        }
        self.out.markup(open.close);
    }

    pub(super) fn rule(&mut self) {
        self.expect_block();
        self.out.markup("<hr>");
    }

    pub(super) fn checkbox(&mut self, done: bool) {
        self.expect_text();
        self.out.markup(if done {
            "<input type=\"checkbox\" disabled checked aria-label=\"Done\">"
        } else {
            "<input type=\"checkbox\" disabled aria-label=\"To do\">"
        });
    }

    /// A line of raw HTML, without its own line end at the block's end: that is the block's edge.
    pub(super) fn raw_line(&mut self, line: &str) {
        if std::mem::take(&mut self.held_line_end) {
            self.text("\n");
        }
        let words = line.strip_suffix('\n').unwrap_or(line);
        self.held_line_end = words.len() < line.len();
        self.text(words);
    }

    fn block(&mut self, html: &str, close: &'static str) {
        self.expect_block();
        self.push(Kind::Block, close);
        self.out.markup(html);
    }

    fn container(&mut self, html: &str, close: &'static str) {
        self.expect_block();
        if self.block_depth >= MAX_BLOCK_DEPTH {
            return self.push(Kind::Container, "");
        }
        self.block_depth += 1;
        self.push(Kind::Container, close);
        self.out.markup(html);
    }

    fn list(&mut self, first: Option<u64>) {
        // A list without room for its items would be an empty one.
        if self.block_depth + 1 >= MAX_BLOCK_DEPTH {
            self.expect_block();
            return self.push(Kind::Container, "");
        }
        match first {
            None => self.container("<ul>", "</ul>"),
            Some(1) => self.container("<ol>", "</ol>"),
            Some(first) => self.container(&format!("<ol start=\"{first}\">"), "</ol>"),
        }
    }

    fn item(&mut self) {
        self.expect_block();
        if self.open.last().is_none_or(|list| list.close.is_empty()) {
            return self.push(Kind::Container, "");
        }
        self.block_depth += 1;
        self.push(Kind::Item, "</li>");
        self.out.markup("<li dir=\"auto\">");
    }

    /// Two levels down, below the page's own headings, and one below the last one at most: models love to begin with
    /// `###`, and an outline with holes cannot be walked.
    fn heading(&mut self, level: HeadingLevel) {
        self.heading = (level as u8 + 2).min(self.heading + 1).min(6);
        match self.heading {
            3 => self.block("<h3 dir=\"auto\">", "</h3>"),
            4 => self.block("<h4 dir=\"auto\">", "</h4>"),
            5 => self.block("<h5 dir=\"auto\">", "</h5>"),
            _ => self.block("<h6 dir=\"auto\">", "</h6>"),
        }
    }

    /// The text follows `<code>`: a parser would drop a line end that follows `<pre>`.
    fn code_block(&mut self, kind: &CodeBlockKind<'_>) {
        self.expect_block();
        self.push(Kind::Code, "</code></pre>");
        self.out.markup(CODE);
        match language(kind) {
            Some(language) => self.out.markup_with(" class=\"language-", &language, "\">"),
            None => self.out.markup(">"),
        }
    }

    fn row(&mut self) {
        self.table.cells = 0;
        if !self.table.has_body {
            self.table.has_body = true;
            self.out.markup("<tbody>");
        }
        self.block("<tr>", "</tr>");
    }

    fn cell(&mut self) {
        if self.table.cells > 0 {
            self.out.cell_boundary();
        }
        let align = match self.table.columns.get(self.table.cells) {
            Some(Alignment::Right) => " align=\"right\"",
            Some(Alignment::Center) => " align=\"center\"",
            _ => "",
        };
        self.table.cells += 1;
        self.push(Kind::Block, if self.table.in_head { "</th>" } else { "</td>" });
        self.out.markup(if self.table.in_head { "<th dir=\"auto\"" } else { "<td dir=\"auto\"" });
        self.out.markup(align);
        self.out.markup(">");
    }

    /// A header cell without words heads nothing.
    fn end_cell(&mut self, mark: Mark) {
        if self.table.in_head && !self.out.is_blank_since(mark) {
            return self.out.markup("</th>");
        }
        self.out.rename_tag(mark, "th", "td");
        self.out.markup("</td>");
    }
}

/// The name of a code block's language, as far as it is one plain word.
fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(words) = kind else { return None };
    let plain = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '-' | '+' | '#');
    let name: String = words.chars().take_while(plain).take(MAX_LANGUAGE).collect();
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}
