//! Postgres: the one that `DATABASE_URL` names, or a private one that the server runs for itself.
//!
//! Opening it leaves the tables up to date, so that whoever holds a `Database` can query it at once.

use std::{str::FromStr, time::Duration};

use anyhow::{Context, bail};
use sqlx::{
    ConnectOptions, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config::Config;
use embedded::{Cluster, Found, Keeper, Tuning};

/// A private Postgres, run by the server.
pub mod embedded;

#[cfg(not(unix))]
compile_error!("the server runs on Linux and macOS: its embedded database needs Unix sockets and signals");

/// The numbered files of `migrations/`, compiled in. Later ones that a newer program made do not disturb this one, so that
/// it can be gone back to: a migration only adds.
static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations");
    migrations.ignore_missing = true;
    migrations
};

/// Connections of one server: enough for 2 to 8 cores, and three servers fit into a Postgres as it is delivered.
const POOL_SIZE: u32 = 16;
/// A request that waits longer for a connection is better told that the server is busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A host that swallows packets would otherwise hold the start for minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What every connection promises: a commit is on the disk before it is acknowledged, and nothing hangs for ever.
const SESSION: [(&str, &str); 4] = [
    ("synchronous_commit", "on"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
];

/// An open database with all its tables.
#[derive(Debug)]
pub struct Database {
    pool: PgPool,
    embedded: Option<Keeper>,
}

impl Database {
    /// Connects to the configured database, or starts (or finds running) the embedded one, and migrates it.
    ///
    /// # Errors
    /// One line that says what to check. It never holds the password.
    pub async fn open(config: &Config) -> anyhow::Result<Database> {
        Self::with_tables(config, Tables::UpToDate).await
    }

    /// One to be filled by whoever makes its tables otherwise: as [`Database::open`], without them.
    ///
    /// # Errors
    /// As there, and where a server is at work with the embedded one.
    pub async fn empty(config: &Config) -> anyhow::Result<Database> {
        if config.database_url.is_none() && matches!(embedded::find(&config.data_dir).await?, Found::Running(_)) {
            bail!("a server is running with {}; name a fresh DATA_DIR", config.data_dir.display());
        }
        Self::with_tables(config, Tables::AsTheyAre).await
    }

    async fn with_tables(config: &Config, tables: Tables) -> anyhow::Result<Database> {
        match &config.database_url {
            Some(url) => {
                let options = options(url.expose())?;
                let whom = describe(&options);
                let pool = connect(options, tables).await.with_context(|| format!("DATABASE_URL names {whom}"))?;
                Ok(Database { pool, embedded: None })
            }
            None => {
                let cluster = Cluster::open(&config.data_dir, Tuning::default()).await?;
                match connect(cluster.options(), tables).await {
                    Ok(pool) => Ok(Database { pool, embedded: Some(Keeper::of(cluster)) }),
                    Err(error) => {
                        cluster.stop().await?;
                        Err(error.context("the embedded database cannot be used"))
                    }
                }
            }
        }
    }

    /// The same for a tool that runs beside a server, or while there is none: an embedded database that runs is used as it is
    /// and goes on running.
    ///
    /// # Errors
    /// As with [`Self::open`]; and there is no embedded database yet, which a tool does not make.
    pub async fn visit(config: &Config) -> anyhow::Result<Database> {
        if config.database_url.is_some() {
            return Self::open(config).await;
        }
        match embedded::find(&config.data_dir).await? {
            Found::Running(options) => {
                Ok(Database { pool: connect(*options, Tables::UpToDate).await?, embedded: None })
            }
            Found::Stopped => Self::open(config).await,
            Found::Nothing => bail!(
                "there is no database in {} yet: start the server once, or set DATA_DIR or DATABASE_URL as for the server",
                config.data_dir.display()
            ),
        }
    }

    /// The connections, for queries.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Waits until every connection is given back, then stops the database if it is the server's own.
    ///
    /// Without this (a crash, a kill) nothing that was committed is lost: the next server finds it again.
    ///
    /// # Errors
    /// The embedded database does not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        match self.embedded {
            Some(keeper) => keeper.stop().await,
            None => Ok(()),
        }
    }
}

/// What becomes of the tables when a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tables {
    UpToDate,
    AsTheyAre,
}

/// Brings the tables up to date. Several servers may do so at once: they wait for one another.
///
/// # Errors
/// The number of the migration that failed, and why.
pub async fn migrate(connection: &mut PgConnection) -> anyhow::Result<()> {
    MIGRATIONS.run(connection).await.context("the tables cannot be brought up to date")
}

/// Brings the tables from nothing to what they were after this migration, and no further.
///
/// # Errors
/// The number of the migration that failed, and why.
pub async fn migrate_to(connection: &mut PgConnection, migration: i64) -> anyhow::Result<()> {
    MIGRATIONS.run_to(migration, connection).await.context("the tables cannot be made")
}

/// Whether this program knows such a migration.
pub fn has_migration(number: i64) -> bool {
    MIGRATIONS.version_exists(number)
}

/// Migrates over a connection of its own, which has no time limits, and makes the pool.
///
/// It also connects first so that the reason of a failure is known: a pool only says that its time ran out.
async fn connect(options: PgConnectOptions, tables: Tables) -> anyhow::Result<PgPool> {
    let options = options.application_name("promptgrimoire");
    let mut connection = match tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => bail!(
            "cannot connect: {}. Check that Postgres runs there, that this user may log in and that the database exists",
            reason(&error)
        ),
        Err(_) => bail!("no answer within {} s. Check the address and the firewall", CONNECT_TIMEOUT.as_secs()),
    };
    if tables == Tables::UpToDate {
        migrate(&mut connection).await?;
    }
    sqlx::Connection::close(connection).await.ok();
    Ok(PgPoolOptions::new()
        .max_connections(POOL_SIZE)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options.options(SESSION)))
}

/// Reads a Postgres address.
///
/// A `/`, `?` or `#` that was not percent-encoded cuts a password in two, and its second half would then be shown as
/// a database's name or an unknown parameter: such an address is refused before anything is made of it.
fn options(url: &str) -> anyhow::Result<PgConnectOptions> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if rest[authority..].contains('@') {
        bail!(
            "DATABASE_URL has an @ after its host: write the characters / ? # @ of a password as %2F %3F %23 %40 \
             (postgres://user:password@host:5432/database)"
        );
    }
    PgConnectOptions::from_str(url).map_err(|error| {
        anyhow::anyhow!(
            "DATABASE_URL is not a Postgres address such as postgres://user:password@host:5432/database: {}",
            reason(&error)
        )
    })
}

fn describe(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let user = options.get_username();
    format!("database {:?} on {host} as user {user:?}", options.get_database().unwrap_or(user))
}

/// What sqlx's error says, without its prefix about whose error it is.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Configuration(error) => error.to_string(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_encoded_is_refused_and_not_shown() {
        for url in ["postgres://me:12/hush@db/x", "postgres://me:12?hush@db/x", "postgres://me:12#hush@db/x"] {
            let why = options(url).unwrap_err().to_string();
            assert!(why.contains("%2F") && !why.contains("hush"), "{why}");
        }
        assert!(options("postgres://me:hu%2Fsh@db/x").is_ok());
        assert!(options("postgres://me:hu@sh@db/x").is_ok(), "the last @ of the authority ends the password");
    }

    #[test]
    fn a_database_is_described_without_its_password() {
        let options = options("postgres://me:hush@db.example:5433/grimoire").unwrap();
        assert_eq!(describe(&options), r#"database "grimoire" on db.example:5433 as user "me""#);
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    }
}
