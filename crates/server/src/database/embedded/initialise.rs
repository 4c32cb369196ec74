use std::{fs, io, path::Path, process::Stdio};

use anyhow::{Context, bail};

use super::{Tuning, binaries::Binaries, command, owner::private_folder, place::Place};

/// Text is UTF-8 and sorted by code point on every system; who sorts for people names a collation in the query.
const LOCALES: [&str; 3] = ["C.UTF-8", "en_US.UTF-8", "C"];

/// Makes the cluster beside its place and moves it there when it is whole, so that a machine that stops in between
/// leaves nothing that looks like a database.
pub(super) async fn initialise(binaries: &Binaries, place: &Place, tuning: Tuning) -> anyhow::Result<()> {
    let unfinished = place.home.join("postgres.unfinished");
    for locale in LOCALES {
        remove(&unfinished)?;
        private_folder(&unfinished, place.owner.as_ref())?;
        let Err(why) = initdb(binaries, place, &unfinished, locale, tuning).await? else {
            return fs::rename(&unfinished, &place.cluster).with_context(|| {
                format!("{} is in the way of the new database: it is neither one nor empty", place.cluster.display())
            });
        };
        if !why.contains("invalid locale name") {
            remove(&unfinished)?;
            bail!("initdb cannot make a database in {}: {why}", place.home.display());
        }
    }
    bail!("initdb knows none of the locales {}", LOCALES.join(", "))
}

/// The inner result is initdb's own: its last words where it failed.
async fn initdb(
    binaries: &Binaries,
    place: &Place,
    folder: &Path,
    locale: &str,
    tuning: Tuning,
) -> anyhow::Result<Result<(), String>> {
    let mut command = command(binaries.initdb(), place);
    command.arg("--pgdata").arg(folder).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--lc-messages=C",
        "--data-checksums",
        "--no-instructions",
    ]);
    command.arg(format!("--locale={locale}"));
    if !tuning.durable {
        command.arg("--no-sync");
    }
    command.stdin(Stdio::null());
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .with_context(|| format!("{} cannot be run", binaries.initdb().display()))?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let errors = words.lines().filter(|line| line.contains("error:") || line.contains("FATAL:"));
    let errors: Vec<&str> = errors.map(str::trim).collect();
    Ok(Err(if errors.is_empty() { words.trim().replace('\n', " ") } else { errors.join(" ") }))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
