//! The server's integration tests, in one binary.
#![allow(clippy::unwrap_used)]

mod rooms;
mod rooms_support;
mod sync;
