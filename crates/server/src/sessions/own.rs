//! Somebody's own sessions: seen, and ended one by one or all at once.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use shared::{
    api::Session,
    ids::{SessionId, UserId},
};

use super::{Caller, IDLE, Proof, device, end, identify};
use crate::{error::Error, services::Services, times::rfc3339};

/// More than anybody has devices.
const MAX_LISTED: i64 = 200;

/// `GET /api/v1/sessions`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Vec<Session>>, Error> {
    let current = caller.session()?;
    let idle_since = time::OffsetDateTime::now_utc() - IDLE;
    let rows = sqlx::query!(
        r#"select id, user_agent, created_at, last_seen_at, token_hash = $2 as "current!"
           from sessions
           where user_id = $1
             and revoked_at is null
             and expires_at > now()
             and last_seen_at > $3
           order by token_hash = $2 desc, last_seen_at desc
           limit $4"#,
        caller.id.uuid(),
        current,
        idle_since,
        MAX_LISTED
    )
    .fetch_all(&services.db)
    .await?;
    let sessions = rows.into_iter().map(|row| Session {
        id: SessionId::from_uuid(row.id),
        device: device::in_words(row.user_agent.as_deref()),
        current: row.current,
        created_at: rfc3339(row.created_at),
        last_seen_at: rfc3339(row.last_seen_at),
    });
    Ok(Json(sessions.collect()))
}

/// `DELETE /api/v1/sessions/{id}`: what is connected by it is closed.
pub async fn end_one(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<SessionId>, PathRejection>,
) -> Result<Response, Error> {
    let current = caller.session()?;
    let Path(id) = path?;
    let ended = sqlx::query_scalar!(
        "update sessions
         set revoked_at = now()
         where id = $1 and user_id = $2 and revoked_at is null
         returning token_hash",
        id.uuid(),
        caller.id.uuid()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(Error::NotFound)?;
    if ended == current {
        // Its connections too, and the cookie is forgotten.
        return Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, end(&services, &caller).await?)]).into_response());
    }
    services.rooms.sign_out(&Proof::Session(ended));
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends all sessions of somebody, with all that is connected by them. Tokens stay: they are no sessions, and are listed
/// beside them.
pub async fn end_all(services: &Services, user: UserId) -> Result<(), Error> {
    let ended = sqlx::query_scalar!(
        "update sessions
         set revoked_at = now()
         where user_id = $1 and revoked_at is null
         returning token_hash",
        user.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    for hash in ended {
        services.rooms.sign_out(&Proof::Session(hash));
    }
    Ok(())
}

/// `POST /api/v1/sign-out-everywhere`
pub async fn sign_out_everywhere(State(services): State<Services>, caller: Caller) -> Result<Response, Error> {
    caller.session()?;
    end_all(&services, caller.id).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, end(&services, &caller).await?)]).into_response())
}

/// `POST /sign-out-everywhere`: the same by a plain form.
pub async fn sign_out_everywhere_by_form(
    State(services): State<Services>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let caller = match identify(&services, &headers).await {
        Ok(Some(caller)) => caller,
        // Theirs are ended.
        Ok(None) | Err(Error::Banned) => return Ok(Redirect::to("/sign-in").into_response()),
        Err(error) => return Err(error),
    };
    caller.session()?;
    end_all(&services, caller.id).await?;
    Ok(([(header::SET_COOKIE, end(&services, &caller).await?)], Redirect::to("/sign-in")).into_response())
}
