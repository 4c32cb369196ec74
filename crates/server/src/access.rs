//! What somebody may do: decided here alone, for conversations and for classes, each with one query.
//!
//! | in a class | student | tutor | instructor, admin |
//! |---|---|---|---|
//! | sees its name, its staff, their own group; leaves | yes | yes | yes |
//! | sees everybody with addresses, all groups, the roster's waiting lines, the code | | yes | yes |
//! | moderates the conversations shared with it | | yes | instructors |
//! | renames, archives; roles, groups, removals; code, links, roster | | | yes |
//!
//! Whoever belongs to a class and may not do a thing in it is told so (403). To all others the class does not exist (404).
//! An archived class is read-only: it can only be taken back or left, and what is shared with it is read by all but the
//! conversation's owner.

mod classes;

use std::collections::HashMap;

use shared::{
    access::{Access, Rights},
    ids::{ConversationId, UserId},
};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::error::Error;

pub use classes::{
    Change, Creator, Instructor, Member, Staff, change, creator, instructor, instructor_alone, lock, member,
    member_alone, role, staff,
};

/// Somebody who may read a conversation, with all that they may do there.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    conversation: ConversationId,
    user: UserId,
    rights: Rights,
}

impl Reader {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What they may do.
    pub fn rights(&self) -> Rights {
        self.rights
    }
}

/// Somebody who may read the conversation. To all others it does not exist.
pub async fn reader(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Reader, Error> {
    let rights = of(db, user, conversation).await?.ok_or(Error::NotFound)?;
    Ok(Reader { conversation, user, rights })
}

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Option<Rights>, Error> {
    Ok(of_all(db, &[(user, conversation)]).await?.into_values().next())
}

/// The same for many at once; those who may do nothing are left out.
pub async fn of_all(
    db: impl PgExecutor<'_>,
    asked: &[(UserId, ConversationId)],
) -> sqlx::Result<HashMap<(UserId, ConversationId), Rights>> {
    let users: Vec<Uuid> = asked.iter().map(|(user, _)| user.uuid()).collect();
    let conversations: Vec<Uuid> = asked.iter().map(|(_, conversation)| conversation.uuid()).collect();
    let rows = sqlx::query!(
        r#"select asked.user_id as "user!", c.id,
                  c.owner_id = asked.user_id as "owner!",
                  c.share = 'class' and m.user_id is not null as "shared!",
                  coalesce(m.role in ('tutor', 'instructor'), false) as "staff!",
                  coalesce(k.archived_at is not null, false) as "archived!"
           from unnest($1::uuid[], $2::uuid[]) as asked (user_id, conversation_id)
           join conversations c on c.id = asked.conversation_id
           left join classes k on k.id = c.class_id
           left join memberships m on m.class_id = c.class_id and m.user_id = asked.user_id"#,
        &users,
        &conversations
    )
    .fetch_all(db)
    .await?;
    let rights = rows.into_iter().filter_map(|row| {
        let rights = match (row.owner, row.shared) {
            (true, _) => Rights { access: Access::Owner, moderates: true },
            (false, true) if row.archived => Rights { access: Access::Viewer, moderates: false },
            (false, true) => Rights { access: Access::Annotator, moderates: row.staff },
            (false, false) => return None,
        };
        Some(((UserId::from_uuid(row.user), ConversationId::from_uuid(row.id)), rights))
    });
    Ok(rights.collect())
}
