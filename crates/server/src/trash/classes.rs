//! Classes that are thrown away, with their activities, projects, groups and roster. What people shared with one is theirs,
//! and stays with them.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{MAX_TRASHED_OTHERS, TRASH_DAYS, TrashedClass},
    ids::{ClassId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{activities, projects};
use crate::{access, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// `DELETE /api/v1/classes/{class}`: for its instructors, also of an archived one.
pub async fn put(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let class = access::instructor_alone(&mut tx, caller.id, id).await?.class();
    sqlx::query!("update classes set trashed_at = now() where id = $1", class.uuid()).execute(&mut *tx).await?;
    sqlx::query!(
        "with gone as (delete from memberships where class_id = $1 returning *)
         insert into trashed_memberships (class_id, user_id, role, created_at, group_id)
         select class_id, user_id, role, created_at, group_id from gone",
        class.uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/trash/classes/{class}/restore`
pub async fn restore(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let class = access::trashed_class(&mut tx, caller.id, id).await?.class();
    sqlx::query!("update classes set trashed_at = null where id = $1", class.uuid()).execute(&mut *tx).await?;
    sqlx::query!(
        "with back as (delete from trashed_memberships where class_id = $1 returning *)
         insert into memberships (class_id, user_id, role, created_at, group_id)
         select class_id, user_id, role, created_at, group_id from back
         on conflict (class_id, user_id) do update
         set role = excluded.role, group_id = excluded.group_id, created_at = excluded.created_at",
        class.uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/trash/classes/{class}`: its time is over at once. What is not done when nobody waits any more is done as for
/// all others.
pub async fn purge(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let class = access::trashed_class(&mut tx, caller.id, id).await?.class();
    sqlx::query!(
        "update classes set trashed_at = now() - make_interval(days => $2) - interval '1 day' where id = $1",
        class.uuid(),
        TRASH_DAYS
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    delete(&services.db, class.uuid()).await?;
    services.files.sweep_soon();
    Ok(StatusCode::NO_CONTENT)
}

/// Copies of activities that are deleted in one transaction.
const COPIES_AT_ONCE: i64 = 200;

/// Deletes a class whose time is over, unless another server does. Nobody takes it out again, so that its thousands of
/// conversations can go in parts.
async fn delete(db: &PgPool, class: Uuid) -> sqlx::Result<bool> {
    loop {
        let mut tx = db.begin().await?;
        let due = sqlx::query!(
            "select from classes
             where id = $1 and trashed_at < now() - make_interval(days => $2)
             for update skip locked",
            class,
            TRASH_DAYS
        );
        if due.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(false);
        }
        let copies = sqlx::query!(
            "delete from conversations
             where id in (select w.conversation_id
                          from activity_copies w
                          join activities a on a.id = w.activity_id
                          where a.class_id = $1
                          limit $2)",
            class,
            COPIES_AT_ONCE
        )
        .execute(&mut *tx)
        .await?;
        let is_last = copies.rows_affected() == 0;
        if is_last {
            delete_rest(&mut tx, class).await?;
        }
        tx.commit().await?;
        if is_last {
            return Ok(true);
        }
    }
}

async fn delete_rest(conn: &mut PgConnection, class: Uuid) -> sqlx::Result<()> {
    let given =
        sqlx::query_scalar!("select id from activities where class_id = $1", class).fetch_all(&mut *conn).await?;
    activities::delete(conn, &given).await?;
    let owned = sqlx::query_scalar!(
        "update projects
         set class_id = null, deleted_at = coalesce(deleted_at, now())
         where class_id = $1
         returning id",
        class
    )
    .fetch_all(&mut *conn)
    .await?;
    projects::delete(conn, &owned).await?;
    // Of a former member, it was there for the class alone: nobody would be left who reads it or could delete it.
    sqlx::query!(
        "delete from conversations c
         using users o
         where c.class_id = $1 and o.id = c.owner_id and o.is_former
           and not exists (select from conversation_shares s where s.conversation_id = c.id and s.user_id is not null)",
        class
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update conversations
         set class_id = null, share = 'none', class_gone = alias_scope is not null
         where class_id = $1",
        class
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from classes where id = $1", class).execute(conn).await?;
    Ok(())
}

/// Those that somebody taught, all of them for an admin, what came last first.
pub(super) async fn list(db: &PgPool, user: UserId) -> sqlx::Result<Vec<TrashedClass>> {
    let rows = sqlx::query!(
        r#"select k.id, k.name, k.trashed_at as "trashed_at!",
                  k.trashed_at + make_interval(days => $2) as "deleted_at!",
                  (select count(*) from trashed_memberships o where o.class_id = k.id) as "members!",
                  (select count(*) from activities a where a.class_id = k.id and a.trashed_at is null) as "activities!",
                  (select count(*)
                   from activities a
                   join activity_copies w on w.activity_id = a.id
                   where a.class_id = k.id and a.trashed_at is null) as "copies!",
                  (select count(*) from projects p where p.class_id = k.id and p.deleted_at is null) as "projects!"
           from classes k
           left join trashed_memberships m on m.class_id = k.id and m.user_id = $1 and m.role = 'instructor'
           where k.trashed_at > now() - make_interval(days => $2)
             and (m.user_id is not null or exists (select from users where id = $1 and is_admin))
           order by k.trashed_at desc, k.id desc
           limit $3"#,
        user.uuid(),
        TRASH_DAYS,
        MAX_TRASHED_OTHERS
    )
    .fetch_all(db)
    .await?;
    let trashed = rows.into_iter().map(|row| TrashedClass {
        id: ClassId::from_uuid(row.id),
        name: row.name,
        members: row.members,
        activities: row.activities,
        copies: row.copies,
        projects: row.projects,
        trashed_at: rfc3339(row.trashed_at),
        deleted_at: rfc3339(row.deleted_at),
    });
    Ok(trashed.collect())
}

/// Deletes one that has lain there long enough.
pub(super) async fn empty(db: &PgPool) -> Result<u64, Error> {
    let due = sqlx::query_scalar!(
        "select id from classes where trashed_at < now() - make_interval(days => $1) order by trashed_at",
        TRASH_DAYS
    )
    .fetch_all(db)
    .await?;
    for class in due {
        if delete(db, class).await? {
            return Ok(1);
        }
    }
    Ok(0)
}
