//! Files that take a while: `/api/v1/conversations/{id}/exports`, and the same of an activity. Asked for, made by whichever
//! server is there, kept for a day. A job is its maker's alone, for as long as they may read the conversation and take its
//! text away, or are staff of the activity's class.

mod work;

use std::sync::Arc;

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
use serde::Deserialize;
use shared::{
    api::{EXPORT_HOURS, Export, ExportFormat, ExportState, Exports, StartExport},
    ids::{ActivityId, ConversationId, ExportId, FileId, MessageId, UserId},
};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{PROTECTED, of_activity};
use crate::{access, error::Error, files, services::Services, sessions::Caller, times::rfc3339};
pub(super) use work::Sheets;
pub use work::follow;

/// Jobs that wait at most, of everybody.
const MAX_WAITING: i64 = 200;

/// Why a job is not made where there is no browser.
const NO_PRINTER: &str = "This server prints no PDF. Take the page to read anywhere and print that, or ask the people who \
                          run the server to set CHROMIUM_PATH.";

/// Why a file that is there is not given.
const HIDDEN: &str = "It shows names that you do not see any more. Make it anew.";

/// Rings when a job waits.
pub type Bell = Arc<Notify>;

/// What stands in the address: what a file is of, and which one.
#[derive(Deserialize)]
pub struct Address {
    id: Option<ConversationId>,
    activity: Option<ActivityId>,
    export: Option<ExportId>,
}

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Conversation(ConversationId),
    /// All its copies.
    Activity(ActivityId),
}

impl Address {
    /// As the routes have it: of the one or of the other.
    fn subject(&self) -> Result<Subject, Error> {
        let conversation = self.id.map(Subject::Conversation);
        conversation.or(self.activity.map(Subject::Activity)).ok_or(Error::NotFound)
    }

    fn export(&self) -> Result<ExportId, Error> {
        self.export.ok_or(Error::NotFound)
    }
}

impl Subject {
    fn conversation(self) -> Option<Uuid> {
        match self {
            Self::Conversation(id) => Some(id.uuid()),
            Self::Activity(_) => None,
        }
    }

    fn activity(self) -> Option<Uuid> {
        match self {
            Self::Conversation(_) => None,
            Self::Activity(id) => Some(id.uuid()),
        }
    }

    /// As a row has it.
    fn of(conversation: Option<Uuid>, activity: Option<Uuid>) -> Result<Self, Error> {
        let conversation = conversation.map(|id| Self::Conversation(ConversationId::from_uuid(id)));
        let subject = conversation.or(activity.map(|id| Self::Activity(ActivityId::from_uuid(id))));
        subject.ok_or_else(|| Error::Internal(anyhow::anyhow!("a file is of nothing")))
    }

    /// Where its files are.
    fn path(self) -> String {
        match self {
            Self::Conversation(id) => format!("/api/v1/conversations/{id}/exports"),
            Self::Activity(id) => format!("/api/v1/activities/{id}/exports"),
        }
    }
}

/// Somebody who may take it away.
#[derive(Clone, Copy)]
struct Taker {
    subject: Subject,
    user: UserId,
    /// Whether they see who people are, where others have pseudonyms.
    sees_names: bool,
}

/// A row.
struct Row {
    id: Uuid,
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
    fn shown(self, taker: Taker) -> Export {
        let state = match &*self.state {
            // Whoever sees names no more does not see them here either.
            "done" if self.shows_names && !taker.sees_names => ExportState::Failed,
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
            // It may say whose copy it is.
            name: self.name.filter(|_| !hidden),
            size: self.size,
            link: (state == ExportState::Done).then(|| format!("{}/{id}/file", taker.subject.path())),
            reason: self.reason.or_else(|| hidden.then(|| HIDDEN.to_owned())),
            created_at: rfc3339(self.created_at),
        }
    }
}

async fn taker(services: &Services, caller: &Caller, subject: Subject) -> Result<Taker, Error> {
    let user = caller.id;
    match subject {
        Subject::Conversation(id) => {
            let rights = access::reader(&services.db, user, id).await?.rights();
            if !rights.may_copy {
                return Err(Error::Forbidden(PROTECTED));
            }
            Ok(Taker { subject, user, sees_names: rights.sees_names })
        }
        // Staff see everybody's name in every copy.
        Subject::Activity(id) => {
            of_activity::staff(services, user, id).await?;
            Ok(Taker { subject, user, sees_names: true })
        }
    }
}

