//! The model: a server that speaks OpenAI's language, asked for one reply, which comes as a stream.
//!
//! Nothing is kept there (`store: false`): each request holds the instructions and the whole branch of the conversation. What
//! comes back is read leniently: servers add events, leave fields out and differ in how they fail.
//!
//! A request may be sent again while nothing of a reply has begun (the server was busy, could not be reached). A stream that
//! has begun is never asked for again: it would be paid for twice.

mod chat;
mod event_stream;
mod failure;
mod halves;
mod reply;
mod request;
mod responses;

use std::{fmt, time::Duration};

use reqwest::{Response, header};
use tokio::time::{sleep, timeout};

use crate::{
    config::{self, LlmApi},
    outbound,
};

pub use failure::Failure;
pub use reply::{End, Reply, Step};
pub use request::{BYTES_A_TOKEN, Part, Question, Turn, weight};

/// How often a request is sent again that was not taken.
const RETRIES: u32 = 2;

/// Before it is sent again where the server does not say when; then twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// Whoever is to wait longer is told so instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is read of an answer that is no stream.
const MAX_ERROR: usize = 64 << 10;

/// The model that is configured.
pub struct Client {
    http: reqwest::Client,
    model: config::Model,
}

/// The key is not shown.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("model", &self.model).finish()
    }
}

/// Why a request was not taken, and whether it may be sent again.
struct Refused {
    failure: Failure,
    again: Again,
}

enum Again {
    Never,
    Later,
    After(Duration),
}

impl Client {
    /// A client of this model's server.
    ///
    /// # Errors
    /// The system knows no certificate authorities.
    pub fn new(model: config::Model) -> anyhow::Result<Self> {
        Ok(Self { http: outbound::streaming_client()?, model })
    }

    /// The models' names, the one that is taken without a choice first.
    pub fn names(&self) -> &[String] {
        &self.model.names
    }

    /// What one person may use in a day where no class says otherwise.
    pub fn tokens_a_day(&self) -> i64 {
        self.model.tokens_a_day
    }

    /// Asks, and answers when the reply begins.
    ///
    /// # Errors
    /// Why there is no reply.
    pub async fn ask(&self, question: &Question) -> Result<Reply, Failure> {
        let mut tries = 0;
        loop {
            let Refused { failure, again } = match self.send(question).await {
                Ok(response) => return Ok(Reply::new(response, self.model.api, self.model.patience)),
                Err(refused) => refused,
            };
            let pause = match again {
                Again::After(pause) if pause <= LONGEST_PAUSE => pause,
                Again::Later => PAUSE * 2_u32.pow(tries),
                Again::Never | Again::After(_) => return Err(failure),
            };
            if tries == RETRIES {
                return Err(failure);
            }
            tries += 1;
            tracing::info!(code = failure.code(), ?pause, "the model's server is asked again");
            sleep(pause).await;
        }
    }

    async fn send(&self, question: &Question) -> Result<Response, Refused> {
        let (path, body) = match self.model.api {
            LlmApi::Responses => ("responses", question.for_responses()),
            LlmApi::Chat => ("chat/completions", question.for_chat()),
        };
        let url = format!("{}/{path}", self.model.base_url.as_str().trim_end_matches('/'));
        let mut request = self.http.post(url).header(header::ACCEPT, "text/event-stream").json(&body);
        if let Some(key) = &self.model.api_key {
            request = request.bearer_auth(key.expose());
        }
        let response = match timeout(self.model.patience, request.send()).await {
            // It may have begun to write.
            Err(_) => return Err(Refused { failure: Failure::Timeout, again: Again::Never }),
            Ok(Err(error)) => {
                let again = if error.is_connect() { Again::Later } else { Again::Never };
                tracing::warn!(error = %error.without_url(), "the model's server cannot be reached");
                return Err(Refused { failure: Failure::Unreachable, again });
            }
            Ok(Ok(response)) => response,
        };
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }
}

/// Reads an answer that is no reply.
async fn refused(response: Response) -> Refused {
    let status = response.status();
    let after = failure::retry_after(response.headers());
    let body = outbound::body(response, MAX_ERROR).await.ok().flatten().unwrap_or_default();
    let failure = Failure::of_answer(status, &body);
    // Its words stay out of the log: they may repeat what somebody wrote, or a part of the key.
    tracing::warn!(status = status.as_u16(), code = failure.code(), "the model's server refuses");
    let may_come_later = matches!(failure, Failure::Busy | Failure::Down);
    let failure = failure.for_as_long_as(after);
    let again = match after {
        _ if !may_come_later => Again::Never,
        Some(after) => Again::After(after),
        None => Again::Later,
    };
    Refused { failure, again }
}
