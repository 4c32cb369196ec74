use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, FileId, MessageId, RunId};

/// Replies that may wait in line in one conversation, behind the one that is written.
pub const MAX_WAITING_RUNS: i64 = 8;

/// Replies that one person may have written or waiting at once, in all conversations.
pub const MAX_RUNS_A_PERSON: i64 = 4;

/// The header that makes a repeated request the same request: 1 to 100 visible ASCII characters, new for each message.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// `POST /api/v1/conversations/{conversation}/messages`, with [`IDEMPOTENCY_KEY`]: says something to the model. The message,
/// the reply's place and the run are stored before this is answered (202). While another reply is written in the
/// conversation, it waits in line.
///
/// Without `parent` and `replaces` it follows the last message of the conversation's branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// For [`IDEMPOTENCY_KEY`].
    #[serde(skip)]
    pub key: String,
    /// Markdown, at most 1 MiB.
    pub text: String,
    /// The message that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// The message that it stands beside, as another version of it: edited and sent again. Not together with `parent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<MessageId>,
    /// Files of the project, at most [`crate::api::MAX_FILES_A_MESSAGE`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
    /// One of [`ModelList::models`]; the first of them without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// `POST /api/v1/messages/{message}/regenerate`, with [`IDEMPOTENCY_KEY`]: another reply beside this one, which is kept.
/// Of a message that is no reply: a reply to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regenerate {
    /// Which message.
    #[serde(skip, default = "MessageId::new")]
    pub message: MessageId,
    /// For [`IDEMPOTENCY_KEY`].
    #[serde(skip)]
    pub key: String,
    /// One of [`ModelList::models`]; the first of them without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A reply that will be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// What was said, or what is answered anew.
    pub message_id: MessageId,
    /// The reply, empty as yet.
    pub reply_id: MessageId,
    /// What writes it.
    pub run_id: RunId,
}

/// Why a reply was stopped that was never begun: what it answers was withdrawn from the line, and is not read to a model.
pub const WITHDRAWN: &str = "withdrawn";

/// `POST /api/v1/runs/{run}/stop`: the model is stopped and what it has written stays. One that waits in line is taken out of
/// it, with what it would have answered ([`WITHDRAWN`]). A run that is over stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRun {
    /// Which run.
    #[serde(skip, default = "RunId::new")]
    pub run: RunId,
}

/// Where a reply is read while it is written: `GET`, an event stream. See [`RunEvent`]. With `?rendered=true` the blocks that
/// are finished come as HTML too.
pub fn run_events_path(run: RunId) -> String {
    format!("/api/v1/runs/{run}/events")
}

/// The events of a run, by their names:
///
/// | event | data | id |
/// |---|---|---|
/// | `snapshot` | [`Snapshot`]: all of the text so far, to be put in the place of what is shown | bytes of text |
/// | `delta` | [`Delta`]: what follows | bytes of text after it |
/// | `blocks` | [`Blocks`]: finished blocks of the text, rendered; for those who ask for it | bytes of text |
/// | `done` | [`RunDone`] | bytes of text |
/// | `stopped` | [`RunDone`]: somebody stopped it, the text stays | bytes of text |
/// | `error` | [`RunError`]: it failed or was interrupted, the text stays | bytes of text |
///
/// The last three end the stream. `error` is also what `EventSource` calls a lost connection: that has no data. An id counts bytes
/// of UTF-8, so `Last-Event-ID` continues where a reader was, with a `delta`, and without another snapshot; where that
/// is not possible a `snapshot` comes. A reader closes its `EventSource` at the end, or it connects again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// All of the text so far.
    Snapshot(Snapshot),
    /// What follows.
    Delta(Delta),
    /// Finished blocks.
    Blocks(Blocks),
    /// The reply is complete.
    Done(RunDone),
    /// Somebody has stopped it.
    Stopped(RunDone),
    /// It failed or was interrupted.
    Error(RunError),
}

impl RunEvent {
    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "snapshot",
            Self::Delta(_) => "delta",
            Self::Blocks(_) => "blocks",
            Self::Done(_) => "done",
            Self::Stopped(_) => "stopped",
            Self::Error(_) => "error",
        }
    }
}

