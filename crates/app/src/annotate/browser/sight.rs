//! What of the text is near the window, to be painted: the rest of a long page costs nothing. Before printing all of it is.

use std::cell::Cell;

use leptos::{ev, prelude::*};
use shared::text::CharOffset;
use web_sys::{Node, Range};

use super::{dom, session, session::Session, texts::MessageText};
use crate::annotate::passages::Span;

/// So far beyond the window, above and below, text is painted, in CSS pixels.
const MARGIN: f64 = 1600.0;
/// After a scroll of so many the page is looked at again: well before the window reaches what is not painted.
const STEP: f64 = 600.0;
/// How many characters are asked where they stand, until some have a box: white space has none.
const TRIES: [u32; 4] = [1, 8, 64, 512];

thread_local! {
    /// How far the page was scrolled when it was looked at last.
    static LOOKED_AT: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
    static PRINTS: Cell<bool> = const { Cell::new(false) };
}

/// Watches from now on.
pub fn listen() {
    look();
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::scroll, move |_| {
        if (window().scroll_y().unwrap_or_default() - LOOKED_AT.get()).abs() > STEP {
            look();
        }
    });
    for (event, prints) in [("beforeprint", true), ("afterprint", false)] {
        dom::on(&page, ev::Custom::<web_sys::Event>::new(event), move |_| {
            PRINTS.set(prints);
            super::nearness::print(prints);
            look();
        });
    }
}

/// Paints what is near now.
pub fn look() {
    let Some(session) = session() else { return };
    LOOKED_AT.set(window().scroll_y().unwrap_or_default());
    let sight = sight(&session);
    session.painter.borrow_mut().set_sight(sight, &session.texts);
}

fn sight(session: &Session) -> Vec<Span> {
    let messages = session.texts.all();
    if PRINTS.get() {
        return messages.iter().map(|text| Span { place: text.place, start: 0, end: u32::MAX }).collect();
    }
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let (above, below) = (-MARGIN, height + MARGIN);
    let rectangle = |text: &MessageText| text.element.get_bounding_client_rect();
    let first = messages.partition_point(|text| rectangle(text).bottom() < above);
    let near = messages[first..].iter().map(|text| (text, rectangle(text)));
    near.take_while(|(_, at)| at.top() <= below)
        .map(|(text, at)| {
            let start = if at.top() < above { edge(text, above, false) } else { 0 };
            let end = if at.bottom() > below { edge(text, below, true) } else { u32::MAX };
            Span { place: text.place, start, end }
        })
        .collect()
}

/// The first code point of a message that stands below a line of the window; where that is in a row of a table, the start
/// of the row or, going on to `its_end`, its end: the cells of a row stand beside one another.
fn edge(text: &MessageText, line: f64, its_end: bool) -> u32 {
    let length = text.offsets().end().0;
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        // What has no box is taken for near.
        if top(text, middle).map_or(its_end, |top| top < line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let row = |at: u32| {
        let node: Node = text.range(CharOffset(at), CharOffset(at + 1))?.start_container().ok()?;
        let row = node.parent_element()?.closest("tr").ok()??;
        let range = Range::new().ok()?;
        range.select_node(&row).ok()?;
        let (start, end) = text.covered(&range)?;
        Some(if its_end { end.0 } else { start.0 })
    };
    // Of the two rows that meet there, the one before counts: in the other nothing is beyond the line.
    row(low.saturating_sub(1)).unwrap_or(low)
}

fn top(text: &MessageText, at: u32) -> Option<f64> {
    let length = text.offsets().end().0;
    TRIES
        .iter()
        .find_map(|count| Some(text.rectangles(CharOffset(at), CharOffset((at + count).min(length)))?.item(0)?.top()))
}
