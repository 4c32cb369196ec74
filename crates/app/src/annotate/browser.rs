//! What needs the browser: the socket and the document, the selection, the painter, the places of cards.
//!
//! One conversation is open in a page, so its session is the thread's; the functions here are what views may ask for.

mod again;
mod attach;
mod board;
mod boxes;
mod canvas;
mod carets;
mod company;
mod connection;
mod dialogue;
mod dom;
mod drafts;
mod ended;
mod export;
mod filter;
mod history;
mod journal;
mod keyboard;
mod lifecycle;
mod link;
mod marks;
mod mentions;
mod mirror;
mod nearness;
mod painter;
mod paragraphs;
mod permalink;
mod places;
mod pointing;
mod presence;
mod print;
mod protection;
mod renew;
mod replica;
mod segments;
mod selection;
mod session;
mod settled;
mod shortcuts;
mod sight;
mod socket;
mod sought;
mod store;
mod tabs;
mod tags;
mod texts;
mod toasts;
mod unseen;

use std::{cell::RefCell, rc::Rc};

use leptos::{html, prelude::*};
use shared::{
    document::{Command, Root},
    ids::{HighlightId, MessageId, UserId},
    text::CharOffset,
};

use self::session::Session;
use super::{
    desk::{Desk, Placeless, Status, Tab, Toast},
    whereabouts::Passage,
};
use crate::{later::Later, parts::IMPORT_NOTES};

pub use self::{
    again::{add_words, may_be_tried, root_of, try_again},
    attach::confirm,
    board::{keep_at_start, watch_drags},
    boxes::bind,
    company::listen as listen_to_company,
    dialogue::{know_people, tell},
    dom::{fit, focus, focus_at_end, focus_on, in_time, leaves, move_focus, show_modal, time_ago},
    drafts::{draft, forget_words, in_boxes, keep_draft, let_go, put_by},
    ended::{keep_drafts_of_nothing, put_begun_aside},
    export::{download, save_text},
    filter::{half_written, step_highlight},
    journal::try_disk,
    mentions::{close_people, mention, mention_key, mentions_to_body, mentions_to_text, offer_people},
    nearness::{forget_nearness, watch_nearness},
    paragraphs::{listen as listen_to_numbers, paragraphs},
    permalink::copy_link,
    places::{come_into_sight, lay_out},
    pointing::is_pressed,
    print::listen as listen_to_printing,
    selection::leave_selection,
    shortcuts::keep_shortcuts,
    sought::{show_in_box, show_in_response},
    tags::{capture, copy_tags, forget_focus, hold_focus, list_conversations, note_focus, row_beside},
    unseen::keep as keep_unseen,
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
    filter::listen(desk);
    selection::listen(desk);
    shortcuts::listen(desk);
    keyboard::listen(desk);
    places::listen(desk);
    pointing::listen(desk);
    permalink::listen(desk);
    toasts::listen(desk);
    mentions::listen(desk);
    // Others are seen when the rest has been loaded: it is not needed to begin.
    Effect::new(move |_| {
        if let Later::Here(parts) = desk.later.get() {
            (parts.company)(desk);
        }
    });
    Effect::new(move |_| {
        if let Later::Here(parts) = desk.later.get()
            && matches!(desk.status.get(), Status::Saved | Status::ReadOnly)
        {
            (parts.drafts)(desk);
        }
    });
    lifecycle::listen();
    follow_chat(desk);
    protection::listen(desk);
    desk.watch_hand();
    marks::mount(desk);
    sight::listen();
    session.start();
    desk.sheet.set(Some(false));
    show_import_notes(desk);
}

