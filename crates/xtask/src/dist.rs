//! `cargo xtask build`: the server's binary and its site folder, side by side.

use std::{
    fs::{self, File},
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, ensure};

use crate::{
    bundle, process, progress, site,
    wasm_toolchain::{self, TARGET, WasmToolchain},
    workspace::Workspace,
};

/// The product's name.
pub const BINARY: &str = "promptgrimoire";

/// What the builds are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Quick to run.
    Release,
    /// Quick to build.
    Dev,
}

impl Mode {
    /// From the flag `--dev`.
    pub fn new(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Release }
    }

    /// For people, and for folders of our own.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    fn wasm_profile(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Dev => "dev",
        }
    }
}

/// Cargo calls the folder of the profile `dev` otherwise.
fn folder_of(profile: &str) -> &str {
    if profile == "dev" { "debug" } else { profile }
}

/// Builds whatever is not up to date, and returns the path of the server's binary.
pub fn build(workspace: &Workspace, mode: Mode) -> Result<PathBuf> {
    let toolchain = wasm_toolchain::ready(workspace)?;
    // Their profiles have folders and locks of their own, and one core is all that the last minute of each can use.
    thread::scope(|scope| {
        let site = scope.spawn(|| {
            let wasm = browser_code(workspace, &toolchain, mode)?;
            let bundle = bundle::bind(workspace, &wasm, mode)?;
            site::assemble(workspace, &bundle, mode)
        });
        let server = server(workspace, mode);
        site.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        server
    })
}

/// Puts the site together anew, without compiling anything; for a change of style.
pub fn renew_site(workspace: &Workspace, mode: Mode) -> Result<()> {
    let bundle = bundle::bind(workspace, &wasm_file(workspace, mode), mode)?;
    site::assemble(workspace, &bundle, mode)
}

fn browser_code(workspace: &Workspace, toolchain: &WasmToolchain, mode: Mode) -> Result<PathBuf> {
    let step = progress::begin("browser code", &format!("compiling what has changed ({})", mode.name()));
    let mut cargo = toolchain.cargo();
    // `app` is a plain library in its manifest, so that the server does not build a second one of another kind.
    cargo
        .args(["rustc", "--package=app", "--lib", "--crate-type=cdylib", "--features=hydrate", "--target", TARGET])
        .args(["--profile", mode.wasm_profile()])
        // Who calls whom stays in the file, by name: what is loaded later is taken out by it.
        .args(["--", "-Clink-arg=--emit-relocs"])
        .current_dir(&workspace.root);
    process::run(&mut cargo)?;
    step.done("compiled");
    Ok(wasm_file(workspace, mode))
}

fn wasm_file(workspace: &Workspace, mode: Mode) -> PathBuf {
    workspace.target.join(TARGET).join(folder_of(mode.wasm_profile())).join("app.wasm")
}

fn server(workspace: &Workspace, mode: Mode) -> Result<PathBuf> {
    let step = progress::begin("server", &format!("compiling what has changed ({})", mode.name()));
    let profile = mode.name();
    let mut cargo = process::cargo();
    cargo.args(["build", "--package=server", "--bin", BINARY, "--profile", profile]).current_dir(&workspace.root);
    // Set while leptos is compiled, it makes pages ask for `app.wasm`; the bundle holds `app_bg.wasm`. The only sign
    // would be a page that never comes to life.
    cargo.env_remove("LEPTOS_OUTPUT_NAME");
    process::run(&mut cargo)?;
    let built = workspace.target.join(folder_of(profile)).join(BINARY);
    let placed = workspace.dist().join(BINARY);
    place(&built, &placed)?;
    step.done("compiled");
    Ok(placed)
}

/// Copies a program, unless it is there. A running one cannot be written to, but it can be replaced.
fn place(from: &Path, to: &Path) -> Result<()> {
    let source = fs::metadata(from).with_context(|| format!("cannot read {}", from.display()))?;
    let same = |there: fs::Metadata| there.len() == source.len() && there.modified().ok() == source.modified().ok();
    if fs::metadata(to).is_ok_and(same) {
        return Ok(());
    }
    let new = to.with_extension("new");
    let copied = fs::copy(from, &new).with_context(|| format!("cannot write {}", new.display()))?;
    ensure!(copied == source.len(), "{} changed while it was copied", from.display());
    File::options().write(true).open(&new)?.set_modified(source.modified()?)?;
    fs::rename(&new, to).with_context(|| format!("cannot replace {}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_copied_when_it_has_changed_and_left_alone_otherwise() {
        let folder = std::env::temp_dir().join(format!("xtask-place-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("built"), folder.join("placed"));
        fs::write(&from, "one").unwrap();
        place(&from, &to).unwrap();
        fs::write(&to, "ONE").unwrap();
        File::options()
            .write(true)
            .open(&to)
            .unwrap()
            .set_modified(fs::metadata(&from).unwrap().modified().unwrap())
            .unwrap();
        place(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "ONE", "same time and size: not copied again");
        fs::write(&from, "three").unwrap();
        place(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "three");
        fs::remove_dir_all(folder).unwrap();
    }
}
