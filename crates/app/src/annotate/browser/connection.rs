//! The socket of a conversation: opened, looked after, given up, opened again.

use std::{rc::Rc, time::Duration};

use leptos::prelude::*;
use shared::sync::{CloseCode, Frame};

use super::{
    dom,
    link::{Gap, explain},
    session::Session,
    socket::Socket,
};
use crate::annotate::desk::Status;

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
pub const RENEWAL: Duration = Duration::from_secs(15);

impl Session {
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
        if link.leaving.get() {
            return;
        }
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
    pub fn retry(self: &Rc<Self>) {
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
            self.send(&Frame::Step1(&self.filling().state_vector()));
            self.expect_word(PROBE);
        }
    }

    /// Gives the connection up if nothing at all is heard within this time.
    pub fn expect_word(self: &Rc<Self>, within: Duration) {
        let (asked, socket) = (js_sys::Date::now(), self.link.sockets.get());
        let session = self.clone();
        set_timeout(
            move || {
                if session.link.heard.get() < asked && session.link.sockets.get() == socket {
                    session.drop_socket();
                }
            },
            within,
        );
    }

    /// The browser says that there is no network.
    pub fn offline(self: &Rc<Self>) {
        self.drop_socket();
    }

    /// Renews the presence, and gives a silent connection up; called now and then.
    pub fn look_after(self: &Rc<Self>) {
        if self.is_open() {
            if js_sys::Date::now() - self.link.heard.get() > SILENCE_MS {
                self.drop_socket();
            } else {
                self.announce();
                self.look_for_orphans();
            }
        }
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        self.socket.borrow().as_ref().is_some_and(Socket::is_open)
    }

    /// The socket is open: ask for what is lacking, say who is here.
    pub fn opened(self: &Rc<Self>) {
        self.look_for_orphans();
        self.send(&Frame::Step1(&self.filling().state_vector()));
        self.expect_word(OPENING);
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
                super::close_dialogs(self.desk);
                let why = explain(code);
                self.desk.status.set(if code == CloseCode::SignedOut { Status::SignedOut } else { Status::Error(why) });
                match code {
                    CloseCode::SignedOut => {}
                    CloseCode::Denied | CloseCode::NotFound => self.end_access(why),
                    _ if self.journal.pending.borrow().len() > 0 => self.show_unsent(why),
                    _ => {}
                }
            }
            _ if self.renew_if_wanted() => {}
            _ => self.retry(),
        }
        // Without a connection the page is still readable, and what was loaded can be worked with; but nothing is known of a
        // document that is not there.
        self.desk.absent.set(!self.link.known.get());
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

    /// Gives a connection up and tries another.
    pub fn drop_socket(self: &Rc<Self>) {
        if self.socket.borrow().is_some() {
            self.lose();
            if !self.renew_if_wanted() {
                self.retry();
            }
        }
    }

    /// Sends a frame; what cannot be sent now is sent after the next connection.
    pub fn send(&self, frame: &Frame) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.send(&frame.encode());
        }
    }

    /// Leaves at once, so that the others see it; the page may come back from the browser's cache.
    pub fn leave(self: &Rc<Self>) {
        self.rest_now();
        self.lose();
    }
}
