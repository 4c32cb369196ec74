use std::time::Duration;

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// Why there is no reply, or no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection.
    #[error("The model's server cannot be reached. Try again in a few minutes.")]
    Unreachable,
    /// It said nothing for too long.
    #[error("The model has said nothing for too long. Try again.")]
    Timeout,
    /// The stream ended before the reply did.
    #[error("The model's server ended before the reply did. Try again; what came is kept beside it.")]
    Cut,
    /// It does not take our key.
    #[error("The model's server does not accept this server's key: tell the people who run PromptGrimoire.")]
    Key,
    /// The key's account has no money left.
    #[error("This server's account with the model's provider is used up: tell the people who run PromptGrimoire.")]
    Account,
    /// Too many requests.
    #[error("The model's server is busy. Try again in a minute.")]
    Busy,
    /// The same, and it says for how long: so many minutes.
    #[error("The model's server is busy. It asks to be left alone for {}.", span(*.0))]
    BusyFor(u32),
    /// It does not have the model.
    #[error(
        "The model's server has no such model, or not this kind of interface: tell the people who run PromptGrimoire."
    )]
    NoSuchModel,
    /// More than the model can read.
    #[error("The conversation is longer than this model can read. Begin a new chat, or go back to an earlier message.")]
    TooLong,
    /// What was said is against the provider's rules.
    #[error("The model's provider refuses this message for what is in it.")]
    Policy,
    /// It does not take the request.
    #[error(
        "The model's server does not take this request. A file in it may be of a kind that this model cannot read."
    )]
    Rejected,
    /// It broke.
    #[error("The model's server has failed. Try again in a few minutes.")]
    Down,
}

impl Failure {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Cut => "interrupted",
            Self::Key => "key",
            Self::Account => "account",
            Self::Busy | Self::BusyFor(_) => "busy",
            Self::NoSuchModel => "no_such_model",
            Self::TooLong => "too_long",
            Self::Policy => "policy",
            Self::Rejected => "rejected",
            Self::Down => "model_down",
        }
    }

    /// Whether it broke off, rather than being refused.
    pub fn is_interruption(self) -> bool {
        matches!(self, Self::Cut | Self::Timeout)
    }

    /// What a status and a body of `{"error": {…}}` mean, or a body of none of these.
    pub(super) fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let of_status = match status.as_u16() {
            401 | 403 => Self::Key,
            402 => Self::Account,
            404 => Self::NoSuchModel,
            408 | 409 | 429 => Self::Busy,
            413 => Self::TooLong,
            400..=499 => Self::Rejected,
            _ => Self::Down,
        };
        Self::named(value.get("error").unwrap_or(&value)).unwrap_or(of_status)
    }

    /// The same where the server says how long it wants to be left alone: up to a minute goes without saying.
    pub(super) fn for_as_long_as(self, after: Option<Duration>) -> Self {
        let minutes = after.map(|after| u32::try_from(after.as_secs().div_ceil(60)).unwrap_or(u32::MAX));
        match (self, minutes) {
            (Self::Busy, Some(minutes @ 2..)) => Self::BusyFor(minutes),
            _ => self,
        }
    }

    /// What an error within a stream means: nested (`{"error": {…}}`) or flat (`{"code": …}`).
    pub(super) fn of_event(value: &Value) -> Self {
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        Self::named(error).unwrap_or(Self::Down)
    }

    /// By the error's code, or else its type. Both are open lists.
    fn named(error: &Value) -> Option<Self> {
        ["code", "type"].iter().find_map(|key| match error.get(key)?.as_str()? {
            "insufficient_quota" | "billing_hard_limit_reached" => Some(Self::Account),
            "rate_limit_exceeded" | "rate_limit_error" | "slow_down" | "server_is_overloaded" => Some(Self::Busy),
            "context_length_exceeded" | "string_above_max_length" => Some(Self::TooLong),
            "invalid_api_key" | "authentication_error" | "permission_error" => Some(Self::Key),
            "model_not_found" => Some(Self::NoSuchModel),
            "content_policy_violation" | "content_filter" | "invalid_prompt" | "cyber_policy" => Some(Self::Policy),
            "server_error" => Some(Self::Down),
            "invalid_request_error" => Some(Self::Rejected),
            _ => None,
        })
    }
}

fn span(minutes: u32) -> String {
    match minutes {
        ..=90 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes.div_ceil(60)),
    }
}

/// When a server says that it may be asked again.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|millis| millis / 1000.0).or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn how_long_it_is_busy_is_said_as_the_server_says_it() {
        let said = |seconds| Failure::Busy.for_as_long_as(Some(Duration::from_secs(seconds))).to_string();
        assert!(said(60).ends_with("in a minute."));
        assert!(said(61).ends_with("for 2 minutes."));
        assert!(said(3_600).ends_with("for 60 minutes."));
        assert!(said(86_400).ends_with("for 24 hours."));
        assert_eq!(Failure::Down.for_as_long_as(Some(Duration::MAX)), Failure::Down);
    }

    #[test]
    fn what_an_error_says_of_itself_counts_more_than_its_status() {
        let of = |status: u16, body: Value| {
            Failure::of_answer(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes())
        };
        let error =
            |kind: &str, code: Value| json!({"error": {"message": "m", "type": kind, "param": null, "code": code}});
        assert_eq!(of(429, error("rate_limit_error", Value::Null)), Failure::Busy);
        assert_eq!(of(429, error("insufficient_quota", json!("insufficient_quota"))), Failure::Account);
        assert_eq!(of(400, error("invalid_request_error", json!("context_length_exceeded"))), Failure::TooLong);
        assert_eq!(of(400, error("invalid_request_error", Value::Null)), Failure::Rejected);
        assert_eq!(of(404, json!({"error": "model \"x\" not found"})), Failure::NoSuchModel);
        assert_eq!(of(401, json!({"detail": "no"})), Failure::Key);
        assert_eq!(Failure::of_answer(StatusCode::BAD_GATEWAY, b"<html>"), Failure::Down);
    }

    #[test]
    fn both_shapes_of_an_error_in_a_stream_are_read() {
        let flat = json!({"type": "error", "code": "rate_limit_exceeded", "message": "m", "param": null});
        let nested = json!({"type": "error", "error": {"type": "insufficient_quota", "code": null, "message": "m"}});
        assert_eq!(Failure::of_event(&flat), Failure::Busy);
        assert_eq!(Failure::of_event(&nested), Failure::Account);
        assert_eq!(Failure::of_event(&json!({"type": "error"})), Failure::Down);
    }

    #[test]
    fn a_time_to_wait_is_read_in_seconds_or_milliseconds() {
        let of = |name: &'static str, value: &'static str| {
            retry_after(&[(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect())
        };
        assert_eq!(of("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(of("retry-after-ms", "150"), Some(Duration::from_millis(150)));
        for nonsense in ["-1", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", ""] {
            assert_eq!(of("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
