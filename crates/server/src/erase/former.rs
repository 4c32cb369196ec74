//! Who stands where somebody stood: a former member, or whoever their account becomes part of.

use shared::{api::FORMER_MEMBER, ids::UserId};
use sqlx::PgPool;
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

/// Who somebody becomes in a place: a conversation, an activity with all its copies, or a project. The same one each time, and
/// the same everywhere where their account becomes part of another.
///
/// # Errors
/// The database's.
pub(super) async fn of(db: &PgPool, person: UserId, place: Uuid) -> Result<UserId, Error> {
    let mut tx = db.begin().await?;
    // Another server may be at it too.
    let merged_into = sqlx::query_scalar!("select merged_into from users where id = $1 for update", person.uuid());
    if let Some(stays) = merged_into.fetch_optional(&mut *tx).await?.flatten() {
        return Ok(UserId::from_uuid(stays));
    }
    let known =
        sqlx::query_scalar!("select former from erased_as where person = $1 and scope = $2", person.uuid(), place);
    if let Some(former) = known.fetch_optional(&mut *tx).await? {
        return Ok(UserId::from_uuid(former));
    }
    // Neither the id nor a time says that two of them were made together.
    let former = authors::unrelated_id();
    sqlx::query!(
        "insert into users (id, name, email, is_former, banned_at, created_at)
         values ($1, $2, 'former-' || $1::uuid || '@erased.invalid', true, to_timestamp(0), to_timestamp(0))",
        former,
        FORMER_MEMBER
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("insert into erased_as (person, scope, former) values ($1, $2, $3)", person.uuid(), place, former)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(UserId::from_uuid(former))
}
