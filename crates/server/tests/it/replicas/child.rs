//! A stock library in a program of its own, which speaks JSON over its standard input and output.

use std::{fs, path::PathBuf, process::Stdio};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command},
};

use super::{PATIENCE, dump::Dump, edits::Edit, installed, replica::Opening};
use crate::support::run;

pub struct Child {
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: PathBuf,
    /// Held: it ends with us.
    _process: tokio::process::Child,
}

impl Child {
    pub async fn open(mut command: Command, program: &str, opening: &Opening) -> Self {
        let stderr = run::scratch("replica").join("stderr");
        let spawned = command
            .arg(installed::programs().join("clients").join(program))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&stderr).unwrap())
            .kill_on_drop(true)
            .spawn();
        let mut process = spawned.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let stdout = BufReader::new(stdout).lines();
        let mut child = Self { stdin, stdout, stderr, _process: process };
        let Opening { server, conversation, token, client, roots, .. } = opening;
        child
            .ask(json!({
                "do": "open", "server": server, "conversation": conversation, "token": token, "client": client,
                "maps": roots.maps, "texts": roots.texts,
            }))
            .await;
        child
    }

    pub async fn edit(&mut self, edit: &Edit) {
        self.ask(json!({"do": "edit", "edit": edit})).await;
    }

    pub async fn dump(&mut self) -> Dump {
        serde_json::from_value(self.ask(json!({"do": "dump"})).await).unwrap()
    }

    /// Gives a command and waits for the answer.
    pub async fn ask(&mut self, command: Value) -> Value {
        let line = format!("{command}\n");
        let answer = async {
            self.stdin.write_all(line.as_bytes()).await.ok()?;
            self.stdout.next_line().await.ok()?
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let said = || fs::read_to_string(&self.stderr).unwrap_or_default();
        match answer {
            Ok(Some(answer)) => match serde_json::from_str(&answer) {
                Ok(Answer::Ok(value)) => value,
                Ok(Answer::Error(error)) => panic!("{command}: {error}\n{}", said()),
                Err(error) => panic!("{command}: {error} in {answer}\n{}", said()),
            },
            Ok(None) => panic!("{command}: the program has ended\n{}", said()),
            Err(_) => panic!("{command}: no answer\n{}", said()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(Value),
    Error(String),
}
