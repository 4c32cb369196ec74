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

/// So many of the newest are never made one.
const NEWEST: usize = 100;

/// A step, without its bytes.
#[derive(Debug, Clone, Copy)]
struct Outline {
    number: i64,
    is_base: bool,
    is_named: bool,
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

const GRAINS: [Grain; 3] =
    [Grain::Span(Duration::from_secs(60 * 60)), Grain::Span(Duration::from_secs(24 * 60 * 60)), Grain::All];

/// Makes a history that has become too long coarser, until there is room again. Nobody who writes waits for it.
///
/// # Errors
/// The database's, or bytes that make no document.
pub async fn coarsen(db: &PgPool, stacks: &Stacks, conversation: ConversationId) -> Result<(), Failure> {
    if !is_over(db, conversation, (MAX_BYTES, MAX_STEPS)).await? {
        return Ok(());
    }
    for grain in GRAINS {
        let steps = outlines(db, conversation).await?;
        // Between two bases a row of steps is read once.
        for row in steps.chunk_by(|_, next| !next.is_base) {
            let newer = steps.iter().filter(|step| step.number > row[row.len() - 1].number).count();
            let groups = groups(row, NEWEST.saturating_sub(newer), grain);
            let ends = groups.iter().map(|group| (group[0].number, group[group.len() - 1].number)).collect();
            let woven = past::weave_groups(db, stacks, conversation, ends).await?;
            for (group, woven) in groups.iter().zip(&woven) {
                join(db, conversation, group, woven).await?;
            }
        }
        if !is_over(db, conversation, (MAX_BYTES / 4 * 3, MAX_STEPS / 4 * 3)).await? {
            return Ok(());
        }
    }
    // Each generation of a large document has a base of its own.
    Ok(past::drop_before_last_base(db, conversation).await?)
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
        r#"select number, is_base, name is not null as "is_named!", began_at, changes as "changes: Json<Changes>"
           from history_steps s
           where conversation_id = $1
           order by number"#,
        conversation.uuid()
    );
    rows.fetch_all(db).await
}

/// Which steps become one, but for so many of the newest: each group has two at least.
fn groups(steps: &[Outline], newest: usize, grain: Grain) -> Vec<Vec<Outline>> {
    let older = &steps[..steps.len().saturating_sub(newest)];
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
        Json(if first.is_base { first.changes.0 } else { changes }) as _
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
        let newest = std::iter::repeat_n('s', NEWEST);
        let outline = |(at, letter): (usize, char)| Outline {
            number: at as i64 + 1,
            is_base: letter == 'b',
            is_named: letter == 'n',
            began_at: OffsetDateTime::from_unix_timestamp(at as i64 * 600).unwrap(),
            changes: Json::default(),
        };
        let steps: Vec<_> = steps.chars().chain(newest).enumerate().map(outline).collect();
        groups(&steps, NEWEST, grain).iter().map(|group| (group[0].number, group[group.len() - 1].number)).collect()
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
    }
}
