use std::{
    env,
    ffi::OsStr,
    fs, os,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

/// Waits for a process to end, then kills every server and stops every Postgres below a folder and removes the folder.
///
/// A shell, because it must outlive the tests however they end: finished, failed, interrupted or killed. It goes by
/// the command line of what it signals, since a number in a pid file may by now be another process.
const WATCHDOG: &str = r#"
owner=$1
folder=$2
while kill -0 "$owner" 2>/dev/null; do sleep 0.3; done
homes() {
    echo "$folder"
    find "$folder" -name postgres.path -exec cat {} +
}
# First, because a server starts its Postgres again.
find "$folder" -name server.pid | while read -r file; do
    process=$(head -n 1 "$file")
    line=$(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null || ps -o command= -p "$process")
    case $line in *"$folder"*) kill -KILL "$process" ;; esac
done
homes | while read -r home; do
    find "$home" -name postmaster.pid | while read -r file; do
        process=$(head -n 1 "$file")
        cluster=$(dirname "$file")
        line=$(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null || ps -o command= -p "$process")
        socket=$(sed -n 5p "$file")
        case $line in *"$cluster"*) kill -QUIT "$process"; sleep 0.3; rmdir "$socket" ;; esac
    done
done
sleep 0.5
homes | while read -r home; do
    case $home in "$folder" | /var/lib/promptgrimoire/?*) rm -rf "$home" ;; esac
done
"#;

/// The folder of this run of tests: all its databases are below it, and it goes when the run ends.
///
/// A run is one process under `cargo test` and many under nextest, which starts one for each test; there it is
/// nextest's own process whose end counts, so that the many share one database cluster.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let root = root();
        let (owner, run) = match env::var("NEXTEST_RUN_ID") {
            Ok(run) => (os::unix::process::parent_id(), run),
            Err(_) => {
                let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
                (std::process::id(), format!("{:08x}", since.as_millis() & 0xffff_ffff))
            }
        };
        // The number of a process alone comes again; in a container that is restarted, always.
        let folder = root.join(format!("run-{owner}-{}", &run[..8]));
        if fs::create_dir(&folder).is_ok() {
            watch(owner, &folder);
            sweep(&root);
        }
        folder
    })
}

/// A new empty folder of one test.
pub fn scratch(name: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = folder().join(format!("{name}-{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

/// Cargo's folder for it; a variable of the same name moves it where another user may write.
fn root() -> PathBuf {
    let root = env::var_os("CARGO_TARGET_TMPDIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    fs::create_dir_all(&root).unwrap();
    PathBuf::from(root).canonicalize().unwrap()
}

/// What runs have left whose watchdog was killed too (the machine was switched off): their folders are watched again,
/// and since nobody is there, removed at once.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).unwrap().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix("run-")?.split('-').next()?.parse::<i32>().ok());
        let Some(pid) = owner.and_then(rustix::process::Pid::from_raw) else { continue };
        if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            watch(pid.as_raw_pid().unsigned_abs(), &entry.path());
        }
    }
}

#[expect(clippy::zombie_processes, reason = "it waits for our end, not we for its")]
fn watch(owner: u32, folder: &Path) {
    // Not in our process group and on none of our pipes: whoever runs the tests neither kills it nor waits for it.
    Command::new("/bin/sh")
        .args([OsStr::new("-c"), OsStr::new(WATCHDOG), OsStr::new("watchdog")])
        .arg(owner.to_string())
        .arg(folder)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
}
