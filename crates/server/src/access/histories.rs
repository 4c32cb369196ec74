//! Who sees what happened in a conversation's document.

use shared::ids::{ConversationId, UserId};
use sqlx::{PgExecutor, PgPool};

use super::{Reader, reader};
use crate::error::Error;

/// Somebody who sees what happened in a conversation's document.
#[derive(Debug, Clone, Copy)]
pub struct Historian(Reader);

impl Historian {
    /// As who they read it.
    pub fn reader(&self) -> Reader {
        self.0
    }
}

/// See [`Historian`]. Others who may read it are told that they do not.
pub async fn historian(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Historian, Error> {
    let reader = reader(db, user, conversation).await?;
    if !reader.rights.sees_history {
        return Err(Error::Forbidden(
            "What happened here is for those who may edit the conversation, and in a copy of an activity for those whose copy it is, and for staff where they are let.",
        ));
    }
    Ok(Historian(reader))
}

/// Somebody who sees what happened in a conversation's document and may write in it: they name its moments, and bring back
/// what was deleted.
#[derive(Debug, Clone, Copy)]
pub struct Chronicler(Reader);

impl Chronicler {
    /// As who they read it.
    pub fn reader(&self) -> Reader {
        self.0
    }
}

/// See [`Chronicler`]. Others who may read it are told that they do not.
pub async fn chronicler(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Chronicler, Error> {
    let Historian(reader) = historian(db, user, conversation).await?;
    if !reader.rights.access.may_annotate() {
        return Err(Error::Forbidden("This is for people who may annotate the conversation."));
    }
    Ok(Chronicler(reader))
}

/// Somebody whose own copy of an activity a conversation is.
#[derive(Debug, Clone, Copy)]
pub struct CopyOwner(Reader);

impl CopyOwner {
    /// As who they read it.
    pub fn reader(&self) -> Reader {
        self.0
    }
}

/// See [`CopyOwner`]. Others who may read it are told that it is not theirs.
pub async fn copy_owner(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<CopyOwner, Error> {
    let reader = reader(db, user, conversation).await?;
    let is_theirs = sqlx::query_scalar!(
        r#"select exists (select from activity_copies where conversation_id = $1 and user_id = $2) as "is!""#,
        conversation.uuid(),
        user.uuid()
    );
    match is_theirs.fetch_one(db).await? {
        true => Ok(CopyOwner(reader)),
        false => Err(Error::Forbidden("This is for whoever works alone in this copy of an activity.")),
    }
}
