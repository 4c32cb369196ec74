use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Outcome, Phase, RATE};
use crate::{delays::Summary, machine::Machine, report::digits};

const BEGIN: &str = "<!-- chat: written by `cargo xtask bench chat` -->\n";
const END: &str = "<!-- end of chat -->\n";
const MIB: f64 = 1024.0 * 1024.0;

/// What there is to tell.
#[derive(Debug, Args)]
pub struct Facts {
    /// What `chat` wrote
    #[arg(long)]
    outcome: std::path::PathBuf,
    /// What the browser's measurement wrote
    #[arg(long)]
    browser: std::path::PathBuf,
    /// What was measured
    #[arg(long)]
    commit: String,
    /// The document, if it is to be written
    #[arg(long)]
    document: Option<std::path::PathBuf>,
}

/// Of one page that shows a reply, by what else went on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Painted {
    /// Tokens that were painted.
    tokens: u64,
    /// From hearing to painting, in milliseconds.
    delays: Quantiles,
    /// Between two frames.
    frames: Quantiles,
    /// Share of the page's main thread that was busy.
    busy: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Quantiles {
    p50: f64,
    p99: f64,
    max: f64,
}

/// Prints tables of what was measured, and puts them into a document.
///
/// # Errors
/// A file is missing, or the document has no place for them.
pub fn report(facts: &Facts) -> Result<()> {
    let outcome: Outcome = serde_json::from_str(&read(&facts.outcome)?)?;
    let browser: BTreeMap<String, Painted> = serde_json::from_str(&read(&facts.browser)?)?;
    let told = tell(&outcome, &browser, &facts.commit);
    print!("{told}");
    let Some(path) = &facts.document else { return Ok(()) };
    let document = read(path)?;
    let (before, rest) = document.split_once(BEGIN).context("the document has no place for the chat")?;
    let (_, after) = rest.split_once(END).context("the document has no end of the chat")?;
    fs::write(path, format!("{before}{BEGIN}\n{told}\n{END}{after}"))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

impl Outcome {
    /// In one line.
    pub(super) fn line(&self) -> String {
        let of = |phase: &Phase| phase.heard.delays.map_or("nothing".into(), |delays| told(&delays));
        format!(
            "{} streams: {} through the server, {} from the model itself (p50 / p99 / longest); {} of a core",
            self.streams,
            of(&self.served),
            of(&self.direct),
            percent((self.served.cpu.server + self.served.cpu.postgres) / self.served.elapsed)
        )
    }

    /// What keeps the figures from being trusted.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        for (name, phase) in [("at the model", &self.direct), ("at the server", &self.served)] {
            let busy = phase.cpu.generator / phase.elapsed / self.threads as f64;
            if busy > 0.9 {
                doubts.push(format!("The generator with the readers {name} used {} of its threads.", percent(busy)));
            }
            if phase.heard.late.is_some_and(|late| late.p99 > 5.0) {
                doubts.push(format!("The model with the readers {name} wrote late."));
            }
            let others = (phase.cpu.others + phase.cpu.stolen) / phase.elapsed;
            if others > 0.1 {
                doubts.push(format!("With the readers {name} other work took {} of a core.", percent(others)));
            }
        }
        doubts
    }
}

fn told(delays: &Summary) -> String {
    format!("{} / {} / {} ms", digits(delays.p50), digits(delays.p99), digits(delays.max))
}

fn percent(part: f64) -> String {
    format!("{} %", digits(part * 100.0))
}

/// One of the figures of a summary.
type Figure = fn(&Summary) -> f64;

fn tell(outcome: &Outcome, browser: &BTreeMap<String, Painted>, commit: &str) -> String {
    let Machine { processor, cores, .. } = Machine::this();
    let (direct, served) = (&outcome.direct, &outcome.served);
    let mut text = format!(
        "Measured on {} at commit {commit}: {} replies at once, {RATE} tokens a second each, {:.0} s. {processor}, {cores} cores, shared by server, Postgres, model and readers.\n\n",
        OffsetDateTime::now_utc().date(),
        outcome.streams,
        served.elapsed,
    );
    for doubt in outcome.doubts() {
        text += &format!("**Preliminary**: {doubt}\n\n");
    }
    text += "| | through the server | from the model itself | added |\n|---|---|---|---|\n";
    let of = |phase: &Phase, of: fn(&Summary) -> f64| phase.heard.delays.as_ref().map_or(f64::NAN, of);
    let rows: [(&str, Figure); 4] = [
        ("p50", |delays| delays.p50),
        ("p95", |delays| delays.p95),
        ("p99", |delays| delays.p99),
        ("longest", |delays| delays.max),
    ];
    for (name, figure) in rows {
        let (there, here) = (of(served, figure), of(direct, figure));
        text += &format!(
            "| token written to heard, {name} | {} ms | {} ms | {} ms |\n",
            digits(there),
            digits(here),
            digits(there - here)
        );
    }
    let tokens = |phase: &Phase| format!("{} of {}; {}", phase.heard.heard, phase.heard.written, phase.heard.wrong);
    text += &format!(
        "| tokens heard in their turn, of those written; out of it | {} | {} | |\n",
        tokens(served),
        tokens(direct)
    );
    let late = |phase: &Phase| phase.heard.late.map_or("–".into(), |late| format!("{} ms", digits(late.p99)));
    text += &format!("| the model wrote late, p99 | {} | {} | |\n", late(served), late(direct));
    let share = |seconds: f64, phase: &Phase| percent(seconds / phase.elapsed);
    text += &format!("| server: share of a core | {} | | |\n", share(served.cpu.server, served));
    text += &format!("| Postgres: share of a core | {} | | |\n", share(served.cpu.postgres, served));
    let a_token = (served.cpu.server + served.cpu.postgres) / served.elapsed / (outcome.streams as f64 * RATE as f64);
    text += &format!("| CPU for a token, with Postgres | {} µs | | |\n", digits(a_token * 1e6));
    let above = |bytes: u64| digits((bytes as f64 - direct.memory.server as f64).max(0.0) / MIB);
    text += &format!(
        "| server: memory above idle ({} MiB); at its peak | {} MiB; {} | | |\n",
        digits(direct.memory.server as f64 / MIB),
        above(served.memory.server),
        outcome.peak.map_or("–".into(), |peak| format!("{} MiB", above(peak)))
    );
    let generator = |phase: &Phase| percent(phase.cpu.generator / phase.elapsed / outcome.threads as f64);
    text +=
        &format!("| model and readers: share of their threads | {} | {} | |\n", generator(served), generator(direct));
    let others = |phase: &Phase| percent((phase.cpu.others + phase.cpu.stolen) / phase.elapsed);
    text += &format!("| other work on the machine, of a core | {} | {} | |\n", others(served), others(direct));
    text += "\n| one page in Chromium that shows a reply | heard to painted p50 / p99 / longest | between two frames p99 | its main thread |\n|---|---|---|---|\n";
    for (name, Painted { tokens, delays, frames, busy }) in browser {
        let Quantiles { p50, p99, max } = *delays;
        text += &format!(
            "| {name} ({tokens} tokens) | {} / {} / {} ms | {} ms | {} |\n",
            digits(p50),
            digits(p99),
            digits(max),
            digits(frames.p99),
            percent(*busy)
        );
    }
    text
}
