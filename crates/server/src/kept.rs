//! All that is kept of a conversation's document as it once was: with the texts before the present one (`revisions`), and in
//! its history (`history`). Whatever is to be in none of it goes through `rewritten`, and whoever is to be nobody there through
//! `renamed`.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use shared::{
    document::{self, Roots},
    ids::{ConversationId, UserId},
};
use sqlx::PgConnection;
use yrs::{Doc, Transact};

use crate::{
    error::Error,
    rooms::{Rewoven, persistence::Failure},
    services::Services,
};

/// What is kept, as it is to be.
#[derive(Debug, Default)]
pub struct Kept {
    revisions: Vec<Revision>,
    steps: Rewoven,
}

/// The document of an earlier text, as it is to be.
#[derive(Debug)]
struct Revision {
    number: i32,
    /// SHA-256 of what was read.
    read: Vec<u8>,
    state: Vec<u8>,
    highlight_count: i32,
}

/// All that is kept as `change` leaves it, but for the earlier texts with these numbers. It is given each document as it once
/// was, and answers whether it changed anything. Nothing is stored yet.
///
/// # Errors
/// The database's, or bytes that make no document.
pub async fn rewritten(
    services: &Services,
    id: ConversationId,
    except: &[i32],
    change: impl Fn(&Doc) -> bool + Send + Sync + 'static,
) -> Result<Kept, Error> {
    all(services, id, except, None, move |doc, _| change(doc)).await
}

/// The same of all that is kept, after the first of two ids was replaced by the second: `change` hears how often.
///
/// # Errors
/// As [`rewritten`].
pub async fn renamed(
    services: &Services,
    id: ConversationId,
    ids: (UserId, UserId),
    change: impl Fn(&Doc, usize) -> bool + Send + Sync + 'static,
) -> Result<Kept, Error> {
    all(services, id, &[], Some(ids), change).await
}

async fn all(
    services: &Services,
    id: ConversationId,
    except: &[i32],
    ids: Option<(UserId, UserId)>,
    change: impl Fn(&Doc, usize) -> bool + Send + Sync + 'static,
) -> Result<Kept, Error> {
    // What waits in the log has the same words and ids.
    services.rooms.settle_history(id).await.map_err(internal)?;
    let change = Arc::new(change);
    let numbers = sqlx::query_scalar!(
        "select number from conversation_revisions where conversation_id = $1 and number <> all($2)",
        id.uuid(),
        except
    );
    let mut revisions = Vec::new();
    for number in numbers.fetch_all(&services.db).await? {
        let state = sqlx::query_scalar!(
            "select crdt_state from conversation_revisions where conversation_id = $1 and number = $2",
            id.uuid(),
            number
        );
        // Another purge may have taken it away.
        let Some(mut state) = state.fetch_optional(&services.db).await? else { continue };
        let (change, read) = (Arc::clone(&change), Sha256::digest(&state).to_vec());
        let count = ids.map_or(0, |(from, to)| document::rename(&mut state, from, to));
        let kept = services.rooms.rewrite_kept(state, move |doc| {
            let is_changed = change(doc, count);
            (is_changed, document::highlights(&Roots::of(doc), &doc.transact()).len())
        });
        let ((is_changed, highlights), state) = kept.await.map_err(internal)?;
        if is_changed {
            let highlight_count = i32::try_from(highlights).unwrap_or(i32::MAX);
            revisions.push(Revision { number, read, state, highlight_count });
        }
    }
    let steps = services.rooms.reweave(id, ids, move |doc, count| change(doc, count)).await.map_err(internal)?;
    Ok(Kept { revisions, steps })
}

/// Stores it; `false` if one of them is not as it was read, or there is more by now: then the transaction is to be rolled back.
///
/// # Errors
/// The database's.
pub async fn put(conn: &mut PgConnection, id: ConversationId, kept: &Kept) -> Result<bool, Error> {
    // First what a snapshot has first, which writes steps too: else each might wait for the other.
    sqlx::query!("select from annotation_document_state where conversation_id = $1 for no key update", id.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    sqlx::query!("select set_config('promptgrimoire.purge', 'on', true)").fetch_one(&mut *conn).await?;
    for Revision { number, read, state, highlight_count } in &kept.revisions {
        let put = sqlx::query!(
            "update conversation_revisions
             set crdt_state = $3, highlight_count = $4,
                 bytes = bytes - octet_length(crdt_state) + octet_length($3::bytea)
             where conversation_id = $1 and number = $2 and sha256(crdt_state) = $5",
            id.uuid(),
            number,
            state,
            highlight_count,
            read
        );
        if put.execute(&mut *conn).await?.rows_affected() == 0 {
            return Ok(false);
        }
    }
    sqlx::query!("select set_config('promptgrimoire.purge', 'off', true)").fetch_one(&mut *conn).await?;
    Ok(kept.steps.put(conn).await?)
}

fn internal(error: Failure) -> Error {
    Error::Internal(error.into())
}
