//! The developer commands: `cargo xtask run`, `dev`, `build`, `test`, `fuzz`, `soak`, `bench`, `prepare`.
//!
//! Each does everything that it needs on a machine that has cargo and little else, says what it is doing in short
//! lines, and where it cannot help itself ends with one line that holds the command to type. Nothing is asked, and
//! everything can be run again: what has not changed is not done twice.

mod apt;
mod bench;
mod browser;
mod bundle;
mod cluster;
mod components;
mod dev;
mod dist;
mod fuzz;
mod interrupt;
mod npm;
mod postgres;
mod prepare;
mod process;
mod progress;
mod python;
mod run;
mod site;
mod soak;
mod test;
mod w3c;
mod wasm_toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{dist::Mode, workspace::Workspace};

/// Builds, runs and checks PromptGrimoire.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything and start the server (with its own database, unless DATABASE_URL names one)
    Run {
        /// Quick, unoptimised builds
        #[arg(long)]
        dev: bool,
        /// The address to listen on; the same as the environment variable LISTEN
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Like `run --dev`, and builds and starts again whenever a file changes
    Dev {
        /// The address to listen on; the same as the environment variable LISTEN
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Make target/dist: the server's binary and its site folder beside it, runnable from anywhere
    Build {
        /// Quick, unoptimised builds
        #[arg(long)]
        dev: bool,
    },
    /// Run all checks; the last line is `N passed, N failed`
    Test(test::Options),
    /// Random bytes against all that reads the network's; a finding is a file and how to repeat it
    Fuzz(fuzz::Options),
    /// Write for minutes while the server and Postgres are killed over and over; nothing acknowledged may be lost
    Soak(soak::Options),
    /// Measure, beside others of its kind
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Renew .sqlx, what the compiler knows of our SQL, from a throw-away database with our migrations
    Prepare {
        /// Change nothing; fail if .sqlx is out of date
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            progress::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    interrupt::watch()?;
    let workspace = Workspace::find()?;
    match task {
        Task::Run { dev, listen } => run::run(&workspace, Mode::new(dev), listen.as_deref())?,
        Task::Dev { listen } => dev::run(&workspace, listen.as_deref())?,
        Task::Build { dev } => {
            dist::build(&workspace, Mode::new(dev))?;
        }
        Task::Test(options) => return test::run(&workspace, &options),
        Task::Fuzz(options) => return fuzz::run(&workspace, &options),
        Task::Soak(options) => soak::run(&workspace, &options)?,
        Task::Bench(bench::Bench::Sync(options)) => bench::sync(&workspace, &options)?,
        Task::Bench(bench::Bench::Offline) => bench::offline(&workspace)?,
        Task::Bench(bench::Bench::Page) => bench::page(&workspace)?,
        Task::Bench(bench::Bench::Chat(options)) => bench::chat(&workspace, &options)?,
        Task::Bench(bench::Bench::Search { conversations }) => {
            bench::search(&workspace, conversations, conversations == bench::CONVERSATIONS)?;
        }
        Task::Bench(bench::Bench::Anchors) => bench::anchors(&workspace)?,
        Task::Prepare { check: false } => prepare::renew(&workspace)?,
        Task::Prepare { check: true } => prepare::check(&workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}
