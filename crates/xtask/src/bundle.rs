//! From what the compiler made to what the browser loads: `app.js` and `app_bg.wasm`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{dist::Mode, progress, workspace::Workspace};

/// The files' stem. The server asks for `app.js` and `app_bg.wasm`.
const NAME: &str = "app";

/// Binds the compiled module, if it is another than last time, and returns the folder with the result.
pub fn bind(workspace: &Workspace, wasm: &Path, mode: Mode) -> Result<PathBuf> {
    let folder = workspace.scratch().join("bundle").join(mode.name());
    let stamp = folder.with_extension("stamp");
    let input = fingerprint(wasm)?;
    if fs::read_to_string(&stamp).is_ok_and(|last| last == input) && folder.is_dir() {
        return Ok(folder);
    }
    let step = progress::start("bundle");
    // The stamp goes first and comes last: half a bundle is never taken for a whole one.
    remove(&stamp)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Bindgen::new()
        .input_path(wasm)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        // Names of functions are a third of the file. Who needs them in a trace builds with --dev.
        .remove_name_section(mode == Mode::Release)
        .remove_producers_section(mode == Mode::Release)
        .generate(&folder)
        .context("wasm-bindgen")?;
    fs::write(&stamp, input).with_context(|| format!("cannot write {}", stamp.display()))?;
    let size = fs::metadata(folder.join(format!("{NAME}_bg.wasm")))?.len();
    step.done(&format!("{NAME}_bg.wasm, {}", progress::size(usize::try_from(size)?)));
    Ok(folder)
}

fn remove(file: &Path) -> Result<()> {
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

/// Time and size are enough: cargo leaves the file alone when nothing has changed.
fn fingerprint(file: &Path) -> Result<String> {
    let metadata = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    let time = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} {} {}", file.display(), metadata.len(), time.as_nanos()))
}
