use anyhow::{Result, ensure};

use crate::{process, progress, workspace::Workspace};

/// The corpus is a test: it asserts what must hold, and prints what came of the rest.
const TEST: &str = "selector::corpus::no_highlight_is_silently_in_the_wrong_place";

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
    super::write_down(workspace, "anchors", &table)?;
    step.done("written to docs/BENCHMARKS.md");
    Ok(())
}
