//! Who the caller is, and the end of their session.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use shared::api::Me;

use crate::{error::Error, services::Services, sessions, sessions::Caller};

/// `GET /api/v1/me`
pub async fn me(caller: Caller) -> Json<Me> {
    Json(Me { id: caller.id, name: caller.name, email: caller.email })
}

/// `POST /api/v1/sign-out`
pub async fn sign_out(State(services): State<Services>, caller: Caller) -> Result<Response, Error> {
    let cookie = sessions::end(&services, &caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `POST /sign-out`: the same by a plain form.
pub async fn sign_out_by_form(State(services): State<Services>, headers: HeaderMap) -> Result<Response, Error> {
    let Some(caller) = sessions::identify(&services, &headers).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let cookie = sessions::end(&services, &caller).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}
