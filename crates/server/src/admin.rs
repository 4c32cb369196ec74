//! `promptgrimoire admin`: what the people who run the server do at its command line.
//!
//! Nobody is asked who they are: whoever can run it holds the database's address, and so the database. It may run beside a
//! server, also one on another machine: what changes somebody's access tells every server on the database
//! (`migrations/0003_access_changes.sql`), and nothing else is kept in a server's memory.

mod arguments;
mod classes;
mod people;
mod words;

use std::{fmt, io::Write};

use anyhow::Context;
use serde::Serialize;
use sqlx::PgConnection;

pub use arguments::Task;

use crate::{config::Config, database::Database};

/// Does it, and says on stdout what was done: in words, or as JSON.
///
/// # Errors
/// One line for the person at the command line. Then nothing was changed.
pub async fn run(task: Task, as_json: bool, config: &Config) -> anyhow::Result<()> {
    let database = Database::visit(config).await?;
    let said = match database.pool().begin().await {
        Ok(mut tx) => match perform(task, &mut tx, config).await {
            Ok(done) => tx.commit().await.map(|()| done).context("nothing was changed"),
            Err(error) => Err(error),
        },
        Err(error) => Err(error).context("the database does not answer"),
    };
    database.close().await?;
    let said = said?;
    let text = if as_json { said.json? } else { said.words };
    // Whoever reads only the first lines closes the pipe.
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(())
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

async fn perform(task: Task, conn: &mut PgConnection, config: &Config) -> anyhow::Result<Said> {
    Ok(match task {
        Task::Users(asked) => Said::of(&people::list(conn, &asked).await?),
        Task::User { user } => Said::of(&people::show(conn, &user).await?),
        Task::AddUser { email, name } => Said::of(&people::add(conn, &email, name.as_deref()).await?),
        Task::Ban { user } => Said::of(&people::ban(conn, &user).await?),
        Task::Unban { user } => Said::of(&people::unban(conn, &user).await?),
        Task::Promote { user } => Said::of(&people::set_admin(conn, &user, true).await?),
        Task::Demote { user } => Said::of(&people::set_admin(conn, &user, false).await?),
        Task::AllowClasses { user } => Said::of(&people::set_may_create_classes(conn, &user, true).await?),
        Task::ForbidClasses { user } => Said::of(&people::set_may_create_classes(conn, &user, false).await?),
        Task::SignInLink { user, minutes } => Said::of(&people::sign_in_link(conn, &user, minutes, config).await?),
        Task::Classes(asked) => Said::of(&classes::list(conn, &asked).await?),
        Task::AddClass { name, instructor } => Said::of(&classes::add(conn, &name, &instructor).await?),
        Task::ArchiveClass { class } => Said::of(&classes::set_archived(conn, &class, true).await?),
        Task::RestoreClass { class } => Said::of(&classes::set_archived(conn, &class, false).await?),
        Task::Role { class, user, role } => Said::of(&classes::set_role(conn, &class, &user, role).await?),
    })
}
