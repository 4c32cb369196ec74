//! Signing in by a link that the people who run the server have made.
//!
//! As with links in mails, opening one signs nobody in: the secret goes from the address into a cookie that no script
//! reads, and a page says as whom one would be signed in. Whoever is sent a stranger's link sees the stranger's name there
//! before they press.

use std::net::SocketAddr;

use app::{pages::RecoveryPage, shell::PageKind};
use axum::{
    Router,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;

use super::Site;
use crate::{
    sessions::Secret,
    sign_in::{Client, SignInError, recovery},
};

/// An address with a secret in it is told to nobody.
const NO_REFERRER: (HeaderName, HeaderValue) = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/sign-in/link/{secret}", get(arrive)).route("/sign-in/link", get(ask).post(finish))
}

/// `GET /sign-in/link/{secret}`: takes the secret out of the address at once.
async fn arrive(State(site): State<Site>, Path(secret): Path<String>) -> Response {
    let origin = &site.services.origin;
    let cookie = match Secret::parse(&secret) {
        Some(secret) => recovery::keep(origin, &secret),
        None => recovery::forget(origin),
    };
    ([(header::SET_COOKIE, cookie), NO_REFERRER], Redirect::to(recovery::PATH)).into_response()
}

/// `GET /sign-in/link`
async fn ask(State(site): State<Site>, headers: HeaderMap) -> Response {
    let whose = match recovery::kept(&site.services.origin, &headers) {
        Some(secret) => recovery::whose(&site.services.db, &secret).await,
        None => Err(SignInError::LinkUnknown),
    };
    match whose {
        Ok(whose) => {
            let reader = site.reader(&headers).await;
            let visitor = reader.visitor();
            let page = move || view! { <RecoveryPage visitor=visitor.clone() whose=whose.clone() /> };
            site.render(StatusCode::OK, "Sign in".into(), PageKind::Plain, reader, page).await
        }
        Err(error) => site.recovery_problem(&headers, error).await,
    }
}

/// `POST /sign-in/link`: uses it up.
async fn finish(State(site): State<Site>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    match site.signed_in_by_recovery(&headers, peer).await {
        Ok(response) => response,
        Err(error) => site.recovery_problem(&headers, error).await,
    }
}

impl Site {
    async fn signed_in_by_recovery(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Response, SignInError> {
        let services = &self.services;
        let secret = recovery::kept(&services.origin, headers).ok_or(SignInError::LinkUnknown)?;
        services.ways.count_try(&Client::of(services, headers, peer))?;
        let cookies = recovery::sign_in(services, headers, &secret).await?;
        Ok((AppendHeaders(cookies), Redirect::to("/")).into_response())
    }

    /// The page that says what is wrong; the link is kept where it may work later.
    async fn recovery_problem(&self, headers: &HeaderMap, error: SignInError) -> Response {
        let is_over = matches!(error, SignInError::RecoverySpent | SignInError::LinkUnknown | SignInError::Banned);
        let mut response = self.sign_in_problem(headers, error).await;
        if is_over {
            response.headers_mut().append(header::SET_COOKIE, recovery::forget(&self.services.origin));
        }
        response
    }
}
