//! Sign-in as a seeded person. The routes exist only where the public origin is loopback and no provider is configured;
//! the server refuses to start otherwise.

use axum::{
    Form, Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shared::{
    api::{DevelopmentPerson, DevelopmentSignIn, Me},
    ids::UserId,
};

use crate::{error::Error, people, services::Services, sessions, sign_in};

/// The provider's name in `identities`.
pub const PROVIDER: &str = "development";

async fn find(services: &Services, person: DevelopmentPerson) -> Result<Me, Error> {
    let user = sqlx::query_scalar!(
        "select user_id
         from identities
         where provider = $1 and subject = $2",
        PROVIDER,
        person.key()
    )
    .fetch_one(&services.db)
    .await?;
    people::of(&services.db, UserId::from_uuid(user)).await
}

/// `POST /api/v1/dev/sign-in`
pub async fn sign_in(
    State(services): State<Services>,
    headers: HeaderMap,
    body: Result<Json<DevelopmentSignIn>, JsonRejection>,
) -> Result<Response, Error> {
    let me = find(&services, body?.0.person).await?;
    let cookie = sessions::start(&services, &headers, me.id).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// The form of the sign-in page.
#[derive(Deserialize)]
pub struct SignInForm {
    person: DevelopmentPerson,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`: the same by a plain form, so that it works before and without scripts.
pub async fn sign_in_by_form(
    State(services): State<Services>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, Error> {
    let me = find(&services, form.person).await?;
    match sessions::start(&services, &headers, me.id).await {
        Ok(cookie) => {
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(sign_in::local_path(&form.next))).into_response())
        }
        Err(Error::Banned) => Ok(Redirect::to("/sign-in/closed").into_response()),
        Err(error) => Err(error),
    }
}
