//! The text of a message with what is marked in it.

use std::ops::Range;

use shared::{
    api::Message,
    text::{self, escape},
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

/// The message as HTML: a `mark` around each piece that is marked, and a number where a highlight ends.
pub(super) fn html(contents: &Contents, marked: &[Marked<'_>], at: usize, message: &Message) -> String {
    let passages = passages(contents, marked, at);
    let rendered = text::render(&message.markdown);
    // Rendered otherwise than it was stored, or while it is written: then offsets are not of this text.
    if rendered.text != message.text {
        return format!("<p class=\"raw\" dir=\"auto\">{}</p>", escape(&message.text));
    }
    let mut cuts: Vec<usize> = passages.iter().flat_map(|passage| [passage.bytes.start, passage.bytes.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut begun = vec![false; passages.len()];
    text::marked(&rendered, &cuts, |html, place, piece, in_link| {
        let here = |passage: &Passage| passage.bytes.start < place.end && place.start < passage.bytes.end;
        let on: Vec<usize> = (0..passages.len()).filter(|at| here(&passages[*at])).collect();
        let Some(last) = on.last().map(|at| &passages[*at]) else { return html.push_str(piece) };
        let first = on.iter().find(|at| passages[**at].begins && !begun[**at]).copied();
        let id = first.map_or_else(String::new, |at| format!(" id=\"h{}\"", passages[at].number));
        // Each that begins here needs a place of its own to lead to; the mark has one of them.
        for at in on.iter().filter(|at| passages[**at].begins && !begun[**at] && Some(**at) != first) {
            html.push_str(&format!("<span id=\"h{}\"></span>", passages[*at].number));
        }
        on.iter().for_each(|at| begun[*at] = true);
        let more = if on.len() > 1 { " more" } else { "" };
        html.push_str(&format!("<mark{id} class=\"{}{more}\">{piece}</mark>", last.colour));
        for passage in
            on.iter().map(|at| &passages[*at]).filter(|passage| passage.ends && passage.bytes.end <= place.end)
        {
            let number = passage.number;
            html.push_str(&match in_link {
                true => format!("<sup>{number}</sup>"),
                false => format!("<sup><a href=\"#n{number}\">{number}</a></sup>"),
            });
        }
    })
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
