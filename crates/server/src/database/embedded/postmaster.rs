use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::sync::oneshot;

use super::{Tuning, binaries::Binaries, command, place::Place};

/// After a crash Postgres replays its log before it answers.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// A postmaster that runs but cannot be reached is given this long before it is replaced.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const FAST_STOP: Duration = Duration::from_secs(10);
const IMMEDIATE_STOP: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);
/// How often one is looked after that is nobody's child, so that its end does not announce itself.
const LOOK: Duration = Duration::from_secs(1);
/// One log of this size and one older one are kept.
const LARGEST_LOG: u64 = 8 << 20;

/// Postgres' first process, ours to signal.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    cluster: PathBuf,
    socket: PathBuf,
    stopping: Arc<AtomicBool>,
    /// Sent when our child is gone. An adopted postmaster is nobody's child that we could wait for.
    exited: Option<oneshot::Receiver<()>>,
}

/// Why Postgres did not come up.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// Backends of a killed postmaster are still leaving, or another postmaster is only just starting. It will pass.
    #[error("processes of another Postgres use this database")]
    InUse,
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Postmaster {
    /// The postmaster that already serves this cluster, because the server before us was killed.
    ///
    /// Its pid file alone proves nothing: the machine may have been switched off and the number be somebody else's
    /// now. So it must answer on its socket and say that these are its files. A file that proves to be stale is
    /// removed, since Postgres itself would believe any living process of its own user, and one that has ended but was
    /// not waited for; and with it the file by which Postgres locks its socket, which holds the same number.
    pub(super) async fn find(place: &Place) -> anyhow::Result<Option<Postmaster>> {
        let Some(file) = PidFile::read(&place.cluster)? else { return Ok(None) };
        let found = Postmaster {
            pid: file.pid,
            cluster: place.cluster.clone(),
            socket: file.socket.unwrap_or_else(|| place.socket.clone()),
            stopping: Arc::default(),
            exited: None,
        };
        let since = Instant::now();
        while alive(file.pid) && is_postmaster_of(file.pid, &place.cluster) {
            match found.ask().await {
                Answer::Ready => {
                    tracing::info!(process = %file.pid, "found the embedded database running");
                    return Ok(Some(found));
                }
                Answer::NotYet if since.elapsed() < READY_LIMIT => {}
                Answer::None if since.elapsed() < ANSWER_LIMIT => {}
                _ => {
                    tracing::warn!(process = %file.pid, "the embedded database runs but does not answer: restarting it");
                    found.stop().await?;
                    return Ok(None);
                }
            }
            tokio::time::sleep(STEP).await;
        }
        if alive(file.pid) {
            fs::remove_file(place.cluster.join("postmaster.pid")).ok();
            fs::remove_file(place.socket.join(".s.PGSQL.5432.lock")).ok();
        }
        Ok(None)
    }

    /// Starts Postgres and waits until it answers.
    pub(super) async fn start(binaries: &Binaries, place: &Place, tuning: Tuning) -> Result<Postmaster, StartError> {
        let log = open_log(&place.log)?;
        let said_before = log.metadata().map_or(0, |metadata| metadata.len());
        let mut command = command(binaries.postgres(), place);
        command.arg("-D").arg(&place.cluster);
        for (name, value) in settings(place, tuning) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let errors = log.try_clone().context("the log of Postgres cannot be shared")?;
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let child = child.with_context(|| format!("{} cannot be run", binaries.postgres().display()))?;
        let mut postmaster = Postmaster::of_child(child, place)?;
        let since = Instant::now();
        loop {
            match postmaster.ask().await {
                // What answers may be one that is about to send ours away.
                Answer::Ready if PidFile::read(&place.cluster)?.is_some_and(|file| file.pid == postmaster.pid) => {
                    return Ok(postmaster);
                }
                _ if postmaster.has_exited() => {
                    let words = last_words(&place.log, said_before);
                    let is_locked = words.contains("lock file") && words.contains("already exists");
                    if is_locked || words.contains("is still in use") {
                        return Err(StartError::InUse);
                    }
                    return Err(
                        anyhow::anyhow!("Postgres does not start: {words} (see {})", place.log.display()).into()
                    );
                }
                _ if since.elapsed() > READY_LIMIT => {
                    postmaster.stop().await?;
                    return Err(anyhow::anyhow!("Postgres does not answer (see {})", place.log.display()).into());
                }
                _ => tokio::time::sleep(STEP).await,
            }
        }
    }

    /// A thread waits for the child however long it lives, also when nobody asks for it any more: a child that is not
    /// waited for stays in the system's table and looks alive.
    fn of_child(mut child: Child, place: &Place) -> anyhow::Result<Postmaster> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("Postgres has no process id")?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (gone, exited) = oneshot::channel();
        let (expected, log) = (Arc::clone(&stopping), place.log.clone());
        let wait = move || {
            let status = child.wait();
            if gone.send(()).is_err() && !expected.load(Ordering::Relaxed) {
                tracing::debug!(?status, "the embedded database has stopped");
            } else if !expected.load(Ordering::Relaxed) {
                tracing::error!(?status, log = %log.display(), "the embedded database has stopped by itself");
            }
        };
        thread::Builder::new().name("postgres".to_owned()).spawn(wait)?;
        let (cluster, socket) = (place.cluster.clone(), place.socket.clone());
        Ok(Postmaster { pid, cluster, socket, stopping, exited: Some(exited) })
    }

    /// How the superuser connects. No password: see the module's first lines.
    pub(super) fn superuser(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket)
            .port(5432)
            .username("postgres")
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn process_id(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// Ends sessions, writes everything, leaves; if that takes too long, leaves at once (the log is replayed later).
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        for (signal, limit) in [(Signal::INT, FAST_STOP), (Signal::QUIT, IMMEDIATE_STOP)] {
            // An error means that it is gone already.
            kill_process(self.pid, signal).ok();
            let since = Instant::now();
            while since.elapsed() < limit {
                if self.has_exited() {
                    return Ok(());
                }
                tokio::time::sleep(STEP).await;
            }
            tracing::warn!(process = %self.pid, "the embedded database does not stop within {} s", limit.as_secs());
        }
        bail!("the embedded database (process {}) does not stop", self.pid)
    }

    /// Waits until it is gone. It then is for good: this is not asked again.
    pub(super) async fn exited(&mut self) {
        match &mut self.exited {
            Some(exited) => drop(exited.await),
            None => {
                // A killed one leaves its pid file, and where nobody waits for orphans its number too.
                while !self.has_exited() && is_postmaster_of(self.pid, &self.cluster) {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// One that is not our child is gone when its pid file is: that is the last thing it does.
    fn has_exited(&mut self) -> bool {
        match &mut self.exited {
            Some(exited) => !matches!(exited.try_recv(), Err(oneshot::error::TryRecvError::Empty)),
            None => !alive(self.pid) || !self.cluster.join("postmaster.pid").exists(),
        }
    }

    async fn ask(&self) -> Answer {
        const CANNOT_CONNECT_NOW: &str = "57P03";
        let question = async {
            let mut connection = self.superuser().connect().await?;
            let folder: String = sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await?;
            connection.close().await?;
            sqlx::Result::Ok(folder)
        };
        match tokio::time::timeout(ANSWER_LIMIT, question).await {
            Ok(Ok(folder)) if Path::new(&folder) == self.cluster => Answer::Ready,
            Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some(CANNOT_CONNECT_NOW) => {
                Answer::NotYet
            }
            _ => Answer::None,
        }
    }
}

enum Answer {
    Ready,
    /// It is starting up or shutting down.
    NotYet,
    None,
}

/// `postmaster.pid`: the first line is the process, the fifth the socket's folder.
struct PidFile {
    pid: Pid,
    socket: Option<PathBuf>,
}

impl PidFile {
    fn read(cluster: &Path) -> anyhow::Result<Option<PidFile>> {
        let path = cluster.join("postmaster.pid");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(PidFile::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    fn parse(text: &str) -> Option<PidFile> {
        let mut lines = text.lines();
        let pid = Pid::from_raw(lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?)?;
        let socket = lines.nth(3).map(str::trim).filter(|line| !line.is_empty()).map(PathBuf::from);
        Some(PidFile { pid, socket })
    }
}

/// On the command line, so that a cluster made by an older server runs with today's settings.
fn settings(place: &Place, tuning: Tuning) -> Vec<(&'static str, String)> {
    let durable = if tuning.durable { "on" } else { "off" };
    // A list: quotes keep a comma in the path from ending it.
    let socket = format!("\"{}\"", place.socket.display().to_string().replace('"', "\"\""));
    vec![
        ("listen_addresses", String::new()),
        ("unix_socket_directories", socket),
        ("unix_socket_permissions", "0700".to_owned()),
        ("port", "5432".to_owned()),
        ("max_connections", tuning.max_connections.to_string()),
        ("shared_buffers", "128MB".to_owned()),
        ("fsync", durable.to_owned()),
        ("full_page_writes", durable.to_owned()),
        ("synchronous_commit", "on".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("lc_messages", "C".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
        // Logs never hold names or texts: no statements, and no details, which quote the row in the way.
        ("log_min_error_statement", "panic".to_owned()),
        ("log_error_verbosity", "terse".to_owned()),
        // Compiling a query for a millisecond's work takes longer than the work.
        ("jit", "off".to_owned()),
    ]
}

fn open_log(path: &Path) -> anyhow::Result<File> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > LARGEST_LOG) {
        fs::rename(path, path.with_extension("log.old")).ok();
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    log.with_context(|| format!("{} cannot be written", path.display()))
}

/// What Postgres wrote since it was started, errors only, as one line.
fn last_words(log: &Path, since: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(since))?;
        file.take(64 << 10).read_to_end(&mut text)
    });
    if read.is_err() {
        return "its log cannot be read".to_owned();
    }
    let text = String::from_utf8_lossy(&text);
    let errors = text.lines().filter_map(|line| line.split_once("FATAL:").or_else(|| line.split_once("PANIC:")));
    let errors: Vec<&str> = errors.map(|(_, words)| words.trim()).collect();
    if errors.is_empty() { text.trim().replace('\n', " ") } else { errors.join("; ") }
}

fn alive(pid: Pid) -> bool {
    // EPERM: it lives and is somebody else's.
    !matches!(test_kill_process(pid), Err(error) if error != rustix::io::Errno::PERM)
}

/// Whether the process was started as Postgres on this folder, by its command line: the one thing that everybody may
/// read of every process, also root in a container without further rights.
fn is_postmaster_of(pid: Pid, cluster: &Path) -> bool {
    let folder = cluster.as_os_str().as_encoded_bytes();
    if Path::new("/proc/self/cmdline").exists() {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        return line.split(|byte| *byte == 0).any(|word| word == folder);
    }
    let output = std::process::Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| output.stdout.windows(folder.len()).any(|part| part == folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_names_its_process_and_its_socket() {
        let file =
            PidFile::parse("412\n/data/postgres\n1700000000\n5432\n/data/socket\n\n  5432001 0\nready   \n").unwrap();
        assert_eq!(file.pid.as_raw_pid(), 412);
        assert_eq!(file.socket, Some(PathBuf::from("/data/socket")));
        assert!(PidFile::parse("412\n/data").is_some_and(|file| file.socket.is_none()));
        for text in ["", "\n", "x\n", "-1\n", "0\n"] {
            assert!(PidFile::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn this_process_is_alive_and_no_postmaster() {
        let own = rustix::process::getpid();
        assert!(alive(own) && !is_postmaster_of(own, Path::new("/none-such")));
    }
}
