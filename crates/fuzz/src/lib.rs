//! What must hold for bytes that anybody may send.
//!
//! Each module checks one kind of input, as the server and the browser meet it: the pre-scan first, and yrs only with
//! what has passed it. A check that does not hold panics. `fuzz_targets/` gives each to libFuzzer, `corpus/` keeps a small
//! set of inputs for each, and `cargo xtask fuzz` runs them.

/// Presence.
pub mod awareness;

/// One message of the protocol.
pub mod frame;

/// Updates that yrs has made, and what becomes of them when a few bytes change.
pub mod rich;

/// What somebody makes of another's annotations.
pub mod rules;

/// What a client says that it has.
pub mod state_vector;

/// Updates of any bytes.
pub mod update;

mod changes;
mod kin;
mod memory;
mod seeded;
mod words;
