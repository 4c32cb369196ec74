//! `cargo xtask bench`: measures, beside others of its kind, and writes down what came of it.
//!
//! The load comes from a program of its own, `crates/load`, which also makes the tables. Here the servers are built,
//! installed, started and stopped: a new process for each load, one server at a time, so that the machine is its alone.

mod anchors;
mod chat;
mod peers;
mod search;
mod servers;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::{
    peers::Peers,
    servers::{Place, Server},
};
use crate::{
    browser,
    dist::{self, Mode},
    interrupt, postgres, process, progress,
    workspace::Workspace,
};

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Sync, side by side with Hocuspocus, y-websocket and pycrdt-websocket; a run of all writes docs/BENCHMARKS.md
    Sync(Options),
    /// Without a network: from nothing to readable, and back with a thousand unsent changes; prints the figures
    Offline,
    /// The conversation page on the longest texts, beside @recogito/text-annotator in the same browser; prints a table
    Page,
    /// Replies of models, many at once: what the server adds to each token, and how soon a page shows it; prints tables
    Chat(chat::Options),
    /// Search among ten thousand conversations; writes docs/BENCHMARKS.md, unless there are to be fewer
    Search {
        /// How many
        #[arg(long, default_value_t = CONVERSATIONS)]
        conversations: usize,
    },
    /// How well highlights are found again in edited texts, on a corpus with known truth; writes docs/BENCHMARKS.md
    Anchors,
}

/// What, and how long.
#[derive(Debug, Args)]
pub struct Options {
    /// A few seconds a load instead of thirty
    #[arg(long)]
    quick: bool,
    /// Only these servers
    #[arg(long, value_name = "SERVER", value_enum, value_delimiter = ',')]
    only: Vec<Server>,
    /// Only these loads (`--load list` names them)
    #[arg(long, value_name = "LOAD", value_delimiter = ',')]
    load: Vec<String>,
    /// Write docs/BENCHMARKS.md although it was not all
    #[arg(long)]
    write: bool,
}

/// Runs `end2end/measure.ts` on the release build, and shows what it prints.
pub fn offline(workspace: &Workspace) -> Result<()> {
    dist::build(workspace, Mode::Release)?;
    process::run(&mut browser::playwright(workspace, &["--config=measure.config.ts", "measure.ts"])?)
}

/// Runs `end2end/measure_page.ts` on the release build, and shows what it prints.
pub fn page(workspace: &Workspace) -> Result<()> {
    dist::build(workspace, Mode::Release)?;
    let peers = peers::ready(workspace, false)?;
    let mut playwright = browser::playwright(workspace, &["--config=measure.config.ts", "measure_page.ts"])?;
    process::run(playwright.env("BENCH_PEERS", peers.folder.join("node_modules")))
}

pub use anchors::anchors;
pub use chat::chat;
pub use search::search;

/// Those of a university.
pub const CONVERSATIONS: usize = 10_000;

/// Beside the time that a load takes: opening connections, silence, a slow server.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// A load's name, and the rooms that it needs.
type Load = (String, String);

/// The folder of what a benchmark makes.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("bench")
}

/// Measures all servers under all loads that were asked for, and tells of it.
pub fn sync(workspace: &Workspace, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark reads /proc, which only Linux has");
    let generator = generator(workspace)?;
    let loads = loads(&generator, &options.load)?;
    if options.load == ["list"] {
        loads.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    }
    let servers: Vec<_> =
        Server::ALL.into_iter().filter(|server| options.only.is_empty() || options.only.contains(server)).collect();
    let peers = peers::ready(workspace, servers.contains(&Server::Pycrdt))?;
    let programs = postgres::ready(workspace)?;
    let product = product(workspace)?;
    servers::allow_many_connections();
    let outcomes = folder(workspace).join("outcomes");
    let _ = fs::remove_dir_all(&outcomes);
    fs::create_dir_all(&outcomes).with_context(|| format!("cannot make {}", outcomes.display()))?;
    let bench =
        Sync { workspace, quick: options.quick, generator, peers, place: Place { product, programs }, outcomes };
    let failures = bench.run_all(&servers, &loads)?;
    let is_whole = !options.quick && options.only.is_empty() && options.load.is_empty();
    bench.report(&servers, &failures, is_whole || options.write)
}

/// The release build, or the one that `PROMPTGRIMOIRE_BIN` names, as for the browser's tests.
fn product(workspace: &Workspace) -> Result<PathBuf> {
    match chosen() {
        Some(path) => fs::canonicalize(&path).with_context(|| format!("there is no {}", path.to_string_lossy())),
        None => dist::build(workspace, Mode::Release),
    }
}

fn chosen() -> Option<OsString> {
    env::var_os("PROMPTGRIMOIRE_BIN").filter(|path| !path.is_empty())
}

fn generator(workspace: &Workspace) -> Result<PathBuf> {
    let step = progress::begin("load generator", "compiling what has changed");
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--package=load"]).current_dir(&workspace.root);
    process::run(&mut cargo)?;
    step.done("compiled");
    Ok(workspace.target.join("release/load"))
}

