//! Starting and stopping each kind of server.

use std::{
    env,
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::peers::Peers;
use crate::{process, workspace::Workspace};

/// Where the server puts the database of somebody who is root and whose folder Postgres cannot reach.
const ELSEWHERE: &str = "/var/lib/promptgrimoire";

/// A first start makes a database.
const START: Duration = Duration::from_secs(90);

/// Between two looks whether it is ready.
const LOOK: Duration = Duration::from_millis(50);

/// One of those that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Server {
    /// PromptGrimoire
    Ours,
    /// npm @hocuspocus/server
    Hocuspocus,
    /// npm @y/websocket-server
    YWebsocket,
    /// PyPI pycrdt-websocket
    Pycrdt,
}

/// Where the product is, and Postgres.
pub struct Place {
    /// The binary.
    pub product: PathBuf,
    /// The folder of Postgres' programs.
    pub programs: PathBuf,
}

/// A running server; stopped when dropped.
pub struct Running {
    child: Child,
    port: u16,
    /// The folder of its data, which goes with it.
    data: Option<PathBuf>,
}

impl Server {
    /// In the order of the tables.
    pub const ALL: [Self; 4] = [Self::Ours, Self::Hocuspocus, Self::YWebsocket, Self::Pycrdt];

    /// As the generator spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Hocuspocus => "hocuspocus",
            Self::YWebsocket => "y-websocket",
            Self::Pycrdt => "pycrdt",
        }
    }

    /// Starts it, with nothing in it.
    pub fn start(self, workspace: &Workspace, place: &Place, peers: &Peers, log: &Path) -> Result<Running> {
        if self == Self::Ours {
            return start_ours(workspace, place, log);
        }
        let port = free_port()?;
        Ok(Running { child: spawn(&mut self.peer(peers, port)?, log)?, port, data: None })
    }

    fn peer(self, peers: &Peers, port: u16) -> Result<Command> {
        let mut command = match (self, &peers.python) {
            (Self::Pycrdt, Some(python)) => {
                let mut command = process::command(&python.program);
                if let Some(path) = &python.path {
                    command.env("PYTHONPATH", path);
                }
                command.arg("pycrdt_server.py");
                command
            }
            (Self::Pycrdt, None) => bail!("its packages are not installed"),
            (Self::YWebsocket, _) => node(peers, "node_modules/@y/websocket-server/src/server.js"),
            (Self::Ours | Self::Hocuspocus, _) => node(peers, "hocuspocus.mjs"),
        };
        command.current_dir(&peers.folder).env("NODE_ENV", "production");
        command.env("HOST", "127.0.0.1").env("PORT", port.to_string());
        Ok(command)
    }
}

fn node(peers: &Peers, script: &str) -> Command {
    let mut command = process::command(&peers.node);
    command.arg(script);
    command
}

impl Running {
    /// Stops our server and starts it on the same data.
    pub fn restart(&mut self, place: &Place, log: &Path) -> Result<()> {
        let data = self.data.as_deref().context("a server without data")?;
        process::stop(&mut self.child);
        self.port = free_port()?;
        self.child = spawn(&mut ours(place, data, self.port)?, log)?;
        Ok(())
    }

    /// A program that it starts finds the data of our server.
    pub fn lend(&self, command: &mut Command, place: &Place) -> Result<()> {
        settings(command, place, self.data.as_deref().context("a server without data")?)
    }

    /// Waits until it answers, which is when its database is there.
    pub fn wait(&self) -> Result<()> {
        let deadline = Instant::now() + START;
        while !self.is_ready() {
            ensure!(Instant::now() < deadline, "the server is not ready after {} s", START.as_secs());
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(self.address())?;
            stream.set_read_timeout(Some(START))?;
            write!(stream, "GET /readyz HTTP/1.0\r\nHost: {}\r\n\r\n", self.address())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.lines().next().is_some_and(|line| line.contains(" 200 ")))
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As browsers name it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        process::stop(&mut self.child);
        if let Some(data) = &self.data {
            remove(data);
        }
    }
}

/// Below the target folder: what is in memory only would make commits cheaper than they are.
fn data(workspace: &Workspace) -> PathBuf {
    super::folder(workspace).join("data")
}

/// Starts our own server, with nothing in it.
pub fn start_ours(workspace: &Workspace, place: &Place, log: &Path) -> Result<Running> {
    start_ours_with(workspace, place, &[], log)
}

/// The same with settings of its own.
pub fn start_ours_with(
    workspace: &Workspace,
    place: &Place,
    settings: &[(&str, String)],
    log: &Path,
) -> Result<Running> {
    let data = data(workspace);
    remove(&data);
    let port = free_port()?;
    let mut command = ours(place, &data, port)?;
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    Ok(Running { child: spawn(&mut command, log)?, port, data: Some(data) })
}

fn ours(place: &Place, data: &Path, port: u16) -> Result<Command> {
    let mut server = process::command(&place.product);
    settings(&mut server, place, data)?;
    server.arg("serve").env("LISTEN", format!("127.0.0.1:{port}"));
    // What it can do is measured, not what one person may ask of it.
    server.env("API_REQUESTS_PER_MINUTE", "1000000");
    Ok(server)
}

/// Our program's settings as they come, whatever this shell's are.
fn settings(command: &mut Command, place: &Place, data: &Path) -> Result<()> {
    for (name, _) in env::vars_os() {
        let is_ours = |name: &str| {
            ["DATABASE_URL", "FILES_URL", "PUBLIC_ORIGIN", "SITE_ROOT", "LOG", "DEV_RELOAD"].contains(&name)
                || ["STYTCH_", "OPENAI_", "LLM_"].iter().any(|prefix| name.starts_with(prefix))
        };
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(&name);
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([place.programs.clone()]);
    command.env("PATH", env::join_paths(folders)?).env("DATA_DIR", data);
    Ok(())
}

fn spawn(command: &mut Command, log: &Path) -> Result<Child> {
    fs::create_dir_all(log.parent().context("a log without a folder")?)?;
    let file = File::options().create(true).append(true).open(log)?;
    // A group of its own: a Ctrl-C reaches it through us.
    process::spawn(command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0))
}

/// Removes a data folder, with the database that it may name elsewhere.
fn remove(data: &Path) {
    if let Ok(named) = fs::read_to_string(data.join("postgres.path")) {
        let home = Path::new(named.trim());
        if home.parent() == Some(Path::new(ELSEWHERE)) {
            let _ = fs::remove_dir_all(home);
        }
    }
    let _ = fs::remove_dir_all(data);
}

/// A port that nobody listens on: the system's own choice, given back at once.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Fifteen hundred connections and more: as many files as we may open. Children inherit it.
pub fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it fails, servers and generator say so when it matters.
    let _ = setrlimit(Resource::Nofile, limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_stopped_and_its_data_removed_when_it_is_dropped() {
        let folder = env::temp_dir().join(format!("xtask-bench-{}", std::process::id()));
        let data = folder.join("data");
        fs::create_dir_all(&data).unwrap();
        let child = spawn(process::command("sleep").arg("60"), &folder.join("log")).unwrap();
        let id = child.id();
        drop(Running { child, port: 1, data: Some(data.clone()) });
        assert!(!data.exists() && !Path::new(&format!("/proc/{id}")).exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_server_has_the_name_that_it_is_chosen_by() {
        for server in Server::ALL {
            assert_eq!(server.to_possible_value().unwrap().get_name(), server.name());
        }
    }
}
