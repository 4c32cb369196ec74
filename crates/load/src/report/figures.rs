//! What is read off an outcome.

use super::table::{Cell, Row, digits};
use crate::{delays::Summary, outcome::Outcome};

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// The rows for outcomes of this kind.
pub(super) fn rows(outcome: &Outcome) -> Vec<Row> {
    let mut rows: Vec<Row> = if outcome.storm.is_some() { storm() } else { traffic() };
    rows.extend(common());
    rows
}

fn traffic() -> Vec<Row> {
    vec![
        ("propagation p50", |outcome| millis(outcome, |summary| summary.p50)),
        ("propagation p95", |outcome| millis(outcome, |summary| summary.p95)),
        ("propagation p99", |outcome| millis(outcome, |summary| summary.p99)),
        ("ack p95", |outcome| Some(Cell::Less(outcome.traffic.as_ref()?.acks?.p95, "ms"))),
        ("what the ack says", |outcome| {
            outcome.traffic.as_ref()?.acks?;
            Some(Cell::Text(outcome.server.ack().to_owned()))
        }),
        ("CPU for 10,000 updates, server alone", |outcome| per_update(outcome, outcome.cpu.server)),
        ("CPU for 10,000 updates, with Postgres", |outcome| {
            per_update(outcome, outcome.cpu.server + outcome.cpu.postgres)
        }),
        ("CPU per delivered update, server alone", |outcome| Some(Cell::Less(server_per_delivery(outcome)?, "µs"))),
        ("CPU per delivered update, with Postgres", |outcome| Some(Cell::Less(cpu_per_delivery(outcome)?, "µs"))),
        ("share of a core, with Postgres", |outcome| Some(Cell::Less(cores(outcome) * 100.0, "%"))),
        ("memory per room, with its first connection", |outcome| {
            Some(Cell::Less(per_room(outcome).filter(|_| is_many_rooms(outcome))? / KIB, "KiB"))
        }),
        ("memory per further connection", |outcome| Some(Cell::Less(per_connection(outcome)? / KIB, "KiB"))),
        ("sent, of those asked", |outcome| {
            let traffic = outcome.traffic.as_ref()?;
            Some(Cell::Text(format!("{} of {}", traffic.sent, traffic.asked)))
        }),
        ("deliveries lost (presence: or replaced by newer ones)", |outcome| {
            Some(Cell::Text(lost(outcome)?.to_string()))
        }),
        ("delivered twice; to their own writers; to other rooms", |outcome| {
            let traffic = outcome.traffic.as_ref()?;
            Some(Cell::Text(format!("{}; {}; {}", traffic.twice, traffic.echoes, traffic.strangers)))
        }),
        ("updates refused; without an ack", |outcome| {
            let traffic = outcome.traffic.as_ref()?;
            Some(Cell::Text(format!("{}; {}", traffic.refused, traffic.unanswered)))
        }),
        ("a real client saw, of what was sent in its room", |outcome| {
            let witness = outcome.witness?;
            Some(Cell::Text(format!("{} of {}", witness.seen, witness.sent)))
        }),
        ("a real client's p50 / p95 / p99", |outcome| {
            let delays = outcome.witness?.delays?;
            let [p50, p95, p99] = [delays.p50, delays.p95, delays.p99].map(digits);
            Some(Cell::Text(format!("{p50} / {p95} / {p99} ms")))
        }),
        ("generator: sent late, p99", |outcome| {
            Some(Cell::Text(format!("{} ms", digits(outcome.traffic.as_ref()?.late?.p99))))
        }),
    ]
}

fn storm() -> Vec<Row> {
    vec![
        ("document, as it is given", |outcome| {
            Some(Cell::Text(format!("{} MiB", digits(outcome.storm.as_ref()?.document as f64 / MIB))))
        }),
        ("all have it after", |outcome| Some(Cell::Less(outcome.storm.as_ref()?.delays?.max / 1e3, "s"))),
        ("half have it after", |outcome| Some(Cell::Less(outcome.storm.as_ref()?.delays?.p50 / 1e3, "s"))),
        ("joined, of those who tried", |outcome| {
            let storm = outcome.storm.as_ref()?;
            Some(Cell::Text(format!("{} of {}", storm.joined, storm.asked)))
        }),
        ("CPU per join, with Postgres", |outcome| Some(Cell::Less(cpu_per_join(outcome)?, "ms"))),
        ("memory at the peak, above that before", |outcome| {
            Some(Cell::Less(outcome.storm.as_ref()?.peak? as f64 / MIB, "MiB"))
        }),
        ("memory when all have it, above that before", |outcome| {
            let [_, before, after] = outcome.memory[..] else { return None };
            let more = after.memory.server as f64 - before.memory.server as f64;
            Some(Cell::Less(more.max(0.0) / MIB, "MiB"))
        }),
    ]
}

