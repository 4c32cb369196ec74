//! An answer's `ETag`, and `304` to whoever has that answer already.
//!
//! One layer for all of the API: what an answer says is known when it is there, and by nobody better. So it saves the way,
//! not the work. The tag is a weak one, because the answer may be compressed on its way, in one or another manner.

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Longer answers have none: some milliseconds of a core are what it may take to read one once more.
const MAX_BYTES: usize = 8 << 20;

/// Tags an answer that is there whole; what is still being written (replies of models, files) goes its way.
pub async fn tag(request: Request, next: Next) -> Response {
    let known = (*request.method() == Method::GET).then(|| request.headers().clone());
    let response = next.run(request).await;
    let (Some(known), StatusCode::OK) = (known, response.status()) else { return response };
    let fits = response.body().size_hint().exact().is_some_and(|bytes| bytes <= MAX_BYTES as u64);
    if !fits || response.headers().contains_key(header::ETAG) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, MAX_BYTES).await {
        Ok(bytes) => bytes,
        Err(error) => return Error::Internal(error.into()).into_response(),
    };
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..16]));
    let Ok(value) = HeaderValue::from_str(&format!("W/{tag}")) else {
        return Response::from_parts(parts, bytes.into());
    };
    parts.headers.insert(header::ETAG, value);
    if !is_known(&known, &tag) {
        return Response::from_parts(parts, bytes.into());
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// Whether `If-None-Match` names it, compared weakly (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|known| {
        // `*` asks whether there is any: there is.
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