fn loads(generator: &Path, wanted: &[String]) -> Result<Vec<Load>> {
    let list = process::output(process::command(generator).arg("list"))?;
    let all: Vec<Load> =
        list.lines().filter_map(|line| line.split_once(' ')).map(|(name, rooms)| (name.into(), rooms.into())).collect();
    if wanted.is_empty() || wanted == ["list"] {
        return Ok(all);
    }
    if let Some(unknown) = wanted.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        bail!(
            "there is no load {unknown}; there are: {}",
            list.lines().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(all.into_iter().filter(|(name, _)| wanted.contains(name)).collect())
}

/// A benchmark under way.
struct Sync<'a> {
    workspace: &'a Workspace,
    quick: bool,
    generator: PathBuf,
    peers: Peers,
    place: Place,
    outcomes: PathBuf,
}

impl Sync<'_> {
    /// Runs everything; what fails is kept in words and does not keep the rest from running.
    fn run_all(&self, servers: &[Server], loads: &[Load]) -> Result<Vec<String>> {
        let mut failures = Vec::new();
        let total = servers.len() * loads.len();
        for (number, (load, server)) in
            loads.iter().flat_map(|load| servers.iter().map(move |server| (load, server))).enumerate()
        {
            let name = format!("{} with {}", server.name(), load.0);
            let step = progress::start(&format!("{}/{total} {name}", number + 1));
            match self.run(*server, load) {
                Ok(line) => step.done(&line),
                Err(error) => {
                    if interrupt::requested() {
                        return Err(error);
                    }
                    step.failed(&format!("{error:#}"));
                    failures.push(format!("{name}: {error:#}"));
                }
            }
        }
        Ok(failures)
    }

    /// One load on one server, which is started for it and stopped after it.
    fn run(&self, server: Server, (load, rooms): &Load) -> Result<String> {
        let log = self.workspace.log(&format!("bench-{}-{load}", server.name()));
        let mut running = server.start(self.workspace, &self.place, &self.peers, &log)?;
        let mut command = process::command(&self.generator);
        command.args(["run", "--server", server.name(), "--load", load]);
        if server == Server::Ours {
            let prepared = folder(self.workspace).join("rooms.json");
            let mut prepare = process::command(&self.generator);
            prepare.args(["prepare", "--rooms", rooms, "--origin", &running.origin(), "--out"]).arg(&prepared);
            self.generate(&mut prepare, "prepare")?;
            // Anew, so that making the rooms has left no trace in its memory.
            running.restart(&self.place, &log)?;
            command.arg("--rooms").arg(prepared);
        }
        command.args(["--address", &running.address(), "--pid", &running.id().to_string()]);
        command.args(if self.quick { ["--seconds=5", "--warm-up=1"] } else { ["--seconds=30", "--warm-up=3"] });
        command.arg("--node").arg(&self.peers.node).arg("--witness").arg(self.peers.folder.join("witness.mjs"));
        command.arg("--out").arg(self.outcomes.join(format!("{}-{load}.json", server.name())));
        self.generate(&mut command, load)
    }

    /// Runs the generator; returns the last line that it printed.
    fn generate(&self, command: &mut Command, name: &str) -> Result<String> {
        let log = self.workspace.log("bench-generator");
        let status = process::logged(name, command, &log, RUN_LIMIT)?;
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let last = said.lines().last().unwrap_or("the load generator said nothing").to_owned();
        match status {
            Some(status) if status.success() => Ok(last),
            Some(_) => bail!("{last}"),
            None => bail!("not done after {}", progress::seconds(RUN_LIMIT.as_secs_f64())),
        }
    }

    /// Prints the tables, and writes them if they are to be kept.
    fn report(&self, servers: &[Server], failures: &[String], write: bool) -> Result<()> {
        let versions: Value =
            servers.iter().map(|server| (server.name().to_owned(), json!(self.version(*server)))).collect();
        let facts = json!({
            "commit": commit(self.workspace),
            "seconds": if self.quick { 5 } else { 30 },
            "versions": versions,
            "failures": failures,
        });
        let file = folder(self.workspace).join("facts.json");
        fs::write(&file, facts.to_string())?;
        let mut report = process::command(&self.generator);
        report.arg("report").arg("--outcomes").arg(&self.outcomes).arg("--facts").arg(file);
        let document = self.workspace.root.join("docs/BENCHMARKS.md");
        if write {
            report.arg("--document").arg(&document);
        }
        process::run(&mut report)?;
        if write {
            progress::note("bench", &format!("written to {}", document.display()));
        }
        Ok(())
    }

    fn version(&self, server: Server) -> String {
        match server {
            Server::Ours => format!("{}, release build, its own Postgres as it comes", commit(self.workspace)),
            other => self.peers.version(other),
        }
    }
}

/// Puts what was measured into its place in docs/BENCHMARKS.md.
fn write_down(workspace: &Workspace, name: &str, measured: &str) -> Result<()> {
    let (begin, end) =
        (format!("<!-- {name}: written by `cargo xtask bench {name}` -->"), format!("<!-- end of {name} -->"));
    let path = workspace.root.join("docs/BENCHMARKS.md");
    let document = fs::read_to_string(&path)?;
    let parts = document.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.with_context(|| format!("docs/BENCHMARKS.md has no place for {name}"))?;
    Ok(fs::write(&path, format!("{before}{begin}\n\n{measured}\n\n{end}{after}"))?)
}

fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| {
        process::output(process::command("git").args(arguments).current_dir(&workspace.root)).unwrap_or_default()
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    let more =
        if git(&["status", "--porcelain", "--", "crates", "Cargo.lock"]).is_empty() { "" } else { " and changes" };
    let other = if chosen().is_some() { " (the server itself: the build that PROMPTGRIMOIRE_BIN named)" } else { "" };
    format!("{}{more}{other}", commit.trim())
}
