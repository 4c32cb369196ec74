use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};

/// How often a lock that looks taken is tried again.
const TRIES: u32 = 20;

const PAUSE: Duration = Duration::from_millis(50);

/// One server a folder. The system gives the lock back however the server ends, so that nobody has to tidy up.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(folder: &Path) -> anyhow::Result<Lock> {
        let path = folder.join("server.lock");
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("{} cannot be written: may this user write there?", path.display()))?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).ok();
                bail!(
                    "another server (process {}) uses {}: stop it first, or give this one a DATA_DIR of its own",
                    if holder.trim().is_empty() { "unknown" } else { holder.trim() },
                    folder.display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Lock { _file: file })
    }
}

/// Whoever starts a program holds a copy of the lock for a moment, until the program has taken over: a lock that was just
/// given back may look taken.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            answer => return answer,
        }
    }
    file.try_lock()
}
