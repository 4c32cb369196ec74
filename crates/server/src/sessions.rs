//! Sessions: 32 random bytes in a cookie, their SHA-256 in the database, idle and absolute expiry, revocable.

mod device;
pub mod own;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use shared::{
    access::Rights,
    api::TokenScope,
    ids::{SessionId, TokenId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{config::Origin, cookies, error::Error, services::Services, tokens};

/// The cookie that carries a session.
const COOKIE: &str = "session";

/// A session ends after this long without a request.
const IDLE: time::Duration = time::Duration::days(14);
/// A session ends after this long in any case.
const ABSOLUTE: time::Duration = time::Duration::days(90);
/// How many random bytes a secret has.
const SECRET_BYTES: usize = 32;

/// A secret that only its holder knows; the database knows its hash.
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A new one from the system's source of randomness.
    pub fn new() -> Result<Self, Error> {
        let mut bytes = [0; SECRET_BYTES];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self(bytes))
    }

    /// As cookies and tokens spell it (base64url).
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what [`Self::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// What the database holds. No salt: the input is 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }
}

/// How a request proved who sends it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A session's cookie; the hash names the session.
    Session(Vec<u8>),
    /// A personal access token: no browser sends it by itself, so the origin does not matter. What it may be used for
    /// limits what its owner may do.
    Token(TokenId, TokenScope),
}

impl Proof {
    /// What is left of somebody's rights in a conversation for who comes by this.
    pub fn limits(&self, rights: Rights) -> Rights {
        match self {
            Self::Session(_) => rights,
            Self::Token(_, scope) => scope.of(rights),
        }
    }

    /// Whether a request may be made by it. What only reads is asked for by `GET`, everywhere in the API: so the method
    /// is all that has to be known.
    fn may(&self, method: &Method) -> bool {
        match self {
            Self::Session(_) | Self::Token(_, TokenScope::Write) => true,
            Self::Token(_, TokenScope::Read) => matches!(*method, Method::GET | Method::HEAD),
        }
    }
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// How they proved it.
    pub proof: Proof,
}

/// Starts a session and answers the cookie that carries it. `headers` are those of the request that signs in: they say
/// on what device that is.
///
/// # Errors
/// [`Error::Banned`]: whatever way somebody who is banned came, they come no further.
pub async fn start(services: &Services, headers: &HeaderMap, user: UserId) -> Result<HeaderValue, Error> {
    let secret = Secret::new()?;
    let expires = time::OffsetDateTime::now_utc() + ABSOLUTE;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(device::stored);
    let started = sqlx::query!(
        "insert into sessions (token_hash, user_id, expires_at, id, user_agent)
         select $1, id, $3, $4, $5
         from users
         where id = $2 and banned_at is null",
        secret.hash(),
        user.uuid(),
        expires,
        SessionId::new().uuid(),
        user_agent
    )
    .execute(&services.db)
    .await?;
    if started.rows_affected() == 0 {
        return Err(Error::Banned);
    }
    Ok(cookies::set(&services.origin, COOKIE, &secret.text(), ABSOLUTE.whole_seconds()))
}

/// Ends the caller's session, with all that is connected by it, and answers the cookie that forgets it.
pub async fn end(services: &Services, caller: &Caller) -> Result<HeaderValue, Error> {
    if let Proof::Session(hash) = &caller.proof {
        let revoke = sqlx::query!("update sessions set revoked_at = now() where token_hash = $1", hash);
        revoke.execute(&services.db).await?;
        services.rooms.sign_out(&caller.proof);
    }
    Ok(forget(&services.origin))
}

/// The cookie that forgets a session.
pub fn forget(origin: &Origin) -> HeaderValue {
    cookies::forget(origin, COOKIE)
}

/// Who holds the session of this request's cookie, if it is still good.
///
/// # Errors
/// [`Error::Banned`]: they would be told so although their sessions are ended, for as long as these would have lasted.
pub async fn of_cookie(db: &PgPool, origin: &Origin, headers: &HeaderMap) -> Result<Option<Caller>, Error> {
    let Some(secret) = cookies::read(origin, headers, COOKIE).and_then(Secret::parse) else { return Ok(None) };
    let hash = secret.hash();
    let idle_since = time::OffsetDateTime::now_utc() - IDLE;
    let row = sqlx::query!(
        r#"select u.id, u.name, u.email, u.banned_at is not null as "banned!",
                  s.last_seen_at < now() - interval '5 minutes' as "stale!"
           from sessions s
           join users u on u.id = s.user_id
           where s.token_hash = $1
             and s.expires_at > now()
             and s.last_seen_at > $2
             and (s.revoked_at is null or u.banned_at is not null)"#,
        hash,
        idle_since
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.banned {
        return Err(Error::Banned);
    }
    if row.stale {
        sqlx::query!("update sessions set last_seen_at = now() where token_hash = $1", hash).execute(db).await?;
    }
    Ok(Some(Caller { id: UserId::from_uuid(row.id), name: row.name, email: row.email, proof: Proof::Session(hash) }))
}

/// Which of these sessions, named by their hashes, are still good: by the same conditions as [`of_cookie`], but without
/// counting as a request.
pub async fn still_good(db: &PgPool, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Error> {
    let idle_since = time::OffsetDateTime::now_utc() - IDLE;
    let good = sqlx::query_scalar!(
        "select s.token_hash
         from sessions s
         join users u on u.id = s.user_id
         where s.token_hash = any($1)
           and s.revoked_at is null
           and s.expires_at > now()
           and s.last_seen_at > $2
           and u.banned_at is null",
        hashes,
        idle_since
    );
    Ok(good.fetch_all(db).await?)
}

/// Which of these people are banned.
pub async fn banned(db: &PgPool, users: &[UserId]) -> Result<Vec<UserId>, Error> {
    let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
    let banned = sqlx::query_scalar!("select id from users where id = any($1) and banned_at is not null", &users);
    Ok(banned.fetch_all(db).await?.into_iter().map(UserId::from_uuid).collect())
}

/// Who sends a request with these headers: the holder of its token, or else of its session.
pub async fn identify(services: &Services, headers: &HeaderMap) -> Result<Option<Caller>, Error> {
    match tokens::bearer(headers) {
        Some(token) => tokens::holder(&services.db, token).await,
        None => of_cookie(&services.db, &services.origin, headers).await,
    }
}

impl Caller {
    /// The session that the caller came by. A token that leaked could otherwise make itself successors, have webhooks
    /// tell what it could read, or sign its owner out.
    ///
    /// # Errors
    /// They came by a token.
    pub fn session(&self) -> Result<&[u8], Error> {
        match &self.proof {
            Proof::Session(hash) => Ok(hash),
            Proof::Token(..) => Err(Error::Invalid(
                "token_by_token",
                "Tokens, sessions, names and secrets of webhooks are the business of a person who is signed in, not of a token."
                    .into(),
            )),
        }
    }
}

impl FromRequestParts<Services> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Error> {
        let caller = identify(services, &parts.headers).await?.ok_or(Error::SignedOut)?;
        services.rates.count(&caller, &parts.extensions)?;
        if !caller.proof.may(&parts.method) {
            return Err(Error::ReadOnlyToken);
        }
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_nothing_else_is_one() {
        let secret = Secret::new().expect("randomness");
        assert_eq!(Secret::parse(&secret.text()).map(|read| read.hash()), Some(secret.hash()));
        assert!(
            Secret::parse("").is_none() && Secret::parse("AAAA").is_none() && Secret::parse("not base64!").is_none()
        );
    }
}
