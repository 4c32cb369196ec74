//! Documents as they once were: read, and written anew where something is taken out of them.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use shared::{
    document,
    ids::{ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};
use yrs::{Doc, ReadTxn, Transact};

use super::{
    House, Rooms,
    copies::{self, Corrupt},
    history,
    persistence::{self, Failure, Snapshot},
    stacks::Stacks,
};

/// Steps of a history as they are to be.
#[derive(Debug, Default)]
pub struct Rewoven {
    conversation: Option<ConversationId>,
    /// The number of the last step there was, where none may have come since.
    last: Option<i64>,
    steps: Vec<Thread>,
    /// Those whose bytes make no document: nothing can be taken out of them.
    damaged: Vec<i64>,
}

/// A step, as it is to be.
#[derive(Debug)]
struct Thread {
    number: i64,
    /// SHA-256 of what was read.
    read: Vec<u8>,
    /// Nothing where it stays, or goes into one behind it.
    update: Option<Vec<u8>>,
}

impl Rewoven {
    /// Puts them into the place of those that were read; `false` if they are others now, and then the transaction is to be
    /// rolled back.
    ///
    /// # Errors
    /// The database's.
    pub async fn put(&self, conn: &mut PgConnection) -> sqlx::Result<bool> {
        let Some(conversation) = self.conversation else { return Ok(true) };
        let id = conversation.uuid();
        for Thread { number, read, update } in &self.steps {
            let put = sqlx::query!(
                "update history_steps
                 set update = coalesce($3, update)
                 where conversation_id = $1 and number = $2 and sha256(update) = $4",
                id,
                number,
                update.as_deref(),
                read
            );
            if put.execute(&mut *conn).await?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        sqlx::query!("delete from history_steps where conversation_id = $1 and number = any($2)", id, &self.damaged)
            .execute(&mut *conn)
            .await?;
        let Some(last) = self.last else { return Ok(true) };
        let newer = sqlx::query_scalar!(
            r#"select exists (select from history_steps where conversation_id = $1 and number > $2) as "is!""#,
            id,
            last
        );
        Ok(!newer.fetch_one(conn).await?)
    }
}

impl House {
    /// A snapshot, after which the history may be made coarser: nobody waits for that.
    ///
    /// # Errors
    /// As [`persistence::snapshot`].
    pub(super) async fn snapshot(
        self: &Arc<Self>,
        stacks: &Stacks,
        conversation: ConversationId,
    ) -> Result<Option<Snapshot>, Failure> {
        let taken = persistence::snapshot(&self.db, stacks, conversation).await?;
        if taken.is_some() {
            let house = Arc::clone(self);
            tokio::spawn(async move {
                // What people wrote is stored, whatever becomes of this.
                if let Err(error) = history::coarsen(&house.db, &house.rewriting, conversation).await {
                    tracing::error!(%conversation, %error, "the history cannot be made coarser");
                }
            });
        }
        Ok(taken)
    }
}

impl Rooms {
    /// Makes steps of what is in the log, so that the history tells all that is committed.
    ///
    /// # Errors
    /// As [`persistence::snapshot`].
    pub async fn settle_history(&self, conversation: ConversationId) -> Result<(), Failure> {
        self.house.snapshot(&self.house.aside, conversation).await.map(drop)
    }

    /// Reads something of a document as it was after a step of its history; `None` if there is no such step.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn read_step<T: Send + 'static>(
        &self,
        conversation: ConversationId,
        number: i64,
        read: impl FnOnce(&Doc) -> T + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        let updates = row(&self.house.db, conversation, number).await?;
        if updates.last().is_none_or(|(last, _)| *last != number) {
            return Ok(None);
        }
        let work = move || {
            let doc = copies::empty();
            for (_, update) in &updates {
                copies::apply(&doc, update)?;
            }
            Ok::<_, Corrupt>(read(&doc))
        };
        let read = self.house.rewriting.run(work).await.map_err(|_| Failure::Damaged)?;
        read.map(Some).map_err(|_| Failure::Damaged)
    }

