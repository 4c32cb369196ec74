//! Files that take a while: `/api/v1/conversations/{id}/exports`. Asked for, made by whichever server is there, kept for a
//! day. A job is its maker's alone, for as long as they may read the conversation and take its text away.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt;
use shared::{
    api::{EXPORT_HOURS, Export, ExportFormat, ExportState, Exports, StartExport},
    ids::{ConversationId, ExportId, FileId, MessageId, UserId},
};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::{sync::Notify, time::interval};

use super::{MAX_BYTES, PROTECTED, contents::Contents, file_name, print, reader};
use crate::{
    access::{self, Reader},
    error::Error,
    files,
    services::Services,
    sessions::Caller,
    times::rfc3339,
};

/// Jobs that are made at once: each is a browser with some hundred MiB.
const AT_ONCE: usize = 1;

/// How often a job is begun before it is given up.
const MAX_ATTEMPTS: i16 = 2;

/// Jobs that wait at most, of everybody.
const MAX_WAITING: i64 = 200;

/// Between two words that one is being made, and two looks whether it is still wanted.
const BEAT: Duration = Duration::from_secs(1);

/// Between two looks for jobs that another server left.
const LOOK: Duration = Duration::from_secs(5);

/// Why a job is not made where there is no browser.
const NO_PRINTER: &str = "This server prints no PDF. Take the page to read anywhere and print that, or ask the people who \
                          run the server to set CHROMIUM_PATH.";

/// Why a file that is there is not given.
const HIDDEN: &str = "It shows names that you do not see any more. Make it anew.";

/// Rings when a job waits.
pub type Bell = Arc<Notify>;

/// A row.
struct Row {
    id: uuid::Uuid,
    state: String,
    progress: i16,
    ahead: i64,
    name: Option<String>,
    size: Option<i64>,
    reason: Option<String>,
    shows_names: bool,
    created_at: OffsetDateTime,
}

impl Row {
    fn shown(self, reader: Reader) -> Export {
        let conversation = reader.conversation();
        let state = match &*self.state {
            // Whoever sees names no more does not see them here either.
            "done" if self.shows_names && !reader.rights().sees_names => ExportState::Failed,
            "queued" => ExportState::Queued,
            "running" => ExportState::Running,
            "done" => ExportState::Done,
            "cancelled" => ExportState::Cancelled,
            _ => ExportState::Failed,
        };
        let hidden = state == ExportState::Failed && self.shows_names;
        let id = ExportId::from_uuid(self.id);
        Export {
            id,
            format: ExportFormat::Pdf,
            state,
            progress: u8::try_from(self.progress).unwrap_or_default(),
            ahead: u32::try_from(self.ahead).unwrap_or_default(),
            name: self.name,
            size: self.size,
            link: (state == ExportState::Done)
                .then(|| format!("/api/v1/conversations/{conversation}/exports/{id}/file")),
            reason: self.reason.or_else(|| hidden.then(|| HIDDEN.to_owned())),
            created_at: rfc3339(self.created_at),
        }
    }
}

/// Somebody who may take the conversation away.
async fn taker(services: &Services, caller: &Caller, id: ConversationId) -> Result<Reader, Error> {
    let reader = access::reader(&services.db, caller.id, id).await?;
    if reader.rights().may_copy { Ok(reader) } else { Err(Error::Forbidden(PROTECTED)) }
}

