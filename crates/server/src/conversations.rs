//! Conversations and their messages.

mod branches;
mod comparison;
mod list;
mod people;
mod title;

use std::collections::{HashMap, HashSet};

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use shared::{
    access::Access,
    api::{Conversation, CopyOf, CreateConversation, Created, Message, MessageState, Reason, Share, Usage},
    document,
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
    import::{self, Branches, ImportedConversation, ImportedMessage},
    pages, projects, rooms,
    services::Services,
    sessions::{Caller, Proof},
    sharing,
};

pub use comparison::compare;
pub use list::list;
pub(crate) use people::people_of;
pub use people::{people, rights, tags};
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
    branches: Option<Branches>,
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
        Ok(Self { title: imported.title, messages: messages.collect(), branches: imported.branches })
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
    let id = begin(&mut tx, owner, &draft.title, share).await?;
    fill(&mut tx, id, owner, draft).await?;
    if anonymous {
        let alias = authors::hide(&mut tx, id, owner).await?;
        rooms::persistence::seed_again(&mut tx, id, &document::seed(alias)).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Inserts a conversation that is still to be filled: with messages and a document.
///
/// # Errors
/// The database's, or there is no one class to share it with.
pub async fn begin(conn: &mut PgConnection, owner: UserId, title: &str, share: Share) -> Result<ConversationId, Error> {
    let class = match share {
        Share::None => None,
        Share::Class => Some(only_class(conn, owner).await?),
    };
    begin_in(conn, owner, title, class).await
}

/// Inserts a conversation, shared with `class` if there is one.
pub async fn insert(
    conn: &mut PgConnection,
    owner: UserId,
    draft: Draft,
    class: Option<ClassId>,
) -> Result<ConversationId, Error> {
    let id = begin_in(conn, owner, &draft.title, class).await?;
    fill(conn, id, owner, draft).await?;
    Ok(id)
}

async fn begin_in(
    conn: &mut PgConnection,
    owner: UserId,
    title: &str,
    class: Option<ClassId>,
) -> Result<ConversationId, Error> {
    let id = ConversationId::new();
    sqlx::query!(
        "insert into conversations (id, title, owner_id, class_id, share)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        title,
        owner.uuid(),
        class.map(ClassId::uuid),
        if class.is_some() { "class" } else { "none" }
    )
    .execute(conn)
    .await?;
    Ok(id)
}

async fn fill(conn: &mut PgConnection, id: ConversationId, owner: UserId, draft: Draft) -> Result<(), Error> {
    let ids: Vec<MessageId> = draft.messages.iter().map(|_| MessageId::new()).collect();
    for (at, (message, text)) in draft.messages.into_iter().enumerate() {
        let parent = draft.branches.as_ref().and_then(|branches| branches.parents[at]);
        sqlx::query!(
            "insert into messages (id, conversation_id, position, parent_id, role, title, markdown, text, renderer)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            ids[at].uuid(),
            id.uuid(),
            i32::try_from(at).map_err(|error| Error::Internal(error.into()))?,
            parent.map(|parent| ids[parent].uuid()),
            message.role.as_str(),
            message.title,
            message.markdown,
            text,
            text::RENDERER_VERSION
        )
        .execute(&mut *conn)
        .await?;
    }
    if let Some(branches) = draft.branches {
        show(conn, id, ids[branches.leaf]).await?;
    }
    rooms::create(conn, id, &document::seed(owner), owner).await?;
    Ok(())
}

/// Shows the branch of a conversation that ends in `leaf`.
pub(crate) async fn show(conn: &mut PgConnection, id: ConversationId, leaf: MessageId) -> sqlx::Result<()> {
    sqlx::query!("update conversations set leaf_id = $2 where id = $1", id.uuid(), leaf.uuid()).execute(conn).await?;
    Ok(())
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
    headers: HeaderMap,
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
    if matches!(caller.proof, Proof::Session(_)) && !headers.contains_key(pages::COPY) {
        list::note_visit(&services.db, reader).await?;
    }
    Ok(Json(read(&services.db, reader, branch).await?))
}

/// A conversation with the messages of the branch through a message, or of the one that is shown.
pub(crate) async fn read(
    db: &PgPool,
    reader: access::Reader,
    through: Option<MessageId>,
) -> Result<Conversation, Error> {
    let (id, rights) = (reader.conversation(), reader.rights());
    let author = authors::of(db, reader).await?;
    let head = sqlx::query!(
        r#"select c.title, c.revision, c.project_id, a.id as "activity?", a.title as "task?",
                  coalesce(a.staff_see_history or w.staff_see_history, false) as "staff_see_history!"
           from conversations c
           left join activity_copies w on w.conversation_id = c.id
           left join activities a on a.id = w.activity_id
           where c.id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound)?;
    let activity = head.activity.map(ActivityId::from_uuid).zip(head.task);
    let activity = activity.map(|(id, title)| CopyOf { id, title, staff_see_history: head.staff_see_history });
    let chat = match head.project_id {
        Some(project) => Some(projects::chat_of(db, reader, ProjectId::from_uuid(project)).await?),
        None => None,
    };
    let row = sqlx::query!(r#"select title, leaf_id as "leaf_id?" from conversations where id = $1"#, id.uuid())
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound)?;
    let nodes = nodes(db, id).await?;
    let branch = match (through, row.leaf_id.map(MessageId::from_uuid)) {
        (Some(message), Some(_)) => branches::through(&nodes, message).ok_or(Error::NotFound)?,
        (Some(message), None) if !nodes.iter().any(|node| node.id == message) => return Err(Error::NotFound),
        (None, Some(leaf)) => branches::through(&nodes, leaf).unwrap_or_else(|| branches::linear(&nodes)),
        (_, None) => branches::linear(&nodes),
    };
    let named = chat.as_ref().filter(|chat| chat.name.is_some()).map(|chat| chat.project);
    let messages = messages(db, id, branch, named).await?;
    let (title, revision, author_id, epoch) = (head.title, head.revision, author.id, author.epoch);
    Ok(Conversation {
        id,
        title,
        rights,
        author_id,
        revision,
        epoch,
        anonymity: author.anonymity(),
        activity,
        chat,
        messages,
    })
}

/// All messages of a conversation, oldest first.
async fn nodes(db: &PgPool, conversation: ConversationId) -> Result<Vec<branches::Node>, Error> {
    let rows = sqlx::query!(
        r#"select id, parent_id as "parent_id?" from messages where conversation_id = $1 order by position"#,
        conversation.uuid()
    )
    .fetch_all(db)
    .await?;
    let node = |id, parent: Option<Uuid>| branches::Node {
        id: MessageId::from_uuid(id),
        parent: parent.map(MessageId::from_uuid),
    };
    Ok(rows.into_iter().map(|row| node(row.id, row.parent_id)).collect())
}

/// The canonical texts of messages that are on other branches than the one that is shown.
pub(crate) async fn texts_beside(db: &PgPool, shown: &Conversation) -> Result<HashMap<MessageId, String>, Error> {
    let is_shown: HashSet<MessageId> = shown.messages.iter().map(|message| message.id).collect();
    let all = branches::linear(&nodes(db, shown.id).await?);
    let others: Vec<_> = all.into_iter().filter(|place| !is_shown.contains(&place.id)).collect();
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let others = messages(db, shown.id, others, None).await?;
    Ok(others.into_iter().map(|message| (message.id, message.text)).collect())
}

/// The messages of a branch, in its order. Prompts are called by their names for those who may see the project `named`.
async fn messages(
    db: &PgPool,
    conversation: ConversationId,
    branch: Vec<branches::Place>,
    named: Option<ProjectId>,
) -> Result<Vec<Message>, Error> {
    let mut files = files::of_messages(db, conversation).await?;
    let ids: Vec<_> = branch.iter().map(|place| place.id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select m.id, m.role, m.title, m.markdown, m.text, m.state, m.model,
                  coalesce(case when c.alias_scope is null then m.author_id else a.alias end, m.imported_author) as "author_id?",
                  m.prompt_id as "prompt_id?", v.version as "prompt_version?",
                  case when v.project_id = $3 then v.name end as "prompt_name?",
                  m.input_tokens, m.output_tokens, m.reason_code, m.reason, r.id as "run?",
                  case when r.state = 'waiting'
                       then (select count(*)
                             from runs o
                             join messages p on p.conversation_id = o.conversation_id and p.id = o.message_id
                             where o.conversation_id = m.conversation_id and o.state <> 'over'
                               and p.position < m.position) end as "ahead?"
           from unnest($1::uuid[]) with ordinality as asked (id, number)
           join messages m on m.conversation_id = $2 and m.id = asked.id
           join conversations c on c.id = m.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = m.author_id
           left join prompt_versions v on v.id = m.prompt_id
           left join runs r
               on r.conversation_id = m.conversation_id and r.message_id = m.id and r.state <> 'over'
           order by asked.number"#,
        &ids,
        conversation.uuid(),
        named.map(ProjectId::uuid)
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
            ahead: row.ahead,
            author: row.author_id.map(UserId::from_uuid),
            model: row.model,
            prompt: row.prompt_id.map(PromptVersionId::from_uuid),
            prompt_version: row.prompt_version,
            prompt_name: row.prompt_name,
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
