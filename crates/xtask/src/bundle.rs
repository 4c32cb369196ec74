//! From what the compiler made to what the browser loads: `app.js` and `app_bg.wasm`, and what they load later
//! (`later.js`, `split_later.wasm`).

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::{dist::Mode, progress, workspace::Workspace};

/// The files' stem. The server asks for `app.js` and `app_bg.wasm`.
const NAME: &str = "app";

/// What is loaded later: the module that loads it, and its code. The service worker keeps both.
const LATER: [&str; 2] = ["later.js", "split_later.wasm"];

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
    let main = split(wasm, &folder, mode)?;
    Bindgen::new()
        .input_path(&main)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        // The table of functions is what the code that comes later shares with the main file.
        .keep_lld_exports(true)
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

/// Takes the code that pages load later (`app::later`) out of a module, puts it into `folder`, and returns what is left.
fn split(wasm: &Path, folder: &Path, mode: Mode) -> Result<PathBuf> {
    let main = folder.with_extension("main.wasm");
    let whole = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let mut options = wasm_split_cli_support::Options::new(&whole);
    let link = format!("./{}", LATER[0]);
    let from = format!("./{NAME}.js");
    (options.output_dir, options.main_out_path, options.link_name, options.main_module) = (folder, &main, &link, &from);
    let parts = wasm_split_cli_support::transform(options).map_err(|report| anyhow!("wasm-split: {report:#}"))?;
    let later = folder.join(LATER[1]);
    // Another would be missing offline, and nobody would see it before.
    ensure!(parts.split_modules == [later.clone()], "wasm-split made {:?}", parts.split_modules);
    if mode == Mode::Release {
        let code = fs::read(&later).with_context(|| format!("cannot read {}", later.display()))?;
        let code = without_custom_sections(&code).context("wasm-split wrote a module that cannot be read")?;
        fs::write(&later, code).with_context(|| format!("cannot write {}", later.display()))?;
    }
    Ok(main)
}

/// A module without its custom sections: names, mostly, which are half of the file. wasm-bindgen does it to the main one.
/// Nothing where the bytes are no module (WebAssembly core specification, 5.5.2).
fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(8)?;
    let mut kept = header.to_vec();
    while let Some(id) = rest.first() {
        let (size, digits) = leb128(&rest[1..])?;
        let (section, others) = rest.split_at_checked(1 + digits + size)?;
        if *id != 0 {
            kept.extend_from_slice(section);
        }
        rest = others;
    }
    Some(kept)
}

/// An unsigned number of at most 32 bits, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, place + 1));
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_and_the_others_stay_as_they_were() {
        let header = b"\0asm\x01\0\0\0";
        // A name section whose size takes two bytes, between two sections that stay.
        let name = [&[0, 0x80, 0x01], &[7; 128][..]].concat();
        let module = [&header[..], &[1, 2, 9, 9], &name, &[10, 0]].concat();
        assert_eq!(without_custom_sections(&module), Some([&header[..], &[1, 2, 9, 9], &[10, 0]].concat()));
        assert_eq!(without_custom_sections(&module[..20]), None, "cut off");
        assert_eq!(without_custom_sections(b"\0asm"), None);
    }
}
