//! What is kept of a conversation's document as it once was. Whatever is to be nowhere in the conversation goes through here: all
//! that is kept is read, changed and put back.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use shared::{
    document::{self, Roots},
    ids::{ConversationId, UserId},
};
use sqlx::PgConnection;
use yrs::{Doc, Transact};

use crate::{error::Error, services::Services};

/// The document of an earlier text, as it is to be.
pub(crate) struct Kept {
    number: i32,
    /// SHA-256 of what was read.
    read: Vec<u8>,
    state: Vec<u8>,
    highlight_count: i32,
}

/// All that is kept, but for some of the earlier texts, after a change, where that changes anything: before it, the first of
/// two ids is replaced by the second, and it hears how often. Nothing is put back yet.
///
/// # Errors
/// The database's, or bytes that make no document.
pub(crate) async fn rewrite(
    services: &Services,
    conversation: ConversationId,
    except: &BTreeSet<i32>,
    ids: Option<(UserId, UserId)>,
    change: impl Fn(&Doc, usize) -> bool + Clone + Send + 'static,
) -> Result<Vec<Kept>, Error> {
    let except: Vec<i32> = except.iter().copied().collect();
    let numbers = sqlx::query_scalar!(
        "select number from conversation_revisions where conversation_id = $1 and number <> all($2)",
        conversation.uuid(),
        &except
    );
    let mut all = Vec::new();
    for number in numbers.fetch_all(&services.db).await? {
        let state = sqlx::query_scalar!(
            "select crdt_state from conversation_revisions where conversation_id = $1 and number = $2",
            conversation.uuid(),
            number
        );
        // Another purge may have taken it away.
        let Some(mut state) = state.fetch_optional(&services.db).await? else { continue };
        let (change, read) = (change.clone(), Sha256::digest(&state).to_vec());
        let count = ids.map_or(0, |(from, to)| document::rename(&mut state, from, to));
        let kept = services.rooms.rewrite_kept(state, move |doc| {
            let is_changed = change(doc, count);
            (is_changed, document::highlights(&Roots::of(doc), &doc.transact()).len())
        });
        let ((is_changed, highlights), state) = kept.await.map_err(|error| Error::Internal(error.into()))?;
        if is_changed {
            let highlight_count = i32::try_from(highlights).unwrap_or(i32::MAX);
            all.push(Kept { number, read, state, highlight_count });
        }
    }
    Ok(all)
}

/// Puts them back; `false` if one of them is not as it was read, and then the transaction is to be rolled back.
///
/// # Errors
/// The database's.
pub(crate) async fn put(conn: &mut PgConnection, id: ConversationId, kept: &[Kept]) -> Result<bool, Error> {
    sqlx::query!("select set_config('promptgrimoire.purge', 'on', true)").fetch_one(&mut *conn).await?;
    for Kept { number, read, state, highlight_count } in kept {
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
    sqlx::query!("select set_config('promptgrimoire.purge', 'off', true)").fetch_one(conn).await?;
    Ok(true)
}
