//! `cargo xtask run`: build, then become the server.

use std::{
    env,
    ffi::OsString,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    dist::{self, Mode},
    postgres, process, progress,
    workspace::Workspace,
};

/// Where the server listens if nothing else is said (`LISTEN`).
const USUAL: &str = "127.0.0.1:8080";

/// Returns only if something went wrong. The server takes our place, so that signals and the exit code are its own,
/// and nobody has to pass them on.
pub fn run(workspace: &Workspace, mode: Mode, listen: Option<&str>) -> Result<()> {
    free(listen)?;
    let programs = database(workspace)?;
    let binary = dist::build(workspace, mode)?;
    let mut server = server(workspace, &binary, listen, programs.as_deref());
    progress::note("server", "starting; end it with Ctrl-C");
    Err(server.exec()).with_context(|| format!("cannot start {}", binary.display()))
}

/// Whether the server will find its place free, before minutes are spent on building it. What is no address is the server's
/// to say.
pub fn free(listen: Option<&str>) -> Result<()> {
    let address = listen.map(str::to_owned).or_else(|| env::var("LISTEN").ok()).unwrap_or_else(|| USUAL.into());
    let Ok(address) = address.parse::<SocketAddr>() else { return Ok(()) };
    match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{address} is taken: end what runs there, or choose another place with `--listen {}:{}`",
            address.ip(),
            if address.port() == 9000 { 9001 } else { 9000 }
        ),
        _ => Ok(()),
    }
}

/// What the server will need, before minutes are spent on building it: Postgres' programs, unless it has a database.
pub fn database(workspace: &Workspace) -> Result<Option<std::path::PathBuf>> {
    if env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        return Ok(None);
    }
    postgres::ready(workspace).map(Some)
}

/// The server, with its data in the checkout unless `DATA_DIR` says otherwise.
pub fn server(workspace: &Workspace, binary: &Path, listen: Option<&str>, programs: Option<&Path>) -> Command {
    let mut server = process::command(binary);
    server.arg("serve");
    if env::var_os("DATA_DIR").is_none() {
        server.env("DATA_DIR", workspace.root.join("data"));
    }
    if let Some(address) = listen {
        server.env("LISTEN", address);
    }
    if let Some(programs) = programs {
        server.env("PATH", with_folder(programs));
    }
    server
}

/// The path with Postgres' folder last, so that the server finds what we found and nothing else changes.
fn with_folder(folder: &Path) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([folder.to_owned()]);
    env::join_paths(folders).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_place_is_told_with_what_to_type() {
        let there = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = there.local_addr().unwrap().to_string();
        let told = free(Some(&address)).unwrap_err().to_string();
        assert!(told.contains(&address) && told.contains("--listen 127.0.0.1:9000"), "{told}");
        drop(there);
        free(Some(&address)).unwrap();
        free(Some("nonsense")).unwrap();
    }
}
