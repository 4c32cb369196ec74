//! Who the caller is, and the end of their session.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use shared::api::{Me, Rename};

use crate::{error::Error, names, services::Services, sessions, sessions::Caller};

/// `GET /api/v1/me`
pub async fn me(caller: Caller) -> Json<Me> {
    Json(Me { id: caller.id, name: caller.name, email: caller.email })
}

/// A name is at most this long.
const MAX_NAME: usize = 100;

/// `POST /api/v1/me`
pub async fn rename(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<Rename>, JsonRejection>,
) -> Result<Json<Me>, Error> {
    caller.session()?;
    let Json(Rename { name }) = body?;
    let name = names::name(&name, MAX_NAME)?;
    sqlx::query!("update users set name = $1 where id = $2", name, caller.id.uuid()).execute(&services.db).await?;
    Ok(Json(Me { id: caller.id, name, email: caller.email }))
}

/// `POST /api/v1/sign-out`
pub async fn sign_out(State(services): State<Services>, caller: Caller) -> Result<Response, Error> {
    let cookie = sessions::end(&services, &caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `POST /sign-out`: the same by a plain form.
pub async fn sign_out_by_form(State(services): State<Services>, headers: HeaderMap) -> Result<Response, Error> {
    let cookie = match sessions::identify(&services, &headers).await {
        Ok(Some(caller)) => sessions::end(&services, &caller).await?,
        // The way out is open to whoever is banned: somebody else may want to sign in here.
        Ok(None) | Err(Error::Banned) => sessions::forget(&services.origin),
        Err(error) => return Err(error),
    };
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}
