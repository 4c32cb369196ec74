//! One HTML page to read anywhere: no scripts, nothing that is loaded, and a policy of its own that allows neither.

mod marks;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use shared::{
    api::Message,
    document::{Comment, Highlight},
    ids::{TagId, UserId},
    prose,
    text::{MarkedText, escape},
};

use super::{
    agreed::{Agreed, HEADING},
    contents::{About, Contents, Marked, moment, speaker},
};
use crate::error::Error;

const STYLE: &str = include_str!("reader.css");
const PAPER: &str = include_str!("paper.css");
const FORMULAS: &str = include_str!("../../../../style/math/43-math.css");

/// What the part is called that tells how far people agree in all others.
const OVER_ALL: &str = "Agreement over all copies";

/// What the page is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// A window of any width: notes stand beside their message, or below it.
    Screen,
    /// Sheets of paper: each note stands in the margin beside the block that its passage begins in.
    Paper,
}

pub(super) fn write(contents: &Contents) -> Result<String, Error> {
    of_one(contents, Medium::Screen)
}

/// The page as it is printed; comments bear their ids.
pub(super) fn write_for_paper(contents: &Contents) -> Result<String, Error> {
    of_one(contents, Medium::Paper)
}

/// How far people agree, as a page of its own.
pub(super) fn of_agreement(about: About<'_>, agreed: &Agreed) -> String {
    let mut page = Page::new(Medium::Screen);
    page.agreed(agreed);
    page.finish(about)
}

/// Parts with their headings as a page of its own: what it is called, the address of the page that shows the same, and when it was
/// read, RFC 3339.
pub(crate) fn of_parts((title, address, made_at): (&str, &str, &str), parts: &[(String, String)]) -> String {
    let mut page = Page::new(Medium::Screen);
    for (heading, html) in parts {
        section(&mut page.main, heading, html);
    }
    page.finish(About { title, page: address, made_at })
}

fn of_one(contents: &Contents, medium: Medium) -> Result<String, Error> {
    let mut page = Page::new(medium);
    page.add(contents)?;
    Ok(page.finish(contents.about()))
}

/// A page that is being written: one conversation, or several.
pub(super) struct Page {
    medium: Medium,
    main: String,
    /// What its parts are called, where it has several.
    parts: Vec<String>,
    /// The colours of the tags, as rules of style.
    colours: String,
    /// What stands in it already. Numbers go on from one conversation to the next: they name what links lead to.
    done: Numbers,
}

#[derive(Clone, Copy, Default)]
struct Numbers {
    notes: usize,
    tags: usize,
    messages: usize,
}

/// A conversation on a page.
struct Part<'c> {
    contents: &'c Contents,
    marked: Vec<Marked<'c>>,
    medium: Medium,
    /// What stands before it.
    before: Numbers,
}

impl Page {
    pub(super) fn new(medium: Medium) -> Self {
        let (main, colours) = (String::new(), String::new());
        Self { medium, main, parts: Vec::new(), colours, done: Numbers::default() }
    }

    /// How long it is, but for its head.
    pub(super) fn bytes(&self) -> usize {
        self.main.len() + self.colours.len()
    }

    /// Adds a conversation as a part under a heading of its own. May take seconds.
    ///
    /// # Errors
    /// A fault of ours.
    pub(super) fn with_part(mut self, name: &str, contents: &Contents) -> Result<Self, Error> {
        self.begin(name);
        self.add(contents)?;
        self.main.push_str("</section>\n");
        Ok(self)
    }

    /// The last part: how far people agree over all of them.
    pub(super) fn with_agreement(mut self, agreed: Option<&Agreed>) -> Self {
        if let Some(agreed) = agreed {
            self.begin(OVER_ALL);
            self.main.push_str(&format!("<div class=\"text\">{}</div>\n</section>\n", agreed.html()));
        }
        self
    }

    fn begin(&mut self, name: &str) {
        self.parts.push(escape(name));
        let number = self.parts.len();
        self.main
            .push_str(&format!("<section class=\"part\" id=\"p{number}\">\n<h1 dir=\"auto\">{}</h1>\n", escape(name)));
    }

