//! `.sqlx`: what the compiler needs to know of our SQL when it has no database to ask.
//!
//! sqlx's macros write it while they compile, if `DATABASE_URL` and `SQLX_OFFLINE_DIR` are set and `SQLX_OFFLINE` is
//! not (sqlx-macros-core, `query/mod.rs`). So: a throw-away database, our migrations, and a check of the server.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};

use crate::{cluster::Cluster, postgres, process, progress, workspace::Workspace};

const DATABASE: &str = "prepare";

/// Writes `.sqlx` anew.
pub fn renew(workspace: &Workspace) -> Result<()> {
    let step = progress::start("queries");
    let fresh = describe(workspace)?;
    let folder = workspace.root.join(".sqlx");
    fs::create_dir_all(&folder)?;
    for name in read(&folder)?.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in &fresh {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    step.done(&format!("{} described", fresh.len()));
    Ok(())
}

/// Fails if `.sqlx` is not what `renew` would write.
pub fn check(workspace: &Workspace) -> Result<()> {
    let step = progress::start("queries");
    let fresh = describe(workspace)?;
    let committed = read(&workspace.root.join(".sqlx"))?;
    if let Some(why) = difference(&committed, &fresh) {
        bail!(".sqlx is out of date ({why}); type: cargo xtask prepare");
    }
    step.done(&format!("{} described, up to date", fresh.len()));
    Ok(())
}

fn difference(committed: &BTreeMap<String, String>, fresh: &BTreeMap<String, String>) -> Option<String> {
    let missing = fresh.keys().filter(|name| !committed.contains_key(*name)).count();
    let stale = committed.keys().filter(|name| !fresh.contains_key(*name)).count();
    let changed = fresh.iter().filter(|(name, text)| committed.get(*name).is_some_and(|there| there != *text)).count();
    (missing + stale + changed > 0).then(|| format!("{missing} missing, {stale} unused, {changed} changed"))
}

fn describe(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let cluster = Cluster::start(&postgres::ready(workspace)?)?;
    cluster.create(DATABASE)?;
    for migration in migrations(&workspace.root.join("migrations"))? {
        cluster.apply(DATABASE, &migration)?;
    }
    let written = workspace.scratch().join("sqlx");
    let _ = fs::remove_dir_all(&written);
    fs::create_dir_all(&written)?;
    let mut check = process::cargo();
    check
        .args(["check", "--package=server", "--all-targets"])
        .current_dir(&workspace.root)
        .env("DATABASE_URL", cluster.url(DATABASE))
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &written);
    // Cargo does not know that the macros have a side effect; it must find the code changed.
    let touched = Touched::new(&roots(workspace)?)?;
    process::run(&mut check)?;
    drop(touched);
    read(&written)
}

/// The files whose crates hold queries.
fn roots(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let server = workspace.root.join("crates/server");
    let mut roots = vec![server.join("src/lib.rs"), server.join("src/main.rs")];
    if let Ok(tests) = fs::read_dir(server.join("tests")) {
        roots.extend(tests.flatten().map(|entry| entry.path().join("main.rs")));
    }
    roots.retain(|root| root.is_file());
    if roots.is_empty() {
        bail!("no server found in {}", server.display());
    }
    Ok(roots)
}

/// Files that look changed just now, until dropped. Their own times come back, or else every other build (the release
/// above all) would take them for changed too.
struct Touched(Vec<(PathBuf, SystemTime)>);

impl Touched {
    fn new(files: &[PathBuf]) -> Result<Self> {
        let mut touched = Self(Vec::new());
        for file in files {
            let before = fs::metadata(file).and_then(|metadata| metadata.modified());
            let before = before.with_context(|| format!("cannot read {}", file.display()))?;
            set_time(file, SystemTime::now()).with_context(|| format!("cannot touch {}", file.display()))?;
            touched.0.push((file.clone(), before));
        }
        Ok(touched)
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        for (file, before) in &self.0 {
            // At worst something is compiled once more.
            let _ = set_time(file, *before);
        }
    }
}

fn set_time(file: &Path, time: SystemTime) -> std::io::Result<()> {
    File::options().append(true).open(file)?.set_modified(time)
}

/// In the order of their names, as sqlx applies them; what undoes them is left out.
fn migrations(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".sql") && !name.ends_with(".down.sql") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
    }

    #[test]
    fn a_missing_an_unused_and_a_changed_query_are_each_told() {
        let committed = files(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(difference(&committed, &committed), None);
        let fresh = files(&[("b", "2"), ("c", "4"), ("d", "5"), ("e", "6")]);
        assert_eq!(difference(&committed, &fresh).as_deref(), Some("2 missing, 1 unused, 1 changed"));
    }

    #[test]
    fn a_touched_file_gets_its_own_time_back() {
        let file = std::env::temp_dir().join(format!("xtask-touched-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        set_time(&file, long_ago).unwrap();
        let touched = Touched::new(std::slice::from_ref(&file)).unwrap();
        assert!(fs::metadata(&file).unwrap().modified().unwrap() > long_ago);
        drop(touched);
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
        fs::remove_file(file).unwrap();
    }
}
