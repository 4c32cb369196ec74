//! Accounts that become part of another of the same person.
//!
//! Whoever is signed in to the account that is to go makes a code (`codes`), and gives it while signed in to the one that
//! stays: so both are theirs. One transaction then hands over all that the one has and can be handed over at once (`begin`,
//! `going`): from then on the other reaches it, and whoever signs in to the first comes to the second. In anonymous places the
//! two may have to stay two (`aliases`). The id still stands in documents: the task that erases accounts (`erase::follow`) puts that of the one that stays into its place, and ends with the
//! account's row.

mod aliases;
mod begin;
mod codes;
mod going;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use shared::{
    api::{MakeMergeCode, MergeCode, MergeMe, MergePreview, Merging, PreviewMerge},
    ids::UserId,
};

use crate::{erase, error::Error, rooms::Whom, services::Services, sessions::Caller};

pub(crate) use going::{finish, go_on, is_under_way};

/// `GET /api/v1/me/merge`
pub async fn get(State(services): State<Services>, caller: Caller) -> Result<Json<Merging>, Error> {
    let session = caller.session()?;
    Ok(Json(Merging { sign_in_again: !erase::is_fresh(&services.db, session).await? }))
}

/// `POST /api/v1/me/merge/code`
pub async fn make_code(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<MakeMergeCode>, JsonRejection>,
) -> Result<Json<MergeCode>, Error> {
    let session = caller.session()?;
    let Json(MakeMergeCode {}) = body?;
    erase::refuse_stale(&services.db, session).await?;
    Ok(Json(codes::make(&services.db, caller.id).await?))
}

/// `POST /api/v1/me/merge/preview`
pub async fn preview(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<PreviewMerge>, JsonRejection>,
) -> Result<Json<MergePreview>, Error> {
    caller.session()?;
    let Json(PreviewMerge { code }) = body?;
    let mut tx = services.db.begin().await?;
    let goes = whose(&services, &mut tx, caller.id, &code).await?;
    Ok(Json(begin::foreseen(&mut tx, goes, caller.id).await?))
}

/// `POST /api/v1/me/merge`
pub async fn merge(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<MergeMe>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let session = caller.session()?;
    let Json(MergeMe { code }) = body?;
    erase::refuse_stale(&services.db, session).await?;
    let mut tx = services.db.begin().await?;
    let goes = whose(&services, &mut tx, caller.id, &code).await?;
    begin::hold(&mut tx, goes, caller.id).await?;
    // Somebody may have been faster: it is good once.
    codes::whose(&mut tx, &code).await?;
    begin::begin(&mut tx, goes, caller.id).await?;
    tx.commit().await?;
    // The tables have told it too; here nobody waits for that. It is done, whatever becomes of this.
    if let Err(error) = services.rooms.access_changed(&[Whom::User(goes), Whom::User(caller.id)]).await {
        tracing::warn!(user = %goes, %error, "rooms learn later that an account becomes part of another");
    }
    services.erase_bell.notify_one();
    tracing::info!(user = %goes, into = %caller.id, "an account becomes part of another");
    Ok(StatusCode::NO_CONTENT)
}

/// Who made a code; whoever guesses at one does not go on for long.
async fn whose(
    services: &Services,
    conn: &mut sqlx::PgConnection,
    caller: UserId,
    code: &str,
) -> Result<UserId, Error> {
    services.codes_tried.count(caller)?;
    let user = codes::whose(conn, code).await?;
    services.codes_tried.give_back(caller);
    Ok(user)
}
