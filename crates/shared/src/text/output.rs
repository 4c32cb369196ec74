//! HTML, canonical text and runs, written together so that they cannot disagree.

use super::{
    Rendered, clean, escape,
    runs::{Run, Separator, Separators},
    units::Utf16Len,
};

/// A message being written.
#[derive(Default)]
pub(super) struct Output {
    html: String,
    text: String,
    runs: Vec<Run>,
    /// What will stand before the next run, if there is one.
    pending: Separators,
    /// The last of `pending` is a block boundary, which a second one does not repeat.
    at_boundary: bool,
    /// Some run was begun, in this message or the part of it before.
    begun: bool,
    /// Nothing but text was written since the last run began, so an HTML parser would add to the same text node.
    in_run: bool,
}

impl Output {
    /// Markup of our own: it ends the text node. None at all, for what is shown flat, does not.
    pub(super) fn markup(&mut self, html: &str) {
        self.html.push_str(html);
        self.in_run &= html.is_empty();
    }

    /// Markup with one attribute value from the message.
    pub(super) fn markup_with(&mut self, before: &str, value: &str, after: &str) {
        self.html.push_str(before);
        escape::push_attribute(&mut self.html, value);
        self.markup(after);
    }

    /// Text of the message.
    pub(super) fn text(&mut self, text: &str) {
        let text = clean::without_controls(text);
        if text.is_empty() {
            return;
        }
        if !self.in_run {
            self.begin_run();
        }
        escape::push_text(&mut self.html, &text);
        self.text.push_str(&text);
        if let Some(run) = self.runs.last_mut() {
            run.len.0 += Utf16Len::of(&text).0;
        }
    }

    /// The TeX of a formula between markup: a text node of its own.
    pub(super) fn formula(&mut self, before: &str, tex: &str, after: &str) {
        self.markup(before);
        self.text(tex);
        if let Some(run) = self.runs.last_mut() {
            run.is_formula = true;
        }
        self.markup(after);
    }

    /// The edge of a block, an item or a row.
    pub(super) fn boundary(&mut self) {
        if !self.at_boundary {
            self.pending.push(Separator::Line);
            self.at_boundary = true;
        }
    }

    /// A hard break.
    pub(super) fn hard_break(&mut self) {
        self.pending.push(Separator::Line);
        self.at_boundary = false;
        self.markup("<br>");
    }

    /// The edge between two cells of a row.
    pub(super) fn cell_boundary(&mut self) {
        self.pending.push(Separator::Cell);
        self.at_boundary = false;
    }

    /// Where the HTML and the text have got to.
    pub(super) fn mark(&self) -> Mark {
        Mark { html: self.html.len(), text: self.text.len() }
    }

    /// Whether only white space, or nothing, was written since.
    pub(super) fn is_blank_since(&self, mark: Mark) -> bool {
        self.text[mark.text..].trim().is_empty()
    }

    /// Gives the tag that was written at `mark` another name, when what it holds has turned out not to deserve the first.
    pub(super) fn rename_tag(&mut self, mark: Mark, from: &str, to: &str) {
        let name = mark.html + 1..mark.html + 1 + from.len();
        if self.html.get(name.clone()) == Some(from) {
            self.html.replace_range(name, to);
        }
    }

    /// What was written since the last time, between two blocks.
    pub(super) fn take(&mut self) -> Rendered {
        let (html, text) = (std::mem::take(&mut self.html), std::mem::take(&mut self.text));
        Rendered { html, text, runs: std::mem::take(&mut self.runs) }
    }

    pub(super) fn finish(self) -> Rendered {
        Rendered { html: self.html, text: self.text, runs: self.runs }
    }

    fn begin_run(&mut self) {
        if !self.begun {
            self.pending.clear();
        }
        self.begun = true;
        let before = std::mem::take(&mut self.pending);
        self.text.push_str(before.as_str());
        self.runs.push(Run { before, len: Utf16Len(0), is_formula: false });
        self.at_boundary = false;
        self.in_run = true;
    }
}

/// A place in an [`Output`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    html: usize,
    text: usize,
}
