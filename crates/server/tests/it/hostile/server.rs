//! The server as a process of its own: what hostile bytes do to it they do not do to the tests, and its memory is its own.

use std::{fs, process::Stdio, time::Duration};

use server::demo;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::support::test_database::TestDatabase;

/// Nothing takes this long, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running server with the seeded people, over a database of its own.
pub struct Server {
    pub origin: String,
    // Before the database, which cannot be removed while it is used.
    child: Child,
    _database: TestDatabase,
}

impl Server {
    /// Returns when it says that it is ready.
    pub async fn start() -> Server {
        let database = TestDatabase::new().await;
        demo::seed(&database.pool).await.unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_promptgrimoire"));
        // Settings that the person who runs the tests may have for a server of their own.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["PUBLIC_ORIGIN", "LISTEN", "LOG"].contains(&name.as_str()) || name.starts_with("STYTCH_") {
                command.env_remove(name);
            }
        }
        command.args(["serve", "--listen=127.0.0.1:0"]).env("DATABASE_URL", &database.url).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the server does not end before it is ready");
                if let Some(origin) = line.strip_prefix("PromptGrimoire is ready: ") {
                    break origin.to_owned();
                }
            }
        };
        let origin = timeout(PATIENCE, ready).await.expect("the server starts in time");
        // What it says later is read, so that it never waits for us, and shown where the test fails.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                println!("server: {line}");
            }
        });
        Server { origin, child, _database: database }
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Resident memory in KiB, now. `None` where the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory in KiB since [`Server::forget_peak`].
    pub fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    pub fn forget_peak(&self) {
        // Elsewhere there is no such file, and no peak either.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.child.id().unwrap()), "5");
    }

    fn status(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}
