use serde::{Deserialize, Serialize};

use crate::ids::{CommentId, ConversationId, DeliveryId, HighlightId, UserId, WebhookId};

/// Webhooks that one person has at most, ended ones too.
pub const MAX_WEBHOOKS: u16 = 20;

/// Webhooks of one person about one conversation, activity or class at most; ended ones do not count.
pub const MAX_OWN_WEBHOOKS_ABOUT: u16 = 3;

/// And everybody's, of which those count that are told something: that are active, and whose owners still belong there.
pub const MAX_WEBHOOKS_ABOUT: u16 = 50;

/// Comments that may wait for one webhook; what comes while so many wait is not told, and counted.
pub const MAX_WAITING_DELIVERIES: u16 = 1_000;

/// Deliveries in one answer at most.
pub const MAX_DELIVERIES_LISTED: u16 = 50;

/// Days after which a delivery that is over is forgotten.
pub const DELIVERY_DAYS: u16 = 7;

/// Deliveries of a webhook that are kept when they are over, the newest.
pub const MAX_DELIVERIES_KEPT: u16 = 200;

/// Characters of a webhook's address at most.
pub const MAX_WEBHOOK_URL_CHARS: usize = 2_000;

/// What a webhook hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookSubject {
    /// One conversation.
    Conversation,
    /// What is written in an activity: its copies, and what is revealed of them.
    Activity,
    /// A class: the conversations that are shared with it, and the copies of its activities.
    Class,
}

/// Whether a webhook is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// It is.
    Active,
    /// Too much failed in a row; a test that is answered switches it on again.
    Disabled,
    /// Its address answered that it is gone (410), for good.
    Ended,
}

/// `GET /api/v1/webhooks`: the caller's own, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListWebhooks {}

endpoint!(ListWebhooks: Get Vec<Webhook>, "/api/v1/webhooks");

/// An address that is told of new comments, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Names it.
    pub id: WebhookId,
    /// Where deliveries are sent.
    pub url: String,
    /// What kind of thing it hears of.
    pub subject: WebhookSubject,
    /// The page of that thing, a path of this site.
    pub about: String,
    /// What it is called; `None` while the caller may not read it.
    pub title: Option<String>,
    /// Whether it is told anything.
    pub state: WebhookState,
    /// Whether the caller may read what it is about: while they may not, nothing is told.
    pub may_read: bool,
    /// Attempts that failed, since one last did not.
    pub failures: u32,
    /// Deliveries that wait for their first or next attempt.
    pub waiting: u32,
    /// Comments that were not told, because too many came at once or waited ([`MAX_WAITING_DELIVERIES`]); forgotten
    /// [`DELIVERY_DAYS`] after the last.
    pub missed: u64,
    /// When there last was one, RFC 3339.
    pub missed_at: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

/// `POST /api/v1/webhooks`: has an address told of new comments; by no token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// Where deliveries are sent, `https://…`.
    pub url: String,
    /// Of what: the address of its page, whole or from the first slash on (`/c/{id}`, `/activities/{id}`,
    /// `/classes/{id}`).
    pub about: String,
}

endpoint!(CreateWebhook: Post WebhookSecret, "/api/v1/webhooks");

/// A webhook's secret; it is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookSecret {
    /// Names the webhook.
    pub id: WebhookId,
    /// By what deliveries are signed: `whsec_` and base64.
    pub secret: String,
}

/// `GET /api/v1/webhooks/{webhook}`: one of the caller's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetWebhook {
    /// Which.
    #[serde(skip_serializing)]
    pub webhook: WebhookId,
}

endpoint!(GetWebhook: Get WebhookDetails, "/api/v1/webhooks/{webhook}", webhook);

/// A webhook with what became of its deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDetails {
    /// The webhook.
    pub webhook: Webhook,
    /// The newest, at most [`MAX_DELIVERIES_LISTED`], newest first.
    pub deliveries: Vec<Delivery>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its first or next attempt.
    Waiting,
    /// The address answered that it has it.
    Delivered,
    /// It was given up.
    Failed,
    /// It was not sent, because nobody is to be told any more.
    Silent,
}

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A comment is new.
    #[serde(rename = "comment.created")]
    CommentCreated,
    /// Somebody asked for a test.
    #[serde(rename = "webhook.test")]
    Test,
}

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Names it: its header `webhook-id`, the same at each attempt.
    pub id: DeliveryId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts to send it; none where nobody was to be told.
    pub attempts: u32,
    /// What was answered last, an HTTP status; `None` where nothing was.
    pub status: Option<u16>,
    /// Why it did not arrive; `None` where it did, or was not sent yet.
    pub reason: Option<String>,
    /// In which conversation; `None` for a test.
    pub conversation: Option<ConversationId>,
    /// When it happened, RFC 3339.
    pub created_at: String,
    /// When it was last sent, RFC 3339.
    pub attempted_at: Option<String>,
    /// When it is sent next, RFC 3339, while it waits.
    pub next_at: Option<String>,
}

/// `DELETE /api/v1/webhooks/{webhook}`: takes one of the caller's own away; what waits is not sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteWebhook {
    /// Which.
    #[serde(skip_serializing)]
    pub webhook: WebhookId,
}

endpoint!(DeleteWebhook: Delete (), "/api/v1/webhooks/{webhook}", webhook);

/// `POST /api/v1/webhooks/{webhook}/test`: sends an event without a comment now, once, and answers what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestWebhook {
    /// Which.
    #[serde(skip_serializing)]
    pub webhook: WebhookId,
}

endpoint!(TestWebhook: Post Delivery, "/api/v1/webhooks/{webhook}/test", webhook);

/// `POST /api/v1/webhooks/{webhook}/secret`: a new secret; by no token.
#[derive(Debug, Clone, Serialize)]
pub struct RenewWebhookSecret {
    /// Which.
    #[serde(skip)]
    pub webhook: WebhookId,
    /// What becomes of the old one.
    #[serde(flatten)]
    pub renewal: SecretRenewal,
}

/// What becomes of a webhook's old secret.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRenewal {
    /// It signs nothing from now on; otherwise it signs beside the new one for a day.
    #[serde(default)]
    pub at_once: bool,
}

endpoint!(RenewWebhookSecret: Post WebhookSecret, "/api/v1/webhooks/{webhook}/secret", webhook);

/// What is sent to a webhook, with the headers of Standard Webhooks (`webhook-id`, `webhook-timestamp`,
/// `webhook-signature`). Fields may be added; what is there keeps its meaning, or the event gets another `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When it happened, RFC 3339.
    pub timestamp: String,
    /// The comment; of a test, nothing but the webhook.
    pub data: EventData,
}

/// What an [`Event`] is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EventData {
    /// A comment that is new.
    Comment(NewComment),
    /// A test.
    Test {
        /// Which webhook was tested.
        webhook: WebhookId,
    },
}

/// A comment, as far as a webhook is told of it. It is read when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewComment {
    /// The comment.
    pub comment: CommentId,
    /// The highlight whose thread it is in.
    pub highlight: HighlightId,
    /// The address of the comment on its page.
    pub link: String,
    /// The conversation.
    pub conversation: EventConversation,
    /// Who wrote it.
    pub author: EventAuthor,
    /// Its words, Markdown; people are named as in `author`.
    pub body: String,
}

/// The conversation of a [`NewComment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventConversation {
    /// Names it.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
}

/// Who wrote a [`NewComment`]: what all readers see. Where the conversation is anonymous these are the alias and the
/// pseudonym, whatever the webhook's owner sees on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAuthor {
    /// Their id in the document.
    pub id: UserId,
    /// What they are called.
    pub name: String,
}
