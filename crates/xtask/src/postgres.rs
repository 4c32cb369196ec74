//! Postgres' programs: where they are, and how a system without them gets them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{apt, process, workspace::Workspace};

/// Where systems keep programs that they do not put on the path: Debian, Red Hat, both kinds of Homebrew.
/// The star stands for a version.
const PLACES: [&str; 4] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];

/// The folder that holds `initdb`, `postgres` and `psql`; installs them if they are missing and we may.
pub fn ready(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(folder) = binaries() {
        return Ok(folder);
    }
    if apt::available() {
        let packages = ["postgresql".to_owned()];
        if apt::description("postgresql").is_none() {
            apt::refresh(workspace);
        }
        apt::install(workspace, "Postgres", &packages)?;
        return binaries().context("Postgres is installed, but its programs are not where they usually are");
    }
    bail!("Postgres is missing; type: {} (or set DATABASE_URL to a Postgres elsewhere)", to_type())
}

fn to_type() -> &'static str {
    if process::find("dnf").is_some() {
        "sudo dnf install -y postgresql-server"
    } else if process::find("pacman").is_some() {
        "sudo pacman -S --needed postgresql"
    } else if process::find("apk").is_some() {
        "sudo apk add postgresql"
    } else if process::find("zypper").is_some() {
        "sudo zypper install -y postgresql-server"
    } else {
        "brew install postgresql@17"
    }
}

fn binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = PLACES.iter().flat_map(|place| versions(place));
    env::split_paths(&path).chain(places).find(|folder| complete(folder))
}

fn complete(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
}

/// The folders that a place stands for, the newest version first.
fn versions(place: &str) -> Vec<PathBuf> {
    let Some((before, after)) = place.split_once('*') else { return vec![place.into()] };
    let Some((parent, prefix)) = before.rsplit_once('/') else { return Vec::new() };
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, PathBuf::from(format!("{}{after}", entry.path().display()))))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_several_versions_is_taken() {
        let folder = env::temp_dir().join(format!("xtask-versions-{}", std::process::id()));
        for version in ["9", "15", "17", "other"] {
            fs::create_dir_all(folder.join(version).join("bin")).unwrap();
        }
        let found = versions(&format!("{}/*/bin", folder.display()));
        assert_eq!(found, ["17", "15", "9"].map(|version| folder.join(version).join("bin")));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_version_may_follow_a_prefix() {
        let folder = env::temp_dir().join(format!("xtask-prefix-{}", std::process::id()));
        fs::create_dir_all(folder.join("postgresql@16/bin")).unwrap();
        fs::create_dir_all(folder.join("node@22/bin")).unwrap();
        let found = versions(&format!("{}/postgresql@*/bin", folder.display()));
        assert_eq!(found, [folder.join("postgresql@16/bin")]);
        fs::remove_dir_all(folder).unwrap();
    }
}
