//! `cargo xtask soak`: the ledger of the kill test (`crates/server/tests/it/ledger`), much longer and on a release build.

use std::fs;

use anyhow::{Context, Result};
use clap::Args;

use crate::{postgres, process, progress, workspace::Workspace};

/// How long.
#[derive(Debug, Args)]
pub struct Options {
    /// Edits to be acknowledged
    #[arg(long, default_value_t = 200_000)]
    edits: u64,
    /// Kills of the server, during the first three quarters
    #[arg(long, default_value_t = 20)]
    kills: u64,
    /// Repeats the choices of an earlier run, which has printed it
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs it, its progress shown. The last lines are the summary; an error if anything that was acknowledged is lost.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    postgres::ready(workspace)?;
    let step = progress::begin("soak", "compiling what has changed (release), then writing and killing");
    let summary = workspace.scratch().join("soak.txt");
    fs::create_dir_all(workspace.scratch())?;
    let _ = fs::remove_file(&summary);
    let mut soak = process::cargo();
    soak.args(["test", "--release", "--package=server", "--test=it", "--"])
        .args(["--ignored", "--exact", "ledger::soak::soak", "--nocapture"])
        .current_dir(&workspace.root)
        .env("SOAK_EDITS", options.edits.to_string())
        .env("SOAK_KILLS", options.kills.to_string())
        .env("SOAK_SUMMARY", &summary);
    if let Some(seed) = options.seed {
        soak.env("LEDGER_SEED", seed.to_string());
    }
    process::run(&mut soak)?;
    let summary = fs::read_to_string(summary).context("the soak has not said what came of it")?;
    summary.lines().for_each(progress::detail);
    step.done("nothing lost");
    Ok(())
}