    /// Adds a conversation.
    fn add(&mut self, contents: &Contents) -> Result<(), Error> {
        let part = Part { contents, marked: contents.marked(), medium: self.medium, before: self.done };
        part.write(&mut self.main);
        // The colours of the tags, which are `#` and six digits whatever the document says.
        for (at, tag) in (self.done.tags..).zip(&contents.picture.tags) {
            self.colours.push_str(&format!(".t{at}{{--t:{}}}\n", tag.colour));
        }
        self.done.notes += part.marked.len();
        self.done.tags += contents.picture.tags.len();
        self.done.messages += contents.conversation.messages.len();
        Agreed::of(contents)?.iter().for_each(|agreed| self.agreed(agreed));
        Ok(())
    }

    fn agreed(&mut self, agreed: &Agreed) {
        section(&mut self.main, HEADING, &agreed.html());
    }

    /// The whole page.
    pub(super) fn finish(self, about: About<'_>) -> String {
        let Self { medium, main, parts, colours, .. } = self;
        let mut page = String::with_capacity(main.len() + (1 << 14));
        head(&mut page, about.title, &colours, medium);
        let (title, from) = (escape(about.title), escape(about.page));
        let day = about.made_at.get(..10).unwrap_or_default();
        page.push_str(&format!(
            "<body>\n<header><h1 dir=\"auto\">{title}</h1>\n\
             <p class=\"about\">As it was on <time datetime=\"{}\">{day}</time> at <a href=\"{from}\">{from}</a>.</p></header>\n<main>\n",
            about.made_at
        ));
        if !parts.is_empty() {
            let line =
                |(number, name): (usize, String)| format!("<li><a href=\"#p{number}\" dir=\"auto\">{name}</a></li>\n");
            let lines: String = (1..).zip(parts).map(line).collect();
            page.push_str(&format!("<nav class=\"parts\" aria-label=\"Contents\"><ol>\n{lines}</ol></nav>\n"));
        }
        page.push_str(&main);
        page.push_str("</main>\n</body>\n</html>\n");
        page
    }
}

fn head(page: &mut String, title: &str, colours: &str, medium: Medium) {
    let paper = if medium == Medium::Paper { PAPER } else { "" };
    let style = format!("{STYLE}{FORMULAS}{colours}{paper}");
    let sum = STANDARD.encode(Sha256::digest(&style));
    page.push_str(&format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{sum}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{style}</style>\n</head>\n",
        escape(title)
    ));
}

