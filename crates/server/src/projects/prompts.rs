//! A project's prompts: versions that never change, exactly one of them active.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    api::{CreatedPrompt, MAX_PROMPT_BYTES, PromptVersion},
    ids::{ProjectId, PromptVersionId},
};
use sqlx::PgConnection;

use crate::{access, error::Error, names, services::Services, sessions::Caller, times::rfc3339};

/// Versions of one project's prompt.
const MAX_VERSIONS: i32 = 500;

/// The body of [`shared::api::CreatePrompt`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPrompt {
    name: String,
    content: String,
}

impl NewPrompt {
    fn check(self) -> Result<(String, String), Error> {
        let Self { name, content } = self;
        let bad = |why: String| Err(Error::Invalid("bad_prompt", format!("content: {why}")));
        if content.trim().is_empty() {
            return bad("a prompt has at least one character.".into());
        }
        if content.contains('\0') {
            return bad("a prompt has no character U+0000.".into());
        }
        if content.len() > MAX_PROMPT_BYTES {
            return bad(format!(
                "a prompt has at most {} KiB; this has {} bytes.",
                MAX_PROMPT_BYTES >> 10,
                content.len()
            ));
        }
        // A form sends line ends as the network has them.
        Ok((names::name(&name, 200)?, content.replace("\r\n", "\n")))
    }
}

/// All of a project's versions, newest first, or the active one alone.
async fn read(conn: &mut PgConnection, project: ProjectId, only_active: bool) -> Result<Vec<PromptVersion>, Error> {
    let rows = sqlx::query!(
        r#"select v.id, v.version, v.name, v.content, v.created_at, v.id = p.active_prompt_id as "active!",
                  u.name as "created_by?"
           from projects p
           join prompt_versions v on v.project_id = p.id
           left join users u on u.id = v.created_by
           where p.id = $1 and (v.id = p.active_prompt_id or not $2)
           order by v.version desc"#,
        project.uuid(),
        only_active
    )
    .fetch_all(conn)
    .await?;
    let versions = rows.into_iter().map(|row| PromptVersion {
        id: PromptVersionId::from_uuid(row.id),
        version: row.version,
        name: row.name,
        content: row.content,
        active: row.active,
        created_by: row.created_by,
        created_at: rfc3339(row.created_at),
    });
    Ok(versions.collect())
}

/// What new replies of a project are given.
pub(super) async fn active(conn: &mut PgConnection, project: ProjectId) -> Result<PromptVersion, Error> {
    read(conn, project, true).await?.pop().ok_or(Error::NotFound)
}

/// `GET /api/v1/projects/{project}/prompts`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<Json<Vec<PromptVersion>>, Error> {
    let Path(project) = path?;
    let mut conn = services.db.acquire().await?;
    let reader = access::project_reader(&mut conn, caller.id, project).await?;
    Ok(Json(read(&mut conn, reader.project(), false).await?))
}

/// `POST /api/v1/projects/{project}/prompts`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
    body: Result<Json<NewPrompt>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedPrompt>), Error> {
    let Path(project) = path?;
    let mut tx = services.db.begin().await?;
    let editor = access::project_editor_alone(&mut tx, caller.id, project).await?;
    let (name, content) = body?.0.check()?;
    let last = sqlx::query_scalar!(
        r#"select coalesce(max(version), 0) as "last!" from prompt_versions where project_id = $1"#,
        project.uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    if last >= MAX_VERSIONS {
        let why = format!("A project has at most {MAX_VERSIONS} versions of its prompt: begin a new project.");
        return Err(Error::Conflict("too_many_prompts", why));
    }
    let (id, version) = (PromptVersionId::new(), last + 1);
    sqlx::query!(
        "insert into prompt_versions (id, project_id, version, name, content, created_by)
         values ($1, $2, $3, $4, $5, $6)",
        id.uuid(),
        editor.project().uuid(),
        version,
        name,
        content,
        editor.user().uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(CreatedPrompt { id, version })))
}

/// `POST /api/v1/projects/{project}/prompts/{prompt}/activate`: one statement, and none between two of them.
pub async fn activate(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ProjectId, PromptVersionId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((project, prompt)) = path?;
    let mut tx = services.db.begin().await?;
    let editor = access::project_editor(&mut tx, caller.id, project).await?;
    let done = sqlx::query!(
        "update projects
         set active_prompt_id = $2
         where id = $1 and exists (select from prompt_versions where project_id = $1 and id = $2)",
        editor.project().uuid(),
        prompt.uuid()
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
