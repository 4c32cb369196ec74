//! What is known of the connection to the server.

use std::cell::Cell;

use shared::sync::CloseCode;

/// What is known of the connection.
#[derive(Default)]
pub struct Link {
    /// The generation of the document that this browser holds.
    pub epoch: Cell<Option<i64>>,
    /// The server's state has been taken in since the socket opened.
    pub synced: Cell<bool>,
    /// The server has asked what it lacks, so that updates may be sent one by one.
    pub greeted: Cell<bool>,
    /// How many updates and SyncStep2 went out since the socket opened.
    pub sent: Cell<u64>,
    /// How many of them are committed, or were refused by name.
    pub acked: Cell<u64>,
    /// The server did not take a change: this document holds what nobody else has, and is not saved.
    pub refused: Cell<bool>,
    /// How often in a row there was no connection.
    pub failures: Cell<u32>,
    /// Another try is due.
    pub retrying: Cell<bool>,
    /// The server has said that connecting again is useless.
    pub ended: Cell<bool>,
    /// When anything last came from the server, in milliseconds.
    pub heard: Cell<f64>,
}

/// Why the server wants nothing more of this page, in a few words.
pub fn explain(code: CloseCode) -> &'static str {
    match code {
        CloseCode::SignedOut => "Signed out: sign in again",
        CloseCode::NotFound => "No longer shared with you",
        CloseCode::Denied => "Your access has changed: reload",
        CloseCode::WrongEpoch => "Renewed on the server: reload",
        _ => "Not saved: reload the page",
    }
}
