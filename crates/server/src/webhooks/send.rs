//! One attempt: what is said, signed, and what came back.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{self, HeaderMap},
};
use shared::{
    api::{Event, EventAuthor, EventConversation, EventData, EventKind, NewComment},
    document::{self, Roots},
    ids::{CommentId, ConversationId, HighlightId, UserId},
};
use sqlx::PgPool;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;
use yrs::{Doc, Transact};

use super::queue::Claim;
use crate::{
    access, conversations,
    error::Error,
    export::{SOMEBODY, as_mention, named},
    outbound::strangers::{PATIENCE, Refused},
    services::Services,
    sessions,
    times::rfc3339,
};

/// What came of an attempt.
pub(super) enum Outcome {
    /// The address has it.
    Delivered { status: u16 },
    /// It has it not, as far as we know; why, for the webhook's owner.
    Failed {
        status: Option<u16>,
        reason: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It wants nothing any more.
    Gone,
    /// Nothing was sent: nobody is to be told.
    Silent { why: &'static str },
}

impl Outcome {
    /// Without an answer.
    pub(super) fn failed(reason: impl ToString) -> Self {
        Self::Failed { status: None, reason: reason.to_string(), retry_after: None }
    }
}

/// A delivery and its webhook, as they are now.
struct Task {
    owner: UserId,
    url: String,
    /// Deliveries are signed by each.
    secrets: Vec<Vec<u8>>,
    is_test: bool,
    /// Whether they belong to the class that it listens to, where it does.
    belongs: bool,
    comment: Option<Comment>,
    created_at: OffsetDateTime,
}

struct Comment {
    conversation: ConversationId,
    title: String,
    highlight: HighlightId,
    comment: CommentId,
    author: UserId,
}

/// Sends a delivery, if its owner may read the comment now; nothing if it is not there any more.
///
/// # Errors
/// The database's: it is not known what would have to be sent.
pub(super) async fn attempt(services: &Services, claim: Claim) -> Result<Option<Outcome>, Error> {
    let Some(task) = read(&services.db, claim).await? else { return Ok(None) };
    let data = match &task.comment {
        None if task.is_test => EventData::Test { webhook: claim.webhook },
        None => return Ok(Some(Outcome::Silent { why: "What it was about is not there any more." })),
        Some(comment) => match told(services, &task, comment).await? {
            Ok(data) => data,
            Err(why) => return Ok(Some(Outcome::Silent { why })),
        },
    };
    let kind = if task.is_test { EventKind::Test } else { EventKind::CommentCreated };
    let event = Event { kind, timestamp: rfc3339(task.created_at), data };
    let body = serde_json::to_string(&event).map_err(|error| Error::Internal(error.into()))?;
    Ok(Some(post(services, &task, &claim.delivery.to_string(), body).await?))
}

async fn read(db: &PgPool, claim: Claim) -> sqlx::Result<Option<Task>> {
    let row = sqlx::query!(
        r#"select h.user_id, h.url, h.secret, case when h.old_secret_until > now() then h.old_secret end as old_secret,
                  d.is_test, d.conversation_id, d.highlight_id, d.comment_id,
                  case when c.alias_scope is null then d.by_user else a.alias end as author,
                  h.conversation_id is not null or m.user_id is not null as "belongs!", d.created_at,
                  c.title as "title?"
           from webhook_deliveries d
           join webhooks h on h.id = d.webhook_id
           left join activities of_it on of_it.id = h.activity_id
           left join memberships m on m.class_id = coalesce(of_it.class_id, h.class_id) and m.user_id = h.user_id
               and of_it.trashed_at is null
           left join conversations c on c.id = d.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = d.by_user
           where d.id = $1 and d.state = 'waiting'"#,
        claim.delivery.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Task {
        owner: UserId::from_uuid(row.user_id),
        url: row.url,
        secrets: std::iter::once(row.secret).chain(row.old_secret).collect(),
        created_at: row.created_at,
        is_test: row.is_test,
        belongs: row.belongs,
        comment: (|| {
            Some(Comment {
                conversation: ConversationId::from_uuid(row.conversation_id?),
                title: row.title?,
                highlight: HighlightId::from_uuid(row.highlight_id?),
                comment: CommentId::from_uuid(row.comment_id?),
                author: UserId::from_uuid(row.author?),
            })
        })(),
    }))
}

/// What the owner of a webhook is told of a comment, by their rights of now; or why nothing. People are called as all
/// readers see them: no names of an anonymous conversation leave it, also where the owner sees them on the page.
async fn told(services: &Services, task: &Task, said: &Comment) -> Result<Result<EventData, &'static str>, Error> {
    let owner = task.owner;
    if !sessions::banned(&services.db, &[owner]).await?.is_empty() {
        return Ok(Err("This account is closed."));
    }
    if !task.belongs {
        return Ok(Err("You do not belong to the class any more, or the activity is in the trash."));
    }
    let reader = match access::reader(&services.db, owner, said.conversation).await {
        Err(Error::NotFound) => return Ok(Err("You may not read this conversation any more, or it is in the trash.")),
        reader => reader?,
    };
    let Some(body) = words(services, said).await? else {
        return Ok(Err("The comment was deleted before it was sent."));
    };
    let people = conversations::people_of(&services.db, reader).await?;
    let called = |id| {
        let person = people.iter().find(|person| person.id == id);
        person.map_or(SOMEBODY, |person| person.pseudonym.as_ref().unwrap_or(&person.name))
    };
    let Comment { conversation, title, highlight, comment, author } = said;
    Ok(Ok(EventData::Comment(NewComment {
        comment: *comment,
        highlight: *highlight,
        link: format!("{}/c/{conversation}#h={highlight}&c={comment}", services.origin),
        conversation: EventConversation { id: *conversation, title: title.clone() },
        author: EventAuthor { id: *author, name: called(*author).to_owned() },
        body: named(&body, |id| as_mention(called(id))).into_owned(),
    })))
}

