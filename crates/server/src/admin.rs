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

use crate::{backup, config::Config, database::Database, files::Files, rooms::Rooms, search};

/// Does it, and says on stdout what was done: in words, or as JSON.
///
/// # Errors
/// One line for the person at the command line. Then nothing was changed.
pub async fn run(task: Task, as_json: bool, config: &Config) -> anyhow::Result<()> {
    let said = match task {
        Task::Backup { file } => {
            let database = Database::visit(config).await?;
            let saved = save(&database, config, &file).await;
            database.close().await?;
            Said::of(&saved?)
        }
        Task::Restore { file } => {
            let database = Database::empty(config).await?;
            let restored = restore(&database, config, &file).await;
            database.close().await?;
            Said::of(&restored?)
        }
        Task::RebuildSearch => {
            let database = Database::visit(config).await?;
            let rebuilt = rebuild_search(&database).await;
            database.close().await?;
            Said::of(&rebuilt?)
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

/// Says why nothing was done: in a line on stderr, where the log is too, and for a program on stdout, where it finds one
/// JSON document whatever became of what it asked for. The exit code says which of the two it is.
pub fn complain(as_json: bool, why: &str) {
    eprintln!("promptgrimoire: {why}");
    if as_json {
        let _ = writeln!(std::io::stdout(), "{}", serde_json::json!({ "error": why }));
    }
}

/// All of it or nothing.
async fn at_once(task: RowTask, database: &Database, config: &Config) -> anyhow::Result<Said> {
    let mut tx = database.pool().begin().await.context("the database does not answer")?;
    let said = perform(task, &mut tx, config).await?;
    tx.commit().await.context("nothing was changed")?;
    Ok(said)
}

async fn save(database: &Database, config: &Config, file: &Path) -> anyhow::Result<Saved> {
    let mut connection = database.pool().acquire().await.context("the database does not answer")?;
    let files = Files::of(config)?;
    files.check().await?;
    Ok(Saved(backup::save(&mut connection, &files, file).await?))
}

async fn restore(database: &Database, config: &Config, file: &Path) -> anyhow::Result<Restored> {
    let mut connection = database.pool().acquire().await.context("the database does not answer")?;
    let files = Files::of(config)?;
    files.check().await?;
    Ok(Restored(backup::restore(&mut connection, &files, file).await?))
}

/// Says on stderr how far it is, a few times.
async fn rebuild_search(database: &Database) -> anyhow::Result<Rebuilt> {
    let rooms = Rooms::new(database.pool().clone());
    let mut conversations = 0;
    let rebuilt = search::rebuild(database.pool(), &rooms, |done, all| {
        conversations = all;
        if done > 0 && done % 500 == 0 {
            eprintln!("{done} of {all} conversations");
        }
    });
    let rebuilt = rebuilt.await;
    rooms.shutdown().await;
    rebuilt.context("what is searched was not made anew to the end; it can be begun again")?;
    Ok(Rebuilt { conversations })
}

#[derive(Serialize)]
struct Rebuilt {
    conversations: usize,
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "What is searched was made anew of {} conversations", self.conversations)
    }
}

#[derive(Serialize)]
struct Saved(backup::Summary);

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(backup::Summary { file, tables, rows, files, .. }) = self;
        let files = files.unwrap_or_default();
        write!(f, "{rows} rows of {tables} tables and {files} uploaded files are saved in {}", file.display())
    }
}

#[derive(Serialize)]
struct Restored(backup::Summary);

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(backup::Summary { made_at, tables, rows, files, .. }) = self;
        match files {
            Some(files) => {
                write!(f, "{rows} rows of {tables} tables and {files} uploaded files are as they were at {made_at}")
            }
            None => write!(
                f,
                "{rows} rows of {tables} tables are as they were at {made_at}. An older version made this backup, without \
                 uploaded files: put the folder files of the old DATA_DIR into the new one"
            ),
        }
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
