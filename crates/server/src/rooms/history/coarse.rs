//! Long histories: older steps are made one.

use std::time::Duration;

use shared::{document::Changes, ids::ConversationId};
use sqlx::{
    PgPool,
    types::{Json, time::OffsetDateTime},
};

use crate::rooms::{
    past::{self, Rewoven},
    persistence::Failure,
    stacks::Stacks,
};

/// Bytes of a conversation's history at most, but for its newest steps and what they began with.
const MAX_BYTES: i64 = 16 << 20;

/// Steps of a conversation at most.
const MAX_STEPS: i64 = 1_000;

/// So many of the newest are never made one, as far as they have no more bytes than this.
const NEWEST: usize = 100;
const MAX_NEWEST_BYTES: i64 = MAX_BYTES / 2;

/// A step, without its bytes.
#[derive(Debug, Clone, Copy)]
struct Outline {
    number: i64,
    is_base: bool,
    is_named: bool,
    bytes: i64,
    began_at: OffsetDateTime,
    changes: Json<Changes>,
}

/// How much is made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    /// What was done within so long.
    Span(Duration),
    /// All up to the newest.
    All,
}

/// Bytes and steps that are left when there is room again.
const ENOUGH: (i64, i64) = (MAX_BYTES / 4 * 3, MAX_STEPS / 4 * 3);

const GRAINS: [Grain; 3] =
    [Grain::Span(Duration::from_secs(60 * 60)), Grain::Span(Duration::from_secs(24 * 60 * 60)), Grain::All];

/// Makes a history that has become too long coarser, until there is room again: first by the hour, then by the day. Then the
/// oldest generations go, each of which has a whole document to begin with, if these are what is too much; and at last what is
/// left is one step for each generation. Nobody who writes waits for it.
///
/// # Errors
/// The database's, or bytes that make no document.
pub async fn coarsen(db: &PgPool, stacks: &Stacks, conversation: ConversationId) -> Result<(), Failure> {
    if !is_over(db, conversation, (MAX_BYTES, MAX_STEPS)).await? {
        return Ok(());
    }
    for grain in GRAINS {
        if grain == Grain::All {
            drop_generations(db, conversation).await?;
        }
        let steps = outlines(db, conversation).await?;
        // Between two bases a row of steps is read once.
        let newest = newest(&steps);
        for row in steps.chunk_by(|_, next| !next.is_base) {
            let groups = groups(row, newest, grain);
            let ends = groups.iter().map(|group| (group[0].number, group[group.len() - 1].number)).collect();
            let woven = past::weave_groups(db, stacks, conversation, ends).await?;
            for (group, woven) in groups.iter().zip(&woven) {
                join(db, conversation, group, woven).await?;
            }
        }
        if !is_over(db, conversation, ENOUGH).await? {
            return Ok(());
        }
    }
    while is_over(db, conversation, ENOUGH).await? && past::drop_first_generation(db, conversation).await? {}
    Ok(())
}

/// Drops the oldest generations while there is too much in the documents that they begin with.
async fn drop_generations(db: &PgPool, conversation: ConversationId) -> sqlx::Result<()> {
    loop {
        let steps = outlines(db, conversation).await?;
        let bases: i64 = steps.iter().filter(|step| step.is_base).map(|step| step.bytes).sum();
        if bases <= ENOUGH.0 || !past::drop_first_generation(db, conversation).await? {
            return Ok(());
        }
    }
}

/// The number of the first of the newest steps.
fn newest(steps: &[Outline]) -> i64 {
    let (mut first, mut bytes) = (i64::MAX, 0);
    for step in steps.iter().rev().take(NEWEST) {
        bytes += step.bytes;
        if bytes > MAX_NEWEST_BYTES {
            break;
        }
        first = step.number;
    }
    first
}

async fn is_over(db: &PgPool, conversation: ConversationId, (bytes, steps): (i64, i64)) -> sqlx::Result<bool> {
    let is = sqlx::query_scalar!(
        r#"select coalesce(sum(octet_length(update)), 0) > $2 or count(*) > $3 as "is!"
           from history_steps
           where conversation_id = $1"#,
        conversation.uuid(),
        bytes,
        steps
    );
    is.fetch_one(db).await
}

async fn outlines(db: &PgPool, conversation: ConversationId) -> sqlx::Result<Vec<Outline>> {
    let rows = sqlx::query_as!(
        Outline,
        r#"select number, is_base, name is not null as "is_named!",
                  octet_length(update)::bigint as "bytes!", began_at, changes as "changes: Json<Changes>"
           from history_steps s
           where conversation_id = $1
           order by number"#,
        conversation.uuid()
    );
    rows.fetch_all(db).await
}