/// The page's messages are others now, says the script of a chat (`chat/page.js`).
fn follow_chat(desk: Desk) {
    dom::on(&document().into(), leptos::ev::Custom::<web_sys::Event>::new("promptgrimoire:texts"), move |_| {
        let Some(session) = session() else { return };
        session.texts.read_again();
        marks::mount(desk);
        mirror::show(&session, mirror::Changes::of(&session.replica()));
        sight::look();
    });
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

/// Takes back the last thing that this person did here, or does it again; whether there was one.
pub fn step_back(_: Desk, redo: bool) -> bool {
    session().is_some_and(|session| session.step_back(redo))
}

/// Does a command that takes something back: as an undo if it was the last thing done.
pub fn take_back(desk: Desk, command: Command) -> bool {
    let Some(session) = session() else { return false };
    let is_last = session.history.borrow().last() == Some(&command);
    if is_last {
        return session.step_back(false);
    }
    session.history.borrow_mut().forget(&command);
    run(desk, command)
}

/// The person wants what was put aside no more.
pub fn discard(_: Desk, keys: Vec<String>) {
    if let Some(session) = session() {
        session.discard(keys);
    }
}

/// Puts a text on the clipboard, and says that it is there.
pub fn copy(desk: Desk, text: String, done: &'static str) {
    let copied = wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&text));
    leptos::task::spawn_local(async move {
        let said = if copied.await.is_ok() { done } else { "The browser did not let it be copied." };
        desk.toast.set(Some(Toast { text: said.to_owned(), undo: None }));
    });
}

/// Brings a highlight's passage into view.
pub fn show_in_text(desk: Desk, id: HighlightId) {
    company::stop(desk);
    desk.active.set(Some(id));
    if let Some(session) = session() {
        session.painter.borrow_mut().flash(id, &session.texts);
        // In the same frame: where it leads to may not have been near.
        sight::look();
    }
    match desk.placeless.with_untracked(|placeless| placeless.get(&id).copied()) {
        None => {}
        // It has no passage: its card is what there is to see.
        Some(Placeless::Lost) => {
            desk.tab.set(Tab::Annotations);
            desk.drawer.set(true);
            dom::reveal(&format!("#h-{id}"));
        }
        Some(Placeless::Elsewhere(message)) => {
            let branch = ["?branch=", &message.to_string(), "#h=", &id.to_string()].concat();
            let _ = window().location().set_href(&branch);
        }
    }
}

/// Shows where something was done to a highlight: on the board if that is in front, else in the text, and with its card.
fn show_where(desk: Desk, id: HighlightId) {
    if desk.tab.get_untracked() == Tab::Board {
        dom::reveal(&format!("[data-entry=\"{id}\"]"));
    } else if desk.placeless.with_untracked(|placeless| !placeless.contains_key(&id)) {
        show_in_text(desk, id);
        come_into_sight(desk, None);
    }
}

/// Takes the focus to a card, once it is made and stands at its place.
pub fn focus_card(id: HighlightId) {
    request_animation_frame(move || move_focus(&format!("#h-{id}"), 0));
}

/// Closes what stands over the page: what is said then must be seen.
pub fn close_dialogs(desk: Desk) {
    desk.dialog.set(None);
    for dialog in dom::all("dialog[open]") {
        wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlDialogElement>(dialog).close();
    }
}

/// What stands in a text of the document.
pub fn text_of(root: Root) -> String {
    session().map(|session| session.replica().read(root)).unwrap_or_default()
}

/// What the others wrote in answer.
pub fn responses(desk: Desk) -> Vec<(UserId, String)> {
    let all = session().map(|session| shared::document::responses(&session.replica().doc)).unwrap_or_default();
    all.into_iter().filter(|(author, _)| *author != desk.place.author).collect()
}

/// Which message of the page this is, counted from 1.
pub fn number_of(message: MessageId) -> Option<usize> {
    session()?.texts.get(message).map(|message| message.place + 1)
}

/// The words of a passage that somebody else names.
pub fn words_of(passage: &Passage) -> Option<String> {
    let message = session()?.texts.get(passage.message)?;
    let (start, end) = (CharOffset(passage.start), CharOffset(passage.end));
    message.offsets().slice(message.text(), start, end).map(str::to_owned)
}

/// How many words a text has.
pub fn count_words(text: &str) -> usize {
    segments::Segmented::new(text, segments::Unit::Word).count()
}

/// Puts the quote of the highlight in hand where the caret is, with a link to it.
pub fn insert_quote(desk: Desk, text: NodeRef<html::Textarea>) {
    let card = desk.active.get_untracked().and_then(|id| desk.card(id)).map(|card| card.get_untracked());
    let (Some(card), Some(area)) = (card, text.get_untracked()) else { return };
    let quote: Vec<&str> = card.highlight.targets.iter().map(|target| target.exact.as_str()).collect();
    let quote = quote.join("\n").replace('\n', "\n> ");
    let link = permalink::address(card.highlight.id, None);
    boxes::insert(&area, &format!("> {quote}\n> [in the text]({link})\n\n"));
}
