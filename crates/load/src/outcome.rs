use serde::{Deserialize, Serialize};

use crate::{
    delays::Summary,
    processes::{Cpu, Memory},
    target::Kind,
};

/// What one load on one server came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// The server.
    pub server: Kind,
    /// The load's name.
    pub load: String,
    /// Figures of a load in which people write; of a join storm none.
    pub traffic: Option<Traffic>,
    /// Figures of a join storm.
    pub storm: Option<Storm>,
    /// What was used from the first counted message until a while after the last.
    pub cpu: Cpu,
    /// The part of it until the last message was heard: shares of a core are told of this.
    pub active: Cpu,
    /// The seconds of that part.
    pub elapsed: f64,
    /// The threads of the generator.
    pub threads: usize,
    /// Memory while connections were opened.
    pub memory: Vec<Stage>,
    /// Connections that ended before we ended them, with the first reasons.
    pub dropped: usize,
    /// Why, of the first few.
    pub reasons: Vec<String>,
    /// What the real client saw.
    pub witness: Option<Witnessed>,
    /// Processes that wanted to run, one minute's average, before and after.
    pub load_average: (f64, f64),
}

/// Messages and their delays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages that were to be sent.
    pub asked: u64,
    /// Messages that were.
    pub sent: u64,
    /// How late they were sent, by the timetable.
    pub late: Option<Summary>,
    /// Each message times those who should hear it.
    pub expected: u64,
    /// Those that were heard.
    pub delivered: u64,
    /// Heard more than once.
    pub twice: u64,
    /// Heard by those who wrote them.
    pub echoes: u64,
    /// Heard in another room.
    pub strangers: u64,
    /// Updates that the server refused.
    pub refused: u64,
    /// From writing to hearing.
    pub propagation: Option<Summary>,
    /// From writing to the ack.
    pub acks: Option<Summary>,
    /// Updates without an ack at the end, where acks are given.
    pub unanswered: u64,
}

/// Many people join at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Storm {
    /// The document, as the server gives it, in bytes.
    pub document: usize,
    /// How many were to join.
    pub asked: usize,
    /// How many were given the whole document.
    pub joined: usize,
    /// From the beginning of all to having the document.
    pub delays: Option<Summary>,
    /// The highest memory of the server meanwhile, above what it was before, in bytes.
    pub peak: Option<u64>,
}

/// Memory when so many connections were open in so many rooms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Rooms with somebody in them.
    pub rooms: usize,
    /// Connections in all.
    pub connections: usize,
    /// What the server used then.
    pub memory: Memory,
    /// The seconds that it took to get there from the stage before.
    pub seconds: f64,
}

/// What the real client saw in its room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Witnessed {
    /// Messages that were sent in its room.
    pub sent: u64,
    /// Those that it saw.
    pub seen: u64,
    /// From writing to its document's (or awareness's) event.
    pub delays: Option<Summary>,
}

impl Outcome {
    /// Whether the generator itself was at its limit, so that the server's figures are not to be trusted: it used more
    /// than nine tenths of its threads, or sent late although it was not the server that kept it waiting.
    pub fn overloaded(&self) -> Option<String> {
        let share = self.active.generator / self.elapsed / self.threads as f64;
        if share > 0.9 {
            return Some(format!("the generator used {:.0} % of its threads", share * 100.0));
        }
        let traffic = self.traffic.as_ref()?;
        if (traffic.sent as f64) < traffic.asked as f64 * 0.99 {
            return Some(format!("{} of {} messages were sent", traffic.sent, traffic.asked));
        }
        let late = traffic.late.filter(|late| late.p99 > 20.0)?;
        Some(format!("one of a hundred messages was sent {:.0} ms late or more", late.p99))
    }
}

impl Outcome {
    /// The heart of it, in a line.
    pub fn line(&self) -> String {
        let cpu = format!("{:.2} s CPU and {:.2} s of Postgres", self.cpu.server, self.cpu.postgres);
        if let Some(storm) = &self.storm {
            let all = storm.delays.map_or(0.0, |delays| delays.max / 1e3);
            return format!("{} of {} joined within {all:.1} s, {cpu}", storm.joined, storm.asked);
        }
        let Some(traffic) = &self.traffic else { return cpu };
        let delays = traffic
            .propagation
            .map_or_else(String::new, |heard| format!("p50 {:.1} ms, p99 {:.1} ms, ", heard.p50, heard.p99));
        let lost = traffic.expected - traffic.delivered;
        format!("{delays}{lost} of {} deliveries lost, {cpu}", traffic.expected)
    }

    /// Whether other work on the machine took part of what the figures are made of, and how much.
    pub fn disturbed(&self) -> Option<String> {
        let cores = (self.active.others + self.active.stolen) / self.elapsed;
        (cores > 0.2).then(|| format!("other work took {:.0} % of a core meanwhile", cores * 100.0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn outcome() -> Outcome {
        let delays = |p50| Some(Summary { count: 1_000, p50, p95: p50 * 2.0, p99: p50 * 3.0, max: p50 * 4.0 });
        let traffic = Traffic {
            asked: 1_000,
            sent: 1_000,
            late: delays(1.0),
            expected: 49_000,
            delivered: 49_000,
            twice: 0,
            echoes: 0,
            strangers: 0,
            refused: 0,
            propagation: delays(4.0),
            acks: delays(3.0),
            unanswered: 0,
        };
        let cpu = Cpu { server: 1.0, postgres: 0.5, generator: 2.0, ..Cpu::default() };
        Outcome {
            server: Kind::Ours,
            load: "room".into(),
            traffic: Some(traffic),
            storm: None,
            cpu,
            active: cpu,
            elapsed: 10.0,
            threads: 1,
            memory: Vec::new(),
            dropped: 0,
            reasons: Vec::new(),
            witness: None,
            load_average: (0.1, 1.0),
        }
    }

    #[test]
    fn a_generator_at_its_limit_says_so() {
        assert_eq!(outcome().overloaded(), None);
        let mut busy = outcome();
        busy.active.generator = 9.5;
        assert!(busy.overloaded().unwrap().contains("95 %"));
        let mut slow = outcome();
        slow.traffic.as_mut().unwrap().sent = 900;
        assert!(slow.overloaded().unwrap().contains("900 of 1000"));
        let mut late = outcome();
        late.traffic.as_mut().unwrap().late =
            outcome().traffic.unwrap().propagation.map(|late| Summary { p99: 80.0, ..late });
        assert!(late.overloaded().unwrap().contains("80 ms late"));
    }
}
