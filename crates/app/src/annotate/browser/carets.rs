//! The carets of the others in the shared notes, over the box: a text area shows its own alone.
//!
//! A mirror of the box (the same words in the same face, unseen) is measured: where a letter stands in it, it stands in the
//! box. All of it is read, then written, once a frame, and only while somebody else writes there and the box is in sight.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use leptos::{ev, prelude::*};
use shared::{
    document::{Position, Root},
    ids::UserId,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};
use yrs::Transact;

use super::{company, dom, session, session::Session};
use crate::annotate::{
    desk::{Desk, Tab},
    whereabouts::{Cursor, Whereabouts},
};

/// In longer notes no carets are drawn: every word of anybody would lay all of the mirror out anew. UTF-16 units.
const MOST_UNITS: u32 = 50_000;
/// More carets than these say nothing any more.
const MOST_CARETS: usize = 24;

/// The caret of somebody: what they said of it, and what stands for it.
struct Drawn {
    cursor: Cursor,
    element: HtmlElement,
}

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
    static DRAWN: RefCell<HashMap<UserId, Drawn>> = RefCell::default();
}

/// Where a caret is to be drawn, in CSS pixels of the mirror.
struct Spot {
    x: f64,
    y: f64,
    height: f64,
}

/// Where this person writes in the notes; nothing if they do not.
pub fn own(session: &Session) -> Option<Cursor> {
    let (start, end) = session.writes_in(Root::Notes).then(|| session.boxes.borrow().selected(Root::Notes))??;
    let replica = session.replica();
    let (notes, txn) = (&replica.roots.notes, replica.doc.transact());
    Some(Cursor { anchor: Position::of(notes, &txn, start), head: Position::of(notes, &txn, end) })
}

/// Watches the box of the notes from now on.
pub fn watch(desk: Desk, area: &HtmlTextAreaElement) {
    let target: web_sys::EventTarget = area.clone().into();
    let own = area.clone();
    dom::on(&document().into(), ev::selectionchange, move |_| {
        if document().active_element().as_ref() == Some(own.unchecked_ref::<Element>()) {
            company::tell_soon(desk);
        }
    });
    let scrolled = area.clone();
    dom::on(&target, ev::scroll, move |_| follow(&scrolled));
    let resized = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || draw_soon(desk));
    // Without an observer a box that grows is caught up with at the next word.
    if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(area);
        resized.forget();
    }
    Effect::new(move |_| {
        desk.whereabouts.track();
        desk.typed.track();
        desk.tab.track();
        draw_soon(desk);
    });
}

fn draw_soon(desk: Desk) {
    if !WAITING.replace(true) {
        request_animation_frame(move || {
            WAITING.set(false);
            draw(desk);
        });
    }
}

/// The mirror keeps up with the scrolled box.
fn follow(area: &HtmlTextAreaElement) {
    if let Some(sheet) = dom::all(".carets-sheet").first() {
        let _ = sheet.style().set_property("translate", &format!("0 {}px", -area.scroll_top()));
    }
}

fn draw(desk: Desk) {
    let (Some(session), Some(sheet)) = (session(), dom::all(".carets-sheet").into_iter().next()) else { return };
    let Some(area) = session.boxes.borrow().area(Root::Notes) else { return };
    let in_sight = desk.tab.get_untracked() == Tab::Notes && area.client_width() > 0;
    let writers = if in_sight && area.text_length() <= MOST_UNITS { writers(&session) } else { Vec::new() };
    let spots = if writers.is_empty() { Vec::new() } else { measure(&area, &sheet, &writers) };
    DRAWN.with_borrow_mut(|drawn| {
        drawn.retain(|id, caret| {
            // One that went elsewhere is made anew: its name shows again for a moment.
            let stays = writers.iter().any(|(other, cursor, _)| other == id && *cursor == caret.cursor);
            if !stays {
                caret.element.remove();
            }
            stays
        });
        for ((id, cursor, _), spot) in writers.into_iter().zip(spots) {
            let make = || Drawn {
                cursor,
                element: caret(&sheet, id, untrack(|| desk.hue_of(id)), &untrack(|| desk.name_of(id))),
            };
            place(&drawn.entry(id).or_insert_with(make).element, &spot, f64::from(area.client_width()));
        }
    });
    follow(&area);
}

