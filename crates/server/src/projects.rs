//! Projects: made, listed, renamed. Who may do it is said in [`crate::access`].

mod chats;
mod prompts;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{CreateProject, CreatedProject, Project, ProjectChange, ProjectSummary, Projects, SharingClass},
    ids::{ClassId, ProjectId, PromptVersionId, UserId},
};
use sqlx::PgConnection;

use crate::{access, error::Error, names, services::Services, sessions::Caller, times::rfc3339};

pub use chats::{create as create_chat, list as list_chats, of as chat_of};
pub use prompts::{activate as activate_prompt, create as create_prompt, list as list_prompts};

/// Projects that one person has made and that are not in the trash.
const MAX_PROJECTS: i64 = 200;

/// `GET /api/v1/projects`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Projects>, Error> {
    let rows = sqlx::query!(
        r#"select p.id, p.name, p.created_at, k.id as "class?", k.name as "class_name?",
                  (select count(*) from conversations c where c.project_id = p.id and c.owner_id = $1 and c.trashed_at is null) as "chats!"
           from projects p
           left join classes k on k.id = p.class_id
           where p.deleted_at is null
             and (p.class_id is null and p.owner_id = $1
                  or p.class_id in (select class_id from memberships where user_id = $1))
           order by p.id desc
           limit 500"#,
        caller.id.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let projects = rows.into_iter().map(|row| ProjectSummary {
        id: ProjectId::from_uuid(row.id),
        name: row.name,
        class: class_of(row.class, row.class_name),
        chats: row.chats,
        created_at: rfc3339(row.created_at),
    });
    let rows = sqlx::query!(
        "select k.id, k.name
         from memberships m
         join classes k on k.id = m.class_id
         where m.user_id = $1 and m.role in ('tutor', 'instructor') and k.archived_at is null
         order by lower(k.name), k.id
         limit 500",
        caller.id.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let classes = rows.into_iter().map(|row| SharingClass { id: ClassId::from_uuid(row.id), name: row.name });
    Ok(Json(Projects { projects: projects.collect(), classes: classes.collect() }))
}

fn class_of(id: Option<uuid::Uuid>, name: Option<String>) -> Option<SharingClass> {
    id.zip(name).map(|(id, name)| SharingClass { id: ClassId::from_uuid(id), name })
}

/// `POST /api/v1/projects`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateProject>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedProject>), Error> {
    let Json(request) = body?;
    let name = names::name(&request.name, 200)?;
    let mut tx = services.db.begin().await?;
    if let Some(class) = request.class {
        may_make_for(&mut tx, caller.id, class).await?;
    }
    let id = insert(&mut tx, caller.id, &name, request.class).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(CreatedProject { id })))
}

/// A class that one does not belong to is not told from one that is not there.
async fn may_make_for(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<(), Error> {
    access::lock(conn, class).await?;
    let member = access::member(conn, user, class).await.map_err(|error| match error {
        Error::NotFound => Error::Invalid("no_class", "class: you are in no such class.".into()),
        error => error,
    })?;
    if member.is_archived() {
        return Err(Error::archived());
    }
    member.staff().map(|_| ())
}

/// Inserts a project, whose first prompt has no content.
async fn insert(
    conn: &mut PgConnection,
    owner: UserId,
    name: &str,
    class: Option<ClassId>,
) -> Result<ProjectId, Error> {
    let made = sqlx::query_scalar!(
        r#"select count(*) as "count!" from projects where owner_id = $1 and deleted_at is null"#,
        owner.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    if made >= MAX_PROJECTS {
        let why = format!("You have made {made} projects: nobody can have more. Delete one that is over.");
        return Err(Error::Conflict("too_many_projects", why));
    }
    let (id, prompt) = (ProjectId::new(), PromptVersionId::new());
    sqlx::query!(
        "insert into projects (id, name, owner_id, class_id, active_prompt_id)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        name,
        owner.uuid(),
        class.map(ClassId::uuid),
        prompt.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into prompt_versions (id, project_id, version, name, content, created_by)
         values ($1, $2, 1, 'No instructions', '', $3)",
        prompt.uuid(),
        id.uuid(),
        owner.uuid()
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// `GET /api/v1/projects/{project}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
) -> Result<Json<Project>, Error> {
    let Path(id) = path?;
    let mut conn = services.db.acquire().await?;
    let reader = access::project_reader(&mut conn, caller.id, id).await?;
    let row = sqlx::query!(
        r#"select p.name, k.id as "class?", k.name as "class_name?"
           from projects p
           left join classes k on k.id = p.class_id
           where p.id = $1"#,
        id.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(Json(Project {
        id,
        name: row.name,
        class: class_of(row.class, row.class_name),
        may_change: reader.editor().is_ok(),
        may_chat: reader.member().is_ok(),
        active_prompt: prompts::active(&mut conn, id).await?,
    }))
}

/// `PATCH /api/v1/projects/{project}`
pub async fn change(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ProjectId>, PathRejection>,
    body: Result<Json<ProjectChange>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let editor = access::project_editor_alone(&mut tx, caller.id, id).await?;
    let name = names::name(&body?.0.name, 200)?;
    sqlx::query!("update projects set name = $2 where id = $1", editor.project().uuid(), name)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
