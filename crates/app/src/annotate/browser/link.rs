//! What is known of the connection to the server.

use std::cell::{Cell, RefCell};

use shared::sync::CloseCode;

use crate::annotate::away::Absence;

/// Whether the server lacks something that one's own changes build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gap {
    /// As far as is known it does not.
    #[default]
    None,
    /// It does: the next answer to it is everything that it lacks.
    Found,
    /// Everything was sent with this number.
    Filling(u64),
}

/// What is known of the connection.
#[derive(Default)]
pub struct Link {
    /// The generation of the document that this browser holds.
    pub epoch: Cell<Option<i64>>,
    /// What the document holds is known, from the server or from this device.
    pub known: Cell<bool>,
    /// The server's state has been taken in since the socket opened.
    pub synced: Cell<bool>,
    /// The server has asked what it lacks, so that updates may be sent one by one.
    pub greeted: Cell<bool>,
    /// How many updates and SyncStep2 went out since the socket opened.
    pub sent: Cell<u64>,
    /// How many of them are committed, or were refused by name.
    pub acked: Cell<u64>,
    /// How often in a row there was no connection.
    pub failures: Cell<u32>,
    /// Another try is due.
    pub retrying: Cell<bool>,
    /// The server has said that connecting again is useless, and why.
    pub ended: Cell<Option<CloseCode>>,
    /// When the document was last as the server had it, in milliseconds since 1970; nothing while it is.
    pub lost_at: Cell<Option<f64>>,
    /// What happened in an absence: told when all is saved.
    pub absence: RefCell<Option<Absence>>,
    /// When anything last came from the server, in milliseconds.
    pub heard: Cell<f64>,
    /// Whether the server lacks something.
    pub gap: Cell<Gap>,
    /// The document is to be taken afresh as soon as it is known what became of all that was sent.
    pub renewal: Cell<bool>,
    /// The document that is being taken is of another generation.
    pub replaced: Cell<bool>,
    /// Something was taken over that was made on another text: it is done again where its words are.
    pub carries: Cell<bool>,
    /// The number of the text that is there, as it was told since the document was replaced.
    pub told: Cell<Option<i32>>,
    /// That is being asked.
    pub asking: Cell<bool>,
    /// The page is about to be loaded anew.
    pub leaving: Cell<bool>,
    /// How many sockets there were.
    pub sockets: Cell<u64>,
}

impl Link {
    /// Whether connecting again may be of use. Who was signed out may have signed in again, in another tab.
    pub fn may_retry(&self) -> bool {
        matches!(self.ended.get(), None | Some(CloseCode::SignedOut))
    }
}

/// Why the server wants nothing more of this page, in a few words.
pub fn explain(code: CloseCode) -> &'static str {
    match code {
        CloseCode::SignedOut => "Signed out: sign in again",
        CloseCode::NotFound | CloseCode::Denied => "Your access has ended",
        _ => "Not saved: reload the page",
    }
}
