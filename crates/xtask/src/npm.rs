//! Node, npm, and packages as a lock file has them.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{apt, process, progress, workspace::Workspace};

const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Installs the packages of the `package-lock.json` in a folder, unless they are there; and Node, if it is missing.
pub fn install(workspace: &Workspace, folder: &Path, options: &[&str]) -> Result<()> {
    node(workspace)?;
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let lock: String = Sha256::digest(lock).iter().map(|byte| format!("{byte:02x}")).collect();
    let stamp = folder.join("node_modules/.xtask");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let step = progress::begin("npm packages", "npm ci");
    let mut npm = process::command("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).args(options).current_dir(folder);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    let log = workspace.log("npm");
    if !process::logged("npm ci", &mut npm, &log, LIMIT)?.is_some_and(|status| status.success()) {
        bail!("`npm ci` failed in {}; see {}", folder.display(), log.display());
    }
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(())
}

fn node(workspace: &Workspace) -> Result<()> {
    if process::find("node").is_some() && process::find("npm").is_some() {
        return Ok(());
    }
    if !apt::available() {
        bail!("Node.js is missing; install version 20 or later (https://nodejs.org, or: brew install node)");
    }
    apt::install(workspace, "Node.js", &["nodejs".into(), "npm".into()])
}
