//! Accounts that are erased.
//!
//! Somebody asks for it, and is gone at once: in one transaction the account loses its name, its address and all that signs in to
//! it (`begin`). What they wrote stands in many documents, under their id. So a task (`follow`) goes through all that is kept
//! here, one conversation after the other, and puts another id in the place of theirs, that of a former member: one for each
//! conversation, or for each activity, from which nothing leads to another. What goes instead of staying is deleted on the way.
//! When nothing is found any more, the account's row goes, and with it the last that knew who was who.
//!
//! An account that becomes part of another of the same person (`crate::merge`) is gone through by the same task: then nothing is
//! deleted, and the id in its place is that of the account that stays, but for anonymous places where the two are told apart.
//!
//! Nothing is remembered of how far that is: what was done is not found again. So it is taken up after a restart as if nothing
//! had happened, and whatever is written meanwhile is found in the next pass.

mod activities;
mod aliases;
mod begin;
mod conversations;
mod former;
mod projects;
mod rows;
mod usage;
mod words;
mod work;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::api::{EraseMe, Erasure};
use sqlx::PgPool;

use crate::{error::Error, rooms::Whom, services::Services, sessions, sessions::Caller};

pub(crate) use begin::when_erased;
pub(crate) use former::add as add_former_member;
pub use work::{Bell, follow};

/// How long ago somebody may have signed in: whoever found a browser open, or took a session, knows the address too, and
/// cannot sign in.
const FRESH_MINUTES: i32 = 15;

/// `GET /api/v1/me/erase`
pub async fn get(State(services): State<Services>, caller: Caller) -> Result<Json<Erasure>, Error> {
    let session = caller.session()?;
    let foreseen = begin::foreseen(&services.db, caller.id).await?;
    Ok(Json(Erasure { sign_in_again: !is_fresh(&services.db, session).await?, ..foreseen }))
}

/// `POST /api/v1/me/erase`
pub async fn erase(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<EraseMe>, JsonRejection>,
) -> Result<Response, Error> {
    let session = caller.session()?;
    let Json(EraseMe { confirm }) = body?;
    if confirm.trim().to_lowercase() != caller.email.to_lowercase() {
        let why = "confirm: this is not the address of your account. Write it as it stands there.";
        return Err(Error::Invalid("not_confirmed", why.into()));
    }
    refuse_stale(&services.db, session).await?;
    let mut tx = services.db.begin().await?;
    begin::begin(&mut tx, caller.id, &caller.email).await?;
    tx.commit().await?;
    // The tables have told it too; here nobody waits for that. It is done, whatever becomes of this.
    if let Err(error) = services.rooms.access_changed(&[Whom::User(caller.id)]).await {
        tracing::warn!(user = %caller.id, %error, "rooms learn later that an account is being erased");
    }
    services.erase_bell.notify_one();
    tracing::info!(user = %caller.id, "an account is being erased");
    let cookie = sessions::forget(&services.origin);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Refuses somebody who signed in too long ago.
///
/// # Errors
/// The database's; [`Error::Conflict`]
pub(crate) async fn refuse_stale(db: &PgPool, session: &[u8]) -> Result<(), Error> {
    if is_fresh(db, session).await? {
        return Ok(());
    }
    let why = format!(
        "This is for somebody who has signed in within the last {FRESH_MINUTES} minutes. Sign out, sign in again, and come back."
    );
    Err(Error::Conflict("sign_in_again", why))
}

/// Whether a session was begun just now.
pub(crate) async fn is_fresh(db: &PgPool, session: &[u8]) -> Result<bool, Error> {
    let fresh = sqlx::query_scalar!(
        r#"select created_at > now() - make_interval(mins => $2) as "fresh!" from sessions where token_hash = $1"#,
        session,
        FRESH_MINUTES
    );
    Ok(fresh.fetch_optional(db).await?.unwrap_or_default())
}
