//! Entries of the board dragged by mouse, finger or pen. A mouse takes an entry anywhere, a finger by its grip: elsewhere
//! it scrolls. Where it would stand is read from the page at each move; nothing is written but signals.

use leptos::{ev, ev::PointerEvent, html, prelude::*};
use shared::ids::{HighlightId, TagId};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::dom;
use crate::annotate::board::{Board, Drag, UNTAGGED};

/// So far a pressed pointer must go, in CSS pixels, to drag: nearer it is a click.
const SLACK: f64 = 6.0;
/// So near to an edge the columns scroll, in CSS pixels.
const EDGE: f64 = 44.0;
/// So far they scroll in a frame.
const SCROLL: f64 = 9.0;

/// An entry that is pressed, and may be dragged next.
#[derive(Clone, Copy)]
struct Press {
    id: HighlightId,
    from: Option<TagId>,
    at: (f64, f64),
    pointer: i32,
}

/// Watches the entries of a board.
pub fn watch_drags(board: Board, root: NodeRef<html::Div>) {
    let Some(root) = root.get() else { return };
    let target: web_sys::EventTarget = root.clone().into();
    let press = StoredValue::new(None::<Press>);
    dom::on(&target, ev::pointerdown, move |event: PointerEvent| {
        board.drag.set(None);
        press.set_value(pressed(board, &event));
    });
    let columns = root.clone();
    dom::on(&target, ev::pointermove, move |event: PointerEvent| {
        if event.buttons() == 0 {
            // Released where nobody heard it.
            press.set_value(None);
        }
        let Some(press) = press.get_value().filter(|press| press.pointer == event.pointer_id()) else { return };
        let at = (f64::from(event.client_x()), f64::from(event.client_y()));
        if board.drag.with_untracked(Option::is_none) {
            if (at.0 - press.at.0).hypot(at.1 - press.at.1) < SLACK {
                return;
            }
            // From here on every move comes here, wherever the pointer is, and no click to the entry at the end. A
            // pointer that is gone already cannot be captured, and will not move.
            let _ = columns.set_pointer_capture(press.pointer);
            scroll_at_edges(board, columns.clone());
        }
        let place = place_at(at, press.id);
        board.drag.set(Some(Drag { id: press.id, from: press.from, at, place }));
    });
    dom::on(&target, ev::pointerup, move |_| {
        press.set_value(None);
        let Some(drag) = board.drag.get_untracked() else { return };
        board.drag.set(None);
        if let Some((to, index)) = drag.place {
            board.put(drag.id, drag.from, to, index);
        }
    });
    dom::on(&target, ev::pointercancel, move |_| {
        press.set_value(None);
        board.drag.set(None);
    });
    // Escape has taken the drag away: the rest of the press is nothing.
    Effect::new(move |was: Option<bool>| {
        let is = board.drag.with(Option::is_some);
        if was == Some(true) && !is {
            press.set_value(None);
        }
        is
    });
}

/// A column has come before the first one. The browser keeps that one at the edge; whoever was at the start stays at the
/// start, and sees it come.
pub fn keep_at_start(root: NodeRef<html::Div>) {
    request_animation_frame(move || {
        let Some(root) = root.get_untracked() else { return };
        let columns = dom::all(".board > .board-column");
        let [first, second, ..] = columns.as_slice() else { return };
        if (root.scroll_left() - (second.offset_left() - first.offset_left())).abs() < 16 {
            root.set_scroll_left(0);
        }
    });
}

/// What is pressed, if it is something to drag.
fn pressed(board: Board, event: &PointerEvent) -> Option<Press> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let within = |selector: &str| target.closest(selector).ok().flatten();
    let by_grip = within(".board-grip").is_some();
    let may_start = by_grip || (event.pointer_type() == "mouse" && within(".board-move").is_none());
    if event.button() != 0 || !may_start || !board.desk.sender().access.may_annotate() {
        return None;
    }
    let column = within(".board-column")?.get_attribute("data-column")?;
    Some(Press {
        id: within(".board-entry")?.get_attribute("data-entry")?.parse().ok()?,
        from: if column == UNTAGGED { None } else { Some(column.parse().ok()?) },
        at: (f64::from(event.client_x()), f64::from(event.client_y())),
        pointer: event.pointer_id(),
    })
}

/// The column below a point, and before which of its entries, the dragged one not counted, the point is.
fn place_at((x, y): (f64, f64), dragged: HighlightId) -> Option<(TagId, usize)> {
    let column = dom::all(".board-column").into_iter().find(|column| {
        let here = column.get_bounding_client_rect();
        (here.left()..=here.right()).contains(&x)
    })?;
    // Nothing is put into the column without a tag: to take tags off is for the card's menu.
    let tag = column.get_attribute("data-column").filter(|tag| tag != UNTAGGED)?;
    let dragged = dragged.to_string();
    let index = dom::all(&format!("[data-column=\"{tag}\"] .board-entry"))
        .iter()
        .filter(|entry| entry.get_attribute("data-entry").as_ref() != Some(&dragged))
        .filter(|entry| {
            let here = entry.get_bounding_client_rect();
            here.top() + here.height() / 2.0 < y
        })
        .count();
    Some((tag.parse().ok()?, index))
}

/// Scrolls the columns, and the entries of the one below the pointer, while something is dragged near their edges.
fn scroll_at_edges(board: Board, columns: web_sys::HtmlDivElement) {
    request_animation_frame(move || {
        let Some(drag) = board.drag.get_untracked() else { return };
        let here = columns.get_bounding_client_rect();
        let by = |at: f64, start: f64, end: f64| match at {
            _ if at < start + EDGE => -SCROLL,
            _ if at > end - EDGE => SCROLL,
            _ => 0.0,
        };
        columns.scroll_by_with_x_and_y(by(drag.at.0, here.left(), here.right()), 0.0);
        if let Some((tag, _)) = drag.place {
            // Which of the two scrolls depends on the width of the page.
            for scroller in dom::all(&format!("[data-column=\"{tag}\"] .board-list, #pane-board")) {
                let here = scroller.get_bounding_client_rect();
                scroller.scroll_by_with_x_and_y(0.0, by(drag.at.1, here.top(), here.bottom()));
            }
        }
        scroll_at_edges(board, columns);
    });
}
