//! Markdown that says what a text with styles said, and nothing else.
//!
//! Pages and documents are read into one [`Writer`]. What it writes is held against the renderer: where marks of a
//! paragraph would be read as words, or words as marks (`**“So”**he`), the marks are left out, so that the words are
//! always those of the source.

use std::{fmt::Write as _, rc::Rc};

use shared::text::render;
use url::Url;

use super::fence::fenced;

/// How a piece of text looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub strong: bool,
    pub emphasis: bool,
    pub struck: bool,
    pub code: bool,
    /// Made by [`link`].
    pub link: Option<Rc<str>>,
}

#[derive(Debug, Clone)]
enum Run {
    Text(String, Style),
    /// TeX without its delimiters.
    Formula(String, Style),
    Break,
}

#[derive(Debug)]
enum Container {
    Quote,
    Item {
        /// As wide a space once its first block is written.
        marker: String,
        is_pending: bool,
        /// Whether it is read as an item also where no blank line is before it.
        is_close: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct List {
    /// The number of the next item, if they are counted.
    next: Option<u32>,
    /// Written with the other marker, so that it is not the list before it going on.
    is_other: bool,
    is_begun: bool,
}

/// Quotes and lists inside each other; what is deeper is written flat.
const DEPTH: usize = 32;

/// Writes blocks, one after another.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    /// Bytes.
    limit: usize,
    containers: Vec<Container>,
    lists: Vec<List>,
    /// Containers of the last block that are still open.
    common: usize,
    /// How many containers were around the list that ended last, if nothing was written after it.
    ended: Option<(usize, List)>,
    runs: Vec<Run>,
    heading: usize,
    /// Quotes and lists that are not written, because they are too deep.
    flat: usize,
}

impl Writer {
    /// What is written comes to `limit` bytes, a block more, at most.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.out.len() > self.limit
    }

