//! The way of an edit: into the document and onto the page, to the other tabs, onto the disk, to the server, and off the
//! disk when it is committed there.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    time::Duration,
};

use leptos::{prelude::*, task::spawn_local};
use shared::sync::{CloseCode, Frame};

use super::{
    dom,
    link::{Gap, explain},
    session::Session,
    store::{Kept, State, Store},
    tabs::{Tabs, Word},
};
use crate::{
    annotate::{
        away::{Absence, Aside},
        desk::{Desk, Place, Toast},
        pending::{Change, Intent, Pending, tab_of},
    },
    later,
};

/// How long after a change the state of the document is kept, for a start without a network.
const REST: Duration = Duration::from_millis(1_500);

/// A database that does not open by then is none: a page must not wait for it.
const PATIENCE: Duration = Duration::from_secs(4);

/// After the disk failed it is tried again: soon, then less often.
const AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// What was sent is acknowledged within a moment. If nothing at all is heard for so long, the connection is dead, whatever
/// the browser says.
const ANSWER: Duration = Duration::from_secs(10);

/// By then a page that was loaded anew has let go of what marks it as open, and other tabs that waited for that too
/// (`offline/waiting.js`).
const GONE: Duration = Duration::from_secs(1);

const FULL: &str = "Unsent work cannot be kept on this device (is it full?): stay online until it says Saved.";

/// An update that says nothing.
const NOTHING: &[u8] = &[0, 0];

/// What is not committed, and where it is kept.
pub struct Journal {
    /// One's own changes.
    pub pending: RefCell<Pending>,
    /// Those of other tabs, by their keys: whose tab is gone, and is not committed, is taken over.
    pub others: RefCell<BTreeSet<String>>,
    /// The other tabs.
    pub tabs: Tabs,
    /// The disk, once it has been opened.
    pub store: RefCell<Option<Rc<Store>>>,
    /// Whether it is known what the disk has.
    pub is_read: Cell<bool>,
    /// Something is not on the disk and will not get there.
    is_leaky: Cell<bool>,
    /// The disk was not waited for any longer: what is made is in this page alone until it opens.
    is_late: Cell<bool>,
    is_resting: Cell<bool>,
    /// How much is on its way to the disk that was put aside, and is in no journal any more.
    pub putting: Cell<usize>,
    /// How often in a row the disk was tried again; nothing while it is not.
    tries: Cell<Option<usize>>,
}

impl Journal {
    /// A journal whose disk is not open yet.
    pub fn new(place: &Place) -> Self {
        let tabs = Tabs::join(place.user, place.conversation);
        Self {
            pending: RefCell::new(Pending::new(place.conversation.to_string(), tabs.id.clone(), place.revision)),
            others: RefCell::default(),
            tabs,
            store: RefCell::new(None),
            is_read: Cell::new(false),
            is_leaky: Cell::new(false),
            is_late: Cell::new(false),
            is_resting: Cell::new(false),
            putting: Cell::new(0),
            tries: Cell::new(None),
        }
    }

    /// Whether leaving the page loses something.
    pub fn would_lose(&self) -> bool {
        let pending = self.pending.borrow();
        let is_moving = pending.any_unwritten() || self.putting.get() > 0;
        // What other tabs made is in this page as well; where nothing is kept, one of them has to stay.
        is_moving || (self.is_leaky() && (pending.len() > 0 || !self.others.borrow().is_empty()))
    }

    /// Whether what is put aside is kept in this page alone.
    pub fn is_leaky(&self) -> bool {
        self.is_leaky.get() || self.is_late.get()
    }
}

