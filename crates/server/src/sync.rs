//! The WebSocket of a conversation: carries frames between a connection and its room.
//!
//! Who is at the other end has been found out before; an answer in the negative is said by closing, because stock
//! clients retry an HTTP refusal for ever.

use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use shared::{
    ids::ConversationId,
    sync::{CloseCode, SUBPROTOCOL},
};
use tokio::time::{Instant, interval_at, timeout};
use tokio_websockets::Message;

use crate::{
    rooms::{Member, Outbox, Outgoing, Rooms, Seat, Voice},
    socket::{Line, Silence, TOGETHER, Upgrade},
};

/// A frame that takes longer to hand to the operating system is going nowhere.
const STUCK: Duration = Duration::from_secs(20);

/// How often a ping asks whether anybody is still there. Browsers answer by themselves.
const PING: Duration = Duration::from_secs(20);

/// Silence after which nobody is: three pings unanswered.
const DEAD: Duration = Duration::from_secs(65);

/// How long the other end may take to answer a close. Somebody slow reads first what the operating system holds for
/// them; a connection that is dropped before is reset, and its code lost.
const GOODBYE: Duration = Duration::from_secs(20);

/// Whether the client offered our subprotocol, and so hears of acks and refusals.
pub fn speaks_v1(upgrade: &Upgrade) -> bool {
    upgrade.offers(SUBPROTOCOL)
}

/// Upgrades, and serves the connection until it ends. `who` says who it is, or why it may not be here.
pub fn serve(upgrade: Upgrade, rooms: Rooms, who: Result<Member, CloseCode>, conversation: ConversationId) -> Response {
    let subprotocol = speaks_v1(&upgrade).then_some(SUBPROTOCOL);
    upgrade.accept(subprotocol, move |line| attend(line, rooms, who, conversation))
}

async fn attend(line: Line, rooms: Rooms, who: Result<Member, CloseCode>, conversation: ConversationId) {
    let _open = rooms.socket();
    let code = match who {
        Err(code) => Some(code),
        Ok(member) => match rooms.join(conversation, member).await {
            Err(error) => Some(error.close_code()),
            Ok(seat) => talk(&line, seat).await,
        },
    };
    rooms.closed(code);
    if let Some(code) = code {
        let _ = timeout(GOODBYE, line.close(code.code(), code.reason())).await;
    }
}

/// Carries frames both ways. Returns the code to close with; `None` if nobody is there any more. The seat is left
/// when this ends, before the goodbye.
async fn talk(line: &Line, seat: Seat) -> Option<CloseCode> {
    let Seat { voice, outbox } = seat;
    tokio::select! {
        code = hear(line, voice) => code,
        code = speak(line, outbox) => code,
    }
}

async fn hear(line: &Line, mut voice: Voice) -> Option<CloseCode> {
    loop {
        match timeout(DEAD, line.next(|| voice.limit())).await {
            Ok(Ok(message)) if message.is_binary() => {
                if let Err(code) = voice.say(message.into_payload().into()).await {
                    return Some(code);
                }
            }
            Ok(Ok(message)) if message.is_text() => return Some(CloseCode::Malformed),
            // Pings are answered; a close is followed by silence.
            Ok(Ok(_)) => {}
            Ok(Err(Silence::TooLarge)) => return Some(CloseCode::TooLarge),
            Ok(Err(Silence::Over)) | Err(_) => return None,
        }
    }
}

async fn speak(line: &Line, mut outbox: Outbox) -> Option<CloseCode> {
    let mut pings = interval_at(Instant::now() + PING, PING);
    loop {
        let first = tokio::select! {
            biased;
            outgoing = outbox.next() => match outgoing {
                Outgoing::Frame(frame) => Message::binary(frame),
                Outgoing::Close(code) => return Some(code),
            },
            _ = pings.tick() => Message::ping(Bytes::new()),
        };
        let mut size = first.as_payload().len();
        let mut messages = vec![first];
        while let Some(frame) = if size < TOGETHER { outbox.ready() } else { None } {
            size += frame.len();
            messages.push(Message::binary(frame));
        }
        let sent = tokio::select! {
            sent = timeout(STUCK, line.send(messages)) => matches!(sent, Ok(Ok(()))),
            // Nothing will be read any more: the room has given up on this reader.
            code = outbox.ended() => return Some(code),
        };
        if !sent {
            return None;
        }
    }
}
