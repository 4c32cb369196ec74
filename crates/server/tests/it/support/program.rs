//! The server as the program that it is, and Postgres: started, and killed.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use server::config::Config;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// Nothing takes this long, however busy the machine is; what does has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Stands before the address.
const READY: &str = "PromptGrimoire is ready: ";

/// The program, without the settings that the person who runs the tests may have for a server of their own.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promptgrimoire"));
    for name in Config::variables() {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A server that was started and has not said yet that it is ready.
pub struct Starting {
    child: Child,
    log: JoinHandle<()>,
    lines: watch::Receiver<Vec<String>>,
}

/// A running server.
pub struct Server {
    pub origin: String,
    pub port: u16,
    child: Child,
    log: JoinHandle<()>,
}

impl Starting {
    /// Starts a server with this `DATA_DIR`. What it logs is added to `server.log` beside that folder.
    pub fn launch(data_dir: &Path, database_url: Option<&str>) -> Starting {
        Self::launch_with(data_dir, database_url, &[])
    }

    /// The same with these settings.
    pub fn launch_with(data_dir: &Path, database_url: Option<&str>, settings: &[(&str, &str)]) -> Starting {
        let home = data_dir.parent().unwrap();
        // No page of these tests has scripts.
        let site = home.join("site");
        fs::create_dir_all(&site).unwrap();
        fs::write(site.join("build-id"), "none").unwrap();
        let mut command = program();
        command.env("SITE_ROOT", site);
        command.args(["serve", "--listen=127.0.0.1:0", "--data-dir"]).arg(data_dir);
        if let Some(url) = database_url {
            command.env("DATABASE_URL", url);
        }
        command.envs(settings.iter().copied());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The watchdog of the test run looks for this, should the run be killed.
        fs::write(home.join("server.pid"), format!("{}\n", child.id().unwrap())).unwrap();
        let mut log = fs::File::options().create(true).append(true).open(log_of(data_dir)).unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let (line, lines) = watch::channel(Vec::new());
        let log = tokio::spawn(async move {
            while let Ok(Some(text)) = said.next_line().await {
                writeln!(log, "{text}").unwrap();
                // Until it is ready; later nobody listens, and a log may be long.
                if !line.is_closed() {
                    line.send_modify(|lines| lines.push(text));
                }
            }
        });
        Starting { child, log, lines }
    }

    /// The first line that has this in it.
    pub async fn says(&mut self, part: &str) -> String {
        let said = self.lines.wait_for(|lines| lines.iter().any(|line| line.contains(part)));
        let lines =
            timeout(PATIENCE, said).await.expect("the server says it in time").expect("the server has not ended");
        lines.iter().find(|line| line.contains(part)).unwrap().clone()
    }

    pub async fn ready(mut self) -> Server {
        let line = self.says(READY).await;
        let origin = line.strip_prefix(READY).unwrap().to_owned();
        let port = origin.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an origin with its port");
        Server { origin, port, child: self.child, log: self.log }
    }

    /// How it ends by itself.
    pub async fn ended(mut self) -> ExitStatus {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("the server ends in time").unwrap();
        self.log.await.unwrap();
        status
    }

    /// As a service manager stops it. It is gone when this returns.
    pub async fn terminate(self) -> ExitStatus {
        terminate(self.child, self.log).await
    }
}

async fn terminate(mut child: Child, log: JoinHandle<()>) -> ExitStatus {
    kill_process(Pid::from_raw(child.id().unwrap() as i32).unwrap(), Signal::TERM).unwrap();
    let status = timeout(PATIENCE, child.wait()).await.expect("the server ends in time").unwrap();
    log.await.unwrap();
    status
}

impl Server {
    /// Starts a server with this `DATA_DIR` and waits until it says that it is ready.
    pub async fn start(data_dir: &Path, database_url: Option<&str>) -> Server {
        Starting::launch(data_dir, database_url).ready().await
    }

    pub fn process(&self) -> Pid {
        Pid::from_raw(self.child.id().expect("it has not been waited for") as i32).unwrap()
    }

    /// As `kill -9` does. It is gone when this returns.
    pub async fn kill(mut self) {
        kill_process(self.process(), Signal::KILL).unwrap();
        self.child.wait().await.unwrap();
        self.log.await.unwrap();
    }

    /// As a service manager stops it. It is gone when this returns.
    pub async fn terminate(self) -> ExitStatus {
        terminate(self.child, self.log).await
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Holds it where it is: it does nothing until [`Server::go_on`].
    pub fn hold(&self) {
        kill_process(self.process(), Signal::STOP).unwrap();
    }

    pub fn go_on(&self) {
        kill_process(self.process(), Signal::CONT).unwrap();
    }

    /// Its resident memory in bytes, now; `None` where the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory in bytes since [`Server::forget_peak`].
    pub fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    pub fn forget_peak(&self) {
        // Elsewhere there is no such file, and no peak either.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.process()), "5");
    }

    fn status(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    }
}

/// Where the servers with this `DATA_DIR` log.
pub fn log_of(data_dir: &Path) -> PathBuf {
    data_dir.parent().unwrap().join("server.log")
}

/// Kills a postmaster and all that it has started, as `kill -9` of each of them does. They are gone when this returns.
pub async fn kill_postgres(postmaster: i32) {
    let family: Vec<i32> = [postmaster].into_iter().chain(children(postmaster)).collect();
    kill_all(&family).await;
}

/// Kills one session of a Postgres. Postgres then ends all the others and recovers, as after a crash.
pub async fn kill_session(process: i32) {
    kill_all(&[process]).await;
}

async fn kill_all(processes: &[i32]) {
    for process in processes {
        // One that has just ended by itself is no failure.
        let _ = kill_process(Pid::from_raw(*process).unwrap(), Signal::KILL);
    }
    let gone = async {
        while processes.iter().any(|process| parent(*process).is_some()) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("what was killed is gone");
}

fn children(of: i32) -> Vec<i32> {
    let names: Vec<String> = match fs::read_dir("/proc") {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect(),
        Err(_) => ps(&["-A", "-o", "pid="]).split_whitespace().map(str::to_owned).collect(),
    };
    let all = names.iter().filter_map(|name| name.parse().ok());
    all.filter(|process| parent(*process) == Some(of)).collect()
}

/// The parent of a process that is running: one that has ended and was not waited for is not.
fn parent(process: i32) -> Option<i32> {
    let status = if Path::new("/proc/self/stat").exists() {
        let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        status.rsplit_once(')')?.1.to_owned()
    } else {
        ps(&["-o", "state=,ppid=", "-p", &process.to_string()])
    };
    let mut words = status.split_whitespace();
    let is_over = words.next()?.starts_with(['Z', 'X']);
    if is_over { None } else { words.next()?.parse().ok() }
}

fn ps(arguments: &[&str]) -> String {
    let output = std::process::Command::new("ps").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
