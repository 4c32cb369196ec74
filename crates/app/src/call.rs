//! Calls of the typed API from the browser: `fetch` with the visitor's cookie.

use shared::api::{Endpoint, IDEMPOTENCY_KEY, Problem};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Why a call has no reply.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The server says so.
    #[error("{}", .0.detail)]
    Problem(Problem),
    /// The server could not be reached, or did not answer as it should.
    #[error("The server cannot be reached. Nothing was lost; try again in a moment.")]
    Unreachable,
}

/// Sends a request of the API.
pub async fn call<E: Endpoint>(endpoint: &E) -> Result<E::Reply, CallError> {
    let init = RequestInit::new();
    init.set_method(E::METHOD.as_str());
    if E::METHOD.has_body() {
        let body = serde_json::to_string(endpoint).map_err(|_| CallError::Unreachable)?;
        init.set_body(&body.into());
        let headers = web_sys::Headers::new().map_err(unreachable)?;
        headers.set("content-type", "application/json").map_err(unreachable)?;
        if let Some(key) = endpoint.idempotency_key() {
            headers.set(IDEMPOTENCY_KEY, key).map_err(unreachable)?;
        }
        init.set_headers(&headers);
    }
    send(&endpoint.path(), &init).await
}

async fn send<R: serde::de::DeserializeOwned>(path: &str, init: &RequestInit) -> Result<R, CallError> {
    let window = web_sys::window().ok_or(CallError::Unreachable)?;
    let response = JsFuture::from(window.fetch_with_str_and_init(path, init)).await.map_err(unreachable)?;
    let response: Response = response.dyn_into().map_err(unreachable)?;
    let text = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    read(response.ok(), &text.as_string().unwrap_or_default())
}

/// What an answer says; no text is `null`.
pub fn read<R: serde::de::DeserializeOwned>(is_ok: bool, text: &str) -> Result<R, CallError> {
    let text = if text.is_empty() { "null" } else { text };
    if is_ok {
        serde_json::from_str(text).map_err(|_| CallError::Unreachable)
    } else {
        Err(serde_json::from_str(text).map_or(CallError::Unreachable, CallError::Problem))
    }
}

fn unreachable(_: JsValue) -> CallError {
    CallError::Unreachable
}
