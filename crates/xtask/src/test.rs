//! `cargo xtask test`: everything that must hold before a change is taken in.
//!
//! A failing step does not keep the next from running, so that one run shows all that is wrong. Tests are counted one
//! by one; a step that is not a test run (formatting, clippy, a build) counts as one.

mod libtest;
mod playwright;
pub mod steps;

use std::{fs, path::Path, process::ExitCode, time::Duration};

use anyhow::{Result, bail};
use clap::Args;

use self::steps::Counting;
pub use self::steps::{Step, integration};
use crate::{interrupt, process, progress, workspace::Workspace};

/// Longer than any step on a slow machine from nothing; a hanging test must not hang the whole run.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Which steps.
#[derive(Debug, Args)]
pub struct Options {
    /// Leave the tests in a real browser out
    #[arg(long)]
    no_browser: bool,
    /// Only this step; may be given several times
    #[arg(long, value_name = "STEP", value_enum)]
    only: Vec<Step>,
}

impl Options {
    fn steps(&self) -> Vec<Step> {
        let wanted = |step: &Step| {
            (self.only.is_empty() || self.only.contains(step)) && !(self.no_browser && *step == Step::Browser)
        };
        Step::ALL.into_iter().filter(wanted).collect()
    }
}

/// What one or more steps came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Outcome {
    passed: u64,
    failed: u64,
    /// The tests that failed.
    names: Vec<String>,
    /// The tests that passed only when tried again.
    flaky: Vec<String>,
}

impl Outcome {
    fn one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), ..Self::default() }
    }

    /// A program that failed without a failing test (it did not compile, it crashed) is a failure too, and so is a
    /// test run without tests.
    fn with_status(mut self, succeeded: bool) -> Self {
        if self.failed == 0 && (!succeeded || self.passed == 0) {
            self.failed = 1;
        }
        self
    }
}

/// Runs the steps. The last line is the count.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let (mut passed, mut failed) = (0, 0);
    let mut built = true;
    for step in options.steps() {
        if step == Step::Browser && !built {
            progress::note(step.name(), "not run, there is no build");
            continue;
        }
        let outcome = perform(workspace, step);
        if interrupt::requested() {
            bail!("interrupted");
        }
        built = built && !(step == Step::Build && outcome.failed > 0);
        passed += outcome.passed;
        failed += outcome.failed;
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one step and says what came of it.
fn perform(workspace: &Workspace, step: Step) -> Outcome {
    let progress = progress::begin(step.name(), step.doing());
    let log = workspace.log(step.name());
    match attempt(workspace, step, &log) {
        Ok(outcome) => {
            let summary = summary(step, &outcome);
            if outcome.failed == 0 {
                progress.done(&summary);
            } else {
                progress.failed(&summary);
                process::tail(&log);
            }
            outcome.names.iter().for_each(|name| progress::detail(&format!("failed: {name}")));
            outcome.flaky.iter().for_each(|name| progress::detail(&format!("passed only when tried again: {name}")));
            outcome
        }
        Err(error) => {
            if !interrupt::requested() {
                progress.failed(&format!("{error:#}"));
            }
            Outcome::one(false)
        }
    }
}

fn attempt(workspace: &Workspace, step: Step, log: &Path) -> Result<Outcome> {
    let mut command = step.command(workspace)?;
    let report = workspace.log(step.name()).with_extension("json");
    let _ = fs::remove_file(&report);
    command.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    let Some(status) = process::logged(step.name(), &mut command, log, LIMIT)? else {
        bail!("stopped after {}; see {}", progress::seconds(LIMIT.as_secs_f64()), log.display());
    };
    Ok(match step.counting() {
        Counting::Once => Outcome::one(status.success()),
        Counting::Libtest => {
            let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
            libtest::count(&text).with_status(status.success())
        }
        Counting::Playwright => {
            let text = fs::read_to_string(&report).unwrap_or_default();
            playwright::count(&text).with_status(status.success())
        }
    })
}

fn summary(step: Step, outcome: &Outcome) -> String {
    match (step.counting(), outcome.failed) {
        (Counting::Once, 0) => "passed".into(),
        (Counting::Once, _) => "failed".into(),
        _ => format!("{} passed, {} failed", outcome.passed, outcome.failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_crashes_or_holds_no_test_is_a_failure() {
        assert_eq!(Outcome { passed: 3, ..Outcome::default() }.with_status(true).failed, 0);
        assert_eq!(Outcome { passed: 3, ..Outcome::default() }.with_status(false).failed, 1);
        assert_eq!(Outcome::default().with_status(true).failed, 1);
        assert_eq!(Outcome { failed: 2, ..Outcome::default() }.with_status(false).failed, 2);
    }

    #[test]
    fn the_browser_can_be_left_out_and_a_step_can_be_run_alone() {
        let all = Options { no_browser: false, only: Vec::new() };
        assert_eq!(all.steps(), Step::ALL);
        let without = Options { no_browser: true, only: Vec::new() };
        assert_eq!(without.steps(), Step::ALL[..Step::ALL.len() - 1]);
        let two = Options { no_browser: false, only: vec![Step::Build, Step::Fmt] };
        assert_eq!(two.steps(), [Step::Fmt, Step::Build]);
    }
}
