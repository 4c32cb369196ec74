//! The trash. What is put into it is there for nobody ([`access`](crate::access)): pages, lists, search and sockets are as if
//! it were deleted. Whoever may delete it finds it in a list and takes it out again, as it was and shared as it was, or
//! deletes it for ever; what has lain there for [`TRASH_DAYS`](shared::api::TRASH_DAYS) days is deleted by itself.

mod activities;
mod classes;
mod conversations;
mod projects;

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use shared::api::{ListTrash, MAX_TRASHED_A_PAGE, Trash};
use sqlx::PgPool;

use crate::{error::Error, files::Files, services::Services, sessions::Caller};

pub use activities::{purge as purge_activity, put as put_activity, restore as restore_activity};
pub use classes::{purge as purge_class, put as put_class, restore as restore_class};
pub use conversations::{purge as purge_conversation, put as put_conversation, restore as restore_conversation};
pub(crate) use projects::delete as delete_projects;
pub use projects::{purge as purge_project, put as put_project, restore as restore_project};

/// Between two looks at what has lain there long enough.
const EVERY: Duration = Duration::from_secs(3_600);

/// What is deleted in one transaction; more is of the next.
const AT_ONCE: i64 = 20;

/// `GET /api/v1/trash`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<ListTrash>, QueryRejection>,
) -> Result<Json<Trash>, Error> {
    let Query(ListTrash { after, limit }) = query?;
    let limit = limit.unwrap_or(MAX_TRASHED_A_PAGE);
    if !(1..=MAX_TRASHED_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_TRASHED_A_PAGE}.")));
    }
    let db = &services.db;
    let conversations = conversations::list(db, caller.id, after, limit).await?;
    if after.is_some() {
        return Ok(Json(Trash { conversations, ..Trash::default() }));
    }
    let (projects, activities, classes) =
        tokio::try_join!(projects::list(db, caller.id), activities::list(db, caller.id), classes::list(db, caller.id))?;
    Ok(Json(Trash { conversations, projects, activities, classes }))
}

/// Deletes what has lain in the trash long enough, for as long as the server runs.
pub async fn follow(db: PgPool, files: Files) {
    loop {
        match empty(&db).await {
            Ok(0) => {}
            Ok(deleted) => {
                tracing::info!(deleted, "what was in the trash is deleted");
                files.sweep_soon();
            }
            Err(error) => tracing::warn!(%error, "the trash could not be emptied"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Deletes what has lain there long enough, and says how much that was. Repeating it, or another server doing the same at
/// once, changes nothing.
///
/// # Errors
/// The database's; the next time goes on from there.
pub async fn empty(db: &PgPool) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        // Classes and activities first: what these were made from can go then. What fails holds nothing else up.
        let kinds = [
            classes::empty(db).await,
            activities::empty(db).await,
            projects::empty(db).await,
            conversations::empty(db).await,
        ];
        let (mut deleted, mut failed) = (0, None);
        for kind in kinds {
            match kind {
                Ok(count) => deleted += count,
                Err(error) => failed = Some(error),
            }
        }
        all += deleted;
        match failed {
            _ if deleted > 0 => {}
            Some(error) => return Err(error),
            None => return Ok(all),
        }
    }
}
