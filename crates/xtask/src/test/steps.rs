//! The steps of `cargo xtask test`, cheap ones first.

use std::{env, process::Command};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::{
    browser, components, fuzz, postgres, process, python, w3c,
    wasm_toolchain::{self, TARGET},
    workspace::Workspace,
};

/// What is compiled for the server and beside it. `app` needs one of its two features, and the other is for the browser, which is why
/// nothing here is `--workspace`.
const NATIVE: [&str; 5] =
    ["--package=server", "--package=shared", "--package=load", "--package=app", "--features=app/ssr"];
const STRICT: [&str; 3] = ["--", "--deny", "warnings"];

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Formatting
    Fmt,
    /// Lints of the server's half
    Clippy,
    /// Lints of the browser's half
    ClippyWasm,
    /// Lints of the developer commands and the fuzz targets
    ClippyXtask,
    /// The documentation builds, and its links lead somewhere
    Doc,
    /// Unit, property, integration and documentation tests
    Test,
    /// Tests of the developer commands
    TestXtask,
    /// The committed descriptions of our SQL are those of our migrations
    Sqlx,
    /// Hostile bytes: the kept ones, and a bounded run of new ones
    Fuzz,
    /// The release build
    Build,
    /// Journeys in a real browser, on the release build
    Browser,
}

/// How a step's result is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// As one check.
    Once,
    /// By the lines of Rust's test harness.
    Libtest,
    /// By Playwright's report.
    Playwright,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Clippy,
        Self::ClippyWasm,
        Self::ClippyXtask,
        Self::Doc,
        Self::Test,
        Self::TestXtask,
        Self::Sqlx,
        Self::Fuzz,
        Self::Build,
        Self::Browser,
    ];

    /// As `--only` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::ClippyXtask => "clippy-xtask",
            Self::Doc => "doc",
            Self::Test => "test",
            Self::TestXtask => "test-xtask",
            Self::Sqlx => "sqlx",
            Self::Fuzz => "fuzz",
            Self::Build => "build",
            Self::Browser => "browser",
        }
    }

    /// For a person who waits for it.
    pub fn doing(self) -> &'static str {
        match self {
            Self::Fmt => "formatting",
            Self::Clippy => "lints of the server's half",
            Self::ClippyWasm => "lints of the browser's half",
            Self::ClippyXtask => "lints of these commands and the fuzz targets",
            Self::Doc => "documentation",
            Self::Test => "unit, property, integration and documentation tests",
            Self::TestXtask => "tests of these commands",
            Self::Sqlx => "the committed .sqlx against the migrations",
            Self::Fuzz => "hostile bytes, kept and new",
            Self::Build => "release build",
            Self::Browser => "journeys in a real browser",
        }
    }

    /// How its result is counted.
    pub fn counting(self) -> Counting {
        match self {
            Self::Test | Self::TestXtask | Self::Fuzz => Counting::Libtest,
            Self::Browser => Counting::Playwright,
            _ => Counting::Once,
        }
    }

    /// The program to run; what it needs is installed on the way.
    pub fn command(self, workspace: &Workspace) -> Result<Command> {
        let mut command = match self {
            Self::Fmt => {
                components::ready(workspace, components::RUSTFMT)?;
                // Told apart: rustfmt colours its differences even in a file.
                cargo(&["fmt", "--all", "--check", "--", "--color=never"])
            }
            Self::Clippy => {
                components::ready(workspace, components::CLIPPY)?;
                with(with(cargo(&["clippy", "--all-targets"]), &NATIVE), &STRICT)
            }
            Self::ClippyWasm => {
                components::ready(workspace, components::CLIPPY)?;
                let clippy = wasm_toolchain::ready(workspace)?.clippy();
                with(with(clippy, &["--package=app", "--features=hydrate", "--target", TARGET]), &STRICT)
            }
            Self::ClippyXtask => {
                components::ready(workspace, components::CLIPPY)?;
                fuzz::compiler(workspace)?;
                with(cargo(&["clippy", "--package=xtask", "--package=fuzz", "--all-targets"]), &STRICT)
            }
            Self::Doc => {
                let mut doc = with(cargo(&["doc", "--no-deps"]), &NATIVE);
                doc.env("RUSTDOCFLAGS", "--deny warnings");
                doc
            }
            Self::Test => {
                postgres::ready(workspace)?;
                let mut test = with(cargo(&["test", "--no-fail-fast"]), &NATIVE);
                stock_clients(workspace, &mut test)?;
                test
            }
            Self::TestXtask => cargo(&["test", "--package=xtask"]),
            Self::Sqlx => ourselves(&["prepare", "--check"])?,
            Self::Fuzz => ourselves(&["fuzz", "--check"])?,
            Self::Build => ourselves(&["build"])?,
            Self::Browser => return browser::journeys(workspace),
        };
        command.current_dir(&workspace.root);
        Ok(command)
    }
}

/// The integration tests of the server alone, with what they need.
pub fn integration(workspace: &Workspace) -> Result<Command> {
    postgres::ready(workspace)?;
    let mut test = cargo(&["test", "--package=server", "--test=it"]);
    stock_clients(workspace, &mut test)?;
    test.current_dir(&workspace.root);
    Ok(test)
}

/// Builds an example of the server: with the packages of [`Step::Test`], or cargo unites other features and compiles it anew.
pub fn example(name: &str) -> Command {
    with(cargo(&["build", "--example", name]), &NATIVE)
}

fn cargo(arguments: &[&str]) -> Command {
    with(process::cargo(), arguments)
}

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

/// Another of these commands, as a program of its own, so that its output has a log.
fn ourselves(arguments: &[&str]) -> Result<Command> {
    let program = env::current_exe().context("where this program is")?;
    let mut command = with(process::command(program), arguments);
    // Kept for the one below: which cargo it is that we work with.
    if let Some(cargo) = env::var_os("CARGO") {
        command.env("CARGO", cargo);
    }
    Ok(command)
}

/// The integration tests start these programs, and say which command to type where they are not told of them.
fn stock_clients(workspace: &Workspace, test: &mut Command) -> Result<()> {
    browser::packages(workspace)?;
    browser::fonts(workspace);
    test.env("CHROMIUM_PATH", browser::ready(workspace)?);
    test.env("PROMPTGRIMOIRE_TEST_NODE", process::find("node").context("Node.js is not on the path")?);
    let python = python::with_packages(workspace, "clients", &workspace.root.join("end2end/clients/requirements.txt"))?;
    test.env("PROMPTGRIMOIRE_TEST_PYTHON", python.program);
    if let Some(schemas) = w3c::schemas(workspace) {
        test.env("PROMPTGRIMOIRE_TEST_W3C", schemas);
    }
    match python.path {
        Some(path) => test.env("PROMPTGRIMOIRE_TEST_PYTHONPATH", path),
        None => test.env_remove("PROMPTGRIMOIRE_TEST_PYTHONPATH"),
    };
    Ok(())
}
