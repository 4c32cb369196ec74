//! How people come into a class: by its code, by a link, by its roster.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use shared::{
    access::Role,
    api::{JoinByCode, Joined},
    ids::{ClassId, UserId},
};
use sqlx::PgConnection;

use super::{MAX_MEMBERS, code};
use crate::{access, error::Error, services::Services, sessions::Caller};

/// `POST /api/v1/classes/join`
pub async fn by_code(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<JoinByCode>, JsonRejection>,
) -> Result<Json<Joined>, Error> {
    let Json(JoinByCode { code }) = body?;
    services.codes_tried.count(caller.id)?;
    let unknown = || {
        let why = "code: no class is joined by this code. Compare it letter by letter, or ask for a new one.";
        Error::Invalid("unknown_code", why.into())
    };
    let code = code::read(&code).ok_or_else(unknown)?;
    let mut tx = services.db.begin().await?;
    let class = sqlx::query_scalar!(
        "select id from classes where join_code = $1 and archived_at is null and trashed_at is null for update",
        code
    )
    .fetch_optional(&mut *tx)
    .await?;
    let class = ClassId::from_uuid(class.ok_or_else(unknown)?);
    let (role, _) = enter(&mut tx, class, caller.id, Role::Student).await?;
    tx.commit().await?;
    services.codes_tried.give_back(caller.id);
    Ok(Json(Joined { id: class, role }))
}

/// Makes somebody a member as `role`, or raises them to it: nobody loses by joining again. Answers what they are now and
/// whether anything changed. `conn` is in a transaction that holds the class's lock.
pub(super) async fn enter(
    conn: &mut PgConnection,
    class: ClassId,
    user: UserId,
    role: Role,
) -> Result<(Role, bool), Error> {
    let row = sqlx::query!(
        r#"select (select role from memberships where class_id = $1 and user_id = $2) as role,
                  (select count(*) from memberships where class_id = $1) as "members!""#,
        class.uuid(),
        user.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    let present = row.role.as_deref().map(access::role).transpose()?;
    if let Some(present) = present.filter(|present| !role.is_above(*present)) {
        return Ok((present, false));
    }
    if present.is_none() {
        refuse_crowd(row.members + 1)?;
    }
    sqlx::query!(
        "insert into memberships (class_id, user_id, role)
         values ($1, $2, $3)
         on conflict (class_id, user_id) do update set role = excluded.role",
        class.uuid(),
        user.uuid(),
        role.as_str()
    )
    .execute(conn)
    .await?;
    Ok((role, true))
}

/// Refuses a class of more people than [`MAX_MEMBERS`].
pub(crate) fn refuse_crowd(members: i64) -> Result<(), Error> {
    if members <= MAX_MEMBERS {
        return Ok(());
    }
    Err(Error::Conflict("class_full", format!("A class has at most {MAX_MEMBERS} people, and this one is full.")))
}

/// Gives a person the places that rosters keep for their address. To be called when they sign in, in the transaction
/// that finds or makes the user, with an address that they **have proved to be theirs**: a roster says who may come in
/// by the address alone.
///
/// Who is in the class already stays what they are there. Lines of classes that are archived or in the trash wait on.
pub async fn take_up(conn: &mut PgConnection, user: UserId, verified_email: &str) -> Result<(), Error> {
    sqlx::query!(
        "with open as (
             -- Held, so that none goes to the trash meanwhile.
             select id
             from classes
             where archived_at is null and trashed_at is null
               and id in (select class_id from roster_entries where email = lower($2))
             order by id
             for share
         ), taken as (
             delete from roster_entries r
             using open c
             where r.email = lower($2) and c.id = r.class_id
             returning r.class_id, r.role, r.group_id)
         insert into memberships (class_id, user_id, role, group_id)
         select class_id, $1, role, group_id
         from taken
         on conflict (class_id, user_id) do nothing",
        user.uuid(),
        verified_email.trim()
    )
    .execute(conn)
    .await?;
    Ok(())
}