impl Session {
    /// Opens the disk and shows what is kept there, before anything is asked of the network; then goes on with `then`. A
    /// disk that takes too long is not waited for, and taken up when it comes.
    pub fn read_journal(self: &Rc<Self>, then: impl FnOnce() + 'static) {
        let then = Rc::new(Cell::new(Some(then)));
        let go_on = {
            let session = self.clone();
            move || {
                session.journal.is_read.set(true);
                if let Some(then) = then.take() {
                    then();
                }
                session.pump();
            }
        };
        let (late, session) = (go_on.clone(), self.clone());
        set_timeout(
            move || {
                if session.journal.store.borrow().is_none() {
                    session.journal.is_late.set(true);
                    session.desk.keeps.set(false);
                }
                late();
            },
            PATIENCE,
        );
        let session = self.clone();
        spawn_local(async move {
            if let Err(error) = session.open_store().await {
                leptos::logging::warn!("nothing can be kept: {error}");
                session.journal.is_leaky.set(true);
                session.desk.keeps.set(false);
            }
            go_on();
        });
    }

    /// Shows what was kept, and takes over what pages left that are gone.
    async fn open_store(self: &Rc<Self>) -> Result<(), idb::Error> {
        let store = Rc::new(Store::open(self.desk.place.user).await?);
        let Kept { state, changes, aside } = store.load(self.desk.place.conversation).await?;
        *self.journal.store.borrow_mut() = Some(store.clone());
        self.keep_what_was_made(&store).await;
        let state = if self.desk.ended.get_untracked() {
            self.forget_copy();
            None
        } else {
            state
        };
        if let Some(State { epoch, update, at }) = state
            && self.link.epoch.get().is_none_or(|known| known == epoch)
            && self.replica().take_in(&update)
        {
            self.link.epoch.set(Some(epoch));
            self.link.known.set(true);
            self.desk.absent.set(false);
            if !self.link.synced.get() {
                // Whoever left work behind is told what becomes of it, however short the absence was.
                self.link.lost_at.set(Some(if changes.is_empty() { at } else { 0.0 }));
            }
            dom::mark_hydrated();
        }
        // What is still in the journal is tried again.
        let is_tried = |aside: &Aside| changes.iter().any(|change| change.is_in(aside));
        let (tried, aside): (Vec<Aside>, Vec<Aside>) = aside.into_iter().partition(is_tried);
        if !tried.is_empty()
            && let Some(store) = self.journal.store.borrow().clone()
        {
            let keys: Vec<String> = tried.into_iter().map(|aside| aside.key).collect();
            spawn_local(async move { drop(store.discard(&keys).await) });
        }
        self.desk.aside.update(|all| all.extend(aside));
        if self.take_shown_again() {
            self.desk.away_open.set(true);
        }
        self.tell_edited();
        self.take_over(changes).await;
        if !self.journal.others.borrow().is_empty() {
            let session = self.clone();
            set_timeout(move || session.look_for_orphans(), GONE);
        }
        Ok(())
    }

    /// The disk came after all: it gets what was made without it.
    async fn keep_what_was_made(self: &Rc<Self>, store: &Store) {
        if !self.journal.is_late.get() {
            return;
        }
        let made: Vec<Change> = self.journal.pending.borrow().all().cloned().collect();
        match store.append(&self.records(&made)).await {
            Ok(()) => self.desk.keeps.set(true),
            Err(error) => self.cannot_keep(&error),
        }
        self.journal.is_late.set(false);
    }

