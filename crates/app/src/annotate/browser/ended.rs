//! Access has ended: what is others' goes from the page and from this device, what of one's own was not sent stays.

use std::rc::Rc;

use leptos::{prelude::*, task::spawn_local};
use serde::Deserialize;
use shared::{
    document::{self, Root},
    ids::{CommentId, HighlightId},
};
use yrs::{Map, Transact};

use super::{
    dom, drafts,
    link::explain,
    renew::{title, words},
    replica::Replica,
    session::Session,
    settled,
};
use crate::annotate::{
    away::Aside,
    desk::Desk,
    pending::{Change, Intent},
};

impl Session {
    /// Shows nothing of the conversation any more and keeps nothing of it, but what of one's own was not sent: should
    /// access be given back, that is tried again.
    pub fn end_access(self: &Rc<Self>, why: &str) {
        let changes: Vec<Change> = self.journal.pending.borrow().all().cloned().collect();
        let mut unsent = self.all_aside(&changes, why);
        for aside in unsent.iter_mut().filter(|aside| aside.key.starts_with(&self.text_key(Root::Notes))) {
            // What others wrote there is not one's own to keep.
            "Shared notes: what you typed".clone_into(&mut aside.what);
            let typed = changes.iter().filter(|change| change.intent == Intent::Typed(Root::Notes));
            aside.text = typed.map(|change| words(&change.update)).collect();
        }
        self.put_aside(Vec::new(), unsent);
        self.desk.ended.set(true);
        self.desk.toast.set(None);
        *self.fresh.borrow_mut() = None;
        let nothing = Replica::new(self.desk.place.author);
        let old = self.replica.replace(nothing.clone());
        self.show_all(&old, &nothing);
        for text in dom::all(".reading") {
            // Scripts of the page may hold it.
            text.set_text_content(None);
            text.remove();
        }
        self.forget_copy();
        dom::tell_page("promptgrimoire:ended");
    }

    /// Takes the document off this device. The service worker hears of it too, and takes the page (`offline/register.js`).
    pub fn forget_copy(&self) {
        let conversation = self.desk.place.conversation;
        if let Some(store) = self.journal.store.borrow().clone() {
            spawn_local(async move {
                if let Err(error) = store.drop_state(conversation).await {
                    leptos::logging::warn!("the document is still kept: {error}");
                }
            });
        }
    }
}

/// What the script of a chat keeps of what was not sent (`pages/conversation/chat/ask.js`).
#[derive(Deserialize)]
struct Unsent {
    #[serde(default)]
    text: String,
}

impl Session {
    fn begun(&self, name: &str, what: &str, why: &str, text: String) -> Aside {
        let key = [&self.desk.place.conversation.to_string(), "/begun/", name].concat();
        let (why, what) = (why.to_owned(), what.to_owned());
        Aside { key, at: js_sys::Date::now(), why, what, text, title: title(), ..Aside::default() }
    }

    /// Comments that were begun, of which this is true of the name of their draft: taken out of the drafts.
    fn take_drafts(&self, why: &str, is_meant: impl Fn(&str) -> bool) -> Vec<Aside> {
        let Some(storage) = drafts::storage() else { return Vec::new() };
        let prefix = drafts::key(self.desk, "");
        let keys: Vec<String> =
            (0..storage.length().unwrap_or_default()).filter_map(|at| storage.key(at).ok()?).collect();
        let mut begun = Vec::new();
        for name in keys.iter().filter_map(|key| key.strip_prefix(&prefix)).filter(|name| is_meant(name)) {
            let key = [&prefix, name].concat();
            let Ok(Some(text)) = storage.get_item(&key) else { continue };
            // Where there is no other disk it stays.
            if self.journal.store.borrow().is_some() {
                let _ = storage.remove_item(&key);
            }
            begun.push(self.begun(name, "A comment that you had begun", why, text));
        }
        begun
    }
}

/// Puts aside what was begun in threads that are not there any more: no box shows it.
pub fn keep_drafts_of_nothing(_: Desk) {
    let Some(session) = super::session() else { return };
    let replica = session.replica();
    // Those of deleted highlights stay: so do their cards while somebody writes in them.
    let is_gone = |name: &str| thread_of(name).is_some_and(|thread| !in_thread(&replica, &thread, true));
    let gone = session.take_drafts("What it belongs to is not there any more.", is_gone);
    if !gone.is_empty() {
        session.put_aside(Vec::new(), gone);
    }
    settled::compare(session.desk);
}

/// To what something belongs that was begun.
pub enum Thread {
    /// The thread of a highlight.
    Of(HighlightId),
    /// A comment.
    Below(CommentId),
}

/// What the name of a draft says of it; nothing if it is of none, or the name is none.
pub fn thread_of(name: &str) -> Option<Thread> {
    match name.split_once('/')? {
        ("comment", id) => id.parse().ok().map(Thread::Of),
        (_, id) => id.parse().ok().map(Thread::Below),
    }
}

/// Whether that is in a document, perhaps of a highlight that is deleted.
pub fn in_thread(replica: &Replica, thread: &Thread, or_deleted: bool) -> bool {
    let txn = replica.doc.transact();
    let shown = |id: HighlightId| {
        document::highlight(&replica.roots, &txn, id).filter(|highlight| or_deleted || highlight.deleted.is_none())
    };
    match thread {
        Thread::Of(id) => shown(*id).is_some(),
        Thread::Below(id) => {
            let all = replica.roots.highlights.keys(&txn).filter_map(|key| shown(key.parse().ok()?));
            let mut comments = all.flat_map(|highlight| highlight.comments);
            comments.any(|comment| comment.id == *id && (or_deleted || !comment.deleted))
        }
    }
}

/// Puts aside what was begun and never sent: its boxes are gone.
pub fn put_begun_aside(desk: Desk) {
    let Some(session) = super::session() else { return };
    let (conversation, user) = (desk.place.conversation.to_string(), desk.place.user.to_string());
    let mut why = explain(shared::sync::CloseCode::Denied).to_owned();
    why.push_str(". It was not sent.");
    let mut begun = session.take_drafts(&why, |_| true);
    let Some(storage) = drafts::storage() else { return };
    // Of a chat: it has its own place there, and is in its box again should access be given back.
    let kept = storage.get_item(&["chat/", &user, "/", &conversation].concat()).ok().flatten();
    let message = kept.and_then(|kept| serde_json::from_str::<Unsent>(&kept).ok()).map(|unsent| unsent.text);
    if let Some(text) = message.filter(|text| !text.trim().is_empty()) {
        begun.push(session.begun("message", "A message that you had begun", &why, text));
    }
    session.put_aside(Vec::new(), begun);
}
