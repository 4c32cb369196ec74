//! Frames of the sync protocol: y-protocols as stock Yjs clients speak it, and three messages of our own.
//!
//! A connection carries one message a frame. Everything here reads bytes that anybody may have sent, in the browser
//! too: lengths are compared with what is left before anything is taken or allocated, and no sum can overflow on
//! 32 bits.

/// Presence: entries of an awareness update.
pub mod awareness;

/// Why a connection was closed.
pub mod close;

/// One message of the protocol.
pub mod frame;

/// The linear scan that every update passes before a CRDT library sees it.
pub mod prescan;

pub(crate) mod reader;

pub use close::CloseCode;
pub use frame::{Acked, Epoch, Frame, Refused, RunChanged};
pub use reader::Malformed;

/// The WebSocket subprotocol of clients that understand [`Epoch`], [`Acked`], [`Refused`] and [`RunChanged`].
pub const SUBPROTOCOL: &str = "promptgrimoire.v1";

/// The largest frame, in bytes.
pub const MAX_FRAME: usize = 1 << 20;

/// The largest first answer to the server's SyncStep1, in bytes: all that somebody wrote offline.
pub const MAX_FIRST_ANSWER: usize = 8 << 20;

/// The largest state of one person's presence, in bytes of JSON.
pub const MAX_AWARENESS_STATE: usize = 4 << 10;

/// How often a person's presence is relayed in a second, at most.
pub const MAX_AWARENESS_PER_SECOND: u32 = 20;

/// The largest compacted document, in bytes.
pub const MAX_DOCUMENT: usize = 8 << 20;

/// How many updates in a row may lack what they build on before the connection is closed.
pub const MAX_GAPS: u32 = 5;

/// Yjs client ids are below this: JavaScript counts exactly up to here.
pub const MAX_CLIENT_ID: u64 = 1 << 53;
