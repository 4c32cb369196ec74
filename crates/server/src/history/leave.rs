//! Whether the staff of a class see the history of a copy of an activity: its setting says so, or whoever's copy it is.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use serde::Deserialize;
use shared::{api::StaffSeeHistory, ids::ConversationId};
use sqlx::PgPool;

use crate::{
    access::{self, Reader},
    error::Error,
    services::Services,
    sessions::Caller,
};

/// The body of [`shared::api::LetStaffSeeHistory`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    staff_see_history: bool,
}

/// `PUT /api/v1/conversations/{id}/history/leave`
pub async fn change(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<Leave>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let owner = access::copy_owner(&services.db, caller.id, id).await?.reader();
    let Json(Leave { staff_see_history }) = body?;
    sqlx::query!(
        "update activity_copies set staff_see_history = $3 where conversation_id = $1 and user_id = $2",
        owner.conversation().uuid(),
        owner.user().uuid(),
        staff_see_history
    )
    .execute(&services.db)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What holds for a copy; nothing where it is none.
///
/// # Errors
/// The database's.
pub(super) async fn of(db: &PgPool, reader: Reader) -> sqlx::Result<Option<StaffSeeHistory>> {
    let found = sqlx::query_as!(
        StaffSeeHistory,
        r#"select a.staff_see_history as by_activity, w.staff_see_history as by_leave,
                  coalesce(w.user_id = $2, false) as "may_change!"
           from activity_copies w
           join activities a on a.id = w.activity_id
           where w.conversation_id = $1"#,
        reader.conversation().uuid(),
        reader.user().uuid()
    );
    found.fetch_optional(db).await
}
