//! Groups inside a class.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    api::CreatedGroup,
    ids::{ClassGroupId, ClassId},
};

use crate::{access, error::Error, names, services::Services, sessions::Caller};

/// Groups of one class.
const MAX_GROUPS: usize = 200;

/// The body of [`shared::api::CreateGroup`] and [`shared::api::RenameGroup`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    name: String,
}

impl Named {
    fn name(&self) -> Result<String, Error> {
        names::name(&self.name, 100)
    }
}

/// Maps the constraint that keeps names apart to an answer.
pub(crate) fn name_taken(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("class_groups_name_unique") => {
            Error::Conflict("name_taken", "name: the class has a group of this name already.".into())
        }
        _ => Error::Database(error),
    }
}

/// Maps the constraint that keeps the groups of an activity's copies to an answer.
fn has_worked(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("activity_copies_group") => Error::Conflict(
            "group_in_use",
            "This group has worked on an activity: it stays. Its members can be put into other groups.".into(),
        ),
        _ => Error::Database(error),
    }
}

/// Refuses a class of more groups than [`MAX_GROUPS`].
pub(crate) fn refuse_many(groups: usize) -> Result<(), Error> {
    if groups <= MAX_GROUPS {
        return Ok(());
    }
    Err(Error::Conflict("too_many_groups", format!("A class has at most {MAX_GROUPS} groups.")))
}

/// `POST /api/v1/classes/{class}/groups`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    body: Result<Json<Named>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedGroup>), Error> {
    let Path(class) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let name = body?.0.name()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from class_groups where class_id = $1"#,
        change.class().uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    refuse_many(usize::try_from(count).unwrap_or(usize::MAX).saturating_add(1))?;
    let id = ClassGroupId::new();
    sqlx::query!(
        "insert into class_groups (id, class_id, name) values ($1, $2, $3)",
        id.uuid(),
        change.class().uuid(),
        name
    )
    .execute(&mut *tx)
    .await
    .map_err(name_taken)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(CreatedGroup { id })))
}

/// `PATCH /api/v1/classes/{class}/groups/{group}`
pub async fn rename(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, ClassGroupId)>, PathRejection>,
    body: Result<Json<Named>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, group)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let name = body?.0.name()?;
    let renamed = sqlx::query!(
        "update class_groups
         set name = $3
         where class_id = $1 and id = $2",
        change.class().uuid(),
        group.uuid(),
        name
    )
    .execute(&mut *tx)
    .await
    .map_err(name_taken)?;
    if renamed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/classes/{class}/groups/{group}`: the tables take its members out of it.
pub async fn delete(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, ClassGroupId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, group)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let deleted =
        sqlx::query!("delete from class_groups where class_id = $1 and id = $2", change.class().uuid(), group.uuid())
            .execute(&mut *tx)
            .await
            .map_err(has_worked)?;
    if deleted.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