    /// Text of the present paragraph; runs of white space, but for spaces that do not break, are one space.
    pub(super) fn text(&mut self, text: &str, style: &Style) {
        let mut words = String::with_capacity(text.len());
        let is_spaced = matches!(self.runs.last(), Some(Run::Text(before, of)) if of == style && before.ends_with(' '));
        let text = if is_spaced { text.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']) } else { text };
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => {
                    if !words.ends_with(' ') {
                        words.push(' ');
                    }
                }
                c if c.is_control() => {}
                c => words.push(c),
            }
        }
        self.push(words, style);
    }

    /// Text whose lines and spaces count. Its first line goes on what was written before, and what comes after goes on its last.
    pub(super) fn lines(&mut self, text: &str, style: &Style) {
        let mut lines = text.split('\n').enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            if number > 0 {
                self.line_break();
            }
            let words = line.trim_start_matches([' ', '\t']);
            let lead = &line[..line.len() - words.len()];
            let begins = matches!(self.runs.last(), None | Some(Run::Break));
            let is_spaced = matches!(self.runs.last(), Some(Run::Text(before, _)) if before.ends_with(' '));
            let lead = match lead {
                // Markdown would take them away, or take them for code.
                _ if begins => lead.replace('\t', "    ").replace(' ', "\u{a0}"),
                "" => String::new(),
                _ if is_spaced => String::new(),
                _ => " ".to_owned(),
            };
            let full = words.trim_end();
            let rest = if lines.peek().is_none() && full.len() < words.len() { " " } else { "" };
            if full.is_empty() {
                // Of a line that has not begun there is nothing to see.
                self.push(if begins { String::new() } else { lead }, style);
                continue;
            }
            let words = full.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control());
            self.push(lead.chars().chain(words).chain(rest.chars()).collect(), style);
        }
    }

    fn push(&mut self, words: String, style: &Style) {
        if words.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some(Run::Text(before, of)) if of == style => before.push_str(&words),
            _ => self.runs.push(Run::Text(words, style.clone())),
        }
    }

    /// A line ends; with another right after it, the paragraph.
    pub(super) fn line_break(&mut self) {
        let is_blank = |run: &&Run| matches!(run, Run::Text(words, _) if words.trim_matches(' ').is_empty());
        if let Some(Run::Break) = self.runs.iter().rev().find(|run| !is_blank(run)) {
            let heading = self.heading;
            self.end_paragraph();
            self.heading = heading;
        } else {
            self.runs.push(Run::Break);
        }
    }

    /// TeX within a line. Within code it would be words.
    pub(super) fn formula(&mut self, tex: &str, style: &Style) {
        let tex = on_one_line(tex);
        if !tex.is_empty() {
            self.runs.push(Run::Formula(tex, Style { code: false, ..style.clone() }));
        }
    }

    /// TeX of its own line.
    pub(super) fn formula_block(&mut self, tex: &str) {
        self.end_paragraph();
        let tex = on_one_line(tex);
        if tex.is_empty() {
            return;
        }
        let block = format!("\\[{tex}\\]");
        if says(&block, &block) { self.block(&block) } else { self.block(&fenced("latex", &tex)) }
    }

    /// The present paragraph, which may not have ended, is a heading of this level.
    pub(super) fn heading(&mut self, level: usize) {
        self.end_paragraph();
        self.heading = level.clamp(1, 6);
    }

    /// Ends the present paragraph or heading.
    pub(super) fn end_paragraph(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        let heading = std::mem::take(&mut self.heading);
        let written = paragraph(runs, heading > 0);
        if !written.is_empty() {
            let lead = if heading > 0 { "#".repeat(heading) + " " } else { String::new() };
            self.block(&(lead + &written));
        }
    }

    pub(super) fn code(&mut self, language: &str, code: &str) {
        self.end_paragraph();
        if code.trim().is_empty() {
            return;
        }
        let code: String = code.chars().filter(|&c| c == '\n' || c == '\t' || !c.is_control()).collect();
        self.block(&fenced(&language.to_lowercase(), code.trim_matches('\n')));
    }

    pub(super) fn rule(&mut self) {
        self.end_paragraph();
        if !self.out.is_empty() {
            // A list's marker before dashes or stars would be a part of them.
            self.block("___");
        }
    }

    pub(super) fn open_quote(&mut self) {
        self.end_paragraph();
        if self.containers.len() >= DEPTH || self.flat > 0 {
            self.flat += 1;
        } else {
            self.containers.push(Container::Quote);
        }
    }

    pub(super) fn close_quote(&mut self) {
        self.end_paragraph();
        if self.flat > 0 {
            self.flat -= 1;
        } else {
            self.close();
        }
    }

    /// A list, counted from a number or not counted. Text goes into its items ([`Writer::open_item`]).
    pub(super) fn open_list(&mut self, start: Option<u32>) {
        self.end_paragraph();
        let before = self
            .ended
            .filter(|(around, list)| *around == self.containers.len() && list.next.is_some() == start.is_some());
        let is_other = before.is_some_and(|(_, list)| !list.is_other);
        self.lists.push(List { next: start, is_other, is_begun: false });
    }

    pub(super) fn close_list(&mut self) {
        self.end_paragraph();
        if let Some(list) = self.lists.pop() {
            self.ended = Some((self.containers.len(), list));
        }
    }

    /// An item of the list that was opened last; a number other than the next begins a list of its own.
    pub(super) fn open_item(&mut self, number: Option<u32>) {
        self.end_paragraph();
        if self.containers.len() >= DEPTH || self.flat > 0 {
            self.flat += 1;
            return;
        }
        let is_nested = self.containers.iter().any(|container| matches!(container, Container::Item { .. }));
        let Some(list) = self.lists.last_mut() else {
            self.flat += 1;
            return;
        };
        let mut is_first = !std::mem::replace(&mut list.is_begun, true);
        let (marker, may_follow_words) = match list.next {
            None => (if list.is_other { "*" } else { "-" }.to_owned(), true),
            Some(next) => {
                let number = number.unwrap_or(next).min(999_999_999);
                if number != next && !is_first {
                    list.is_other = !list.is_other;
                    is_first = true;
                }
                list.next = Some(number.saturating_add(1));
                (format!("{number}{}", if list.is_other { ')' } else { '.' }), number == 1)
            }
        };
        let is_close = !is_first || (is_nested && may_follow_words);
        self.containers.push(Container::Item { marker: marker + " ", is_pending: true, is_close });
    }

    pub(super) fn close_item(&mut self) {
        self.end_paragraph();
        if self.flat > 0 {
            self.flat -= 1;
            return;
        }
        // Without words an item still counts where items are counted.
        let counts = self.lists.last().is_some_and(|list| list.next.is_some());
        if counts && matches!(self.containers.last(), Some(Container::Item { is_pending: true, .. })) {
            self.block("");
        }
        self.close();
    }

    /// Rows of cells, each the words of a [`Cell`].
    pub(super) fn table(&mut self, rows: &[Vec<String>]) {
        self.end_paragraph();
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        if columns == 0 || rows.iter().flatten().all(String::is_empty) {
            return;
        }
        let mut table = String::new();
        for (number, row) in rows.iter().enumerate() {
            if table.len() > self.limit {
                break;
            }
            for column in 0..columns {
                table.push_str("| ");
                table.push_str(row.get(column).map_or("", String::as_str));
                table.push(' ');
            }
            table.push('|');
            if number == 0 {
                table.push('\n');
                table.push_str(&"| --- ".repeat(columns));
                table.push('|');
            }
            if number + 1 < rows.len() {
                table.push('\n');
            }
        }
        self.block(&table);
    }

    /// The words that were written since the last block, as a cell of a table.
    pub(super) fn into_cell(mut self) -> String {
        paragraph(std::mem::take(&mut self.runs), true)
    }

    /// A break within a cell, where nothing breaks a line.
    pub(super) fn space(&mut self) {
        self.text(" ", &Style::default());
    }

    pub(super) fn finish(mut self) -> String {
        self.end_paragraph();
        self.out
    }

    fn close(&mut self) {
        self.containers.pop();
        self.common = self.common.min(self.containers.len());
    }

    fn block(&mut self, block: &str) {
        if self.is_full() {
            return;
        }
        let begun = self.containers.iter().find_map(|container| match container {
            Container::Item { is_pending: true, is_close, .. } => Some(*is_close && !block.is_empty()),
            _ => None,
        });
        if !self.out.is_empty() {
            self.out.push('\n');
            if !begun.unwrap_or_default() {
                let between = self.prefix(self.common);
                self.out.push_str(between.trim_end());
                self.out.push('\n');
            }
        }
        for (number, line) in block.split('\n').enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            let prefix = self.prefix(self.containers.len());
            self.out.push_str(if line.is_empty() { prefix.trim_end() } else { &prefix });
            self.out.push_str(line);
            for container in &mut self.containers {
                if let Container::Item { is_pending, .. } = container {
                    *is_pending = false;
                }
            }
        }
        self.common = self.containers.len();
        self.ended = None;
    }

    /// What stands before each line within the outer `count` containers.
    fn prefix(&self, count: usize) -> String {
        let mut prefix = String::new();
        for container in &self.containers[..count] {
            match container {
                Container::Quote => prefix.push_str("> "),
                Container::Item { marker, is_pending: true, .. } => prefix.push_str(marker),
                Container::Item { marker, .. } => prefix.extend(std::iter::repeat_n(' ', marker.len())),
            }
        }
        prefix
    }
}

