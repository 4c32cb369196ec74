//! What rooms count and measure. Nothing in it names a person or a conversation.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use shared::sync::CloseCode;

use super::{MAILBOX, MAILBOX_BYTES, Rooms};

/// Upper bounds of the histograms, in seconds: the budget of an acknowledgement is 25 ms at the 95th percentile.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

/// The counters of one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Metrics {
    registry: Arc<Registry>,
    applied: Counter,
    refused: Family<Code, Counter>,
    closed: Family<Code, Counter>,
    commit: Histogram,
    ack: Histogram,
    /// Batches on their way into the log.
    pub(super) writing: Gauge,
    rooms: Gauge,
    connections: Gauge,
    held: Gauge,
    mail: Gauge,
    mail_bytes: Gauge,
    fullest: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("promptgrimoire");
        let histogram = || Histogram::new(SECONDS);
        let (applied, refused, closed) = (Counter::default(), Family::default(), Family::default());
        let (commit, ack) = (histogram(), histogram());
        registry.register("updates_applied", "Updates that were committed and relayed", applied.clone());
        registry.register("updates_refused", "Updates that were refused by name", Family::clone(&refused));
        registry.register("sockets_closed", "Sockets closed, by code; `left` by the other end", Family::clone(&closed));
        let help = "From the sending of a group of updates to the database until it is committed";
        registry.register_with_unit("commit", help, Unit::Seconds, commit.clone());
        let help = "From the arrival of an update to its acknowledgement";
        registry.register_with_unit("ack", help, Unit::Seconds, ack.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::<i64>::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Self {
            writing: gauge("writer_batches", "Batches of updates that wait for a commit or are in one"),
            rooms: gauge("rooms", "Open rooms"),
            connections: gauge("connections", "Connections to rooms"),
            held: gauge("rooms_held_bytes", "Memory that all documents hold, as the rooms estimate it"),
            mail: gauge("mailbox_messages", "Messages that wait for all rooms"),
            mail_bytes: gauge("mailbox_bytes", "Bytes of frames that wait for all rooms"),
            fullest: gauge("mailbox_messages_fullest", "Messages that wait for the room where most wait"),
            registry: Arc::new(registry),
            applied,
            refused,
            closed,
            commit,
            ack,
        }
    }

    pub(super) fn applied(&self, updates: usize) {
        self.applied.inc_by(updates as u64);
    }

    pub(super) fn refused(&self, code: &str) {
        self.refused.get_or_create(&Code { code: code.to_owned() }).inc();
    }

    pub(super) fn committed(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    pub(super) fn acknowledged(&self, took: Duration) {
        self.ack.observe(took.as_secs_f64());
    }
}

impl Rooms {
    /// A socket was closed with this code, or left by the other end.
    pub(crate) fn closed(&self, code: Option<CloseCode>) {
        let code = code.map_or_else(|| "left".to_owned(), |code| code.code().to_string());
        self.house.metrics.closed.get_or_create(&Code { code }).inc();
    }

    /// All of it, as text (OpenMetrics).
    pub fn metrics(&self) -> String {
        let (house, metrics) = (&self.house, &self.house.metrics);
        let set = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        let mail: Vec<(usize, usize)> = {
            let registry = house.registry();
            set(&metrics.rooms, registry.count());
            set(&metrics.held, registry.bytes());
            let waiting = registry.doors().map(|door| {
                (MAILBOX - door.mailbox.capacity(), MAILBOX_BYTES.saturating_sub(door.space.available_permits()))
            });
            waiting.collect()
        };
        set(&metrics.connections, house.connections.count());
        set(&metrics.mail, mail.iter().map(|(messages, _)| messages).sum());
        set(&metrics.mail_bytes, mail.iter().map(|(_, bytes)| bytes).sum());
        set(&metrics.fullest, mail.iter().map(|(messages, _)| *messages).max().unwrap_or(0));
        let mut text = String::new();
        // A string takes everything.
        let _ = text::encode(&mut text, &metrics.registry);
        text
    }
}
