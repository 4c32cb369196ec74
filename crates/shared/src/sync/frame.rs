use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::reader::{Malformed, Reader, write_bytes, write_var_uint};
use crate::{
    api::MessageState,
    ids::{MessageId, RunId},
};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY_AWARENESS: u64 = 3;
const ACKED: u64 = 100;
const EPOCH: u64 = 101;
const REFUSED: u64 = 102;
const RUN: u64 = 103;

const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;

const DENIED: u64 = 0;

/// One message. Its bytes are neither checked nor copied: a state vector, an update or an awareness update has its
/// own reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A state vector: send me what I lack.
    Step1(&'a [u8]),
    /// An update: what you lack.
    Step2(&'a [u8]),
    /// An update: what has just happened.
    Update(&'a [u8]),
    /// An awareness update: who is here.
    Awareness(&'a [u8]),
    /// Send me who is here.
    QueryAwareness,
    /// Of y-protocols: access was denied, with a reason, or granted. Nothing of ours sends it.
    Auth(Option<&'a str>),
    /// Ours, from the server, first of all.
    Epoch(Epoch),
    /// Ours, from the server.
    Acked(Acked),
    /// Ours, from the server.
    Refused(Refused),
    /// Ours, from the server.
    Run(RunChanged),
}

/// Which generation of the document this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Rises when a document is replaced as a whole.
    pub epoch: i64,
}

/// Each update and SyncStep2 up to this one is committed, or was refused by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acked {
    /// Counts the updates and SyncStep2 of this connection from 1, empty ones too.
    pub acked: u64,
}

/// An update that was not taken: nothing of it is stored, nobody else sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which one, counted as in [`Acked`].
    pub refused: u64,
    /// For programs: `gap`, `behind_refusal`, `read_only`, `full`, `malformed`, or a rule's own.
    pub code: String,
    /// For people.
    pub why: String,
}

/// A reply of a model waits, is written or is over: the conversation's messages are others now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunChanged {
    /// What writes it.
    pub run: RunId,
    /// The reply.
    pub message: MessageId,
    /// How far it is.
    pub state: MessageState,
}

impl<'a> Frame<'a> {
    /// Reads the one message of a frame.
    ///
    /// # Errors
    /// An unknown type, a length beyond the end, or anything after the message.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let kind = reader.var_uint()?;
        let frame = match kind {
            SYNC => match reader.var_uint()? {
                STEP_1 => Self::Step1(reader.bytes()?),
                STEP_2 => Self::Step2(reader.bytes()?),
                UPDATE => Self::Update(reader.bytes()?),
                _ => return Err(reader.malformed("an unknown kind of sync message")),
            },
            AWARENESS => Self::Awareness(reader.bytes()?),
            AUTH => match reader.var_uint()? {
                DENIED => Self::Auth(Some(reader.text()?)),
                _ => Self::Auth(None),
            },
            QUERY_AWARENESS => Self::QueryAwareness,
            ACKED => Self::Acked(json(&mut reader)?),
            EPOCH => Self::Epoch(json(&mut reader)?),
            REFUSED => Self::Refused(json(&mut reader)?),
            RUN => Self::Run(json(&mut reader)?),
            _ => return Err(reader.malformed("an unknown kind of message")),
        };
        reader.end()?;
        Ok(frame)
    }

    /// The bytes of a frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Step1(state_vector) => sync(STEP_1, state_vector),
            Self::Step2(update) => sync(STEP_2, update),
            Self::Update(update) => sync(UPDATE, update),
            Self::Awareness(update) => tagged(&[AWARENESS], update),
            Self::QueryAwareness => vec![QUERY_AWARENESS as u8],
            Self::Auth(Some(reason)) => tagged(&[AUTH, DENIED], reason.as_bytes()),
            Self::Auth(None) => vec![AUTH as u8, 1],
            Self::Epoch(epoch) => ours(EPOCH, epoch),
            Self::Acked(acked) => ours(ACKED, acked),
            Self::Refused(refused) => ours(REFUSED, refused),
            Self::Run(run) => ours(RUN, run),
        }
    }
}

fn json<T: DeserializeOwned>(reader: &mut Reader<'_>) -> Result<T, Malformed> {
    let text = reader.text()?;
    serde_json::from_str(text).map_err(|_| reader.malformed("JSON of another shape"))
}

