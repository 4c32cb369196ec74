//! What is to happen in one run, written down whole, so that it can be kept and done again.
//!
//! The ids of people (`@student-1`), messages (`@message-0`) and seeded tags (`@tag-0`) differ from run to run and are
//! put in then.

use serde::{Deserialize, Serialize};

use super::{edits::Edit, link::Arrival, replica::Library};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub seed: u64,
    pub replicas: Vec<Role>,
    pub steps: Vec<Step>,
}

/// One replica: its library, whose it is, and its Yjs client id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub library: Library,
    /// A place in [`super::stage::PEOPLE`].
    pub person: usize,
    pub client: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    Edit {
        replica: usize,
        edit: Edit,
    },
    /// The update reaches the server twice.
    Repeat {
        replica: usize,
        edit: Edit,
    },
    /// The updates reach the server in this order.
    Shuffle {
        replica: usize,
        edits: Vec<Edit>,
        order: Vec<usize>,
    },
    /// The connection breaks.
    Cut {
        replica: usize,
    },
    /// It is made again; with `resend`, what was not acknowledged is sent again as it was (by replicas of ours).
    Join {
        replica: usize,
        resend: bool,
    },
    /// Nothing arrives at either end.
    Hold {
        replica: usize,
    },
    /// All that was held arrives.
    Release {
        replica: usize,
        arrival: Arrival,
    },
    /// The server stops in order.
    Stop,
    /// The server is killed.
    Kill,
    /// The server starts again.
    Start,
    /// The log is compacted.
    Snapshot,
    /// All who are connected come to hold the same, without connecting again.
    Settle,
}
