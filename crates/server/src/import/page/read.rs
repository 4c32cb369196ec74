//! The words of a part of a page, as Markdown.
//!
//! It calls itself once for each element inside another, [`super::Limits::depth`] deep at most.

use super::{
    dom::{Element, Id, Kind, Page},
    formulas::{self, Formula},
    platforms::{Mark, Platform},
};
use crate::import::written::{Style, Writer, link};

/// What was seen and not taken along.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    pub pictures: usize,
    pub thoughts: usize,
    pub media: usize,
    pub citations: usize,
    pub formulas: usize,
    /// Formulas that were taken along without all that they say.
    pub parts_of_formulas: usize,
}

/// No words of a text: what a page is worked with, what runs in it, and what a browser does not show.
const CHROME: &[&str] = &[
    "script", "style", "noscript", "template", "head", "title", "meta", "link", "base", "button", "input", "select",
    "textarea", "option", "datalist", "progress", "meter", "dialog", "menu", "svg", "canvas", "map", "object", "embed",
    "applet", "frame", "frameset", "iframe", "param", "source", "track",
];
/// What stands around the text of a page, where the whole of it is read.
const AROUND: &[&str] = &["nav", "footer", "aside"];
/// Begin and end a paragraph.
const BLOCKS: &[&str] = &[
    "html",
    "body",
    "main",
    "article",
    "section",
    "header",
    "footer",
    "aside",
    "nav",
    "div",
    "p",
    "address",
    "figure",
    "figcaption",
    "details",
    "summary",
    "dl",
    "dt",
    "dd",
    "form",
    "fieldset",
    "legend",
    "center",
    "hgroup",
    "search",
    "caption",
    "tr",
    "td",
    "th",
    "tbody",
    "thead",
    "tfoot",
    "li",
];
/// Are read out and not shown.
const UNSEEN: &[&str] =
    &["sr-only", "visually-hidden", "cdk-visually-hidden", "mw-editsection", "mw-jump-link", "noprint"];
/// Characters of the words that stand for a picture.
const ALT: usize = 200;

/// How text is read here.
#[derive(Debug, Clone, Default)]
struct Place {
    style: Style,
    /// Line ends and spaces count.
    is_pre: bool,
    /// In a cell of a table everything stands on one line.
    in_cell: bool,
}

pub(super) struct Reader<'a> {
    page: &'a Page,
    platform: Option<&'static Platform>,
    writer: Writer,
    /// The element that names the speaker, which is none of the words.
    speaker: Option<Id>,
    /// What the page calls the language of the next code.
    language: Option<String>,
    pub left_out: LeftOut,
}

impl<'a> Reader<'a> {
    pub(super) fn new(page: &'a Page, platform: Option<&'static Platform>, limit: usize) -> Self {
        Self { page, platform, writer: Writer::new(limit), speaker: None, language: None, left_out: LeftOut::default() }
    }

    /// What stands below a node; `None` where it is more than the limit.
    pub(super) fn read(&mut self, id: Id, limit: usize) -> Option<String> {
        self.writer = Writer::new(limit);
        self.children(id, &Place::default());
        let is_full = self.writer.is_full();
        let markdown = std::mem::take(&mut self.writer).finish();
        (!is_full && markdown.len() <= limit).then_some(markdown)
    }

    /// Who speaks in a turn, where the page says more than whose it is.
    pub(super) fn speaker(&mut self, turn: Id) -> Option<String> {
        let mark = self.platform?.speaker?;
        self.speaker = self.page.below(turn).find(|&id| self.page.element(id).is_some_and(|own| mark.is_on(own)));
        Some(self.page.text(self.speaker?))
    }

    fn children(&mut self, id: Id, place: &Place) {
        let mut children = self.page.children(id).peekable();
        while let Some(child) = children.next() {
            let names_language = self.platform.is_some_and(|platform| !platform.languages.is_empty())
                && children.peek().is_some_and(|&next| self.names_language(child, next));
            if names_language {
                // Buttons stand beside it.
                self.language = self.page.below(child).find_map(|id| match self.page.kind(id) {
                    Kind::Text(words) => words.split_whitespace().next().map(str::to_owned),
                    _ => None,
                });
            } else {
                self.node(child, place);
            }
        }
    }