/// All of a reply's text so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The reply.
    pub message_id: MessageId,
    /// `waiting` or `streaming`. A run that is over says how with the next event.
    pub state: MessageState,
    /// Markdown.
    pub text: String,
    /// Runs before it in its conversation, where it waits.
    pub ahead: i64,
}

/// What follows in a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Markdown.
    pub text: String,
}

/// Blocks of a reply that nothing can change that comes, as its page will show them: to be put behind those before (none, if
/// it ends where it begins). From 0 it is all that there is so far. Behind them what is not finished, as it looks now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// Where in the text they begin, in UTF-16 units.
    pub from: u32,
    /// Where they end.
    pub to: u32,
    /// Inert HTML.
    pub html: String,
    /// Its text nodes, as `data-runs` spells them: behind those before, without anything between.
    pub runs: String,
    /// Inert HTML of the text from `to` until `seen`, in the place of what was told before; empty where it is too long for that.
    pub rest: String,
    /// Where the rest ends, in UTF-16 units.
    pub seen: u32,
}

/// How a reply ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDone {
    /// The reply.
    pub message_id: MessageId,
    /// Why the model ended before it had said all, if so: `length`, `content_filter`, `refusal` or a word of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Why a reply is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The reply.
    pub message_id: MessageId,
    /// Stable: `interrupted`, `timeout`, `unreachable`, `busy`, `key`, `quota_reached`, `too_long`, …
    pub code: String,
    /// For a person: what happened and what to do.
    pub detail: String,
}

/// Tokens, as the model's server counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// What the model read.
    pub input_tokens: i64,
    /// What it wrote, its thinking included.
    pub output_tokens: i64,
}

/// How far a message is. Those that nobody's model writes are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// Whole.
    #[default]
    Complete,
    /// In line behind another reply.
    Waiting,
    /// It is being written.
    Streaming,
    /// Somebody has stopped it.
    Stopped,
    /// The server, or the model's, went away meanwhile.
    Interrupted,
    /// The model's server refused or failed.
    Failed,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Complete, Self::Waiting, Self::Streaming, Self::Stopped, Self::Interrupted, Self::Failed];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Waiting => "waiting",
            Self::Streaming => "streaming",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    /// Whether it ended before it was whole, so that another is worth asking for.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Stopped | Self::Interrupted | Self::Failed)
    }

    /// Whether a run still has to do with it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Streaming)
    }
}

/// `GET /api/v1/models`: whom one can talk with, in a conversation if one is named.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListModels {
    /// Which conversation: its class may allow fewer models, and has a quota of its own.
    #[serde(skip_serializing)]
    pub conversation: Option<ConversationId>,
}

/// Whom one can talk with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelList {
    /// Whether the server has a model at all; without one, `docs/MODELS.md` says how to set one.
    pub configured: bool,
    /// Their names, the one that is taken without a choice first. Empty: none is configured, or the class allows none.
    pub models: Vec<String>,
    /// What the caller may still use, where there is a quota.
    pub quota: Option<Quota>,
}

/// Tokens of one person, or of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// In one period.
    pub tokens: i64,
    /// Of these, in this period.
    pub used: i64,
    /// When the next period begins, RFC 3339.
    pub resets_at: String,
}

impl crate::api::Endpoint for ListModels {
    const METHOD: crate::api::Method = crate::api::Method::Get;
    type Reply = ModelList;

    fn path(&self) -> String {
        match self.conversation {
            Some(conversation) => format!("/api/v1/models?conversation={conversation}"),
            None => "/api/v1/models".into(),
        }
    }
}

impl crate::api::Endpoint for SendMessage {
    const METHOD: crate::api::Method = crate::api::Method::Post;
    type Reply = Started;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/messages", self.conversation)
    }

    fn idempotency_key(&self) -> Option<&str> {
        Some(&self.key)
    }
}

impl crate::api::Endpoint for Regenerate {
    const METHOD: crate::api::Method = crate::api::Method::Post;
    type Reply = Started;

    fn path(&self) -> String {
        format!("/api/v1/messages/{}/regenerate", self.message)
    }

    fn idempotency_key(&self) -> Option<&str> {
        Some(&self.key)
    }
}

endpoint!(StopRun: Post (), "/api/v1/runs/{run}/stop", run);
