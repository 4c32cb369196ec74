//! The standard library for the browser, built once from Debian's sources for Debian's compiler.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::TARGET;
use crate::{
    process, progress,
    workspace::{self, Workspace},
};

/// It takes a minute on two cores.
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// A crate of nothing: what is built is what it depends on.
const NOTHING: &str = "nothing";

/// Debian's cargo.
pub fn cargo() -> Command {
    program("/usr/bin/cargo")
}

/// A program of Debian's toolchain, which must not be led astray to rustup's.
pub fn program(path: &str) -> Command {
    let mut program = process::command(path);
    program.env_remove("RUSTUP_TOOLCHAIN").env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    let mut folders = vec![PathBuf::from("/usr/bin")];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    // Cannot fail: the folders were split from a path. Where it did, the path stays as it is.
    if let Ok(path) = env::join_paths(folders) {
        program.env("PATH", path);
    }
    program
}

/// The sysroot of an earlier run, if it is for the compiler that is installed now.
pub fn existing() -> Option<PathBuf> {
    if !Path::new("/usr/bin/cargo-clippy").is_file() {
        return None;
    }
    place().ok().filter(|place| place.is_dir())
}

/// Debian's compiler may be older than what we need.
pub fn check_version(wanted: &str) -> Result<()> {
    let version = version()?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
    if numbers(release) < numbers(wanted) {
        bail!("/usr/bin/rustc is {release}, and {wanted} is needed; type: rustup target add {TARGET}");
    }
    Ok(())
}

/// Builds the sysroot.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    let place = place()?;
    if place.is_dir() {
        return Ok(place);
    }
    let step = progress::begin("wasm toolchain", "building the standard library, about a minute, once");
    // Named as the place is: what another compiler left behind must not get into it.
    let scratch = workspace.scratch().join(place.file_name().unwrap_or_default());
    compile(workspace, &scratch)?;
    gather(&scratch, &place)?;
    // It would only take up room. After a failure it stays, and the next run goes on from there.
    let _ = fs::remove_dir_all(&scratch);
    step.done("standard library built");
    Ok(place)
}

fn compile(workspace: &Workspace, scratch: &Path) -> Result<()> {
    fs::create_dir_all(scratch.join("src"))?;
    let manifest = format!("[package]\nname = \"{NOTHING}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n");
    fs::write(scratch.join("Cargo.toml"), manifest)?;
    fs::write(scratch.join("src/lib.rs"), "")?;
    let mut cargo = cargo();
    cargo
        .args(["build", "--release", "-Zbuild-std=std,panic_abort,test,proc_macro", "--target", TARGET])
        .current_dir(scratch)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .env("RUSTC_BOOTSTRAP", "1")
        // Bitcode is what a later build with `lto = true` reads.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes\u{1f}-Cdebuginfo=0");
    let log = workspace.log("wasm-sysroot");
    if !process::completed("standard library", &mut cargo, &log, LIMIT)? {
        bail!("the standard library for the browser could not be built; see {}", log.display());
    }
    Ok(())
}

fn gather(scratch: &Path, place: &Path) -> Result<()> {
    let cache = place.parent().context("a cache without a folder")?;
    let whole = cache.join(format!("making-{}", std::process::id()));
    let libraries = whole.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries).with_context(|| format!("cannot make {}", libraries.display()))?;
    for entry in fs::read_dir(scratch.join("target").join(TARGET).join("release/deps"))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("lib") && name.ends_with(".rlib") && !name.starts_with(&format!("lib{NOTHING}-")) {
            fs::copy(entry.path(), libraries.join(name))?;
        }
    }
    // All at once, so that nobody finds half of it; another run may have been quicker, and that one is as good.
    match fs::rename(&whole, place) {
        Err(_) if place.is_dir() => fs::remove_dir_all(&whole).context("cannot tidy up"),
        moved => moved.with_context(|| format!("cannot make {}", place.display())),
    }
}

fn place() -> Result<PathBuf> {
    Ok(workspace::cache()?.join(folder_name(&version()?)))
}

/// Libraries fit exactly one compiler: its whole description is in the name.
fn folder_name(version: &str) -> String {
    let digest = Sha256::digest(version.trim());
    format!("wasm-sysroot-{}", digest[..6].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn version() -> Result<String> {
    process::output(program("/usr/bin/rustc").arg("-vV"))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_compiler_gets_another_sysroot() {
        let first = folder_name("rustc 1.96.0 (ac68faa20 2026-05-25)\nrelease: 1.96.0\n");
        assert_eq!(first, folder_name("rustc 1.96.0 (ac68faa20 2026-05-25)\nrelease: 1.96.0"));
        assert_ne!(first, folder_name("rustc 1.96.1 (ac68faa21 2026-06-25)\nrelease: 1.96.1\n"));
        assert_eq!(first.len(), "wasm-sysroot-".len() + 12);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.100.0") > numbers("1.94"));
        assert!(numbers("1.85.0") < numbers("1.94"));
        assert!(numbers("1.96.0-nightly") >= numbers("1.96.0"));
        assert!(numbers("1.94.0") >= numbers("1.94"));
    }
}
