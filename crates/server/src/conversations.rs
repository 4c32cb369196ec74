//! Conversations and their messages.

mod branches;
mod list;
mod title;

use std::collections::HashMap;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    access::Access,
    api::{
        Conversation, CopyOf, CreateConversation, Created, Message, MessageState, OwnRights, Person, Reason, Share,
        TagSummary, Usage,
    },
    document::{self, Tag},
    ids::{ActivityId, ClassId, ConversationId, MessageId, ProjectId, PromptVersionId, RunId, UserId},
    messages::MessageRole,
    text,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    access, authors,
    error::Error,
    files,
    import::{self, ImportedConversation, ImportedMessage},
    projects, rooms,
    services::Services,
    sessions::{Caller, Proof},
    sharing,
};

pub use list::list;
pub use title::rename;

/// `POST /api/v1/conversations`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateConversation>, JsonRejection>,
) -> Result<(StatusCode, Json<Created>), Error> {
    let Json(request) = body?;
    let (share, anonymous) = (request.share, request.anonymous);
    let draft = services.import(move || Draft::of(import::text(&request.text, request.title.as_deref())?)).await?;
    let id = store(&services.db, caller.id, draft, share, anonymous).await?;
    Ok((StatusCode::CREATED, Json(Created { id })))
}

/// A conversation about to be stored, its texts rendered: that takes time, and belongs on a thread of its own.
pub struct Draft {
    title: String,
    messages: Vec<(ImportedMessage, String)>,
}

impl Draft {
    /// Renders what was imported.
    ///
    /// # Errors
    /// More text than [`MAX_CONVERSATION_BYTES`].
    pub fn of(imported: ImportedConversation) -> Result<Self, Error> {
        let bytes: usize = imported.messages.iter().map(|message| message.markdown.len()).sum();
        if bytes > MAX_CONVERSATION_BYTES {
            let (has, limit) = (bytes >> 20, MAX_CONVERSATION_BYTES >> 20);
            return Err(Error::TooLarge(format!(
                "The conversation has {has} MiB of text; at most {limit} MiB fit into one."
            )));
        }
        let messages = imported.messages.into_iter().map(|message| {
            let text = text::render(&message.markdown).text;
            (message, text)
        });
        Ok(Self { title: imported.title, messages: messages.collect() })
    }
}

/// All texts of a conversation together: its page shows them at once.
pub const MAX_CONVERSATION_BYTES: usize = 16 << 20;

