use shared::{
    api::{MessageState, RunDone, RunError, RunEvent, Usage},
    ids::MessageId,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::model::Failure;

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) state: MessageState,
    /// For programs, and for people where it did not end well.
    pub(super) reason: Option<(String, Option<String>)>,
    pub(super) usage: Option<Usage>,
}

impl Ending {
    pub(super) fn complete(reason: Option<String>, usage: Option<Usage>) -> Self {
        Self { state: MessageState::Complete, reason: reason.map(|code| (code, None)), usage }
    }

    pub(super) fn stopped() -> Self {
        Self { state: MessageState::Stopped, reason: None, usage: None }
    }

    /// This server went away, or is about to.
    pub(super) fn interrupted() -> Self {
        Self::without(MessageState::Interrupted, "interrupted", INTERRUPTED)
    }

    pub(super) fn failed(code: &str, why: &str) -> Self {
        Self::without(MessageState::Failed, code, why)
    }

    pub(super) fn of(failure: Failure) -> Self {
        let state = if failure.is_interruption() { MessageState::Interrupted } else { MessageState::Failed };
        Self::without(state, failure.code(), &failure.to_string())
    }

    fn without(state: MessageState, code: &str, why: &str) -> Self {
        Self { state, reason: Some((code.to_owned(), Some(why.to_owned()))), usage: None }
    }

    /// As its readers hear of it.
    pub(super) fn event(&self, message_id: MessageId) -> RunEvent {
        let (code, detail) = self.reason.clone().map_or((None, None), |(code, detail)| (Some(code), detail));
        match self.state {
            MessageState::Complete => RunEvent::Done(RunDone { message_id, reason: code, usage: self.usage }),
            MessageState::Stopped => RunEvent::Stopped(RunDone { message_id, reason: code, usage: self.usage }),
            _ => RunEvent::Error(RunError {
                message_id,
                code: code.unwrap_or_default(),
                detail: detail.unwrap_or_default(),
            }),
        }
    }
}

/// What people read who find a reply that nobody writes any more.
pub(super) const INTERRUPTED: &str =
    "The server was restarted while this was written. What came is kept; ask for the reply again.";

/// A reply as far as it is written.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Grows at its end only.
    pub(super) text: String,
    /// When all is stored.
    pub(super) ending: Option<Ending>,
}

/// A reply that this server writes.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) progress: watch::Sender<Progress>,
    /// Somebody has stopped it.
    pub(super) stop: CancellationToken,
    /// The server stops.
    pub(super) shutdown: CancellationToken,
}

impl Live {
    pub(super) fn new(shutdown: CancellationToken) -> Self {
        let progress = watch::Sender::new(Progress::default());
        Self { progress, stop: CancellationToken::new(), shutdown }
    }
}
