//! The site folder: what browsers load, laid out so that it can be cached for ever.
//!
//! ```text
//! site/build-id                   the name of the newest folder in pkg; written last
//! site/pkg/<build-id>/app.js      with app_bg.wasm, app.css, math.css, pages.css, print.css and a .br beside each
//! site/...                        a copy of public/
//! ```
//! A page that is open during an upgrade goes on loading from the folder it came with: the last three are kept.

mod files;
mod style;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use self::files::{compressed, in_folder, write_if_changed};
use crate::{dist::Mode, progress, workspace::Workspace};

/// How many builds stay loadable.
const KEPT: usize = 3;
/// The style sheet of all pages; beside it stand those of the folders in `style`: what pages with formulas load
/// too, what pages without tools do, and paper.
const STYLE: &str = "app.css";
const MORE_STYLES: [&str; 3] = ["math", "pages", "print"];

/// What the conversation page loads before its tools work, and how large that may be, compressed.
const OF_THE_PAGE: [&str; 3] = [STYLE, "app.js", "app_bg.wasm"];
const BUDGET: usize = 450_000;

/// Lays the site out; what is there already stays as it is.
pub fn assemble(workspace: &Workspace, bundle: &Path, mode: Mode) -> Result<()> {
    let step = progress::start("site");
    let site = workspace.dist().join("site");
    let mut loaded = in_folder(bundle)?;
    let sheets = workspace.root.join("style");
    loaded.insert(STYLE.into(), style::joined(&sheets, mode)?);
    for folder in MORE_STYLES {
        loaded.insert(format!("{folder}.css"), style::joined(&sheets.join(folder), mode)?);
    }
    let id = build_id(&loaded);
    let news = place_package(&site.join("pkg"), &id, &loaded, mode)?;
    place_public(&site, &workspace.root.join("public"))?;
    write_if_changed(&site.join("build-id"), id.as_bytes())?;
    prune(&site.join("pkg"), &id)?;
    step.done(&news.unwrap_or_else(|| format!("build {id}, unchanged")));
    Ok(())
}

/// Twelve digits of the hash of all that a page loads.
fn build_id(loaded: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in loaded {
        hash.update(name);
        hash.update([0]);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn place_package(pkg: &Path, id: &str, loaded: &BTreeMap<String, Vec<u8>>, mode: Mode) -> Result<Option<String>> {
    let place = pkg.join(id);
    if place.is_dir() {
        // Its time says when it was last the newest; for `prune`.
        File::open(&place)?.set_modified(SystemTime::now()).context("the time of a folder")?;
        return Ok(None);
    }
    let new = pkg.join(format!(".new-{}", std::process::id()));
    let (mut page, mut later) = (0, 0);
    for (name, bytes) in loaded {
        let file = new.join(name);
        files::write(&file, bytes)?;
        let brotli = compressed(name, bytes, mode);
        if let Some(brotli) = &brotli {
            files::write(&files::sibling(&file), brotli)?;
        }
        let size = brotli.map_or(bytes.len(), |brotli| brotli.len());
        *if OF_THE_PAGE.contains(&name.as_str()) { &mut page } else { &mut later } += size;
    }
    fs::rename(&new, &place).with_context(|| format!("cannot make {}", place.display()))?;
    Ok(Some(format!("build {id}, {}", sizes(page, later, mode))))
}

/// What a build weighs, beside what it may. A development build is not made to be small.
fn sizes(page: usize, later: usize, mode: Mode) -> String {
    let kilobytes = |bytes: usize| bytes.div_ceil(1000);
    let judged = match mode {
        Mode::Dev => "",
        Mode::Release if page <= BUDGET => ", within the budget",
        Mode::Release => ", OVER THE BUDGET",
    };
    let (of, page, later) = (kilobytes(BUDGET), kilobytes(page), kilobytes(later));
    format!("{page} of {of} KB to load before the tools work{judged}, {later} KB later")
}

/// Copies what has changed and takes away what is gone.
fn place_public(site: &Path, public: &Path) -> Result<()> {
    let files = in_folder(public)?;
    for (name, bytes) in &files {
        let file = site.join(name);
        let brotli = files::sibling(&file);
        if write_if_changed(&file, bytes)? || !brotli.exists() {
            match compressed(name, bytes, Mode::Release) {
                Some(bytes) => files::write(&brotli, &bytes)?,
                None if brotli.exists() => fs::remove_file(&brotli)?,
                None => {}
            }
        }
    }
    for name in files::names(site)? {
        let ours = name.starts_with("pkg/") || name == "build-id";
        let known = files.contains_key(&name) || name.strip_suffix(".br").is_some_and(|name| files.contains_key(name));
        if !ours && !known {
            fs::remove_file(site.join(&name)).with_context(|| format!("cannot remove {name} from the site"))?;
        }
    }
    Ok(())
}

fn prune(pkg: &Path, newest: &str) -> Result<()> {
    let mut others: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(pkg)?.flatten() {
        if entry.file_name() != newest {
            others.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    others.sort();
    for (_, folder) in others.iter().rev().skip(KEPT - 1) {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
