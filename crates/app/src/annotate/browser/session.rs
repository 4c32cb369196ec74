//! One open conversation: its document, its socket, and what of it is safe.
//!
//! An edit is applied to this browser's own document, sent, and counts as saved when the server has acknowledged it,
//! which it does after it has committed it. What was made without a socket is in the document, and goes out with the
//! answer to the server's first question when there is one again.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use leptos::prelude::*;
use shared::{
    document::{self, Command, Roots},
    sync::{CloseCode, Frame, prescan},
};
use yrs::{
    Doc, ReadTxn, StateVector, TextRef, Transact,
    updates::{decoder::Decode, encoder::Encode},
};

use super::{
    boxes::{Boxes, Root},
    dom,
    link::{Link, explain},
    mirror::{self, Changes},
    painter::Painter,
    presence::Presence,
    socket::Socket,
    texts::Texts,
};
use crate::annotate::desk::{Desk, Status, Toast};

/// Marks transactions that this person makes.
pub const LOCAL: &str = "local";

/// The longest wait before another try to connect, in milliseconds.
const MAX_BACKOFF_MS: f64 = 10_000.0;

/// Without a word from the server for this long the connection is dead, whatever the browser says: the server lets
/// nobody wait longer than 25 s.
const SILENCE_MS: f64 = 35_000.0;
/// After a sleep, or when the network is said to be back, an answer has to come this soon.
const PROBE: Duration = Duration::from_secs(5);
/// Stock clients forget who has not renewed their presence for 30 s.
const RENEWAL: Duration = Duration::from_secs(15);

/// One open conversation.
pub struct Session {
    /// What the views see.
    pub desk: Desk,
    /// The messages on the page.
    pub texts: Texts,
    /// Colours the text.
    pub painter: RefCell<Painter>,
    /// This browser's own document.
    pub doc: Doc,
    /// Its roots.
    pub roots: Roots,
    /// The person's own text.
    pub response: TextRef,
    /// What observers saw in the transaction just made.
    pub changes: Rc<RefCell<Changes>>,
    /// The text boxes bound to the document.
    pub boxes: RefCell<Boxes>,
    presence: RefCell<Presence>,
    outgoing: Rc<RefCell<VecDeque<Vec<u8>>>>,
    socket: RefCell<Option<Socket>>,
    link: Link,
}

impl Session {
    /// A session with an empty document.
    pub fn new(desk: Desk) -> Rc<Self> {
        let doc = document::empty();
        let roots = Roots::of(&doc);
        let response = doc.get_or_insert_text(format!("response:{}", desk.place.sender.author));
        let outgoing = Rc::new(RefCell::new(VecDeque::new()));
        let queue = outgoing.clone();
        let watched = doc.observe_update_v1("outgoing", move |txn, event| {
            if txn.origin().is_some_and(|origin| *origin == LOCAL.into()) {
                queue.borrow_mut().push_back(event.update.clone());
            }
        });
        debug_assert!(watched.is_ok(), "no transaction is open yet");
        let changes = mirror::watch(&roots, &response);
        Rc::new(Self {
            presence: RefCell::new(Presence::new(
                doc.client_id().get(),
                desk.place.sender.author,
                desk.name.get_value(),
            )),
            desk,
            texts: Texts::of_page(),
            painter: RefCell::new(Painter::new()),
            doc,
            roots,
            response,
            changes,
            boxes: RefCell::default(),
            outgoing,
            socket: RefCell::new(None),
            link: Link::default(),
        })
    }

    /// Connects, and stays connected for as long as the page is open.
    pub fn start(self: &Rc<Self>) {
        self.connect();
        let session = self.clone();
        // Fails for a page that is going away.
        let _ = set_interval_with_handle(move || session.look_after(), RENEWAL);
    }

    /// Opens a socket, and another when it closes.
    pub fn connect(self: &Rc<Self>) {
        let (link, id) = (&self.link, self.desk.place.conversation);
        link.retrying.set(false);
        link.synced.set(false);
        link.greeted.set(false);
        link.sent.set(0);
        link.acked.set(0);
        link.heard.set(js_sys::Date::now());
        *self.socket.borrow_mut() = Socket::open(id, link.epoch.get(), self);
        if self.socket.borrow().is_none() {
            self.retry();
        }
    }

