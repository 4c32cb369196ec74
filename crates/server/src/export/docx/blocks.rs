//! Our HTML as paragraphs and tables of a Word document.

use std::ops::Range;

use url::Url;

use super::{
    comments::Threads,
    xml::{escaped, is_from_right, plain, stretches},
};

/// Lists inside each other that a word processor tells apart.
const MAX_LEVEL: usize = 8;

/// Twentieths of a point that one list or quotation more is set in by.
const INDENT: usize = 480;

/// What is being written of a part.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) xml: String,
    /// The addresses that links lead to, by the number in their relation's id.
    pub(super) links: Vec<String>,
    /// Lists with numbers: the id of each, its level and its first number.
    pub(super) numbered: Vec<(usize, usize, u32)>,
    /// The id of the next one.
    next_number: usize,
    /// The id of the last paragraph, where they have one.
    pub(super) paragraph_id: Option<u32>,
    paragraph: Option<Paragraph>,
    style: Option<&'static str>,
    lists: Vec<List>,
    quotes: usize,
    /// Whether line breaks stay.
    is_raw: bool,
    bold: usize,
    italic: usize,
    struck: usize,
    code: usize,
    table: Option<Table>,
}

#[derive(Debug, Default)]
struct Paragraph {
    properties: String,
    runs: String,
    from_right: Option<bool>,
    in_link: bool,
    /// Breaks that are written when something follows them.
    breaks: usize,
}

#[derive(Debug)]
struct List {
    number: usize,
    /// Whether an item has begun that has no paragraph yet.
    begins: bool,
}

#[derive(Debug)]
struct Table {
    /// Where its columns are to be named.
    grid: usize,
    columns: usize,
    rows: usize,
    /// Where its cell began.
    cell: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self::with_numbers_from(2)
    }
}

impl Blocks {
    /// Lists of two parts of one document need ids of their own; 1 is that of all without numbers.
    pub(super) fn with_numbers_from(next_number: usize) -> Self {
        Self {
            xml: String::new(),
            links: Vec::new(),
            numbered: Vec::new(),
            next_number,
            paragraph_id: None,
            paragraph: None,
            style: None,
            lists: Vec::new(),
            quotes: 0,
            is_raw: false,
            bold: 0,
            italic: 0,
            struck: 0,
            code: 0,
            table: None,
        }
    }

    /// A paragraph of plain words.
    pub(super) fn styled(&mut self, style: &'static str, words: &str) {
        self.begin(Some(style));
        self.text(words);
        self.end_paragraph();
        self.style = None;
    }

    /// Balanced HTML of ours.
    pub(super) fn html(&mut self, html: &str) {
        let mut rest = html;
        while !rest.is_empty() {
            let open = rest.find('<').unwrap_or(rest.len());
            if open > 0 {
                self.text(&plain(&rest[..open]));
            }
            rest = &rest[open..];
            let close = rest.find('>').map_or(rest.len(), |close| close + 1);
            if close > 0 {
                self.tag(&rest[..close]);
            }
            rest = &rest[close..];
        }
        self.end_paragraph();
    }

    /// A piece of a text, with the ends of comments' ranges around it.
    pub(super) fn piece(&mut self, threads: &mut Threads<'_>, text: &str, place: Range<usize>) {
        let (starts, ends) = threads.at(&place);
        for id in starts {
            self.inline(&format!("<w:commentRangeStart w:id=\"{id}\"/>"));
        }
        self.text(&text[place]);
        for id in ends {
            self.inline(&format!(
                "<w:commentRangeEnd w:id=\"{id}\"/><w:r><w:rPr><w:rStyle w:val=\"CommentReference\"/></w:rPr><w:commentReference w:id=\"{id}\"/></w:r>"
            ));
        }
    }

