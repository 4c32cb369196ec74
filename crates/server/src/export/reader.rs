//! One HTML page to read anywhere: no scripts, nothing that is loaded, and a policy of its own that allows neither.

mod marks;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use shared::{
    api::Message,
    document::{Comment, Highlight},
    ids::{TagId, UserId},
    prose,
    text::escape,
};

use super::contents::{Contents, Marked, moment, speaker};

const STYLE: &str = include_str!("reader.css");
const FORMULAS: &str = include_str!("../../../../style/math/43-math.css");

pub(super) fn write(contents: &Contents) -> String {
    let marked = contents.marked();
    let mut page = String::with_capacity(1 << 16);
    head(&mut page, contents);
    let title = escape(&contents.conversation.title);
    let (from, day) = (escape(&contents.page), contents.made_at.get(..10).unwrap_or_default());
    page.push_str(&format!(
        "<body>\n<header><h1 dir=\"auto\">{title}</h1>\n\
         <p class=\"about\">As it was on <time datetime=\"{}\">{day}</time> at <a href=\"{from}\">{from}</a>.</p></header>\n<main>\n",
        contents.made_at
    ));
    for (at, message) in contents.conversation.messages.iter().enumerate() {
        row(&mut page, contents, &marked, at, message);
    }
    let lost: Vec<_> = (1..).zip(&marked).filter(|(_, one)| one.start().is_none()).collect();
    if !lost.is_empty() {
        page.push_str("<section class=\"row alone\"><h2>Without a place</h2>\n");
        notes(&mut page, contents, &lost);
        page.push_str("</section>\n");
    }
    texts(&mut page, contents);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, contents: &Contents) {
    // The colours of the tags, which are `#` and six digits whatever the document says.
    let colours = contents.picture.tags.iter().enumerate();
    let colours: String = colours.map(|(at, tag)| format!(".t{at}{{--t:{}}}\n", tag.colour)).collect();
    let style = format!("{STYLE}{FORMULAS}{colours}");
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
        marks::html(contents, marked, at, message)
    ));
    if !beside.is_empty() {
        notes(page, contents, &beside);
    }
    page.push_str("</section>\n");
}

fn notes(page: &mut String, contents: &Contents, notes: &[(usize, &Marked<'_>)]) {
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
            comments.into_iter().for_each(|comment| comment_html(page, contents, comment));
            page.push_str("</ul>");
        }
        page.push_str("</li>\n");
    }
    page.push_str("</ol>\n");
}

fn comment_html(page: &mut String, contents: &Contents, comment: &Comment) {
    let answer = if comment.parent.is_some() { " class=\"answer\"" } else { "" };
    page.push_str(&format!(
        "<li{answer}><span class=\"who\"><b dir=\"auto\">{}</b>{}</span>{}</li>",
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
