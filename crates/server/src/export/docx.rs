//! A Word document (ECMA-376, transitional): the text of the conversation, and what was marked and said as its comments.
//!
//! Each passage of a highlight is the range of a comment that names its tags, and its thread hangs below that as answers:
//! Word knows one level of them, so each answer follows what it answers. The parts are few and written here: ranges that
//! overlap, answers, and text of both directions are most of them.

mod blocks;
mod comments;
mod parts;
mod xml;

use shared::{api::Message, ids::UserId, prose, text};

use super::{
    agreed::{Agreed, HEADING},
    contents::{About, Contents, Marked, speaker},
};
use crate::{error::Error, zipped};
use blocks::Blocks;
use comments::{Threads, Written};

pub(super) fn write(contents: &Contents) -> Result<Vec<u8>, Error> {
    let marked = contents.marked();
    let mut threads = Threads::of(contents, &marked);
    let mut body = Blocks::default();
    head(&mut body, contents.about());
    for (at, message) in contents.conversation.messages.iter().enumerate() {
        body.styled("Heading1", &format!("{}. {}", at + 1, speaker(message)));
        write_message(&mut body, &mut threads, at, message);
    }
    without_place(&mut body, &mut threads, &marked);
    let response =
        |(author, text): &(UserId, String)| (format!("Response of {}", contents.name(*author)), text.clone());
    let notes = [("Notes".to_owned(), contents.picture.notes.clone())];
    for (heading, text) in notes.into_iter().chain(contents.picture.responses.iter().map(response)) {
        if !text.trim().is_empty() {
            body.styled("Heading1", &heading);
            body.html(&prose::html(&contents.words(&text)));
        }
    }
    if let Some(agreed) = Agreed::of(contents)? {
        body.styled("Heading1", HEADING);
        body.html(&agreed.html());
    }
    let written = threads.write();
    zipped::of(parts::all(contents.about(), body, written))
}

/// How far people agree, as a file of its own.
pub(super) fn of_agreement(about: About<'_>, agreed: &Agreed) -> Result<Vec<u8>, Error> {
    let mut body = Blocks::default();
    head(&mut body, about);
    body.styled("Heading1", HEADING);
    body.html(&agreed.html());
    zipped::of(parts::all(about, body, Written::default()))
}

fn head(body: &mut Blocks, about: About<'_>) {
    body.styled("Title", about.title);
    body.styled("Subtitle", &format!("As it was on {} at {}", day(about.made_at), about.page));
}

fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or_default()
}

fn write_message(body: &mut Blocks, threads: &mut Threads<'_>, at: usize, message: &Message) {
    let rendered = text::render(&message.markdown);
    let passages = threads.passages(at);
    // Rendered otherwise than it was stored, or while it is written: then offsets are not of this text.
    if rendered.text != message.text {
        let cuts = comments::cuts(&passages);
        let places: Vec<_> = text::cut(0..message.text.len(), &cuts).collect();
        threads.settle(&passages, &places);
        body.tag("<p class=\"raw\">");
        places.into_iter().for_each(|place| body.piece(threads, &message.text, place));
        return body.tag("</p>");
    }
    let mut pieces = Vec::new();
    text::pieces(&rendered, &comments::cuts(&passages), |piece| pieces.push(piece));
    let places: Vec<_> = pieces.iter().filter_map(|piece| piece.place()).collect();
    threads.settle(&passages, &places);
    for piece in pieces {
        match piece {
            text::Piece::Tag(tag) => body.tag(tag),
            text::Piece::Text(place) | text::Piece::Formula(place, _) => body.piece(threads, &rendered.text, place),
        }
    }
    body.end_paragraph();
}

/// Passages that do not stand in the messages above, each as its quote.
fn without_place(body: &mut Blocks, threads: &mut Threads<'_>, marked: &[Marked<'_>]) {
    let left = threads.unsettled();
    if left.is_empty() {
        return;
    }
    body.styled("Heading1", "Without a place");
    body.styled("Normal", "These passages do not stand in the messages above.");
    for (highlight, place) in left {
        let quote = &marked[highlight].places[place].target.exact;
        threads.settle_alone(highlight, place);
        body.tag("<blockquote>");
        body.tag("<p class=\"raw\">");
        body.piece(threads, quote, 0..quote.len());
        body.tag("</p>");
        body.tag("</blockquote>");
    }
}
