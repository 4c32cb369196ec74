//! What happens to the page as a whole: it sleeps, wakes, loses the network, is left.

use leptos::{ev, prelude::*};

use super::{dom, session};

/// Listens from now on.
pub fn listen() {
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::online, |_| wake());
    dom::on(&page, ev::offline, |_| {
        if let Some(session) = session() {
            session.offline();
        }
    });
    dom::on(&page, ev::Custom::<web_sys::Event>::new("pageshow"), |_| wake());
    dom::on(&page, ev::pagehide, |_| {
        if let Some(session) = session() {
            session.leave();
        }
    });
    // The browser asks before it throws away what is nowhere else.
    dom::on(&page, ev::beforeunload, |event| {
        if session().is_some_and(|session| session.would_lose()) {
            event.prevent_default();
        }
    });
    let document: web_sys::EventTarget = document().into();
    // A page behind others was frozen and goes on: nothing was heard of its connection meanwhile, not even its end.
    dom::on(&document, ev::Custom::<web_sys::Event>::new("resume"), |_| wake());
    dom::on(&document, ev::visibilitychange, |_| {
        if leptos::prelude::document().visibility_state() == web_sys::VisibilityState::Visible {
            wake();
        } else if let Some(session) = session() {
            session.rest_now();
        }
    });
}

fn wake() {
    if let Some(session) = session() {
        session.wake();
    }
}
