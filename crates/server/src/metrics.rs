//! `GET /metrics`: how the server is doing, for Prometheus.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{error::Error, services::Services, tokens};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What those take who do not ask for the other.
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
    let text = services.rooms.metrics();
    let (kind, text) =
        if accepts.contains("application/openmetrics-text") { (OPEN_METRICS, text) } else { (PLAIN, plain(&text)) };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The older format, which differs in this: a counter's type is that of its samples' whole name. What else is new is a
/// comment there.
fn plain(open_metrics: &str) -> String {
    let counter = |line: &str| Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned());
    let counters: Vec<String> = open_metrics.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open_metrics.len() + 64);
    for line in open_metrics.lines() {
        match line.splitn(4, ' ').collect::<Vec<_>>()[..] {
            ["#", kind @ ("HELP" | "TYPE"), name, rest] if counters.iter().any(|counter| counter == name) => {
                text += &format!("# {kind} {name}_total {rest}");
            }
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

/// Compares hashes, so that the time it takes tells nothing of the token.
fn is_same(given: &str, token: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(token)
}
