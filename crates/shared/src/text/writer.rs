//! From the parser's events to HTML. Every text goes through [`Output`], every tag is one of our own.

use pulldown_cmark::{Alignment, Event, Options, Parser, TagEnd};

use super::{
    Rendered,
    formula::{self, Budget},
    links::Label,
    math::{Masked, Part},
    output::{Mark, Output},
};

/// Renders Markdown.
pub(super) fn write(source: &Masked<'_>) -> Rendered {
    let mut so_far = SoFar::default();
    write_on(source, &mut so_far);
    so_far.out.finish()
}

/// What of CommonMark's extensions is read.
pub(super) const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// What one block hands on to the next.
pub(super) struct SoFar {
    pub(super) out: Output,
    /// The level of the last heading, 2 before the first: the page's own headings end there.
    heading: u8,
    formulas: Budget,
}

impl Default for SoFar {
    fn default() -> Self {
        Self { out: Output::default(), heading: 2, formulas: Budget::default() }
    }
}

/// Renders more blocks of a message.
pub(super) fn write_on(source: &Masked<'_>, so_far: &mut SoFar) {
    let mut writer = Writer::new(source, std::mem::take(so_far));
    for event in Parser::new_ext(&source.markdown, OPTIONS) {
        writer.event(event);
    }
    *so_far = SoFar { out: writer.out, heading: writer.heading, formulas: writer.formulas };
}

/// Shows a text as it is.
pub(super) fn write_source(source: &str) -> Rendered {
    let mut out = Output::default();
    out.markup(RAW);
    out.text(source);
    out.markup("</p>");
    out.finish()
}

/// A paragraph whose line ends and spaces are shown (by the style sheet), for raw HTML.
pub(super) const RAW: &str = "<p class=\"raw\" dir=\"auto\">";
pub(super) const PARAGRAPH: &str = "<p dir=\"auto\">";

pub(super) struct Writer<'source> {
    pub(super) source: &'source Masked<'source>,
    pub(super) out: Output,
    /// What is open, in the parser's terms.
    pub(super) open: Vec<Open>,
    /// A paragraph of ours is open, around text that the parser gave straight to a container that shows none.
    pub(super) own_paragraph: bool,
    /// Containers among `open` that have an element.
    pub(super) block_depth: usize,
    /// Inlines among `open` that have an element.
    pub(super) inline_depth: usize,
    /// See [`SoFar`].
    pub(super) heading: u8,
    formulas: Budget,
    pub(super) table: Table,
    /// The line end of a raw HTML line, written when another line follows.
    pub(super) held_line_end: bool,
    /// Links and images that are open.
    pub(super) labels: Vec<Label>,
}

/// One open thing.
pub(super) struct Open {
    pub(super) kind: Kind,
    /// Its end tag, empty when it is shown flat.
    pub(super) close: &'static str,
    pub(super) mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Holds blocks; text in it needs a paragraph: quotes, lists, items shown flat.
    Container,
    /// A list item with its element: holds blocks, and text directly.
    Item,
    /// Holds text.
    Block,
    /// Holds text in which nothing is TeX.
    Code,
    /// Lies in text.
    Inline,
}

/// The table being written; tables do not nest.
#[derive(Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Alignment>,
    pub(super) in_head: bool,
    pub(super) has_body: bool,
    pub(super) cells: usize,
}

impl<'source> Writer<'source> {
    fn new(source: &'source Masked<'source>, SoFar { out, heading, formulas }: SoFar) -> Self {
        Self {
            source,
            out,
            open: Vec::new(),
            own_paragraph: false,
            block_depth: 0,
            inline_depth: 0,
            heading,
            formulas,
            table: Table::default(),
            held_line_end: false,
            labels: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(TagEnd::Link | TagEnd::Image) => self.end_label(),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => self.code_span(&code),
            Event::Html(line) => self.raw_line(&line),
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => {
                self.expect_text();
                self.out.hard_break();
            }
            Event::Rule => self.rule(),
            Event::TaskListMarker(done) => self.checkbox(done),
            Event::Text(text) if !self.in_code() => self.words(&text),
            Event::Text(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
        }
    }

    fn in_code(&self) -> bool {
        self.open.last().is_some_and(|open| open.kind == Kind::Code)
    }

    /// Words of the message, its formulas shown as such.
    fn words(&mut self, text: &str) {
        self.expect_text();
        let source = self.source;
        for part in source.parts(text) {
            match part {
                Part::Words(words) => self.out.text(&words),
                Part::Formula(tex) => match formula::render(tex, &mut self.formulas) {
                    Some((before, after)) => self.out.formula(&before, tex, &after),
                    None => self.out.text(tex),
                },
            }
        }
    }

    /// Text of the message, its TeX as it was written.
    pub(super) fn text(&mut self, text: &str) {
        self.expect_text();
        self.out.text(&self.source.reveal(text));
    }

    /// Sees to it that text may follow: a container that shows none gets a paragraph.
    pub(super) fn expect_text(&mut self) {
        let in_container = self.open.last().is_none_or(|open| open.kind == Kind::Container);
        if in_container && !self.own_paragraph {
            self.out.boundary();
            self.out.markup(PARAGRAPH);
            self.own_paragraph = true;
        }
    }

    /// The edge of a block.
    pub(super) fn expect_block(&mut self) {
        if self.own_paragraph {
            self.out.markup("</p>");
            self.own_paragraph = false;
        }
        self.out.boundary();
    }

    pub(super) fn push(&mut self, kind: Kind, close: &'static str) {
        let mark = self.out.mark();
        self.open.push(Open { kind, close, mark });
    }
}
