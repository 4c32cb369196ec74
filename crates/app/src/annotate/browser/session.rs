//! One open conversation: its document, its socket, and what of it is safe.
//!
//! An edit is applied to this browser's own document, kept on the disk, sent, and counts as saved when the server has
//! acknowledged it, which it does after it has committed it (`journal.rs`). What was made without a socket goes out, in
//! order, when there is one again.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use shared::{
    api::GetRights,
    document::{Command, Highlight, Root, TextEdit},
    ids::TagId,
    sync::{CloseCode, Epoch, Frame},
};

use super::{
    boxes::Boxes,
    dom,
    history::History,
    journal::Journal,
    link::{Gap, Link, explain},
    mirror,
    painter::Painter,
    permalink,
    presence::Presence,
    replica::Replica,
    socket::Socket,
    texts::Texts,
};
use crate::{
    annotate::{
        away::Report,
        desk::{Card, Desk, Status, Toast},
        pending::Intent,
    },
    call::call,
};

/// The longest wait before another try to connect, in milliseconds.
const MAX_BACKOFF_MS: f64 = 10_000.0;

/// Without a word from the server for this long the connection is dead, whatever the browser says: the server lets
/// nobody wait longer than 25 s.
const SILENCE_MS: f64 = 35_000.0;
/// After a sleep, or when the network is said to be back, an answer has to come this soon.
const PROBE: Duration = Duration::from_secs(5);
/// A socket that is not open by then is given up.
const OPENING: Duration = Duration::from_secs(15);
/// Stock clients forget who has not renewed their presence for 30 s.
const RENEWAL: Duration = Duration::from_secs(15);

/// An absence is worth a report if it was this long (in milliseconds) and something of one's own was sent after it ...
const ABSENCE_MS: f64 = 2_000.0;
/// ... or this long, and others did something.
const LONG_ABSENCE_MS: f64 = 60_000.0;

/// One open conversation.
pub struct Session {
    /// What the views see.
    pub desk: Desk,
    /// The messages on the page.
    pub texts: Texts,
    /// Colours the text.
    pub painter: RefCell<Painter>,
    /// The text boxes bound to the document.
    pub boxes: RefCell<Boxes>,
    /// What is not committed.
    pub journal: Journal,
    /// What is known of the connection.
    pub link: Link,
    /// What this person did, to be taken back.
    pub history: RefCell<History>,
    /// The merged tags, as they were shown last.
    pub merged: RefCell<BTreeMap<TagId, TagId>>,
    /// Who is here.
    pub presence: RefCell<Presence>,
    /// This browser's own document.
    pub replica: RefCell<Rc<Replica>>,
    /// The one that takes its place once it is complete: the server did not take something.
    pub fresh: RefCell<Option<Rc<Replica>>>,
    /// Keys of changes that were put aside: they leave the journal when the document has been taken afresh.
    pub doomed: RefCell<Vec<String>>,
    /// Texts of which something was put aside, and with it all that was typed there.
    pub refused_texts: RefCell<Vec<Root>>,
    /// Counts what happened in an absence, while it is taken in.
    tally: RefCell<Option<Report>>,
    socket: RefCell<Option<Socket>>,
}

impl Session {
    /// A session with an empty document.
    pub fn new(desk: Desk) -> Rc<Self> {
        let replica = Replica::new(desk.place.author);
        let presence = Presence::new(replica.client(), desk.place.author, desk.name.get_value());
        Rc::new(Self {
            desk,
            texts: Texts::of_page(),
            painter: RefCell::new(Painter::new()),
            boxes: RefCell::default(),
            journal: Journal::new(&desk.place),
            link: Link::default(),
            history: RefCell::default(),
            merged: RefCell::default(),
            presence: RefCell::new(presence),
            replica: RefCell::new(replica),
            fresh: RefCell::new(None),
            doomed: RefCell::default(),
            refused_texts: RefCell::default(),
            tally: RefCell::new(None),
            socket: RefCell::new(None),
        })
    }

    /// Shows what is kept on this device, connects, and stays connected for as long as the page is open.
    pub fn start(self: &Rc<Self>) {
        self.journal.tabs.listen(self);
        let session = self.clone();
        self.read_journal(move || {
            permalink::follow_first(session.desk, false);
            session.connect();
        });
        let session = self.clone();
        // Fails for a page that is going away.
        let _ = set_interval_with_handle(move || session.look_after(), RENEWAL);
    }

    /// This browser's own document.
    pub fn replica(&self) -> Rc<Replica> {
        self.replica.borrow().clone()
    }

    /// The document that the connection fills.
    fn filling(&self) -> Rc<Replica> {
        self.fresh.borrow().clone().unwrap_or_else(|| self.replica())
    }

    /// Whether the document is being taken afresh.
    pub fn is_renewing(&self) -> bool {
        self.fresh.borrow().is_some()
    }

