//! A text as it is sent, held to the limits and rendered.

use std::collections::{HashMap, HashSet};

use shared::{
    api::{EditedMessage, RenderedMessage},
    ids::{ConversationId, MessageId},
    messages::MessageRole,
    text,
};
use sqlx::PgPool;

use super::anchors::Old;
use crate::{
    conversations::{MAX_CONVERSATION_BYTES, role},
    error::Error,
    import::{self, MESSAGE_BYTES, MESSAGES},
};

/// A new text, within every limit and rendered.
pub(super) struct Draft {
    pub(super) messages: Vec<Drafted>,
    pub(super) old: Vec<Old>,
    /// Those that read otherwise.
    pub(super) rendered: Vec<RenderedMessage>,
    pub(super) is_as_before: bool,
}

pub(super) struct Drafted {
    pub(super) id: MessageId,
    pub(super) from: Vec<MessageId>,
    pub(super) role: MessageRole,
    pub(super) title: Option<String>,
    pub(super) markdown: String,
    pub(super) text: String,
    pub(super) renderer: i16,
}

impl Draft {
    /// Takes time where much is to be rendered.
    pub(super) fn of(present: Vec<Present>, sent: Vec<EditedMessage>) -> Result<Self, Error> {
        check(&sent)?;
        let by_id: HashMap<MessageId, &Present> = present.iter().map(|message| (message.id, message)).collect();
        let (mut messages, mut rendered, mut kept) = (Vec::new(), Vec::new(), HashSet::new());
        for (at, EditedMessage { mut from, role, title, markdown }) in sent.into_iter().enumerate() {
            let number = at + 1;
            let mut named = HashSet::new();
            from.retain(|id| named.insert(*id));
            if let Some(unknown) = from.iter().find(|id| !by_id.contains_key(id)) {
                let why = format!("messages: message {number} is to come from {unknown}, which is not in this text.");
                return Err(Error::Invalid("no_such_message", why));
            }
            let normal = import::normalised(&markdown);
            let markdown = import::without_outer_blank_lines(&normal).to_owned();
            if markdown.is_empty() {
                let why = format!("messages: message {number} is empty. Write something in it, or remove it.");
                return Err(Error::Invalid("empty_message", why));
            }
            if markdown.len() > MESSAGE_BYTES {
                let why = format!("messages: message {number} has more than {} MiB. Split it.", MESSAGE_BYTES >> 20);
                return Err(Error::TooLarge(why));
            }
            let title =
                title.filter(|title| !title.trim().is_empty()).as_deref().map(import::typed_title).transpose()?;
            let own = from.iter().copied().find(|id| !kept.contains(id));
            let id = own.unwrap_or_else(MessageId::new);
            kept.insert(id);
            // What stays is not rendered anew: another version of the renderer could read it otherwise.
            let (text, renderer) = match from[..] {
                [id] if by_id[&id].markdown == markdown => (by_id[&id].text.clone(), by_id[&id].renderer),
                _ => {
                    let new = text::render(&markdown);
                    rendered.push(RenderedMessage { at, html: new.html });
                    (new.text, text::RENDERER_VERSION)
                }
            };
            messages.push(Drafted { id, from, role, title, markdown, text, renderer });
        }
        let is_as_before = messages.len() == present.len()
            && messages.iter().zip(&present).all(|(new, old)| {
                (new.id, new.role, &new.title, &new.markdown) == (old.id, old.role, &old.title, &old.markdown)
            });
        let old = present.into_iter().map(|message| Old { id: message.id, text: message.text }).collect();
        Ok(Self { messages, old, rendered, is_as_before })
    }
}

fn check(sent: &[EditedMessage]) -> Result<(), Error> {
    if sent.is_empty() {
        let why = "messages: a text has at least one message. To throw the conversation away, put it into the trash.";
        return Err(Error::Invalid("no_messages", why.into()));
    }
    if sent.len() > MESSAGES {
        return Err(Error::TooLarge(format!("messages: there are {}, and at most {MESSAGES} fit.", sent.len())));
    }
    let bytes: usize = sent.iter().map(|message| message.markdown.len()).sum();
    if bytes > MAX_CONVERSATION_BYTES {
        let (has, limit) = (bytes >> 20, MAX_CONVERSATION_BYTES >> 20);
        return Err(Error::TooLarge(format!("The text has {has} MiB; at most {limit} MiB fit into one conversation.")));
    }
    // Who names all for each would make a great deal of work of little.
    if sent.iter().map(|message| message.from.len()).sum::<usize>() > 2 * MESSAGES {
        return Err(Error::Invalid(
            "too_many_sources",
            format!("messages: `from` names more than {} in all.", 2 * MESSAGES),
        ));
    }
    Ok(())
}

/// A message of the present text.
pub(super) struct Present {
    id: MessageId,
    role: MessageRole,
    title: Option<String>,
    markdown: String,
    text: String,
    renderer: i16,
}

pub(super) async fn present(db: &PgPool, id: ConversationId) -> Result<Vec<Present>, Error> {
    let rows = sqlx::query!(
        "select id, role, title, markdown, text, renderer from messages where conversation_id = $1 order by position",
        id.uuid()
    )
    .fetch_all(db)
    .await?;
    let message = rows.into_iter().map(|row| Present {
        id: MessageId::from_uuid(row.id),
        role: role(&row.role),
        title: row.title,
        markdown: row.markdown,
        text: row.text,
        renderer: row.renderer,
    });
    Ok(message.collect())
}
