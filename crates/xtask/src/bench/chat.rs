//! Replies of models, many at once: what the server adds to them, and how soon a page shows them.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::servers::{self, Place, Running};
use crate::{browser, postgres, process, progress, workspace::Workspace};

/// Chats of one person, as the generator has them.
const CHATS_A_PERSON: usize = 4;

/// Making people, beginning chats, and the time that is counted, twice.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How much, and how long.
#[derive(Debug, Args)]
pub struct Options {
    /// Replies at once
    #[arg(long, default_value_t = 200)]
    streams: usize,
    /// Seconds that are counted
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Leave the browser out
    #[arg(long)]
    no_browser: bool,
    /// Write docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
}

/// Measures, prints tables, and writes them if they are to be kept.
pub fn chat(workspace: &Workspace, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark reads /proc, which only Linux has");
    ensure!(!(options.write && options.no_browser), "without the browser it is not all that the page tells");
    let generator = super::generator(workspace)?;
    let place = Place { programs: postgres::ready(workspace)?, product: super::product(workspace)? };
    servers::allow_many_connections();
    let folder = super::folder(workspace).join("chat");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let bench = Chat { workspace, options, generator, place, folder, model: servers::free_port()? };
    let outcome = bench.streams()?;
    if options.no_browser {
        return Ok(());
    }
    let page = bench.page()?;
    let mut report = process::command(&bench.generator);
    report.arg("chat-report").arg("--outcome").arg(outcome).arg("--browser").arg(page);
    report.args(["--commit", &super::commit(workspace)]);
    let document = workspace.root.join("docs/BENCHMARKS.md");
    if options.write {
        report.arg("--document").arg(&document);
    }
    process::run(&mut report)?;
    if options.write {
        progress::note("bench", &format!("written to {}", document.display()));
    }
    Ok(())
}

struct Chat<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    generator: PathBuf,
    place: Place,
    folder: PathBuf,
    /// Where the model listens.
    model: u16,
}

impl Chat<'_> {
    /// A server of its own, which knows the model.
    fn server(&self, name: &str) -> Result<Running> {
        let log = self.workspace.log(&format!("bench-chat-{name}"));
        let settings = [
            ("OPENAI_BASE_URL", format!("http://127.0.0.1:{}/v1", self.model)),
            ("OPENAI_MODEL", "bench".to_owned()),
            ("MODEL_TOKENS_PER_DAY", "1000000000000".to_owned()),
        ];
        let running = servers::start_ours_with(self.workspace, &self.place, &settings, &log)?;
        running.wait()?;
        Ok(running)
    }

    /// People with a link each, to sign in by: nobody has more than a few replies written at once.
    fn links(&self, running: &Running) -> Result<PathBuf> {
        let count = self.options.streams.div_ceil(CHATS_A_PERSON);
        let mut links = String::new();
        for number in 0..count {
            let address = format!("reader-{number}@bench.invalid");
            process::output(self.admin(running)?.args(["add-user", &address]))?;
            let said = process::output(self.admin(running)?.args(["sign-in-link", &address]))?;
            links += said.lines().last().context("no link was made")?;
            links.push('\n');
        }
        let file = self.folder.join("links");
        fs::write(&file, links).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }

    /// The server's command line; what it is to do is to be added.
    fn admin(&self, running: &Running) -> Result<Command> {
        let mut command = process::command(&self.place.product);
        running.lend(&mut command, &self.place)?;
        command.arg("admin");
        Ok(command)
    }

    fn place(&self, command: &str, running: &Running, links: &Path, streams: usize) -> Command {
        let mut generator = process::command(&self.generator);
        generator.args([command, "--origin", &running.origin(), "--links"]).arg(links);
        generator.args(["--model", &format!("127.0.0.1:{}", self.model), "--streams", &streams.to_string()]);
        generator
    }

    /// Many streams, without a browser.
    fn streams(&self) -> Result<PathBuf> {
        let Options { streams, seconds, .. } = self.options;
        let step = progress::start(&format!("{streams} replies at once, {seconds} s, twice"));
        let running = self.server("streams")?;
        let links = self.links(&running)?;
        let out = self.folder.join("outcome.json");
        let mut measure = self.place("chat", &running, &links, *streams);
        measure.args(["--pid", &running.id().to_string(), "--seconds", &seconds.to_string(), "--out"]).arg(&out);
        let log = self.workspace.log("bench-generator");
        let status = process::logged("chat", &mut measure, &log, LIMIT)?;
        let said = fs::read_to_string(&log)?;
        let last = said.lines().last().unwrap_or("the generator said nothing").to_owned();
        match status {
            Some(status) if status.success() => step.done(&last),
            _ => bail!("{last}"),
        }
        Ok(out)
    }

    /// One page that shows a reply, alone and while the others are written.
    fn page(&self) -> Result<PathBuf> {
        let Options { streams, seconds, .. } = self.options;
        let out = self.folder.join("browser.json");
        let running = self.server("page")?;
        let links = self.links(&running)?;
        for (name, streams) in
            [("alone", 0), (&*format!("while {streams} other replies are written and read"), *streams)]
        {
            let crowd = Crowd::begin(&mut self.place("crowd", &running, &links, streams))?;
            let mut playwright =
                browser::playwright(self.workspace, &["--config=measure.config.ts", "measure_chat.ts"])?;
            playwright.env("BENCH_ORIGIN", running.origin()).env("BENCH_NAME", name).env("BENCH_OUT", &out);
            process::run(playwright.env("BENCH_SECONDS", seconds.to_string()))?;
            crowd.end()?;
        }
        Ok(out)
    }
}

/// Replies that are written and read until it is ended.
struct Crowd(Child);

impl Crowd {
    fn begin(command: &mut Command) -> Result<Self> {
        let mut child = process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let said = child.stdout.take().context("it was started with a pipe")?;
        let crowd = Self(child);
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        ensure!(line.trim() == "streaming", "the generator has not begun");
        Ok(crowd)
    }

    fn end(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        let status = self.0.wait()?;
        ensure!(status.success(), "the generator failed");
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        process::stop(&mut self.0);
    }
}
