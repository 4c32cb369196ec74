//! The targets, built with the counters that tell libFuzzer where an input has been.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{apt, process, progress, workspace::Workspace};

/// What `cargo fuzz` gives to a nightly compiler, without the sanitizer that only that has: edges are counted, and
/// comparisons are shown so that their other side can be guessed.
const FLAGS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "--cfg=fuzzing",
];

/// A folder of its own: with other flags everything is compiled anew.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}

/// Builds all targets. Returns the folder of their programs.
pub fn targets(workspace: &Workspace) -> Result<PathBuf> {
    compiler(workspace)?;
    let host = host()?;
    let step = progress::begin("fuzz targets", "building");
    let mut build = process::cargo();
    // With a target named, build scripts and macros are compiled without the flags: they link no fuzzer.
    build.args(["build", "--quiet", "--package=fuzz", "--bins", "--profile=fuzz", "--target", &host]);
    build.arg("--target-dir").arg(folder(workspace));
    build.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")).current_dir(&workspace.root);
    process::run(&mut build)?;
    step.done("built");
    Ok(folder(workspace).join(host).join("fuzz"))
}

/// libFuzzer is C++ and comes as source.
pub fn compiler(workspace: &Workspace) -> Result<()> {
    let there = || std::env::var_os("CXX").is_some() || process::find("c++").is_some();
    if there() {
        return Ok(());
    }
    if apt::available() {
        if apt::description("g++").is_none() {
            apt::refresh(workspace);
        }
        apt::install(workspace, "a C++ compiler", &["g++".to_owned()])?;
    }
    if there() { Ok(()) } else { bail!("a C++ compiler is missing; type: {}", apt::to_type(&["g++".to_owned()])) }
}

/// The triple of this machine.
fn host() -> Result<String> {
    let version = process::output(process::command(process::rustc()).arg("-vV"))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say what it runs on")?.to_owned())
}
