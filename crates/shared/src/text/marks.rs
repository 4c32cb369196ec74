//! A message as HTML with what is marked in it, for pages that are only read.

use std::ops::Range;

use super::{Piece, escape, pieces, render};

/// A passage that is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The number of its highlight, which a note bears too.
    pub number: usize,
    /// Where it stands in the canonical text, in bytes.
    pub bytes: Range<usize>,
    /// The class of its `mark`.
    pub class: String,
    /// Whether it is the first of its highlight: what its note leads to.
    pub begins: bool,
    /// Whether it is the last: behind it stands the number.
    pub ends: bool,
}

/// A message as HTML, and where notes can stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkedText {
    /// The message.
    pub html: String,
    /// Of each highlight that begins in it, by its number: where the block of the text begins in which it does.
    pub begin: Vec<(usize, usize)>,
}

/// A message as HTML: a `mark` around each piece that is marked (`#h{number}`), and a number where a highlight ends, which
/// leads to its note (`#n{number}`). Where the Markdown reads otherwise than it was stored, the stored text alone.
pub fn with_marks(markdown: &str, text: &str, marks: &[Mark]) -> MarkedText {
    let rendered = render(markdown);
    // Rendered otherwise than it was stored, or while it is written: then offsets are not of this text.
    if rendered.text != text {
        let begin = marks.iter().filter(|mark| mark.begins).map(|mark| (0, mark.number)).collect();
        return MarkedText { html: format!("<p class=\"raw\" dir=\"auto\">{}</p>", escape(text)), begin };
    }
    let mut cuts: Vec<usize> = marks.iter().flat_map(|mark| [mark.bytes.start, mark.bytes.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut begun = vec![false; marks.len()];
    let mut written = MarkedText { html: String::with_capacity(rendered.html.len() * 5 / 4), begin: Vec::new() };
    let (mut in_link, mut depth, mut block) = (false, 0_usize, 0);
    pieces(&rendered, &cuts, |piece| match piece {
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
            mark(&mut written, marks, &mut begun, block, &place, &text, in_link);
        }
        Piece::Formula(place, formula) => {
            mark(&mut written, marks, &mut begun, block, &place, formula, in_link);
        }
    });
    // Of separators alone there is nothing to see.
    let unseen = marks.iter().zip(begun).filter(|(mark, begun)| mark.begins && !begun);
    written.begin.extend(unseen.map(|(mark, _)| (block, mark.number)));
    written
}

/// A piece with its mark, and the numbers of those that end with it.
fn mark(
    written: &mut MarkedText,
    marks: &[Mark],
    begun: &mut [bool],
    block: usize,
    place: &Range<usize>,
    piece: &str,
    in_link: bool,
) {
    let html = &mut written.html;
    let here = |mark: &Mark| mark.bytes.start < place.end && place.start < mark.bytes.end;
    let on: Vec<usize> = (0..marks.len()).filter(|at| here(&marks[*at])).collect();
    let Some(last) = on.last().map(|at| &marks[*at]) else { return html.push_str(piece) };
    let beginning = || on.iter().copied().filter(|at| marks[*at].begins);
    let new: Vec<usize> = beginning().filter(|at| !begun[*at]).collect();
    let first = new.first().copied();
    let id = first.map_or_else(String::new, |at| format!(" id=\"h{}\"", marks[at].number));
    // Each that begins here needs a place of its own to lead to; the mark has one of them.
    for at in new.iter().skip(1) {
        html.push_str(&format!("<span id=\"h{}\"></span>", marks[*at].number));
    }
    written.begin.extend(new.iter().map(|at| (block, marks[*at].number)));
    on.iter().for_each(|at| begun[*at] = true);
    let more = if on.len() > 1 { " more" } else { "" };
    html.push_str(&format!("<mark{id} class=\"{}{more}\">{piece}</mark>", last.class));
    let ended = on.iter().map(|at| &marks[*at]).filter(|mark| mark.ends && mark.bytes.end <= place.end);
    let numbers: Vec<String> = ended
        .map(|Mark { number, .. }| match in_link {
            true => number.to_string(),
            false => format!("<a href=\"#n{number}\">{number}</a>"),
        })
        .collect();
    if !numbers.is_empty() {
        // Five and six are not fifty-six.
        html.push_str(&format!("<sup>{}</sup>", numbers.join(", ")));
    }
}
