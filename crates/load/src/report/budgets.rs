//! The aims that were set beforehand, and what became of them. Never asserted: reported.

use std::fmt;

use super::{
    figures::{above_idle, cores, cpu_per_delivery, cpu_per_join, server_per_delivery},
    table::digits,
};
use crate::{
    loads::Load,
    outcome::{Outcome, Traffic},
    target::Kind,
};

const MIB: f64 = 1024.0 * 1024.0;

/// One aim: something is to be less than something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judgement {
    aim: String,
    measured: f64,
    limit: f64,
    unit: &'static str,
}

impl Judgement {
    fn verdict(&self) -> String {
        if self.measured <= self.limit {
            return "met".to_owned();
        }
        format!(
            "**missed** by {} {} ({} times)",
            digits(self.measured - self.limit),
            self.unit,
            digits(self.measured / self.limit)
        )
    }

    pub(super) fn markdown(&self) -> String {
        format!("| {} | {} {} | {} |\n", self.aim, digits(self.measured), self.unit, self.verdict())
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict().replace("**", "");
        write!(formatter, "{}: {} {}, {verdict}", self.aim, digits(self.measured), self.unit)
    }
}

/// Judges what was measured; an aim whose load was not run is left out.
pub(super) fn judge(outcomes: &[Outcome]) -> Vec<Judgement> {
    let of =
        |kind: Kind, load: Load| outcomes.iter().find(|outcome| outcome.server == kind && outcome.load == load.slug());
    let ours = |load| of(Kind::Ours, load);
    let mut judgements = Vec::new();
    let mut add = |aim: &str, unit, limit: f64, measured: Option<f64>| {
        judgements.extend(measured.map(|measured| Judgement { aim: aim.to_owned(), measured, limit, unit }));
    };
    let traffic = |load| ours(load).and_then(|outcome| outcome.traffic.as_ref());
    let propagation = |load| traffic(load).and_then(|traffic: &Traffic| traffic.propagation);
    let acks = |load| traffic(load).and_then(|traffic: &Traffic| traffic.acks);

    let one = "keystroke to another screen, committed; the server's part of it, 50 people in a room:";
    add(&format!("{one} p50 < 25 ms"), "ms", 25.0, propagation(Load::Room).map(|summary| summary.p50));
    add(&format!("{one} p95 < 60 ms"), "ms", 60.0, propagation(Load::Room).map(|summary| summary.p95));
    add(
        "update to ack (committed), 50 writers in a room: p95 < 25 ms",
        "ms",
        25.0,
        acks(Load::Room).map(|summary| summary.p95),
    );
    add("update to ack (committed), 500 rooms: p95 < 25 ms", "ms", 25.0, acks(Load::Rooms).map(|summary| summary.p95));
    let rooms = propagation(Load::Rooms).map(|summary| summary.p99);
    add("1,500 clients, 500 rooms, 350 updates/s: propagation with the commit p99 < 15 ms", "ms", 15.0, rooms);
    let memory = ours(Load::Rooms).and_then(|outcome| above_idle(outcome, 1_000)).map(|bytes| bytes / MIB);
    add("memory of 1,000 connections in 500 rooms < 200 MB above idle", "MiB", 200e6 / MIB, memory);
    let observers = propagation(Load::Observers).map(|summary| summary.p99);
    add("1 writer to 1,500 observers: p99 < 44 ms (y/hub's own figure, on another machine)", "ms", 44.0, observers);
    for (load, people) in [(Load::Presence200, 200), (Load::Presence500, 500)] {
        let share = ours(load).map(|outcome| cores(outcome) * 100.0);
        add(&format!("presence of {people} at 1 Hz in a tenth of a core"), "%", 10.0, share);
    }
    for load in [Load::Room, Load::Rooms, Load::Observers] {
        let name = load.slug();
        let alone = |kind| of(kind, load).and_then(server_per_delivery);
        if let (Some(own), Some(theirs)) = (alone(Kind::Ours), alone(Kind::YWebsocket)) {
            let aim = format!("server CPU per delivered update ({name}) at most a third of y-websocket's");
            add(&aim, "µs", theirs / 3.0, Some(own));
        }
        let all = |kind| of(kind, load).and_then(cpu_per_delivery);
        if let (Some(own), Some(theirs)) = (all(Kind::Ours), all(Kind::Hocuspocus)) {
            let aim = format!("CPU per delivered update ({name}), Postgres counted in, not above Hocuspocus's");
            add(&aim, "µs", theirs, Some(own));
        }
    }
    let cost = |kind| of(kind, Load::Storm4).and_then(cpu_per_join);
    if let (Some(own), Some(theirs)) = (cost(Kind::Ours), cost(Kind::Hocuspocus)) {
        add(
            "100 clients join a 4 MB document, encoded once: CPU per join not above Hocuspocus's",
            "ms",
            theirs,
            Some(own),
        );
    }
    // One copy for all, and one that is being encoded.
    let peak = ours(Load::Storm4).and_then(|outcome| outcome.storm.as_ref()?.peak).map(|bytes| bytes as f64 / MIB);
    add("100 clients join a 4 MB document, its bytes shared: memory at the peak < 40 MB", "MiB", 40e6 / MIB, peak);
    judgements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::tests::outcome;

    #[test]
    fn an_aim_that_is_missed_says_by_how_much() {
        let aim = |measured| Judgement { aim: "ack".into(), measured, limit: 25.0, unit: "ms" };
        assert_eq!(aim(25.0).markdown(), "| ack | 25.0 ms | met |\n");
        assert_eq!(aim(50.0).markdown(), "| ack | 50.0 ms | **missed** by 25.0 ms (2.00 times) |\n");
        assert_eq!(aim(50.0).to_string(), "ack: 50.0 ms, missed by 25.0 ms (2.00 times)");
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        assert_eq!(judge(&[]), []);
        let alone = judge(&[outcome()]);
        assert!(alone.iter().all(|judgement| !judgement.aim.contains("Hocuspocus")), "{alone:?}");
        let mut theirs = outcome();
        theirs.server = Kind::Hocuspocus;
        let both = judge(&[outcome(), theirs]);
        assert_eq!(both.len(), alone.len() + 1);
        assert!(both.iter().all(|judgement| judgement.verdict() == "met"), "{both:?}");
    }
}
