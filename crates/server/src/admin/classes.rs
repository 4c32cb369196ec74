//! Classes, and who is what in them.

use std::fmt;

use anyhow::bail;
use serde::Serialize;
use shared::ids::{ClassId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    arguments::{AskedClasses, NewRole},
    people,
    words::table,
};
use crate::{access, classes, error::Error, names, times::rfc3339};

/// A class.
#[derive(Serialize)]
pub(super) struct Class {
    id: ClassId,
    name: String,
    archived_at: Option<String>,
    trashed_at: Option<String>,
    members: i64,
    /// Their addresses.
    instructors: Vec<String>,
}

/// Some of them.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Classes {
    classes: Vec<Class>,
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.classes.iter().map(Class::row);
        f.write_str(&table(&HEADS, rows))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(&HEADS, [self.row()]))
    }
}

const HEADS: [&str; 5] = ["ID", "NAME", "PEOPLE", "STANDING", "INSTRUCTORS"];

impl Class {
    fn row(&self) -> Vec<String> {
        let standing = match (&self.trashed_at, &self.archived_at) {
            (Some(_), _) => "in the trash",
            (None, Some(_)) => "archived",
            (None, None) => "",
        };
        let (id, instructors) = (self.id.to_string(), self.instructors.join(", "));
        vec![id, self.name.clone(), self.members.to_string(), standing.to_owned(), instructors]
    }
}

/// As the database tells it.
struct Row {
    id: uuid::Uuid,
    name: String,
    archived_at: Option<OffsetDateTime>,
    trashed_at: Option<OffsetDateTime>,
    members: i64,
    instructors: Vec<String>,
}

impl From<Row> for Class {
    fn from(row: Row) -> Self {
        Self {
            id: ClassId::from_uuid(row.id),
            name: row.name,
            archived_at: row.archived_at.map(rfc3339),
            trashed_at: row.trashed_at.map(rfc3339),
            members: row.members,
            instructors: row.instructors,
        }
    }
}

pub(super) async fn list(conn: &mut PgConnection, asked: &AskedClasses) -> anyhow::Result<Classes> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.name, c.archived_at, c.trashed_at,
                  (select count(*) from memberships m where m.class_id = c.id)
                  + (select count(*) from trashed_memberships m where m.class_id = c.id) as "members!",
                  array(select u.email
                        from (select * from memberships union all select * from trashed_memberships) m
                        join users u on u.id = m.user_id
                        where m.class_id = c.id and m.role = 'instructor'
                        order by u.email) as "instructors!"
           from classes c
           where ($1 = '' or position(lower($1) in lower(c.name)) > 0)
             and ($2 or (c.archived_at is null and c.trashed_at is null))
             and ($3::uuid is null or c.id > $3)
           order by c.id
           limit $4"#,
        asked.find,
        asked.archived,
        asked.after.map(ClassId::uuid),
        i64::from(asked.limit)
    );
    Ok(Classes { classes: rows.fetch_all(conn).await?.into_iter().map(Class::from).collect() })
}

/// The class that an id or a whole name names. Nobody else changes it until the transaction ends.
async fn find(conn: &mut PgConnection, class: &str) -> anyhow::Result<ClassId> {
    let id = class.parse::<ClassId>().ok();
    let mut found = sqlx::query_scalar!(
        "select id
         from classes
         where (id = $1 or ($1::uuid is null and lower(name) = lower($2))) and trashed_at is null
         for update",
        id.map(ClassId::uuid),
        class.trim()
    )
    .fetch_all(conn)
    .await?;
    match (found.pop(), found.len()) {
        (Some(id), 0) => Ok(ClassId::from_uuid(id)),
        (None, _) => {
            bail!(
                "there is no class with the id or name {class:?}, or it is in the trash; see promptgrimoire admin \
                 classes --archived"
            )
        }
        _ => bail!("several classes are called {class:?}: give an id"),
    }
}

async fn show(conn: &mut PgConnection, class: ClassId) -> anyhow::Result<Class> {
    let row = sqlx::query_as!(
        Row,
        r#"select c.id, c.name, c.archived_at, c.trashed_at,
                  (select count(*) from memberships m where m.class_id = c.id)
                  + (select count(*) from trashed_memberships m where m.class_id = c.id) as "members!",
                  array(select u.email
                        from (select * from memberships union all select * from trashed_memberships) m
                        join users u on u.id = m.user_id
                        where m.class_id = c.id and m.role = 'instructor'
                        order by u.email) as "instructors!"
           from classes c
           where c.id = $1"#,
        class.uuid()
    );
    Ok(row.fetch_one(conn).await?.into())
}

pub(super) async fn add(conn: &mut PgConnection, name: &str, instructor: &str) -> anyhow::Result<Class> {
    let name = names::name(name, 200)?;
    let teacher = people::find(conn, instructor).await?;
    let id = classes::insert(conn, access::Creator::appointed(teacher.id), &name).await?;
    show(conn, id).await
}

/// The tables tell the servers.
pub(super) async fn set_archived(conn: &mut PgConnection, class: &str, archived: bool) -> anyhow::Result<Class> {
    let id = find(conn, class).await?;
    sqlx::query!(
        "update classes
         set archived_at = case when $2 then now() end
         where id = $1 and (archived_at is not null) <> $2",
        id.uuid(),
        archived
    )
    .execute(&mut *conn)
    .await?;
    show(conn, id).await
}

/// What somebody is now.
#[derive(Serialize)]
pub(super) struct Placed {
    class: ClassId,
    class_name: String,
    user: UserId,
    email: String,
    role: Option<&'static str>,
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (email, class) = (&self.email, &self.class_name);
        match self.role {
            Some(role) => write!(f, "{email} is {role} in {class}."),
            None => write!(f, "{email} is not in {class} any more."),
        }
    }
}

/// The tables tell the servers.
pub(super) async fn set_role(
    conn: &mut PgConnection,
    class: &str,
    user: &str,
    role: NewRole,
) -> anyhow::Result<Placed> {
    let id = find(conn, class).await?;
    let class = show(conn, id).await?;
    if class.archived_at.is_some() {
        bail!("{} is archived: nothing in it is changed; see promptgrimoire admin restore-class", class.name);
    }
    let person = people::find(conn, user).await?;
    match role {
        NewRole::As(role) => {
            sqlx::query!(
                "insert into memberships (class_id, user_id, role)
                 values ($1, $2, $3)
                 on conflict (class_id, user_id) do update set role = excluded.role",
                id.uuid(),
                person.id.uuid(),
                role.as_str()
            )
            .execute(&mut *conn)
            .await?;
            classes::refuse_crowd(show(conn, id).await?.members)?;
        }
        NewRole::None => {
            let gone = sqlx::query!(
                "delete from memberships where class_id = $1 and user_id = $2",
                id.uuid(),
                person.id.uuid()
            );
            if gone.execute(&mut *conn).await?.rows_affected() == 0 {
                bail!("{} is not in {}", person.email, class.name);
            }
        }
    }
    classes::refuse_without_instructor(conn, id).await.map_err(|error| match error {
        Error::Conflict(..) => anyhow::anyhow!("{} would have no instructor: make somebody else one first", class.name),
        error => error.into(),
    })?;
    let role = match role {
        NewRole::As(role) => Some(role.as_str()),
        NewRole::None => None,
    };
    Ok(Placed { class: id, class_name: class.name, user: person.id, email: person.email, role })
}