    /// Opens a socket, unless there is one.
    pub fn connect_if_alone(self: &Rc<Self>) {
        if self.socket.borrow().is_none() {
            self.connect();
        }
    }

    /// Opens a socket, and another when it closes.
    pub fn connect(self: &Rc<Self>) {
        let (link, id) = (&self.link, self.desk.place.conversation);
        link.retrying.set(false);
        // What was to fill the gap may not have arrived.
        if matches!(link.gap.get(), Gap::Filling(_)) {
            link.gap.set(Gap::Found);
        }
        link.synced.set(false);
        link.greeted.set(false);
        link.sent.set(0);
        link.acked.set(0);
        link.heard.set(js_sys::Date::now());
        *self.socket.borrow_mut() = Socket::open(id, self);
        if self.socket.borrow().is_none() {
            self.retry();
        }
        let number = link.sockets.get() + 1;
        link.sockets.set(number);
        let session = self.clone();
        // A network that takes the first packet and no other: browsers wait for minutes.
        set_timeout(
            move || {
                if session.link.sockets.get() == number && !session.is_open() {
                    session.drop_socket();
                }
            },
            OPENING,
        );
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
        if self.socket.borrow().is_none() && self.journal.is_read.get() && self.link.may_retry() {
            self.connect();
        } else if !self.is_open() && js_sys::Date::now() - self.link.heard.get() > PROBE.as_millis() as f64 {
            self.drop_socket();
        } else if self.is_open() {
            let asked = js_sys::Date::now();
            self.send(&Frame::Step1(&self.filling().state_vector()));
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
                self.look_for_orphans();
            }
        }
    }

    /// Whether leaving the page loses something.
    pub fn would_lose(&self) -> bool {
        self.journal.would_lose()
            || (self.journal.is_leaky() && self.desk.aside.with_untracked(|aside| !aside.is_empty()))
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        self.socket.borrow().as_ref().is_some_and(Socket::is_open)
    }

    /// The socket is open: ask for what is lacking, say who is here.
    pub fn opened(self: &Rc<Self>) {
        self.look_for_orphans();
        self.send(&Frame::Step1(&self.filling().state_vector()));
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
            Some(CloseCode::WrongEpoch) => self.replaced(),
            // So many refusals at once that the server has had enough: the document is taken afresh, and they are done.
            Some(CloseCode::Denied | CloseCode::Malformed) if self.renew_if_wanted() => {}
            Some(code) if code.is_permanent() => {
                self.link.ended.set(Some(code));
                let why = explain(code);
                self.desk.status.set(if code == CloseCode::SignedOut { Status::SignedOut } else { Status::Error(why) });
                if code != CloseCode::SignedOut && self.journal.pending.borrow().len() > 0 {
                    self.show_unsent(why);
                }
            }
            _ if self.renew_if_wanted() => {}
            _ => self.retry(),
        }
        // Without a connection the page is still readable, and what was loaded can be worked with.
        dom::mark_hydrated();
    }

    /// There is no connection any more.
    pub fn lose(&self) {
        if self.link.synced.get() {
            self.link.lost_at.set(Some(js_sys::Date::now()));
        }
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
                if self.catch_up(update) {
                    self.link.synced.set(true);
                    self.link.failures.set(0);
                    self.renewed();
                    permalink::follow_first(self.desk, true);
                    dom::mark_hydrated();
                    // Who leaves at once finds it without a network all the same.
                    self.rest_now();
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
            // Of another generation nothing more will come.
            Ok(Frame::Epoch(Epoch { epoch })) => self.greeted_by(epoch),
            Ok(Frame::Acked(acked)) => self.acknowledged(acked.acked),
            Ok(Frame::Refused(refused)) => match refused.code.as_str() {
                "gap" => self.found_gap(refused.refused),
                // It is done again when the document has been taken afresh.
                "behind_refusal" => self.journal.pending.borrow_mut().returned(refused.refused),
                _ => self.refused(refused.refused, &refused.why),
            },
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
            if !self.renew_if_wanted() {
                self.retry();
            }
        }
    }

    /// The server takes this person in, and says which generation of the document it has.
    fn greeted_by(self: &Rc<Self>, epoch: i64) {
        // Of another generation nothing more will come.
        self.link.epoch.set(self.link.epoch.get().or(Some(epoch)));
        if self.link.lost_at.get().is_some() {
            let session = self.clone();
            spawn_local(async move { session.ask_rights().await });
        }
    }

    /// Asks what this person may do now: it may have changed since the page was made.
    pub async fn ask_rights(&self) {
        // Without an answer things stay as they were; the server judges each change anyway.
        if let Ok(rights) = call(&GetRights { id: self.desk.place.conversation }).await
            && self.desk.rights.get_untracked() != rights
        {
            self.desk.rights.set(rights);
        }
    }

    /// Takes in all that happened before the connection stood.
    fn catch_up(self: &Rc<Self>, update: &[u8]) -> bool {
        let since = self.link.lost_at.take().filter(|_| !self.is_renewing());
        let Some(since) = since else { return self.take_in(update) };
        self.tally.replace(Some(Report::default()));
        let taken = self.take_in(update);
        let report = self.tally.take().unwrap_or_default();
        let sent = self.journal.pending.borrow().len();
        let absence = js_sys::Date::now() - since;
        let is_news = absence > LONG_ABSENCE_MS && report != Report::default();
        if (absence > ABSENCE_MS && sent > 0) || is_news {
            *self.link.report.borrow_mut() = Some(Report { sent, ..report });
        }
        taken
    }

    /// A highlight is about to be shown anew.
    pub fn note_highlight(&self, old: Option<&ArcRwSignal<Card>>, new: Option<&Highlight>) {
        if let Some(report) = self.tally.borrow_mut().as_mut() {
            let old = old.map(|card| card.get_untracked().highlight);
            report.note(old.as_ref(), new, self.desk.place.author);
        }
    }

    /// A text is about to be shown anew.
    pub fn note_text(&self, root: Root) {
        if let Some(report) = self.tally.borrow_mut().as_mut() {
            report.notes |= root == Root::Notes;
        }
    }

    /// Applies what came from the server; says whether it could.
    fn take_in(self: &Rc<Self>, update: &[u8]) -> bool {
        let taken = self.filling().take_in(update);
        if !taken {
            leptos::logging::warn!("an update that cannot be applied");
            self.drop_socket();
        }
        self.show_changes();
        self.rest();
        taken
    }

    /// Does something to the document, or says why not.
    pub fn run(self: &Rc<Self>, command: Command) -> bool {
        let (done, back) = self.execute(command);
        if let Some(back) = back.filter(|_| done) {
            self.history.borrow_mut().did(back);
            self.show_history();
        }
        done
    }

    /// Whether a command was done, and what would take it back.
    fn execute(self: &Rc<Self>, command: Command) -> (bool, Option<Command>) {
        let back = self.replica().inverse(&command);
        let done = self.replica().execute(&self.desk.sender(), command.clone());
        if let Err(refusal) = &done {
            let mut text = refusal.to_string();
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            if !text.ends_with('.') {
                text.push('.');
            }
            self.desk.toast.set(Some(Toast { text, undo: None }));
        }
        self.edited(&Intent::Command(command));
        (done.is_ok(), back)
    }

    /// Takes back the last thing that this person did here, or does it again. What cannot be taken back any more is
    /// said and forgotten.
    pub fn step_back(self: &Rc<Self>, redo: bool) -> bool {
        let Some(command) = self.history.borrow_mut().take(redo) else { return false };
        let (done, inverse) = self.execute(command);
        if let Some(inverse) = inverse.filter(|_| done) {
            self.history.borrow_mut().took(redo, inverse);
        }
        self.show_history();
        done
    }

    fn show_history(&self) {
        self.desk.history.set(self.history.borrow().counts());
    }

    /// The person typed into a text.
    pub fn type_in(self: &Rc<Self>, root: Root, edits: &[TextEdit]) {
        self.replica().edit(root, edits);
        self.edited(&Intent::Typed(root));
    }

    /// Takes back what the person typed last into a text, or types it again.
    pub fn step_text(self: &Rc<Self>, root: Root, redo: bool) {
        self.replica().step_back(root, redo);
        self.edited(&Intent::Typed(root));
    }

    /// Shows what changed in the document.
    pub fn show_changes(self: &Rc<Self>) {
        let changes = std::mem::take(&mut *self.replica().changes.borrow_mut());
        mirror::show(self, changes);
    }

    /// Sends a frame; what cannot be sent now is sent after the next connection.
    pub fn send(&self, frame: &Frame) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.send(&frame.encode());
        }
    }

    /// Tells how safe the work is.
    pub fn show_status(&self) {
        let (link, unsent) = (&self.link, self.journal.pending.borrow().len());
        if self.desk.unsent.get_untracked() != unsent {
            self.desk.unsent.set(unsent);
        }
        let status = match (self.is_open(), link.synced.get() && link.greeted.get()) {
            (false, _) => return,
            (true, false) => Status::Loading,
            (true, true) if unsent > 0 || link.acked.get() < link.sent.get() => Status::Saving,
            (true, true) if !self.desk.rights.get_untracked().access.may_annotate() => Status::ReadOnly,
            (true, true) => Status::Saved,
        };
        if matches!(status, Status::Saved | Status::ReadOnly)
            && let Some(report) = link.report.take()
        {
            self.desk.report.set(Some(report));
            self.desk.away_open.set(true);
        }
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
        let whereabouts = self.presence.borrow().whereabouts();
        if self.desk.whereabouts.with_untracked(|known| *known != whereabouts) {
            self.desk.whereabouts.set(whereabouts);
        }
    }

    /// Leaves at once, so that the others see it; the page may come back from the browser's cache.
    pub fn leave(&self) {
        self.rest_now();
        self.lose();
    }
}
