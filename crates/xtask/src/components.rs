//! clippy and rustfmt, which a minimal toolchain lacks.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::{process, workspace::Workspace};

const LIMIT: Duration = Duration::from_secs(180);

/// A part of the toolchain: the cargo command and rustup's name for it.
#[derive(Debug, Clone, Copy)]
pub struct Component(&'static str, &'static str);

/// `cargo clippy`.
pub const CLIPPY: Component = Component("clippy", "clippy");
/// `cargo fmt`.
pub const RUSTFMT: Component = Component("fmt", "rustfmt");

/// Makes sure that the toolchain which compiles the server has it.
pub fn ready(workspace: &Workspace, Component(command, name): Component) -> Result<()> {
    let there = || process::succeeds(process::cargo().args([command, "--version"]).current_dir(&workspace.root));
    if there() {
        return Ok(());
    }
    if process::find("rustup").is_some() {
        let mut rustup = process::command("rustup");
        rustup.args(["component", "add", name]).current_dir(&workspace.root);
        process::logged(name, &mut rustup, &workspace.log("rustup"), LIMIT)?;
        if there() {
            return Ok(());
        }
    }
    bail!("cargo {command} is missing; type: rustup component add {name}")
}