/// Stores an imported conversation with its document, whole or not at all.
pub async fn store(
    db: &PgPool,
    owner: UserId,
    draft: Draft,
    share: Share,
    anonymous: bool,
) -> Result<ConversationId, Error> {
    let mut tx = db.begin().await?;
    let class = match share {
        Share::None => None,
        Share::Class => Some(only_class(&mut tx, owner).await?),
    };
    let id = insert(&mut tx, owner, draft, class).await?;
    if anonymous {
        let alias = authors::hide(&mut tx, id, owner).await?;
        rooms::persistence::seed_again(&mut tx, id, &document::seed(alias)).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Inserts a conversation, shared with `class` if there is one.
pub async fn insert(
    conn: &mut PgConnection,
    owner: UserId,
    draft: Draft,
    class: Option<ClassId>,
) -> Result<ConversationId, Error> {
    let id = ConversationId::new();
    sqlx::query!(
        "insert into conversations (id, title, owner_id, class_id, share)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        draft.title,
        owner.uuid(),
        class.map(ClassId::uuid),
        if class.is_some() { "class" } else { "none" }
    )
    .execute(&mut *conn)
    .await?;
    for (position, (message, text)) in (0..).zip(draft.messages) {
        sqlx::query!(
            "insert into messages (id, conversation_id, position, role, title, markdown, text, renderer)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            MessageId::new().uuid(),
            id.uuid(),
            position,
            message.role.as_str(),
            message.title,
            message.markdown,
            text,
            text::RENDERER_VERSION
        )
        .execute(&mut *conn)
        .await?;
    }
    rooms::create(conn, id, &document::seed(owner), owner).await?;
    Ok(id)
}

/// The class of somebody who is in one class only; otherwise nobody could know which is meant.
async fn only_class(conn: &mut PgConnection, user: UserId) -> Result<ClassId, Error> {
    let classes = sqlx::query_scalar!(
        "select m.class_id
         from memberships m
         join classes c on c.id = m.class_id
         where m.user_id = $1 and c.archived_at is null
         limit 2",
        user.uuid()
    )
    .fetch_all(conn)
    .await?;
    match classes[..] {
        [class] => Ok(ClassId::from_uuid(class)),
        [] => Err(Error::Invalid("no_class", "share: you are in no class that this could be shared with.".into())),
        _ => Err(Error::Invalid(
            "several_classes",
            "share: you are in several classes; share it from the class's page.".into(),
        )),
    }
}

/// Which branch is shown.
#[derive(Deserialize)]
pub struct Shown {
    branch: Option<MessageId>,
}

/// `GET /api/v1/conversations/{id}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Shown>, QueryRejection>,
) -> Result<Json<Conversation>, Error> {
    let Path(id) = path?;
    let Query(Shown { branch }) = query?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    if !matches!(reader.rights().access, Access::Owner) {
        sharing::note_opened(&services.db, reader).await?;
    }
    // What a program reads, its owner has not opened.
    if matches!(caller.proof, Proof::Session(_)) {
        list::note_visit(&services.db, reader).await?;
    }
    Ok(Json(read(&services.db, reader, branch).await?))
}

async fn read(db: &PgPool, reader: access::Reader, through: Option<MessageId>) -> Result<Conversation, Error> {
    let (id, rights) = (reader.conversation(), reader.rights());
    let author = authors::of(db, reader).await?;
    let head = sqlx::query!(
        r#"select c.title, c.project_id, a.id as "activity?", a.title as "task?"
           from conversations c
           left join activity_copies w on w.conversation_id = c.id
           left join activities a on a.id = w.activity_id
           where c.id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound)?;
    let activity = head.activity.map(ActivityId::from_uuid).zip(head.task).map(|(id, title)| CopyOf { id, title });
    let chat = match head.project_id {
        Some(project) => Some(projects::chat_of(db, reader, ProjectId::from_uuid(project)).await?),
        None => None,
    };
    let row = sqlx::query!(r#"select title, leaf_id as "leaf_id?" from conversations where id = $1"#, id.uuid())
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound)?;
    let nodes = sqlx::query!(
        r#"select id, parent_id as "parent_id?" from messages where conversation_id = $1 order by position"#,
        id.uuid()
    )
    .fetch_all(db)
    .await?;
    let node = |id, parent: Option<Uuid>| branches::Node {
        id: MessageId::from_uuid(id),
        parent: parent.map(MessageId::from_uuid),
    };
    let nodes: Vec<_> = nodes.into_iter().map(|row| node(row.id, row.parent_id)).collect();
    let branch = match (through, row.leaf_id.map(MessageId::from_uuid)) {
        (Some(message), Some(_)) => branches::through(&nodes, message).ok_or(Error::NotFound)?,
        (Some(message), None) if !nodes.iter().any(|node| node.id == message) => return Err(Error::NotFound),
        (None, Some(leaf)) => branches::through(&nodes, leaf).unwrap_or_else(|| branches::linear(&nodes)),
        (_, None) => branches::linear(&nodes),
    };
    let messages = messages(db, id, branch).await?;
    let (title, author_id) = (head.title, author.id);
    Ok(Conversation { id, title, rights, author_id, anonymity: author.anonymity(), activity, chat, messages })
}

/// The messages of a branch, in its order.
async fn messages(
    db: &PgPool,
    conversation: ConversationId,
    branch: Vec<branches::Place>,
) -> Result<Vec<Message>, Error> {
    let mut files = files::of_messages(db, conversation).await?;
    let ids: Vec<_> = branch.iter().map(|place| place.id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select m.id, m.role, m.title, m.markdown, m.text, m.state, m.model,
                  case when c.alias_scope is null then m.author_id else a.alias end as "author?",
                  m.prompt_id as "prompt_id?", m.input_tokens, m.output_tokens, m.reason_code, m.reason,
                  r.id as "run?"
           from unnest($1::uuid[]) with ordinality as asked (id, number)
           join messages m on m.conversation_id = $2 and m.id = asked.id
           join conversations c on c.id = m.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = m.author_id
           left join runs r
               on r.conversation_id = m.conversation_id and r.message_id = m.id and r.state <> 'over'
           order by asked.number"#,
        &ids,
        conversation.uuid()
    )
    .fetch_all(db)
    .await?;
    let mut places: HashMap<MessageId, branches::Place> = branch.into_iter().map(|place| (place.id, place)).collect();
    let messages = rows.into_iter().map(|row| {
        let id = MessageId::from_uuid(row.id);
        let place = places.remove(&id);
        let usage = row.input_tokens.zip(row.output_tokens);
        Message {
            id,
            role: role(&row.role),
            title: row.title,
            markdown: row.markdown,
            text: row.text,
            files: files.remove(&row.id).unwrap_or_default(),
            parent: place.as_ref().and_then(|place| place.parent),
            siblings: place.map(|place| place.siblings).unwrap_or_default(),
            state: state(&row.state),
            run: row.run.map(RunId::from_uuid),
            author: row.author.map(UserId::from_uuid),
            model: row.model,
            prompt: row.prompt_id.map(PromptVersionId::from_uuid),
            usage: usage.map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens }),
            reason: row.reason_code.map(|code| Reason { code, detail: row.reason }),
        }
    });
    Ok(messages.collect())
}

