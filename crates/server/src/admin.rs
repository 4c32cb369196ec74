//! `promptgrimoire admin`: what the people who run the server do at its command line.
//!
//! Nobody is asked who they are: whoever can run it holds the database's address, and so the database. It may run beside a
//! server, also one on another machine: what changes somebody's access tells every server on the database
//! (`migrations/0003_access_changes.sql`), and nothing else is kept in a server's memory.

mod arguments;
mod classes;
mod people;
mod words;

use std::{fmt, io::Write, path::Path};

use anyhow::Context;
use serde::Serialize;
use sqlx::PgConnection;

pub use arguments::{RowTask, Task};

use crate::{backup, config::Config, database::Database};

/// Does it, and says on stdout what was done: in words, or as JSON.
///
/// # Errors
/// One line for the person at the command line. Then nothing was changed.
pub async fn run(task: Task, as_json: bool, config: &Config) -> anyhow::Result<()> {
    let said = match task {
        Task::Backup { file } => {
            let database = Database::visit(config).await?;
            let saved = save(&database, &file).await;
            database.close().await?;
            Said::of(&saved?)
        }
        Task::Restore { file } => {
            let database = Database::empty(config).await?;
            let restored = restore(&database, &file).await;
            database.close().await?;
            Said::of(&restored?)
        }
        Task::Rows(task) => {
            let database = Database::visit(config).await?;
            let said = at_once(task, &database, config).await;
            database.close().await?;
            said?
        }
    };
    let text = if as_json { said.json? } else { said.words };
    // Whoever reads only the first lines closes the pipe.
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(())
}

/// All of it or nothing.
async fn at_once(task: RowTask, database: &Database, config: &Config) -> anyhow::Result<Said> {
    let mut tx = database.pool().begin().await.context("the database does not answer")?;
    let said = perform(task, &mut tx, config).await?;
    tx.commit().await.context("nothing was changed")?;
    Ok(said)
}

async fn save(database: &Database, file: &Path) -> anyhow::Result<Saved> {
    let mut connection = database.pool().acquire().await.context("the database does not answer")?;
    Ok(Saved(backup::save(&mut connection, file).await?))
}

async fn restore(database: &Database, file: &Path) -> anyhow::Result<Restored> {
    let mut connection = database.pool().acquire().await.context("the database does not answer")?;
    Ok(Restored(backup::restore(&mut connection, file).await?))
}

#[derive(Serialize)]
struct Saved(backup::Summary);

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(backup::Summary { file, tables, rows, .. }) = self;
        write!(
            f,
            "{rows} rows of {tables} tables are saved in {}. Uploaded files are not in it: copy the folder files of DATA_DIR too",
            file.display()
        )
    }
}

#[derive(Serialize)]
struct Restored(backup::Summary);

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(backup::Summary { made_at, tables, rows, .. }) = self;
        write!(
            f,
            "{rows} rows of {tables} tables are as they were at {made_at}. Put the folder files of the old DATA_DIR into the new one"
        )
    }
}

/// What was done or found.
struct Said {
    words: String,
    json: serde_json::Result<String>,
}

impl Said {
    fn of(what: &(impl Serialize + fmt::Display)) -> Self {
        Self { words: what.to_string(), json: serde_json::to_string_pretty(what) }
    }
}

async fn perform(task: RowTask, conn: &mut PgConnection, config: &Config) -> anyhow::Result<Said> {
    Ok(match task {
        RowTask::Users(asked) => Said::of(&people::list(conn, &asked).await?),
        RowTask::User { user } => Said::of(&people::show(conn, &user).await?),
        RowTask::AddUser { email, name } => Said::of(&people::add(conn, &email, name.as_deref()).await?),
        RowTask::Ban { user } => Said::of(&people::ban(conn, &user).await?),
        RowTask::Unban { user } => Said::of(&people::unban(conn, &user).await?),
        RowTask::Promote { user } => Said::of(&people::set_admin(conn, &user, true).await?),
        RowTask::Demote { user } => Said::of(&people::set_admin(conn, &user, false).await?),
        RowTask::AllowClasses { user } => Said::of(&people::set_may_create_classes(conn, &user, true).await?),
        RowTask::ForbidClasses { user } => Said::of(&people::set_may_create_classes(conn, &user, false).await?),
        RowTask::SignInLink { user, minutes } => Said::of(&people::sign_in_link(conn, &user, minutes, config).await?),
        RowTask::Classes(asked) => Said::of(&classes::list(conn, &asked).await?),
        RowTask::AddClass { name, instructor } => Said::of(&classes::add(conn, &name, &instructor).await?),
        RowTask::ArchiveClass { class } => Said::of(&classes::set_archived(conn, &class, true).await?),
        RowTask::RestoreClass { class } => Said::of(&classes::set_archived(conn, &class, false).await?),
        RowTask::Role { class, user, role } => Said::of(&classes::set_role(conn, &class, &user, role).await?),
    })
}