fn common() -> Vec<Row> {
    vec![
        ("connections dropped", |outcome| Some(Cell::Text(outcome.dropped.to_string()))),
        ("generator: share of its threads", |outcome| {
            let share = outcome.active.generator / outcome.elapsed / outcome.threads as f64;
            Some(Cell::Text(format!("{} %", digits(share * 100.0))))
        }),
        ("other work on the machine, of a core", |outcome| {
            let cores = (outcome.active.others + outcome.active.stolen) / outcome.elapsed;
            Some(Cell::Text(format!("{} %", digits(cores * 100.0))))
        }),
    ]
}

fn millis(outcome: &Outcome, of: fn(&Summary) -> f64) -> Option<Cell> {
    Some(Cell::Less(of(outcome.traffic.as_ref()?.propagation.as_ref()?), "ms"))
}

fn per_update(outcome: &Outcome, seconds: f64) -> Option<Cell> {
    let sent = outcome.traffic.as_ref()?.sent;
    (sent > 0).then(|| Cell::Less(seconds / sent as f64 * 1e4, "s"))
}

fn is_many_rooms(outcome: &Outcome) -> bool {
    outcome.memory.iter().any(|stage| stage.rooms > 1)
}

/// Deliveries that did not come.
pub(super) fn lost(outcome: &Outcome) -> Option<u64> {
    let traffic = outcome.traffic.as_ref()?;
    Some(traffic.expected - traffic.delivered)
}

/// Microseconds of CPU for each delivered update, Postgres counted in.
pub(super) fn cpu_per_delivery(outcome: &Outcome) -> Option<f64> {
    let delivered = outcome.traffic.as_ref()?.delivered;
    (delivered > 0).then(|| (outcome.cpu.server + outcome.cpu.postgres) / delivered as f64 * 1e6)
}

/// Microseconds of the server's own CPU for each delivered update.
pub(super) fn server_per_delivery(outcome: &Outcome) -> Option<f64> {
    let delivered = outcome.traffic.as_ref()?.delivered;
    (delivered > 0).then(|| outcome.cpu.server / delivered as f64 * 1e6)
}

/// Milliseconds of CPU for each who joined in a storm, Postgres counted in.
pub(super) fn cpu_per_join(outcome: &Outcome) -> Option<f64> {
    let joined = outcome.storm.as_ref()?.joined;
    (joined > 0).then(|| (outcome.cpu.server + outcome.cpu.postgres) / joined as f64 * 1e3)
}

/// How many cores the server and Postgres used on average while people wrote.
pub(super) fn cores(outcome: &Outcome) -> f64 {
    (outcome.active.server + outcome.active.postgres) / outcome.elapsed
}

/// Bytes for a room and the first connection in it.
fn per_room(outcome: &Outcome) -> Option<f64> {
    let [idle, first, ..] = outcome.memory[..] else { return None };
    Some((first.memory.server as f64 - idle.memory.server as f64).max(0.0) / first.rooms as f64)
}

/// Bytes for each connection after a room's first.
fn per_connection(outcome: &Outcome) -> Option<f64> {
    let [_, first, .., last] = outcome.memory[..] else { return None };
    let more = last.memory.server as f64 - first.memory.server as f64;
    Some(more.max(0.0) / (last.connections - first.connections) as f64)
}

/// Bytes above idle when there were so many connections.
pub(super) fn above_idle(outcome: &Outcome, connections: usize) -> Option<f64> {
    let stage = outcome.memory.iter().find(|stage| stage.connections == connections)?;
    Some(stage.memory.server as f64 - outcome.memory.first()?.memory.server as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outcome::{Stage, tests::outcome},
        processes::Memory,
    };

    fn with_memory() -> Outcome {
        let stage = |rooms, connections, server| Stage {
            rooms,
            connections,
            memory: Memory { server, postgres: 0 },
            seconds: 1.0,
        };
        let memory = vec![stage(0, 0, 1_000), stage(10, 10, 21_000), stage(10, 20, 31_000), stage(10, 30, 41_000)];
        Outcome { memory, ..outcome() }
    }

    #[test]
    fn memory_is_told_by_room_and_by_further_connection() {
        let outcome = with_memory();
        assert_eq!(per_room(&outcome), Some(2_000.0));
        assert_eq!(per_connection(&outcome), Some(1_000.0));
        assert_eq!(above_idle(&outcome, 20), Some(30_000.0));
        assert_eq!(above_idle(&outcome, 25), None);
    }

    #[test]
    fn cpu_is_told_per_update_and_per_delivery() {
        let outcome = outcome();
        assert_eq!(per_update(&outcome, 1.0), Some(Cell::Less(10.0, "s")));
        assert!((cpu_per_delivery(&outcome).unwrap() - 1.5e6 / 49_000.0).abs() < 1e-9);
        assert_eq!(cores(&outcome), 0.15);
        assert_eq!(lost(&outcome), Some(0));
    }

    #[test]
    fn a_run_that_delivered_nothing_has_no_cost_of_delivery() {
        let mut outcome = outcome();
        outcome.traffic.as_mut().unwrap().delivered = 0;
        assert_eq!(cpu_per_delivery(&outcome), None);
    }
}
