//! `cargo xtask dev`: build, run, watch; after each change build and start again.
//!
//! A build that fails is shown and the old server goes on. The server gets `DEV_RELOAD=1`, which tells it to put a
//! script into its pages that asks whether the server is a new one (or `site/build-id` another) and then reloads.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::{
    dist::{self, Mode},
    interrupt, process, progress, run,
    workspace::Workspace,
};

/// Asking for the times of some hundred files twice a second costs nothing that can be measured, and works on every
/// system and in every container.
const INTERVAL: Duration = Duration::from_millis(500);
/// An editor that saves all, or a change of branch, comes in several steps.
const SETTLED: Duration = Duration::from_millis(200);
const CODE: [&str; 6] = ["Cargo.toml", "Cargo.lock", "crates/app", "crates/server", "crates/shared", "migrations"];
const LOOKS: [&str; 2] = ["style", "public"];

type Times = BTreeMap<PathBuf, SystemTime>;

/// Until Ctrl-C.
pub fn run(workspace: &Workspace, listen: Option<&str>) -> Result<()> {
    run::free(listen)?;
    let programs = run::database(workspace)?;
    let start = || -> Result<Child> {
        let binary = workspace.dist().join(dist::BINARY);
        let mut server = run::server(workspace, &binary, listen, programs.as_deref());
        // A group of its own: a Ctrl-C reaches it through us, once.
        process::spawn(server.env("DEV_RELOAD", "1").process_group(0))
    };
    let (mut code, mut looks) = (times(workspace, &CODE), times(workspace, &LOOKS));
    let mut server = match dist::build(workspace, Mode::Dev) {
        Ok(_) => Some(start()?),
        Err(error) => {
            explain(&error);
            None
        }
    };
    progress::note("dev", "watching crates, migrations, style and public");
    while !interrupt::requested() {
        thread::sleep(INTERVAL);
        let ended = server.as_mut().and_then(|server| server.try_wait().ok().flatten());
        if let Some(status) = ended {
            progress::note("dev", &format!("the server ended ({status}); it starts again after the next change"));
            server = None;
        }
        let (new_code, new_looks) = settled(workspace, &code, &looks);
        let rebuilt = if new_code != code {
            dist::build(workspace, Mode::Dev).map(drop)
        } else if new_looks != looks {
            dist::renew_site(workspace, Mode::Dev)
        } else {
            continue;
        };
        (code, looks) = (new_code, new_looks);
        match rebuilt {
            Ok(()) => {
                if let Some(old) = &mut server {
                    process::stop(old);
                }
                server = Some(start()?);
            }
            Err(error) => explain(&error),
        }
    }
    if let Some(last) = &mut server {
        process::stop(last);
    }
    Ok(())
}

/// A failed build is no reason to end, unless it failed because somebody wants us to.
fn explain(error: &anyhow::Error) {
    if !interrupt::requested() {
        progress::error(&format!("{error:#}"));
        progress::note("dev", "waiting for the next change");
    }
}

/// The times now; where something has changed, only after it has stopped changing.
fn settled(workspace: &Workspace, code: &Times, looks: &Times) -> (Times, Times) {
    let now = || (times(workspace, &CODE), times(workspace, &LOOKS));
    let mut last = now();
    if last.0 == *code && last.1 == *looks {
        return last;
    }
    loop {
        thread::sleep(SETTLED);
        let next = now();
        if next == last || interrupt::requested() {
            return next;
        }
        last = next;
    }
}

fn times(workspace: &Workspace, names: &[&str]) -> Times {
    let mut times = Times::new();
    for name in names {
        collect(&workspace.root.join(name), &mut times);
    }
    times
}

/// What cannot be read is taken for gone: it may be on its way from an editor.
fn collect(path: &Path, times: &mut Times) {
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), times);
        }
    } else if let Ok(time) = fs::metadata(path).and_then(|metadata| metadata.modified()) {
        times.insert(path.to_owned(), time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_changed_and_a_removed_file_are_each_noticed() {
        let folder = std::env::temp_dir().join(format!("xtask-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("style/deep")).unwrap();
        let workspace = Workspace { root: folder.clone(), target: folder.join("target"), rust_version: "1.94".into() };
        let file = folder.join("style/deep/a.css");
        let empty = times(&workspace, &LOOKS);
        fs::write(&file, "a").unwrap();
        let written = times(&workspace, &LOOKS);
        assert_ne!(empty, written);
        assert_eq!(written, times(&workspace, &LOOKS));
        fs::File::options().append(true).open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_ne!(written, times(&workspace, &LOOKS));
        fs::remove_file(&file).unwrap();
        assert_eq!(empty, times(&workspace, &LOOKS));
        fs::remove_dir_all(folder).unwrap();
    }
}
