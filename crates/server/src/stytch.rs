//! Links by e-mail through Stytch's REST API for consumers (B2C), <https://stytch.com/docs/api>: two calls, so a client of
//! our own. It reads of an answer only what it needs and lets everything else be: Stytch adds fields and kinds.
//!
//! No Stytch session is begun. Stytch proves who somebody is, once; from then on our own session counts.

mod reply;

use std::fmt;

use serde::Serialize;

use crate::{
    config,
    identities::Proven,
    outbound,
    sign_in::{Email, SignInError},
};

use reply::{Authenticated, Failure};

/// The provider's name in `identities`.
pub const PROVIDER: &str = "stytch";

/// How long a link is good. A new one is asked for in a minute, and a link is as good as a password.
const LINK_MINUTES: u32 = 60;

/// Answers are about 2 KB.
const MAX_ANSWER: usize = 256 << 10;

/// A Stytch project.
pub struct Client {
    http: reqwest::Client,
    project: config::Stytch,
}

/// The secret is not shown.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("project", &self.project).finish()
    }
}

#[derive(Serialize)]
struct SendLink<'a> {
    email: &'a str,
    login_magic_link_url: &'a str,
    signup_magic_link_url: &'a str,
    login_expiration_minutes: u32,
    signup_expiration_minutes: u32,
}

#[derive(Serialize)]
struct Authenticate<'a> {
    token: &'a str,
}

impl Client {
    /// A client of this project.
    pub fn new(project: config::Stytch, http: reqwest::Client) -> Self {
        Self { http, project }
    }

    /// Has a link sent that leads to `back`. It is the same for somebody who was never here: whether they were, is not told.
    ///
    /// Not tried again after a failure: the mail may have gone out.
    pub async fn send_link(&self, email: &Email, back: &str) -> Result<(), SignInError> {
        let request = SendLink {
            email: email.as_str(),
            login_magic_link_url: back,
            signup_magic_link_url: back,
            login_expiration_minutes: LINK_MINUTES,
            signup_expiration_minutes: LINK_MINUTES,
        };
        match self.post("v1/magic_links/email/login_or_create", &request).await? {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.of_sending()),
        }
    }

    /// Who has opened the link with this token. A token is good once.
    pub async fn authenticate(&self, token: &str) -> Result<Proven, SignInError> {
        let body = match self.post("v1/magic_links/authenticate", &Authenticate { token }).await? {
            Ok(body) => body,
            Err(failure) => return Err(failure.of_authenticating()),
        };
        let reply: Authenticated = serde_json::from_slice(&body).map_err(|error| {
            // Only where it went wrong: the text of the answer is somebody's data.
            tracing::error!(line = error.line(), column = error.column(), "Stytch's answer cannot be read");
            SignInError::NotTrusted
        })?;
        Ok(reply.proven())
    }

    /// Sends a request; the outer error says that there was no answer, the inner one is Stytch's own.
    async fn post<T: Serialize>(&self, path: &str, request: &T) -> Result<Result<bytes::Bytes, Failure>, SignInError> {
        let url = format!("{}/{path}", self.project.base_url.as_str().trim_end_matches('/'));
        let config::Stytch { project_id, secret, .. } = &self.project;
        let sent = self.http.post(url).basic_auth(project_id, Some(secret.expose())).json(request).send().await;
        let unreachable = |error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), path, "Stytch cannot be reached");
            SignInError::Unreachable
        };
        let response = sent.map_err(unreachable)?;
        let status = response.status();
        let body = outbound::body(response, MAX_ANSWER).await.map_err(unreachable)?.unwrap_or_default();
        Ok(if status.is_success() { Ok(body) } else { Err(Failure::read(status, &body)) })
    }
}
