//! What somebody may do with a project, and with a chat of it.
//!
//! | | sees it, makes chats of their own in it | changes it: name, prompts, files |
//! |---|---|---|
//! | somebody's own | its owner | its owner |
//! | a class's | the class's members, admins | its staff, admins |
//!
//! In an archived class nothing is changed and nobody chats. What is in a chat is for whoever may read that conversation,
//! whether they see its project or not, and for nobody else: staff read a student's chat when it is shared with them.

use shared::{
    access::Role,
    ids::{ClassId, ConversationId, ProjectId, UserId},
};
use sqlx::{PgConnection, PgPool};

use super::{Reader, classes};
use crate::error::Error;

/// Somebody who sees a project.
#[derive(Debug, Clone, Copy)]
pub struct ProjectReader {
    project: ProjectId,
    user: UserId,
    is_theirs: bool,
    archived: bool,
}

/// Somebody who may change a project, its prompts and its files.
#[derive(Debug, Clone, Copy)]
pub struct ProjectEditor(ProjectReader);

/// Somebody who may make chats of their own in a project.
#[derive(Debug, Clone, Copy)]
pub struct ProjectMember(ProjectReader);

/// Somebody who may send messages in a chat, and files with them.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    conversation: ConversationId,
    user: UserId,
    project: ProjectId,
    class: Option<ClassId>,
}

impl ProjectReader {
    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The same person, if they may change it.
    pub fn editor(self) -> Result<ProjectEditor, Error> {
        match (self.is_theirs, self.archived) {
            (true, false) => Ok(ProjectEditor(self)),
            (true, true) => Err(Error::archived()),
            (false, _) => Err(Error::Forbidden("This is for the staff of the project's class.")),
        }
    }

    /// The same person, if they may chat.
    pub fn member(self) -> Result<ProjectMember, Error> {
        if self.archived { Err(Error::archived()) } else { Ok(ProjectMember(self)) }
    }
}

impl ProjectEditor {
    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.0.project
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.0.user
    }
}

impl ProjectMember {
    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.0.project
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.0.user
    }
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

/// Somebody who sees the project. To all others it does not exist.
pub async fn project_reader(conn: &mut PgConnection, user: UserId, project: ProjectId) -> Result<ProjectReader, Error> {
    found(conn, user, project, false).await
}

/// The same for one that is in the trash, or that is not.
async fn found(
    conn: &mut PgConnection,
    user: UserId,
    project: ProjectId,
    trashed: bool,
) -> Result<ProjectReader, Error> {
    let row = sqlx::query!(
        r#"select p.owner_id = u.id as "owner!", p.class_id as "class?", m.role as "role?", u.is_admin,
                  coalesce(k.archived_at is not null, false) as "archived!"
           from projects p
           join users u on u.id = $2
           left join classes k on k.id = p.class_id
           left join memberships m on m.class_id = p.class_id and m.user_id = u.id
           where p.id = $1 and (p.deleted_at is not null) = $3 and p.purged_at is null and k.trashed_at is null"#,
        project.uuid(),
        user.uuid(),
        trashed
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    let role: Option<Role> = row.role.as_deref().map(classes::role).transpose()?;
    // Whoever made a class's project and left the class has no part in it any more.
    let is_theirs = match row.class {
        None => row.owner,
        Some(_) => row.is_admin || role.is_some_and(Role::is_staff),
    };
    if !is_theirs && role.is_none() {
        return Err(Error::NotFound);
    }
    Ok(ProjectReader { project, user, is_theirs, archived: row.archived })
}

/// See [`ProjectEditor`].
pub async fn project_editor(conn: &mut PgConnection, user: UserId, project: ProjectId) -> Result<ProjectEditor, Error> {
    project_reader(conn, user, project).await?.editor()
}

/// A [`ProjectEditor`] in a transaction in which nobody else changes the project or adds to it: what is counted of it
/// stays true until the end.
pub async fn project_editor_alone(
    conn: &mut PgConnection,
    user: UserId,
    project: ProjectId,
) -> Result<ProjectEditor, Error> {
    sqlx::query_scalar!("select id from projects where id = $1 for update", project.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    project_editor(conn, user, project).await
}

/// Whoever may change a project that is in the trash, in a transaction in which nobody else takes it out or deletes it.
#[derive(Debug, Clone, Copy)]
pub struct TrashedProject(ProjectId);

impl TrashedProject {
    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.0
    }
}

/// See [`TrashedProject`]. To all others in the class, as to the rest, what is in the trash does not exist.
pub async fn trashed_project(
    conn: &mut PgConnection,
    user: UserId,
    project: ProjectId,
) -> Result<TrashedProject, Error> {
    sqlx::query!("select from projects where id = $1 for update", project.uuid()).fetch_optional(&mut *conn).await?;
    let reader = found(conn, user, project, true).await?;
    if !reader.is_theirs {
        return Err(Error::NotFound);
    }
    reader.editor()?;
    Ok(TrashedProject(project))
}

/// See [`ProjectMember`].
pub async fn project_member(conn: &mut PgConnection, user: UserId, project: ProjectId) -> Result<ProjectMember, Error> {
    project_reader(conn, user, project).await?.member()
}

/// Whoever edits or owns a chat whose project is there. Others who may read it are told why not.
pub async fn sender(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Sender, Error> {
    let reader = super::reader(db, user, conversation).await?;
    if !reader.rights().access.may_edit() {
        return Err(Error::Forbidden("This is for those who may edit the conversation."));
    }
    let row = sqlx::query!(
        r#"select p.id, p.class_id as "class?", p.deleted_at is not null or k.trashed_at is not null as "deleted!",
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

/// The same of somebody who is known to read it; `None` where they may not send.
pub async fn sender_of(db: &PgPool, reader: Reader) -> Result<Option<Sender>, Error> {
    match sender(db, reader.user(), reader.conversation()).await {
        Ok(sender) => Ok(Some(sender)),
        Err(Error::Forbidden(_) | Error::Conflict(..)) => Ok(None),
        Err(error) => Err(error),
    }
}
