use std::{fs, time::Duration};

use anyhow::{Result, bail};

use super::{
    folder, generator, product,
    servers::{self, Place},
};
use crate::{postgres, process, progress, workspace::Workspace};

/// Ten thousand conversations are imported in a few minutes.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Fills the release build with conversations, searches in them, and puts the tables into docs/BENCHMARKS.md if they are to
/// be kept.
pub fn search(workspace: &Workspace, conversations: usize, write: bool) -> Result<()> {
    let generator = generator(workspace)?;
    let place = Place { programs: postgres::ready(workspace)?, product: product(workspace)? };
    let running = servers::start_ours(workspace, &place, &workspace.log("bench-search-server"))?;
    let step = progress::begin("search", &format!("among {conversations} conversations"));
    let mut command = process::command(&generator);
    running.lend(&mut command, &place)?;
    command.args(["search", "--origin", &running.origin(), "--address", &running.address()]);
    command.args(["--pid", &running.id().to_string(), "--conversations", &conversations.to_string()]);
    command.arg("--program").arg(&place.product);
    let log = folder(workspace).join("search.md");
    let status = process::logged("search", &mut command, &log, LIMIT)?;
    let said = fs::read_to_string(&log)?;
    if !status.is_some_and(|status| status.success()) {
        bail!("{}", said.lines().last().unwrap_or("the load generator said nothing"));
    }
    println!("{said}");
    if write {
        super::write_down(workspace, "search", said.trim())?;
    }
    step.done(if write { "written to docs/BENCHMARKS.md" } else { "measured" });
    Ok(())
}