/// `POST /api/v1/conversations/{id}/exports`
pub async fn start(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<StartExport>, JsonRejection>,
) -> Result<(StatusCode, Json<Export>), Error> {
    let Path(id) = path?;
    let reader = taker(&services, &caller, id).await?;
    let Json(StartExport { branch, format: ExportFormat::Pdf }) = body?;
    if services.config.chromium_path.is_none() {
        return Err(Error::NotHere("no_printer", NO_PRINTER));
    }
    if let Some(branch) = branch {
        let is_here = sqlx::query_scalar!(
            r#"select exists (select from messages where id = $1 and conversation_id = $2) as "is_here!""#,
            branch.uuid(),
            id.uuid()
        );
        if !is_here.fetch_one(&services.db).await? {
            return Err(Error::Invalid("no_such_branch", "branch: no message of this conversation.".into()));
        }
    }
    let waiting = sqlx::query_scalar!(r#"select count(*) as "count!" from export_jobs where state = 'queued'"#);
    if waiting.fetch_one(&services.db).await? >= MAX_WAITING {
        return Err(Error::TooOften("Too many files are being made just now; try again in a minute.".into(), 60));
    }
    // Theirs that is under way already; what it updates is what it was.
    let job = sqlx::query!(
        "insert into export_jobs (id, conversation_id, branch_id, user_id, format)
         values ($1, $2, $3, $4, 'pdf')
         on conflict (user_id) where state in ('queued', 'running') do update set user_id = excluded.user_id
         returning id, conversation_id",
        ExportId::new().uuid(),
        id.uuid(),
        branch.map(MessageId::uuid),
        reader.user().uuid()
    )
    .fetch_one(&services.db)
    .await?;
    if job.conversation_id != id.uuid() {
        return Err(Error::Conflict(
            "one_at_a_time",
            "A file of another conversation is being made for you: wait for it, or cancel it there.".into(),
        ));
    }
    services.export_bell.notify_one();
    let export = list_of(&services.db, reader, Some(ExportId::from_uuid(job.id))).await?.into_iter().next();
    Ok((StatusCode::ACCEPTED, Json(export.ok_or(Error::NotFound)?)))
}

/// `GET /api/v1/conversations/{id}/exports`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Exports>, Error> {
    let Path(id) = path?;
    let reader = taker(&services, &caller, id).await?;
    let exports = list_of(&services.db, reader, None).await?;
    let title = sqlx::query_scalar!("select title from conversations where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    Ok(Json(Exports { title, exports, prints: services.config.chromium_path.is_some() }))
}

async fn list_of(db: &PgPool, reader: Reader, only: Option<ExportId>) -> Result<Vec<Export>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select j.id, j.state, j.progress, j.name, j.size, j.reason, j.shows_names, j.created_at,
                  (select count(*) from export_jobs o
                   where o.state in ('queued', 'running') and o.id < j.id and j.state = 'queued') as "ahead!"
           from export_jobs j
           where j.conversation_id = $1 and j.user_id = $2 and ($3::uuid is null or j.id = $3)
             and j.created_at > now() - make_interval(hours => $4)
           order by j.id desc
           limit 10"#,
        reader.conversation().uuid(),
        reader.user().uuid(),
        only.map(ExportId::uuid),
        EXPORT_HOURS as i32
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.shown(reader)).collect())
}

async fn one(services: &Services, caller: &Caller, id: ConversationId, job: ExportId) -> Result<Export, Error> {
    let reader = taker(services, caller, id).await?;
    list_of(&services.db, reader, Some(job)).await?.into_iter().next().ok_or(Error::NotFound)
}

/// `GET /api/v1/conversations/{id}/exports/{export}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, ExportId)>, PathRejection>,
) -> Result<Json<Export>, Error> {
    let Path((id, job)) = path?;
    Ok(Json(one(&services, &caller, id, job).await?))
}

/// `GET /api/v1/conversations/{id}/exports/{export}/file`
pub async fn file(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, ExportId)>, PathRejection>,
) -> Result<Response, Error> {
    let Path((id, job)) = path?;
    let export = one(&services, &caller, id, job).await?;
    let (ExportState::Done, Some(name), Some(size)) = (export.state, export.name, export.size) else {
        return Err(Error::Conflict("not_ready", "This file is not there: it is being made, or could not be.".into()));
    };
    let bytes = services.files.stream(FileId::from_uuid(job.uuid())).await?;
    let disposition =
        HeaderValue::from_str(&files::disposition(&name)).map_err(|error| Error::Internal(error.into()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(files::POLICY)),
    ];
    Ok((headers, Body::from_stream(bytes.map_err(axum::Error::new))).into_response())
}

