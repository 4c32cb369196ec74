//! Files in a store that speaks like S3.

use std::{error::Error as _, fmt::Write, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use futures::StreamExt;
use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    prefix::PrefixStore,
};

use crate::{config::Bucket, outbound};

/// For one request: the largest file over a slow line.
const REQUEST: Duration = Duration::from_secs(120);

const CONNECT: Duration = Duration::from_secs(5);

/// After it no request is sent again. Somebody waits for most of them.
const RETRY: RetryConfig = RetryConfig {
    backoff: object_store::BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.,
    },
    max_retries: 4,
    retry_timeout: Duration::from_secs(20),
};

/// For the first answer of all, at the start.
const FIRST_ANSWER: Duration = Duration::from_secs(5);

/// A store is used by these four alone.
const RIGHTS: &str = "ListBucket, GetObject, PutObject and DeleteObject";

/// The store that the settings name. Nothing is asked of it yet.
pub(super) fn open(of: &Bucket) -> anyhow::Result<Arc<dyn ObjectStore>> {
    outbound::choose_cryptography();
    let builder = match &of.key {
        Some((id, secret)) => AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret.expose()),
        // A machine or a container at Amazon has a role instead of a key; how to ask for it stands in the environment there.
        None => AmazonS3Builder::from_env(),
    };
    let mut builder = builder
        .with_bucket_name(&of.name)
        .with_region(&of.region)
        .with_client_options(ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT))
        .with_retry(RETRY)
        // Not every server that speaks like S3 has the request that deletes many at once.
        .with_disable_bulk_delete(true);
    if let Some(token) = &of.session_token {
        builder = builder.with_token(token.expose());
    }
    if let Some(endpoint) = &of.endpoint {
        // Without encryption only where somebody has written that address down.
        builder =
            builder.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(endpoint.scheme() == "http");
    }
    let store: AmazonS3 = builder.build()?;
    let prefix = Path::parse(&of.prefix).context("its prefix")?;
    Ok(if of.prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) })
}

/// See `Files::check`.
pub(super) async fn check(of: &Bucket, store: &dyn ObjectStore) -> anyhow::Result<()> {
    let name = &of.name;
    let at = of.endpoint.as_ref().map_or_else(|| format!("Amazon’s S3 in {}", of.region), ToString::to_string);
    let mut listed = store.list(None);
    let error = match tokio::time::timeout(FIRST_ANSWER, listed.next()).await {
        Ok(None | Some(Ok(_))) => return Ok(()),
        Ok(Some(Err(error))) => error,
        Err(_) => {
            tracing::warn!("FILES_URL: {at} does not answer; files can be neither added nor read until it does");
            return Ok(());
        }
    };
    match Refusal::of(&error) {
        Some(Refusal { status: 404, code }) => bail!("FILES_URL: {at} has no bucket {name} ({code})"),
        Some(Refusal { status: 401 | 403, code }) => bail!(
            "FILES_URL: {at} does not let us into the bucket {name} ({code}): AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY are not a key of its, or the key has not the rights {RIGHTS}"
        ),
        Some(Refusal { status, code }) if status < 500 => bail!(
            "FILES_URL: {at} cannot list the bucket {name} ({status} {code}): is AWS_REGION ({}) its region?",
            of.region
        ),
        _ => {
            let why = chain(&error);
            tracing::warn!("FILES_URL: {at} does not answer; files can be neither added nor read until it does: {why}");
            Ok(())
        }
    }
}

/// What a store has answered instead of doing what it was asked.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    /// S3's name of the reason, such as `NoSuchBucket`; `no reason` where there is none.
    code: String,
}

impl Refusal {
    /// The library keeps the answer to itself, in words.
    fn of(error: &object_store::Error) -> Option<Self> {
        let told = chain(error);
        let (_, rest) = told.split_once("status code: ")?;
        let status = rest.get(..3)?.parse().ok()?;
        let code = rest.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let code = code.map(|(code, _)| code).filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric()));
        Some(Self { status, code: code.unwrap_or("no reason").to_owned() })
    }
}

/// An error with its reasons, in one line.
fn chain(error: &object_store::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Some say their source themselves.
        let more = error.to_string();
        if !told.contains(&more) {
            // A `String` takes everything.
            let _ = write!(told, ": {more}");
        }
        source = error.source();
    }
    told.replace(['\n', '\r'], " ")
}
