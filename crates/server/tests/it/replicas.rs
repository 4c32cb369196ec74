//! Replicas of three libraries (ours, stock Yjs, pycrdt) over a network and a server that fail: whatever happens, they
//! come to hold the same, and the database too.
//!
//! A run is a [`plan`], made from a seed or kept in `replicas/plans` because it once found something. Stock clients are
//! programs of their own (`end2end/clients`), driven over their standard input.

mod agreement;
mod cable;
mod child;
mod convergence;
mod dump;
mod edits;
mod examples;
mod generate;
mod held;
/// Programs that the tests start.
pub mod installed;
mod link;
mod own;
mod plan;
mod replica;
mod run;
mod stage;
mod stock;

use std::time::Duration;

/// Nothing takes this long, on the slowest machine, with seven programs at once; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(120);
