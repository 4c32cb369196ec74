//! Starting other programs: with a clean environment, stopped when we are, and logged where nobody wants to watch.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::{interrupt, progress};

/// How long a program may take over its orderly end before it is killed.
const GRACE: Duration = Duration::from_secs(12);
/// A log of a build server goes quiet for minutes otherwise, and some of them then take us for dead.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How many lines of a failed program's log are shown.
const TAIL: usize = 60;

static PREFERRED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A program with the environment that the person's own shell would give it.
///
/// `cargo run` and rustup have added variables for this process. A cargo below us must not see those: build scripts
/// ask to run again when `CARGO_PKG_NAME` or `CARGO_MANIFEST_DIR` changes, and another toolchain finds wrong libraries.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, value) in env::vars_os() {
        if name.to_str().is_some_and(set_by_cargo) {
            command.env_remove(&name);
        } else if name == "LD_LIBRARY_PATH" || name == "DYLD_FALLBACK_LIBRARY_PATH" {
            match own_libraries(&value) {
                Some(own) => command.env(&name, own),
                None => command.env_remove(&name),
            };
        }
    }
    if let Some(path) = preferred_first() {
        command.env("PATH", path);
    }
    command
}

/// The cargo that started us, or the one on the path.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The rustc beside that cargo.
pub fn rustc() -> PathBuf {
    let beside = env::var_os("CARGO").map(|cargo| PathBuf::from(cargo).with_file_name("rustc"));
    match (env::var_os("RUSTC"), beside) {
        (Some(chosen), _) => chosen.into(),
        (None, Some(beside)) if beside.is_file() => beside,
        _ => "rustc".into(),
    }
}

/// Programs of this folder come before those of the path, for us and for whatever we start.
pub fn prefer(folder: PathBuf) {
    PREFERRED.lock().unwrap_or_else(PoisonError::into_inner).insert(0, folder);
}

/// The first program of this name on the path.
pub fn find(name: &str) -> Option<PathBuf> {
    folders().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn folders() -> Vec<PathBuf> {
    preferred().into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())).collect()
}

fn preferred() -> Vec<PathBuf> {
    PREFERRED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The path where it is not our own.
fn preferred_first() -> Option<OsString> {
    if preferred().is_empty() { None } else { env::join_paths(folders()).ok() }
}

/// Runs a program whose output is shown; an error if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let mut child = spawn(command)?;
    match wait(&mut child, None, |_| {})? {
        Some(status) if status.success() => Ok(()),
        _ => bail!("`{}` failed", spoken(command)),
    }
}

/// What a program prints on its standard output; an error if it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", spoken(command)))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}", spoken(command), why.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be started and succeeds; what it prints is not wanted.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs a program with its output in a file and a sign of life every half minute. `None` if it took longer than `limit`.
pub fn logged(name: &str, command: &mut Command, log: &Path, limit: Duration) -> Result<Option<ExitStatus>> {
    let since = Instant::now();
    watched(command, log, Some(limit), || {
        let elapsed = progress::seconds(since.elapsed().as_secs_f64().floor());
        progress::detail(&format!("… {name}, {elapsed} so far"));
    })
}

/// As [`logged`]: whether it succeeded. If it did not, the end of its log is shown, for whoever cannot reach the file.
pub fn completed(name: &str, command: &mut Command, log: &Path, limit: Duration) -> Result<bool> {
    let completed = logged(name, command, log, limit)?.is_some_and(|status| status.success());
    if !completed {
        tail(log);
    }
    Ok(completed)
}

/// Shows the end of a log.
pub fn tail(log: &Path) {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].iter().for_each(|line| println!("    {line}"));
    progress::detail(&format!("all of it: {}", log.display()));
}

