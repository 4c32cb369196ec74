//! Where something is said: messages of a conversation and their order, changed under the conversation's lock.

use shared::{
    api::{MAX_RUNS_A_PERSON, MAX_WAITING_RUNS, MessageState},
    ids::{ConversationId, MessageId, RunId, UserId},
    messages::MessageRole,
    text,
};
use sqlx::PgConnection;

use crate::{
    conversations::{self, MAX_CONVERSATION_BYTES},
    error::Error,
};

/// Messages of a conversation.
pub const MAX_MESSAGES: i64 = 5_000;

/// A message's title is long enough for a list.
const TITLE_CHARS: usize = 60;

/// A conversation that nobody else adds to until the transaction ends.
pub(super) struct Held {
    pub(super) conversation: ConversationId,
    /// The end of the branch that was last written in.
    pub(super) leaf: Option<MessageId>,
    untitled: bool,
    next_position: i32,
}

/// Something said, ready to be stored.
pub(super) struct Said {
    pub(super) author: UserId,
    pub(super) parent: Option<MessageId>,
    pub(super) markdown: String,
    pub(super) text: String,
}

/// Takes the conversation, if another message and its reply fit into it, and another run into the line.
pub(super) async fn hold(
    conn: &mut PgConnection,
    conversation: ConversationId,
    user: UserId,
    new_bytes: usize,
) -> Result<Held, Error> {
    let row = sqlx::query!(
        r#"select leaf_id as "leaf_id?", untitled from conversations where id = $1 and trashed_at is null for update"#,
        conversation.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let has = sqlx::query!(
        r#"select coalesce(max(position), 0) as "position!", count(*) as "messages!",
                  coalesce(sum(octet_length(markdown)), 0) as "bytes!",
                  (select count(*) from runs where conversation_id = $1 and state = 'waiting') as "waiting!",
                  (select count(*) from runs where user_id = $2 and state <> 'over') as "own!"
           from messages
           where conversation_id = $1"#,
        conversation.uuid(),
        user.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    if has.messages + 2 > MAX_MESSAGES {
        return Err(full(format!("This conversation has {} messages: no more fit into it.", has.messages)));
    }
    let bytes = has.bytes.saturating_add(i64::try_from(new_bytes).unwrap_or(i64::MAX));
    if bytes > MAX_CONVERSATION_BYTES as i64 {
        let limit = MAX_CONVERSATION_BYTES >> 20;
        return Err(full(format!("This conversation has {limit} MiB of text: no more fits into it.")));
    }
    if has.waiting >= MAX_WAITING_RUNS {
        let why =
            format!("{} replies wait in line in this conversation: send this when one of them is there.", has.waiting);
        return Err(Error::Conflict("line_full", why));
    }
    if has.own >= MAX_RUNS_A_PERSON {
        let why =
            format!("{} of your replies are being written or wait: send this when one of them is there.", has.own);
        return Err(Error::Conflict("too_many_runs", why));
    }
    let leaf = row.leaf_id.map(MessageId::from_uuid);
    Ok(Held { conversation, leaf, untitled: row.untitled, next_position: has.position + 1 })
}

fn full(why: String) -> Error {
    Error::Conflict("conversation_full", why + " Begin a new chat.")
}

impl Held {
    /// A message of this conversation, with what it follows and whose it is.
    pub(super) async fn find(
        &self,
        conn: &mut PgConnection,
        message: MessageId,
    ) -> Result<(Option<MessageId>, MessageRole), Error> {
        let row = sqlx::query!(
            r#"select parent_id as "parent_id?", role from messages where id = $1 and conversation_id = $2"#,
            message.uuid(),
            self.conversation.uuid()
        )
        .fetch_optional(conn)
        .await?;
        let why =
            || Error::Invalid("no_such_message", "parent, replaces: this conversation has no such message.".into());
        let row = row.ok_or_else(why)?;
        Ok((row.parent_id.map(MessageId::from_uuid), crate::conversations::role(&row.role)))
    }

    /// Stores what was said, and names a chat that has no name yet by it.
    pub(super) async fn say(&mut self, conn: &mut PgConnection, said: Said) -> Result<MessageId, Error> {
        let id = MessageId::new();
        if std::mem::take(&mut self.untitled) {
            sqlx::query!(
                "update conversations set title = $2, untitled = false where id = $1",
                self.conversation.uuid(),
                title(&said.text)
            )
            .execute(&mut *conn)
            .await?;
        }
        sqlx::query!(
            "insert into messages
                 (id, conversation_id, position, role, parent_id, author_id, markdown, text, renderer)
             values ($1, $2, $3, 'user', $4, $5, $6, $7, $8)",
            id.uuid(),
            self.conversation.uuid(),
            self.next_position,
            said.parent.map(MessageId::uuid),
            said.author.uuid(),
            said.markdown,
            said.text,
            text::RENDERER_VERSION
        )
        .execute(conn)
        .await?;
        self.next_position += 1;
        Ok(id)
    }

    /// Makes the place of a reply and the run that is to write it, last in line.
    pub(super) async fn ask(&mut self, conn: &mut PgConnection, asked: Asked<'_>) -> Result<(MessageId, RunId), Error> {
        let (reply, run) = (MessageId::new(), RunId::new());
        sqlx::query!(
            "insert into messages
                 (id, conversation_id, position, role, parent_id, author_id, model, state, markdown, text, renderer)
             values ($1, $2, $3, 'assistant', $4, $5, $6, $7, '', '', $8)",
            reply.uuid(),
            self.conversation.uuid(),
            self.next_position,
            asked.parent.map(MessageId::uuid),
            asked.user.uuid(),
            asked.model,
            MessageState::Waiting.as_str(),
            text::RENDERER_VERSION
        )
        .execute(&mut *conn)
        .await?;
        sqlx::query!(
            "insert into runs (id, conversation_id, message_id, user_id, model, state, idempotency_key, request_hash)
             values ($1, $2, $3, $4, $5, 'waiting', $6, $7)",
            run.uuid(),
            self.conversation.uuid(),
            reply.uuid(),
            asked.user.uuid(),
            asked.model,
            asked.key,
            asked.hash
        )
        .execute(&mut *conn)
        .await
        .map_err(key_taken)?;
        conversations::show(conn, self.conversation, reply).await?;
        self.next_position += 1;
        Ok((reply, run))
    }
}

/// A reply that is asked for.
pub(super) struct Asked<'a> {
    pub(super) user: UserId,
    pub(super) parent: Option<MessageId>,
    pub(super) model: &'a str,
    pub(super) key: &'a str,
    pub(super) hash: &'a [u8],
}

fn key_taken(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("runs_idempotency_key_unique") => key_reused(),
        _ => error.into(),
    }
}

/// The key names another request.
pub(super) fn key_reused() -> Error {
    let why = "Idempotency-Key: this key was sent with another message. Take a new one for each message.";
    Error::Conflict("key_reused", why.into())
}

/// The first words of a message, in one line.
fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.replace(char::is_control, "");
    if line.is_empty() {
        return "New chat".into();
    }
    if line.chars().count() <= TITLE_CHARS {
        return line;
    }
    let cut: String = line.chars().take(TITLE_CHARS - 1).collect();
    // Between words, unless the first of them is that long.
    let end = cut.rfind(' ').filter(|end| *end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_named_by_the_first_words_said_in_it() {
        assert_eq!(title("  Do bees\n\nsleep? "), "Do bees sleep?");
        assert_eq!(title(""), "New chat");
        let long = title(&"words ".repeat(40));
        assert!(long.chars().count() <= TITLE_CHARS && long.ends_with("words…"), "{long}");
        assert_eq!(title(&"漢".repeat(100)).chars().count(), TITLE_CHARS);
    }
}
