use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{loads::Load, machine::Machine, outcome::Outcome, target::Kind};

mod budgets;
mod figures;
mod table;

use table::Table;
pub(crate) use table::digits;

const BEGIN: &str = "<!-- measured: written by `cargo xtask bench sync` -->\n";
const END: &str = "<!-- end of measured -->\n";

/// What is to be known beside the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The commit that was measured, and whether there was more than it holds.
    pub commit: String,
    /// Seconds that were counted of each load.
    pub seconds: u32,
    /// What each server was.
    pub versions: BTreeMap<Kind, String>,
    /// Runs without an outcome, and why.
    pub failures: Vec<String>,
}

/// All tables, for a terminal.
pub fn terminal(outcomes: &[Outcome], facts: &Facts) -> String {
    let mut text = String::new();
    for table in tables(outcomes) {
        text += &format!("\n{}\n{}", table.title, table.aligned());
    }
    text += "\nBudgets\n";
    for judgement in budgets::judge(outcomes) {
        text += &format!("  {judgement}\n");
    }
    text + &format!("\n{}", remarks(outcomes, &facts.failures))
}

/// The measured part of `docs/BENCHMARKS.md`.
pub fn markdown(outcomes: &[Outcome], facts: &Facts) -> String {
    let Machine { processor, cores, memory, kernel } = Machine::this();
    let mut text = format!(
        "Measured on {} at commit {}, {} s a load.\nMachine: {processor}, {cores} cores, {:.1} GiB of memory, Linux {kernel}; \
         the servers, Postgres, the generator and the real client share it.\n\n",
        OffsetDateTime::now_utc().date(),
        facts.commit,
        facts.seconds,
        memory as f64 / f64::from(1 << 30),
    );
    text += &remarks(outcomes, &facts.failures);
    text += &servers(outcomes, facts);
    for table in tables(outcomes) {
        text += &format!("\n### {}\n\n{}", table.title, table.markdown());
    }
    text += "\n### Budgets and aims\n\n| aim | measured | |\n|---|---|---|\n";
    for judgement in budgets::judge(outcomes) {
        text += &judgement.markdown();
    }
    text
}

/// Puts the measured part in its place, and leaves what people wrote around it.
///
/// # Errors
/// The document does not say where.
pub fn splice(document: &str, measured: &str) -> Result<String> {
    let (before, rest) = document.split_once(BEGIN).context("the document lacks the line where the figures begin")?;
    let (_, after) = rest.split_once(END).context("the document lacks the line where the figures end")?;
    Ok(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

fn tables(outcomes: &[Outcome]) -> Vec<Table> {
    let of = |load: Load| {
        let mut of_load: Vec<_> = outcomes.iter().filter(|outcome| outcome.load == load.slug()).collect();
        of_load.sort_by_key(|outcome| outcome.server);
        (!of_load.is_empty()).then(|| Table::new(load.title(), &of_load, figures::rows(of_load[0])))
    };
    Load::ALL.into_iter().filter_map(of).collect()
}

fn servers(outcomes: &[Outcome], facts: &Facts) -> String {
    let mut text =
        "| server | version | before it relays an update and answers its writer |\n|---|---|---|\n".to_owned();
    for (kind, version) in &facts.versions {
        if outcomes.iter().any(|outcome| outcome.server == *kind) {
            text += &format!("| {} | {version} | {} |\n", kind.name(), kind.promise());
        }
    }
    text
}

/// What keeps figures from being final.
fn remarks(outcomes: &[Outcome], failures: &[String]) -> String {
    let mut text = String::new();
    let disturbed = outcomes.iter().filter(|outcome| outcome.disturbed().is_some()).count();
    if disturbed > 0 {
        text += &format!(
            "**Preliminary**: in {disturbed} of {} runs the machine had other work to do (the row *other work on the \
             machine*). Ratios between servers tell more than the figures.\n\n",
            outcomes.len()
        );
    }
    for failure in failures {
        text += &format!("- No figures of {failure}\n");
    }
    for outcome in outcomes {
        if let Some(why) = outcome.overloaded() {
            text += &format!("- {} with {}: not to be trusted, {why}.\n", outcome.server.name(), outcome.load);
        }
        if !outcome.reasons.is_empty() {
            let reasons = outcome.reasons.join("; ");
            text +=
                &format!("- {} with {}: {} dropped: {reasons}\n", outcome.server.name(), outcome.load, outcome.dropped);
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::tests::outcome;

    #[test]
    fn what_people_wrote_stays_when_figures_are_renewed() {
        let document = format!("# Title\n{BEGIN}old\n{END}\n## Why\nBecause.\n");
        let renewed = splice(&document, "new").unwrap();
        assert_eq!(renewed, format!("# Title\n{BEGIN}\nnew\n{END}\n## Why\nBecause.\n"));
        assert_eq!(splice(&renewed, "new").unwrap(), renewed);
        assert!(splice("# Title\n", "new").is_err());
    }

    #[test]
    fn runs_that_cannot_be_trusted_are_named() {
        assert_eq!(remarks(&[outcome()], &[]), "\n");
        let (mut busy, mut cut) = (outcome(), outcome());
        busy.active.others = 5.0;
        (cut.dropped, cut.reasons) = (3, vec!["closed by the server".into()]);
        cut.active.generator = 9.9;
        let said = remarks(&[busy, cut], &["pycrdt with room: it did not start".into()]);
        assert!(said.contains("Preliminary**: in 1 of 2"), "{said}");
        assert!(said.contains("PromptGrimoire with room: not to be trusted, the generator used 99 %"), "{said}");
        assert!(said.contains("3 dropped: closed by the server"), "{said}");
        assert!(said.contains("No figures of pycrdt with room: it did not start"), "{said}");
    }
}
