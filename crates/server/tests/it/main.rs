//! The server's integration tests, in one binary.

mod rooms;
mod rooms_support;
mod sync;
