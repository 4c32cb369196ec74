//! Node and Python with the stock clients, as `cargo xtask test` has made them ready.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use tokio::process::Command;

/// The folder of our JavaScript and Python programs, and of npm's packages.
pub fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../end2end")
}

pub fn node() -> Command {
    Command::new(variable("PROMPTGRIMOIRE_TEST_NODE"))
}

/// Its packages are its own, or in a folder beside it.
pub fn python() -> Command {
    let mut python = Command::new(variable("PROMPTGRIMOIRE_TEST_PYTHON"));
    if let Some(path) = env::var_os("PROMPTGRIMOIRE_TEST_PYTHONPATH") {
        python.env("PYTHONPATH", path);
    }
    python
}

fn variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_else(|| panic!("this test needs stock Yjs clients; type: cargo xtask test --only test"))
}
