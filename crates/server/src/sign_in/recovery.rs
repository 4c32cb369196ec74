//! Links by which somebody signs in who cannot otherwise: made at the server's command line, handed over by the people who
//! run it, good once and for a short time.

use axum::http::{HeaderMap, HeaderValue};
use shared::{
    api::Me,
    ids::{SignInLinkId, UserId},
};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::SignInError;
use crate::{config::Origin, cookies, error::Error, people, services::Services, sessions::Secret};

/// The cookie that holds the link's secret while somebody looks at a button.
pub(super) const LINK: &str = "sign-in-link";
/// As long as that.
const LINK_SECONDS: i64 = 10 * 60;
/// Before the secret, in the address.
pub const PATH: &str = "/sign-in/link";

/// Makes a link for somebody. Those that were made for them before and not used are good for nothing from now on.
pub async fn create(conn: &mut PgConnection, user: UserId, minutes: u32) -> Result<(Secret, OffsetDateTime), Error> {
    let secret = Secret::new()?;
    withdraw(conn, user).await?;
    let expires_at = OffsetDateTime::now_utc() + time::Duration::minutes(minutes.into());
    sqlx::query!(
        "insert into sign_in_links (id, user_id, token_hash, expires_at)
         values ($1, $2, $3, $4)",
        SignInLinkId::new().uuid(),
        user.uuid(),
        secret.hash(),
        expires_at
    )
    .execute(conn)
    .await?;
    Ok((secret, expires_at))
}

/// Makes all links for somebody that were not used good for nothing.
pub async fn withdraw(conn: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!("delete from sign_in_links where user_id = $1 and used_at is null", user.uuid()).execute(conn).await?;
    Ok(())
}

/// The cookie that keeps a link's secret: it stands in no page and no address from then on, and no script reads it.
pub fn keep(origin: &Origin, secret: &Secret) -> HeaderValue {
    cookies::set(origin, LINK, &secret.text(), LINK_SECONDS)
}

/// What the browser keeps.
pub fn kept(origin: &Origin, headers: &HeaderMap) -> Option<Secret> {
    cookies::read(origin, headers, LINK).and_then(Secret::parse)
}

/// The cookie that lets it go.
pub fn forget(origin: &Origin) -> HeaderValue {
    cookies::forget(origin, LINK)
}

/// As whom a link signs in. It is not used up.
pub async fn whose(db: &PgPool, secret: &Secret) -> Result<Me, SignInError> {
    let user = sqlx::query_scalar!(
        "select user_id
         from sign_in_links
         where token_hash = $1 and used_at is null and expires_at > now()",
        secret.hash()
    )
    .fetch_optional(db)
    .await?
    .ok_or(SignInError::RecoverySpent)?;
    Ok(people::of(db, UserId::from_uuid(user)).await?)
}

/// Signs in by a link, and answers the cookies of it. Of two at once, one does.
///
/// Nobody has proved to have the address by that: what waits for it waits on.
pub async fn sign_in(
    services: &Services,
    headers: &HeaderMap,
    secret: &Secret,
) -> Result<Vec<(axum::http::HeaderName, HeaderValue)>, SignInError> {
    let user = sqlx::query_scalar!(
        "update sign_in_links
         set used_at = now()
         where token_hash = $1 and used_at is null and expires_at > now()
         returning user_id",
        secret.hash()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(SignInError::RecoverySpent)?;
    super::begin(services, headers, UserId::from_uuid(user)).await
}