    /// Shows changes of other pages, and takes over those of pages that are gone. What a page marked on another text than this
    /// one is not sent as it is: it is done again (`renewed`) where its words are.
    async fn take_over(self: &Rc<Self>, changes: Vec<Change>) {
        let open = self.journal.tabs.open().await.unwrap_or_default();
        let store = self.journal.store.borrow().clone();
        let Some(store) = store.filter(|_| !self.is_renewing()) else {
            // Looked at again when the document has been taken.
            self.journal.others.borrow_mut().extend(changes.into_iter().map(|change| change.key));
            return;
        };
        let is_on_another = |change: &Change| !change.is_on(self.desk.place.revision);
        let mut left = Vec::new();
        for change in changes.into_iter().filter(|change| change.tab() != self.journal.tabs.id) {
            let is_open = open.iter().any(|tab| tab == change.tab());
            if !is_on_another(&change) {
                self.replica().take_in(&change.update);
            }
            if is_open {
                self.journal.others.borrow_mut().insert(change.key);
                continue;
            }
            self.journal.others.borrow_mut().remove(&change.key);
            let key = self.journal.pending.borrow_mut().key_of_orphan(&change.key);
            left.push((change, key));
        }
        // Another page may have been faster with some of them.
        let left = match store.claim(left).await {
            Ok(left) => left,
            Err(error) => return self.cannot_keep(&error),
        };
        // A page left it that kept no document, as when access has ended: what becomes of it is told all the same.
        let is_first = !left.is_empty() && !self.link.synced.get() && self.link.lost_at.get().is_none();
        let is_any_on_another = left.iter().any(is_on_another);
        for change in left.iter().filter(|change| is_on_another(change)) {
            self.replica().take_in(&change.update);
        }
        self.journal.pending.borrow_mut().adopt(left);
        if is_first {
            let sent = self.journal.pending.borrow().count();
            *self.link.absence.borrow_mut() = Some(Absence { length: f64::INFINITY, sent, ..Absence::default() });
        }
        if is_any_on_another {
            self.link.carries.set(true);
            self.link.told.set(None);
            self.want_renewal();
        }
        self.show_changes();
        self.pump();
    }

    /// A page may have gone since the journal was read: what it left is sent by this one.
    pub fn look_for_orphans(self: &Rc<Self>) {
        if self.is_renewing() || self.desk.ended.get_untracked() || self.journal.others.borrow().is_empty() {
            return;
        }
        // What is told while the journal is read may not be in it yet.
        let known = self.journal.others.borrow().clone();
        let (session, store) = (self.clone(), self.journal.store.borrow().clone());
        spawn_local(async move {
            let Some(store) = store else {
                // Nothing is kept: what a page that is gone had not sent is in this one, and goes with the next answer.
                let open = session.journal.tabs.open().await.unwrap_or_default();
                let tab = |key: &String| open.iter().any(|open| open == tab_of(key));
                session.journal.others.borrow_mut().retain(tab);
                return session.show_status();
            };
            if let Ok(changes) = store.journal(session.desk.place.conversation).await {
                // What its page has got rid of meanwhile, committed or put aside, is not waited for.
                let is_there = |key: &String| !known.contains(key) || changes.iter().any(|change| change.key == *key);
                session.journal.others.borrow_mut().retain(is_there);
                session.take_over(changes).await;
            }
        });
    }

    /// After an edit of one's own: show it, tell the other tabs, keep it, send it.
    pub fn edited(self: &Rc<Self>, intent: &Intent) {
        for update in self.replica().made() {
            let key =
                self.journal.pending.borrow_mut().push(update.clone(), intent.clone(), js_sys::Date::now() as u64);
            // What is made while the document is taken afresh is done again, and told then.
            if !self.is_renewing() {
                self.journal.tabs.tell(&Word::Made(key, update, Some(self.desk.place.revision)));
            }
        }
        self.show_changes();
        self.pump();
        // Written although the server has said that it takes nothing more.
        if let Some(code) = self.link.ended.get().filter(|code| *code != CloseCode::SignedOut) {
            self.show_unsent(explain(code));
        }
    }

    /// Moves changes on: those that are new to the disk, those on the disk to the server.
    pub fn pump(self: &Rc<Self>) {
        if !self.journal.is_read.get() {
            return;
        }
        let new = self.journal.pending.borrow_mut().begin_writing();
        let store = self.journal.store.borrow().clone();
        match (new, store) {
            (Some((batch, new)), Some(store)) => {
                let session = self.clone();
                spawn_local(async move {
                    if let Err(error) = store.append(&session.records(&new)).await {
                        session.cannot_keep(&error);
                    }
                    session.journal.pending.borrow_mut().written(batch);
                    session.pump();
                });
            }
            (Some((batch, _)), None) => self.journal.pending.borrow_mut().written(batch),
            (None, _) => {}
        }
        self.send_pending();
        self.rest();
        self.show_status();
    }

