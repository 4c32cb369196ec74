//! Makes what waits, one after the other.

use std::time::Duration;

use shared::{
    api::EXPORT_HOURS,
    ids::{ExportId, FileId, MessageId, UserId},
};
use sqlx::PgPool;
use tokio::time::interval;

use super::{NO_PRINTER, Subject};
use crate::{
    access,
    error::Error,
    export::{MAX_BYTES, PROTECTED, contents::Contents, copy_name, of_activity, print, reader},
    services::Services,
};

/// Jobs that are made at once: each is a browser with some hundred MiB.
const AT_ONCE: usize = 1;

/// How often a job is begun before it is given up.
const MAX_ATTEMPTS: i16 = 2;

/// Between two words that one is being made, and two looks whether it is still wanted.
const BEAT: Duration = Duration::from_secs(1);

/// Between two looks for jobs that another server left.
const LOOK: Duration = Duration::from_secs(5);

/// A job that is to be made now.
struct Job {
    id: ExportId,
    subject: Subject,
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
                Error::NotFound => match job.subject {
                    Subject::Conversation(_) => "The conversation is not shared with you any more.".to_owned(),
                    Subject::Activity(_) => "The activity is not there for you any more.".to_owned(),
                },
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

async fn claim(db: &PgPool) -> Result<Option<Job>, Error> {
    let row = sqlx::query!(
        "update export_jobs
         set state = 'running', attempts = attempts + 1, alive_at = now(), progress = 5
         where id = (select id from export_jobs where state = 'queued' order by id limit 1 for update skip locked)
         returning id, conversation_id, activity_id, branch_id, user_id, attempts"
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Job {
        id: ExportId::from_uuid(row.id),
        subject: Subject::of(row.conversation_id, row.activity_id)?,
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

/// What is to be printed.
pub(in crate::export) struct Sheets {
    /// What the file is called, without its ending.
    pub(in crate::export) name: String,
    pub(in crate::export) html: String,
    pub(in crate::export) shows_names: bool,
}

/// The file into the store. What its maker may see is asked now, not when they asked for it.
async fn make(services: &Services, job: &Job) -> Result<Made, Error> {
    let Some(browser) = &services.config.chromium_path else { return Err(Error::NotHere("no_printer", NO_PRINTER)) };
    let Sheets { name, html, shows_names } = sheets(services, job).await?;
    reached(services, job, WRITTEN).await?;
    let folder = print::folder(&services.config.data_dir);
    let pdf = print::print(browser, &folder, job.id, html).await.map_err(Error::Internal)?;
    if pdf.len() > MAX_BYTES {
        let (has, limit) = (pdf.len() >> 20, MAX_BYTES >> 20);
        return Err(Error::TooLarge(format!("The file would have {has} MiB; an export has at most {limit}.")));
    }
    reached(services, job, 90).await?;
    let size = pdf.len() as i64;
    services.files.put(FileId::from_uuid(job.id.uuid()), pdf).await?;
    Ok(Made { name: format!("{name}.pdf"), size, shows_names })
}

/// How far a job is when its pages are written, in hundredths.
const WRITTEN: i16 = 40;

async fn sheets(services: &Services, job: &Job) -> Result<Sheets, Error> {
    let id = match job.subject {
        Subject::Activity(id) => {
            let _turn = services.exports.take(job.user).await?;
            let so_far = |copies: usize, of: usize| async move {
                let share = i16::try_from(copies * usize::from(WRITTEN.unsigned_abs()) / of.max(1));
                Ok(reached(services, job, share.unwrap_or_default().clamp(5, WRITTEN)).await?)
            };
            return of_activity::sheets(services, job.user, id, so_far).await;
        }
        Subject::Conversation(id) => id,
    };
    let access = access::reader(&services.db, job.user, id).await?;
    if !access.rights().may_copy {
        return Err(Error::Forbidden(PROTECTED));
    }
    let shows_names = access.rights().sees_names;
    let turn = services.exports.take(job.user).await?;
    let contents = Contents::read(services, access, job.branch).await?;
    let name = copy_name::of(services, access, &contents.conversation.title, shows_names).await?;
    reached(services, job, 20).await?;
    let writing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        reader::write_for_paper(&contents)
    });
    let html = writing.await.map_err(|error| Error::Internal(error.into()))??;
    Ok(Sheets { name, html, shows_names })
}