/// A constraint keeps the column to these.
pub(crate) fn state(text: &str) -> MessageState {
    MessageState::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or_default()
}

/// A constraint keeps the column to these four.
pub(crate) fn role(text: &str) -> MessageRole {
    match text {
        "system" => MessageRole::System,
        "user" => MessageRole::User,
        "assistant" => MessageRole::Assistant,
        _ => MessageRole::Source,
    }
}

/// `GET /api/v1/conversations/{id}/rights`
pub async fn rights(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<OwnRights>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let author_id = authors::of(&services.db, reader).await?.id;
    Ok(Json(OwnRights { rights: reader.rights(), author_id }))
}

/// `GET /api/v1/conversations/{id}/tags`
pub async fn tags(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<TagSummary>>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let tags = services
        .rooms
        .tags(reader.conversation())
        .await
        .map_err(|error| Error::Internal(error.into()))?
        .ok_or(Error::NotFound)?;
    let summaries =
        tags.into_iter().map(|Tag { name, colour, description, .. }| TagSummary { name, colour, description });
    Ok(Json(summaries.collect()))
}

/// `GET /api/v1/conversations/{id}/people`: its owner; the members of the class that it is shared with; those who were
/// let in and have come; and whoever has written in it, also if they may not any more: their names stand by what they
/// wrote. Where it is anonymous, those of them who have come.
pub async fn people(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<Person>>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let rows = sqlx::query!(
        r#"with people as (
               select c.owner_id as id
               from conversations c
               where c.id = $1
               union
               select m.user_id
               from conversations c
               join memberships m on m.class_id = c.class_id
               where c.id = $1 and c.share = 'class'
               union
               select m.user_id
               from activity_copies w
               join activities a on a.id = w.activity_id
               join memberships m on m.class_id = a.class_id
               where w.conversation_id = $1
                 and (m.role <> 'student' or m.user_id = w.user_id
                      or (w.user_id is null and (w.group_id is null or w.group_id = m.group_id)))
               union
               select s.user_id
               from conversation_shares s
               where s.conversation_id = $1 and s.opened_at is not null
               union
               select w.user_id
               from conversation_links l
               join conversation_link_uses w on w.link_id = l.id
               where l.conversation_id = $1 and l.revoked_at is null and l.expires_at > now()
               union
               select a.author
               from annotation_client a
               where a.conversation_id = $1
               union
               select a.author
               from annotation_update a
               where a.conversation_id = $1
           )
           select u.id, u.name, a.alias as "alias?", case when not a.named then a.pseudonym end as "pseudonym?"
           from people
           join users u on u.id = people.id
           join conversations c on c.id = $1
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = u.id
           where c.alias_scope is null or a.alias is not null
           order by u.name"#,
        reader.conversation().uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let people = rows.into_iter().map(|row| {
        let author = UserId::from_uuid(row.alias.unwrap_or(row.id));
        authors::seen(reader.rights(), row.id == caller.id.uuid(), author, row.name, row.pseudonym)
    });
    let mut people: Vec<Person> = people.collect();
    // Whose real name comes first is nobody's business either.
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(people))
}