/// A piece of a paragraph: white space stands by itself, and what no word follows is gone.
#[derive(Debug)]
enum Token {
    Word(String, Style),
    Formula(String, Style),
    /// Whether it is within code.
    Space(bool),
    Break,
}

fn paragraph(runs: Vec<Run>, on_one_line: bool) -> String {
    let tokens = tokens(runs, on_one_line);
    let said = |formula: fn(&str) -> String| -> String {
        let say = |token: &Token| match token {
            Token::Word(words, _) => words.clone(),
            Token::Formula(tex, _) => formula(tex),
            Token::Space(_) => " ".to_owned(),
            Token::Break => "\n".to_owned(),
        };
        tokens.iter().map(say).collect()
    };
    let expected = said(|tex| format!("\\({tex}\\)"));
    if expected.trim().is_empty() {
        return String::new();
    }
    for marks in [Marks::All, Marks::LinksAndCode] {
        let written = written(&tokens, marks, on_one_line);
        if says(&written, &expected) {
            return written;
        }
    }
    written(&tokens, Marks::None, on_one_line)
}

/// Whether the Markdown is read as these words.
fn says(markdown: &str, words: &str) -> bool {
    render(markdown).text == words
}

fn tokens(runs: Vec<Run>, on_one_line: bool) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let space = |tokens: &mut Vec<Token>, in_code| {
        if matches!(tokens.last(), Some(Token::Word(..) | Token::Formula(..))) {
            tokens.push(Token::Space(in_code));
        }
    };
    for run in runs {
        match run {
            Run::Break if on_one_line => space(&mut tokens, false),
            Run::Break => {
                if let Some(Token::Space(_)) = tokens.last() {
                    tokens.pop();
                }
                if !matches!(tokens.last(), None | Some(Token::Break)) {
                    tokens.push(Token::Break);
                }
            }
            Run::Formula(tex, style) => tokens.push(Token::Formula(tex, style)),
            Run::Text(text, style) => {
                let in_code = style.code;
                let words = text.trim_matches(' ');
                if text.starts_with(' ') {
                    space(&mut tokens, in_code);
                }
                if words.is_empty() {
                    continue;
                }
                match tokens.last_mut() {
                    Some(Token::Word(before, of)) if *of == style => before.push_str(words),
                    _ => tokens.push(Token::Word(words.to_owned(), style)),
                }
                if text.ends_with(' ') {
                    space(&mut tokens, in_code);
                }
            }
        }
    }
    while let Some(Token::Space(_) | Token::Break) = tokens.last() {
        tokens.pop();
    }
    tokens
}

