//! Personal access tokens: for programs, on the API and on sync.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
};
use shared::{
    api::{CreateToken, CreatedToken, MAX_TOKEN_DAYS, MAX_TOKENS, MAX_TOKENS_LISTED, Token, TokenScope},
    ids::{TokenId, UserId},
};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Error,
    services::Services,
    sessions::{Caller, Proof, Secret},
    times::rfc3339,
};

/// Tells tokens apart from other secrets, in a leak scanner or by eye.
const PREFIX: &str = "pg_";

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whose token it is, if it is one and not revoked.
///
/// # Errors
/// [`Error::Banned`], [`Error::TokenExpired`]: whoever holds it is told why it works no more.
pub async fn holder(db: &PgPool, token: &str) -> Result<Option<Caller>, Error> {
    let Some(secret) = token.strip_prefix(PREFIX).and_then(Secret::parse) else { return Ok(None) };
    let row = sqlx::query!(
        r#"select t.id as token, t.scope, t.expires_at, t.expires_at <= now() as expired,
                  u.id, u.name, u.email, u.banned_at is not null as "banned!",
                  coalesce(t.last_used_at < now() - interval '5 minutes', true) as "stale!"
           from tokens t
           join users u on u.id = t.user_id
           where t.token_hash = $1 and t.revoked_at is null"#,
        secret.hash()
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.banned {
        return Err(Error::Banned);
    }
    if let (Some(true), Some(at)) = (row.expired, row.expires_at) {
        return Err(Error::TokenExpired(at.date()));
    }
    if row.stale {
        sqlx::query!("update tokens set last_used_at = now() where id = $1", row.token).execute(db).await?;
    }
    let proof = Proof::Token(TokenId::from_uuid(row.token), TokenScope::from_column(&row.scope));
    Ok(Some(Caller { id: UserId::from_uuid(row.id), name: row.name, email: row.email, proof }))
}

/// Which of these tokens are still good, as what proves it: one whose scope is another by now is not what it was.
pub async fn still_good(db: &PgPool, tokens: &[TokenId]) -> Result<Vec<Proof>, Error> {
    let tokens: Vec<Uuid> = tokens.iter().map(|token| token.uuid()).collect();
    let good = sqlx::query!(
        "select t.id, t.scope
         from tokens t
         join users u on u.id = t.user_id
         where t.id = any($1)
           and t.revoked_at is null
           and (t.expires_at is null or t.expires_at > now())
           and u.banned_at is null",
        &tokens
    );
    let proof = |id, scope: String| Proof::Token(TokenId::from_uuid(id), TokenScope::from_column(&scope));
    Ok(good.fetch_all(db).await?.into_iter().map(|row| proof(row.id, row.scope)).collect())
}

/// `POST /api/v1/tokens`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateToken>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    caller.session()?;
    let Json(CreateToken { name, scope, expires_in_days }) = body?;
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Error::Invalid("token_name", "name: a token's name has 1 to 100 characters.".into()));
    }
    if expires_in_days.is_some_and(|days| !(1..=MAX_TOKEN_DAYS).contains(&days)) {
        let why = format!("expires_in_days: 1 to {MAX_TOKEN_DAYS}, or null for a token that does not expire.");
        return Err(Error::Invalid("token_days", why));
    }
    let expires_at = expires_in_days.map(|days| OffsetDateTime::now_utc() + Duration::days(days.into()));
    let (id, secret) = (TokenId::new(), Secret::new()?);
    let made = sqlx::query!(
        "insert into tokens (id, user_id, name, token_hash, scope, expires_at)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from tokens where user_id = $2 and revoked_at is null) < $7",
        id.uuid(),
        caller.id.uuid(),
        name,
        secret.hash(),
        scope.as_str(),
        expires_at,
        i64::from(MAX_TOKENS)
    )
    .execute(&services.db)
    .await?;
    if made.rows_affected() == 0 {
        let why = format!("You have {MAX_TOKENS} tokens. Revoke one that you do not need first.");
        return Err(Error::Conflict("too_many_tokens", why));
    }
    let token = format!("{PREFIX}{}", secret.text());
    Ok((StatusCode::CREATED, Json(CreatedToken { id, token, expires_at: expires_at.map(rfc3339) })))
}

/// `GET /api/v1/tokens`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Vec<Token>>, Error> {
    caller.session()?;
    let rows = sqlx::query!(
        "select id, name, scope, created_at, expires_at, last_used_at
         from tokens
         where user_id = $1 and revoked_at is null
         order by id desc
         limit $2",
        caller.id.uuid(),
        i64::from(MAX_TOKENS_LISTED)
    )
    .fetch_all(&services.db)
    .await?;
    let tokens = rows.into_iter().map(|row| Token {
        id: TokenId::from_uuid(row.id),
        name: row.name,
        scope: TokenScope::from_column(&row.scope),
        created_at: rfc3339(row.created_at),
        expires_at: row.expires_at.map(rfc3339),
        last_used_at: row.last_used_at.map(rfc3339),
    });
    Ok(Json(tokens.collect()))
}

/// `DELETE /api/v1/tokens/{id}`: what is connected by it is closed.
pub async fn revoke(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<TokenId>, PathRejection>,
) -> Result<StatusCode, Error> {
    caller.session()?;
    let Path(id) = path?;
    let scope = sqlx::query_scalar!(
        "update tokens
         set revoked_at = now()
         where id = $1 and user_id = $2 and revoked_at is null
         returning scope",
        id.uuid(),
        caller.id.uuid()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(Error::NotFound)?;
    services.rooms.sign_out(&Proof::Token(id, TokenScope::from_column(&scope)));
    Ok(StatusCode::NO_CONTENT)
}
