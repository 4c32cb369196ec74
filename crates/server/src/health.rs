//! Is it alive, can it work.

use axum::{extract::State, http::StatusCode};

use crate::services::Services;

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the database answers too.
pub async fn ready(State(services): State<Services>) -> (StatusCode, &'static str) {
    match sqlx::query("select 1").execute(&services.db).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