    /// Whether an element is the title of the code that follows it.
    fn names_language(&self, id: Id, next: Id) -> bool {
        let marks = self.platform.map_or(&[][..], |platform| platform.languages);
        let is_title = self.page.element(id).is_some_and(|own| marks.iter().any(|mark| mark.is_on(own)));
        let is_code = |id: Id| self.page.element(id).is_some_and(|own| own.name() == "pre");
        is_title && self.page.below(next).take(8).any(is_code)
    }

    fn node(&mut self, id: Id, place: &Place) {
        if self.writer.is_full() {
            return;
        }
        let page = self.page;
        match page.kind(id) {
            Kind::Root => {}
            Kind::Text(words) if place.is_pre && !place.in_cell => self.writer.lines(words, &place.style),
            Kind::Text(words) => self.writer.text(words, &place.style),
            Kind::Element(element) => {
                if self.speaker != Some(id) && !self.is_left_out(id, element) {
                    self.element(id, element, place);
                }
            }
        }
    }

    /// Whether an element shows where the words before it come from.
    fn cites(&self, element: &Element) -> bool {
        self.platform.is_some_and(|platform| platform.citations.iter().any(|mark| mark.is_on(element)))
    }

    /// Whether something below a node leads to the web, and says so in words.
    fn has_link(&self, id: Id) -> bool {
        self.page.below(id).any(|id| {
            let address = self.page.element(id).filter(|own| own.name() == "a").and_then(|own| own.attribute("href"));
            address.and_then(link).is_some() && !self.page.text(id).trim().is_empty()
        })
    }

    fn is_left_out(&mut self, id: Id, element: &Element) -> bool {
        let on = |marks: &[Mark]| marks.iter().any(|mark| mark.is_on(element));
        if self.platform.is_some_and(|platform| on(platform.thoughts)) {
            self.left_out.thoughts += 1;
            return true;
        }
        if self.cites(element) && !self.has_link(id) {
            self.left_out.citations += 1;
            return true;
        }
        let name = element.name();
        if matches!(name, "video" | "audio") {
            self.left_out.media += 1;
            return true;
        }
        let of_platform = match self.platform {
            Some(platform) => on(platform.chrome) || UNSEEN.iter().any(|class| element.has_class(class)),
            None => {
                AROUND.contains(&name)
                    || element.attribute("role") == Some("navigation")
                    || element.has_class("mw-editsection")
            }
        };
        // A formula for the eye alone is told by what stands beside it for the ear.
        CHROME.contains(&name) && !formulas::is_source(element)
            || of_platform
            || element.attribute("hidden").is_some()
            || element.attribute("aria-hidden") == Some("true")
            || style_says(element, "display", &["none"])
    }

    fn element(&mut self, id: Id, element: &Element, place: &Place) {
        match formulas::of(self.page, id, element) {
            Some(Formula::Tex { tex, is_block, is_whole }) => {
                self.left_out.parts_of_formulas += usize::from(!is_whole);
                let is_block = is_block && !place.in_cell;
                return if is_block {
                    self.writer.formula_block(&tex)
                } else {
                    self.writer.formula(&tex, &place.style)
                };
            }
            Some(Formula::Picture) => {
                self.left_out.formulas += 1;
                return;
            }
            None => {}
        }
        if self.cites(element) {
            self.writer.space();
        }
        match element.name() {
            "br" if place.in_cell => self.writer.space(),
            "br" | "wbr" => {
                if element.name() == "br" {
                    self.writer.line_break();
                }
            }
            "img" | "image" => self.picture(element, place),
            "pre" => self.code(id, element, place),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if !place.in_cell => self.heading(id, element, place),
            "blockquote" if !place.in_cell => {
                self.writer.open_quote();
                self.children(id, place);
                self.writer.close_quote();
            }
            "ul" | "ol" if !place.in_cell => self.list(id, element, place),
            "table" if !place.in_cell => self.table(id, place),
            "hr" if !place.in_cell => self.writer.rule(),
            "rp" => {}
            name => {
                let inner = styled(element, place);
                if BLOCKS.contains(&name) || style_says(element, "display", &["block", "flex", "grid", "list-item"]) {
                    self.block(id, &inner);
                } else {
                    self.inline(id, name, &inner);
                }
            }
        }
    }

    fn block(&mut self, id: Id, place: &Place) {
        if place.in_cell {
            self.writer.space();
            self.children(id, place);
            self.writer.space();
        } else {
            self.writer.end_paragraph();
            self.children(id, place);
            self.writer.end_paragraph();
        }
    }