    /// Reads something of a document after each step of its history, in their order.
    ///
    /// # Errors
    /// The database's, or bytes that make no document.
    pub async fn read_steps<T: Send + 'static>(
        &self,
        conversation: ConversationId,
        mut read: impl FnMut(i64, &Doc) -> T + Send + 'static,
    ) -> Result<Vec<T>, Failure> {
        let steps = sqlx::query!(
            "select number, is_base, update from history_steps where conversation_id = $1 order by number",
            conversation.uuid()
        );
        let steps = steps.fetch_all(&self.house.db).await?;
        let work = move || {
            let mut doc = copies::empty();
            let mut all = Vec::with_capacity(steps.len());
            for step in steps {
                if step.is_base {
                    doc = copies::empty();
                }
                copies::apply(&doc, &step.update)?;
                all.push(read(step.number, &doc));
            }
            Ok::<_, Corrupt>(all)
        };
        self.house.rewriting.run(work).await.map_err(|_| Failure::Damaged)?.map_err(|_| Failure::Damaged)
    }

    /// All steps of a history, with the second of two ids in the place of the first, as `change` leaves the document at each
    /// of them; it hears how often the id was replaced, and answers whether it changed anything. No words that it takes out are
    /// in any of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn reweave(
        &self,
        conversation: ConversationId,
        ids: Option<(UserId, UserId)>,
        change: impl Fn(&Doc, usize) -> bool + Send + Sync + 'static,
    ) -> Result<Rewoven, Failure> {
        let db = &self.house.db;
        let bases = sqlx::query_scalar!(
            "select number from history_steps where conversation_id = $1 and is_base order by number",
            conversation.uuid()
        );
        let bases = bases.fetch_all(db).await?;
        let last = sqlx::query_scalar!(
            r#"select coalesce(max(number), 0) as "last!" from history_steps where conversation_id = $1"#,
            conversation.uuid()
        );
        let last = last.fetch_one(db).await?;
        let mut all = Rewoven { conversation: Some(conversation), last: Some(last), ..Rewoven::default() };
        let change = Arc::new(change);
        let ends = bases.iter().skip(1).map(|next| next - 1).chain([last]);
        for end in ends {
            let updates = row(db, conversation, end).await?;
            let numbers: Vec<i64> = updates.iter().map(|(number, _)| *number).collect();
            let change = Arc::clone(&change);
            let woven = self.house.rewriting.run(move || weave(updates, ids, &*change)).await;
            match woven {
                Ok(Ok(steps)) => all.steps.extend(steps),
                _ => all.damaged.extend(numbers),
            }
        }
        Ok(all)
    }
}

/// A base with the steps behind it up to this one, or the last before it.
async fn row(db: &PgPool, conversation: ConversationId, number: i64) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    let rows = sqlx::query!(
        "select number, update
         from history_steps
         where conversation_id = $1
           and number >= (select max(number)
                          from history_steps
                          where conversation_id = $1 and is_base and number <= $2)
           and number <= $2
         order by number",
        conversation.uuid(),
        number
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.number, row.update)).collect())
}

/// Does each step again on a document that is changed after each. What is taken out was never there for what comes later.
fn weave(
    updates: Vec<(i64, Vec<u8>)>,
    ids: Option<(UserId, UserId)>,
    change: &dyn Fn(&Doc, usize) -> bool,
) -> Result<Vec<Thread>, Corrupt> {
    let doc = copies::empty();
    let mut is_changed = false;
    let mut woven = Vec::with_capacity(updates.len());
    for (number, mut update) in updates {
        let (before, read) = (doc.transact().state_vector(), Sha256::digest(&update).to_vec());
        let count = ids.map_or(0, |(from, to)| document::rename(&mut update, from, to));
        copies::apply(&doc, &update)?;
        is_changed |= change(&doc, count);
        let update = Some(doc.transact().encode_diff_v1(&before));
        woven.push(Thread { number, read, update });
    }
    // What was not changed is not written.
    Ok(if is_changed { woven } else { Vec::new() })
}

/// Steps as one each, at the place of the last of them: first and last of each group, behind one base, in their order. What was
/// written and taken out again within one is gone.
pub(super) async fn weave_groups(
    db: &PgPool,
    stacks: &Stacks,
    conversation: ConversationId,
    groups: Vec<(i64, i64)>,
) -> Result<Vec<Rewoven>, Failure> {
    let Some((_, end)) = groups.last().copied() else { return Ok(Vec::new()) };
    let updates = row(db, conversation, end).await?;
    let work = move || {
        let doc = copies::empty();
        let mut groups = groups.into_iter();
        let mut group = groups.next();
        let (mut before, mut steps, mut all) = (doc.transact().state_vector(), Vec::new(), Vec::new());
        for (number, update) in updates {
            let Some((first, last)) = group else { break };
            if number == first {
                before = doc.transact().state_vector();
            }
            copies::apply(&doc, &update)?;
            if number < first {
                continue;
            }
            let read = Sha256::digest(&update).to_vec();
            let update = (number == last).then(|| doc.transact().encode_diff_v1(&before));
            steps.push(Thread { number, read, update });
            if number == last {
                let steps = std::mem::take(&mut steps);
                all.push(Rewoven { conversation: Some(conversation), steps, ..Rewoven::default() });
                group = groups.next();
            }
        }
        Ok::<_, Corrupt>(all)
    };
    stacks.run(work).await.map_err(|_| Failure::Damaged)?.map_err(|_| Failure::Damaged)
}

/// Deletes the steps before the second base: what was before the document was changed beside its room for the first time. `false`
/// where there is none.
pub(super) async fn drop_first_generation(db: &PgPool, conversation: ConversationId) -> sqlx::Result<bool> {
    let dropped = sqlx::query!(
        "delete from history_steps
         where conversation_id = $1
           and number < (select number
                         from history_steps
                         where conversation_id = $1 and is_base
                         order by number
                         offset 1
                         limit 1)",
        conversation.uuid()
    );
    Ok(dropped.execute(db).await?.rows_affected() > 0)
}
