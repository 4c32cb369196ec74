//! `cargo xtask fuzz`: random bytes against what the network can reach, by libFuzzer, on the stable toolchain.
//!
//! The targets are in `crates/fuzz`. Each has a small corpus there, which is only read; what a run finds on its way is
//! kept in cargo's target folder, so that the next run goes on from it.

mod build;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

pub use self::{build::compiler, report::in_the_words_of_libtest};
use crate::{interrupt, process, progress, test, workspace::Workspace};

/// What one input may take: memory in MiB, and seconds.
const LIMITS: [&str; 2] = ["-rss_limit_mb=1024", "-timeout=20"];
/// The longest input, in bytes: enough for each construct many times over.
const MAX_LENGTH: &str = "-max_len=8192";
/// A check says the same of the same commit.
const SEED: &str = "-seed=1";
/// What the check may take beyond its time: reading the corpus on a slow machine.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What to fuzz, and for how long.
#[derive(Debug, Args)]
pub struct Options {
    /// Only this target
    #[arg(value_enum)]
    target: Option<Target>,
    /// How long, for each target
    #[arg(long, value_name = "N", default_value_t = 300)]
    seconds: u64,
    /// Repeat one input, with all that the target says of it
    #[arg(long, value_name = "FILE", requires = "target", conflicts_with = "check")]
    input: Option<PathBuf>,
    /// Add to the kept corpus what earlier runs have found and it does not cover yet
    #[arg(long, conflicts_with_all = ["check", "input"])]
    keep: bool,
    /// As `cargo xtask test` does: the kept corpus, then a number of new inputs for each target that meets a document
    #[arg(long)]
    check: bool,
    /// What the API answers, against its description, instead: so long by somebody, and so long by nobody
    #[arg(long, conflicts_with_all = ["target", "check", "input", "keep"])]
    api: bool,
}

/// A program of `crates/fuzz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Updates of any bytes
    #[value(name = "update")]
    Update,
    /// Updates made by edits, with a few bytes changed
    #[value(name = "rich")]
    Rich,
    /// What somebody makes of another's annotations
    #[value(name = "rules")]
    Rules,
    /// State vectors
    #[value(name = "state_vector")]
    StateVector,
    /// Presence
    #[value(name = "awareness")]
    Awareness,
    /// Messages of the protocol
    #[value(name = "frame")]
    Frame,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Rich => "rich",
            Self::Rules => "rules",
            Self::StateVector => "state_vector",
            Self::Awareness => "awareness",
            Self::Frame => "frame",
        }
    }

    /// How many inputs of its own making a check tries; the other targets are so small that their corpus says it all. A
    /// number and not a time, with the seed, so that a check tries the same on every machine: what is new is sought by
    /// `cargo xtask fuzz`.
    fn runs_of_a_check(self) -> u64 {
        match self {
            Self::Update => 300_000,
            Self::Rich => 15_000,
            Self::Rules => 20_000,
            Self::StateVector | Self::Awareness | Self::Frame => 0,
        }
    }
}

/// Builds the targets and runs them.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if options.api {
        return api(workspace, options.seconds);
    }
    let targets = options.target.map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    let programs = build::targets(workspace)?;
    let fuzzer = Fuzzer { workspace, programs };
    if options.check {
        return fuzzer.check(&targets);
    }
    if let (Some(target), Some(input)) = (options.target, &options.input) {
        process::run(fuzzer.program(target).args(LIMITS).arg(input))?;
        return Ok(ExitCode::SUCCESS);
    }
    for target in targets {
        if options.keep { fuzzer.keep(target)? } else { fuzzer.fuzz(target, options.seconds)? }
    }
    Ok(ExitCode::SUCCESS)
}

/// The same test as in every run (`tests/it/conformance.rs`), for longer and not the same way each time.
fn api(workspace: &Workspace, seconds: u64) -> Result<ExitCode> {
    let mut search = test::integration(workspace)?;
    search.args(["conformance::", "--", "--nocapture"]).env("PROMPTGRIMOIRE_CONFORMANCE_SECONDS", seconds.to_string());
    process::run(&mut search)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the targets are, and what they need.
struct Fuzzer<'a> {
    workspace: &'a Workspace,
    programs: PathBuf,
}