    /// Tries again later: soon at first, then less often, never in step with the others.
    fn retry(self: &Rc<Self>) {
        if self.link.retrying.replace(true) {
            return;
        }
        let failures = self.link.failures.get();
        self.link.failures.set(failures.saturating_add(1));
        let longest = (250.0 * f64::from(1u32 << failures.min(10))).min(MAX_BACKOFF_MS);
        let wait = longest * (0.5 + 0.5 * js_sys::Math::random());
        let session = self.clone();
        set_timeout(
            move || {
                if session.link.retrying.get() {
                    session.connect();
                }
            },
            Duration::from_millis(wait as u64),
        );
    }

    /// The network is said to be back, or the page is looked at again: does not wait any longer, and asks whether the
    /// connection that seems to be there still is.
    pub fn wake(self: &Rc<Self>) {
        if self.socket.borrow().is_none() && !self.link.ended.get() {
            self.connect();
        } else if self.is_open() {
            let asked = js_sys::Date::now();
            let state_vector = self.doc.transact().state_vector().encode_v1();
            self.send(&Frame::Step1(&state_vector));
            let session = self.clone();
            set_timeout(
                move || {
                    if session.link.heard.get() < asked {
                        session.drop_socket();
                    }
                },
                PROBE,
            );
        }
    }

    /// The browser says that there is no network.
    pub fn offline(self: &Rc<Self>) {
        self.drop_socket();
    }

    /// Renews the presence, and gives a silent connection up; called now and then.
    fn look_after(self: &Rc<Self>) {
        if self.is_open() {
            if js_sys::Date::now() - self.link.heard.get() > SILENCE_MS {
                self.drop_socket();
            } else {
                self.announce();
            }
        }
    }

    fn is_open(&self) -> bool {
        self.socket.borrow().as_ref().is_some_and(Socket::is_open)
    }

    /// Whether something that was done here is not committed on the server.
    pub fn has_unsaved(&self) -> bool {
        let link = &self.link;
        link.refused.get() || !self.outgoing.borrow().is_empty() || link.acked.get() < link.sent.get()
    }

    /// The socket is open: ask for what is lacking, say who is here.
    pub fn opened(self: &Rc<Self>) {
        let state_vector = self.doc.transact().state_vector().encode_v1();
        self.send(&Frame::Step1(&state_vector));
        self.announce();
        self.show_people();
    }

    /// Says who is here.
    pub fn announce(&self) {
        let entry = self.presence.borrow_mut().own();
        self.send(&Frame::Awareness(&entry));
    }

    /// The socket is closed.
    pub fn closed(self: &Rc<Self>, code: u16) {
        self.lose();
        match CloseCode::from_code(code) {
            Some(code) if code.is_permanent() => {
                self.link.ended.set(true);
                self.desk.status.set(Status::Error(explain(code)));
            }
            _ => self.retry(),
        }
        // Without a connection the page is still readable, and what was loaded can be worked with.
        dom::mark_hydrated();
    }

    /// There is no connection any more.
    fn lose(&self) {
        if let Some(socket) = self.socket.borrow_mut().take() {
            socket.close();
        }
        self.link.greeted.set(false);
        self.link.synced.set(false);
        self.presence.borrow_mut().forget_others();
        self.show_people();
        self.desk.status.set(Status::Offline);
    }

    /// A frame came in. What is no frame is the server's fault: the socket is closed and opened anew.
    pub fn received(self: &Rc<Self>, bytes: &[u8]) {
        self.link.heard.set(js_sys::Date::now());
        match Frame::decode(bytes) {
            Ok(Frame::Step1(state_vector)) => self.answer(state_vector),
            Ok(Frame::Step2(update)) => {
                if self.take_in(update) {
                    self.link.synced.set(true);
                    self.link.failures.set(0);
                    dom::mark_hydrated();
                }
            }
            Ok(Frame::Update(update)) => {
                self.take_in(update);
            }
            Ok(Frame::Awareness(update)) => {
                if self.presence.borrow_mut().take_in(update) {
                    self.show_people();
                }
            }
            Ok(Frame::QueryAwareness) => self.announce(),
            Ok(Frame::Epoch(epoch)) => self.link.epoch.set(Some(epoch.epoch)),
            Ok(Frame::Acked(acked)) => self.link.acked.set(acked.acked),
            // A gap mends itself: the server asks anew for what it lacks.
            Ok(Frame::Refused(refused)) if refused.code == "gap" => {}
            Ok(Frame::Refused(refused)) => {
                self.link.refused.set(true);
                let text = format!("The server did not take a change: {}", refused.why);
                self.desk.toast.set(Some(Toast { text, undo: None }));
            }
            Ok(Frame::Auth(_)) => {}
            Err(malformed) => {
                leptos::logging::warn!("a frame that is none: {malformed}");
                self.drop_socket();
            }
        }
        self.show_status();
    }

