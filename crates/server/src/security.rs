//! What every answer and every mutation carries (design section 8).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{config::Origin, error::Error, services::Services, tokens};

/// What anything but a page may do in a browser: nothing. Pages bring a policy of their own.
const POLICY_OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// The policy of a page whose inline scripts and styles carry `nonce`. WASM needs `wasm-unsafe-eval`.
pub fn policy_of_page(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Lets the service worker's script load what its pages may load, from this site alone.
pub async fn with_policy_of_worker(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Whether the `Origin` of a request is ours.
pub fn has_own_origin(origin: &Origin, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).is_some_and(|value| origin.matches(value))
}

/// Refuses a mutation that another site's page sends with our visitor's cookie: it must come from this site by the
/// browser's own word or by its `Origin`, or carry a token, which no browser sends by itself.
pub async fn refuse_foreign_mutations(State(services): State<Services>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let same_origin = headers.get("sec-fetch-site").is_some_and(|value| value == "same-origin");
    let allowed = matches!(*request.method(), Method::GET | Method::HEAD)
        || same_origin
        || has_own_origin(&services.origin, headers)
        || tokens::bearer(headers).is_some();
    if allowed { next.run(request).await } else { Error::ForeignOrigin.into_response() }
}

/// Adds the headers that every answer has.
pub async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always: [(HeaderName, &'static str); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY_OF_DATA));
    }
    if !headers.contains_key(header::REFERRER_POLICY) {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