    /// A change is not on the disk.
    pub fn cannot_keep(self: &Rc<Self>, error: &idb::Error) {
        leptos::logging::warn!("a change cannot be kept: {error}");
        if !self.journal.is_leaky.replace(true) {
            self.desk.toast.set(Some(Toast { text: FULL.to_owned(), undo: None }));
        }
        self.reopen();
    }

    /// A disk that has failed is opened again until it takes what is not sent: a browser closes it with the error, and there
    /// may be room again.
    fn reopen(self: &Rc<Self>) {
        self.desk.keeps.set(false);
        if self.journal.tries.get().is_none() {
            self.journal.tries.set(Some(0));
            let desk = self.desk;
            later::act(desk, move |parts| (parts.disk)(desk));
        }
    }

    fn send_pending(self: &Rc<Self>) {
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
        if !updates.is_empty() {
            self.expect_word(ANSWER);
        }
    }

    /// The server says what it has, and asks for the rest: one's own changes, each by itself, so that one that is refused
    /// takes nothing else with it. If one of them lacked something, all that the server does not have is sent as one.
    pub fn answer(self: &Rc<Self>, state_vector: &[u8]) {
        let (link, journal) = (&self.link, &self.journal);
        if self.is_renewing() || link.renewal.get() {
            self.send_counted(NOTHING);
            return;
        }
        journal.pending.borrow_mut().unsent();
        let has_gap = link.gap.get() == Gap::Found;
        if has_gap {
            self.put_rootless_aside();
        }
        let lacking =
            if has_gap || journal.pending.borrow().len() == 0 { self.replica().beyond(state_vector) } else { None };
        let number = self.send_counted(lacking.as_deref().unwrap_or(NOTHING));
        if has_gap {
            link.gap.set(Gap::Filling(number));
            journal.pending.borrow_mut().sent_together(number);
        }
        link.greeted.set(true);
        self.pump();
    }

    fn send_counted(&self, answer: &[u8]) -> u64 {
        self.link.sent.set(self.link.sent.get() + 1);
        self.send(&Frame::Step2(answer));
        self.link.sent.get()
    }

    /// A change lacks what it builds on: another tab's, or one that a page left and nobody took over yet. It is sent
    /// together with that, by a new connection, whose first answer may be large.
    pub fn found_gap(self: &Rc<Self>, number: u64) {
        self.journal.pending.borrow_mut().returned(number);
        match self.link.gap.get() {
            _ if self.link.renewal.get() => {}
            Gap::None => {
                self.link.gap.set(Gap::Found);
                self.lose();
                self.connect();
            }
            // Its refusal was one of several.
            Gap::Found => {}
            // It is nowhere: neither here nor there.
            Gap::Filling(_) => self.want_renewal(),
        }
    }

    /// All that was sent up to this number is committed.
    pub fn acknowledged(self: &Rc<Self>, number: u64) {
        self.link.acked.set(number);
        if matches!(self.link.gap.get(), Gap::Filling(filling) if filling <= number) {
            self.link.gap.set(Gap::None);
        }
        let keys = self.journal.pending.borrow_mut().acknowledged(number);
        self.renew_if_wanted();
        if keys.is_empty() {
            return;
        }
        let (session, store) = (self.clone(), self.journal.store.borrow().clone());
        spawn_local(async move {
            if let Some(store) = store {
                // What stays by mistake is sent once more, and is known there. It may have been put aside when access ended.
                let done = match store.replace(&keys, &[], &[]).await {
                    Ok(()) => store.discard(&keys).await,
                    failed => failed,
                };
                if let Err(error) = done {
                    leptos::logging::warn!("the journal cannot be shortened: {error}");
                }
            }
            session.journal.tabs.tell(&Word::Committed(keys));
        });
    }

