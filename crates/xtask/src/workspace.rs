//! Where things are.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The folders of this checkout.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the configuration or `CARGO_TARGET_DIR` puts it.
    pub target: PathBuf,
    /// The oldest rustc that compiles us: the manifest's `rust-version`.
    pub rust_version: String,
}

impl Workspace {
    /// Asks cargo, which alone knows all the ways to configure a target folder.
    pub fn find() -> Result<Self> {
        let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let mut metadata = process::cargo();
        metadata.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(here);
        let metadata: Value = serde_json::from_str(&process::output(&mut metadata)?).context("cargo metadata")?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("cargo metadata lacks a field");
        Ok(Self {
            root: text(&metadata["workspace_root"])?.into(),
            target: text(&metadata["target_directory"])?.into(),
            rust_version: text(&metadata["packages"][0]["rust_version"])?,
        })
    }

    /// The product: the server's binary and its `site` folder.
    pub fn dist(&self) -> PathBuf {
        self.target.join("dist")
    }

    /// What is made on the way to it.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// One log file for each step whose output is not shown.
    pub fn log(&self, step: &str) -> PathBuf {
        self.target.join("xtask-logs").join(format!("{step}.log"))
    }
}

/// Our folder of the user's cache: what takes long to get, serves several checkouts and can be got again.
pub fn cache() -> Result<PathBuf> {
    let cache = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        _ => bail!("neither XDG_CACHE_HOME nor HOME is set"),
    };
    Ok(cache.join("promptgrimoire"))
}