/// Which marks are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    All,
    LinksAndCode,
    None,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Link(Rc<str>),
    Strong,
    Emphasis,
    Struck,
    Code,
}

/// The marks of a style, the outermost first.
fn marks(style: &Style, which: Marks, on_one_line: bool, words: &str) -> Vec<Mark> {
    if which == Marks::None {
        return Vec::new();
    }
    let of_words = which == Marks::All;
    // In a cell of a table a bar within code would be written otherwise than elsewhere.
    let code = style.code && !(on_one_line && words.contains('|'));
    [
        style.link.clone().map(Mark::Link),
        (style.strong && of_words).then_some(Mark::Strong),
        (style.emphasis && of_words).then_some(Mark::Emphasis),
        (style.struck && of_words).then_some(Mark::Struck),
        code.then_some(Mark::Code),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn written(tokens: &[Token], which: Marks, on_one_line: bool) -> String {
    let mut line = Line { out: String::new(), open: Vec::new(), code: String::new(), gap: "", parts_code: false };
    for token in tokens {
        match token {
            Token::Space(in_code) => (line.gap, line.parts_code) = (" ", !in_code),
            Token::Break => (line.gap, line.parts_code) = ("\\\n", true),
            Token::Formula(tex, style) => {
                line.turn_to(&marks(style, which, on_one_line, tex));
                if which == Marks::None {
                    line.word(tex, on_one_line)
                } else {
                    line.out.push_str(&format!("\\({tex}\\)"))
                }
            }
            Token::Word(words, style) => {
                line.turn_to(&marks(style, which, on_one_line, words));
                line.word(words, on_one_line);
            }
        }
    }
    line.turn_to(&[]);
    line.out
}

/// A paragraph while it is written.
struct Line {
    out: String,
    open: Vec<Mark>,
    /// The code that is open.
    code: String,
    /// What stands between the last word and the next.
    gap: &'static str,
    /// Whether that is outside of code on both sides.
    parts_code: bool,
}

impl Line {
    /// Closes marks and opens others; the gap stands outside of those that change.
    fn turn_to(&mut self, marks: &[Mark]) {
        let mut common = self.open.iter().zip(marks).take_while(|(open, wanted)| open == wanted).count();
        if std::mem::take(&mut self.parts_code) && self.open[..common].last() == Some(&Mark::Code) {
            common -= 1;
        }
        while self.open.len() > common {
            match self.open.pop() {
                Some(Mark::Link(address)) => {
                    let _ = write!(self.out, "]({address})");
                }
                Some(Mark::Code) => {
                    let code = std::mem::take(&mut self.code);
                    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
                    let fence = "`".repeat(longest + 1);
                    let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
                    self.out.extend([&fence, pad, &code, pad, &fence]);
                }
                Some(other) => self.out.push_str(sign(&other)),
                None => {}
            }
        }
        let gap = std::mem::take(&mut self.gap);
        if self.open.last() == Some(&Mark::Code) {
            self.code.push_str(gap)
        } else {
            self.out.push_str(gap)
        }
        for mark in &marks[common..] {
            self.out.push_str(sign(mark));
            self.open.push(mark.clone());
        }
    }

    fn word(&mut self, words: &str, on_one_line: bool) {
        if self.open.last() == Some(&Mark::Code) {
            self.code.push_str(words);
            return;
        }
        let begins = self.out.is_empty() || self.out.ends_with('\n');
        escape(&mut self.out, words, begins, on_one_line);
    }
}

fn sign(mark: &Mark) -> &'static str {
    match mark {
        Mark::Link(_) => "[",
        Mark::Strong => "**",
        Mark::Emphasis => "*",
        Mark::Struck => "~~",
        Mark::Code => "",
    }
}

/// Adds words that Markdown would read as marks, so that it does not.
fn escape(out: &mut String, words: &str, begins: bool, on_one_line: bool) {
    if begins {
        let digits = words.bytes().take_while(u8::is_ascii_digit).count();
        let sign = words[digits..].strip_prefix(['.', ')']);
        if digits > 0 && sign.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
            out.push_str(&words[..digits]);
            out.push('\\');
            return escape(out, &words[digits..], false, on_one_line);
        }
        if words.starts_with(['-', '+', '=', '>', '#', ':']) {
            out.push('\\');
        }
    }
    let mut before = out.chars().next_back();
    let mut rest = words.chars().peekable();
    let mut first = begins;
    while let Some(c) = rest.next() {
        let is_inside =
            || before.is_some_and(char::is_alphanumeric) && rest.clone().next().is_some_and(char::is_alphanumeric);
        let is_mark = match c {
            '\\' | '`' | '*' | ']' | '<' | '$' | '~' | '|' => true,
            '_' => !is_inside(),
            '&' => rest.peek().is_some_and(|next| *next == '#' || next.is_ascii_alphabetic()),
            '#' => on_one_line && !first,
            _ => false,
        };
        if is_mark {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
        first = false;
    }
}

/// TeX without breaks. What would end it, or be read as something else, is no TeX.
fn on_one_line(tex: &str) -> String {
    let tex: String = tex.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
    tex.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names of parameters that follow people about.
const TRACKERS: [&str; 6] = ["fbclid", "gclid", "dclid", "msclkid", "mc_eid", "igshid"];
/// Bytes of an address.
const ADDRESS: usize = 2_000;

/// An address that people can be led to, as it is written in Markdown; without what follows them.
pub(super) fn link(address: &str) -> Option<Rc<str>> {
    // What is taken off is not longer than what stays.
    if address.len() > 4 * ADDRESS {
        return None;
    }
    let mut url = Url::parse(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "mailto"))?;
    if let Some(query) = url.query() {
        let follows = |part: &&str| {
            let name = part.split('=').next().unwrap_or_default();
            name.starts_with("utm_") || TRACKERS.contains(&name)
        };
        let kept: Vec<&str> = query.split('&').filter(|part| !follows(part)).collect();
        let kept = kept.join("&");
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    let mut written = String::new();
    let may_name = url.as_str().contains(';');
    for c in url.as_str().chars() {
        match c {
            '(' | ')' | '<' | '>' | '\\' | '`' | '$' | '|' => {
                let _ = write!(written, "%{:02X}", u32::from(c));
            }
            '&' if may_name => written.push_str("&amp;"),
            c => written.push(c),
        }
    }
    (written.len() <= ADDRESS).then(|| written.into())
}
