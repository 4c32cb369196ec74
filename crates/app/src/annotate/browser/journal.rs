//! The way of an edit: into the document and onto the page, to the other tabs, onto the disk, to the server, and off the
//! disk when it is committed there.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{prelude::*, task::spawn_local};
use shared::sync::Frame;

use super::{
    dom,
    session::Session,
    store::{Kept, State, Store},
    tabs::{Tabs, Word},
};
use crate::annotate::{
    desk::{Place, Toast},
    pending::{Change, Intent, Pending},
};

/// How long after a change the state of the document is kept, for a start without a network.
const REST: Duration = Duration::from_millis(1_500);

/// A database that does not open by then is none: a page must not wait for it.
const PATIENCE: Duration = Duration::from_secs(4);

/// An update that says nothing.
const NOTHING: &[u8] = &[0, 0];

/// What is not committed, and where it is kept.
pub struct Journal {
    /// One's own changes.
    pub pending: RefCell<Pending>,
    /// Those of other tabs, which one's own may build on.
    pub others: RefCell<Vec<(String, Vec<u8>)>>,
    /// The other tabs.
    pub tabs: Tabs,
    /// The disk, once it has been opened.
    pub store: RefCell<Option<Rc<Store>>>,
    /// Whether it is known what the disk has.
    pub is_read: Cell<bool>,
    /// Something is not on the disk and will not get there.
    is_leaky: Cell<bool>,
    is_resting: Cell<bool>,
}

impl Journal {
    /// A journal whose disk is not open yet.
    pub fn new(place: &Place) -> Self {
        let tabs = Tabs::join(place.user, place.conversation);
        Self {
            pending: RefCell::new(Pending::new(place.conversation.to_string(), tabs.id.clone())),
            others: RefCell::default(),
            tabs,
            store: RefCell::new(None),
            is_read: Cell::new(false),
            is_leaky: Cell::new(false),
            is_resting: Cell::new(false),
        }
    }

    /// Whether leaving the page loses something.
    pub fn would_lose(&self) -> bool {
        let pending = self.pending.borrow();
        pending.any_unwritten() || (self.is_leaky.get() && pending.len() > 0)
    }
}

impl Session {
    /// Opens the disk and shows what is kept there, before anything is asked of the network.
    pub async fn read_journal(self: &Rc<Self>) {
        let opened = async {
            let store = Rc::new(Store::open(self.desk.place.user).await?);
            let kept = store.load(self.desk.place.conversation).await?;
            Ok::<_, idb::Error>((store, kept))
        };
        match within(PATIENCE, opened).await {
            Some(Ok((store, kept))) => {
                *self.journal.store.borrow_mut() = Some(store);
                self.take_up(kept).await;
            }
            failed => {
                if let Some(Err(error)) = failed {
                    leptos::logging::warn!("nothing can be kept: {error}");
                }
                self.journal.is_leaky.set(true);
                self.desk.keeps.set(false);
            }
        }
        self.journal.is_read.set(true);
        self.pump();
    }

    /// Shows what was kept, and takes over what pages left that are gone.
    async fn take_up(self: &Rc<Self>, kept: Kept) {
        let replica = self.replica();
        if let Some(State { epoch, update, at }) = kept.state
            && replica.take_in(&update)
        {
            self.link.epoch.set(Some(epoch));
            self.link.lost_at.set(Some(at));
            dom::mark_hydrated();
        }
        self.desk.aside.set(kept.aside);
        self.take_over(kept.changes).await;
        self.show_changes();
    }

    /// Takes over the changes of pages that are gone; those of open pages are only shown.
    async fn take_over(self: &Rc<Self>, changes: Vec<Change>) {
        let (journal, replica) = (&self.journal, self.replica());
        let open = journal.tabs.open().await.unwrap_or_default();
        let mut left = Vec::new();
        for change in changes {
            replica.take_in(&change.update);
            if change.tab() == journal.tabs.id {
                continue;
            }
            if open.iter().any(|tab| tab == change.tab()) {
                journal.others.borrow_mut().push((change.key, change.update));
            } else {
                left.push(change);
            }
        }
        journal.pending.borrow_mut().adopt(left);
    }

    /// A page may have gone since the journal was read: what it left is sent by this one.
    pub fn look_for_orphans(self: &Rc<Self>) {
        let (session, store) = (self.clone(), self.journal.store.borrow().clone());
        let Some(store) = store.filter(|_| !self.journal.others.borrow().is_empty()) else { return };
        spawn_local(async move {
            if let Ok(changes) = store.journal(session.desk.place.conversation).await {
                session.journal.others.borrow_mut().clear();
                session.take_over(changes).await;
                session.show_changes();
                session.pump();
            }
        });
    }

    /// After an edit of one's own: show it, tell the other tabs, keep it, send it.
    pub fn edited(self: &Rc<Self>, intent: &Intent) {
        for update in self.replica().made() {
            let key =
                self.journal.pending.borrow_mut().push(update.clone(), intent.clone(), js_sys::Date::now() as u64);
            self.journal.tabs.tell(&Word::Made(key, update));
        }
        self.show_changes();
        self.pump();
    }

