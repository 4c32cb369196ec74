//! `GET /metrics`: how the server is doing, for Prometheus.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{error::Error, services::Services, tokens};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What those take who do not ask for the other: the same text, whose last line is a comment to them.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Tells what is counted to whoever knows `METRICS_TOKEN`, or, where there is none, to anybody on a machine that only
/// its own people reach. (Not to callers from loopback: behind a proxy on the same machine that is everybody.)
pub async fn show(State(services): State<Services>, headers: HeaderMap) -> Response {
    match &services.config.metrics_token {
        Some(token) if !tokens::bearer(&headers).is_some_and(|given| is_same(given, token.expose())) => {
            let wanted = [(header::WWW_AUTHENTICATE, "Bearer")];
            return (StatusCode::UNAUTHORIZED, wanted, "the METRICS_TOKEN is wanted as a bearer token\n")
                .into_response();
        }
        None if !services.origin.is_loopback() => return Error::NotFound.into_response(),
        _ => {}
    }
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = if accepts.contains("application/openmetrics-text") { OPEN_METRICS } else { PLAIN };
    ([(header::CONTENT_TYPE, kind)], services.rooms.metrics()).into_response()
}

/// Compares hashes, so that the time it takes tells nothing of the token.
fn is_same(given: &str, token: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(token)
}
