//! What somebody may do with a chat of a project.

use shared::ids::{ClassId, ConversationId, ProjectId, UserId};
use sqlx::PgPool;

use crate::error::Error;

/// Somebody who may send messages in a chat, and files with them.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    conversation: ConversationId,
    user: UserId,
    project: ProjectId,
    class: Option<ClassId>,
}

impl Sender {
    /// In which chat.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The chat's project.
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// The project's class.
    pub fn class(&self) -> Option<ClassId> {
        self.class
    }
}

/// Whoever edits or owns a chat whose project is there. Others who may read it are told why not.
pub async fn sender(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Sender, Error> {
    let reader = super::reader(db, user, conversation).await?;
    if !reader.rights().access.may_edit() {
        return Err(Error::Forbidden("This is for those who may edit the conversation."));
    }
    let row = sqlx::query!(
        r#"select p.id, p.class_id as "class?", p.deleted_at is not null as "deleted!",
                  coalesce(k.archived_at is not null, false) as "archived!"
           from conversations c
           join projects p on p.id = c.project_id
           left join classes k on k.id = p.class_id
           where c.id = $1"#,
        conversation.uuid()
    )
    .fetch_optional(db)
    .await?;
    match row {
        None => Err(Error::Conflict("no_chat", "This conversation belongs to no project: it is not a chat.".into())),
        Some(row) if row.deleted => {
            Err(Error::Conflict("project_deleted", "The project of this chat was deleted: it can be read.".into()))
        }
        Some(row) if row.archived => Err(Error::archived()),
        Some(row) => Ok(Sender {
            conversation,
            user,
            project: ProjectId::from_uuid(row.id),
            class: row.class.map(ClassId::from_uuid),
        }),
    }
}
