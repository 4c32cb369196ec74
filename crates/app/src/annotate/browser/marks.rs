//! Puts the list of its highlights below each message, and keeps each in order. The messages are the server's and no part of
//! the tools' views.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use leptos::{mount::mount_to, prelude::*};
use shared::{
    document::Highlight,
    ids::{HighlightId, MessageId},
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::session::Session;
use crate::annotate::{desk::Desk, marks::Marks};

thread_local! {
    /// The highlights of each message. One list each, so that one more highlight touches one list.
    static LISTS: RefCell<HashMap<MessageId, RwSignal<Vec<HighlightId>>>> = RefCell::default();
}

/// Once a message, for as long as the page is open.
pub fn mount(desk: Desk) {
    let Some(session) = super::session() else { return };
    // In a chat, messages come later too.
    let is_new = |id: &MessageId| LISTS.with_borrow(|lists| !lists.contains_key(id));
    for message in session.texts.all().into_iter().filter(|message| is_new(&message.id)) {
        let article = message.element.closest("[data-message-id]").ok().flatten();
        if let Some(article) = article.and_then(|article| article.dyn_into::<HtmlElement>().ok()) {
            let here = RwSignal::new(Vec::new());
            LISTS.with_borrow_mut(|lists| lists.insert(message.id, here));
            mount_to(article, move || view! { <Marks desk=desk here=here /> }).forget();
        }
    }
}

/// The messages in which a highlight is, or was.
pub fn messages(highlight: Option<&Highlight>) -> Vec<MessageId> {
    highlight.into_iter().flat_map(|highlight| &highlight.targets).map(|target| target.message).collect()
}

/// Highlights that changed, by message: whether each is in it now.
pub type Touched = BTreeMap<MessageId, Vec<(HighlightId, bool)>>;

/// Puts highlights where they belong in the lists.
pub fn sort_in(session: &Session, touched: Touched) {
    let painter = session.painter.borrow();
    let key = |id: &HighlightId| painter.passages.key(*id);
    for (message, changes) in touched {
        let Some(list) = LISTS.with_borrow(|lists| lists.get(&message).copied()) else { continue };
        let before = list.get_untracked();
        // All of them are out before the first is in: the others are in order then.
        let mut now: Vec<HighlightId> =
            before.iter().copied().filter(|id| changes.iter().all(|(other, _)| other != id)).collect();
        for (id, is_in) in changes {
            let at = now.partition_point(|other| key(other) < key(&id));
            if is_in && now.get(at) != Some(&id) {
                now.insert(at, id);
            }
        }
        if now != before {
            list.set(now);
        }
    }
}