/// `DELETE /api/v1/conversations/{id}/exports/{export}`: it is not made, or its file is taken away.
pub async fn cancel(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, ExportId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((id, job)) = path?;
    // Also who may not read the conversation any more: it is their own job, and the one that they have.
    let ended = sqlx::query!(
        "update export_jobs
         set state = 'cancelled', ended_at = coalesce(ended_at, now()), name = null, size = null
         where id = $1 and conversation_id = $2 and user_id = $3",
        job.uuid(),
        id.uuid(),
        caller.id.uuid()
    );
    if ended.execute(&services.db).await?.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    services.files.remove(FileId::from_uuid(job.uuid())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A job that is to be made now.
struct Job {
    id: ExportId,
    conversation: ConversationId,
    branch: Option<MessageId>,
    user: UserId,
    /// Which try it is: another server may have begun the next one, should this one have been slow to say that it lives.
    attempt: i16,
}

/// Makes what waits, for as long as the server runs.
pub async fn follow(services: Services) {
    if services.config.database_url.is_none() {
        // What this server left of its prints before. With a database elsewhere others may print into the same folder.
        let _ = tokio::fs::remove_dir_all(print::folder(&services.config.data_dir)).await;
    }
    let workers = (0..AT_ONCE).map(|_| work(&services));
    futures::future::join_all(workers).await;
}

async fn work(services: &Services) {
    let mut alone = services.config.database_url.is_none();
    loop {
        match step(services, alone).await {
            Ok(true) => {}
            Ok(false) => {
                tokio::select! {
                    () = services.export_bell.notified() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "files that were asked for cannot be looked for");
                tokio::time::sleep(LOOK).await;
            }
        }
        alone = false;
    }
}

/// Whether there was one.
async fn step(services: &Services, alone: bool) -> Result<bool, Error> {
    let prints = services.config.chromium_path.is_some();
    give_up(&services.db, alone, prints).await?;
    // What cannot be taken away now keeps nobody waiting.
    if let Err(error) = sweep(services).await {
        tracing::warn!(%error, "old files cannot be taken away");
    }
    // Another server may have what this one lacks.
    if !prints {
        return Ok(false);
    }
    let Some(job) = claim(&services.db).await? else { return Ok(false) };
    let made = tokio::select! {
        made = make(services, &job) => made,
        () = unwanted(services, &job) => {
            remove(services, &job).await?;
            return Ok(true);
        }
    };
    match made {
        Ok(Made { name, size, shows_names }) => {
            let kept = sqlx::query!(
                "update export_jobs
                 set state = 'done', progress = 100, name = $3, size = $4, shows_names = $5, ended_at = now()
                 where id = $1 and state = 'running' and attempts = $2",
                job.id.uuid(),
                job.attempt,
                name,
                size,
                shows_names
            );
            if kept.execute(&services.db).await?.rows_affected() == 0 {
                remove(services, &job).await?;
            }
        }
        Err(error) => {
            let reason = match &error {
                Error::Internal(_) | Error::Database(_) => {
                    tracing::warn!(%error, source = ?std::error::Error::source(&error), "a file could not be made");
                    "The file could not be made on the server. Try again; if it fails again, take another format."
                        .to_owned()
                }
                Error::NotFound => "The conversation is not shared with you any more.".to_owned(),
                error => error.to_string(),
            };
            fail(&services.db, &job, &reason).await?;
        }
    }
    Ok(true)
}

/// Takes away what was made of a job that is over, or is made by another server now: that one stores it anew.
async fn remove(services: &Services, job: &Job) -> Result<(), Error> {
    let is_over = sqlx::query_scalar!(
        r#"select not exists (select from export_jobs where id = $1 and state in ('queued', 'running', 'done')) as "is_over!""#,
        job.id.uuid()
    );
    if is_over.fetch_one(&services.db).await? {
        services.files.remove(FileId::from_uuid(job.id.uuid())).await?;
    }
    Ok(())
}

async fn fail(db: &PgPool, job: &Job, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update export_jobs set state = 'failed', reason = $3, ended_at = now()
         where id = $1 and state = 'running' and attempts = $2",
        job.id.uuid(),
        job.attempt,
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a server left when it ended waits again; what was begun too often, and what nobody can make, has failed.
async fn give_up(db: &PgPool, alone: bool, prints: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "update export_jobs
         set state = case when attempts < $2 then 'queued' else 'failed' end,
             reason = case when attempts < $2 then null else $3 end,
             ended_at = case when attempts < $2 then null else now() end,
             progress = 0
         where state = 'running' and ($1 or alive_at < now() - interval '15 seconds')",
        alone,
        MAX_ATTEMPTS,
        "The server ended while it made this file. Ask for it again."
    )
    .execute(db)
    .await?;
    if !prints {
        sqlx::query!(
            "update export_jobs set state = 'failed', reason = $1, ended_at = now()
             where state = 'queued' and created_at < now() - interval '5 minutes'",
            NO_PRINTER
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// Takes away what is a day old.
async fn sweep(services: &Services) -> Result<(), Error> {
    let old = sqlx::query_scalar!(
        "select id from export_jobs
         where created_at < now() - make_interval(hours => $1) and state not in ('queued', 'running')
         limit 100",
        EXPORT_HOURS as i32
    )
    .fetch_all(&services.db)
    .await?;
    for id in old {
        services.files.remove(FileId::from_uuid(id)).await?;
        sqlx::query!("delete from export_jobs where id = $1", id).execute(&services.db).await?;
    }
    Ok(())
}

async fn claim(db: &PgPool) -> sqlx::Result<Option<Job>> {
    let row = sqlx::query!(
        "update export_jobs
         set state = 'running', attempts = attempts + 1, alive_at = now(), progress = 5
         where id = (select id from export_jobs where state = 'queued' order by id limit 1 for update skip locked)
         returning id, conversation_id, branch_id, user_id, attempts"
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Job {
        id: ExportId::from_uuid(row.id),
        conversation: ConversationId::from_uuid(row.conversation_id),
        branch: row.branch_id.map(MessageId::from_uuid),
        user: UserId::from_uuid(row.user_id),
        attempt: row.attempts,
    }))
}

/// Says that it is being made, until it is not wanted any more.
async fn unwanted(services: &Services, job: &Job) {
    let mut beat = interval(BEAT);
    loop {
        beat.tick().await;
        let alive = sqlx::query!(
            "update export_jobs set alive_at = now() where id = $1 and state = 'running' and attempts = $2",
            job.id.uuid(),
            job.attempt
        );
        if alive.execute(&services.db).await.is_ok_and(|done| done.rows_affected() == 0) {
            return;
        }
    }
}

async fn reached(services: &Services, job: &Job, progress: i16) -> sqlx::Result<()> {
    sqlx::query!(
        "update export_jobs set progress = $3 where id = $1 and state = 'running' and attempts = $2",
        job.id.uuid(),
        job.attempt,
        progress
    )
    .execute(&services.db)
    .await?;
    Ok(())
}

/// What came of a job.
struct Made {
    name: String,
    /// Of its bytes.
    size: i64,
    /// Whether it shows who people are, where others have pseudonyms.
    shows_names: bool,
}

/// The file into the store. What its maker may see is asked now, not when they asked for it.
async fn make(services: &Services, job: &Job) -> Result<Made, Error> {
    let Some(browser) = &services.config.chromium_path else { return Err(Error::NotHere("no_printer", NO_PRINTER)) };
    let access = access::reader(&services.db, job.user, job.conversation).await?;
    if !access.rights().may_copy {
        return Err(Error::Forbidden(PROTECTED));
    }
    let shows_names = access.rights().sees_names;
    let turn = services.exports.take(job.user).await?;
    let contents = Contents::read(services, access, job.branch).await?;
    let name = format!("{}.pdf", file_name(&contents.conversation.title));
    reached(services, job, 20).await?;
    let writing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        reader::write_for_paper(&contents)
    });
    let html = writing.await.map_err(|error| Error::Internal(error.into()))??;
    reached(services, job, 40).await?;
    let folder = print::folder(&services.config.data_dir);
    let pdf = print::print(browser, &folder, job.id, html).await.map_err(Error::Internal)?;
    if pdf.len() > MAX_BYTES {
        let (has, limit) = (pdf.len() >> 20, MAX_BYTES >> 20);
        return Err(Error::TooLarge(format!("The file would have {has} MiB; an export has at most {limit}.")));
    }
    reached(services, job, 90).await?;
    let size = pdf.len() as i64;
    services.files.put(FileId::from_uuid(job.id.uuid()), pdf).await?;
    Ok(Made { name, size, shows_names })
}
