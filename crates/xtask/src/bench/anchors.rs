use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{process, progress, workspace::Workspace};

/// The corpus is a test: it asserts what must hold, and prints what came of the rest.
const TEST: &str = "selector::corpus::no_highlight_is_silently_in_the_wrong_place";
const BEGIN: &str = "<!-- anchors: written by `cargo xtask bench anchors` -->";
const END: &str = "<!-- end of anchors -->";

/// Runs the corpus of edited texts, and puts its table into docs/BENCHMARKS.md.
pub fn anchors(workspace: &Workspace) -> Result<()> {
    let step = progress::begin("anchors", "compiling what has changed, then looking for nine thousand passages");
    let mut test = process::cargo();
    test.args(["test", "--quiet", "--package=shared", "--lib", "--", "--exact", TEST, "--nocapture"])
        .current_dir(&workspace.root);
    let said = process::output(&mut test)?;
    // The test runner puts its dots before the first line.
    let rows = said.lines().filter_map(|line| line.find("| ").map(|at| &line[at..]));
    let table = rows.collect::<Vec<_>>().join("\n");
    ensure!(table.lines().count() > 2, "the corpus has printed no table");
    println!("{table}");
    let path = workspace.root.join("docs/BENCHMARKS.md");
    let document = fs::read_to_string(&path)?;
    let (before, rest) = document.split_once(BEGIN).context("docs/BENCHMARKS.md has no place for the anchors")?;
    let (_, after) = rest.split_once(END).context("docs/BENCHMARKS.md has no end of the anchors")?;
    fs::write(&path, format!("{before}{BEGIN}\n\n{table}\n\n{END}{after}"))?;
    step.done("written to docs/BENCHMARKS.md");
    Ok(())
}
