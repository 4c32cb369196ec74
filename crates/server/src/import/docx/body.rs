//! The text of a Word document, event by event.

use std::{collections::HashMap, rc::Rc};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{
    attribute, is_on,
    styles::{Block, Styles, is_typewriter},
    words,
};
use crate::import::{
    limits::TEXT_BYTES,
    written::{Style, Writer, link},
};

/// A note that the text refers to.
pub(super) struct Reference {
    pub id: String,
    /// As it stands in the text.
    pub number: usize,
}

#[derive(Default)]
pub(super) struct Read {
    /// `None` where it is more than may be.
    pub markdown: Option<String>,
    pub footnotes: Vec<Reference>,
    pub endnotes: Vec<Reference>,
    pub pictures: usize,
    pub is_tracked: bool,
    pub has_formulas: bool,
}

pub(super) fn read(xml: &str, styles: &Styles, links: &HashMap<String, String>) -> Result<Read, quick_xml::Error> {
    let mut body = Body::new(styles, links);
    body.walk(xml, |_| {})?;
    body.close();
    let is_full = body.writer.is_full();
    let markdown = body.writer.finish();
    body.read.markdown = (!is_full).then_some(markdown);
    Ok(body.read)
}

/// The footnotes or endnotes of a part, by their ids.
pub(super) fn notes(xml: &str, styles: &Styles) -> Result<HashMap<String, String>, quick_xml::Error> {
    let links = HashMap::new();
    let mut body = Body::new(styles, &links);
    let (mut notes, mut left) = (HashMap::new(), TEXT_BYTES);
    body.walk(xml, |body| {
        body.close();
        let note = std::mem::replace(&mut body.writer, Writer::new(left)).finish();
        left = left.saturating_sub(note.len());
        if let Some(id) = body.note.take() {
            notes.insert(id, note);
        }
    })?;
    Ok(notes)
}

/// Elements whose inside is not looked at: drawings and what stands in them twice, changes taken back, properties.
const SKIPPED: [&str; 9] =
    ["drawing", "pict", "object", "Fallback", "del", "moveFrom", "sdtPr", "rPrChange", "pPrChange"];
/// Cells of a row.
const COLUMNS: usize = 64;

enum Piece {
    Words(String, Style),
    Break,
}

#[derive(Default)]
struct Paragraph {
    style: Option<String>,
    outline: Option<usize>,
    numbering: Option<String>,
    level: Option<usize>,
    pieces: Vec<Piece>,
}

struct Table {
    rows: Vec<Vec<String>>,
    /// Words of the cell that is open.
    cell: Option<Writer>,
    span: usize,
}

struct Body<'a> {
    styles: &'a Styles,
    links: &'a HashMap<String, String>,
    writer: Writer,
    read: Read,
    paragraph: Paragraph,
    style: Style,
    /// Hidden words, and those of a paragraph's own mark, are none.
    is_hidden: bool,
    in_run: bool,
    in_text: bool,
    address: Option<Rc<str>>,
    field: Option<String>,
    in_field: bool,
    table: Option<Table>,
    /// Tables inside the table.
    inner: usize,
    /// The numberings of the lists that are open, the outermost first.
    lists: Vec<String>,
    counters: HashMap<(String, usize), u32>,
    is_quote: bool,
    code: Vec<String>,
    note: Option<String>,
}

impl<'a> Body<'a> {
    fn new(styles: &'a Styles, links: &'a HashMap<String, String>) -> Self {
        Self {
            styles,
            links,
            writer: Writer::new(TEXT_BYTES),
            read: Read::default(),
            paragraph: Paragraph::default(),
            style: Style::default(),
            is_hidden: false,
            in_run: false,
            in_text: false,
            address: None,
            field: None,
            in_field: false,
            table: None,
            inner: 0,
            lists: Vec::new(),
            counters: HashMap::new(),
            is_quote: false,
            code: Vec::new(),
            note: None,
        }
    }