impl Fuzzer<'_> {
    fn program(&self, target: Target) -> Command {
        let mut program = process::command(self.programs.join(target.name()));
        program.env("RUST_BACKTRACE", "1").current_dir(&self.workspace.root);
        program
    }

    fn kept(&self, target: Target) -> PathBuf {
        self.workspace.root.join("crates/fuzz/corpus").join(target.name())
    }

    /// What runs have found on the way; and beside it, where a finding is put.
    fn found(&self, target: Target) -> Result<(PathBuf, PathBuf)> {
        let folder = build::folder(self.workspace);
        let (found, findings) = (folder.join("corpus").join(target.name()), folder.join("findings"));
        for folder in [&found, &findings] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok((found, findings.join(format!("{}-", target.name()))))
    }

    /// Runs a target on inputs of its own making, after the corpus.
    fn fuzz(&self, target: Target, seconds: u64) -> Result<()> {
        let (found, findings) = self.found(target)?;
        let step = progress::begin(target.name(), &format!("fuzzing for {}", progress::seconds(seconds as f64)));
        let mut program = self.program(target);
        program.args(LIMITS).arg(MAX_LENGTH).arg(format!("-max_total_time={seconds}"));
        program.arg(prefix(&findings)).arg(found).arg(self.kept(target));
        let log = self.log(target);
        let status = process::watched(&mut program, &log, None, || {
            if let Some(line) = report::last_pulse(&log) {
                progress::detail(&format!("… {line}"));
            }
        })?;
        if status.is_some_and(|status| status.success()) {
            step.done(&report::last_pulse(&log).unwrap_or_default());
            return Ok(());
        }
        step.failed("a finding");
        bail!(self.finding(target, &log))
    }

    /// The corpus, and a bounded run. What it prints is counted as tests are: one a target.
    fn check(&self, targets: &[Target]) -> Result<ExitCode> {
        let mut failed = Vec::new();
        for &target in targets {
            let passed = self.checked(target)?;
            println!("test {} ... {}", target.name(), if passed { "ok" } else { "FAILED" });
            if !passed {
                println!("{}", self.finding(target, &self.log(target)));
                failed.push(target.name());
            }
        }
        print!("{}", in_the_words_of_libtest(targets.len(), &failed));
        Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn checked(&self, target: Target) -> Result<bool> {
        let (_, findings) = self.found(target)?;
        let kept = self.kept(target);
        if fs::read_dir(&kept).with_context(|| format!("cannot read {}", kept.display()))?.next().is_none() {
            bail!("{} is empty", kept.display());
        }
        let bound = format!("-runs={}", target.runs_of_a_check());
        let mut program = self.program(target);
        program.args(LIMITS).args([MAX_LENGTH, SEED]).arg(bound).arg(prefix(&findings));
        // An empty folder to write to, since the corpus is only read.
        let scratch = build::folder(self.workspace).join("scratch").join(target.name());
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        program.arg(scratch).arg(kept);
        let status = process::watched(&mut program, &self.log(target), Some(PATIENCE), || {})?;
        Ok(status.is_some_and(|status| status.success()))
    }

    /// Adds to the kept corpus as little as covers what was found.
    fn keep(&self, target: Target) -> Result<()> {
        let (found, findings) = self.found(target)?;
        let step = progress::begin(target.name(), "what the kept corpus does not cover");
        let kept = self.kept(target);
        let before = files(&kept);
        let mut merge = self.program(target);
        merge.args(LIMITS).args([MAX_LENGTH, "-set_cover_merge=1"]).arg(prefix(&findings)).arg(&kept).arg(found);
        let status = process::watched(&mut merge, &self.log(target), None, || {})?;
        if !status.is_some_and(|status| status.success()) {
            bail!("the corpus could not be merged; see {}", self.log(target).display());
        }
        step.done(&format!("{} inputs more, {} in all", files(&kept) - before, files(&kept)));
        Ok(())
    }

    fn log(&self, target: Target) -> PathBuf {
        self.workspace.log(&format!("fuzz-{}", target.name()))
    }

    /// What went wrong, where the input is, and what to type.
    fn finding(&self, target: Target, log: &Path) -> String {
        if interrupt::requested() {
            return "interrupted".into();
        }
        let name = target.name();
        match report::finding(log) {
            Some(finding) => format!(
                "{}\n  input: {}\n  again: cargo xtask fuzz {name} --input {}\n  once mended, keep it in {}",
                finding.why,
                finding.input.display(),
                finding.input.display(),
                self.kept(target).display(),
            ),
            None => format!("{name} ended without a finding; see {}", log.display()),
        }
    }
}

fn prefix(findings: &Path) -> String {
    format!("-artifact_prefix={}", findings.display())
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}
