use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail};

/// The user that Postgres runs as where the server is root, which Postgres refuses to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: String,
}

impl Owner {
    /// Whose cluster it is, if it exists; a system user made for Postgres, or for nothing, if not.
    pub(super) fn choose(cluster: &Path) -> anyhow::Result<Owner> {
        let users = fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
        if let Ok(metadata) = fs::metadata(cluster)
            && metadata.uid() != 0
        {
            let (uid, gid) = (metadata.uid(), metadata.gid());
            let name = parse(&users).find(|user| user.uid == uid).map_or_else(|| uid.to_string(), |user| user.name);
            return Ok(Owner { uid, gid, name });
        }
        for name in ["postgres", "_postgres", "nobody"] {
            if let Some(owner) = parse(&users).find(|user| user.name == name && user.uid != 0) {
                return Ok(owner);
            }
        }
        bail!(
            "Postgres does not run as root and there is no user postgres or nobody: add one with `useradd --system postgres`"
        )
    }

    /// Whether every folder down to `folder` lets this user pass.
    pub(super) fn can_reach(&self, folder: &Path) -> bool {
        folder.ancestors().all(|ancestor| fs::metadata(ancestor).is_ok_and(|metadata| self.may_pass(&metadata)))
    }

    fn may_pass(&self, metadata: &fs::Metadata) -> bool {
        let shift = match () {
            () if metadata.uid() == self.uid => 6,
            () if metadata.gid() == self.gid => 3,
            () => 0,
        };
        metadata.permissions().mode() >> shift & 1 == 1
    }
}

/// Makes a folder that its user alone may enter; `None` is the server's own user. What lies there already must be
/// exactly that, since in a folder that everybody may write (`/tmp`) somebody else may have put it there.
pub(super) fn private_folder(path: &Path, owner: Option<&Owner>) -> anyhow::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    match fs::create_dir(path) {
        Ok(()) => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            if let Some(owner) = owner {
                std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))?;
            }
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be made", path.display())),
    }
    let metadata = fs::symlink_metadata(path)?;
    let expected = owner.map_or(own, |owner| owner.uid);
    if !metadata.is_dir() || metadata.uid() != expected || metadata.permissions().mode() & 0o077 != 0 {
        bail!("{} is not a folder that user {expected} alone may enter: remove it", path.display());
    }
    Ok(())
}

fn parse(users: &str) -> impl Iterator<Item = Owner> {
    users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Owner { uid, gid, name })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_the_system_s_list() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# comment\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/sh\n";
        let found: Vec<Owner> = parse(users).collect();
        assert_eq!(found[1], Owner { uid: 101, gid: 104, name: "postgres".to_owned() });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_folder_that_is_open_to_others_is_not_private() {
        let path = std::env::temp_dir().join(format!("private-folder-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let open = private_folder(&path, None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let private = private_folder(&path, None);
        let stranger = Owner { uid: 4_000_000, gid: 4_000_000, name: "stranger".to_owned() };
        let foreign = private_folder(&path, Some(&stranger));
        let reached = stranger.can_reach(&path);
        fs::remove_dir(&path).unwrap();
        assert!(open.is_err() && private.is_ok() && foreign.is_err() && !reached);
    }
}