    /// One tag of our HTML: what it is not known for is passed over.
    pub(super) fn tag(&mut self, tag: &str) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let name = inner.split([' ', '/']).next().unwrap_or_default();
        if closes { self.close(name) } else { self.open(name, inner) }
    }

    fn open(&mut self, name: &str, tag: &str) {
        match name {
            "p" => {
                self.begin(None);
                self.is_raw = tag.contains("class=\"raw\"");
            }
            "h3" => self.begin(Some("Heading2")),
            "h4" => self.begin(Some("Heading3")),
            "h5" => self.begin(Some("Heading4")),
            "h6" => self.begin(Some("Heading5")),
            "pre" => {
                self.begin(Some("CodeBlock"));
                self.is_raw = true;
            }
            "blockquote" => {
                self.end_paragraph();
                self.quotes += 1;
            }
            "ul" => self.list(1),
            "ol" => {
                let start = tag.split("start=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
                let number = self.next_number;
                self.next_number += 1;
                self.numbered.push((number, self.lists.len().min(MAX_LEVEL), start.unwrap_or(1)));
                self.list(number);
            }
            "li" => {
                self.end_paragraph();
                self.lists.iter_mut().last().into_iter().for_each(|list| list.begins = true);
            }
            "strong" => self.bold += 1,
            "em" => self.italic += 1,
            "del" => self.struck += 1,
            "code" => self.code += 1,
            "a" => self.link(tag),
            "br" => self.paragraph().breaks += 1,
            "hr" => {
                self.begin(Some("Rule"));
                self.end_with_paragraph();
                self.style = None;
            }
            "input" => self.text(if tag.contains(" checked") { "☑ " } else { "☐ " }),
            "table" | "thead" | "tr" | "td" | "th" => self.open_table(name),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" | "h3" | "h4" | "h5" | "h6" | "pre" => {
                self.end_paragraph();
                (self.style, self.is_raw) = (None, false);
            }
            "blockquote" => {
                self.end_paragraph();
                self.quotes = self.quotes.saturating_sub(1);
            }
            "ul" | "ol" => {
                self.end_paragraph();
                self.lists.pop();
            }
            "li" => match self.lists.last().is_some_and(|list| list.begins) {
                true => self.end_with_paragraph(),
                false => self.end_paragraph(),
            },
            "strong" => self.bold = self.bold.saturating_sub(1),
            "em" => self.italic = self.italic.saturating_sub(1),
            "del" => self.struck = self.struck.saturating_sub(1),
            "code" => self.code = self.code.saturating_sub(1),
            "a" => self.end_link(),
            "table" | "tr" | "td" | "th" => self.close_table(name),
            _ => {}
        }
    }

    fn begin(&mut self, style: Option<&'static str>) {
        self.end_paragraph();
        self.style = style;
    }

    fn list(&mut self, number: usize) {
        // Within an item that has no words of its own.
        if self.lists.last().is_some_and(|list| list.begins) {
            self.paragraph();
        }
        self.end_paragraph();
        self.lists.push(List { number, begins: false });
    }

    /// The one that is open, or a new one as it has to look here.
    fn paragraph(&mut self) -> &mut Paragraph {
        if self.paragraph.is_none() {
            let properties = self.properties();
            self.paragraph = Some(Paragraph { properties, ..Paragraph::default() });
        }
        self.paragraph.get_or_insert_default()
    }

    fn properties(&mut self) -> String {
        let style = self.style.or((self.quotes > 0).then_some("Quote"));
        let mut properties = style.map_or_else(String::new, |style| format!("<w:pStyle w:val=\"{style}\"/>"));
        let (depth, quotes) = (self.lists.len(), self.quotes);
        match self.lists.last_mut() {
            Some(list) if list.begins => {
                list.begins = false;
                let (level, number) = ((depth - 1).min(MAX_LEVEL), list.number);
                properties
                    .push_str(&format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{number}\"/></w:numPr>"));
            }
            _ if depth + quotes > 0 => {
                properties.push_str(&format!("<w:ind w:left=\"{}\"/>", INDENT * (depth + quotes).min(MAX_LEVEL)));
            }
            _ => {}
        }
        properties
    }

    pub(super) fn end_paragraph(&mut self) {
        self.end_link();
        let Some(Paragraph { mut properties, runs, from_right, .. }) = self.paragraph.take() else { return };
        let id = self.paragraph_id.as_mut().map_or_else(String::new, |id| {
            *id += 1;
            format!(" w14:paraId=\"{id:08X}\"")
        });
        if from_right == Some(true) {
            // Before what it is set in by, as the schema has it.
            let at = properties.find("<w:ind ").unwrap_or(properties.len());
            properties.insert_str(at, "<w:bidi/>");
        }
        if !properties.is_empty() {
            properties = format!("<w:pPr>{properties}</w:pPr>");
        }
        self.xml.push_str(&format!("<w:p{id}>{properties}{runs}</w:p>"));
    }

    /// The same where there has to be one.
    pub(super) fn end_with_paragraph(&mut self) {
        self.paragraph();
        self.end_paragraph();
    }

    fn link(&mut self, tag: &str) {
        let href = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).map(plain);
        // One that is no address makes the whole file unreadable for Word.
        let Some(url) = href.and_then(|href| Url::parse(&href).ok()) else { return };
        let number = self.links.len();
        self.links.push(url.into());
        self.inline(&format!("<w:hyperlink r:id=\"link{number}\">"));
        self.paragraph().in_link = true;
    }

    fn end_link(&mut self) {
        if let Some(paragraph) = self.paragraph.as_mut().filter(|paragraph| paragraph.in_link) {
            paragraph.runs.push_str("</w:hyperlink>");
            paragraph.in_link = false;
        }
    }

    fn inline(&mut self, xml: &str) {
        self.paragraph().runs.push_str(xml);
    }

    /// Words as they look here.
    fn text(&mut self, text: &str) {
        let is_raw = self.is_raw;
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                match is_raw {
                    true => self.paragraph().breaks += 1,
                    false => self.run("<w:t xml:space=\"preserve\"> </w:t>", false),
                }
            }
            for (number, cell) in line.split('\t').enumerate() {
                if number > 0 {
                    self.run("<w:tab/>", false);
                }
                for (words, from_right) in stretches(cell) {
                    self.words(words, from_right);
                }
            }
        }
    }

    fn words(&mut self, words: &str, from_right: bool) {
        let first = words.chars().find_map(is_from_right);
        let paragraph = self.paragraph();
        paragraph.from_right = paragraph.from_right.or(first);
        self.run(&format!("<w:t xml:space=\"preserve\">{}</w:t>", escaped(words)), from_right);
    }

    fn run(&mut self, what: &str, from_right: bool) {
        let in_link = self.paragraph().in_link;
        let breaks = "<w:r><w:br/></w:r>".repeat(std::mem::take(&mut self.paragraph().breaks));
        let style = match (self.code > 0 && self.style != Some("CodeBlock"), in_link) {
            (true, _) => "<w:rStyle w:val=\"Code\"/>",
            (false, true) => "<w:rStyle w:val=\"Hyperlink\"/>",
            (false, false) => "",
        };
        let mark = |is: bool, xml: &'static str| if is { xml } else { "" };
        let properties = [
            style,
            mark(self.bold > 0, "<w:b/><w:bCs/>"),
            mark(self.italic > 0, "<w:i/><w:iCs/>"),
            mark(self.struck > 0, "<w:strike/>"),
            mark(from_right, "<w:rtl/>"),
        ]
        .concat();
        let properties = if properties.is_empty() { properties } else { format!("<w:rPr>{properties}</w:rPr>") };
        self.inline(&format!("{breaks}<w:r>{properties}{what}</w:r>"));
    }

    fn open_table(&mut self, name: &str) {
        self.end_paragraph();
        match (name, &mut self.table) {
            ("table", _) => {
                self.xml.push_str("<w:tbl><w:tblPr><w:tblStyle w:val=\"TableGrid\"/><w:tblW w:w=\"0\" w:type=\"auto\"/></w:tblPr><w:tblGrid>");
                let grid = self.xml.len();
                self.xml.push_str("</w:tblGrid>");
                self.table = Some(Table { grid, columns: 0, rows: 0, cell: 0 });
            }
            ("tr", Some(table)) => {
                table.rows += 1;
                let head = if table.rows == 1 { "<w:trPr><w:tblHeader/></w:trPr>" } else { "" };
                self.xml.push_str(&format!("<w:tr>{head}"));
            }
            ("td" | "th", Some(table)) => {
                table.columns += usize::from(table.rows == 1);
                self.xml.push_str("<w:tc>");
                table.cell = self.xml.len();
                self.bold += usize::from(name == "th");
            }
            _ => {}
        }
    }

    fn close_table(&mut self, name: &str) {
        self.end_paragraph();
        match name {
            "table" => {
                self.xml.push_str("</w:tbl><w:p/>");
                if let Some(table) = self.table.take() {
                    let width = 9000 / table.columns.max(1);
                    let columns = format!("<w:gridCol w:w=\"{width}\"/>").repeat(table.columns);
                    self.xml.insert_str(table.grid, &columns);
                }
            }
            "tr" => self.xml.push_str("</w:tr>"),
            _ => {
                if self.table.as_ref().is_some_and(|table| table.cell == self.xml.len()) {
                    self.end_with_paragraph();
                }
                self.bold = self.bold.saturating_sub(usize::from(name == "th"));
                self.xml.push_str("</w:tc>");
            }
        }
    }
}
