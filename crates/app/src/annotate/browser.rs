//! What needs the browser: the socket and the document, the selection, the painter, the places of cards.
//!
//! One conversation is open in a page, so its session is the thread's; the functions here are what views may ask for.

mod boxes;
mod dom;
mod export;
mod keyboard;
mod lifecycle;
mod link;
mod mirror;
mod painter;
mod places;
mod presence;
mod selection;
mod session;
mod socket;
mod texts;

use std::{cell::RefCell, rc::Rc};

use leptos::{html, prelude::*};
use shared::{document::Command, ids::HighlightId};

use self::session::Session;
use super::desk::{Desk, Toast};
use crate::parts::IMPORT_NOTES;

pub use self::{
    dom::{fit, focus, focus_on, leaves, move_focus, show_modal, time_ago},
    export::download,
    places::lay_out,
    selection::leave_selection,
};

thread_local! {
    static SESSION: RefCell<Option<Rc<Session>>> = const { RefCell::new(None) };
}

/// The open session, once there is one.
fn session() -> Option<Rc<Session>> {
    SESSION.with_borrow(Clone::clone)
}

/// Opens the conversation.
pub fn start(desk: Desk) {
    let session = Session::new(desk);
    SESSION.set(Some(session.clone()));
    selection::listen(desk);
    keyboard::listen(desk);
    places::listen(desk);
    lifecycle::listen();
    session.start();
    desk.sheet.set(Some(false));
    show_import_notes(desk);
}

/// What the import had to remark on this conversation, once.
fn show_import_notes(desk: Desk) {
    let Ok(Some(storage)) = window().session_storage() else { return };
    if let Ok(Some(text)) = storage.get_item(IMPORT_NOTES) {
        // A storage that can be read can be cleared.
        let _ = storage.remove_item(IMPORT_NOTES);
        desk.toast.set(Some(Toast { text, undo: None }));
    }
}

/// Does something to the document, or says why not; whether it was done.
pub fn run(_: Desk, command: Command) -> bool {
    session().is_some_and(|session| session.run(command))
}

/// Brings a highlight's passage into view.
pub fn show_in_text(desk: Desk, id: HighlightId) {
    desk.active.set(Some(id));
    if let Some(session) = session() {
        session.painter.borrow_mut().flash(id);
    }
}

/// Binds the box of the shared notes to the document.
pub fn bind_notes(text: NodeRef<html::Textarea>) {
    boxes::bind(boxes::Root::Notes, text);
}

/// Binds the box of the person's response to the document.
pub fn bind_response(text: NodeRef<html::Textarea>) {
    boxes::bind(boxes::Root::Response, text);
}
