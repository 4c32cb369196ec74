//! An answer's `ETag`, and `304` to whoever has that answer already.
//!
//! One layer for all of the API: what an answer says is known when it is there, and by nobody better. So it saves the way,
//! not the work. The tag is a weak one, because the answer may be compressed on its way, in one or another manner; and because
//! a file that says when it was made is the same one as long as that is all that differs (`Essence`).

use std::{
    fmt::{self, Write},
    fs::File,
    io,
    sync::LazyLock,
};

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::Error;

/// Longer answers have none: some milliseconds of a core are what it may take to read one once more.
const MAX_BYTES: usize = 8 << 20;

/// Which build of the program this is: servers of one build agree. Without a way to the program's own file each run is another.
static BUILD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let own = || {
        let mut hash = Sha256::new();
        io::copy(&mut File::open(std::env::current_exe()?)?, &mut hash)?;
        Ok::<_, io::Error>(hash.finalize().to_vec())
    };
    own().unwrap_or_else(|_| Uuid::now_v7().into_bytes().to_vec())
});

/// What an answer says, without when: an extension of answers that bear their time.
#[derive(Debug, Clone)]
pub struct Essence([u8; 32]);

impl Essence {
    /// Of all that the answer is made of, in the same order and words each time. Takes its time when it is called first: not on
    /// a thread that others wait for.
    pub fn of(made_of: fmt::Arguments<'_>) -> Self {
        struct Hashing(Sha256);
        impl Write for Hashing {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.update(text);
                Ok(())
            }
        }
        // Another build may write the same in another way.
        let mut hash = Hashing(Sha256::new_with_prefix(&*BUILD));
        // Hashing takes all there is, and no `Debug` of what was read fails.
        let _ = hash.write_fmt(made_of);
        Self(hash.0.finalize().into())
    }
}

/// Tags an answer that is there whole; what is still being written (replies of models, files) goes its way.
pub async fn tag(request: Request, next: Next) -> Response {
    let known = (*request.method() == Method::GET).then(|| request.headers().clone());
    let response = next.run(request).await;
    let (Some(known), StatusCode::OK) = (known, response.status()) else { return response };
    let essence = response.extensions().get::<Essence>().cloned();
    let fits = response.body().size_hint().exact().is_some_and(|bytes| bytes <= MAX_BYTES as u64);
    if !(fits || essence.is_some()) || response.headers().contains_key(header::ETAG) {
        return response;
    }
    let (mut parts, mut body) = response.into_parts();
    let hash = match essence {
        Some(Essence(hash)) => hash,
        None => match to_bytes(body, MAX_BYTES).await {
            Ok(bytes) => {
                let hash = Sha256::digest(&bytes).into();
                body = bytes.into();
                hash
            }
            Err(error) => return Error::Internal(error.into()).into_response(),
        },
    };
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&hash[..16]));
    let Ok(value) = HeaderValue::from_str(&format!("W/{tag}")) else {
        return Response::from_parts(parts, body);
    };
    parts.headers.insert(header::ETAG, value);
    if !is_known(&known, &tag) {
        return Response::from_parts(parts, body);
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
