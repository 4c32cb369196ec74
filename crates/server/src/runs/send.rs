//! Asking for a reply.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode},
};
use sha2::{Digest, Sha256};
use shared::{
    api::{IDEMPOTENCY_KEY, MessageState, Regenerate, SendMessage, Started},
    ids::{ConversationId, MessageId, RunId, UserId},
    messages::MessageRole,
    text::MAX_MARKDOWN_BYTES,
};
use sqlx::PgConnection;

use super::{
    advance, history,
    place::{self, Asked, Said},
    store, tell,
};
use crate::{
    access,
    error::Error,
    files, model,
    models::{self, Wanted},
    services::Services,
    sessions::Caller,
};

/// `POST /api/v1/conversations/{id}/messages`
pub async fn send(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<SendMessage>, JsonRejection>,
) -> Result<(StatusCode, Json<Started>), Error> {
    let Path(id) = path?;
    let sender = access::sender(&services.db, caller.id, id).await?;
    let Json(request) = body?;
    let request = Request::new(&headers, id, &request)?.said(request)?;
    let what = request.what.clone().ok_or_else(|| Error::Internal(anyhow::anyhow!("nothing is said")))?;
    let (markdown, text) = store::render(what.text).await;
    let model = model(&services)?;
    let mut tx = services.db.begin().await?;
    // The locks come first: the same request twice at once is one of them, and then the other, and so are any two of one
    // person wherever they are sent.
    models::hold(&mut tx, sender.user()).await?;
    let held = place::hold(&mut tx, id, sender.user(), markdown.len()).await;
    if let Some(known) = request.known(&mut tx, sender.user()).await? {
        return Ok((StatusCode::ACCEPTED, Json(known)));
    }
    let mut held = held?;
    let name = models::choose(&mut tx, model, sender.user(), id, request.model.as_deref()).await?;
    let parent = match (what.parent, what.replaces) {
        (Some(parent), _) => {
            held.find(&mut tx, parent).await?;
            Some(parent)
        }
        (None, Some(replaced)) => held.find(&mut tx, replaced).await?.0,
        (None, None) => held.leaf,
    };
    let message = held.say(&mut tx, Said { author: sender.user(), parent, markdown, text }).await?;
    files::attach(&mut tx, sender, message, &what.files).await?;
    let asked =
        Asked { user: sender.user(), parent: Some(message), model: &name, key: &request.key, hash: &request.hash };
    let (reply, run) = held.ask(&mut tx, asked).await?;
    reserve(&mut tx, model, sender, (reply, run), &name).await?;
    tx.commit().await?;
    begin(&services, id, Started { message_id: message, reply_id: reply, run_id: run }).await
}

/// `POST /api/v1/messages/{id}/regenerate`
pub async fn regenerate(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<MessageId>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<Regenerate>, JsonRejection>,
) -> Result<(StatusCode, Json<Started>), Error> {
    let Path(message) = path?;
    // Copies of a conversation have messages of the same ids; they are no chats, so that this finds one at most.
    let conversation = sqlx::query_scalar!(
        "select m.conversation_id
         from messages m
         join conversations c on c.id = m.conversation_id
         where m.id = $1 and c.project_id is not null",
        message.uuid()
    );
    let id = conversation.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let id = ConversationId::from_uuid(id);
    let sender = access::sender(&services.db, caller.id, id).await?;
    let Json(body) = body?;
    let request = Request::new(&headers, id, &(message, &body))?;
    let model = model(&services)?;
    let mut tx = services.db.begin().await?;
    models::hold(&mut tx, sender.user()).await?;
    let held = place::hold(&mut tx, id, sender.user(), 0).await;
    if let Some(known) = request.known(&mut tx, sender.user()).await? {
        return Ok((StatusCode::ACCEPTED, Json(known)));
    }
    let mut held = held?;
    let name = models::choose(&mut tx, model, sender.user(), id, body.model.as_deref()).await?;
    let answered = match held.find(&mut tx, message).await? {
        (Some(parent), MessageRole::Assistant) => parent,
        (None, MessageRole::Assistant) => {
            return Err(Error::Conflict(
                "answers_nothing",
                "This reply follows no message that it could answer.".into(),
            ));
        }
        _ => message,
    };
    let asked =
        Asked { user: sender.user(), parent: Some(answered), model: &name, key: &request.key, hash: &request.hash };
    let (reply, run) = held.ask(&mut tx, asked).await?;
    reserve(&mut tx, model, sender, (reply, run), &name).await?;
    tx.commit().await?;
    begin(&services, id, Started { message_id: answered, reply_id: reply, run_id: run }).await
}

