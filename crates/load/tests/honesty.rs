//! The generator against small servers that misbehave in a known way: what they lose, repeat and cut, it must report.
#![allow(
    clippy::unwrap_used,
    reason = "in a test that is how one fails; the lint knows test functions only, not their helpers"
)]

mod fake;

use std::time::Duration;

use load::{
    loads::{Settings, Storm, Traffic},
    outcome::Outcome,
    processes::Watched,
    target::{Kind, Target},
    witness::Subject,
};

use fake::{Fake, Fault};

fn settings() -> Settings {
    Settings {
        warm_up: 0.2,
        seconds: 1.0,
        // Generous: the machine may be busy.
        silence: Duration::from_secs(5),
        aftermath: Duration::ZERO,
        threads: 1,
        witness: None,
    }
}

fn traffic(subject: Subject) -> Traffic {
    Traffic { rooms: 2, clients: 4, writers: 2, rate: 100.0, subject }
}

async fn run(fault: Fault, subject: Subject) -> (Outcome, Fake) {
    let fake = Fake::start(fault).await;
    let target = Target { kind: Kind::YWebsocket, address: fake.address, prepared: None };
    let watched = Watched { server: std::process::id() };
    (traffic(subject).run("test", &target, watched, &settings()).await.unwrap(), fake)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_server_loses_nothing() {
    for subject in [Subject::Edits, Subject::Presence] {
        let (outcome, fake) = run(Fault::None, subject).await;
        let traffic = outcome.traffic.unwrap();
        assert!((80..=120).contains(&traffic.sent), "{} in a second", traffic.sent);
        assert_eq!((traffic.asked, traffic.expected), (traffic.sent, traffic.sent * 3));
        assert_eq!(traffic.delivered, traffic.expected);
        assert_eq!(traffic.propagation.unwrap().count, traffic.delivered);
        assert_eq!((traffic.twice, traffic.strangers, traffic.echoes, outcome.dropped), (0, 0, 0, 0));
        assert!(fake.relayed() >= traffic.delivered, "what warms up is relayed and not counted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tenth_delivery_that_a_server_drops_is_reported_lost() {
    let (outcome, fake) = run(Fault::DropsEveryTenth, Subject::Edits).await;
    let traffic = outcome.traffic.unwrap();
    let lost = traffic.expected - traffic.delivered;
    assert_eq!(lost, fake.dropped(), "of {} deliveries", traffic.expected);
    assert!(lost >= traffic.expected / 11, "{lost} of {}", traffic.expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_twice_counts_once_and_is_reported() {
    let (outcome, fake) = run(Fault::RepeatsEveryTenth, Subject::Edits).await;
    let traffic = outcome.traffic.unwrap();
    assert_eq!(traffic.delivered, traffic.expected);
    // The last repetitions may still be under way when everything has been delivered once.
    assert!(traffic.twice <= fake.repeated(), "{} of {}", traffic.twice, fake.repeated());
    assert!(traffic.twice + 4 >= fake.repeated() && traffic.twice > 4, "{} of {}", traffic.twice, fake.repeated());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_another_room_is_no_delivery() {
    let (outcome, _) = run(Fault::MixesRooms, Subject::Edits).await;
    let traffic = outcome.traffic.unwrap();
    assert_eq!(traffic.delivered, traffic.expected);
    assert_eq!(traffic.strangers, traffic.sent * 4, "all in the other room heard it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_counted_with_its_reason_and_its_missing_deliveries() {
    let (outcome, _) = run(Fault::CutsOne, Subject::Edits).await;
    let traffic = outcome.traffic.clone().unwrap();
    assert_eq!(outcome.dropped, 1);
    assert!(outcome.reasons[0].contains("closed"), "{:?}", outcome.reasons);
    assert!(traffic.delivered < traffic.expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_given_the_whole_document_has_not_joined() {
    for (fault, short) in [(Fault::None, 0), (Fault::GivesEveryTenthNothing, 2)] {
        let fake = Fake::start(fault).await;
        let target = Target { kind: Kind::YWebsocket, address: fake.address, prepared: None };
        let watched = Watched { server: std::process::id() };
        let storm = Storm { people: 20, document: 50_000 };
        let outcome = storm.run("test", &target, watched, &settings()).await.unwrap();
        let figures = outcome.storm.unwrap();
        assert!((45_000..55_000).contains(&figures.document), "{}", figures.document);
        assert_eq!((figures.asked, figures.joined), (20, 20 - short));
        assert_eq!((outcome.dropped, figures.delays.unwrap().count), (short, 20 - short as u64));
    }
}