/// `POST /api/v1/conversations/{id}/exports`, `POST /api/v1/activities/{activity}/exports`
pub async fn start(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<Address>, PathRejection>,
    body: Result<Json<StartExport>, JsonRejection>,
) -> Result<(StatusCode, Json<Export>), Error> {
    let subject = path?.0.subject()?;
    let taker = taker(&services, &caller, subject).await?;
    let Json(StartExport { branch, format: ExportFormat::Pdf }) = body?;
    if services.config.chromium_path.is_none() {
        return Err(Error::NotHere("no_printer", NO_PRINTER));
    }
    if let Some(branch) = branch {
        let is_here = sqlx::query_scalar!(
            r#"select exists (select from messages where id = $1 and conversation_id = $2) as "is_here!""#,
            branch.uuid(),
            subject.conversation()
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
        "insert into export_jobs (id, conversation_id, activity_id, branch_id, user_id, format)
         values ($1, $2, $3, $4, $5, 'pdf')
         on conflict (user_id) where state in ('queued', 'running') do update set user_id = excluded.user_id
         returning id, conversation_id, activity_id",
        ExportId::new().uuid(),
        subject.conversation(),
        subject.activity(),
        branch.map(MessageId::uuid),
        taker.user.uuid()
    )
    .fetch_one(&services.db)
    .await?;
    if Subject::of(job.conversation_id, job.activity_id)? != subject {
        let why = "A file of another conversation or activity is being made for you: wait for it, or cancel it there.";
        return Err(Error::Conflict("one_at_a_time", why.into()));
    }
    services.export_bell.notify_one();
    let export = list_of(&services.db, taker, Some(ExportId::from_uuid(job.id))).await?.into_iter().next();
    Ok((StatusCode::ACCEPTED, Json(export.ok_or(Error::NotFound)?)))
}

/// `GET /api/v1/conversations/{id}/exports`, `GET /api/v1/activities/{activity}/exports`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<Address>, PathRejection>,
) -> Result<Json<Exports>, Error> {
    let subject = path?.0.subject()?;
    let taker = taker(&services, &caller, subject).await?;
    let exports = list_of(&services.db, taker, None).await?;
    let title = sqlx::query_scalar!(
        r#"select title as "title!" from conversations where id = $1
           union all
           select title from activities where id = $2"#,
        subject.conversation(),
        subject.activity()
    );
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    Ok(Json(Exports { title, exports, prints: services.config.chromium_path.is_some() }))
}

async fn list_of(db: &PgPool, taker: Taker, only: Option<ExportId>) -> Result<Vec<Export>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select j.id, j.state, j.progress, j.name, j.size, j.reason, j.shows_names, j.created_at,
                  (select count(*) from export_jobs o
                   where o.state in ('queued', 'running') and o.id < j.id and j.state = 'queued') as "ahead!"
           from export_jobs j
           where (j.conversation_id = $1 or j.activity_id = $2) and j.user_id = $3
             and ($4::uuid is null or j.id = $4)
             and j.created_at > now() - make_interval(hours => $5)
           order by j.id desc
           limit 10"#,
        taker.subject.conversation(),
        taker.subject.activity(),
        taker.user.uuid(),
        only.map(ExportId::uuid),
        EXPORT_HOURS as i32
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.shown(taker)).collect())
}

async fn one(services: &Services, caller: &Caller, address: &Address) -> Result<Export, Error> {
    let taker = taker(services, caller, address.subject()?).await?;
    list_of(&services.db, taker, Some(address.export()?)).await?.into_iter().next().ok_or(Error::NotFound)
}

/// `GET /api/v1/conversations/{id}/exports/{export}`, `GET /api/v1/activities/{activity}/exports/{export}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<Address>, PathRejection>,
) -> Result<Json<Export>, Error> {
    Ok(Json(one(&services, &caller, &path?.0).await?))
}

/// `GET /api/v1/conversations/{id}/exports/{export}/file`, `GET /api/v1/activities/{activity}/exports/{export}/file`
pub async fn file(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<Address>, PathRejection>,
) -> Result<Response, Error> {
    let export = one(&services, &caller, &path?.0).await?;
    let (ExportState::Done, Some(name), Some(size)) = (export.state, export.name, export.size) else {
        return Err(Error::Conflict("not_ready", "This file is not there: it is being made, or could not be.".into()));
    };
    let bytes = services.files.stream(FileId::from_uuid(export.id.uuid())).await?;
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

/// `DELETE /api/v1/conversations/{id}/exports/{export}`, `DELETE /api/v1/activities/{activity}/exports/{export}`: it is not
/// made, or its file is taken away.
pub async fn cancel(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<Address>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(address) = path?;
    let (subject, job) = (address.subject()?, address.export()?);
    // Also who may not read it any more: it is their own job, and the one that they have.
    let ended = sqlx::query!(
        "update export_jobs
         set state = 'cancelled', ended_at = coalesce(ended_at, now()), name = null, size = null
         where id = $1 and (conversation_id = $2 or activity_id = $3) and user_id = $4",
        job.uuid(),
        subject.conversation(),
        subject.activity(),
        caller.id.uuid()
    );
    if ended.execute(&services.db).await?.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    services.files.remove(FileId::from_uuid(job.uuid())).await?;
    Ok(StatusCode::NO_CONTENT)
}
