//! The code of a class: short enough to be written on a board.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use shared::{api::NewCode, ids::ClassId};

use crate::{access, error::Error, letters, services::Services, sessions::Caller};

/// 28 to the power of 8 codes: with ten wrong ones in ten minutes (`attempts`) nobody finds one.
const LENGTH: usize = 8;

/// With a hyphen in the middle.
pub(super) fn shown(code: &str) -> String {
    letters::shown(code)
}

/// As the database holds it, if it can be a code; people type it in their own way.
pub(super) fn read(typed: &str) -> Option<String> {
    letters::read(typed, LENGTH)
}

/// `POST /api/v1/classes/{class}/code`
pub async fn rotate(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<NewCode>, Error> {
    let code = letters::draw(LENGTH);
    set(&services, &caller, path?.0, Some(&code)).await?;
    Ok(Json(NewCode { code: shown(&code) }))
}

/// `DELETE /api/v1/classes/{class}/code`
pub async fn switch_off(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    set(&services, &caller, path?.0, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(services: &Services, caller: &Caller, class: ClassId, code: Option<&str>) -> Result<(), Error> {
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    sqlx::query!("update classes set join_code = $2 where id = $1", change.class().uuid(), code)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}