    fn walk(&mut self, xml: &str, mut end_note: impl FnMut(&mut Self)) -> Result<(), quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        // How deep within what is skipped.
        let mut skipped = 0_usize;
        while !self.writer.is_full() {
            let event = reader.read_event()?;
            match &event {
                Event::Eof => break,
                Event::Start(_) if skipped > 0 => skipped += 1,
                Event::End(_) if skipped > 0 => skipped -= 1,
                _ if skipped > 0 => {}
                Event::Start(start) if SKIPPED.contains(&start.local_name().as_ref()) => {
                    self.skip(start);
                    skipped = 1;
                }
                Event::Empty(start) if SKIPPED.contains(&start.local_name().as_ref()) => self.skip(start),
                Event::Start(start) => self.start(start),
                Event::Empty(start) => {
                    let name = start.local_name();
                    self.start(start);
                    self.end(name.as_ref());
                }
                Event::End(end) => {
                    let name = end.local_name();
                    self.end(name.as_ref());
                    if matches!(name.as_ref(), "footnote" | "endnote") {
                        end_note(self);
                    }
                }
                other => {
                    if let Some(words) = words(other) {
                        self.words(&words);
                    }
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, start: &BytesStart) {
        match start.local_name().as_ref() {
            "drawing" | "pict" | "object" => self.read.pictures += 1,
            "del" | "moveFrom" => self.read.is_tracked = true,
            _ => {}
        }
    }

    fn start(&mut self, start: &BytesStart) {
        let value = || attribute(start, "val");
        match start.local_name().as_ref() {
            "p" => self.paragraph = Paragraph::default(),
            "pStyle" => self.paragraph.style = value(),
            "outlineLvl" => self.paragraph.outline = value().and_then(|level| level.parse().ok()),
            "numId" => self.paragraph.numbering = value(),
            "ilvl" => self.paragraph.level = value().and_then(|level| level.parse().ok()),
            "ins" => self.read.is_tracked = true,
            "r" => {
                self.in_run = true;
                self.is_hidden = false;
                self.style = Style { link: self.address.clone(), ..Style::default() };
            }
            "t" | "delText" | "instrText" => self.in_text = true,
            "hyperlink" => {
                let id = attribute(start, "id");
                self.address = id.and_then(|id| link(self.links.get(&id)?));
            }
            "fldChar" => self.field(attribute(start, "fldCharType").as_deref()),
            "footnoteReference" => self.refer(attribute(start, "id"), false),
            "endnoteReference" => self.refer(attribute(start, "id"), true),
            "footnote" | "endnote" => {
                // Lines above the notes are notes, too.
                let is_line = attribute(start, "type").is_some_and(|kind| kind != "normal");
                self.note = attribute(start, "id").filter(|_| !is_line);
            }
            "oMath" => self.read.has_formulas = true,
            "tbl" if self.table.is_some() => self.inner += 1,
            "tbl" => {
                self.close();
                self.table = Some(Table { rows: Vec::new(), cell: None, span: 1 });
            }
            "tr" if self.inner == 0 => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            "tc" if self.inner == 0 => {
                if let Some(table) = &mut self.table {
                    table.cell = Some(Writer::new(TEXT_BYTES));
                    table.span = 1;
                }
            }
            "gridSpan" if self.inner == 0 => {
                let span = value().and_then(|span| span.parse().ok()).unwrap_or(1);
                if let Some(table) = &mut self.table {
                    table.span = span;
                }
            }
            name if self.in_run => self.run(name, start),
            _ => {}
        }
    }

    /// What stands in a run, or says how it looks.
    fn run(&mut self, name: &str, start: &BytesStart) {
        let value = || attribute(start, "val");
        match name {
            "b" => self.style.strong = is_on(start),
            "i" => self.style.emphasis = is_on(start),
            "strike" | "dstrike" => self.style.struck = is_on(start),
            "vanish" => self.is_hidden = is_on(start),
            "rStyle" => self.style.code |= value().is_some_and(|id| self.styles.is_code(&id)),
            "rFonts" => self.style.code |= attribute(start, "ascii").is_some_and(|font| is_typewriter(&font)),
            "tab" => self.push(" "),
            "br" | "cr" if attribute(start, "type").is_none_or(|kind| kind == "textWrapping") => {
                self.paragraph.pieces.push(Piece::Break);
            }
            "noBreakHyphen" => self.push("\u{2011}"),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" => self.end_paragraph(),
            "r" => self.in_run = false,
            "t" | "delText" | "instrText" => self.in_text = false,
            "hyperlink" => self.address = None,
            "tbl" if self.inner > 0 => self.inner -= 1,
            "tbl" => {
                if let Some(table) = self.table.take() {
                    self.writer.table(&table.rows);
                }
            }
            "tc" if self.inner == 0 => {
                let Some(table) = &mut self.table else { return };
                let Some(row) = table.rows.last_mut() else { return };
                if let Some(cell) = table.cell.take() {
                    row.push(cell.into_cell());
                    row.resize((row.len() + table.span.clamp(1, COLUMNS) - 1).min(COLUMNS), String::new());
                }
            }
            _ => {}
        }
    }

    fn words(&mut self, words: &str) {
        if !self.in_text {
            return;
        }
        match &mut self.field {
            // What a field is told, and not what it shows.
            Some(told) if self.in_field => told.push_str(words),
            _ => self.push(words),
        }
    }

    fn push(&mut self, words: &str) {
        if !self.is_hidden {
            self.paragraph.pieces.push(Piece::Words(words.to_owned(), self.style.clone()));
        }
    }

    fn field(&mut self, kind: Option<&str>) {
        match kind {
            Some("begin") => (self.field, self.in_field) = (Some(String::new()), true),
            Some("separate") => {
                self.in_field = false;
                let told = self.field.take().unwrap_or_default();
                let address = told.trim().strip_prefix("HYPERLINK").and_then(|rest| rest.trim().split('"').nth(1));
                self.address = address.and_then(link);
            }
            Some("end") => (self.field, self.in_field, self.address) = (None, false, None),
            _ => {}
        }
    }

    fn refer(&mut self, id: Option<String>, to_end: bool) {
        let Some(id) = id else { return };
        let number = self.read.footnotes.len() + self.read.endnotes.len() + 1;
        let notes = if to_end { &mut self.read.endnotes } else { &mut self.read.footnotes };
        notes.push(Reference { id, number });
        let plain = Style::default();
        self.paragraph.pieces.push(Piece::Words(format!("[{number}]"), plain));
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        if let Some(cell) = self.table.as_mut().map(|table| &mut table.cell) {
            if let Some(cell) = cell {
                let on_one_line = paragraph.pieces.into_iter().map(|piece| match piece {
                    Piece::Break => Piece::Words(" ".to_owned(), Style::default()),
                    words => words,
                });
                cell.space();
                write(cell, on_one_line.collect());
                cell.space();
            }
            return;
        }
        let styled = paragraph.style.as_deref().and_then(|id| self.styles.block(id));
        let outlined = paragraph.outline.filter(|level| *level < 9).map(|level| Block::Heading(level + 1));
        let block = outlined.or(styled);
        if block == Some(Block::Code) {
            self.end_lists();
            if std::mem::take(&mut self.is_quote) {
                self.writer.close_quote();
            }
            let line = paragraph.pieces.into_iter().map(|piece| match piece {
                Piece::Words(words, _) => words,
                Piece::Break => "\n".to_owned(),
            });
            return self.code.push(line.collect());
        }
        self.end_code();
        let is_blank = |piece: &Piece| matches!(piece, Piece::Words(words, _) if words.trim().is_empty());
        if paragraph.pieces.iter().all(|piece| matches!(piece, Piece::Break) || is_blank(piece)) {
            return;
        }
        if (block == Some(Block::Quote)) != self.is_quote {
            self.end_lists();
            self.is_quote = !self.is_quote;
            if self.is_quote { self.writer.open_quote() } else { self.writer.close_quote() }
        }
        let of_style = || paragraph.style.as_deref().and_then(|id| self.styles.numbering(id));
        let numbering = paragraph.numbering.clone().map(|numbering| (numbering, paragraph.level.unwrap_or_default()));
        match (block, numbering.or_else(of_style).filter(|(numbering, _)| numbering != "0")) {
            (Some(Block::Heading(level)), _) => {
                self.end_lists();
                self.writer.heading(level);
            }
            (_, Some((numbering, level))) => self.item(&numbering, level),
            _ => self.end_lists(),
        }
        write(&mut self.writer, paragraph.pieces);
        self.writer.end_paragraph();
    }

    /// Begins an item; what comes next is its words.
    fn item(&mut self, numbering: &str, level: usize) {
        let level = level.min(self.lists.len()).min(8);
        while self.lists.len() > level + 1 {
            self.end_list();
        }
        let known = self.styles.level(numbering, level);
        let is_counted = known.is_some_and(|level| level.is_counted);
        let start = known.map_or(1, |level| level.start);
        let number = *self
            .counters
            .entry((numbering.to_owned(), level))
            .and_modify(|count| *count = count.saturating_add(1))
            .or_insert(start);
        // A list within begins anew below each item.
        self.counters.retain(|(of, at), _| of != numbering || *at <= level);
        if self.lists.len() == level + 1 {
            if self.lists.last().is_some_and(|open| open == numbering) {
                self.writer.close_item();
            } else {
                self.end_list();
            }
        }
        if self.lists.len() == level {
            self.writer.open_list(is_counted.then_some(number));
            self.lists.push(numbering.to_owned());
        }
        self.writer.open_item(is_counted.then_some(number));
    }

    fn end_list(&mut self) {
        if self.lists.pop().is_some() {
            self.writer.close_item();
            self.writer.close_list();
        }
    }

    fn end_lists(&mut self) {
        while !self.lists.is_empty() {
            self.end_list();
        }
    }

    fn end_code(&mut self) {
        if !self.code.is_empty() {
            let code = std::mem::take(&mut self.code).join("\n");
            self.writer.code("", &code);
        }
    }

    /// Ends whatever is open.
    fn close(&mut self) {
        self.end_code();
        self.end_lists();
        if std::mem::take(&mut self.is_quote) {
            self.writer.close_quote();
        }
    }
}

fn write(writer: &mut Writer, pieces: Vec<Piece>) {
    for piece in pieces {
        match piece {
            Piece::Words(words, style) => writer.text(&words, &style),
            Piece::Break => writer.line_break(),
        }
    }
}