    /// Moves changes on: those that are new to the disk, those on the disk to the server.
    pub fn pump(self: &Rc<Self>) {
        if !self.journal.is_read.get() {
            return;
        }
        let new = self.journal.pending.borrow_mut().begin_writing();
        let store = self.journal.store.borrow().clone();
        match store {
            Some(store) if !new.is_empty() => {
                let session = self.clone();
                spawn_local(async move {
                    if let Err(error) = store.append(&new).await {
                        session.cannot_keep(&error);
                    }
                    session.journal.pending.borrow_mut().written();
                    session.pump();
                });
            }
            Some(_) => {}
            None => self.journal.pending.borrow_mut().written(),
        }
        self.send_pending();
        self.rest();
        self.show_status();
    }

    fn cannot_keep(&self, error: &idb::Error) {
        leptos::logging::warn!("a change cannot be kept: {error}");
        if !self.journal.is_leaky.replace(true) {
            let text =
                "Unsent work cannot be kept on this device (is it full?): stay online until it says Saved.".to_owned();
            self.desk.toast.set(Some(Toast { text, undo: None }));
            self.desk.keeps.set(false);
        }
    }

    fn send_pending(&self) {
        if !self.link.greeted.get() {
            return;
        }
        let number = || {
            self.link.sent.set(self.link.sent.get() + 1);
            self.link.sent.get()
        };
        let updates = self.journal.pending.borrow_mut().begin_sending(number);
        for update in &updates {
            self.send(&Frame::Update(update));
        }
    }

    /// The server says what it has, and asks for the rest: what other tabs made, which one's own may build on, and one's
    /// own, each change by itself, so that one that is refused takes nothing else with it.
    pub fn answer(self: &Rc<Self>, state_vector: &[u8]) {
        let journal = &self.journal;
        journal.pending.borrow_mut().unsent();
        let others = journal.others.borrow();
        let lacking = if !others.is_empty() {
            yrs::merge_updates_v1(others.iter().map(|(_, update)| update.as_slice())).ok()
        } else if journal.pending.borrow().len() > 0 || self.is_renewing() {
            None
        } else {
            self.replica().beyond(state_vector)
        };
        self.link.sent.set(self.link.sent.get() + 1);
        self.send(&Frame::Step2(lacking.as_deref().unwrap_or(NOTHING)));
        self.link.greeted.set(!self.is_renewing());
        drop(others);
        self.pump();
    }

    /// All that was sent up to this number is committed.
    pub fn acknowledged(self: &Rc<Self>, number: u64) {
        self.link.acked.set(number);
        let keys = self.journal.pending.borrow_mut().acknowledged(number);
        if keys.is_empty() {
            return;
        }
        self.journal.tabs.tell(&Word::Committed(keys.clone()));
        if let Some(store) = self.journal.store.borrow().clone() {
            spawn_local(async move {
                // What stays by mistake is sent once more, and is known there.
                if let Err(error) = store.forget(&keys, &[]).await {
                    leptos::logging::warn!("the journal cannot be shortened: {error}");
                }
            });
        }
    }

    /// Another tab says something.
    pub fn told(self: &Rc<Self>, word: Word) {
        match word {
            Word::Made(key, update) => {
                if self.replica().take_in(&update) {
                    self.journal.others.borrow_mut().push((key, update));
                    self.show_changes();
                    self.rest();
                }
            }
            Word::Committed(keys) => self.journal.others.borrow_mut().retain(|(key, _)| !keys.contains(key)),
            Word::Renew => {
                self.journal.others.borrow_mut().clear();
                self.renew();
            }
        }
    }

    /// Keeps the state of the document once nothing has changed for a moment.
    pub fn rest(self: &Rc<Self>) {
        if self.journal.is_resting.replace(true) {
            return;
        }
        let session = self.clone();
        set_timeout(
            move || {
                if session.journal.is_resting.replace(false) {
                    session.keep_state();
                }
            },
            REST,
        );
    }

    /// The page may be gone in a moment: keeps the state now, if it is not kept.
    pub fn rest_now(&self) {
        if self.journal.is_resting.replace(false) {
            self.keep_state();
        }
    }

    fn keep_state(&self) {
        let Some(epoch) = self.link.epoch.get().filter(|_| !self.is_renewing()) else { return };
        let Some(store) = self.journal.store.borrow().clone() else { return };
        let conversation = self.desk.place.conversation;
        let state = State { epoch, update: self.replica().state(), at: js_sys::Date::now() };
        spawn_local(async move {
            // It is for a start without a network only; nothing is lost with it.
            if let Err(error) = store.keep(conversation, &state).await {
                leptos::logging::warn!("the document cannot be kept: {error}");
            }
        });
    }
}

/// What a future comes to, if it does so in time.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = js_sys::Promise::new(&mut |resolve, _| {
        // Fails for a page that is going away.
        let _ = set_timeout_with_handle(move || drop(resolve.call0(&wasm_bindgen::JsValue::NULL)), time);
    });
    let late = std::pin::pin!(wasm_bindgen_futures::JsFuture::from(late));
    match futures::future::select(std::pin::pin!(future), late).await {
        futures::future::Either::Left((done, _)) => Some(done),
        futures::future::Either::Right(_) => None,
    }
}
