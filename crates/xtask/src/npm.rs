//! Node, npm, and packages as a lock file has them.

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{
    apt, process, progress,
    workspace::{self, Workspace},
};

/// What Playwright wants.
const OLDEST: u32 = 20;

/// Fetched where the system's is older, so that all have the same: a version with long support.
const PINNED: &str = "22.23.3";

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
    if !process::completed("npm ci", &mut npm, &log, LIMIT)? {
        bail!("`npm ci` failed in {}; see {}", folder.display(), log.display());
    }
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(())
}

/// Node and npm on the path, or before it. Debian 12 has Node 18: npm then fetches a newer one, as a package that is a
/// program and nothing else.
fn node(workspace: &Workspace) -> Result<()> {
    if is_good() {
        return Ok(());
    }
    if process::find("npm").is_none() {
        if !apt::available() {
            bail!("Node.js is missing; install version {OLDEST} or later (https://nodejs.org, or: brew install node)");
        }
        apt::install(workspace, "Node.js", &["nodejs".into(), "npm".into()])?;
        if is_good() {
            return Ok(());
        }
    }
    let package = package()?;
    let place = workspace::cache()?.join(format!("node-{PINNED}"));
    let programs = place.join("node_modules").join(&package).join("bin");
    if !programs.join("node").is_file() {
        let step = progress::begin("Node.js", &format!("npm install {package}@{PINNED}"));
        fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        let mut npm = process::command("npm");
        npm.arg("install").arg("--prefix").arg(&place).args([
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ]);
        npm.arg(format!("{package}@{PINNED}"));
        let log = workspace.log("npm-node");
        if !process::completed("npm install", &mut npm, &log, LIMIT)? {
            bail!(
                "Node.js is older than {OLDEST}, and npm cannot fetch a newer one ({}); install one from https://nodejs.org",
                log.display()
            );
        }
        step.done("installed");
    }
    process::prefer(programs);
    if is_good() { Ok(()) } else { bail!("Node.js {PINNED} does not start; install one from https://nodejs.org") }
}

fn is_good() -> bool {
    let asked = process::find("npm").and_then(|_| process::output(process::command("node").arg("--version")).ok());
    asked.is_some_and(|printed| major(&printed).is_some_and(|major| major >= OLDEST))
}

fn major(printed: &str) -> Option<u32> {
    printed.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// As npm names the programs of each system.
fn package() -> Result<String> {
    let system = match env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        other => bail!("Node.js {OLDEST} or later is missing; there is none for {other} on npm"),
    };
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("Node.js {OLDEST} or later is missing; there is none for {other} on npm"),
    };
    Ok(format!("node-{system}-{machine}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read_as_it_prints_it() {
        assert_eq!(major("v18.20.4\n"), Some(18));
        assert_eq!(major("v22.23.3"), Some(22));
        assert_eq!(major("nonsense"), None);
    }
}
