use std::{future::Future, pin::Pin};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::outbound;

/// Keys of a large provider take some kilobytes.
const MAX_ANSWER: usize = 1 << 20;

/// Our client, as `openidconnect` wants one.
pub(super) struct Http(pub(super) reqwest::Client);

/// Why there is no answer. Never with an address: that may hold a code.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Failed(reqwest::Error),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("the answer is not HTTP")]
    Malformed(#[from] axum::http::Error),
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let failed = |error: reqwest::Error| HttpError::Failed(error.without_url());
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        let response = self.0.execute(request).await.map_err(failed)?;
        let mut answer = axum::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let body = outbound::body(response, MAX_ANSWER).await.map_err(failed)?.ok_or(HttpError::TooLong)?;
        Ok(answer.body(body.to_vec())?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