/// Takes what the question is thought to need, before anybody is told that it will be asked.
async fn reserve(
    conn: &mut PgConnection,
    model: &model::Client,
    sender: access::Sender,
    (reply, run): (MessageId, RunId),
    name: &str,
) -> Result<(), Error> {
    let (user, conversation) = (sender.user(), sender.conversation());
    let input_tokens = history::estimate(conn, conversation, reply).await?;
    models::reserve(conn, model, Wanted { run, user, conversation, model: name, input_tokens }).await
}

fn model(services: &Services) -> Result<&model::Client, Error> {
    services.runs.model().ok_or_else(|| Error::Conflict("no_model", models::NO_MODEL.into()))
}

/// All is stored: what fails from here on is found and done by [`super::keep`].
async fn begin(
    services: &Services,
    conversation: ConversationId,
    started: Started,
) -> Result<(StatusCode, Json<Started>), Error> {
    let Started { run_id, reply_id, .. } = started;
    tell(services, conversation, run_id, reply_id, MessageState::Waiting).await;
    if let Err(error) = advance(services, conversation).await {
        tracing::warn!(%error, "a reply does not begin yet");
    }
    Ok((StatusCode::ACCEPTED, Json(started)))
}

/// A request that may come twice.
struct Request {
    key: String,
    hash: Vec<u8>,
    model: Option<String>,
    what: Option<What>,
}

#[derive(Clone)]
struct What {
    text: String,
    parent: Option<MessageId>,
    replaces: Option<MessageId>,
    files: Vec<shared::ids::FileId>,
}

impl Request {
    /// Reads the key; `content` tells this request from others.
    fn new(headers: &HeaderMap, conversation: ConversationId, content: &impl serde::Serialize) -> Result<Self, Error> {
        let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default().trim();
        if !(1..=100).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why =
                "Idempotency-Key: this header is wanted, 1 to 100 visible ASCII characters, new for each message.";
            return Err(Error::Invalid("no_key", why.into()));
        }
        let content = serde_json::to_vec(&(conversation, content)).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self { key: key.to_owned(), hash: Sha256::digest(content).to_vec(), model: None, what: None })
    }

    /// Takes what is said, if it can be.
    fn said(self, request: SendMessage) -> Result<Self, Error> {
        let SendMessage { text, parent, replaces, files, model, .. } = request;
        // Postgres stores none.
        let text = text.replace('\0', "");
        if text.trim().is_empty() {
            return Err(Error::Invalid("empty", "text: there is nothing in it.".into()));
        }
        if text.len() > MAX_MARKDOWN_BYTES {
            let (has, limit) = (text.len(), MAX_MARKDOWN_BYTES);
            return Err(Error::TooLarge(format!("text: {has} bytes, and a message has at most {limit}.")));
        }
        if parent.is_some() && replaces.is_some() {
            let why = "parent, replaces: a message follows another or stands in its place, not both.";
            return Err(Error::Invalid("two_places", why.into()));
        }
        Ok(Self { model, what: Some(What { text, parent, replaces, files }), ..self })
    }

    /// What was answered to the same request before.
    async fn known(&self, conn: &mut PgConnection, user: UserId) -> Result<Option<Started>, Error> {
        let row = sqlx::query!(
            r#"select r.id, r.message_id, m.parent_id as "parent_id!", r.request_hash
               from runs r
               join messages m on m.conversation_id = r.conversation_id and m.id = r.message_id
               where r.user_id = $1 and r.idempotency_key = $2"#,
            user.uuid(),
            self.key
        )
        .fetch_optional(conn)
        .await?;
        match row {
            Some(row) if row.request_hash == self.hash => Ok(Some(Started {
                message_id: MessageId::from_uuid(row.parent_id),
                reply_id: MessageId::from_uuid(row.message_id),
                run_id: RunId::from_uuid(row.id),
            })),
            Some(_) => Err(place::key_reused()),
            None => Ok(None),
        }
    }
}
