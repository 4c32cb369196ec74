//! Folders read and written as a whole, and brotli beside what compresses well.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;

use crate::dist::Mode;

/// Below this a header costs more than is saved.
const WORTH_COMPRESSING: usize = 1024;
/// Texts and code; fonts and pictures are compressed already.
const COMPRESSIBLE: [&str; 7] = ["css", "js", "json", "mjs", "svg", "wasm", "webmanifest"];

/// The paths of all files below a folder, with `/` between the parts; none where there is no such folder.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut below = vec![String::new()];
    while let Some(prefix) = below.pop() {
        let folder = folder.join(&prefix);
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                below.push(format!("{name}/"));
            } else {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// All files below a folder, in the order of their paths.
pub fn in_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let read = |name: String| {
        let bytes = fs::read(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
        Ok((name, bytes))
    };
    names(folder)?.into_iter().map(read).collect()
}

/// Writes a file and the folders above it.
pub fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// Replaces a file in one go if its bytes differ, and says whether they did.
pub fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    write(Path::new(&new), bytes)?;
    fs::rename(&new, file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}

/// `app.css.br` for `app.css`: where servers look for it.
pub fn sibling(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

/// The brotli form, where there is any use in it.
pub fn compressed(name: &str, bytes: &[u8], mode: Mode) -> Option<Vec<u8>> {
    let extension = Path::new(name).extension()?.to_str()?;
    if bytes.len() <= WORTH_COMPRESSING || !COMPRESSIBLE.contains(&extension) {
        return None;
    }
    let quality = match mode {
        Mode::Release => 11,
        Mode::Dev => 5,
    };
    let parameters = BrotliEncoderParams { quality, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut packed = Vec::new();
    // Reading and writing memory does not fail; if it did, the plain file would be served.
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters).ok()?;
    (packed.len() < bytes.len()).then_some(packed)
}
