//! The text of a message with what is marked in it.

use std::ops::Range;

use shared::{
    api::Message,
    text::{self, Piece, escape},
};

use super::{
    super::contents::{Contents, Marked},
    colour,
};

/// A passage of this message.
struct Passage {
    number: usize,
    bytes: Range<usize>,
    colour: String,
    /// Whether it is the first of its highlight: what its note leads to.
    begins: bool,
    ends: bool,
}

/// A message as HTML, and where notes can stand in it.
pub(super) struct Written {
    pub(super) html: String,
    /// Of each highlight that begins in it, by its number: where the block of the text begins in which it does.
    pub(super) begin: Vec<(usize, usize)>,
}

/// The message as HTML: a `mark` around each piece that is marked, and a number where a highlight ends.
pub(super) fn write(contents: &Contents, marked: &[Marked<'_>], at: usize, message: &Message) -> Written {
    let passages = passages(contents, marked, at);
    let rendered = text::render(&message.markdown);
    // Rendered otherwise than it was stored, or while it is written: then offsets are not of this text.
    if rendered.text != message.text {
        let begin = passages.iter().filter(|passage| passage.begins).map(|passage| (0, passage.number)).collect();
        return Written { html: format!("<p class=\"raw\" dir=\"auto\">{}</p>", escape(&message.text)), begin };
    }
    let mut cuts: Vec<usize> = passages.iter().flat_map(|passage| [passage.bytes.start, passage.bytes.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut begun = vec![false; passages.len()];
    let mut written = Written { html: String::with_capacity(rendered.html.len() * 5 / 4), begin: Vec::new() };
    let (mut in_link, mut depth, mut block) = (false, 0_usize, 0);
    text::pieces(&rendered, &cuts, |piece| match piece {
        Piece::Tag(tag) => {
            in_link = tag.starts_with("<a ") || (in_link && tag != "</a>");
            if depth == 0 {
                block = written.html.len();
            }
            depth = match tag {
                _ if tag.starts_with("</") => depth.saturating_sub(1),
                "<br>" | "<hr>" => depth,
                _ if tag.starts_with("<input") => depth,
                _ => depth + 1,
            };
            written.html.push_str(tag);
        }
        Piece::Text(place) => {
            let text = escape(&rendered.text[place.clone()]);
            mark(&mut written, &passages, &mut begun, block, &place, &text, in_link);
        }
        Piece::Formula(place, formula) => {
            mark(&mut written, &passages, &mut begun, block, &place, formula, in_link);
        }
    });
    // Of separators alone there is nothing to see.
    let unseen = passages.iter().zip(begun).filter(|(passage, begun)| passage.begins && !begun);
    written.begin.extend(unseen.map(|(passage, _)| (block, passage.number)));
    written
}

/// A piece with its mark, and the numbers of those that end with it.
fn mark(
    written: &mut Written,
    passages: &[Passage],
    begun: &mut [bool],
    block: usize,
    place: &Range<usize>,
    piece: &str,
    in_link: bool,
) {
    let html = &mut written.html;
    let here = |passage: &Passage| passage.bytes.start < place.end && place.start < passage.bytes.end;
    let on: Vec<usize> = (0..passages.len()).filter(|at| here(&passages[*at])).collect();
    let Some(last) = on.last().map(|at| &passages[*at]) else { return html.push_str(piece) };
    let beginning = || on.iter().copied().filter(|at| passages[*at].begins);
    let new: Vec<usize> = beginning().filter(|at| !begun[*at]).collect();
    let first = new.first().copied();
    let id = first.map_or_else(String::new, |at| format!(" id=\"h{}\"", passages[at].number));
    // Each that begins here needs a place of its own to lead to; the mark has one of them.
    for at in new.iter().skip(1) {
        html.push_str(&format!("<span id=\"h{}\"></span>", passages[*at].number));
    }
    written.begin.extend(new.iter().map(|at| (block, passages[*at].number)));
    on.iter().for_each(|at| begun[*at] = true);
    let more = if on.len() > 1 { " more" } else { "" };
    html.push_str(&format!("<mark{id} class=\"{}{more}\">{piece}</mark>", last.colour));
    for passage in on.iter().map(|at| &passages[*at]).filter(|passage| passage.ends && passage.bytes.end <= place.end) {
        let number = passage.number;
        html.push_str(&match in_link {
            true => format!("<sup>{number}</sup>"),
            false => format!("<sup><a href=\"#n{number}\">{number}</a></sup>"),
        });
    }
}

fn passages(contents: &Contents, marked: &[Marked<'_>], at: usize) -> Vec<Passage> {
    let mut passages = Vec::new();
    for (number, one) in (1..).zip(marked) {
        let placed: Vec<_> =
            one.places.iter().filter(|place| place.message.is_some() && place.bytes.is_some()).collect();
        for (index, place) in placed.iter().enumerate().filter(|(_, place)| place.message == Some(at)) {
            passages.push(Passage {
                number,
                bytes: place.bytes.clone().unwrap_or_default(),
                colour: colour(contents, one.highlight),
                begins: index == 0,
                ends: index + 1 == placed.len(),
            });
        }
    }
    passages
}
