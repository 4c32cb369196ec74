//! What somebody may do with a class. What is decided becomes a value: whoever holds an [`Instructor`] was found to be
//! one, and no function that needs one can be called without.

use shared::{
    access::Role,
    api::TRASH_DAYS,
    ids::{ClassId, UserId},
};
use sqlx::PgConnection;

use crate::error::Error;

/// Somebody who belongs to a class, or an admin, who may in every class what its instructors may.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    class: ClassId,
    user: UserId,
    role: Role,
    belongs: bool,
    archived: bool,
}

/// A member who sees everybody in the class.
#[derive(Debug, Clone, Copy)]
pub struct Staff(Member);

/// Staff of a class that is not archived: they give it things to do.
#[derive(Debug, Clone, Copy)]
pub struct Teacher(Member);

/// A member who sees what the class is joined by, archives it and takes it back.
#[derive(Debug, Clone, Copy)]
pub struct Instructor(Member);

/// An instructor of a class that is not archived, in a transaction in which nobody else changes the class: what is read
/// of it stays true until the end.
#[derive(Debug, Clone, Copy)]
pub struct Change(Member);

/// Somebody who may make classes.
#[derive(Debug, Clone, Copy)]
pub struct Creator(UserId);

impl Member {
    /// Which class.
    pub fn class(&self) -> ClassId {
        self.class
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What they may do as.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether they belong to it, and are not only an admin.
    pub fn belongs(&self) -> bool {
        self.belongs
    }

    /// Whether the class is archived.
    pub fn is_archived(&self) -> bool {
        self.archived
    }

    /// The same person, if they see everybody.
    pub fn staff(self) -> Result<Staff, Error> {
        if self.role.is_staff() { Ok(Staff(self)) } else { Err(Error::Forbidden("This is for the class's staff.")) }
    }

    /// The same person, if they are an instructor.
    pub fn instructor(self) -> Result<Instructor, Error> {
        if self.role.may_change_class() {
            Ok(Instructor(self))
        } else {
            Err(Error::Forbidden("This is for the class's instructors."))
        }
    }
}

impl Staff {
    /// As a member.
    pub fn member(&self) -> Member {
        self.0
    }

    /// The same person, if the class is not archived.
    pub fn teacher(self) -> Result<Teacher, Error> {
        if self.0.archived { Err(Error::archived()) } else { Ok(Teacher(self.0)) }
    }
}

impl Teacher {
    /// As a member.
    pub fn member(&self) -> Member {
        self.0
    }
}

impl Instructor {
    /// Which class.
    pub fn class(&self) -> ClassId {
        self.0.class
    }

    /// Whether the class is archived.
    pub fn is_archived(&self) -> bool {
        self.0.archived
    }
}

impl Change {
    /// Which class.
    pub fn class(&self) -> ClassId {
        self.0.class
    }

    /// Who changes it.
    pub fn user(&self) -> UserId {
        self.0.user
    }
}

impl Creator {
    /// Somebody for whom the people who run the server make a class, at its command line (`admin`), where nobody is asked.
    pub(crate) fn appointed(user: UserId) -> Self {
        Self(user)
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.0
    }
}

/// Somebody who belongs to the class, or an admin. To all others it does not exist.
pub async fn member(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Member, Error> {
    let row = sqlx::query!(
        r#"select m.role as "role?", c.archived_at is not null as "archived!", u.is_admin
           from classes c
           join users u on u.id = $2
           left join memberships m on m.class_id = c.id and m.user_id = u.id
           where c.id = $1 and c.trashed_at is null"#,
        class.uuid(),
        user.uuid()
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    let own: Option<Role> = row.role.as_deref().map(role).transpose()?;
    let role = if row.is_admin { Role::Instructor } else { own.ok_or(Error::NotFound)? };
    Ok(Member { class, user, role, belongs: own.is_some(), archived: row.archived })
}

/// See [`Staff`].
pub async fn staff(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Staff, Error> {
    member(conn, user, class).await?.staff()
}

/// See [`Instructor`].
pub async fn instructor(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Instructor, Error> {
    member(conn, user, class).await?.instructor()
}

/// See [`Change`]; `conn` is to be in a transaction.
pub async fn change(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Change, Error> {
    let Instructor(member) = instructor_alone(conn, user, class).await?;
    if member.archived { Err(Error::archived()) } else { Ok(Change(member)) }
}

/// An [`Instructor`], also of an archived class, in a transaction in which nobody else changes it.
pub async fn instructor_alone(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Instructor, Error> {
    lock(conn, class).await?;
    instructor(conn, user, class).await
}

/// A [`Member`] in a transaction in which nobody else changes the class.
pub async fn member_alone(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Member, Error> {
    lock(conn, class).await?;
    member(conn, user, class).await
}

/// Nobody else changes the class until the transaction ends: who counts its instructors counts right.
pub async fn lock(conn: &mut PgConnection, class: ClassId) -> Result<(), Error> {
    sqlx::query_scalar!("select id from classes where id = $1 for update", class.uuid()).fetch_optional(conn).await?;
    Ok(())
}

/// Admins, people who teach a class, and people who were told that they may (`users.may_create_classes`).
pub async fn creator(conn: &mut PgConnection, user: UserId) -> Result<Creator, Error> {
    let may = sqlx::query_scalar!(
        r#"select is_admin or may_create_classes
                  or exists (select from memberships where user_id = $1 and role = 'instructor')
                  or exists (select from trashed_memberships where user_id = $1 and role = 'instructor') as "may!"
           from users
           where id = $1"#,
        user.uuid()
    )
    .fetch_one(conn)
    .await?;
    let refusal = "Classes are made by people who teach one already, and by whom an administrator allows it.";
    if may { Ok(Creator(user)) } else { Err(Error::Forbidden(refusal)) }
}

/// Somebody who taught a class that is in the trash, or an admin, in a transaction in which nobody else takes it out or
/// deletes it.
#[derive(Debug, Clone, Copy)]
pub struct TrashedClass(ClassId);

impl TrashedClass {
    /// Which class.
    pub fn class(&self) -> ClassId {
        self.0
    }
}

/// See [`TrashedClass`]. To all others, out of the trash, and when its time is over, it does not exist.
pub async fn trashed_class(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<TrashedClass, Error> {
    lock(conn, class).await?;
    let found = sqlx::query!(
        "select
         from classes c
         join users u on u.id = $2
         left join trashed_memberships m on m.class_id = c.id and m.user_id = u.id
         where c.id = $1
           and c.trashed_at > now() - make_interval(days => $3)
           and (u.is_admin or m.role = 'instructor')",
        class.uuid(),
        user.uuid(),
        TRASH_DAYS
    );
    found.fetch_optional(conn).await?.map(|_| TrashedClass(class)).ok_or(Error::NotFound)
}

/// A role as a column has it, which a constraint keeps to the three.
pub fn role(text: &str) -> Result<Role, Error> {
    text.parse().map_err(|error: shared::access::InvalidRole| Error::Internal(error.into()))
}
