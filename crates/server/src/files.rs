//! Files of projects and of chats: added, listed, downloaded, deleted, sent along with messages.
//!
//! A file's row is there before its bytes are and longer than them. So whatever a crash leaves behind, a row names it,
//! and `sweep` takes it away; nothing has to be compared with what lies on the disk.

mod bucket;
mod names;
mod store;
mod sweep;
mod upload;

use std::collections::HashMap;

use axum::{
    Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use shared::{
    api::{FileSummary, MAX_FILES_A_MESSAGE, MessageFile},
    ids::{ConversationId, FileId, MessageId, ProjectId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    access::{self, Sender},
    error::Error,
    runs,
    services::Services,
    sessions::Caller,
    times::rfc3339,
};

pub use names::disposition;
pub use store::Files;
pub use sweep::{follow, sweep};
pub use upload::{to_chat as add_to_chat, to_project as add_to_project};

/// Of what is to be kept and never shown: it may do nothing.
pub const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// Of a project, or of one chat of it.
#[derive(Debug, Clone, Copy)]
enum Place {
    Project(ProjectId),
    Chat(ConversationId),
}

impl Place {
    /// As the two columns have it; a file of a chat has its project's id too.
    fn columns(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Project(project) => (Some(project.uuid()), None),
            Self::Chat(chat) => (None, Some(chat.uuid())),
        }
    }
}

/// `GET /api/v1/projects/{project}/files`
pub async fn list_of_project(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<Json<Vec<FileSummary>>, Error> {
    let Path(project) = path?;
    let mut conn = services.db.acquire().await?;
    let reader = access::project_reader(&mut conn, caller.id, project).await?;
    Ok(Json(list(&mut conn, Place::Project(reader.project()), caller.id, true).await?))
}

/// `GET /api/v1/conversations/{id}/files`
pub async fn list_of_chat(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<FileSummary>>, Error> {
    let Path(chat) = path?;
    let reader = access::reader(&services.db, caller.id, chat).await?;
    let mut conn = services.db.acquire().await?;
    let sees_names = reader.rights().sees_names;
    Ok(Json(list(&mut conn, Place::Chat(reader.conversation()), reader.user(), sees_names).await?))
}

/// As `reader` may see them: in an anonymous chat, who uploaded something is called as the others call them there.
async fn list(
    conn: &mut PgConnection,
    place: Place,
    reader: UserId,
    sees_names: bool,
) -> Result<Vec<FileSummary>, Error> {
    let (project, chat) = place.columns();
    let rows = sqlx::query!(
        r#"select f.id, f.name, f.media_type, f.size, f.sha256, f.created_at,
                  case when c.alias_scope is null or $4 or f.uploader_id = $3 or a.named then u.name
                       else a.pseudonym end as "uploader?"
           from files f
           left join users u on u.id = f.uploader_id
           left join conversations c on c.id = f.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = f.uploader_id
           where (f.project_id = $1 and f.conversation_id is null or f.conversation_id = $2)
             and f.stored_at is not null and f.deleted_at is null
           order by f.id desc
           limit 500"#,
        project,
        chat,
        reader.uuid(),
        sees_names
    )
    .fetch_all(conn)
    .await?;
    let files = rows.into_iter().map(|row| FileSummary {
        id: FileId::from_uuid(row.id),
        name: row.name,
        media_type: row.media_type,
        size: row.size,
        sha256: row.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        uploader: row.uploader,
        created_at: rfc3339(row.created_at),
    });
    Ok(files.collect())
}

/// `GET /api/v1/projects/{project}/files/{file}`
pub async fn download_of_project(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ProjectId, FileId)>, PathRejection>,
) -> Result<Response, Error> {
    let Path((project, file)) = path?;
    let mut conn = services.db.acquire().await?;
    let reader = access::project_reader(&mut conn, caller.id, project).await?;
    let found = sqlx::query_as!(
        Download,
        "select name, media_type, size
         from files
         where id = $1 and project_id = $2 and conversation_id is null and stored_at is not null and deleted_at is null",
        file.uuid(),
        reader.project().uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    drop(conn);
    found.ok_or(Error::NotFound)?.answer(&services, file).await
}

/// `GET /api/v1/conversations/{id}/files/{file}`: a file of the chat alone, or one of its project's that was sent in it.
pub async fn download_of_chat(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, FileId)>, PathRejection>,
) -> Result<Response, Error> {
    let Path((chat, file)) = path?;
    let reader = access::reader(&services.db, caller.id, chat).await?;
    let found = sqlx::query_as!(
        Download,
        "select name, media_type, size
         from files
         where id = $1 and stored_at is not null and deleted_at is null
           and (conversation_id = $2
                or exists (select from message_files where file_id = $1 and conversation_id = $2))",
        file.uuid(),
        reader.conversation().uuid()
    )
    .fetch_optional(&services.db)
    .await?;
    found.ok_or(Error::NotFound)?.answer(&services, file).await
}

/// What is said of a file's bytes.
struct Download {
    name: String,
    media_type: String,
    size: i64,
}

impl Download {
    /// To be kept, never to be shown: with `nosniff`, which all answers have, and a policy that lets it do nothing.
    async fn answer(self, services: &Services, file: FileId) -> Result<Response, Error> {
        let body = Body::from_stream(services.files.stream(file).await?);
        let mut response = (StatusCode::OK, body).into_response();
        let headers = response.headers_mut();
        let text = |value: String| HeaderValue::from_str(&value).map_err(|error| Error::Internal(error.into()));
        headers.insert(header::CONTENT_TYPE, text(self.media_type)?);
        headers.insert(header::CONTENT_LENGTH, self.size.into());
        headers.insert(header::CONTENT_DISPOSITION, text(names::disposition(&self.name))?);
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        Ok(response)
    }
}

/// `DELETE /api/v1/projects/{project}/files/{file}`
pub async fn delete_of_project(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ProjectId, FileId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((project, file)) = path?;
    let mut conn = services.db.acquire().await?;
    let editor = access::project_editor(&mut conn, caller.id, project).await?;
    drop(conn);
    delete(&services, Place::Project(editor.project()), file).await
}

/// `DELETE /api/v1/conversations/{id}/files/{file}`
pub async fn delete_of_chat(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, FileId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((chat, file)) = path?;
    let sender = access::sender(&services.db, caller.id, chat).await?;
    delete(&services, Place::Chat(sender.conversation()), file).await
}

async fn delete(services: &Services, place: Place, file: FileId) -> Result<StatusCode, Error> {
    let (project, chat) = place.columns();
    let done = sqlx::query!(
        "update files
         set deleted_at = now()
         where id = $1 and (project_id = $2 and conversation_id is null or conversation_id = $3)
           and stored_at is not null and deleted_at is null",
        file.uuid(),
        project,
        chat
    )
    .execute(&services.db)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    services.files.sweep_soon();
    Ok(StatusCode::NO_CONTENT)
}

/// Sends files along with a message, in this order: files of the chat or of its project.
///
/// # Errors
/// Too many, one twice, or one that is not there for this chat: nothing is to be stored then.
pub async fn attach(
    conn: &mut PgConnection,
    sender: Sender,
    message: MessageId,
    files: &[FileId],
) -> Result<(), Error> {
    let mut once: Vec<Uuid> = files.iter().map(|file| file.uuid()).collect();
    let in_order = once.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < files.len() || files.len() > MAX_FILES_A_MESSAGE {
        let why = format!("files: at most {MAX_FILES_A_MESSAGE} are sent along with a message, each of them once.");
        return Err(Error::Invalid("bad_files", why));
    }
    let attached = sqlx::query!(
        "insert into message_files (conversation_id, message_id, file_id, position)
         select $4, $1, f.id, asked.place - 1
         from unnest($2::uuid[]) with ordinality as asked (id, place)
         join files f on f.id = asked.id
         where f.project_id = $3 and (f.conversation_id is null or f.conversation_id = $4)
           and f.stored_at is not null and f.deleted_at is null",
        message.uuid(),
        &in_order,
        sender.project().uuid(),
        sender.conversation().uuid()
    )
    .execute(conn)
    .await?;
    if attached.rows_affected() < files.len() as u64 {
        return Err(Error::Invalid("no_file", "files: one of them is not there for this chat, or was deleted.".into()));
    }
    Ok(())
}

/// The bytes of a file that is stored.
///
/// # Errors
/// They cannot be read.
pub async fn read(services: &Services, file: FileId) -> Result<Bytes, Error> {
    services.files.read(file).await
}

/// What was sent along with the messages of a conversation, by message.
pub async fn of_messages(db: &PgPool, conversation: ConversationId) -> Result<HashMap<Uuid, Vec<MessageFile>>, Error> {
    let rows = sqlx::query!(
        r#"select a.message_id, f.id, f.name, f.media_type, f.deleted_at is not null as "deleted!"
           from message_files a
           join files f on f.id = a.file_id
           where a.conversation_id = $1
           order by a.message_id, a.position"#,
        conversation.uuid()
    )
    .fetch_all(db)
    .await?;
    let mut all: HashMap<Uuid, Vec<MessageFile>> = HashMap::new();
    for row in rows {
        let unread = !runs::is_read(&row.media_type);
        let file = MessageFile { id: FileId::from_uuid(row.id), name: row.name, deleted: row.deleted, unread };
        all.entry(row.message_id).or_default().push(file);
    }
    Ok(all)
}
