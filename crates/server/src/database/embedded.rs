//! A private Postgres cluster, so that a newcomer needs one command and no database administrator.
//!
//! - It is made by the system's own Postgres, below `DATA_DIR` (`place` says where exactly, and why not always there).
//! - It listens on a Unix socket alone, in a folder that only its user may enter. Connections are therefore *trusted*:
//!   whoever gets to the socket could read the data files as well, and a password would have to lie beside it.
//! - It outlives a server that is killed, and the next server on the same folder finds it again. Only one server at a
//!   time: a lock says so.
//! - It is started again should it die while the server runs (`keeper`).
//! - It is not in the terminal's process group: Ctrl+C reaches the server, which stops it when everything is flushed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use binaries::Binaries;
pub(super) use keeper::Keeper;
use lock::Lock;
use place::Place;
use postmaster::{Postmaster, StartError};

pub(crate) mod binaries;
mod initialise;
mod keeper;
mod lock;
mod owner;
mod place;
mod postmaster;

/// The server's role and its database: an owner, not a superuser, so that a hole in the server is not one in the
/// machine (a superuser may run programs).
const NAME: &str = "promptgrimoire";
/// Backends of a killed postmaster need a moment to notice; until then its shared memory is in use. One that is only just
/// starting needs a moment to be found.
const START_ATTEMPTS: usize = 10;

/// What differs between a server's cluster and that of tests.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Whether acknowledged commits survive the machine (they survive Postgres in any case). Only tests do without.
    pub durable: bool,
    /// Connections that the cluster allows.
    pub max_connections: u16,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { durable: true, max_connections: 64 }
    }
}

/// A running cluster. Dropped without [`Cluster::stop`], it keeps running and is found again.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    tuning: Tuning,
    postmaster: Postmaster,
    _locks: Vec<Lock>,
}

impl Cluster {
    /// Finds the cluster of `data_dir` running, or starts it, or makes it first.
    ///
    /// # Errors
    /// One line for people: Postgres is not installed, another server uses the folder, the folder cannot be used, or
    /// Postgres does not start (then with its own last words).
    pub async fn open(data_dir: &Path, tuning: Tuning) -> anyhow::Result<Cluster> {
        std::fs::create_dir_all(data_dir).with_context(|| format!("DATA_DIR {} cannot be made", data_dir.display()))?;
        let data_dir = data_dir.canonicalize()?;
        let mut locks = vec![Lock::take(&data_dir)?];
        let place = Place::find(&data_dir)?;
        if place.home != data_dir {
            // A copy of DATA_DIR names the same database; two servers on it would be two servers on one cluster.
            locks.push(Lock::take(&place.home)?);
        }
        let postmaster = find_or_start(&place, tuning).await?;
        let cluster = Cluster { place, tuning, postmaster, _locks: locks };
        cluster.ensure_database().await.context("the embedded database cannot be set up")?;
        Ok(cluster)
    }

    /// How the server connects.
    pub fn options(&self) -> PgConnectOptions {
        self.postmaster.superuser().username(NAME).database(NAME)
    }

    /// How somebody connects who makes databases and roles: the cluster's superuser.
    pub fn superuser(&self) -> PgConnectOptions {
        self.postmaster.superuser()
    }

    /// The folder that holds the cluster's files, its log and its socket. `DATA_DIR` itself, if it can be.
    pub fn home(&self) -> &Path {
        &self.place.home
    }

    /// The folder of the Unix socket. The port is 5432.
    pub fn socket(&self) -> &Path {
        self.postmaster.socket()
    }

    /// The process id of the postmaster.
    pub fn process_id(&self) -> i32 {
        self.postmaster.process_id()
    }

    /// Stops Postgres in order: sessions end, everything is written, then it leaves.
    ///
    /// # Errors
    /// It is still there after 15 seconds.
    pub async fn stop(self) -> anyhow::Result<()> {
        let socket = self.socket().to_owned();
        self.postmaster.stop().await?;
        // It may lie in the system's own folder for such things, and is made again. Empty or not at all.
        std::fs::remove_dir(socket).ok();
        Ok(())
    }

    /// Waits until Postgres has died.
    async fn died(&mut self) {
        self.postmaster.exited().await;
    }

    /// Starts Postgres again after it has died, unless somebody else has.
    async fn revive(&mut self) -> anyhow::Result<()> {
        self.postmaster = find_or_start(&self.place, self.tuning).await?;
        Ok(())
    }

    /// Nothing here fails if it was done before, wholly or in part.
    async fn ensure_database(&self) -> anyhow::Result<()> {
        let mut connection = self.superuser().connect().await?;
        if !exists(&mut connection, "select exists (select from pg_roles where rolname = $1)").await? {
            sqlx::query(AssertSqlSafe(format!("create role {NAME} login"))).execute(&mut connection).await?;
        }
        if !exists(&mut connection, "select exists (select from pg_database where datname = $1)").await? {
            let create = format!("create database {NAME} owner {NAME}");
            sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }
}

async fn exists(connection: &mut PgConnection, question: &'static str) -> sqlx::Result<bool> {
    sqlx::query_scalar(question).bind(NAME).fetch_one(connection).await
}

/// What there is of a cluster.
pub(super) enum Found {
    /// It runs: how to connect as the server does.
    Running(Box<PgConnectOptions>),
    /// It can be started.
    Stopped,
    /// It was never made.
    Nothing,
}

/// Looks for the cluster of `data_dir`, whoever runs it, and takes no hold of it.
pub(super) async fn find(data_dir: &Path) -> anyhow::Result<Found> {
    let Ok(data_dir) = data_dir.canonicalize() else { return Ok(Found::Nothing) };
    if !data_dir.join("postgres").exists() && !data_dir.join("postgres.path").exists() {
        return Ok(Found::Nothing);
    }
    let running = Postmaster::find(&Place::find(&data_dir)?).await?;
    Ok(running
        .map_or(Found::Stopped, |running| Found::Running(Box::new(running.superuser().username(NAME).database(NAME)))))
}

async fn find_or_start(place: &Place, tuning: Tuning) -> anyhow::Result<Postmaster> {
    if let Some(running) = Postmaster::find(place).await? {
        return Ok(running);
    }
    let binaries = Binaries::find(&binaries::folders(), place.made_by()?)?;
    if place.made_by()?.is_none() {
        tracing::info!(folder = %place.cluster.display(), postgres = binaries.major, "making the embedded database");
        initialise::initialise(&binaries, place, tuning).await?;
    }
    for _ in 1..START_ATTEMPTS {
        match Postmaster::start(&binaries, place, tuning).await {
            Err(StartError::InUse) => tokio::time::sleep(Duration::from_millis(500)).await,
            result => return Ok(result?),
        }
        // A server that was killed may have just started one, which is there by now.
        if let Some(running) = Postmaster::find(place).await? {
            return Ok(running);
        }
    }
    Ok(Postmaster::start(&binaries, place, tuning).await?)
}

/// The name that a long path gets where only a short one will do. The same path has the same name.
fn short_name(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A command that sees nothing of the server's own environment, which may hold keys, and is not in the terminal's
/// process group. It begins in `/`, since another user may not enter the server's own folder.
fn command(program: PathBuf, place: &Place) -> std::process::Command {
    use std::os::unix::process::CommandExt;
    const KEPT: [&str; 6] =
        ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LOCALE_ARCHIVE", "TZDIR"];
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .envs(KEPT.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
        .env("LC_ALL", "C")
        .current_dir("/")
        .process_group(0);
    if let Some(owner) = &place.owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}