fn ours(kind: u64, payload: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(payload).expect("numbers and strings are always JSON");
    tagged(&[kind], &json)
}

fn sync(kind: u64, bytes: &[u8]) -> Vec<u8> {
    tagged(&[SYNC, kind], bytes)
}

fn tagged(tags: &[u64], bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 12);
    for &tag in tags {
        write_var_uint(&mut frame, tag);
    }
    write_bytes(&mut frame, bytes);
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use yrs::{
        StateVector,
        sync::{Message, SyncMessage},
        updates::{decoder::Decode, encoder::Encode},
    };

    use super::*;

    fn any_frame() -> impl Strategy<Value = (u8, Vec<u8>, String, u64)> {
        (0..10_u8, prop::collection::vec(any::<u8>(), 0..300), ".*", any::<u64>())
    }

    fn frame<'a>(kind: u8, bytes: &'a [u8], text: &'a str, number: u64) -> Frame<'a> {
        match kind {
            0 => Frame::Step1(bytes),
            1 => Frame::Step2(bytes),
            2 => Frame::Update(bytes),
            3 => Frame::Awareness(bytes),
            4 => Frame::QueryAwareness,
            5 => Frame::Auth(Some(text)),
            6 => Frame::Epoch(Epoch { epoch: (number >> 1) as i64 }),
            7 => Frame::Acked(Acked { acked: number }),
            8 => Frame::Run(RunChanged {
                run: RunId::from_uuid(uuid::Uuid::from_u64_pair(number, 7)),
                message: MessageId::from_uuid(uuid::Uuid::from_u64_pair(7, number)),
                state: MessageState::ALL[number as usize % MessageState::ALL.len()],
            }),
            _ => Frame::Refused(Refused { refused: number, code: "gap".into(), why: text.into() }),
        }
    }

    proptest! {
        #[test]
        fn a_frame_survives_its_bytes((kind, bytes, text, number) in any_frame()) {
            let frame = frame(kind, &bytes, &text, number);
            let encoded = frame.encode();
            prop_assert_eq!(Frame::decode(&encoded), Ok(frame));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Frame::decode(&bytes);
        }

        #[test]
        fn a_frame_cut_short_is_malformed((kind, bytes, text, number) in any_frame(), cut: prop::sample::Index) {
            let encoded = frame(kind, &bytes, &text, number).encode();
            prop_assert!(Frame::decode(&encoded[..cut.index(encoded.len())]).is_err());
        }

        #[test]
        fn yrs_reads_the_same_messages(bytes in prop::collection::vec(any::<u8>(), 0..300), reason in ".*") {
            let theirs = |frame: Frame<'_>| Message::decode_v1(&frame.encode()).unwrap();
            prop_assert_eq!(theirs(Frame::Step2(&bytes)), Message::Sync(SyncMessage::SyncStep2(bytes.clone())));
            prop_assert_eq!(theirs(Frame::Update(&bytes)), Message::Sync(SyncMessage::Update(bytes.clone())));
            prop_assert_eq!(theirs(Frame::Auth(Some(&reason))), Message::Auth(Some(reason.clone())));
            prop_assert_eq!(theirs(Frame::QueryAwareness), Message::AwarenessQuery);
        }

        #[test]
        fn what_yrs_writes_is_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let vector = StateVector::default().encode_v1();
            let encoded = Message::Sync(SyncMessage::SyncStep1(StateVector::default())).encode_v1();
            prop_assert_eq!(Frame::decode(&encoded), Ok(Frame::Step1(&vector)));
            let encoded = Message::Sync(SyncMessage::Update(bytes.clone())).encode_v1();
            prop_assert_eq!(Frame::decode(&encoded), Ok(Frame::Update(&bytes)));
        }
    }

    #[test]
    fn two_messages_in_one_frame_are_malformed() {
        let mut bytes = Frame::QueryAwareness.encode();
        bytes.extend(Frame::QueryAwareness.encode());
        assert!(Frame::decode(&bytes).is_err());
    }

    #[test]
    fn our_own_messages_are_a_number_and_json() {
        assert_eq!(Frame::Acked(Acked { acked: 7 }).encode(), b"\x64\x0b{\"acked\":7}");
        assert_eq!(Frame::Epoch(Epoch { epoch: 1 }).encode(), b"\x65\x0b{\"epoch\":1}");
    }
}
