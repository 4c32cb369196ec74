//! All that the server and the browser agree on: ids, rights, canonical text and selectors, the document's schema,
//! sync frames and the typed API.
//!
//! This crate compiles native and to WASM and does no IO. What is computed here (a message's canonical text, where a
//! quote is found, whether a role may do a thing) is computed by the same code on both sides, so that the two cannot
//! disagree.

/// Messages of a conversation.
pub mod messages;

/// Typed identifiers.
pub mod ids;

/// What a person may do with one conversation.
pub mod access;

/// How far people agree about what they marked.
pub mod agreement;

/// Markdown to HTML and canonical text; units of offsets.
pub mod text;

/// Comments and notes to HTML.
pub mod prose;

/// Sorting, compiled once.
pub mod order;

/// Small letters, capitals, and what people see as one letter.
pub mod letters;

/// Targets of highlights: made from a selection, found again in a text.
pub mod selector;

/// The yrs document of one conversation: schema, commands, read-only picture, seed.
pub mod document;

/// Who may change what in a document.
pub mod rules;

/// Frames of the sync protocol.
pub mod sync;

/// The typed HTTP API.
pub mod api;
