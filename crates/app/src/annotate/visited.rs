//! Which documents of visited conversations stay on a device.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::order::sorted_by;

/// Bytes of document states that are kept; those opened least recently go first.
pub const MAX_STATES: u64 = 128 << 20;

/// What is known of a kept state without reading it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Entry {
    /// In bytes.
    pub size: u64,
    /// When it was opened last, in milliseconds since 1970.
    pub at: f64,
}

/// Which states go: the oldest, until the rest is within the limit. Never `own`.
pub fn beyond(index: &BTreeMap<String, Entry>, own: &str) -> Vec<String> {
    let mut total: u64 = index.values().map(|entry| entry.size).sum();
    let others: Vec<_> = index.iter().filter(|(id, _)| *id != own).collect();
    let oldest = sorted_by(others, |(_, a), (_, b)| a.at.total_cmp(&b.at));
    let mut gone = Vec::new();
    for (id, entry) in oldest {
        if total <= MAX_STATES {
            break;
        }
        total -= entry.size;
        gone.push(id.clone());
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(entries: &[(&str, u64, f64)]) -> BTreeMap<String, Entry> {
        entries.iter().map(|(id, size, at)| ((*id).to_owned(), Entry { size: *size, at: *at })).collect()
    }

    #[test]
    fn what_just_fits_stays() {
        let all = index(&[("a", MAX_STATES / 2, 1.0), ("b", MAX_STATES / 2, 2.0)]);
        assert!(beyond(&all, "b").is_empty());
    }

    #[test]
    fn those_opened_longest_ago_go_and_no_more_than_must() {
        let third = MAX_STATES / 3 + 1;
        let all = index(&[("new", third, 4.0), ("old", third, 2.0), ("oldest", 1, 1.0), ("own", third, 3.0)]);
        assert_eq!(beyond(&all, "own"), ["oldest", "old"]);
    }

    #[test]
    fn the_open_one_stays_however_old_and_large_it_is() {
        let all = index(&[("own", 2 * MAX_STATES, 1.0), ("other", 1, 2.0)]);
        assert_eq!(beyond(&all, "own"), ["other"]);
        assert!(beyond(&index(&[("own", 2 * MAX_STATES, 1.0)]), "own").is_empty());
    }
}
