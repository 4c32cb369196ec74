//! A throw-away Postgres: its own folder, its own socket, no network, gone when dropped.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{interrupt, process};

const USER: &str = "xtask";
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running cluster.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    server: Child,
}

impl Cluster {
    /// Makes and starts one with the programs of this folder.
    pub fn start(programs: &Path) -> Result<Self> {
        // Short: the path of a socket has room for a hundred bytes.
        let folder = env::temp_dir().join(format!("xtask-pg-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let server = launch(programs, &folder).inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder);
        })?;
        let cluster = Self { programs: programs.into(), folder, server };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// How sqlx reaches a database of the cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={USER}", self.folder.display())
    }

    /// Makes a database.
    pub fn create(&self, database: &str) -> Result<()> {
        process::output(self.psql("postgres").args(["-c", &format!("create database {database}")])).map(drop)
    }

    /// Runs a file of SQL in a database.
    pub fn apply(&self, database: &str, file: &Path) -> Result<()> {
        let sql = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut psql = self.psql(database);
        // As sqlx does: one transaction, unless the first line says otherwise.
        if !sql.starts_with("-- no-transaction") {
            psql.arg("--single-transaction");
        }
        process::output(psql.arg("--file").arg(file)).map(drop).with_context(|| format!("in {}", file.display()))
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = process::command(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--username", USER, "--dbname", database])
            .arg("--host")
            .arg(&self.folder);
        psql
    }

    fn wait_until_ready(&self) -> Result<()> {
        let since = Instant::now();
        while !process::succeeds(self.psql("postgres").args(["-c", "select 1"])) {
            if interrupt::requested() {
                bail!("interrupted");
            }
            if since.elapsed() > START_LIMIT {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("the throw-away database did not start: {}", log.trim());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        process::stop(&mut self.server);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn launch(programs: &Path, folder: &Path) -> Result<Child> {
    let owner = owner()?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if let Some((user, group)) = owner {
        chown(folder, Some(user), Some(group)).with_context(|| format!("cannot give away {}", folder.display()))?;
    }
    let data = folder.join("data");
    let mut initdb = as_owner(process::command(programs.join("initdb")), folder, owner);
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", USER, "-D"]).arg(&data);
    process::output(&mut initdb)?;
    let mut postgres = as_owner(process::command(programs.join("postgres")), folder, owner);
    // Nothing in it is worth the time that a disk takes.
    postgres.arg("-D").arg(&data).arg("-k").arg(folder).args(["-c", "listen_addresses=", "-c", "fsync=off"]);
    let log = fs::File::create(folder.join("log"))?;
    postgres.stdout(log.try_clone()?).stderr(log);
    process::spawn(&mut postgres)
}

/// Postgres refuses to run as root: then as its own user, or as nobody.
fn owner() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |flag: &str, user: &str| -> Option<u32> {
        process::output(process::command("id").args([flag, user])).ok()?.trim().parse().ok()
    };
    let user = ["postgres", "nobody"].into_iter().find_map(|user| Some((id("-u", user)?, id("-g", user)?)));
    user.map(Some).context("Postgres does not run as root, and there is neither a user postgres nor nobody")
}

fn as_owner(mut command: Command, folder: &Path, owner: Option<(u32, u32)>) -> Command {
    // Not where we are: that may be a folder which its user cannot read. And in a group of its own, so that a Ctrl-C
    // reaches it through us, after what uses it.
    command.current_dir(folder).process_group(0);
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}
