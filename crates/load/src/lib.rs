//! A load generator for sync servers, ours and others that speak the y-websocket protocol; and for replies of models
//! ([`chat`]).
//!
//! It is a process of its own, started by `cargo xtask bench`, which also starts the servers. Clients are cheap:
//! they hold no document, write updates by hand ([`edits`]) and look for [`token`]s in what they hear. A token says who
//! wrote it, the how many-th it is, and when. So every delivery is counted and timed, what is missing is known by name,
//! and a generator that cannot keep up says so instead of flattering the server. A real y-websocket client in Node
//! ([`witness`]) listens as well, and its figures stand beside ours.

/// The time that all processes of this machine agree on.
pub mod clock;

/// What a message carries to be counted and timed.
pub mod token;

/// Updates and presence, written by hand.
pub mod edits;

/// How servers frame the protocol.
pub mod dialect;

/// One WebSocket connection.
pub mod connection;

/// Which server, and where its rooms are.
pub mod target;

/// When each writer writes.
pub mod timetable;

/// What was heard, and what was not.
pub mod tally;

/// How long things took.
pub mod delays;

/// CPU time and memory of processes.
pub mod processes;

/// A real client that counts too.
pub mod witness;

/// Preparing our own server: signing in, making rooms.
pub mod ours;

/// The loads.
pub mod loads;

/// Replies of models, many at once.
pub mod chat;

/// Search among many conversations.
pub mod search;

/// What a run came to, as it is written to a file.
pub mod outcome;

/// Tables, ratios and budgets.
pub mod report;

/// The machine that all of it was measured on.
pub mod machine;