    fn inline(&mut self, id: Id, name: &str, place: &Place) {
        if matches!(name, "sup" | "sub") {
            let words = self.page.text(id);
            if let Some(raised) = raised(words.trim(), name == "sup") {
                return self.writer.text(&raised, &place.style);
            }
        }
        let is_quoted = name == "q";
        if is_quoted {
            self.writer.text("“", &place.style);
        }
        self.children(id, place);
        if is_quoted {
            self.writer.text("”", &place.style);
        }
    }

    fn heading(&mut self, id: Id, element: &Element, place: &Place) {
        let level = element.name().bytes().last().map_or(1, |digit| usize::from(digit.wrapping_sub(b'0')));
        self.writer.heading(level);
        self.children(id, &Place { in_cell: true, ..place.clone() });
        self.writer.end_paragraph();
    }

    fn list(&mut self, id: Id, element: &Element, place: &Place) {
        let start = element.attribute("start").map_or(Some(1), |start| start.trim().parse().ok()).unwrap_or(1);
        let numbered = element.name() == "ol";
        self.writer.open_list(numbered.then_some(start));
        for child in self.page.children(id) {
            match self.page.element(child) {
                Some(item) if item.name() == "li" => {
                    if self.is_left_out(child, item) {
                        continue;
                    }
                    let number = item.attribute("value").and_then(|value| value.trim().parse().ok());
                    self.writer.open_item(number.filter(|_| numbered));
                    self.children(child, &styled(item, place));
                    self.writer.close_item();
                }
                // A list right in a list belongs to the item before it; without one it is an item itself.
                Some(_) => {
                    self.writer.open_item(None);
                    self.node(child, place);
                    self.writer.close_item();
                }
                None => {}
            }
        }
        self.writer.close_list();
    }

    fn code(&mut self, id: Id, element: &Element, place: &Place) {
        if place.in_cell {
            let code = Style { code: true, ..place.style.clone() };
            return self.writer.text(&self.page.text(id), &code);
        }
        // What stands around the code is its title and the buttons that copy it.
        let inner =
            self.page.below(id).find(|&id| self.page.element(id).is_some_and(|element| element.name() == "code"));
        let code = inner.unwrap_or(id);
        let named = [Some(element), self.page.element(code)].into_iter().flatten().find_map(language);
        let words = self.verbatim(code);
        let titled = self.language.take();
        self.writer.code(named.or(titled.as_deref()).unwrap_or_default(), &words);
    }

    /// The text of code, where a break is a line's end.
    pub(super) fn verbatim(&self, code: Id) -> String {
        let mut words = String::new();
        let mut left = vec![code];
        while let Some(id) = left.pop() {
            match self.page.kind(id) {
                Kind::Text(text) => words.push_str(text),
                Kind::Element(element) if element.name() == "br" => words.push('\n'),
                Kind::Element(element) if CHROME.contains(&element.name()) => {}
                _ => left.extend(self.page.children(id).rev()),
            }
        }
        words.replace("\r\n", "\n").replace('\r', "\n")
    }

    fn picture(&mut self, element: &Element, place: &Place) {
        let alt: String = element.attribute("alt").unwrap_or_default().trim().chars().take(ALT).collect();
        // A smiley as a picture is a word.
        let is_word = !alt.is_empty() && alt.chars().count() <= 8 && !alt.chars().any(|c| c.is_ascii_graphic());
        if is_word {
            return self.writer.text(&alt, &place.style);
        }
        let is_dot =
            |side| element.attribute(side).is_some_and(|size| matches!(size.trim(), "0" | "1" | "0px" | "1px"));
        if is_dot("width") || is_dot("height") {
            return;
        }
        self.left_out.pictures += 1;
        if !alt.is_empty() {
            self.writer.text(&format!("[image: {alt}]"), &place.style);
        }
    }

