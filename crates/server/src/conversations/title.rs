use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
};
use serde::Deserialize;
use shared::{api::Titled, ids::ConversationId};

use crate::{access, error::Error, import, services::Services, sessions::Caller};

/// The body of [`shared::api::RenameConversation`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTitle {
    title: String,
}

/// `PATCH /api/v1/conversations/{id}`
pub async fn rename(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<NewTitle>, JsonRejection>,
) -> Result<Json<Titled>, Error> {
    let Path(id) = path?;
    let titler = access::titler(&services.db, caller.id, id).await?;
    let title = import::typed_title(&body?.0.title)?;
    sqlx::query!("update conversations set title = $2 where id = $1", titler.conversation().uuid(), title)
        .execute(&services.db)
        .await?;
    Ok(Json(Titled { title }))
}
