//! Who stands where somebody stood: a former member, or whoever their account becomes part of.

use shared::{api::FORMER_MEMBER, ids::UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{authors, error::Error};

/// Whoever somebody's account becomes part of, and what they are called.
///
/// # Errors
/// The database's.
pub(super) async fn merged_into(db: &PgPool, person: UserId) -> Result<Option<(UserId, String)>, Error> {
    let row = sqlx::query!(
        "select s.id, s.name from users g join users s on s.id = g.merged_into where g.id = $1",
        person.uuid()
    );
    Ok(row.fetch_optional(db).await?.map(|row| (UserId::from_uuid(row.id), row.name)))
}

/// What whoever somebody becomes is called, where that is not a secret.
pub(super) fn name(merged_into: Option<(UserId, String)>, becomes: UserId) -> String {
    match merged_into {
        Some((stays, name)) if stays == becomes => name,
        _ => FORMER_MEMBER.to_owned(),
    }
}

/// Who somebody becomes in a place: a conversation, an activity with all its copies, or a project. The same one each time, and
/// the same everywhere where their account becomes part of another, but for where the two are to be told apart (`merge`).
///
/// # Errors
/// The database's.
pub(super) async fn of(db: &PgPool, person: UserId, place: Uuid) -> Result<UserId, Error> {
    let mut tx = db.begin().await?;
    // Another server may be at it too.
    let merged_into = sqlx::query_scalar!("select merged_into from users where id = $1 for update", person.uuid());
    let merged_into = merged_into.fetch_optional(&mut *tx).await?.flatten();
    let known =
        sqlx::query_scalar!("select former from erased_as where person = $1 and scope = $2", person.uuid(), place);
    if let Some(id) = known.fetch_optional(&mut *tx).await?.or(merged_into) {
        return Ok(UserId::from_uuid(id));
    }
    let former = add(&mut tx, person, place).await?;
    tx.commit().await?;
    Ok(former)
}

/// Makes the former member that somebody becomes in a place, who is none there yet.
///
/// # Errors
/// The database's.
pub(crate) async fn add(conn: &mut PgConnection, person: UserId, place: Uuid) -> Result<UserId, Error> {
    // Neither the id nor a time says that two of them were made together.
    let former = authors::unrelated_id();
    sqlx::query!(
        "insert into users (id, name, email, is_former, banned_at, created_at)
         values ($1, $2, 'former-' || $1::uuid || '@erased.invalid', true, to_timestamp(0), to_timestamp(0))",
        former,
        FORMER_MEMBER
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("insert into erased_as (person, scope, former) values ($1, $2, $3)", person.uuid(), place, former)
        .execute(conn)
        .await?;
    Ok(UserId::from_uuid(former))
}
