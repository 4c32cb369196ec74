//! Classes: made, listed, renamed, archived. Who may do it is said in [`crate::access`].

mod code;
mod groups;
mod invitations;
mod joining;
mod members;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    access::Role,
    api::{Class, ClassChange, ClassSummary, Classes, CreateClass, CreatedClass, Group},
    ids::{ClassGroupId, ClassId},
};
use sqlx::PgConnection;

use crate::{access, erase, error::Error, names, services::Services, sessions::Caller};

pub use code::{rotate as rotate_code, switch_off as switch_off_code};
pub(crate) use groups::{name_taken, refuse_many as refuse_many_groups};
pub(crate) use joining::refuse_crowd;
pub(crate) use members::refuse_without_instructor;

pub use groups::{create as create_group, delete as delete_group, rename as rename_group};
pub use invitations::{
    accept as accept_invitation, create as create_invitation, list as list_invitations, preview as preview_invitation,
    revoke as revoke_invitation,
};
pub use joining::{by_code as join_by_code, take_up};
pub use members::{get as get_member, leave, list as list_members, remove as remove_member, set_group, set_role};

/// People of one class, with those who wait; more than any unit has.
pub const MAX_MEMBERS: i64 = 2_000;

/// Classes that one person teaches.
const MAX_TAUGHT: i64 = 200;

/// `GET /api/v1/classes`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Classes>, Error> {
    let mut conn = services.db.acquire().await?;
    let rows = sqlx::query!(
        r#"select c.id, c.name, m.role, c.archived_at is not null as "archived!",
                  (select count(*) from memberships o where o.class_id = c.id) as "members!"
           from memberships m
           join classes c on c.id = m.class_id and c.trashed_at is null
           where m.user_id = $1
           order by c.archived_at is not null, lower(c.name), c.id
           limit 500"#,
        caller.id.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let classes = rows.into_iter().map(|row| {
        let (id, role) = (ClassId::from_uuid(row.id), access::role(&row.role)?);
        Ok(ClassSummary { id, name: row.name, role, archived: row.archived, members: row.members })
    });
    let classes = classes.collect::<Result<_, Error>>()?;
    let may_create = match access::creator(&mut conn, caller.id).await {
        Ok(_) => true,
        Err(Error::Forbidden(_)) => false,
        Err(error) => return Err(error),
    };
    Ok(Json(Classes { classes, may_create }))
}

/// `POST /api/v1/classes`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateClass>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedClass>), Error> {
    let mut tx = services.db.begin().await?;
    let creator = access::creator(&mut tx, caller.id).await?;
    let name = names::name(&body?.0.name, 200)?;
    let id = insert(&mut tx, creator, &name).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(CreatedClass { id })))
}

/// Makes a class whose first instructor is its creator.
pub(crate) async fn insert(conn: &mut PgConnection, creator: access::Creator, name: &str) -> Result<ClassId, Error> {
    let taught = sqlx::query_scalar!(
        r#"select (select count(*) from memberships where user_id = $1 and role = 'instructor')
                  + (select count(*) from trashed_memberships where user_id = $1 and role = 'instructor') as "count!""#,
        creator.user().uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    if taught >= MAX_TAUGHT {
        let why = format!(
            "You teach {taught} classes: nobody can teach more, those in the trash counted. Leave one that is over."
        );
        return Err(Error::Conflict("too_many_classes", why));
    }
    let id = ClassId::new();
    sqlx::query!("insert into classes (id, name) values ($1, $2)", id.uuid(), name).execute(&mut *conn).await?;
    sqlx::query!(
        "insert into memberships (class_id, user_id, role) values ($1, $2, $3)",
        id.uuid(),
        creator.user().uuid(),
        Role::Instructor.as_str()
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// `GET /api/v1/classes/{class}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<Class>, Error> {
    let Path(id) = path?;
    let mut conn = services.db.acquire().await?;
    let member = access::member(&mut conn, caller.id, id).await?;
    let is_staff = member.role().is_staff();
    let row = sqlx::query!(
        r#"select c.name, c.join_code, c.when_erased, c.archived_at is not null as "archived!",
                  (select count(*) from memberships m where m.class_id = c.id) as "members!",
                  (select count(*) from roster_entries r where r.class_id = c.id) as "waiting!"
           from classes c
           where c.id = $1"#,
        id.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(Json(Class {
        id,
        name: row.name,
        archived: row.archived,
        role: member.role(),
        belongs: member.belongs(),
        members: row.members,
        waiting: if is_staff { row.waiting } else { 0 },
        code: row.join_code.filter(|_| is_staff).map(|code| code::shown(&code)),
        groups: groups_of(&mut conn, member).await?,
        when_erased: erase::when_erased(&row.when_erased),
    }))
}

/// All groups for staff, their own for a student.
async fn groups_of(conn: &mut PgConnection, member: access::Member) -> Result<Vec<Group>, Error> {
    let rows = sqlx::query!(
        r#"select g.id, g.name,
                  (select count(*) from memberships m where m.class_id = g.class_id and m.group_id = g.id)
                  + (select count(*) from roster_entries r where r.class_id = g.class_id and r.group_id = g.id) as "members!"
           from class_groups g
           where g.class_id = $1
             and ($2 or g.id = (select group_id from memberships where class_id = $1 and user_id = $3))
           order by lower(g.name)"#,
        member.class().uuid(),
        member.role().is_staff(),
        member.user().uuid()
    )
    .fetch_all(conn)
    .await?;
    let groups =
        rows.into_iter().map(|row| Group { id: ClassGroupId::from_uuid(row.id), name: row.name, members: row.members });
    Ok(groups.collect())
}

/// `PATCH /api/v1/classes/{class}`
pub async fn change(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    body: Result<Json<ClassChange>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let instructor = access::instructor_alone(&mut tx, caller.id, id).await?;
    let Json(change) = body?;
    if instructor.is_archived() && change.archived != Some(false) {
        return Err(Error::archived());
    }
    if let Some(new) = &change.name {
        let new = names::name(new, 200)?;
        sqlx::query!("update classes set name = $2 where id = $1", id.uuid(), new).execute(&mut *tx).await?;
    }
    if let Some(rule) = change.when_erased {
        sqlx::query!("update classes set when_erased = $2 where id = $1", id.uuid(), rule.as_str())
            .execute(&mut *tx)
            .await?;
    }
    if let Some(archived) = change.archived.filter(|archived| *archived != instructor.is_archived()) {
        sqlx::query!(
            "update classes
             set archived_at = case when $2 then now() end
             where id = $1",
            id.uuid(),
            archived
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
