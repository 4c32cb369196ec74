//! The log, cut into steps: what somebody did without a pause, or several who did it at once.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use shared::document::{Changes, Picture};
use sqlx::types::time::OffsetDateTime;
use uuid::Uuid;
use yrs::{Doc, ReadTxn, Transact, merge_updates_v1};

use super::{
    copies::{self, Corrupt},
    persistence::Stored,
};

/// After so long without a change another step begins.
const PAUSE: Duration = Duration::from_secs(2 * 60);

/// A step takes so long at most: whoever writes for an hour has done more than one thing.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Who writes again so soon after another has, writes at once with them.
const AT_ONCE: Duration = Duration::from_secs(30);

/// Bytes of updates in a step at most, but for a single one that is larger.
const MAX_BYTES: usize = 64 << 10;

/// What was done in one go.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Who and when.
    pub(super) span: Span,
    /// The number in the log of its last update.
    pub(super) seq: i64,
    /// All its updates as one.
    pub(super) update: Vec<u8>,
    /// What came of it.
    pub(super) changes: Changes,
}

/// Who wrote, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Nobody where the account is gone.
    pub(super) authors: BTreeSet<Uuid>,
    pub(super) began_at: OffsetDateTime,
    pub(super) ended_at: OffsetDateTime,
    pub(super) bytes: usize,
}

impl Span {
    /// Whether what comes next belongs to it.
    pub(super) fn takes(&self, next: &Self) -> bool {
        let is_together = self.authors.len() > 1 && next.began_at - self.ended_at <= AT_ONCE;
        (self.authors == next.authors || is_together)
            && next.began_at - self.ended_at <= PAUSE
            && next.ended_at - self.began_at <= LONGEST
            && self.bytes + next.bytes <= MAX_BYTES
    }

    /// Both as one.
    pub(super) fn join(&mut self, next: Self) {
        self.authors.extend(next.authors);
        // Clocks go back too.
        self.ended_at = self.ended_at.max(next.ended_at);
        self.bytes += next.bytes;
    }
}

/// Loads a document as [`copies::load`] does, and tells what was done to it on the way and what it says.
pub(super) fn load(read: &Stored) -> Result<(Doc, Vec<Step>, Picture), Corrupt> {
    let doc = copies::load(&read.state, &[])?;
    let mut picture = Picture::of(&doc);
    let rows = read.updates.iter().zip(&read.authors).zip(&read.written_at);
    let rows = rows.map(|((update, author), at)| Span {
        authors: author.iter().copied().collect(),
        began_at: *at,
        ended_at: *at,
        bytes: update.len(),
    });
    let mut steps = Vec::new();
    for (span, rows) in cut(rows) {
        let before = doc.transact().state_vector();
        let updates = &read.updates[rows.clone()];
        for update in updates {
            copies::apply(&doc, update)?;
        }
        let after = Picture::of(&doc);
        let update = match updates {
            [update] => update.clone(),
            _ => merge_updates_v1(updates).unwrap_or_else(|_| doc.transact().encode_diff_v1(&before)),
        };
        let changes = Changes::between(&picture, &after);
        steps.push(Step { span, seq: read.seq + rows.end as i64, update, changes });
        picture = after;
    }
    Ok((doc, steps, picture))
}

/// Which rows make a step together.
fn cut(rows: impl Iterator<Item = Span>) -> Vec<(Span, Range<usize>)> {
    let mut steps: Vec<(Span, Range<usize>)> = Vec::new();
    for (at, row) in rows.enumerate() {
        if let [.., (before, _), (last, _)] = &mut steps[..] {
            let is_back = !last.takes(&row)
                && before.authors.is_superset(&row.authors)
                && row.began_at - before.ended_at <= AT_ONCE
                && row.ended_at - before.began_at <= LONGEST
                && before.bytes + last.bytes + row.bytes <= MAX_BYTES;
            if is_back
                && let Some((last, _)) = steps.pop()
                && let Some((before, rows)) = steps.last_mut()
            {
                before.join(last);
                before.join(row);
                rows.end = at + 1;
                continue;
            }
        }
        match steps.last_mut() {
            Some((last, rows)) if last.takes(&row) => {
                last.join(row);
                rows.end = at + 1;
            }
            _ => steps.push((row, at..at + 1)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who wrote at which second, how many bytes; and how many rows stand in each step, and by how many people.
    fn steps(rows: &[(u128, i64, usize)]) -> Vec<(usize, usize)> {
        let row = |&(author, second, bytes): &(u128, i64, usize)| {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let authors = (author > 0).then(|| Uuid::from_u128(author)).into_iter().collect();
            Span { authors, began_at: at, ended_at: at, bytes }
        };
        let steps = cut(rows.iter().map(row));
        assert_eq!(steps.iter().map(|(_, rows)| rows.len()).sum::<usize>(), rows.len());
        assert!(steps.windows(2).all(|pair| pair[0].1.end == pair[1].1.start));
        steps.into_iter().map(|(span, rows)| (rows.len(), span.authors.len())).collect()
    }

    #[test]
    fn a_step_is_what_one_person_does_without_a_pause() {
        assert_eq!(steps(&[]), []);
        assert_eq!(steps(&[(1, 0, 9), (1, 120, 9), (1, 240, 9)]), [(3, 1)]);
        assert_eq!(steps(&[(1, 0, 9), (1, 121, 9)]), [(1, 1), (1, 1)], "a pause");
        assert_eq!(steps(&[(1, 0, 9), (2, 1, 9), (2, 2, 9)]), [(1, 1), (2, 1)], "another");
        assert_eq!(steps(&[(0, 0, 9), (0, 1, 9), (2, 2, 9)]), [(2, 0), (1, 1)], "somebody who is gone");
    }

    #[test]
    fn a_step_has_an_end() {
        let busy: Vec<_> = (0..=10).map(|minute| (1, minute * 60, 9)).collect();
        assert_eq!(steps(&busy), [(6, 1), (5, 1)], "five minutes");
        assert_eq!(
            steps(&[(1, 0, MAX_BYTES + 1), (1, 1, 9), (1, 2, MAX_BYTES - 9), (1, 3, 1)]),
            [(1, 1), (2, 1), (1, 1)]
        );
    }

    #[test]
    fn who_write_at_once_write_one_step() {
        let turns: Vec<_> = (0..20).map(|second| (1 + u128::from(second % 3 == 0), i64::from(second), 9)).collect();
        assert_eq!(steps(&turns), [(20, 2)]);
        assert_eq!(steps(&[(1, 0, 9), (2, 20, 9), (1, 30, 9)]), [(3, 2)]);
        assert_eq!(steps(&[(1, 0, 9), (2, 20, 9), (1, 31, 9)]), [(1, 1), (1, 1), (1, 1)], "in turn");
        assert_eq!(steps(&[(1, 0, 9), (2, 1, 9), (1, 2, 9), (3, 3, 9), (3, 40, 9)]), [(4, 3), (1, 1)]);
    }
}
