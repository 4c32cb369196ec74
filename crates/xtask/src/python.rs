//! Python with packages from PyPI (pycrdt, a stock client that tests run), in a folder of our own: nothing of the
//! system's is changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{apt, process, progress, workspace::Workspace};

const LIMIT: Duration = Duration::from_secs(20 * 60);
/// pycrdt's own demand.
const OLDEST: (u32, u32) = (3, 11);
const NAMES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
const DEBIAN: [&str; 2] = ["python3", "python3-venv"];

/// A Python that finds the packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// What to start.
    pub program: PathBuf,
    /// What to set `PYTHONPATH` to, where the packages are not the program's own.
    pub path: Option<PathBuf>,
}

/// Python with the packages of a requirements file; both are installed if they are missing and we may.
pub fn with_packages(workspace: &Workspace, name: &str, requirements: &Path) -> Result<Python> {
    let system = system(workspace)?;
    let wanted = fs::read(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let version = process::output(process::command(&system).arg("-VV"))?;
    let digest = Sha256::new().chain_update(wanted).chain_update(system.as_os_str().as_encoded_bytes());
    let made_from: String = digest.chain_update(version).finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = workspace.scratch().join("python").join(name);
    let stamp = folder.join(".xtask");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == made_from) {
        return Ok(python(system, &folder));
    }
    let step = progress::begin("Python packages", "pip install");
    install(workspace, &system, &folder, requirements)?;
    fs::write(&stamp, made_from).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(python(system, &folder))
}

fn python(system: PathBuf, folder: &Path) -> Python {
    let own = environment(folder).join("bin/python");
    if own.exists() {
        Python { program: own, path: None }
    } else {
        Python { program: system, path: Some(packages(folder)) }
    }
}

/// As venv makes it.
fn environment(folder: &Path) -> PathBuf {
    folder.join("venv")
}

/// Where Python's venv is missing (on Debian it is a package of its own), pip alone will do.
fn packages(folder: &Path) -> PathBuf {
    folder.join("packages")
}

/// The person's choice, or the first on the path that is new enough.
fn system(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("PYTHON").filter(|path| !path.is_empty()) {
        let chosen = PathBuf::from(chosen);
        return match version_of(&chosen) {
            Some(version) if version >= OLDEST => Ok(chosen),
            Some((major, minor)) => {
                bail!("PYTHON is {}, which is {major}.{minor}; pycrdt needs 3.11 or later", chosen.display())
            }
            None => bail!("PYTHON is {}, and there is no such program", chosen.display()),
        };
    }
    if let Some(found) = found() {
        return Ok(found);
    }
    if process::find("python3").is_none() && apt::available() {
        apt::install(workspace, "Python", &DEBIAN.map(Into::into))?;
    }
    found().context(
        "Python 3.11 or later is missing; install it (https://www.python.org, or: brew install python) and set PYTHON \
         to it, if it is not on the path",
    )
}

fn found() -> Option<PathBuf> {
    let on_path = NAMES.iter().filter_map(|name| process::find(name));
    on_path.into_iter().find(|path| version_of(path).is_some_and(|version| version >= OLDEST))
}

fn version_of(program: &Path) -> Option<(u32, u32)> {
    let print = "import sys; print('%d.%d' % sys.version_info[:2])";
    version(&process::output(process::command(program).args(["-c", print])).ok()?)
}

fn version(printed: &str) -> Option<(u32, u32)> {
    let (major, minor) = printed.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn install(workspace: &Workspace, system: &Path, folder: &Path, requirements: &Path) -> Result<()> {
    // Half an installation, or one of another Python.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if !has_environment(workspace, system, folder)? && !process::succeeds(&mut pip(system, &["--version"])) {
        if !apt::available() || !system.starts_with("/usr/bin") {
            bail!("{} has neither venv nor pip; type: {} -m ensurepip --user", system.display(), system.display());
        }
        apt::install(workspace, "Python's venv", &DEBIAN.map(Into::into))?;
        if !has_environment(workspace, system, folder)? {
            bail!("{} cannot make an environment; see {}", system.display(), workspace.log("venv").display());
        }
    }
    let own = environment(folder).join("bin/python");
    let mut pip = if own.exists() {
        pip(&own, &["install", "--no-input", "--requirement"])
    } else {
        let mut pip = pip(system, &["install", "--no-input", "--target"]);
        pip.arg(packages(folder)).arg("--requirement");
        pip
    };
    let log = workspace.log("pip");
    if !process::completed("pip install", pip.arg(requirements), &log, LIMIT)? {
        bail!("`{}` failed; see {}", process::spoken(&pip), log.display());
    }
    Ok(())
}

/// Makes an environment, if this Python can.
fn has_environment(workspace: &Workspace, system: &Path, folder: &Path) -> Result<bool> {
    let environment = environment(folder);
    let mut venv = process::command(system);
    venv.args(["-m", "venv"]).arg(&environment);
    let status = process::logged("venv", &mut venv, &workspace.log("venv"), LIMIT)?;
    let made = status.is_some_and(|status| status.success());
    if !made {
        // Without pip it is made by half.
        let _ = fs::remove_dir_all(environment);
    }
    Ok(made)
}

fn pip(python: &Path, arguments: &[&str]) -> Command {
    let mut pip = process::command(python);
    pip.args(["-m", "pip", "--disable-pip-version-check"]).args(arguments);
    pip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_texts() {
        assert_eq!(version("3.9\n"), Some((3, 9)));
        assert!(version("3.9").unwrap() < OLDEST && version("3.14").unwrap() > OLDEST);
        assert_eq!(version("pyenv: python3: command not found"), None);
    }
}
