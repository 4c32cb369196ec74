//! What the browser tests need: Chromium, Node and the npm packages of `end2end`.

use std::{env, fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{apt, dist, npm, process, progress, test::steps, workspace::Workspace};

const LIMIT: Duration = Duration::from_secs(20 * 60);
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Finds Chromium, or gets it. The packages of `end2end` are there.
pub fn ready(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("CHROMIUM_PATH").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(chosen);
        if !path.is_file() {
            bail!("CHROMIUM_PATH is {}, and there is no such program", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = installed() {
        return Ok(path);
    }
    if let Err(why) = from_debian(workspace) {
        progress::detail(&format!("{why:#}"));
    }
    match installed() {
        Some(path) => Ok(path),
        None => from_playwright(workspace),
    }
}

/// Node, npm and the packages of `end2end`, as its lock file has them.
pub fn packages(workspace: &Workspace) -> Result<()> {
    npm::install(workspace, &workspace.root.join("end2end"), &[])
}

/// Playwright on the product that was built, with all that it needs.
pub fn playwright(workspace: &Workspace, arguments: &[&str]) -> Result<Command> {
    packages(workspace)?;
    let browser = ready(workspace)?;
    let folder = workspace.root.join("end2end");
    let mut playwright = process::command(folder.join("node_modules/.bin/playwright"));
    playwright
        .arg("test")
        .args(arguments)
        .current_dir(folder)
        .env("PROMPTGRIMOIRE_BIN", workspace.dist().join(dist::BINARY))
        .env("CHROMIUM_PATH", browser);
    Ok(playwright)
}

/// All journeys.
pub fn journeys(workspace: &Workspace) -> Result<Command> {
    let mut playwright = playwright(workspace, &["--reporter=list,json"])?;
    playwright.env("PROMPTGRIMOIRE_STAND_INS", stand_ins(workspace)?);
    Ok(playwright)
}

/// The program that stands in for those whom the product asks. The integration tests have compiled all of it.
fn stand_ins(workspace: &Workspace) -> Result<PathBuf> {
    let step = progress::start("stand-ins");
    let mut cargo = steps::example("stand_ins");
    cargo.current_dir(&workspace.root);
    let log = workspace.log("stand-ins");
    if !process::completed("stand-ins", &mut cargo, &log, LIMIT)? {
        bail!("the stand-ins for the browser tests cannot be built: {}", log.display());
    }
    step.done("built");
    Ok(workspace.target.join("debug/examples/stand_ins"))
}

/// Letters that the tests print, and that a bare system has no font for.
pub fn fonts(workspace: &Workspace) {
    let fonts = ["fonts-noto-color-emoji", "fonts-wqy-microhei"].map(String::from);
    if !apt::available() || fonts.iter().all(|font| apt::installed(font)) {
        return;
    }
    apt::refresh(workspace);
    if let Err(why) = apt::install(workspace, "fonts", &fonts) {
        progress::detail(&format!("{why:#}"));
    }
}

fn installed() -> Option<PathBuf> {
    let mac = MAC.iter().map(PathBuf::from).find(|path| path.is_file());
    NAMES.iter().find_map(|name| process::find(name)).or(mac)
}

/// Where `chromium` is a real package. On Ubuntu it is a snap in disguise, which containers cannot run.
fn from_debian(workspace: &Workspace) -> Result<()> {
    if !apt::available() || !is_debian(&fs::read_to_string("/etc/os-release").unwrap_or_default()) {
        return Ok(());
    }
    if apt::description("chromium").is_none() {
        apt::refresh(workspace);
    }
    apt::install(workspace, "Chromium", &["chromium".into(), "fonts-liberation".into()])
}

fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim() == "ID=debian")
}

fn from_playwright(workspace: &Workspace) -> Result<PathBuf> {
    let step = progress::start("Chromium");
    let mut npx = process::command("npx");
    npx.args(["playwright", "install", "chromium"]).current_dir(workspace.root.join("end2end"));
    if rustix::process::geteuid().is_root() {
        npx.arg("--with-deps");
    }
    let log = workspace.log("chromium");
    if !process::completed("Chromium", &mut npx, &log, LIMIT)? {
        bail!(
            "Chromium is missing and Playwright could not fetch it ({}); install it and set CHROMIUM_PATH, \
             or leave the browser out: cargo xtask test --no-browser",
            log.display()
        );
    }
    let mut node = process::command("node");
    node.args(["--print", "require('playwright-core').chromium.executablePath()"]);
    let told = node.current_dir(workspace.root.join("end2end")).output().context("Node.js cannot be started")?;
    let path = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    if !path.is_file() {
        bail!("Playwright says that its Chromium is {}, and there is no such program", path.display());
    }
    step.done("Playwright's");
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_told_from_what_descends_from_it() {
        assert!(is_debian("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"));
        assert!(!is_debian("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n"));
    }
}
