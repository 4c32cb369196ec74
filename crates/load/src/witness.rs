use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    delays::Delays,
    outcome::Witnessed,
    target::{Kind, Target},
};

const ANSWER: Duration = Duration::from_secs(60);
/// How long a witness may lag behind what our own clients have heard already.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the witness looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// What is written into the document.
    Edits,
    /// The presence of others.
    Presence,
}

/// A stock client in a process of its own: the npm package y-websocket, or Hocuspocus's provider, with a real Yjs
/// document. It counts what it sees and how long that took, by the same clock.
pub struct Witness {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

#[derive(Deserialize)]
struct Report {
    seen: u64,
    delays: Vec<u64>,
}

impl Witness {
    /// Starts it and returns once it is synchronised with the first room. `script` stands beside its packages.
    pub async fn start(node: &Path, script: &Path, target: &Target, subject: Subject) -> Result<Self> {
        let settings = json!({
            "provider": if target.kind == Kind::Hocuspocus { "hocuspocus" } else { "y-websocket" },
            "url": target.url(),
            "room": target.room(0)?,
            "token": target.token(),
            "subject": if subject == Subject::Edits { "edits" } else { "presence" },
        });
        let mut command = Command::new(node);
        command.arg(script).arg(settings.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("cannot start {}", node.display()))?;
        let orders = process.stdin.take().context("the witness has no ears")?;
        let answers = BufReader::new(process.stdout.take().context("the witness has no mouth")?).lines();
        let mut witness = Self { process, orders, answers };
        match witness.answer().await?.as_str() {
            "ready" => Ok(witness),
            other => bail!("the witness said: {other}"),
        }
    }

    /// What it saw of `sent` messages; waits a while for those that are on their way.
    pub async fn report(mut self, sent: u64) -> Result<Witnessed> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.order("report").await?;
            let report: Report = serde_json::from_str(&self.answer().await?)?;
            if report.seen >= sent || Instant::now() >= deadline {
                let mut delays = Delays::default();
                report.delays.iter().for_each(|delay| delays.add(*delay));
                let _ = self.process.kill().await;
                return Ok(Witnessed { sent, seen: report.seen, delays: delays.summary() });
            }
            // It is another process, and this is how it is asked.
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn order(&mut self, order: &str) -> Result<()> {
        Ok(self.orders.write_all(format!("{order}\n").as_bytes()).await?)
    }

    async fn answer(&mut self) -> Result<String> {
        let line = timeout(ANSWER, self.answers.next_line()).await.context("the witness says nothing")??;
        line.context("the witness has ended")
    }
}
