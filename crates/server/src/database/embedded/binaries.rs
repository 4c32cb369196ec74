use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest Postgres that the tables are written for.
const OLDEST: u32 = 14;

/// Folders with a Postgres each: the part before the version, and the part after it.
const VERSIONED: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// An installed Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
    pub(crate) major: u32,
}

/// Why none of the installed ones will do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBinaries {
    #[error(
        "Postgres is not installed (no initdb and postgres on PATH or in the usual folders): {}, or set DATABASE_URL",
        install("")
    )]
    Missing,
    #[error("Postgres {newest} is too old, {OLDEST} is needed: {}, or set DATABASE_URL", install(""))]
    TooOld { newest: u32 },
    #[error(
        "this database was made by Postgres {made_by}, and only {found} is installed: {}",
        install(&made_by.to_string())
    )]
    OtherVersion { made_by: u32, found: String },
}

impl Binaries {
    /// The first on `folders` of the version that made the cluster; for a new cluster the first of all, with those
    /// outside PATH in order of their versions, latest first.
    pub(crate) fn find(folders: &[PathBuf], made_by: Option<u32>) -> Result<Binaries, NoBinaries> {
        let found: Vec<Binaries> = folders.iter().filter_map(|folder| Binaries::at(folder)).collect();
        let Some(newest) = found.iter().map(|binaries| binaries.major).max() else { return Err(NoBinaries::Missing) };
        match made_by {
            None => found.into_iter().find(|found| found.major >= OLDEST).ok_or(NoBinaries::TooOld { newest }),
            Some(made_by) => {
                let mut majors: Vec<String> = found.iter().map(|found| found.major.to_string()).collect();
                majors.dedup();
                let other = NoBinaries::OtherVersion { made_by, found: majors.join(" and ") };
                found.into_iter().find(|found| found.major == made_by).ok_or(other)
            }
        }
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// A link on PATH is followed, since Postgres finds its own files beside the real one.
    fn at(folder: &Path) -> Option<Binaries> {
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let folder = postgres.parent()?.to_owned();
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").current_dir("/").output().ok()?;
        Some(Binaries { folder, major: major(&String::from_utf8(output.stdout).ok()?)? })
    }
}

/// Where to look: PATH, then where systems and people put Postgres, latest version first.
pub(crate) fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let mut versioned: Vec<(u32, PathBuf)> =
        VERSIONED.iter().flat_map(|(parent, before, after)| numbered(Path::new(parent), before, after)).collect();
    versioned.sort_by(|one, other| other.cmp(one));
    folders.extend(versioned.into_iter().map(|(_, folder)| folder));
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    folders
}

/// The folders `parent/<before><version>/<after>`, with their versions (0 where the name has none).
fn numbered(parent: &Path, before: &str, after: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter_map(|name| {
            let version = name.strip_prefix(before)?.trim_start_matches('@').parse().unwrap_or(0);
            Some((version, parent.join(&name).join(after)))
        })
        .collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)`, `17.0`, `18beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

/// The command to type, as far as the system can be told from its own tools.
fn install(version: &str) -> String {
    let dashed = if version.is_empty() { String::new() } else { format!("-{version}") };
    let commands = [
        ("/usr/bin/apt-get", format!("sudo apt-get install postgresql{dashed}")),
        ("/usr/bin/dnf", format!("sudo dnf install postgresql{version}-server")),
        ("/usr/bin/pacman", "sudo pacman -S postgresql".to_owned()),
        ("/usr/bin/zypper", format!("sudo zypper install postgresql{version}-server")),
        ("/sbin/apk", format!("sudo apk add postgresql{version}")),
        ("/usr/bin/sw_vers", format!("brew install postgresql@{}", if version.is_empty() { "17" } else { version })),
    ];
    let command = commands.into_iter().find(|(tool, _)| Path::new(tool).exists()).map(|(_, command)| command);
    command
        .map_or_else(|| "install it from https://www.postgresql.org/download/".to_owned(), |it| format!("type `{it}`"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with something that calls itself Postgres of this version.
    fn fake(root: &Path, name: &str, version: &str) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("initdb"), "").unwrap();
        let postgres = folder.join("postgres");
        fs::write(&postgres, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
        fs::set_permissions(&postgres, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn without_postgres_the_message_is_one_line_with_a_command() {
        let why = Binaries::find(&[], None).unwrap_err().to_string();
        assert!(why.starts_with("Postgres is not installed") && why.contains("DATABASE_URL"), "{why}");
        assert!(!why.contains('\n') && (why.contains("install") || why.contains("type `")), "{why}");
        assert!(Binaries::find(&[PathBuf::from("/none-such")], Some(15)).is_err());
    }

    #[test]
    fn a_new_cluster_takes_the_first_and_an_old_one_its_own_version() {
        let root = env::temp_dir().canonicalize().unwrap().join(format!("binaries-{}", std::process::id()));
        let folders =
            [fake(&root, "a", "16.4 (Debian 16.4-1)"), fake(&root, "b", "18beta1"), fake(&root, "c", "9.6.1")];
        let find = |made_by| Binaries::find(&folders, made_by).map(|found| found.folder);
        let (new, old, none) = (find(None).unwrap(), find(Some(18)).unwrap(), find(Some(15)).unwrap_err().to_string());
        let ancient = Binaries::find(&folders[2..], None).unwrap_err().to_string();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!((new, old), (folders[0].clone(), folders[1].clone()));
        assert!(none.contains("made by Postgres 15") && none.contains("16 and 18 and 9"), "{none}");
        assert!(ancient.contains("Postgres 9 is too old"), "{ancient}");
    }

    #[test]
    fn versioned_folders_are_recognised() {
        let root = env::temp_dir().join(format!("versions-{}", std::process::id()));
        for name in ["postgresql@17", "postgresql@9", "mysql", "postgresql"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let mut found = numbered(&root, "postgresql", "bin");
        found.sort();
        fs::remove_dir_all(&root).unwrap();
        let versions: Vec<u32> = found.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, [0, 9, 17]);
        assert_eq!(found[2].1, root.join("postgresql@17/bin"));
    }
}
