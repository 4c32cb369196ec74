//! The rows of a document's history: what snapshots take out of the log goes here, in the same transaction.
//!
//! A row of steps begins with a base, all of the document, and goes on with what came since. When it becomes long, older
//! steps are made one: of an hour, of a day, at last all but the newest.

use std::collections::BTreeSet;

use shared::{
    document::Changes,
    ids::{ConversationId, UserId},
};
use sqlx::{
    PgConnection,
    types::{Json, time::OffsetDateTime},
};
use uuid::Uuid;
use yrs::merge_updates_v1;

use super::steps::{Span, Step};

mod coarse;

pub(super) use coarse::coarsen;

/// Up to where a document's updates have become steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub(super) conversation: ConversationId,
    pub(super) epoch: i64,
    pub(super) seq: i64,
}

/// The last step of a history.
struct Last {
    number: i64,
    epoch: i64,
    seq: i64,
    is_base: bool,
    span: Span,
    changes: Changes,
}

/// Keeps steps behind those that reach to `reached`; if none do, behind `state`, which the steps were made on.
///
/// # Errors
/// The database's.
pub(super) async fn keep(conn: &mut PgConnection, reached: Reached, state: &[u8], steps: &[Step]) -> sqlx::Result<()> {
    let [first, others @ ..] = steps else { return Ok(()) };
    let last = last(conn, reached.conversation).await?;
    let mut number = last.as_ref().map_or(1, |last| last.number + 1);
    match last.filter(|last| (last.epoch, last.seq) == (reached.epoch, reached.seq)) {
        Some(last) if !last.is_base && last.span.takes(&first.span) => {
            if lengthen(conn, reached, last, first).await? {
                number -= 1;
            } else {
                insert(conn, reached, number, false, first).await?;
            }
        }
        Some(_) => insert(conn, reached, number, false, first).await?,
        None => {
            let at = first.span.began_at;
            let span = Span { authors: BTreeSet::new(), began_at: at, ended_at: at, bytes: state.len() };
            let base = Step { span, seq: reached.seq, update: state.to_vec(), changes: Changes::default() };
            insert(conn, reached, number, true, &base).await?;
            number += 1;
            insert(conn, reached, number, false, first).await?;
        }
    }
    for step in others {
        number += 1;
        insert(conn, reached, number, false, step).await?;
    }
    Ok(())
}

/// Begins a row of steps anew with a document that somebody, or the server, has put into the place of the one before.
///
/// # Errors
/// The database's.
pub(super) async fn begin(
    conn: &mut PgConnection,
    reached: Reached,
    state: &[u8],
    by: Option<UserId>,
    changes: &Changes,
) -> sqlx::Result<()> {
    let number = last(conn, reached.conversation).await?.map_or(1, |last| last.number + 1);
    // The moment from which another text is there too, where this comes with one.
    let at: OffsetDateTime = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&mut *conn).await?;
    let authors = by.map(UserId::uuid).into_iter().collect();
    let span = Span { authors, began_at: at, ended_at: at, bytes: state.len() };
    let base = Step { span, seq: reached.seq, update: state.to_vec(), changes: *changes };
    insert(conn, reached, number, true, &base).await
}

/// Forgets all steps of a document: they say who wrote under names that are no longer to be known.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut PgConnection, conversation: ConversationId) -> sqlx::Result<()> {
    sqlx::query!("delete from history_steps where conversation_id = $1", conversation.uuid()).execute(conn).await?;
    Ok(())
}

async fn last(conn: &mut PgConnection, conversation: ConversationId) -> sqlx::Result<Option<Last>> {
    let row = sqlx::query!(
        r#"select number, epoch, seq, is_base, began_at, ended_at, octet_length(update) as "bytes!",
                  changes as "changes: Json<Changes>",
                  array(select a.user_id
                        from history_authors a
                        where a.conversation_id = s.conversation_id and a.number = s.number) as "authors!"
           from history_steps s
           where conversation_id = $1
           order by number desc
           limit 1"#,
        conversation.uuid()
    );
    Ok(row.fetch_optional(conn).await?.map(|row| Last {
        number: row.number,
        epoch: row.epoch,
        seq: row.seq,
        is_base: row.is_base,
        span: Span {
            authors: row.authors.into_iter().collect(),
            began_at: row.began_at,
            ended_at: row.ended_at,
            bytes: usize::try_from(row.bytes).unwrap_or(usize::MAX),
        },
        changes: row.changes.0,
    }))
}

/// Takes a step into the one before; `false` if that has a name, or their bytes cannot be made one.
async fn lengthen(conn: &mut PgConnection, of: Reached, mut last: Last, step: &Step) -> sqlx::Result<bool> {
    let before = sqlx::query_scalar!(
        "select update from history_steps where conversation_id = $1 and number = $2",
        of.conversation.uuid(),
        last.number
    );
    let before = before.fetch_one(&mut *conn).await?;
    let Ok(update) = merge_updates_v1([&before, &step.update]) else { return Ok(false) };
    last.span.join(step.span.clone());
    last.changes += step.changes;
    // A moment that somebody named stays what it was, also where they do so at this moment.
    let longer = sqlx::query!(
        "update history_steps
         set update = $3, seq = $4, ended_at = $5, changes = $6
         where conversation_id = $1 and number = $2 and name is null",
        of.conversation.uuid(),
        last.number,
        update,
        step.seq,
        last.span.ended_at,
        Json(last.changes) as _
    );
    if longer.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(false);
    }
    say_who(conn, of.conversation, last.number, &last.span).await?;
    Ok(true)
}

async fn insert(conn: &mut PgConnection, of: Reached, number: i64, is_base: bool, step: &Step) -> sqlx::Result<()> {
    let Span { began_at, ended_at, .. } = step.span;
    sqlx::query!(
        "insert into history_steps
             (conversation_id, number, epoch, seq, is_base, began_at, ended_at, update, changes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        of.conversation.uuid(),
        number,
        of.epoch,
        step.seq,
        is_base,
        began_at,
        ended_at.max(began_at),
        step.update,
        Json(step.changes) as _
    )
    .execute(&mut *conn)
    .await?;
    say_who(conn, of.conversation, number, &step.span).await
}

async fn say_who(conn: &mut PgConnection, conversation: ConversationId, number: i64, span: &Span) -> sqlx::Result<()> {
    let authors: Vec<Uuid> = span.authors.iter().copied().collect();
    sqlx::query!(
        "insert into history_authors (conversation_id, number, user_id)
         select $1, $2, id
         from users
         where id = any($3)
         on conflict do nothing",
        conversation.uuid(),
        number,
        &authors
    )
    .execute(conn)
    .await?;
    Ok(())
}
