//! Skeleton.

/// Rooms: one task per open conversation, its document and its people.
pub mod rooms;

/// The WebSocket of a conversation.
pub mod sync;
