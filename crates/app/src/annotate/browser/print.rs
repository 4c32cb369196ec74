//! The conversation on paper: a copy of each message with its marks, and the notes in the margin beside them.
//!
//! Made before the page is printed and taken away after it. The annotated text itself is not touched: in the copy marks are
//! elements, because a printed page has no cards to lead to them, and not every browser prints custom highlights.

mod copy;
mod note;

use leptos::{ev, prelude::*};
use shared::{document::Root, ids::HighlightId, prose};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use self::note::Note;
use super::{dom, session, session::Session};
use crate::annotate::desk::{Desk, Placeless};

/// Says on the page that a copy is there: what the copy replaces is not printed then.
const MADE: &str = "data-print-copy";

/// Listens from now on.
pub fn listen(desk: Desk) {
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::beforeprint, move |_| make(desk));
    dom::on(&page, ev::afterprint, move |_| take_away());
    // For browsers that tell in this way alone.
    if let Ok(Some(paper)) = window().match_media("print") {
        // It was asked for before this was here.
        if paper.matches() {
            make(desk);
        }
        let query = paper.clone();
        dom::on(&paper.into(), ev::change, move |_| if query.matches() { make(desk) } else { take_away() });
    }
}

fn make(desk: Desk) {
    take_away();
    // Of a protected text nothing is printed (style/90-print.css).
    let Some(session) = session().filter(|_| desk.rights.get_untracked().may_copy) else { return };
    let notes = notes(&session);
    for message in session.texts.all() {
        let own: Vec<&Note> =
            notes.iter().filter(|note| note.spans.iter().any(|at| at.place == message.place)).collect();
        let copy = copy::of(message, &own);
        // The message's article; what stands in it beside its text is no part of any selection.
        if let (Some(copy), Some(article)) = (copy, message.element.parent_element()) {
            let _ = article.append_child(&copy);
        }
    }
    append_rest(desk, &notes);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(MADE, "");
    }
}

fn take_away() {
    dom::all(".print-copy, .print-end").iter().for_each(|copy| copy.remove());
    if let Some(root) = document().document_element() {
        let _ = root.remove_attribute(MADE);
    }
}

/// What is in sight of the filter, in the order of the text; the lost ones last, without spans. What stands in another
/// branch is not of this print.
fn notes(session: &Session) -> Vec<Note> {
    let shown: Vec<HighlightId> = session.desk.shown.get_untracked();
    let placeless = session.desk.placeless.get_untracked();
    let here = shown.into_iter().filter(|id| !matches!(placeless.get(id), Some(Placeless::Elsewhere(_))));
    let notes = here.filter_map(|id| session.desk.card(id));
    (1..).zip(notes).map(|(number, card)| card.with_untracked(|card| Note::of(session, number, card))).collect()
}

/// What has no place in the text: lost highlights, the notes, one's own response.
fn append_rest(desk: Desk, notes: &[Note]) {
    let Some(reading) = dom::all(".reading").into_iter().next() else { return };
    let end = element("div", "print-end");
    let lost: Vec<&Note> = notes.iter().filter(|note| note.spans.is_empty()).collect();
    if !lost.is_empty() {
        let section = section(&end, "Lost highlights");
        lost.iter().for_each(|note| drop(section.append_child(&note.element(true))));
    }
    let own = format!("Response of {}", desk.name.get_value());
    for (root, title) in [(Root::Notes, "Shared notes"), (Root::Response, own.as_str())] {
        let text = super::text_of(root);
        if !text.trim().is_empty() {
            let words = element("div", "preview");
            words.set_inner_html(&prose::html(&text));
            let _ = words.set_attribute("dir", "auto");
            let _ = section(&end, title).append_child(&words);
        }
    }
    if end.child_element_count() > 0 {
        let _ = reading.append_child(&end);
    }
}

fn section(end: &HtmlElement, title: &str) -> HtmlElement {
    let (section, heading) = (element("section", "print-section"), element("h2", ""));
    heading.set_text_content(Some(title));
    let _ = section.append_child(&heading);
    let _ = end.append_child(&section);
    section
}

/// A new element. Their names are all valid, and what is put into an element that was made just now is put there.
fn element(name: &str, class: &str) -> HtmlElement {
    let element: Element = document().create_element(name).expect("a valid name");
    element.set_class_name(class);
    element.unchecked_into()
}