/// The others who write here, and at which offset.
fn writers(session: &Session) -> Vec<(UserId, Cursor, u32)> {
    let (desk, replica) = (session.desk, session.replica());
    let everybody = desk.whereabouts.get_untracked();
    let (notes, txn) = (&replica.roots.notes, replica.doc.transact());
    let others = everybody.into_iter().filter(|(id, _)| *id != desk.place.author);
    let writer = |(id, at): (UserId, Whereabouts)| {
        let cursor = at.cursor?;
        let offset = cursor.head.offset(notes, &txn)?;
        Some((id, cursor, offset))
    };
    others.filter_map(writer).take(MOST_CARETS).collect()
}

/// Puts the words of the box into the mirror, and says where these offsets are in it.
fn measure(area: &HtmlTextAreaElement, sheet: &HtmlElement, writers: &[(UserId, Cursor, u32)]) -> Vec<Spot> {
    let Some(mirror) = sheet.first_element_child().and_then(|mirror| mirror.dyn_into::<HtmlElement>().ok()) else {
        return Vec::new();
    };
    // A letter without width at the end, so that the caret behind the last line end has a line to stand in.
    let text = area.value() + "\u{200b}";
    if mirror.text_content().as_deref() != Some(&text) {
        mirror.set_text_content(Some(&text));
    }
    // Without the room that a scroll bar takes.
    let _ = mirror.style().set_property("width", &format!("{}px", area.client_width()));
    let (Some(words), Ok(range)) = (mirror.first_child(), document().create_range()) else { return Vec::new() };
    let home = mirror.get_bounding_client_rect();
    let length = text.encode_utf16().count() as u32;
    let spot = |at: u32| {
        let at = at.min(length - 1);
        range.set_start(&words, at).ok()?;
        range.collapse_with_to_start(true);
        // Where a browser measures nothing between two letters, the letter behind is measured.
        let rect = range.get_client_rects().and_then(|rects| rects.item(0)).or_else(|| {
            range.set_end(&words, at + 1).ok()?;
            range.get_client_rects()?.item(0)
        })?;
        Some(Spot { x: rect.left() - home.left(), y: rect.top() - home.top(), height: rect.height() })
    };
    writers.iter().map(|(_, _, at)| spot(*at).unwrap_or(Spot { x: 0.0, y: 0.0, height: 0.0 })).collect()
}

fn caret(sheet: &HtmlElement, id: UserId, hue: u32, name: &str) -> HtmlElement {
    let make = |class: &str| {
        let element: HtmlElement = document().create_element("span").expect("a valid name").unchecked_into();
        element.set_class_name(class);
        element
    };
    let (caret, flag) = (make("caret"), make("caret-name"));
    // An attribute that exists for avatars too; and both are elements that were made just now.
    let _ = caret.set_attribute("data-hue", &hue.to_string());
    let _ = caret.set_attribute("data-person", &id.to_string());
    flag.set_text_content(Some(name));
    let _ = caret.append_child(&flag);
    let _ = sheet.append_child(&caret);
    caret
}

fn place(caret: &HtmlElement, spot: &Spot, width: f64) {
    // Valid values of properties that exist.
    let _ = caret.style().set_property("translate", &format!("{}px {}px", spot.x - 1.0, spot.y));
    let _ = caret.style().set_property("height", &format!("{}px", spot.height));
    // The name stands above, to the right; below and to the left where there it would be cut off.
    let _ = caret.toggle_attribute_with_force("data-below", spot.y < 22.0);
    let _ = caret.toggle_attribute_with_force("data-before", spot.x > width * 0.6);
}
