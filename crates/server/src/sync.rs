//! The WebSocket of a conversation: carries frames between a connection and its room.
//!
//! Who is at the other end has been found out before; an answer in the negative is said by closing, because stock
//! clients retry an HTTP refusal for ever.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use futures::{
    Sink, SinkExt, Stream, StreamExt,
    stream::{SplitSink, SplitStream},
};
use shared::{
    ids::ConversationId,
    sync::{CloseCode, MAX_TRANSPORT, SUBPROTOCOL},
};
use tokio::time::{Instant, interval_at, timeout};

use crate::rooms::{Member, Outbox, Outgoing, Rooms, Seat, Voice};

/// Frames are a little larger than what they carry.
const OVERHEAD: usize = 64 << 10;

/// A frame that takes longer to hand to the operating system is going nowhere.
const STUCK: Duration = Duration::from_secs(20);

/// Bytes that are read at once.
const READ_BUFFER: usize = 8 << 10;

/// Frames that wait together are handed to the operating system together, up to so many bytes. None waits for another.
const TOGETHER: usize = 32 << 10;

/// How often a ping asks whether anybody is still there. Browsers answer by themselves.
const PING: Duration = Duration::from_secs(20);

/// Silence after which nobody is: three pings unanswered.
const DEAD: Duration = Duration::from_secs(65);

/// How long the other end may take to answer a close. Somebody slow reads first what the operating system holds for
/// them; a connection that is dropped before is reset, and its code lost.
const GOODBYE: Duration = Duration::from_secs(20);

/// Sets the limits and the subprotocol of a connection that is about to be upgraded.
pub fn negotiate(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(MAX_TRANSPORT + OVERHEAD)
        .max_frame_size(MAX_TRANSPORT + OVERHEAD)
        // The library fills its read buffer with zeros before each attempt to read, and keeps it: small, for most
        // frames are.
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(TOGETHER)
}

/// What is read of a client that may not join, in bytes a frame: a state vector and presence. It is told so and not
/// listened to, so that strangers cannot make us hold megabytes.
const UNHEARD: usize = 256 << 10;

/// Sets the limits of a connection that is only told why it is closed.
pub fn hear_little(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.max_message_size(UNHEARD).max_frame_size(UNHEARD)
}

/// Whether the client offered our subprotocol, and so hears of acks and refusals. To be asked after [`negotiate`].
pub fn speaks_v1(upgrade: &WebSocketUpgrade) -> bool {
    upgrade.selected_protocol().is_some_and(|protocol| protocol.as_bytes() == SUBPROTOCOL.as_bytes())
}

/// Serves a connection until it ends. `who` says who it is, or why it may not be here.
pub async fn serve(socket: WebSocket, rooms: Rooms, who: Result<Member, CloseCode>, conversation: ConversationId) {
    let _open = rooms.socket();
    let (mut sink, mut stream) = socket.split();
    let code = match who {
        Err(code) => Some(code),
        Ok(member) => match rooms.join(conversation, member).await {
            Err(error) => Some(error.close_code()),
            Ok(seat) => talk(&mut sink, &mut stream, seat).await,
        },
    };
    rooms.closed(code);
    if let Some(code) = code {
        say_goodbye(&mut sink, &mut stream, code).await;
    }
}

/// Carries frames both ways. Returns the code to close with; `None` if nobody is there any more. The seat is left
/// when this ends, before the goodbye.
async fn talk(
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
    seat: Seat,
) -> Option<CloseCode> {
    let Seat { voice, outbox } = seat;
    tokio::select! {
        code = hear(stream, voice) => code,
        code = speak(sink, outbox) => code,
    }
}

async fn hear(
    stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    mut voice: Voice,
) -> Option<CloseCode> {
    loop {
        match timeout(DEAD, stream.next()).await {
            Ok(Some(Ok(Message::Binary(frame)))) => {
                if let Err(code) = voice.say(frame).await {
                    return Some(code);
                }
            }
            Ok(Some(Ok(Message::Text(_)))) => return Some(CloseCode::Malformed),
            // The library has answered it.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return None,
        }
    }
}

async fn speak(sink: &mut (impl Sink<Message> + Unpin), mut outbox: Outbox) -> Option<CloseCode> {
    let mut pings = interval_at(Instant::now() + PING, PING);
    loop {
        let message = tokio::select! {
            biased;
            outgoing = outbox.next() => match outgoing {
                Outgoing::Frame(frame) => Message::Binary(frame),
                Outgoing::Close(code) => return Some(code),
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
        };
        let (mut size, mut ready) = (message_size(&message), Vec::new());
        while let Some(frame) = if size < TOGETHER { outbox.ready() } else { None } {
            size += frame.len();
            ready.push(frame);
        }
        let sent = tokio::select! {
            sent = timeout(STUCK, send(sink, message, ready)) => matches!(sent, Ok(Ok(()))),
            // Nothing will be read any more: the room has given up on this reader.
            code = outbox.ended() => return Some(code),
        };
        if !sent {
            return None;
        }
    }
}

fn message_size(message: &Message) -> usize {
    if let Message::Binary(frame) = message { frame.len() } else { 0 }
}

/// Sends a message and the frames behind it with as few calls of the operating system as it takes.
async fn send<S: Sink<Message> + Unpin>(sink: &mut S, message: Message, behind: Vec<Bytes>) -> Result<(), S::Error> {
    sink.feed(message).await?;
    for frame in behind {
        sink.feed(Message::Binary(frame)).await?;
    }
    sink.flush().await
}

/// Sends the close and waits for its answer, so that it is not lost: a connection that is dropped with unread bytes
/// is reset.
async fn say_goodbye(
    sink: &mut (impl Sink<Message> + Unpin),
    stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    code: CloseCode,
) {
    let frame = CloseFrame { code: code.code(), reason: code.reason().into() };
    let goodbye = async {
        if sink.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    let _ = timeout(GOODBYE, goodbye).await;
}
