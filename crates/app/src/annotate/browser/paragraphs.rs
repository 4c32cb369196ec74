//! Which numbered paragraphs a passage is in. What has a number are the paragraphs that stand in a message by themselves, in the
//! order of the page: no headings, lists, quotations, tables or programs (`style/40-reading.css` counts the same).

use leptos::{ev, prelude::*};
use shared::{ids::HighlightId, text::CharOffset};
use web_sys::{EventTarget, NodeList, Range};

use super::{dom, session};
use crate::annotate::desk::Desk;

/// The button beside the title has been pressed (`pages/conversation/paragraphs.js`).
const PRESSED: &str = "promptgrimoire:paragraphs";

/// What has a number, in order.
const NUMBERED: &str = "#text[data-numbered] [data-canonical] > p";

/// Listens from now on.
pub fn listen(desk: Desk) {
    let look = move || {
        desk.numbered.set(!dom::all("#text[data-numbered]").is_empty());
        // Numbers may have moved lines.
        super::lay_out(desk);
    };
    look();
    let page: EventTarget = document().into();
    dom::on(&page, ev::Custom::<web_sys::Event>::new(PRESSED), move |_| look());
}

/// The paragraphs of a highlight, `[3]` or `[3]-[5]`; `None` where it is in none.
pub fn paragraphs(id: HighlightId) -> Option<String> {
    let session = session()?;
    let painter = session.painter.borrow();
    let spans = painter.passages.of(id);
    let numbered = document().query_selector_all(NUMBERED).ok()?;
    let ranges = spans.iter().filter_map(|span| {
        let message = session.texts.at(span.place)?;
        within(&numbered, &message.range(CharOffset(span.start), CharOffset(span.end))?)
    });
    let (first, last) = ranges.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))?;
    Some(if first == last { format!("[{first}]") } else { format!("[{first}]-[{last}]") })
}

/// The numbers of the first and the last that a range touches.
fn within(numbered: &NodeList, range: &Range) -> Option<(u32, u32)> {
    // How many begin before the range, or before its end: they are in order.
    let begun = |limit: i16| {
        let (mut low, mut high) = (0, numbered.length());
        while low < high {
            let middle = low + (high - low) / 2;
            match numbered.item(middle).and_then(|node| range.compare_point(&node, 0).ok()) {
                Some(side) if side <= limit => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    };
    let (before, last) = (begun(-1), begun(0));
    // The one that begins last before it may be over by then.
    let reaches =
        before > 0 && numbered.item(before - 1).is_some_and(|node| range.intersects_node(&node).unwrap_or(false));
    let first = if reaches { before } else { before + 1 };
    (first <= last).then_some((first, last))
}
