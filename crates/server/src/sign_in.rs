//! Signing in: what all ways of it share. The ways themselves are `stytch` (a link by e-mail), `oidc` (a university's own
//! sign-in) and `development`.

mod address;
mod attempt;
mod email;
mod error;
mod limits;
pub mod recovery;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use shared::ids::UserId;

pub use address::Client;
pub use attempt::{Asked, Token};
pub use email::Email;
pub use error::SignInError;

use crate::{
    config, cookies,
    error::Error,
    identities::{self, Proven},
    oidc, outbound,
    services::Services,
    sessions, stytch,
};
use limits::Limits;

/// The ways to sign in that are configured, and how often they may be tried. Development sign-in needs nothing.
#[derive(Clone)]
pub struct Ways {
    /// A link by e-mail.
    pub email: Option<Arc<stytch::Client>>,
    /// Somebody else's sign-in.
    pub oidc: Option<Arc<oidc::Provider>>,
    limits: Arc<Limits>,
}

impl Ways {
    /// The ways of a configuration.
    ///
    /// # Errors
    /// The system cannot make TLS connections, and one of the ways needs them.
    pub fn new(sign_in: &config::SignIn) -> anyhow::Result<Self> {
        let limits = Arc::new(Limits::default());
        let config::SignIn::Providers(providers) = sign_in else { return Ok(Self { email: None, oidc: None, limits }) };
        let http = outbound::client()?;
        let email = providers.stytch.clone().map(|stytch| Arc::new(stytch::Client::new(stytch, http.clone())));
        let oidc = providers.oidc.clone().map(|settings| Arc::new(oidc::Provider::new(settings, http)));
        Ok(Self { email, oidc, limits })
    }

    /// Counts a request for a link, or says how long to wait.
    pub fn count_link(&self, client: &Client, email: &Email) -> Result<(), SignInError> {
        self.limits.count_link(client, email)
    }

    /// Counts a try to sign in, or says how long to wait.
    pub fn count_try(&self, client: &Client) -> Result<(), SignInError> {
        self.limits.count_try(client)
    }
}

/// Signs in whom a provider vouches for, and answers the cookies of it: the session's, and those that the way here needed
/// are forgotten. A session that this browser had before is ended: nobody could reach it any more.
pub async fn finish(
    services: &Services,
    headers: &HeaderMap,
    proven: &Proven,
) -> Result<Vec<(header::HeaderName, HeaderValue)>, SignInError> {
    let user = identities::user_of(&services.db, proven).await?;
    begin(services, headers, user).await
}

/// Signs in as a user who is known already.
async fn begin(
    services: &Services,
    headers: &HeaderMap,
    user: UserId,
) -> Result<Vec<(header::HeaderName, HeaderValue)>, SignInError> {
    match sessions::of_cookie(&services.db, &services.origin, headers).await {
        Ok(Some(before)) => drop(sessions::end(services, &before).await?),
        // Theirs are ended.
        Ok(None) | Err(Error::Banned) => {}
        Err(error) => return Err(error.into()),
    }
    let session = sessions::start(services, headers, user).await?;
    let used = [attempt::ASKED, attempt::TOKEN, oidc::STARTED, recovery::LINK];
    let used = used.map(|what| cookies::forget(&services.origin, what));
    Ok([session].into_iter().chain(used).map(|cookie| (header::SET_COOKIE, cookie)).collect())
}

/// Where to go after signing in: a path of this site, else the home page. `//host` and `/\host` would be another site.
pub fn local_path(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next[1..].starts_with(['/', '\\']);
    let local = is_path && next.len() <= 2_000 && next.chars().all(|character| character.is_ascii_graphic());
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_site_is_followed_after_sign_in() {
        assert_eq!(local_path("/c/1?x=2#h"), "/c/1?x=2#h");
        for foreign in [
            "",
            "https://example.org",
            "//example.org",
            "/\\example.org",
            "\\\\example.org",
            "javascript:alert(1)",
            "/\t/example.org",
            "\t//example.org",
            "/\n//example.org",
            "/c/ü\u{202e}",
        ] {
            assert_eq!(local_path(foreign), "/", "{foreign:?}");
        }
        assert_eq!(local_path(&format!("/{}", "x".repeat(3_000))), "/");
    }
}