    fn table(&mut self, id: Id, place: &Place) {
        let is_of = |id: Id, names: &[&str]| self.page.element(id).is_some_and(|own| names.contains(&own.name()));
        // A table that holds another, or headings and lists, lays a page out.
        if self
            .page
            .below(id)
            .skip(1)
            .any(|id| is_of(id, &["table", "h1", "h2", "h3", "ul", "ol", "pre", "blockquote"]))
        {
            return self.block(id, place);
        }
        let rows: Vec<Id> = self.page.below(id).filter(|&id| is_of(id, &["tr"])).collect();
        let mut cells: Vec<Vec<String>> = Vec::new();
        // Rows that a cell above still takes up, for each column.
        let mut taken: Vec<usize> = Vec::new();
        for row in rows {
            let mut line = Vec::new();
            for cell in self.page.children(row).filter(|&id| is_of(id, &["td", "th"])) {
                while taken.get(line.len()).is_some_and(|rows| *rows > 0) {
                    taken[line.len()] -= 1;
                    line.push(String::new());
                }
                let span = |name| {
                    let own = self.page.element(cell).and_then(|own| own.attribute(name));
                    own.and_then(|span| span.trim().parse::<usize>().ok()).unwrap_or(1).clamp(1, COLUMNS)
                };
                let (columns, down) = (span("colspan"), span("rowspan"));
                let words = self.cell(cell, place);
                for column in 0..columns {
                    if line.len() >= COLUMNS {
                        break;
                    }
                    if taken.len() <= line.len() {
                        taken.resize(line.len() + 1, 0);
                    }
                    taken[line.len()] = down - 1;
                    line.push(if column == 0 { words.clone() } else { String::new() });
                }
            }
            cells.push(line);
        }
        let caption = self.page.children(id).find(|&id| is_of(id, &["caption"]));
        if let Some(caption) = caption {
            self.block(caption, place);
        }
        self.writer.table(&cells);
    }

    fn cell(&mut self, id: Id, place: &Place) -> String {
        let outer = std::mem::replace(&mut self.writer, Writer::new(usize::MAX));
        self.children(id, &Place { in_cell: true, ..place.clone() });
        std::mem::replace(&mut self.writer, outer).into_cell()
    }
}

/// Columns of a table, and rows that one cell takes up.
const COLUMNS: usize = 64;

/// The language that a program says it is in.
fn language(element: &Element) -> Option<&str> {
    let named =
        element.classes().find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")));
    named.or_else(|| element.attribute("data-language")).filter(|language| !matches!(*language, "text" | "plaintext"))
}

/// Whether an element holds a text as it was typed.
pub(super) fn is_verbatim(element: &Element) -> bool {
    element.name() == "pre" || element.name() == "div" && style_says(element, "white-space", &["pre"])
}

/// How text is read within an element.
fn styled(element: &Element, place: &Place) -> Place {
    let mut inner = place.clone();
    let style = &mut inner.style;
    match element.name() {
        // Google Docs puts a whole document into one that says it is not bold.
        "b" | "strong" | "dt" => style.strong = !style_says(element, "font-weight", &["normal", "400"]),
        "i" | "em" | "cite" | "dfn" | "var" => style.emphasis = !style_says(element, "font-style", &["normal"]),
        "s" | "del" | "strike" => style.struck = true,
        "code" | "kbd" | "samp" | "tt" => style.code = true,
        "a" if style.link.is_none() => style.link = element.attribute("href").and_then(link),
        "span" | "font" => {
            style.strong |= style_says(element, "font-weight", &["bold", "600", "700", "800", "900"]);
            style.emphasis |= style_says(element, "font-style", &["italic"]);
        }
        _ => {}
    }
    inner.is_pre |= element
        .classes()
        .any(|class| matches!(class, "whitespace-pre-wrap" | "whitespace-pre-line" | "whitespace-break-spaces"))
        || style_says(element, "white-space", &["pre-wrap", "pre-line", "break-spaces", "pre"]);
    inner
}

/// Whether an element's own style says one of these.
fn style_says(element: &Element, property: &str, values: &[&str]) -> bool {
    let Some(style) = element.attribute("style") else { return false };
    style.split(';').filter_map(|part| part.split_once(':')).any(|(name, value)| {
        let value = value.trim().trim_end_matches("!important").trim_end();
        name.trim().eq_ignore_ascii_case(property) && values.iter().any(|known| known.eq_ignore_ascii_case(value))
    })
}

/// Raised or lowered digits and signs as characters of their own: `x²`, not `x2`.
fn raised(words: &str, is_up: bool) -> Option<String> {
    const PLAIN: &str = "0123456789+-=()n";
    const UP: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ";
    const DOWN: &str = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ";
    if words.is_empty() || words.len() > 12 {
        return None;
    }
    let raise = |c: char| {
        let c = if c == '−' { '-' } else { c };
        let place = PLAIN.chars().position(|plain| plain == c)?;
        (if is_up { UP } else { DOWN }).chars().nth(place)
    };
    words.chars().map(raise).collect()
}
