//! One binary for all integration tests: the real router and a real Postgres.
#![allow(
    clippy::unwrap_used,
    reason = "in a test that is how one fails; the lint knows test functions only, not their helpers"
)]

mod access;
mod conversations;
mod database;
mod hostile;
mod ledger;
mod memory;
mod metrics;
mod notices;
mod offline;
mod openapi;
mod replicas;
mod rooms;
mod rooms_support;
mod rules;
mod security;
mod storing;
mod support;
mod sync;
