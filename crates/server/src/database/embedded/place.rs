use std::{
    env, fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{
    owner::{Owner, private_folder},
    short_name,
};

/// Where clusters are put that their user could not reach below `DATA_DIR`.
const ELSEWHERE: &str = "/var/lib/promptgrimoire";
/// A socket's address holds about 100 bytes (108 on Linux, 104 on macOS).
const LONGEST_SOCKET: usize = 100;

/// Where a cluster's files are and whose they are.
///
/// | who starts the server | where |
/// |---|---|
/// | an ordinary user | `DATA_DIR/postgres` |
/// | root, `DATA_DIR` open to pass through | `DATA_DIR/postgres`, belonging to `postgres` (or `nobody`) |
/// | root, `DATA_DIR` or a folder above it closed | below `/var/lib/promptgrimoire`; `DATA_DIR/postgres.path` names it |
///
/// The file `postgres.path` *is* the bond: where it is, its database is found again, also when `DATA_DIR` was moved;
/// and who deletes `DATA_DIR` to begin anew does not meet the old database.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) home: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
    /// The user that Postgres runs as; `None` is the server's own.
    pub(super) owner: Option<Owner>,
}

impl Place {
    /// Finds the cluster of `data_dir` (canonical), or chooses where it will be.
    pub(super) fn find(data_dir: &Path) -> anyhow::Result<Place> {
        let (home, owner) = if rustix::process::geteuid().is_root() {
            let (home, owner) = for_root(data_dir)?;
            (home, Some(owner))
        } else {
            (for_user(data_dir)?, None)
        };
        let socket = socket_folder(&home, owner.as_ref())?;
        Ok(Place { cluster: home.join("postgres"), log: home.join("postgres.log"), home, socket, owner })
    }

    /// The major version of the Postgres that made the cluster; `None` where there is no cluster yet.
    pub(super) fn made_by(&self) -> anyhow::Result<Option<u32>> {
        let path = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(version) => match version.trim().parse() {
                Ok(version) => Ok(Some(version)),
                Err(_) => bail!("{} is not of a Postgres that this server knows", path.display()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}

fn for_user(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let pointer = data_dir.join("postgres.path");
    if pointer.exists() {
        bail!("{} says that root made this database elsewhere: start the server as root", pointer.display());
    }
    let cluster = data_dir.join("postgres");
    let own = rustix::process::geteuid().as_raw();
    match fs::metadata(&cluster) {
        Ok(metadata) if metadata.uid() != own => {
            bail!("{} belongs to user {}: start the server as root or as that user", cluster.display(), metadata.uid())
        }
        _ => Ok(data_dir.to_owned()),
    }
}

fn for_root(data_dir: &Path) -> anyhow::Result<(PathBuf, Owner)> {
    let pointer = data_dir.join("postgres.path");
    if let Some(home) = read_pointer(&pointer)? {
        let owner = Owner::choose(&home.join("postgres"))?;
        return Ok((home, owner));
    }
    let cluster = data_dir.join("postgres");
    let owner = Owner::choose(&cluster)?;
    if owner.can_reach(data_dir) {
        return Ok((data_dir.to_owned(), owner));
    }
    if cluster.join("PG_VERSION").exists() {
        bail!(
            "user {} can no longer reach its database {}: open the folders above it with `chmod o+x`",
            owner.name,
            cluster.display()
        );
    }
    let home = new_home(data_dir)?;
    fs::write(&pointer, format!("{}\n", home.display()))?;
    Ok((home, owner))
}

fn read_pointer(pointer: &Path) -> anyhow::Result<Option<PathBuf>> {
    let home = match fs::read_to_string(pointer) {
        Ok(text) => PathBuf::from(text.trim()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", pointer.display())),
    };
    if home.parent() != Some(Path::new(ELSEWHERE)) || home.file_name().is_none() {
        bail!("{} must name a folder in {ELSEWHERE}", pointer.display());
    }
    if !home.is_dir() {
        bail!(
            "{} says that the database is in {}, which is not there: put it back, or delete the file to begin with an \
             empty database",
            pointer.display(),
            home.display()
        );
    }
    Ok(Some(home))
}

/// A folder of its own for `data_dir`. One that an earlier folder of that name has left is not taken (its data would
/// be a surprise) and not deleted (it may be wanted).
fn new_home(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let name = short_name(data_dir);
    for number in 1..1000 {
        let home = Path::new(ELSEWHERE).join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
        if home.join("postgres").exists() {
            tracing::warn!(folder = %home.display(), "a database that an earlier DATA_DIR of this name has left");
            continue;
        }
        fs::create_dir_all(&home).with_context(|| {
            format!("{} cannot be made: set DATABASE_URL, or a DATA_DIR open to pass through", home.display())
        })?;
        // The umask may have closed them.
        for folder in [Path::new(ELSEWHERE), &home] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        return Ok(home);
    }
    bail!("{ELSEWHERE} is full of databases that earlier folders named {} have left", data_dir.display())
}

/// A folder for the socket, beside the cluster if the path is short enough.
fn socket_folder(home: &Path, owner: Option<&Owner>) -> anyhow::Result<PathBuf> {
    let short = format!("promptgrimoire-{}", short_name(home));
    let fits = |folder: &PathBuf| folder.join(".s.PGSQL.5432").as_os_str().len() < LONGEST_SOCKET;
    let reached = |folder: &PathBuf| match (owner, folder.parent()) {
        (Some(owner), Some(parent)) => owner.can_reach(parent),
        _ => true,
    };
    let folder = [home.join("socket"), env::temp_dir().join(&short), Path::new("/tmp").join(&short)]
        .into_iter()
        .find(|folder| fits(folder) && reached(folder))
        .context("no folder has a path short enough for a Unix socket")?;
    private_folder(&folder, owner)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_beside_its_cluster_unless_the_path_is_too_long() {
        let root = env::temp_dir().join(format!("socket-folder-{}", std::process::id()));
        let deep = root.join("x".repeat(90));
        fs::create_dir_all(&deep).unwrap();
        let (near, far, again) = (socket_folder(&root, None), socket_folder(&deep, None), socket_folder(&deep, None));
        fs::remove_dir_all(&root).unwrap();
        let far = far.unwrap();
        fs::remove_dir(&far).unwrap();
        assert_eq!(near.unwrap(), root.join("socket"));
        assert!(far.as_os_str().len() < 80 && !far.starts_with(&root));
        assert_eq!(far, again.unwrap());
    }

    #[test]
    fn a_pointer_to_anywhere_else_is_not_followed() {
        let pointer = env::temp_dir().join(format!("pointer-{}", std::process::id()));
        let read = |text: &str| {
            fs::write(&pointer, text).unwrap();
            read_pointer(&pointer)
        };
        let outcomes = [read("/etc\n"), read("/var/lib/promptgrimoire/../../etc\n"), read("\n")];
        let missing = read("/var/lib/promptgrimoire/none-such\n").unwrap_err().to_string();
        fs::remove_file(&pointer).unwrap();
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert!(missing.contains("which is not there"), "{missing}");
        assert!(read_pointer(&pointer).unwrap().is_none());
    }
}
