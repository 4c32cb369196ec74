//! The W3C's own JSON schemas of the Web Annotation Data Model, to which tests hold what we write. No package has them, and they
//! are not ours to keep here: they are fetched from where the W3C publishes them, at one commit, which git verifies.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};

use crate::{process, progress, workspace::Workspace};

const REPOSITORY: &str = "https://github.com/w3c/web-annotation-tests";
const COMMIT: &str = "adedd9a5f06d9daa75bbfbb97aa9215cd09b4bb5";
/// 300 KiB: where it takes longer there is no way out.
const LIMIT: Duration = Duration::from_secs(60);

/// The folder they are in: the one that `PROMPTGRIMOIRE_TEST_W3C` names, or ours. `None` where they cannot be had, which is said:
/// then the tests have our own reading of the Recommendation alone.
pub fn schemas(workspace: &Workspace) -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("PROMPTGRIMOIRE_TEST_W3C").filter(|path| !path.is_empty()) {
        return Some(chosen.into());
    }
    let folder = workspace.scratch().join("w3c").join(COMMIT);
    if folder.is_dir() {
        return Some(folder);
    }
    let step = progress::begin("W3C schemas", "git fetch");
    match fetch(workspace, &folder) {
        Ok(()) => {
            step.done("fetched");
            Some(folder)
        }
        Err(why) => {
            step.done(&format!("not to be had here ({why:#}); our own reading of the Recommendation is checked alone"));
            None
        }
    }
}

fn fetch(workspace: &Workspace, folder: &Path) -> Result<()> {
    let half = folder.with_extension("half");
    let _ = fs::remove_dir_all(&half);
    fs::create_dir_all(&half)?;
    for arguments in [
        &["init", "--quiet"][..],
        &["fetch", "--quiet", "--depth=1", REPOSITORY, COMMIT],
        &["checkout", "--quiet", COMMIT],
    ] {
        let mut git = process::command("git");
        // Nobody is there to be asked for a password.
        git.args(arguments).current_dir(&half).env("GIT_TERMINAL_PROMPT", "0");
        if !process::completed("git", &mut git, &workspace.log("w3c"), LIMIT)? {
            bail!("`{}` failed", process::spoken(&git));
        }
    }
    Ok(fs::rename(&half, folder)?)
}
