//! Adding a file: a row that says that it comes, the bytes, and then the row that says that it is there.

use axum::{
    Json,
    extract::{Multipart, Path, State, multipart::MultipartRejection, rejection::PathRejection},
    http::StatusCode,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use shared::{
    api::{FileAdded, MAX_FILE_BYTES},
    ids::{ConversationId, FileId, ProjectId, UserId},
};
use sqlx::PgConnection;

use super::names;
use crate::{access, error::Error, runs, services::Services, sessions::Caller};

/// Files of one project, or of one chat.
const MAX_FILES: i64 = 200;

/// All files that one person has added and not deleted.
const MAX_BYTES: i64 = 1 << 30;

/// Where a file is added, and by whom.
#[derive(Clone, Copy)]
struct Target {
    project: ProjectId,
    chat: Option<ConversationId>,
    user: UserId,
}

/// `POST /api/v1/projects/{project}/files`
pub async fn to_project(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<FileAdded>), Error> {
    let Path(project) = path?;
    let mut conn = services.db.acquire().await?;
    let editor = access::project_editor(&mut conn, caller.id, project).await?;
    drop(conn);
    let target = Target { project: editor.project(), chat: None, user: editor.user() };
    add(&services, target, Received::read(multipart?).await?).await
}

/// `POST /api/v1/conversations/{id}/files`
pub async fn to_chat(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<FileAdded>), Error> {
    let Path(chat) = path?;
    let sender = access::sender(&services.db, caller.id, chat).await?;
    let target = Target { project: sender.project(), chat: Some(sender.conversation()), user: sender.user() };
    add(&services, target, Received::read(multipart?).await?).await
}

/// A file as it came.
struct Received {
    name: String,
    bytes: Bytes,
}

impl Received {
    async fn read(mut multipart: Multipart) -> Result<Self, Error> {
        let mut file = None;
        while let Some(field) = multipart.next_field().await? {
            if field.name() != Some("file") || file.is_some() {
                return Err(Error::Invalid("unknown_field", "One field is expected, with the name \"file\".".into()));
            }
            let name = names::clean(&names::of_form(field.file_name().unwrap_or_default()));
            file = Some(Self { name, bytes: field.bytes().await? });
        }
        let file = file.ok_or_else(|| Error::Invalid("no_file", "file: choose a file.".into()))?;
        if file.bytes.is_empty() {
            return Err(Error::Invalid("empty_file", "file: it is empty; there is nothing to add.".into()));
        }
        if file.bytes.len() > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES >> 20;
            return Err(Error::TooLarge(format!("file: it is too large; a file has at most {limit} MiB.")));
        }
        Ok(file)
    }
}

async fn add(services: &Services, target: Target, file: Received) -> Result<(StatusCode, Json<FileAdded>), Error> {
    let Received { name, bytes } = file;
    let media_type = names::media_type(&name, &bytes);
    let unread = runs::unread(media_type, &bytes);
    let mut tx = services.db.begin().await?;
    refuse_many(&mut tx, target, bytes.len()).await?;
    let id = announce(&mut tx, target, &name, media_type, &bytes).await?;
    tx.commit().await?;
    services.files.put(id, bytes).await?;
    let stored = sqlx::query!("update files set stored_at = now() where id = $1 and deleted_at is null", id.uuid())
        .execute(&services.db)
        .await?;
    if stored.rows_affected() == 0 {
        // Its chat or its project went meanwhile.
        services.files.remove(id).await?;
        return Err(Error::NotFound);
    }
    Ok((StatusCode::CREATED, Json(FileAdded { id, name, media_type: media_type.into(), unread })))
}

/// Inserts the row of a file whose bytes are about to come.
async fn announce(
    conn: &mut PgConnection,
    target: Target,
    name: &str,
    media_type: &str,
    bytes: &Bytes,
) -> Result<FileId, Error> {
    let (id, sha256) = (FileId::new(), Sha256::digest(bytes));
    sqlx::query!(
        "insert into files (id, project_id, conversation_id, uploader_id, name, media_type, size, sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        target.project.uuid(),
        target.chat.map(ConversationId::uuid),
        target.user.uuid(),
        name,
        media_type,
        bytes.len() as i64,
        sha256.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Refuses more than [`MAX_FILES`] and [`MAX_BYTES`]. One person's files are counted one after the other.
async fn refuse_many(conn: &mut PgConnection, target: Target, more: usize) -> Result<(), Error> {
    sqlx::query_scalar!("select id from users where id = $1 for no key update", target.user.uuid())
        .fetch_one(&mut *conn)
        .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from files
           where project_id = $1 and conversation_id is not distinct from $2 and deleted_at is null"#,
        target.project.uuid(),
        target.chat.map(ConversationId::uuid)
    )
    .fetch_one(&mut *conn)
    .await?;
    if count >= MAX_FILES {
        let why = format!("There are {count} files here: no more fit in. Delete some that are not needed.");
        return Err(Error::Conflict("too_many_files", why));
    }
    let bytes = sqlx::query_scalar!(
        r#"select coalesce(sum(size), 0)::bigint as "bytes!" from files where uploader_id = $1 and deleted_at is null"#,
        target.user.uuid()
    )
    .fetch_one(conn)
    .await?;
    if bytes.saturating_add(more as i64) > MAX_BYTES {
        let why = "Your files are 1 GiB together: no more fit in. Delete some that are not needed.".into();
        return Err(Error::Conflict("files_full", why));
    }
    Ok(())
}
