//! The texts that a conversation has had. An edit (`draft.rs`, `edit.rs`) puts another text into the place of the present one, which is
//! kept with its document as it was left, and never changes. What is marked is looked for in the new text
//! (`anchors.rs`) and written into the document in the same transaction, as a new generation of it.

mod anchors;
mod draft;
mod edit;
mod show;

use shared::ids::ConversationId;
use sqlx::PgPool;

use crate::error::Error;

pub use edit::edit;
pub use show::{People, get, list, without_places};

/// A new text as it is sent, in bytes: a conversation's text at most, in an ordinary JSON spelling.
pub const MAX_BYTES: usize = 25 << 20;

/// How often a text may be edited while it is read.
const TRIES: usize = 5;

/// Reads what belongs together, a text and the document that marks it, by several queries: again if the text was edited
/// between them.
///
/// # Errors
/// Those of `read`; the conversation is gone; or it was edited each time.
pub async fn of_one_text<T, F: Future<Output = Result<T, Error>>>(
    db: &PgPool,
    id: ConversationId,
    read: impl Fn() -> F,
) -> Result<T, Error> {
    let mut before = number(db, id).await?;
    for _ in 0..TRIES {
        let what = read().await?;
        let after = number(db, id).await?;
        if after == before {
            return Ok(what);
        }
        before = after;
    }
    Err(Error::Conflict("busy", "This text is being edited again and again. Try again in a moment.".into()))
}

async fn number(db: &PgPool, id: ConversationId) -> Result<i32, Error> {
    let revision = sqlx::query_scalar!("select revision from conversations where id = $1", id.uuid());
    revision.fetch_optional(db).await?.ok_or(Error::NotFound)
}
