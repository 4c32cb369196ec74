//! A page as a PDF, printed by a browser without a window (`CHROMIUM_PATH`).
//!
//! What it prints is ours and inert: no scripts, nothing to load, and a policy within it that allows neither. (Scripts cannot
//! be switched off in the browser as a whole: it prints by one of its own.) On top of that the browser finds no host, has a
//! folder of its own that is gone afterwards, and an end.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use shared::ids::ExportId;
use tokio::{io::AsyncReadExt, process::Command};

/// A full conversation with two thousand notes takes some ten seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// Of what the browser complains of, for the log.
const MAX_WORDS: u64 = 4 << 10;

const FLAGS: [&str; 15] = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
];

/// A folder that is gone when this is.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the folder of a print cannot be removed");
        }
    }
}

/// The browser with all that it started.
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Those that are over already are no error.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Where prints are made, below the server's own folder.
pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("prints")
}

/// Prints an HTML page. Dropping it ends the browser.
pub(super) async fn print(browser: &Path, folder: &Path, job: ExportId, html: String) -> anyhow::Result<Bytes> {
    let own = Folder(folder.join(job.to_string()));
    // It holds people's words.
    let mut making = tokio::fs::DirBuilder::new();
    making.recursive(true).mode(0o700).create(&own.0).await.context("no folder to print in")?;
    let (page, pdf) = (own.0.join("page.html"), own.0.join("page.pdf"));
    let address = url::Url::from_file_path(std::path::absolute(&page)?)
        .map_err(|()| anyhow::anyhow!("no address of the page"))?;
    tokio::fs::write(&page, html).await?;
    let mut command = Command::new(browser);
    command.args(FLAGS);
    // Its own fence does not work for root.
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command
        .arg(format!("--user-data-dir={}", own.0.join("profile").display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(address.as_str())
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", &own.0)
        // Not in its own folder: it makes a socket there, whose path may have 107 bytes.
        .env("TMPDIR", std::env::temp_dir())
        .env("LANG", "C.UTF-8")
        .current_dir(&own.0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().context("CHROMIUM_PATH cannot be started")?;
    let group = Group(child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())));
    let complaints = child.stderr.take();
    let listening = tokio::spawn(async move {
        let mut words = Vec::new();
        if let Some(complaints) = complaints {
            let mut first = complaints.take(MAX_WORDS);
            let _ = first.read_to_end(&mut words).await;
            // The rest is read and not kept: a full pipe would hold the browser up.
            let _ = tokio::io::copy(&mut first.into_inner(), &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&words).into_owned()
    });
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    drop(group);
    let status = ended.context("the browser did not end in time")??;
    match tokio::fs::read(&pdf).await {
        Ok(bytes) if status.success() && bytes.starts_with(b"%PDF-") => Ok(bytes.into()),
        _ => bail!("the browser made no PDF ({status}): {}", listening.await.unwrap_or_default()),
    }
}
