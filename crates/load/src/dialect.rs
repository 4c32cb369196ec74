use shared::sync::{Acked, Epoch, Frame, Refused};

use crate::edits::{bytes, uint};

/// The message of Hocuspocus that says whether an update was applied: 1 or 0.
const SYNC_STATUS: u64 = 8;
const HOCUSPOCUS_AUTH: u64 = 2;
const HOCUSPOCUS_TOKEN: u64 = 0;
const HOCUSPOCUS_PING: &[u8] = &[9];
const HOCUSPOCUS_PONG: &[u8] = &[10];
/// Sent after the token; servers adapt to old providers.
const PROVIDER_VERSION: &str = "4.8.0";

/// How a server frames the messages of y-protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    /// As they are: y-websocket, pycrdt-websocket, and ours.
    Plain,
    /// With the document's name before each, and a handshake of its own.
    Hocuspocus {
        /// The document's name.
        name: String,
    },
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<'a> {
    /// It asks what it lacks.
    Step1,
    /// The answer to our question, an update.
    Step2(&'a [u8]),
    /// Somebody's update, or several in one.
    Update(&'a [u8]),
    /// Presence.
    Awareness(&'a [u8]),
    /// Each update up to this one is committed (ours).
    Acked(u64),
    /// The oldest update that was not answered yet is applied, or not (Hocuspocus).
    Answered(bool),
    /// An update was refused (ours).
    Refused,
    /// We may not be here.
    Denied,
    /// Answer with these bytes.
    Ping(&'static [u8]),
    /// Nothing that matters here.
    Other,
    /// Not of the protocol.
    Malformed,
}

impl Dialect {
    /// What is to be sent before anything else.
    pub fn greeting(&self) -> Option<Vec<u8>> {
        let Self::Hocuspocus { .. } = self else { return None };
        let mut auth = Vec::new();
        uint(&mut auth, HOCUSPOCUS_AUTH);
        uint(&mut auth, HOCUSPOCUS_TOKEN);
        bytes(&mut auth, b"none");
        bytes(&mut auth, PROVIDER_VERSION.as_bytes());
        Some(self.wrap(&auth))
    }

    /// A frame's bytes on the wire.
    pub fn frame(&self, frame: &Frame<'_>) -> Vec<u8> {
        self.wrap(&frame.encode())
    }

    fn wrap(&self, frame: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => frame.to_vec(),
            Self::Hocuspocus { name } => {
                let mut wrapped = Vec::with_capacity(frame.len() + name.len() + 2);
                bytes(&mut wrapped, name.as_bytes());
                wrapped.extend_from_slice(frame);
                wrapped
            }
        }
    }

    /// Reads what came.
    pub fn hear<'a>(&self, message: &'a [u8]) -> Heard<'a> {
        match self {
            Self::Plain => plain(message),
            Self::Hocuspocus { .. } if message == HOCUSPOCUS_PING => Heard::Ping(HOCUSPOCUS_PONG),
            Self::Hocuspocus { name } => match after_name(message, name) {
                Some(rest) => hocuspocus(rest),
                None => Heard::Malformed,
            },
        }
    }
}

fn plain(message: &[u8]) -> Heard<'_> {
    match Frame::decode(message) {
        Ok(Frame::Step1(_)) => Heard::Step1,
        Ok(Frame::Step2(update)) => Heard::Step2(update),
        Ok(Frame::Update(update)) => Heard::Update(update),
        Ok(Frame::Awareness(update)) => Heard::Awareness(update),
        Ok(Frame::Acked(Acked { acked })) => Heard::Acked(acked),
        Ok(Frame::Refused(Refused { .. })) => Heard::Refused,
        Ok(Frame::Auth(Some(_))) => Heard::Denied,
        Ok(Frame::Auth(None) | Frame::QueryAwareness | Frame::Epoch(Epoch { .. }) | Frame::Run(_)) => Heard::Other,
        Err(_) => Heard::Malformed,
    }
}

/// After the name the kinds are those of y-protocols up to 2, and others of its own.
fn hocuspocus(message: &[u8]) -> Heard<'_> {
    match message.split_first() {
        Some((0 | 1, _)) => plain(message),
        Some((2, [0, ..])) => Heard::Denied,
        Some((kind, [status, ..])) if u64::from(*kind) == SYNC_STATUS => Heard::Answered(*status == 1),
        Some(_) => Heard::Other,
        None => Heard::Malformed,
    }
}

fn after_name<'a>(message: &'a [u8], name: &str) -> Option<&'a [u8]> {
    // Names here are far shorter than 128 bytes, so that their length is one byte.
    let (length, rest) = message.split_first()?;
    let (there, rest) = rest.split_at_checked(usize::from(*length))?;
    (there == name.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hocuspocus() -> Dialect {
        Dialect::Hocuspocus { name: "room-7".into() }
    }

    #[test]
    fn the_frames_of_hocuspocus_begin_with_the_documents_name() {
        let update = hocuspocus().frame(&Frame::Update(&[1, 2, 3]));
        assert_eq!(update, b"\x06room-7\x00\x02\x03\x01\x02\x03");
        assert_eq!(hocuspocus().hear(&update), Heard::Update(&[1, 2, 3]));
        assert_eq!(Dialect::Plain.frame(&Frame::Update(&[1, 2, 3])), b"\x00\x02\x03\x01\x02\x03");
    }

    #[test]
    fn hocuspocus_is_greeted_with_a_token_and_the_providers_version() {
        assert_eq!(hocuspocus().greeting().unwrap(), b"\x06room-7\x02\x00\x04none\x054.8.0");
        assert_eq!(Dialect::Plain.greeting(), None);
    }

    #[test]
    fn what_hocuspocus_says_of_its_own_is_understood() {
        assert_eq!(hocuspocus().hear(b"\x06room-7\x08\x01"), Heard::Answered(true));
        assert_eq!(hocuspocus().hear(b"\x06room-7\x08\x00"), Heard::Answered(false));
        assert_eq!(hocuspocus().hear(b"\x06room-7\x02\x02\x0aread-write"), Heard::Other);
        assert_eq!(hocuspocus().hear(b"\x06room-7\x02\x00\x02no"), Heard::Denied);
        assert_eq!(hocuspocus().hear(b"\x09"), Heard::Ping(b"\x0a"));
        assert_eq!(hocuspocus().hear(b"\x06room-7\x00\x00\x01\x00"), Heard::Step1);
    }

    #[test]
    fn a_message_for_another_document_is_not_taken_for_one_of_this() {
        assert_eq!(hocuspocus().hear(b"\x06room-8\x08\x01"), Heard::Malformed);
        assert_eq!(hocuspocus().hear(b"\x7froom-7\x08\x01"), Heard::Malformed);
    }

    #[test]
    fn our_own_messages_are_understood() {
        let acked = Frame::Acked(Acked { acked: 300 }).encode();
        assert_eq!(Dialect::Plain.hear(&acked), Heard::Acked(300));
        let refused = Frame::Refused(Refused { refused: 1, code: "gap".into(), why: "a gap".into() }).encode();
        assert_eq!(Dialect::Plain.hear(&refused), Heard::Refused);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            Dialect::Plain.hear(&bytes);
            hocuspocus().hear(&bytes);
        }
    }
}
