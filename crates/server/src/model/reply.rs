use std::{collections::VecDeque, time::Duration};

use serde_json::Value;
use shared::api::Usage;
use tokio::time::{Instant, timeout_at};

use super::{
    Failure, chat,
    event_stream::{Decoder, Event},
    halves::Halves,
    responses,
};
use crate::config::LlmApi;

/// What comes next of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// More words.
    Text(String),
    /// That was all.
    End(End),
}

/// How a reply ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    /// Why it ended before all was said, if so.
    pub reason: Option<String>,
    /// What it took, where the server says.
    pub usage: Option<Usage>,
}

/// What is known of a reply from the events so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Whether there were any words.
    pub(super) any: bool,
    /// Whether some of them were a refusal.
    pub(super) refused: bool,
    /// What it took.
    pub(super) usage: Option<Usage>,
    /// Chat completions say that they are done before they say what it took.
    pub(super) done: Option<Option<String>>,
}

impl Heard {
    /// Words. An empty piece is none, and Postgres stores no NUL.
    pub(super) fn text(&mut self, text: &str) -> Option<Step> {
        let text: String = text.chars().filter(|c| *c != '\0').collect();
        if text.is_empty() {
            return None;
        }
        self.any = true;
        Some(Step::Text(text))
    }

    /// Words of a refusal. Where the model had begun to answer they are a paragraph of their own.
    pub(super) fn refusal(&mut self, text: &str) -> Option<Step> {
        let is_apart = self.any && !self.refused && !text.is_empty();
        self.refused |= !text.is_empty();
        if is_apart { self.text(&["\n\n", text].concat()) } else { self.text(text) }
    }

    /// The end, for `reason` or because the model refused.
    pub(super) fn end(&mut self, reason: Option<String>) -> Step {
        let reason = reason.or_else(|| self.refused.then(|| "refusal".to_owned()));
        Step::End(End { reason, usage: self.usage })
    }
}

/// What an API says why it ended, in one language.
pub(super) fn reason(word: &str) -> Option<String> {
    match word {
        "" | "stop" | "completed" => None,
        "max_output_tokens" | "max_tokens" => Some("length".into()),
        word => Some(word.chars().take(100).collect()),
    }
}

/// A count that may be missing.
pub(super) fn usage(value: Option<&Value>, input: &str, output: &str) -> Option<Usage> {
    let count = |key: &str| value?.get(key)?.as_i64().filter(|count| *count >= 0);
    Some(Usage { input_tokens: count(input)?, output_tokens: count(output)? })
}

/// A reply as it comes. Dropping it closes the connection, which ends the model's work.
#[derive(Debug)]
pub struct Reply {
    response: reqwest::Response,
    api: LlmApi,
    patience: Duration,
    heard_at: Instant,
    decoder: Decoder,
    events: VecDeque<Event>,
    steps: VecDeque<Step>,
    heard: Heard,
    halves: Halves,
    is_over: bool,
}

impl Reply {
    pub(super) fn new(response: reqwest::Response, api: LlmApi, patience: Duration) -> Self {
        Self {
            response,
            api,
            patience,
            heard_at: Instant::now(),
            decoder: Decoder::default(),
            events: VecDeque::new(),
            steps: VecDeque::new(),
            heard: Heard::default(),
            halves: Halves::default(),
            is_over: false,
        }
    }

    /// What comes next. Nothing is lost when it is dropped while it waits.
    ///
    /// # Errors
    /// Why nothing more comes.
    pub async fn next(&mut self) -> Result<Step, Failure> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Ok(step);
            }
            if let Some(event) = self.events.pop_front() {
                self.read(&event)?;
                continue;
            }
            if self.is_over {
                return self.over(Failure::Cut);
            }
            match timeout_at(self.heard_at + self.patience, self.response.chunk()).await {
                Err(_) => return self.over(Failure::Timeout),
                Ok(Ok(Some(bytes))) => {
                    self.heard_at = Instant::now();
                    self.decoder.feed(&bytes, &mut self.events).map_err(|_| Failure::Down)?;
                }
                // A connection that breaks is an end as well: it may have said all before.
                Ok(Ok(None) | Err(_)) => {
                    self.decoder.finish(&mut self.events);
                    self.is_over = true;
                }
            }
        }
    }

    /// Nothing more comes, but all may have been said.
    fn over(&mut self, otherwise: Failure) -> Result<Step, Failure> {
        match self.heard.done.take() {
            Some(reason) => Ok(self.heard.end(reason)),
            None => Err(otherwise),
        }
    }

    fn read(&mut self, event: &Event) -> Result<(), Failure> {
        // What is no JSON is a sign of life.
        let value: Value = match serde_json::from_str(&event.data) {
            Ok(value) => {
                // A half that stands alone after all is no part of what comes later.
                self.halves = Halves::default();
                value
            }
            Err(_) => serde_json::from_str(&self.halves.join(&event.data)).unwrap_or_default(),
        };
        let read = match self.api {
            LlmApi::Responses => responses::read,
            LlmApi::Chat => chat::read,
        };
        read(&mut self.heard, event, &value, &mut self.steps)
    }
}
