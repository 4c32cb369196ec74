//! A compiler for the browser's half, wasm32-unknown-unknown.
//!
//! Where the target is there, or rustup can fetch it, that is all. Where rustup is missing or cut off, Debian's
//! packages have a whole compiler but no standard library for this target; we build that once, from Debian's own
//! sources, into a folder of the user's cache, which needs no rights and leaves the system as it is.

mod sysroot;

use std::{env, ffi::OsString, fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{apt, process, progress, workspace::Workspace};

/// The target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A standard library is some 20 MiB; after this long, rustup is not getting it.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// Debian's compiler, with what clippy and rustfmt need; `lld-NN` comes beside it.
const PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

/// How code for the browser is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WasmToolchain {
    /// By the compiler that also compiles the server.
    Native,
    /// By Debian's, with a standard library of our own making.
    Debian {
        /// The folder above `lib/rustlib/wasm32-unknown-unknown`.
        sysroot: PathBuf,
    },
}

impl WasmToolchain {
    /// A cargo that can compile for the target.
    pub fn cargo(&self) -> Command {
        match self {
            Self::Native => process::cargo(),
            Self::Debian { sysroot } => with_sysroot(sysroot::cargo(), sysroot),
        }
    }

    /// `cargo clippy` for the target.
    pub fn clippy(&self) -> Command {
        let mut clippy = match self {
            Self::Native => process::cargo(),
            // Named by its path: below a `cargo` of rustup's, `cargo clippy` would be rustup's too.
            Self::Debian { sysroot } => {
                let mut clippy = with_sysroot(sysroot::program("/usr/bin/cargo-clippy"), sysroot);
                clippy.env("CARGO", "/usr/bin/cargo");
                clippy
            }
        };
        clippy.arg("clippy");
        clippy
    }
}

/// Finds, or else makes, a compiler for the target.
pub fn ready(workspace: &Workspace) -> Result<WasmToolchain> {
    let step = progress::start("wasm toolchain");
    if native_has_target() {
        step.done("the target is installed");
        return Ok(WasmToolchain::Native);
    }
    // Made in an earlier run: asking rustup again each time would cost a person without a network many seconds.
    if let Some(sysroot) = sysroot::existing() {
        step.done("Debian's, with the standard library built earlier");
        return Ok(WasmToolchain::Debian { sysroot });
    }
    if rustup_adds_target(workspace)? {
        step.done("added by rustup");
        return Ok(WasmToolchain::Native);
    }
    install_debian(workspace)?;
    let sysroot = sysroot::build(workspace)?;
    step.done("Debian's, with a standard library built from its sources");
    Ok(WasmToolchain::Debian { sysroot })
}

fn native_has_target() -> bool {
    let mut rustc = process::command(process::rustc());
    let Ok(folder) = process::output(rustc.args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    fs::read_dir(folder.trim())
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-")))
}

fn rustup_adds_target(workspace: &Workspace) -> Result<bool> {
    if process::find("rustup").is_none() {
        return Ok(false);
    }
    progress::note("wasm toolchain", &format!("rustup target add {TARGET} …"));
    let mut rustup = process::command("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(&workspace.root);
    let log = workspace.log("rustup");
    let status = process::logged("rustup", &mut rustup, &log, RUSTUP_LIMIT)?;
    // A distribution's own rustup may have added it to another toolchain than the one that runs us.
    if status.is_some_and(|status| status.success()) && native_has_target() {
        return Ok(true);
    }
    progress::detail(&format!("rustup could not add it ({})", log.display()));
    Ok(false)
}

fn install_debian(workspace: &Workspace) -> Result<()> {
    if !apt::available() {
        bail!("the compiler lacks the target for the browser; type: rustup target add {TARGET}");
    }
    if apt::description("rust-web-llvm").is_none() {
        apt::refresh(workspace);
    }
    let Some(llvm) = apt::description("rust-web-llvm") else {
        bail!(
            "the compiler lacks the target for the browser, and this system's package lists have no rust-web-llvm; \
             type: rustup target add {TARGET}"
        );
    };
    let mut packages = PACKAGES.map(String::from).to_vec();
    packages.push(linker(&llvm).context("rust-web-llvm does not say which LLVM it is for")?);
    apt::install(workspace, "wasm toolchain", &packages)?;
    sysroot::check_version(&workspace.rust_version)
}

/// The flags of `.cargo/config.toml`.
const CONFIGURED: [&str; 2] = ["--cfg", "erase_components"];

/// rustc's `rust-lld` is the linker of the LLVM that it was built with, which is in a package of its own.
fn linker(description: &str) -> Option<String> {
    let depends = description.lines().find_map(|line| line.strip_prefix("Depends: "))?;
    let version = depends.split(", ").find_map(|package| package.split(' ').next()?.strip_prefix("llvm-"))?;
    version.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("lld-{version}"))
}

/// `--sysroot` for the code of the target (with `--target`, flags do not reach build scripts and macros). The encoded
/// form outranks every other and bears blanks in the path, so it takes in what a person has set or else, as cargo does,
/// what `.cargo/config.toml` sets.
fn with_sysroot(mut cargo: Command, sysroot: &std::path::Path) -> Command {
    const BETWEEN: &str = "\u{1f}";
    let mut flags = OsString::new();
    if let Some(encoded) = env::var_os("CARGO_ENCODED_RUSTFLAGS") {
        flags.push(encoded);
        flags.push(BETWEEN);
    } else if let Ok(plain) = env::var("RUSTFLAGS") {
        for flag in plain.split_whitespace() {
            flags.push(flag);
            flags.push(BETWEEN);
        }
    } else {
        for flag in CONFIGURED {
            flags.push(flag);
            flags.push(BETWEEN);
        }
    }
    flags.push("--sysroot=");
    flags.push(sysroot);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_follows_the_llvm_of_the_compiler() {
        let description = "Package: rust-web-llvm\nDepends: libc6 (>= 2.34), libgcc-s1 (>= 4.2), llvm-22\n";
        assert_eq!(linker(description).as_deref(), Some("lld-22"));
        assert_eq!(linker("Package: x\nDepends: libc6, llvm-23 (>= 1:23)\n").as_deref(), Some("lld-23"));
        assert_eq!(linker("Package: x\nDepends: libc6\n"), None);
    }

    #[test]
    fn the_browsers_half_is_compiled_with_the_flags_of_the_servers() {
        let config = include_str!("../../../.cargo/config.toml");
        let flags = CONFIGURED.map(|flag| format!("{flag:?}")).join(", ");
        assert!(config.contains(&format!("\nrustflags = [{flags}]\n")), "{config}");
    }

    #[test]
    fn debians_cargo_is_told_of_the_sysroot_and_not_of_rustups_toolchain() {
        let sysroot = PathBuf::from("/home/a b/sysroot");
        let cargo = WasmToolchain::Debian { sysroot }.cargo();
        assert_eq!(cargo.get_program(), "/usr/bin/cargo");
        let variable = |wanted: &str| cargo.get_envs().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let flags = variable("CARGO_ENCODED_RUSTFLAGS").flatten().unwrap();
        assert!(flags.to_string_lossy().ends_with("--sysroot=/home/a b/sysroot"), "{flags:?}");
        assert_eq!(variable("RUSTC"), Some(Some("/usr/bin/rustc".as_ref())));
        assert_eq!(variable("RUSTUP_TOOLCHAIN"), Some(None));
    }
}
