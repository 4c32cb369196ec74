//! WebSockets (RFC 6455): the upgrade, and a line on which one task reads and writes at once.
//!
//! A message is not copied on its way out: the bytes of a document that two hundred people join with are there once.
//! What is read is limited before its bytes are taken, and the limit may change from message to message.

use std::{
    pin::Pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::{Sink, Stream, future::poll_fn};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sha1_smol::Sha1;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_websockets::{CloseCode, Config, Error, Message, ServerBuilder, WebSocketStream};

/// Said by RFC 6455, 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Frames that wait together are handed to the operating system together, up to so many bytes. None waits for another.
pub const TOGETHER: usize = 32 << 10;

/// What is taken of a client that is told to go, in bytes a message, until it has heard it: a state vector, presence.
const FAREWELL: usize = 256 << 10;

/// A sender that was told to stop and says nothing for so long has stopped.
const QUIET: Duration = Duration::from_secs(3);

/// Bytes that are thrown away at once.
const WASTE: usize = 16 << 10;

/// A request to speak over a WebSocket. Anything else is answered with 426.
pub struct Upgrade {
    accept: HeaderValue,
    offered: Vec<String>,
    connection: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let headers = &parts.headers;
        let is_upgrade = parts.method == Method::GET
            && names(headers, header::CONNECTION).any(|name| name.eq_ignore_ascii_case("upgrade"))
            && names(headers, header::UPGRADE).any(|name| name.eq_ignore_ascii_case("websocket"))
            && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        let accept = headers.get(header::SEC_WEBSOCKET_KEY).and_then(accept);
        let offered = names(headers, header::SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect();
        match (is_upgrade, accept, parts.extensions.remove::<OnUpgrade>()) {
            (true, Some(accept), Some(connection)) => Ok(Self { accept, offered, connection }),
            _ => Err(no_upgrade()),
        }
    }
}

impl Upgrade {
    /// Whether the client offered to speak `subprotocol`.
    pub fn offers(&self, subprotocol: &str) -> bool {
        self.offered.iter().any(|offered| offered == subprotocol)
    }

    /// Accepts, speaking `subprotocol` if there is one, and hands the line over when it stands.
    pub fn accept<F: Future<Output = ()> + Send>(
        self,
        subprotocol: Option<&'static str>,
        speak: impl FnOnce(Line) -> F + Send + 'static,
    ) -> Response {
        let Self { accept, connection, .. } = self;
        tokio::spawn(async move {
            match connection.await {
                Ok(connection) => speak(Line::new(connection)).await,
                Err(error) => tracing::debug!(%error, "no upgrade"),
            }
        });
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(subprotocol) = subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        response
    }
}

fn names(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    let mut digest = Sha1::new();
    digest.update(key.as_bytes());
    digest.update(GUID);
    HeaderValue::try_from(BASE64_STANDARD.encode(digest.digest().bytes())).ok()
}

fn no_upgrade() -> Response {
    let headers = [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")];
    (StatusCode::UPGRADE_REQUIRED, headers, "This address speaks WebSocket only.\n").into_response()
}

type Connection = TokioIo<Upgraded>;
type Socket = WebSocketStream<Connection>;

/// A WebSocket on which one task waits for messages and sends them at once. Pings are answered while it is read.
pub struct Line {
    /// Never waited for: there is one task.
    socket: Mutex<Socket>,
    /// Whether messages may have been sent in part.
    is_sending: AtomicBool,
    /// Whether reading ended with [`Silence::TooLarge`].
    is_choked: AtomicBool,
}

/// Why nothing more can be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// The other end closed, broke off, or broke RFC 6455.
    Over,
    /// The next message is beyond the limit, and was not taken.
    TooLarge,
}

impl Line {
    fn new(connection: Upgraded) -> Self {
        let config = Config::default().frame_size(usize::MAX).flush_threshold(TOGETHER);
        let socket = ServerBuilder::new().config(config).serve(TokioIo::new(connection));
        Self { socket: Mutex::new(socket), is_sending: AtomicBool::new(false), is_choked: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, Socket> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn poll<T>(&self, mut poll: impl FnMut(Pin<&mut Socket>, &mut Context<'_>) -> Poll<T>) -> T {
        poll_fn(|cx| poll(Pin::new(&mut *self.lock()), cx)).await
    }

    /// Waits for a message of at most `limit` bytes, which is asked whenever some have come. May be dropped and asked again.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn next(&self, limit: impl Fn() -> usize) -> Result<Message, Silence> {
        let next = self.poll(|mut socket, cx| {
            socket.limits_mut().set_max_payload_len(Some(limit()));
            socket.poll_next(cx)
        });
        match next.await {
            Some(Ok(message)) => Ok(message),
            Some(Err(Error::PayloadTooLong { .. })) => {
                self.is_choked.store(true, Ordering::Relaxed);
                Err(Silence::TooLarge)
            }
            // What the library has to say to an error is sent when it is asked once more.
            Some(Err(_)) => {
                self.poll(Stream::poll_next).await;
                Err(Silence::Over)
            }
            None => Err(Silence::Over),
        }
    }

    /// Sends messages in order, with as few calls of the operating system as it takes.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&self, messages: impl IntoIterator<Item = Message>) -> Result<(), Error> {
        self.is_sending.store(true, Ordering::Relaxed);
        for message in messages {
            self.poll(Sink::poll_ready).await?;
            Pin::new(&mut *self.lock()).start_send(message)?;
        }
        self.poll(Sink::poll_flush).await?;
        self.is_sending.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Closes with a code, and waits until the other end has heard it: a connection that is dropped with unread bytes is
    /// reset, and the code lost. What still comes is thrown away.
    ///
    /// # Errors
    /// The connection broke before.
    pub async fn close(mut self, code: u16, reason: &str) -> Result<(), Error> {
        let close = CloseCode::try_from(code).map(|code| Message::close(Some(code), reason))?;
        if self.is_choked.load(Ordering::Relaxed) {
            self.refuse(&close).await?;
        } else {
            self.send([close]).await?;
            while self.next(|| FAREWELL).await.is_ok() {}
            if !self.is_choked.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        drain(self.into_inner()).await
    }

    /// Closes while a message comes that is too large: the library has queued a code of its own (1009) for that.
    async fn refuse(&mut self, close: &Message) -> Result<(), Error> {
        if self.is_sending.load(Ordering::Relaxed) {
            // Nothing fits between the parts of a message; its end and the library's code follow together.
            return self.poll(Sink::poll_flush).await;
        }
        let payload = close.as_payload();
        // A final close frame; its payload has at most 125 bytes (5.2 and 5.5).
        let frame = [&[0x88, payload.len() as u8], &payload[..]].concat();
        let connection = self.socket.get_mut().unwrap_or_else(PoisonError::into_inner).get_mut();
        connection.write_all(&frame).await?;
        connection.flush().await?;
        Ok(())
    }

    fn into_inner(self) -> Connection {
        self.socket.into_inner().unwrap_or_else(PoisonError::into_inner).into_inner()
    }
}

/// Says that nothing follows, and throws away what comes until the other end stops.
async fn drain(mut connection: Connection) -> Result<(), Error> {
    connection.shutdown().await?;
    let mut waste = vec![0; WASTE];
    while let Ok(Ok(1..)) = timeout(QUIET, connection.read(&mut waste)).await {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered_as_the_example_of_the_rfc_does() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[tokio::test]
    async fn what_is_no_upgrade_is_told_what_is_spoken_here() {
        let full = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for missing in 0..full.len() {
            let headers = full.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, header)| header);
            let request = headers.fold(http::Request::get("/"), |request, (name, value)| request.header(*name, *value));
            let mut parts = request.body(()).unwrap().into_parts().0;
            let refused = Upgrade::from_request_parts(&mut parts, &()).await.err().unwrap();
            assert_eq!(refused.status(), StatusCode::UPGRADE_REQUIRED, "without {}", full[missing].0);
            assert_eq!(refused.headers()[header::UPGRADE], "websocket");
        }
    }
}
