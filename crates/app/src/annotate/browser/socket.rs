//! The WebSocket. Its handlers go with it: a socket that was let go can call nobody.

use std::rc::{Rc, Weak};

use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use shared::{ids::ConversationId, sync::SUBPROTOCOL};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::session::Session;

/// An open, or opening, connection.
pub struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn FnMut()>,
    _received: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Connects to the room of a conversation, as the person whose page this is: somebody else may have signed in since.
    pub fn open(id: ConversationId, session: &Rc<Session>) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let user = session.desk.place.user;
        let epoch = session.link.epoch.get().map(|epoch| format!("&epoch={epoch}")).unwrap_or_default();
        let url = format!("{scheme}://{}/sync/{id}?user={user}{epoch}", location.host().ok()?);
        let socket = WebSocket::new_with_str(&url, SUBPROTOCOL).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let weak = Rc::downgrade(session);
        let mut on_open = with(weak.clone(), |session, ()| session.opened());
        let opened: Closure<dyn FnMut()> = Closure::new(move || on_open(()));
        let received: Closure<dyn FnMut(MessageEvent)> =
            Closure::new(with(weak.clone(), |session, event: MessageEvent| {
                if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() {
                    session.received(&Uint8Array::new(&buffer).to_vec());
                }
            }));
        let closed: Closure<dyn FnMut(CloseEvent)> =
            Closure::new(with(weak, |session, event: CloseEvent| session.closed(event.code())));
        socket.set_onopen(Some(Closure::as_ref(&opened).unchecked_ref()));
        socket.set_onmessage(Some(Closure::as_ref(&received).unchecked_ref()));
        socket.set_onclose(Some(Closure::as_ref(&closed).unchecked_ref()));
        Some(Self { socket, _opened: opened, _received: received, _closed: closed })
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
    }

    /// Sends a frame; what cannot be sent now is sent after the next connection, from the document.
    pub fn send(&self, frame: &[u8]) {
        if self.is_open() {
            let _ = self.socket.send_with_u8_array(frame);
        }
    }

    /// Closes it in order.
    pub fn close(&self) {
        let _ = self.socket.close();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.close();
    }
}

/// A handler that does nothing once the session is gone.
fn with<E>(session: Weak<Session>, act: impl Fn(&Rc<Session>, E) + 'static) -> impl FnMut(E) + 'static {
    move |event| {
        if let Some(session) = session.upgrade() {
            act(&session, event);
        }
    }
}
