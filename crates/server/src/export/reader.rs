//! One HTML page to read anywhere: no scripts, nothing that is loaded, and a policy of its own that allows neither.

mod marks;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use shared::{
    api::Message,
    document::{Comment, Highlight},
    ids::{CommentId, TagId, UserId},
    prose,
    text::{MarkedText, escape},
};

use super::contents::{Contents, Marked, moment, speaker};

const STYLE: &str = include_str!("reader.css");
const PAPER: &str = include_str!("paper.css");
const FORMULAS: &str = include_str!("../../../../style/math/43-math.css");

/// What the page is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// A window of any width: notes stand beside their message, or below it.
    Screen,
    /// Sheets of paper: each note stands in the margin beside the block that its passage begins in.
    Paper,
}

pub(super) fn write(contents: &Contents) -> String {
    page(contents, Medium::Screen)
}

/// The page as it is printed; comments bear the ends of their ids.
pub(super) fn write_for_paper(contents: &Contents) -> String {
    page(contents, Medium::Paper)
}

fn page(contents: &Contents, medium: Medium) -> String {
    let marked = contents.marked();
    let mut page = String::with_capacity(1 << 16);
    head(&mut page, contents, medium);
    let title = escape(&contents.conversation.title);
    let (from, day) = (escape(&contents.page), contents.made_at.get(..10).unwrap_or_default());
    page.push_str(&format!(
        "<body>\n<header><h1 dir=\"auto\">{title}</h1>\n\
         <p class=\"about\">As it was on <time datetime=\"{}\">{day}</time> at <a href=\"{from}\">{from}</a>.</p></header>\n<main>\n",
        contents.made_at
    ));
    for (at, message) in contents.conversation.messages.iter().enumerate() {
        match medium {
            Medium::Screen => row(&mut page, contents, &marked, at, message),
            Medium::Paper => sheet(&mut page, contents, &marked, at, message),
        }
    }
    let lost: Vec<_> = (1..).zip(&marked).filter(|(_, one)| one.start().is_none()).collect();
    if !lost.is_empty() {
        page.push_str("<section class=\"row alone\"><h2>Without a place</h2>\n");
        notes(&mut page, contents, &lost, medium);
        page.push_str("</section>\n");
    }
    texts(&mut page, contents);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, contents: &Contents, medium: Medium) {
    // The colours of the tags, which are `#` and six digits whatever the document says.
    let colours = contents.picture.tags.iter().enumerate();
    let colours: String = colours.map(|(at, tag)| format!(".t{at}{{--t:{}}}\n", tag.colour)).collect();
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
        escape(&contents.conversation.title)
    ));
}

/// The class that gives it the colour of its first tag that is there.
fn colour(contents: &Contents, highlight: &Highlight) -> String {
    let place = |(id, _): &(TagId, f64)| contents.picture.tags.iter().position(|tag| tag.id == *id);
    highlight.tags.iter().find_map(place).map_or_else(String::new, |at| format!("t{at}"))
}

/// A message, and beside it what begins in it.
fn row(page: &mut String, contents: &Contents, marked: &[Marked<'_>], at: usize, message: &Message) {
    let here = |one: &Marked<'_>| one.start().is_some_and(|(message, _)| message == at);
    let beside: Vec<_> = (1..).zip(marked).filter(|(_, one)| here(one)).collect();
    let alone = if beside.is_empty() { " alone" } else { "" };
    let number = at + 1;
    page.push_str(&format!(
        "<section class=\"row{alone}\" id=\"m{number}\">\n<article><h2 dir=\"auto\">{number}. {}</h2>\n<div class=\"text\">{}</div></article>\n",
        escape(speaker(message)),
        marks::write(contents, marked, at, message).html
    ));
    if !beside.is_empty() {
        notes(page, contents, &beside, Medium::Screen);
    }
    page.push_str("</section>\n");
}

/// A message with its notes among its blocks, from where the style takes them into the margin.
fn sheet(page: &mut String, contents: &Contents, marked: &[Marked<'_>], at: usize, message: &Message) {
    let MarkedText { html, begin } = marks::write(contents, marked, at, message);
    let number = at + 1;
    page.push_str(&format!(
        "<section class=\"sheet\" id=\"m{number}\">\n<h2 dir=\"auto\">{number}. {}</h2>\n<div class=\"text\">",
        escape(speaker(message))
    ));
    let mut done = 0;
    let mut begin = begin;
    begin.sort_unstable();
    for (block, number) in begin {
        page.push_str(&html[done..block]);
        done = block;
        notes(page, contents, &[(number, &marked[number - 1])], Medium::Paper);
    }
    page.push_str(&html[done..]);
    page.push_str("</div>\n</section>\n");
}

fn notes(page: &mut String, contents: &Contents, notes: &[(usize, &Marked<'_>)], medium: Medium) {
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
            colour(contents, highlight),
            tags.join(", "),
            escape(contents.name(highlight.author)),
            day(highlight.created_at),
            escape(&one.quote()),
        ));
        let comments: Vec<_> = one.comments().collect();
        if !comments.is_empty() {
            page.push_str("<ul>");
            comments.into_iter().for_each(|comment| comment_html(page, contents, comment, medium));
            page.push_str("</ul>");
        }
        page.push_str("</li>\n");
    }
    page.push_str("</ol>\n");
}

/// What names a comment on paper.
fn short(id: CommentId) -> String {
    let id = id.to_string();
    id[id.len() - 8..].to_owned()
}

fn comment_html(page: &mut String, contents: &Contents, comment: &Comment, medium: Medium) {
    let id = match medium {
        Medium::Screen => String::new(),
        Medium::Paper => format!(" · <span class=\"id\">#{}</span>", short(comment.id)),
    };
    let answer = if comment.parent.is_some() { " class=\"answer\"" } else { "" };
    page.push_str(&format!(
        "<li{answer}><span class=\"who\"><b dir=\"auto\">{}</b>{}{id}</span>{}</li>",
        escape(contents.name(comment.author)),
        day(comment.created_at),
        prose::html(&contents.words(&comment.body))
    ));
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
            page.push_str(&format!(
                "<section class=\"row alone\">\n<h2 dir=\"auto\">{}</h2>\n<div class=\"text\">{}</div>\n</section>\n",
                escape(&heading),
                prose::html(&contents.words(&text))
            ));
        }
    }
}