/// What a comment says now, as the document has it; nothing if it is not there any more, or deleted, or its highlight is.
///
/// # Errors
/// The document cannot be read: then nobody knows.
async fn words(services: &Services, said: &Comment) -> Result<Option<String>, Error> {
    let (highlight, comment) = (said.highlight, said.comment);
    let find = move |doc: &Doc| {
        let found = document::highlight(&Roots::of(doc), &doc.transact(), highlight)?;
        let thread = found.comments.into_iter().filter(|_| found.deleted.is_none());
        let is_it = |one: &document::Comment| one.id == comment && !one.deleted;
        thread.into_iter().find(is_it).map(|one| storable(&one.body))
    };
    let read = services.rooms.read(said.conversation, find).await.map_err(|error| Error::Internal(error.into()))?;
    Ok(read.and_then(|read| read.what))
}

/// Words as everybody can show and store them: Postgres knows no NUL, and other controls are nobody's words.
fn storable(text: &str) -> String {
    let is_foreign = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    text.replace(is_foreign, "\u{fffd}")
}

/// Of what is answered, its head alone is read: whose address it is learns what we send, and we nothing of theirs.
async fn post(services: &Services, task: &Task, id: &str, body: String) -> Result<Outcome, Error> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let url: Url = task.url.parse().map_err(|error: url::ParseError| Error::Internal(error.into()))?;
    let request = match services.strangers.post(url) {
        Ok(request) => request,
        Err(refused) => return Ok(Outcome::failed(refused)),
    };
    let request = request
        .header(header::CONTENT_TYPE, "application/json")
        .header(HEADER_WEBHOOK_ID, id)
        .header(HEADER_WEBHOOK_TIMESTAMP, now)
        .header(HEADER_WEBHOOK_SIGNATURE, signature(&task.secrets, id, now, &body)?)
        .body(body);
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            return Ok(match Refused::why(&error) {
                Some(refused) => Outcome::failed(refused),
                None if error.is_timeout() => {
                    Outcome::failed(format_args!("No answer within {} seconds.", PATIENCE.as_secs()))
                }
                None if error.is_connect() => {
                    Outcome::failed("There is no connection to it, or its certificate is not good.")
                }
                None => Outcome::failed("The connection broke before an answer."),
            });
        }
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(Outcome::Delivered { status: status.as_u16() });
    }
    if status == StatusCode::GONE {
        return Ok(Outcome::Gone);
    }
    let reason = match status.is_redirection() {
        true => "It leads elsewhere, and nobody follows.",
        false => "It answered with an error.",
    };
    let retry_after = retry_after(answer.headers());
    Ok(Outcome::Failed { status: Some(status.as_u16()), reason: reason.to_owned(), retry_after })
}

/// How long a receiver asks to be left alone: seconds, or until a moment.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Duration::try_from(until - OffsetDateTime::now_utc()).ok()
}

/// One for each secret: whoever knows one of them can verify it.
fn signature(secrets: &[Vec<u8>], id: &str, at: i64, body: &str) -> Result<String, Error> {
    let sign = |secret: &Vec<u8>| standardwebhooks::Webhook::from_bytes(secret.clone())?.sign(id, at, body.as_bytes());
    let signatures = secrets.iter().map(sign).collect::<Result<Vec<_>, _>>();
    Ok(signatures.map_err(|error| Error::Internal(error.into()))?.join(" "))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;

    #[test]
    fn a_receiver_asks_to_be_left_alone_in_seconds_or_until_a_moment() {
        let asked = |text: &str| retry_after(&[(header::RETRY_AFTER, text.parse().unwrap())].into_iter().collect());
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        let until = asked("Fri, 31 Dec 2999 23:59:59 GMT").unwrap();
        assert!(until > Duration::from_secs(3_600), "{until:?}");
        for nothing in ["", "-1", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(nothing), None, "{nothing}");
        }
    }

    /// The example of the specification's own libraries.
    #[test]
    fn a_delivery_is_signed_as_the_specification_has_it_by_each_secret() {
        let secret = |text: &str| BASE64_STANDARD.decode(text).unwrap();
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let one = secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature(std::slice::from_ref(&one), id, at, r#"{"test": 2432232314}"#).unwrap(), signed);
        let both = signature(&[secret("AAAA"), one], id, at, r#"{"test": 2432232314}"#).unwrap();
        assert!(both.starts_with("v1,") && both.ends_with(&format!(" {signed}")), "{both}");
    }
}