    /// Gives a connection up and tries another.
    fn drop_socket(self: &Rc<Self>) {
        if self.socket.borrow().is_some() {
            self.lose();
            self.retry();
        }
    }

    /// Sends what the server lacks.
    fn answer(&self, state_vector: &[u8]) {
        if prescan::state_vector(state_vector).is_err() {
            return;
        }
        let Ok(theirs) = StateVector::decode_v1(state_vector) else { return };
        // What is queued is part of the answer.
        self.outgoing.borrow_mut().clear();
        let lacking = self.doc.transact().encode_diff_v1(&theirs);
        self.link.greeted.set(true);
        self.send_counted(&Frame::Step2(&lacking));
    }

    /// Applies what came from the server; says whether it could.
    fn take_in(self: &Rc<Self>, update: &[u8]) -> bool {
        // A stored update that trips yrs would otherwise end the page.
        let taken = prescan::prescan(update).is_ok()
            && yrs::Update::decode_v1(update).is_ok_and(|update| self.doc.transact_mut().apply_update(update).is_ok());
        if !taken {
            leptos::logging::warn!("an update that cannot be applied");
            self.drop_socket();
        }
        self.show_changes();
        taken
    }

    /// Does something to the document, or says why not.
    pub fn run(self: &Rc<Self>, command: Command) -> bool {
        let now = js_sys::Date::now() as i64;
        let done = {
            let mut txn = self.doc.transact_mut_with(LOCAL);
            document::execute(&self.roots, &mut txn, &self.desk.place.sender, now, command)
        };
        if let Err(refusal) = &done {
            let mut text = refusal.to_string();
            text.replace_range(..1, &text[..1].to_uppercase());
            if !text.ends_with('.') {
                text.push('.');
            }
            self.desk.toast.set(Some(Toast { text, undo: None }));
        }
        self.edited();
        done.is_ok()
    }

    /// After an edit of one's own: show it, send it.
    pub fn edited(self: &Rc<Self>) {
        self.show_changes();
        if self.link.greeted.get() {
            let updates: Vec<Vec<u8>> = self.outgoing.borrow_mut().drain(..).collect();
            for update in &updates {
                self.send_counted(&Frame::Update(update));
            }
        }
        self.show_status();
    }

    fn show_changes(self: &Rc<Self>) {
        let changes = std::mem::take(&mut *self.changes.borrow_mut());
        mirror::show(self, changes);
    }

    fn send_counted(&self, frame: &Frame) {
        self.link.sent.set(self.link.sent.get() + 1);
        self.send(frame);
    }

    fn send(&self, frame: &Frame) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.send(&frame.encode());
        }
    }

    fn show_status(&self) {
        let link = &self.link;
        let status = match (self.is_open(), link.synced.get() && link.greeted.get()) {
            (false, _) => return,
            (true, false) => Status::Loading,
            (true, true) if link.refused.get() => Status::Error("Not saved: reload"),
            (true, true) if !self.desk.place.sender.access.may_annotate() => Status::ReadOnly,
            (true, true) if link.acked.get() < link.sent.get() => Status::Saving,
            (true, true) => Status::Saved,
        };
        if self.desk.status.get_untracked() != status {
            self.desk.status.set(status);
        }
    }

    fn show_people(&self) {
        let people = self.presence.borrow().people();
        let known = self
            .desk
            .names
            .with_untracked(|names| people.iter().all(|person| names.get(&person.id) == Some(&person.name)));
        if !known {
            self.desk.names.update(|names| names.extend(people.iter().map(|person| (person.id, person.name.clone()))));
        }
        if self.desk.present.with_untracked(|present| *present != people) {
            self.desk.present.set(people);
        }
    }

    /// The document's text of that root.
    pub fn text(&self, root: Root) -> &TextRef {
        match root {
            Root::Notes => &self.roots.notes,
            Root::Response => &self.response,
        }
    }

    /// Leaves at once, so that the others see it; the page may come back from the browser's cache.
    pub fn leave(&self) {
        self.lose();
    }
}
