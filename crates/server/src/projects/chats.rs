//! The chats of a project: conversations that begin empty.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    api::{ChatOf, ChatSummary, Created},
    document,
    ids::{ConversationId, ProjectId},
};

use sqlx::PgPool;

use crate::{access, error::Error, names, rooms, services::Services, sessions::Caller, times::rfc3339};

/// Chats of one person in one project.
const MAX_CHATS: i64 = 1_000;

/// What a chat is called until its first message names it.
const UNTITLED: &str = "New chat";

/// The body of [`shared::api::NewChat`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    #[serde(default)]
    title: Option<String>,
}

/// `GET /api/v1/projects/{project}/conversations`: those that the caller may read, by whatever way.
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<Json<Vec<ChatSummary>>, Error> {
    let Path(project) = path?;
    let mut conn = services.db.acquire().await?;
    let reader = access::project_reader(&mut conn, caller.id, project).await?;
    let rows = sqlx::query!(
        r#"select c.id, c.title, c.created_at, c.owner_id,
                  case when c.alias_scope is null or c.owner_id = $2 or a.named then u.name
                       else coalesce(a.pseudonym, '') end as "owner!",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!"
           from conversations c
           join users u on u.id = c.owner_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = c.owner_id
           where c.project_id = $1
             and c.trashed_at is null
             and (c.owner_id = $2
                  or (c.share = 'class' and c.class_id in (select class_id from memberships where user_id = $2))
                  or c.id in (select conversation_id from conversation_shares where user_id = $2)
                  or c.id in (select l.conversation_id
                              from conversation_links l
                              join conversation_link_uses w on w.link_id = l.id
                              where w.user_id = $2 and l.revoked_at is null and l.expires_at > now()))
           order by c.id desc
           limit 200"#,
        reader.project().uuid(),
        reader.user().uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let chats = rows.into_iter().map(|row| ChatSummary {
        id: ConversationId::from_uuid(row.id),
        title: row.title,
        mine: row.owner_id == caller.id.uuid(),
        owner: row.owner,
        messages: row.messages,
        created_at: rfc3339(row.created_at),
    });
    Ok(Json(chats.collect()))
}

/// `POST /api/v1/projects/{project}/conversations`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
    body: Result<Json<NewChat>, JsonRejection>,
) -> Result<(StatusCode, Json<Created>), Error> {
    let Path(project) = path?;
    let mut tx = services.db.begin().await?;
    let member = access::project_member(&mut tx, caller.id, project).await?;
    let title = body?.0.title.filter(|title| !title.trim().is_empty());
    let title = title.map(|title| names::name(&title, 200)).transpose()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from conversations where project_id = $1 and owner_id = $2"#,
        project.uuid(),
        member.user().uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    if count >= MAX_CHATS {
        let why = format!("You have {count} chats in this project: nobody can have more. Begin a new project.");
        return Err(Error::Conflict("too_many_chats", why));
    }
    let id = ConversationId::new();
    sqlx::query!(
        "insert into conversations (id, title, owner_id, project_id, untitled)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        title.as_deref().unwrap_or(UNTITLED),
        member.user().uuid(),
        member.project().uuid(),
        title.is_none()
    )
    .execute(&mut *tx)
    .await?;
    rooms::create(&mut tx, id, &document::seed(member.user()), member.user()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Created { id })))
}

/// The project of a chat as somebody sees it who reads the chat: they may not see the project.
pub async fn of(db: &PgPool, reader: access::Reader, project: ProjectId) -> Result<ChatOf, Error> {
    let mut conn = db.acquire().await?;
    let name = match access::project_reader(&mut conn, reader.user(), project).await {
        Ok(seen) => {
            let name = sqlx::query_scalar!("select name from projects where id = $1", seen.project().uuid());
            name.fetch_optional(&mut *conn).await?
        }
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    drop(conn);
    let may_send = access::sender_of(db, reader).await?.is_some();
    Ok(ChatOf { project, name, may_send })
}
