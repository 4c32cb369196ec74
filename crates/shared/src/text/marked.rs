//! A rendered message piece by piece, and its HTML with something around pieces of its text.

use std::ops::Range;

use super::{
    Rendered,
    escape::escape,
    formula::{FORMULA, formula_end},
};

/// A piece of a rendered message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'r> {
    /// A tag of its HTML, with its angle brackets.
    Tag(&'r str),
    /// Text of one node, by its place in the canonical text (bytes).
    Text(Range<usize>),
    /// A formula, which is whole: the place of its source in the canonical text, and its HTML.
    Formula(Range<usize>, &'r str),
}

impl Piece<'_> {
    /// Where it stands in the canonical text, but for a tag.
    pub fn place(&self) -> Option<Range<usize>> {
        match self {
            Self::Tag(_) => None,
            Self::Text(place) | Self::Formula(place, _) => Some(place.clone()),
        }
    }
}

/// A rendered message piece by piece: the text of every node is cut at `cuts` (byte offsets of the canonical text, rising,
/// each at a character), but for formulas.
pub fn pieces<'r>(rendered: &'r Rendered, cuts: &[usize], mut each: impl FnMut(Piece<'r>)) {
    let (mut rest, mut at) = (&*rendered.html, 0);
    let mut runs = rendered.runs.iter();
    while !rest.is_empty() {
        if rest.starts_with(FORMULA)
            && let Some(run) = runs.next()
        {
            let (formula, after) = rest.split_at(formula_end(rest));
            let start = at + run.before.as_str().len();
            at = start + bytes(&rendered.text[start..], run.len.0);
            each(Piece::Formula(start..at, formula));
            rest = after;
            continue;
        }
        // Every `<` of ours begins a tag, and no attribute holds a `>`: both are written as references.
        let open = rest.find('<').unwrap_or(rest.len());
        if open > 0 {
            if let Some(run) = runs.next() {
                at += run.before.as_str().len();
                let end = at + bytes(&rendered.text[at..], run.len.0);
                cut(at..end, cuts).for_each(|place| each(Piece::Text(place)));
                at = end;
            }
            rest = &rest[open..];
            continue;
        }
        let close = rest.find('>').map_or(rest.len(), |close| close + 1);
        each(Piece::Tag(&rest[..close]));
        rest = &rest[close..];
    }
}

/// The HTML of a rendered message, its text written by `each` a piece at a time, cut as by [`pieces`]. `each` gets what is
/// written so far, where the piece stands in the canonical text, the piece as HTML, and whether it stands in a link.
///
/// What it writes has to be balanced; then so is the whole.
pub fn marked(
    rendered: &Rendered,
    cuts: &[usize],
    mut each: impl FnMut(&mut String, Range<usize>, &str, bool),
) -> String {
    let mut html = String::with_capacity(rendered.html.len() * 5 / 4);
    let mut in_link = false;
    pieces(rendered, cuts, |piece| match piece {
        Piece::Tag(tag) => {
            in_link = tag.starts_with("<a ") || (in_link && tag != "</a>");
            html.push_str(tag);
        }
        Piece::Text(place) => {
            let text = escape(&rendered.text[place.clone()]);
            each(&mut html, place, &text, in_link);
        }
        Piece::Formula(place, formula) => each(&mut html, place, formula, in_link),
    });
    html
}

/// So many UTF-16 units of a text, in bytes.
fn bytes(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    let end = text.char_indices().find(|(_, letter)| match left {
        0 => true,
        _ => {
            left -= letter.len_utf16();
            false
        }
    });
    end.map_or(text.len(), |(end, _)| end)
}

/// A range of a text in pieces, cut as by [`pieces`].
pub fn cut(range: Range<usize>, cuts: &[usize]) -> impl Iterator<Item = Range<usize>> + use<> {
    let first = cuts.partition_point(|cut| *cut <= range.start);
    let last = cuts.partition_point(|cut| *cut < range.end);
    let mut starts = vec![range.start];
    starts.extend(cuts.get(first..last).unwrap_or_default());
    let ends = starts.iter().skip(1).copied().chain([range.end]).collect::<Vec<_>>();
    starts.into_iter().zip(ends).map(|(start, end)| start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{render, sample::mixed_markdown, walk};

    fn with_marks(markdown: &str, from: usize, to: usize) -> String {
        marked(&render(markdown), &[from, to], |html, place, piece, in_link| {
            let (open, close) = if in_link { ("[", "]") } else { ("{", "}") };
            let is_marked = place.start < to && place.end > from;
            html.push_str(&if is_marked { format!("{open}{piece}{close}") } else { piece.to_owned() });
        })
    }

    #[test]
    fn a_mark_begins_anew_in_each_node_and_keeps_references_whole() {
        assert_eq!(
            with_marks("a **b & c**\n\n<i> 鯨😀", 2, 15),
            "<p dir=\"auto\">a <strong>{b &amp; c}</strong></p><p dir=\"auto\">{&lt;i&gt; 鯨}😀</p>"
        );
        assert!(with_marks("see [this](https://example.org)!", 0, 9).contains(">[this]</a>{!}"));
    }

    #[test]
    fn a_formula_is_marked_whole() {
        let html = with_marks(r"a \(x\) **b**", 4, 9);
        let formula = render(r"\(x\)").html;
        let formula = formula.strip_prefix("<p dir=\"auto\">").and_then(|html| html.strip_suffix("</p>")).unwrap();
        assert_eq!(html, format!("<p dir=\"auto\">a {{{formula}}}{{ }}<strong>{{b}}</strong></p>"));
    }

    proptest! {
        #[test]
        fn cut_anywhere_it_is_the_same_html(markdown in mixed_markdown(), places in prop::collection::vec(0.0..1.0, 0..8)) {
            let rendered = render(&markdown);
            let letters: Vec<usize> = rendered.text.char_indices().map(|(at, _)| at).collect();
            let mut cuts: Vec<usize> = places.iter().map(|place: &f64| (letters.len() as f64 * place) as usize)
                .filter_map(|at| letters.get(at).copied()).collect();
            cuts.sort_unstable();
            let mut seen = 0;
            let html = marked(&rendered, &cuts, |html, place, piece, _| {
                prop_assert_at_least(&mut seen, place.start);
                html.push_str(piece);
            });
            prop_assert_eq!(&html, &rendered.html);
            walk::check(&rendered);
        }
    }

    fn prop_assert_at_least(seen: &mut usize, start: usize) {
        assert!(*seen <= start, "pieces come in order");
        *seen = start;
    }
}
