//! Sign-in as a seeded person. The routes exist only where the public origin is loopback and no provider is configured;
//! the server refuses to start otherwise.

use axum::{
    Form, Json,
    extract::{State, rejection::JsonRejection},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shared::{
    api::{DevelopmentPerson, DevelopmentSignIn, Me},
    ids::UserId,
};

use crate::{error::Error, services::Services, sessions};

/// The provider's name in `identities`.
pub const PROVIDER: &str = "development";

async fn find(services: &Services, person: DevelopmentPerson) -> Result<Me, Error> {
    let row = sqlx::query!(
        "select u.id, u.name, u.email
         from identities i
         join users u on u.id = i.user_id
         where i.provider = $1 and i.subject = $2",
        PROVIDER,
        person.key()
    )
    .fetch_one(&services.db)
    .await?;
    Ok(Me { id: UserId::from_uuid(row.id), name: row.name, email: row.email })
}

/// `POST /api/v1/dev/sign-in`
pub async fn sign_in(
    State(services): State<Services>,
    body: Result<Json<DevelopmentSignIn>, JsonRejection>,
) -> Result<Response, Error> {
    let me = find(&services, body?.0.person).await?;
    let cookie = sessions::start(&services.db, &services.origin, me.id).await?;
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
    Form(form): Form<SignInForm>,
) -> Result<Response, Error> {
    let me = find(&services, form.person).await?;
    let cookie = sessions::start(&services.db, &services.origin, me.id).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local_path(&form.next))).into_response())
}

/// Where to go after signing in: a path of this site, else the home page. `//host` and `/\host` would be another site.
fn local_path(next: &str) -> &str {
    let local = next.starts_with('/') && !next[1..].starts_with(['/', '\\']) && !next.chars().any(char::is_control);
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_site_is_followed_after_sign_in() {
        assert_eq!(local_path("/c/1?x=2#h"), "/c/1?x=2#h");
        for foreign in
            ["", "https://example.org", "//example.org", "/\\example.org", "javascript:alert(1)", "/\t/example.org"]
        {
            assert_eq!(local_path(foreign), "/", "{foreign:?}");
        }
    }
}
