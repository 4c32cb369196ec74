//! Requests of ours to others: one client, with limits on their time and on what is read of an answer.

use std::time::Duration;

use anyhow::Context;
use bytes::{Bytes, BytesMut};

/// Requests to addresses that anybody may have typed.
pub mod strangers;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(10);

/// For clients of all kinds. To be used in place of reqwest's own, which panics: it is built without a cryptography of its
/// own, so that ours is that of the database's connections, and no second one has to be compiled.
pub fn builder() -> reqwest::ClientBuilder {
    choose_cryptography();
    reqwest::Client::builder()
}

/// For whoever makes a client of reqwest's themselves.
pub fn choose_cryptography() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client that follows no redirects: whom we send secrets to is configured, and nobody sends them on.
///
/// # Errors
/// The system knows no certificate authorities.
pub fn client() -> anyhow::Result<reqwest::Client> {
    builder()
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("PromptGrimoire/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("no TLS connections can be made")
}

/// The same for answers that come as long streams: whoever reads one decides how long it may be silent.
///
/// # Errors
/// The system knows no certificate authorities.
pub fn streaming_client() -> anyhow::Result<reqwest::Client> {
    builder()
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("PromptGrimoire/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("no TLS connections can be made")
}

/// An answer's body, if it is not longer than `most` bytes.
pub async fn body(mut response: reqwest::Response, most: usize) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}
