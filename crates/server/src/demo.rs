//! What a new server shows, so that nobody's first page is empty.

/// The demo conversation's text.
pub mod conversation;