/// As [`logged`], with a sign of life of its own.
pub fn watched(
    command: &mut Command,
    log: &Path,
    limit: Option<Duration>,
    mut sign: impl FnMut(),
) -> Result<Option<ExitStatus>> {
    fs::create_dir_all(log.parent().context("a log without a folder")?)?;
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    // A group of its own, so that with it all that it started can be stopped.
    let mut child = spawn(command.process_group(0))?;
    let mut told = Duration::ZERO;
    wait(&mut child, limit, |elapsed| {
        if elapsed >= told + HEARTBEAT {
            told = elapsed;
            sign();
        }
    })
}

/// As a person would type it.
pub fn spoken(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Starts a program, with an error that names it.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot start `{}`", spoken(command)))
}

/// Asks a program (and its group, where it leads one) to end, and makes it end if it does not.
pub fn stop(child: &mut Child) {
    signal(child, Signal::TERM);
    let since = Instant::now();
    while since.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    signal(child, Signal::KILL);
    // Nothing can be done about a failure here, and it is gone either way.
    let _ = child.wait();
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    // Fails where it has ended or leads no group; both are fine.
    if kill_process_group(pid, signal).is_err() {
        let _ = kill_process(pid, signal);
    }
}

fn wait(child: &mut Child, limit: Option<Duration>, mut tick: impl FnMut(Duration)) -> Result<Option<ExitStatus>> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for a program")? {
            if interrupt::requested() {
                bail!("interrupted");
            }
            return Ok(Some(status));
        }
        let elapsed = since.elapsed();
        if interrupt::requested() {
            stop(child);
            bail!("interrupted");
        }
        if limit.is_some_and(|limit| elapsed > limit) {
            stop(child);
            return Ok(None);
        }
        tick(elapsed);
        // Quick programs are noticed quickly, slow ones cost nothing.
        thread::sleep((elapsed / 20).clamp(Duration::from_millis(2), Duration::from_millis(100)));
    }
}

fn set_by_cargo(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "OUT_DIR",
        "RUST_RECURSION_COUNT",
    ];
    NAMES.contains(&name) || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// A library path without the folders that cargo put in front: its target folder's and the toolchain's.
fn own_libraries(path: &OsStr) -> Option<OsString> {
    let exe = env::current_exe().ok();
    let built = exe.as_deref().and_then(Path::parent);
    let foreign = |folder: &PathBuf| {
        built.is_some_and(|built| folder.starts_with(built))
            || folder.components().any(|part| part.as_os_str() == "toolchains" || part.as_os_str() == "rustlib")
    };
    let own: Vec<_> = env::split_paths(path).filter(|folder| !foreign(folder)).collect();
    if own.is_empty() { None } else { env::join_paths(own).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_set_for_us_is_told_from_what_a_person_set() {
        for name in ["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "RUST_RECURSION_COUNT"] {
            assert!(set_by_cargo(name), "{name}");
        }
        for name in ["CARGO_TARGET_DIR", "CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_PROFILE_DEV_DEBUG", "PATH"] {
            assert!(!set_by_cargo(name), "{name}");
        }
    }

    #[test]
    fn libraries_of_the_toolchain_are_taken_off_the_library_path() {
        let path = "/home/a/.rustup/toolchains/stable/lib:/opt/own/lib";
        assert_eq!(own_libraries(path.as_ref()), Some("/opt/own/lib".into()));
        assert_eq!(own_libraries("/home/a/.rustup/toolchains/stable/lib".as_ref()), None);
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        let log = env::temp_dir().join(format!("xtask-slow-{}.log", std::process::id()));
        let since = Instant::now();
        let status = logged("slow", command("sleep").arg("30"), &log, Duration::from_millis(50));
        assert!(matches!(status, Ok(None)), "{status:?}");
        assert!(since.elapsed() < Duration::from_secs(10));
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn an_error_names_the_program_and_what_it_said() {
        let error =
            output(command("sh").args(["-c", "echo went $((6 * 7)) times wrong >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("went 42 times wrong"), "{error}");
    }
}
