//! Personal access tokens: for programs, on the API and on sync.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
};
use shared::{
    api::{CreateToken, CreatedToken, Token},
    ids::{TokenId, UserId},
};
use sqlx::PgPool;
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
/// [`Error::Banned`]
pub async fn holder(db: &PgPool, token: &str) -> Result<Option<Caller>, Error> {
    let Some(secret) = token.strip_prefix(PREFIX).and_then(Secret::parse) else { return Ok(None) };
    let row = sqlx::query!(
        r#"select t.id as token, u.id, u.name, u.email, u.banned_at is not null as "banned!",
                  coalesce(t.last_used_at < now() - interval '5 minutes', true) as "stale!"
           from tokens t
           join users u on u.id = t.user_id
           where t.token_hash = $1 and t.revoked_at is null"#,
        secret.hash()
    )
    .fetch_optional(db)
    .await?;
    if row.as_ref().is_some_and(|row| row.banned) {
        return Err(Error::Banned);
    }
    if let Some(row) = row.as_ref().filter(|row| row.stale) {
        sqlx::query!("update tokens set last_used_at = now() where id = $1", row.token).execute(db).await?;
    }
    Ok(row.map(|row| {
        let proof = Proof::Token(TokenId::from_uuid(row.token));
        Caller { id: UserId::from_uuid(row.id), name: row.name, email: row.email, proof }
    }))
}

/// Which of these tokens are still good.
pub async fn still_good(db: &PgPool, tokens: &[TokenId]) -> Result<Vec<TokenId>, Error> {
    let tokens: Vec<Uuid> = tokens.iter().map(|token| token.uuid()).collect();
    let good = sqlx::query_scalar!(
        "select t.id
         from tokens t
         join users u on u.id = t.user_id
         where t.id = any($1) and t.revoked_at is null and u.banned_at is null",
        &tokens
    );
    Ok(good.fetch_all(db).await?.into_iter().map(TokenId::from_uuid).collect())
}

/// `POST /api/v1/tokens`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateToken>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    caller.session()?;
    let Json(CreateToken { name }) = body?;
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Error::Invalid("token_name", "name: a token's name has 1 to 100 characters.".into()));
    }
    let (id, secret) = (TokenId::new(), Secret::new()?);
    sqlx::query!(
        "insert into tokens (id, user_id, name, token_hash)
         values ($1, $2, $3, $4)",
        id.uuid(),
        caller.id.uuid(),
        name,
        secret.hash()
    )
    .execute(&services.db)
    .await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { id, token: format!("{PREFIX}{}", secret.text()) })))
}

/// `GET /api/v1/tokens`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Vec<Token>>, Error> {
    caller.session()?;
    let rows = sqlx::query!(
        "select id, name, created_at, last_used_at
         from tokens
         where user_id = $1 and revoked_at is null
         order by id desc
         limit 200",
        caller.id.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let tokens = rows.into_iter().map(|row| Token {
        id: TokenId::from_uuid(row.id),
        name: row.name,
        created_at: rfc3339(row.created_at),
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
    let revoked = sqlx::query!(
        "update tokens
         set revoked_at = now()
         where id = $1 and user_id = $2 and revoked_at is null",
        id.uuid(),
        caller.id.uuid()
    )
    .execute(&services.db)
    .await?;
    if revoked.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    services.rooms.sign_out(&Proof::Token(id));
    Ok(StatusCode::NO_CONTENT)
}