    /// Another tab says something.
    pub fn told(self: &Rc<Self>, word: Word) {
        match word {
            Word::Made(key, _, Some(revision)) if revision != self.desk.place.revision => {
                // What it marks has another place here: it comes from the server, which knows both texts.
                self.journal.others.borrow_mut().insert(key);
                self.show_status();
            }
            Word::Made(key, update, _) => {
                self.journal.pending.borrow_mut().seal();
                // It has not heard yet that access has ended, or its own has not.
                if !self.desk.ended.get_untracked() && self.replica().take_in(&update) {
                    self.journal.others.borrow_mut().insert(key);
                    self.show_changes();
                    self.rest();
                    self.show_status();
                }
            }
            Word::Committed(keys) => {
                self.journal.others.borrow_mut().retain(|key| !keys.contains(key));
                self.show_status();
                // It may have taken over what is waited for, and have sent it: its keys are others since.
                let sender = keys.first().map(|key| tab_of(key).to_owned());
                if self.journal.others.borrow().iter().any(|key| sender.as_deref() != Some(tab_of(key))) {
                    self.look_for_orphans();
                }
            }
            Word::Renew => self.want_renewal(),
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
    pub fn rest_now(self: &Rc<Self>) {
        if self.journal.is_resting.replace(false) {
            self.keep_state();
        }
    }

    /// The document as it is to be kept, and the time; nothing while it is not whole.
    fn state(&self) -> Option<(State, f64)> {
        let is_whole = !self.is_renewing() && !self.desk.ended.get_untracked();
        let epoch = self.link.epoch.get().filter(|_| is_whole)?;
        let now = js_sys::Date::now();
        // Opened without a network it is no newer: the absence goes on.
        let at = self.link.lost_at.get().unwrap_or(now);
        Some((State { epoch, update: self.replica().state(), at }, now))
    }

    fn keep_state(self: &Rc<Self>) {
        let (Some((state, now)), Some(store)) = (self.state(), self.journal.store.borrow().clone()) else { return };
        let session = self.clone();
        spawn_local(async move {
            // It is for a start without a network only; nothing is lost with it.
            if let Err(error) = store.keep(session.desk.place.conversation, &state, now).await {
                leptos::logging::warn!("the document cannot be kept: {error}");
                session.reopen();
            }
        });
    }
}

/// Opens a disk that has failed anew, and writes what should be there; again later where it still fails.
pub fn try_disk(desk: Desk) {
    let Some(session) = super::session() else { return };
    let tries = session.journal.tries.get().unwrap_or_default();
    set_timeout(
        move || {
            // Its owner has signed out in another tab.
            if session.journal.store.borrow().as_ref().is_some_and(|store| store.is_deleted()) {
                return;
            }
            spawn_local(async move {
                if open_again(&session).await.is_ok() {
                    session.journal.tries.set(None);
                    session.journal.is_leaky.set(false);
                    desk.keeps.set(true);
                    if desk.toast.with_untracked(|toast| toast.as_ref().is_some_and(|toast| toast.text == FULL)) {
                        desk.toast.set(None);
                    }
                    session.pump();
                } else {
                    session.journal.tries.set(Some(tries + 1));
                    try_disk(desk);
                }
            });
        },
        AGAIN[tries.min(AGAIN.len() - 1)],
    );
}

/// What was acknowledged since it was read is sent once more after a restart, and known there.
async fn open_again(session: &Rc<Session>) -> Result<(), idb::Error> {
    let store = Rc::new(Store::open(session.desk.place.user).await?);
    let pending: Vec<Change> = session.journal.pending.borrow().all().cloned().collect();
    let aside = session.desk.aside.get_untracked();
    // What was done again, or not taken, and is there still.
    let gone = session.doomed.borrow().clone();
    store.replace(&gone, &session.records(&pending), &aside).await?;
    if !gone.is_empty() {
        session.doomed.borrow_mut().retain(|key| !gone.contains(key));
        session.journal.tabs.tell(&Word::Renew);
    }
    if let Some((state, now)) = session.state() {
        store.keep(session.desk.place.conversation, &state, now).await?;
    }
    *session.journal.store.borrow_mut() = Some(store);
    Ok(())
}