/// Which steps become one, of those before the newest: each group has two at least.
fn groups(steps: &[Outline], newest: i64, grain: Grain) -> Vec<Vec<Outline>> {
    let older = steps.iter().take_while(|step| step.number < newest);
    let mut groups: Vec<Vec<Outline>> = Vec::new();
    for step in older {
        let belongs = |group: &Vec<Outline>| {
            let ([first, ..], [.., last]) = (&group[..], &group[..]) else { return false };
            // A moment that has a name stays.
            !last.is_named
                && match grain {
                    Grain::Span(span) => !first.is_base && step.began_at - first.began_at <= span,
                    Grain::All => true,
                }
        };
        match groups.last_mut() {
            Some(group) if !step.is_base && belongs(group) => group.push(*step),
            _ => groups.push(vec![*step]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Makes these steps one that has the number of the last.
async fn join(db: &PgPool, conversation: ConversationId, group: &[Outline], woven: &Rewoven) -> Result<(), Failure> {
    let ([first, rest @ ..], [.., last]) = (group, group) else { return Ok(()) };
    let changes = rest.iter().fold(first.changes.0, |mut all, step| {
        all += step.changes.0;
        all
    });
    let mut txn = db.begin().await?;
    if !woven.put(&mut txn).await? {
        // A purge came in between.
        return Ok(());
    }
    let (id, first_number, last_number) = (conversation.uuid(), first.number, last.number);
    let named = sqlx::query_scalar!(
        r#"select exists (select from history_steps
                          where conversation_id = $1 and number >= $2 and number < $3 and name is not null) as "is!""#,
        id,
        first_number,
        last_number
    );
    if named.fetch_one(&mut *txn).await? {
        // Somebody gave one of them a name meanwhile.
        return Ok(());
    }
    sqlx::query!(
        "update history_steps
         set began_at = $3, is_base = $4, changes = $5
         where conversation_id = $1 and number = $2",
        id,
        last_number,
        first.began_at,
        first.is_base,
        Json(changes) as _
    )
    .execute(&mut *txn)
    .await?;
    sqlx::query!(
        "insert into history_authors (conversation_id, number, user_id)
         select conversation_id, $3, user_id
         from history_authors
         where conversation_id = $1 and number >= $2 and number < $3
         on conflict do nothing",
        id,
        first_number,
        last_number
    )
    .execute(&mut *txn)
    .await?;
    sqlx::query!(
        "delete from history_steps where conversation_id = $1 and number >= $2 and number < $3",
        id,
        first_number,
        last_number
    )
    .execute(&mut *txn)
    .await?;
    Ok(txn.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `b`: a base, `s`: a step, `n`: one with a name; ten minutes apart.
    fn joined(steps: &str, grain: Grain) -> Vec<(i64, i64)> {
        joined_before(steps, &"s".repeat(NEWEST), grain)
    }

    fn joined_before(steps: &str, newer: &str, grain: Grain) -> Vec<(i64, i64)> {
        let outline = |(at, letter): (usize, char)| Outline {
            number: at as i64 + 1,
            is_base: letter == 'b',
            is_named: letter == 'n',
            bytes: if letter == 'S' { MAX_NEWEST_BYTES } else { 1 },
            began_at: OffsetDateTime::from_unix_timestamp(at as i64 * 600).unwrap(),
            changes: Json::default(),
        };
        let steps: Vec<_> = steps.chars().chain(newer.chars()).enumerate().map(outline).collect();
        groups(&steps, newest(&steps), grain)
            .iter()
            .map(|group| (group[0].number, group[group.len() - 1].number))
            .collect()
    }

    #[test]
    fn older_steps_become_one_by_the_hour_and_by_the_day_and_at_last_all() {
        let hour = Grain::Span(Duration::from_secs(3_600));
        assert_eq!(joined("bsssssssss", hour), [(2, 8), (9, 10)]);
        assert_eq!(joined("bsssssbss", hour), [(2, 6), (8, 9)], "a base is an end");
        assert_eq!(joined("bsssssbss", Grain::All), [(1, 6), (7, 9)]);
        assert_eq!(joined("bsnssnns", hour), [(2, 3), (4, 6)], "what has a name is an end");
        assert_eq!(joined("bsnssnns", Grain::All), [(1, 3), (4, 6)]);
        assert_eq!(joined("", Grain::All), [], "the newest stay");
        assert_eq!(joined_before("bss", "Ssss", hour), [(2, 4)], "as far as they are not too large");
    }
}
