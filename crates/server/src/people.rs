//! Who the caller is and what they say of themselves, and the end of their session.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use shared::{
    api::{ChangeMe, LOCALES, MAX_NAME_CHARS, MAX_PRONOUNS_CHARS, Me},
    ids::UserId,
};
use sqlx::PgPool;

use crate::{error::Error, names, services::Services, sessions, sessions::Caller, times};

/// Somebody, as they see themselves.
///
/// # Errors
/// The database's, or nobody has this id.
pub async fn of(db: &PgPool, user: UserId) -> Result<Me, Error> {
    let row = sqlx::query!("select name, email, pronouns, time_zone, locale from users where id = $1", user.uuid())
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound)?;
    let (name, email) = (row.name, row.email);
    Ok(Me { id: user, name, email, pronouns: row.pronouns, time_zone: row.time_zone, locale: row.locale })
}

/// `GET /api/v1/me`
pub async fn me(State(services): State<Services>, caller: Caller) -> Result<Json<Me>, Error> {
    Ok(Json(of(&services.db, caller.id).await?))
}

/// `PATCH /api/v1/me`
pub async fn change(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<ChangeMe>, JsonRejection>,
) -> Result<Json<Me>, Error> {
    caller.session()?;
    let Json(ChangeMe { name, pronouns, time_zone, locale }) = body?;
    let name = name.map(|name| names::name(&name, MAX_NAME_CHARS)).transpose()?;
    let pronouns = pronouns.map(|words| words.as_deref().map_or(Ok(None), spoken_of)).transpose()?;
    let time_zone = time_zone.map(|zone| zone.as_deref().map(zone_named).transpose()).transpose()?;
    let locale = locale.map(|tag| tag.as_deref().map(locale_named).transpose()).transpose()?;
    sqlx::query!(
        "update users
         set name = coalesce($2, name),
             pronouns = case when $3 then $4 else pronouns end,
             time_zone = case when $5 then $6 else time_zone end,
             locale = case when $7 then $8 else locale end
         -- Whose account is being erased, or becomes part of another, has none of these any more, though their request was
         -- under way.
         where id = $1 and erasing_since is null and merged_into is null",
        caller.id.uuid(),
        name,
        pronouns.is_some(),
        pronouns.flatten(),
        time_zone.is_some(),
        time_zone.flatten(),
        locale.is_some(),
        locale.flatten()
    )
    .execute(&services.db)
    .await?;
    Ok(Json(of(&services.db, caller.id).await?))
}

/// Pronouns, as a name is written; none where nothing stands there.
fn spoken_of(text: &str) -> Result<Option<String>, Error> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return Ok(None);
    }
    let wrong = |why: String| Error::Invalid("bad_pronouns", format!("pronouns: {why}"));
    if words.chars().count() > MAX_PRONOUNS_CHARS {
        return Err(wrong(format!("they have at most {MAX_PRONOUNS_CHARS} characters.")));
    }
    match names::unfit(&words) {
        None => Ok(Some(words)),
        Some(why) => Err(wrong(why.to_owned())),
    }
}

fn zone_named(name: &str) -> Result<String, Error> {
    let unknown = || Error::Invalid("bad_time_zone", "time_zone: no time zone is called that.".into());
    times::zone(name).ok_or_else(unknown)
}

fn locale_named(tag: &str) -> Result<String, Error> {
    let known = LOCALES.iter().find(|(known, _)| *known == tag);
    let unknown = || {
        let all = LOCALES.map(|(tag, _)| tag).join(", ");
        Error::Invalid("bad_locale", format!("locale: dates are written as one of {all}."))
    };
    known.map(|(tag, _)| (*tag).to_owned()).ok_or_else(unknown)
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
