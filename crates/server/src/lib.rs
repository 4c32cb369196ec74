//! Skeleton.

/// Flags and environment, read once.
pub mod config;

/// Postgres: somebody's own, or a private one that the server runs.
pub mod database;

/// What a new server shows: one class, three people, one conversation.
pub mod demo;
