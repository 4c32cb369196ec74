use std::{collections::VecDeque, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use shared::sync::Frame;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use crate::{
    dialect::{Dialect, Heard},
    target::Place,
    token,
};

/// A state vector, or an update, of nothing.
const EMPTY_VECTOR: &[u8] = &[0];
const EMPTY_UPDATE: &[u8] = &[0, 0];

const READ_BUFFER: usize = 8 << 10;

/// A server that has not answered by then will not.
const HANDSHAKE: Duration = Duration::from_secs(120);

/// A client in a room: connected, and given all that was there.
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    /// How its messages are framed.
    pub dialect: Dialect,
    acks: Acks,
    /// How many bytes of document it was given when it joined.
    pub given: usize,
    /// How many tokens were in it.
    pub tokens: usize,
    /// Updates of ours that the server refused.
    pub refused: u64,
}

/// When what was sent that has not been acknowledged yet. `None` is a message whose delay nobody wants to know.
#[derive(Debug, Default)]
struct Acks {
    waiting: VecDeque<Option<u64>>,
    counted: u64,
}

impl Acks {
    fn sent(&mut self, at: Option<u64>) {
        self.waiting.push_back(at);
    }

    /// All up to the `number`-th ever sent.
    fn up_to(&mut self, number: u64, mut acked: impl FnMut(u64)) {
        while self.counted < number {
            let Some(at) = self.waiting.pop_front() else { return };
            self.counted += 1;
            if let Some(at) = at {
                acked(at);
            }
        }
    }
}

impl Connection {
    /// Connects and joins: returns when the server has given all that was there. `wants_acks` offers the place's
    /// subprotocol, if it has one.
    pub async fn open(place: &Place, wants_acks: bool) -> Result<Self> {
        let joined = timeout(HANDSHAKE, async {
            let socket = connect(place, wants_acks).await?;
            let dialect = place.dialect.clone();
            let mut connection = Self { socket, dialect, acks: Acks::default(), given: 0, tokens: 0, refused: 0 };
            connection.join().await?;
            anyhow::Ok(connection)
        });
        joined.await.context("the server did not answer a handshake")?
    }

    async fn join(&mut self) -> Result<()> {
        if let Some(greeting) = self.dialect.greeting() {
            self.socket.send(Message::Binary(greeting.into())).await?;
        }
        self.say(&Frame::Step1(EMPTY_VECTOR)).await?;
        // Stock clients are in once their question is answered; whether the server has asked by then differs.
        let dialect = self.dialect.clone();
        loop {
            let message = self.receive().await?;
            let heard = dialect.hear(&message);
            self.answer(&heard).await?;
            if let Heard::Step2(update) = heard {
                self.given = update.len();
                token::find(update, |_| self.tokens += 1);
                return Ok(());
            }
        }
    }

    /// Sends an update. `at` is when it was written, if its ack is to be timed.
    pub async fn update(&mut self, update: &[u8], at: Option<u64>) -> Result<()> {
        self.acks.sent(at);
        self.say(&Frame::Update(update)).await
    }

    /// Sends presence.
    pub async fn presence(&mut self, update: &[u8]) -> Result<()> {
        self.say(&Frame::Awareness(update)).await
    }

    async fn say(&mut self, frame: &Frame<'_>) -> Result<()> {
        let frame = self.dialect.frame(frame);
        Ok(self.socket.send(Message::Binary(frame.into())).await?)
    }

    /// Answers what the protocol wants answered.
    ///
    /// # Errors
    /// The connection is closed, or the server said something that is none of the protocol.
    pub async fn answer(&mut self, heard: &Heard<'_>) -> Result<()> {
        match heard {
            Heard::Step1 => {
                self.acks.sent(None);
                self.say(&Frame::Step2(EMPTY_UPDATE)).await
            }
            Heard::Ping(pong) => Ok(self.socket.send(Message::Binary(Bytes::from_static(pong))).await?),
            Heard::Refused | Heard::Answered(false) => {
                self.refused += 1;
                Ok(())
            }
            Heard::Denied => bail!("the server does not let us in"),
            Heard::Malformed => bail!("the server sent something that is none of the protocol"),
            _ => Ok(()),
        }
    }

    /// Shows when each update was sent that a message acknowledges.
    pub fn acked(&mut self, heard: &Heard<'_>, each: impl FnMut(u64)) {
        match heard {
            Heard::Acked(number) => self.acks.up_to(*number, each),
            Heard::Answered(_) => self.acks.up_to(self.acks.counted + 1, each),
            _ => {}
        }
    }

    /// How many updates have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.acks.waiting.len()
    }

    /// Waits for the next message. Can be dropped while it waits.
    ///
    /// # Errors
    /// The connection is closed.
    pub async fn receive(&mut self) -> Result<Bytes> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Close(frame))) => bail!("closed by the server: {frame:?}"),
                // Pings are answered by the library.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("closed by the server"),
            }
        }
    }

    /// Says goodbye without waiting for the answer.
    pub async fn leave(mut self) {
        let _ = self.socket.close(None).await;
    }
}

async fn connect(place: &Place, wants_acks: bool) -> Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(place.address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{}{}", place.address, place.path).into_client_request()?;
    if let Some(subprotocol) = place.subprotocol.filter(|_| wants_acks) {
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    // The library fills its read buffer with zeros before each read: 128 KiB would be a quarter of our CPU.
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0);
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acks_are_cumulative_and_each_message_is_timed_once() {
        let mut acks = Acks::default();
        // The first is the answer to the server's question.
        for at in [None, Some(10), Some(20), Some(30)] {
            acks.sent(at);
        }
        let mut timed = Vec::new();
        for number in [1, 3, 3, 2, 4, 9] {
            acks.up_to(number, |at| timed.push((number, at)));
        }
        assert_eq!(timed, [(3, 10), (3, 20), (4, 30)]);
    }
}