impl Part<'_> {
    fn write(&self, page: &mut String) {
        for (at, message) in self.contents.conversation.messages.iter().enumerate() {
            match self.medium {
                Medium::Screen => self.row(page, at, message),
                Medium::Paper => self.sheet(page, at, message),
            }
        }
        let lost: Vec<_> = self.numbered().filter(|(_, one)| one.start().is_none()).collect();
        if !lost.is_empty() {
            page.push_str("<section class=\"row alone\"><h2>Without a place</h2>\n");
            self.notes(page, &lost);
            page.push_str("</section>\n");
        }
        texts(page, self.contents);
    }

    /// What is marked, with its number on the page.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Marked<'_>)> {
        (self.before.notes + 1..).zip(&self.marked)
    }

    /// The class that gives it the colour of its first tag that is there.
    fn colour(&self, highlight: &Highlight) -> String {
        let place = |(id, _): &(TagId, f64)| self.contents.picture.tags.iter().position(|tag| tag.id == *id);
        let first = highlight.tags.iter().find_map(place);
        first.map_or_else(String::new, |at| format!("t{}", self.before.tags + at))
    }

    /// A message, and beside it what begins in it.
    fn row(&self, page: &mut String, at: usize, message: &Message) {
        let here = |one: &Marked<'_>| one.start().is_some_and(|(message, _)| message == at);
        let beside: Vec<_> = self.numbered().filter(|(_, one)| here(one)).collect();
        let alone = if beside.is_empty() { " alone" } else { "" };
        let (number, id) = (at + 1, self.before.messages + at + 1);
        page.push_str(&format!(
            "<section class=\"row{alone}\" id=\"m{id}\">\n<article><h2 dir=\"auto\">{number}. {}</h2>\n<div class=\"text\">{}</div></article>\n",
            escape(speaker(message)),
            marks::write(self, at, message).html
        ));
        if !beside.is_empty() {
            self.notes(page, &beside);
        }
        page.push_str("</section>\n");
    }

    /// A message with its notes among its blocks, from where the style takes them into the margin.
    fn sheet(&self, page: &mut String, at: usize, message: &Message) {
        let MarkedText { html, mut begin } = marks::write(self, at, message);
        let (number, id) = (at + 1, self.before.messages + at + 1);
        page.push_str(&format!(
            "<section class=\"sheet\" id=\"m{id}\">\n<h2 dir=\"auto\">{number}. {}</h2>\n<div class=\"text\">",
            escape(speaker(message))
        ));
        let mut done = 0;
        begin.sort_unstable();
        for (block, number) in begin {
            page.push_str(&html[done..block]);
            done = block;
            self.notes(page, &[(number, &self.marked[number - self.before.notes - 1])]);
        }
        page.push_str(&html[done..]);
        page.push_str("</div>\n</section>\n");
    }

    fn notes(&self, page: &mut String, notes: &[(usize, &Marked<'_>)]) {
        let contents = self.contents;
        page.push_str("<ol class=\"notes\">\n");
        for (number, one) in notes {
            let highlight = one.highlight;
            let back = match one.start() {
                Some(_) => format!("<a href=\"#h{number}\">{number}</a>"),
                None => number.to_string(),
            };
            let tags: Vec<String> = contents.tags(highlight).into_iter().map(escape).collect();
            let resolved = if highlight.resolved.is_some() { " · resolved" } else { "" };
            page.push_str(&format!(
                "<li id=\"n{number}\" class=\"{}\"><p class=\"meta\">{back} <span class=\"tag\" dir=\"auto\">{}</span> \
                 <span dir=\"auto\">{}</span>{}{resolved}</p><q dir=\"auto\">{}</q>",
                self.colour(highlight),
                tags.join(", "),
                escape(contents.name(highlight.author)),
                day(highlight.created_at),
                escape(&one.quote()),
            ));
            let comments: Vec<_> = one.comments().collect();
            if !comments.is_empty() {
                page.push_str("<ul>");
                comments.into_iter().for_each(|comment| self.comment(page, comment));
                page.push_str("</ul>");
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ol>\n");
    }

    fn comment(&self, page: &mut String, comment: &Comment) {
        let id = match self.medium {
            Medium::Screen => String::new(),
            // Paper leads nowhere: by the whole of it a comment is found again.
            Medium::Paper => format!(" <span class=\"id\">#{}</span>", comment.id),
        };
        let answer = if comment.parent.is_some() { " class=\"answer\"" } else { "" };
        page.push_str(&format!(
            "<li{answer}><span class=\"who\"><b dir=\"auto\">{}</b>{}{id}</span>{}</li>",
            escape(self.contents.name(comment.author)),
            day(comment.created_at),
            prose::html(&self.contents.words(&comment.body))
        ));
    }
}

fn day(at: i64) -> String {
    let at = moment(at).unwrap_or_default();
    at.get(..10).map_or_else(String::new, |day| format!(" · <time datetime=\"{at}\">{day}</time>"))
}

/// The notes and everybody's response.
fn texts(page: &mut String, contents: &Contents) {
    let response =
        |(author, text): &(UserId, String)| (format!("Response of {}", contents.name(*author)), text.clone());
    let notes = [("Notes".to_owned(), contents.picture.notes.clone())];
    for (heading, text) in notes.into_iter().chain(contents.picture.responses.iter().map(response)) {
        if !text.trim().is_empty() {
            section(page, &heading, &prose::html(&contents.words(&text)));
        }
    }
}

fn section(page: &mut String, heading: &str, html: &str) {
    page.push_str(&format!(
        "<section class=\"row alone\">\n<h2 dir=\"auto\">{}</h2>\n<div class=\"text\">{html}</div>\n</section>\n",
        escape(heading)
    ));
}
