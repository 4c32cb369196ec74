//! What hostile bytes do to the server as a process, over real sockets: nothing. Each attack has its answer; meanwhile the
//! process keeps its memory, the next room goes on, and the attacked document stays what it was.

mod bytes;
mod scene;

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::SinkExt;
use shared::sync::{CloseCode, Frame, MAX_AWARENESS_STATE, MAX_FIRST_ANSWER, MAX_FRAME, awareness};
use tokio_tungstenite::tungstenite::{Message, http::StatusCode};
use yrs::{ReadTxn, StateVector, Text, Transact, Update, updates::decoder::Decode};

use self::{
    bytes::{Attack, Ends, attacks, poison},
    scene::{Scene, Stage, VICTIM},
};
use crate::rooms_support::{Peer, Wire, doc};

/// Once could be luck, and a leak would show.
const TIMES: usize = 6;

/// Says a frame, counted if it is an update.
async fn throw(peer: &mut Peer, frame: Vec<u8>) {
    if matches!(frame[..], [0, 1 | 2, ..]) {
        peer.sent += 1;
    }
    peer.say(frame).await;
}

/// Throws the frame, and says what came of it.
async fn outcome(stage: &Stage, frame: &[u8]) -> Ends {
    let mut peer = stage.join().await;
    peer.until(|peer| peer.synced).await;
    throw(&mut peer, frame.to_vec()).await;
    // An answer to this is an answer to all before it.
    peer.say_update(&[0, 0]).await;
    while peer.closed.is_none() && peer.acked < peer.sent {
        peer.hear().await;
    }
    match (peer.closed, peer.refused.first().map(|refused| refused.code.as_str())) {
        (Some(code), _) => Ends::Closed(CloseCode::from_code(code).unwrap_or_else(|| panic!("closed with {code}"))),
        (None, Some("gap")) => Ends::Refused("gap"),
        (None, Some(code)) => panic!("refused as {code}"),
        (None, None) => Ends::Nothing,
    }
}

#[tokio::test]
async fn no_frame_brings_the_server_down() {
    let mut scene = Scene::set().await;
    for Attack { name, frame, ends } in attacks(scene.victim.doc.client_id().get()) {
        let outcomes = scene.survives(name, async |stage: &Stage, _: &mut Peer| {
            let mut outcomes = Vec::new();
            for _ in 0..TIMES {
                outcomes.push(outcome(stage, &frame).await);
            }
            outcomes
        });
        assert_eq!(outcomes.await, [ends; TIMES], "{name}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_told_so_and_not_kept() {
    let mut scene = Scene::set().await;
    let update = |size: usize| Frame::Update(&vec![0; size]).encode();
    let answer = |size: usize| Frame::Step2(&vec![0; size]).encode();
    let frames = [
        ("an update of 1 MiB and a byte", update(MAX_FRAME - 4)),
        ("an update of 2 MiB", update(2 << 20)),
        ("a first answer of 8 MiB and a byte", answer(MAX_FIRST_ANSWER - 5)),
    ];
    for (name, frame) in frames {
        let closed = scene.survives(name, async |stage: &Stage, _: &mut Peer| {
            let mut peer = stage.join().await;
            // At once: whatever comes after the first answer has the limit of any frame.
            throw(&mut peer, frame).await;
            peer.until_closed().await
        });
        assert_eq!(closed.await, Some(CloseCode::TooLarge), "{name}");
    }
    for size in [16 << 20, 64 << 20] {
        let closed = scene.survives("a frame of many MiB", async |stage: &Stage, _: &mut Peer| {
            let mut peer = stage.join().await;
            throw(&mut peer, update(size)).await;
            peer.until_closed().await
        });
        assert_eq!(closed.await, Some(CloseCode::TooLarge), "{size}");
    }
    let closed = scene.survives("a second answer of 1 MiB and a byte", async |stage: &Stage, _: &mut Peer| {
        let mut peer = stage.join().await;
        peer.settle().await;
        throw(&mut peer, answer(MAX_FRAME - 4)).await;
        peer.until_closed().await
    });
    assert_eq!(closed.await, Some(CloseCode::TooLarge));
}

#[test]
fn yrs_alone_takes_the_poison_and_cannot_write_the_document_again() {
    let doc = doc();
    let update = Update::decode_v1(&poison()).unwrap();
    doc.transact_mut().apply_update(update).unwrap();
    let written = catch_unwind(AssertUnwindSafe(|| doc.transact().encode_state_as_update_v1(&StateVector::default())));
    assert!(written.is_err(), "a newer yrs: is the check for gaps still needed for this?");
}

#[tokio::test]
async fn text_is_not_spoken_here() {
    let mut scene = Scene::set().await;
    for text in ["hello".to_owned(), "x".repeat(1 << 20)] {
        let closed = scene.survives("a text frame", async |stage: &Stage, _: &mut Peer| {
            let mut peer = stage.join().await;
            socket(&mut peer).send(Message::text(text)).await.unwrap();
            peer.until_closed().await
        });
        assert_eq!(closed.await, Some(CloseCode::Malformed));
    }
}

fn socket(peer: &mut Peer) -> &mut crate::rooms_support::Socket {
    match &mut peer.wire {
        Wire::Socket(socket) => socket,
        Wire::Seat(_) => panic!("no socket"),
    }
}

#[tokio::test]
async fn an_endless_trickle_of_tiny_messages_keeps_nobody_else_waiting() {
    let mut scene = Scene::set().await;
    let presence = |number: usize| {
        let state = format!(r#"{{"n":{number}}}"#);
        Frame::Awareness(&awareness::encode(&[awareness::Entry { client: 5, clock: 1, state: &state }])).encode()
    };
    scene
        .survives("a trickle", async |stage: &Stage, victim: &mut Peer| {
            let mut peer = stage.join().await;
            for number in 0..2_000 {
                let tiny = [Frame::Update(&[0, 0]).encode(), Frame::QueryAwareness.encode(), presence(number)];
                for frame in tiny.into_iter().chain((number % 20 == 0).then(|| Frame::Step1(&[0]).encode())) {
                    throw(&mut peer, frame).await;
                }
                // They read, now and then.
                if number % 100 == 0 {
                    peer.settle().await;
                    let state = format!(r#""n":{number}"#);
                    victim.until(|peer| peer.sees(5).is_some_and(|seen| seen.contains(&state))).await;
                }
            }
            peer.settle().await;
        })
        .await;
}

#[tokio::test]
async fn who_never_reads_is_closed_and_comes_back_to_everything() {
    let mut scene = Scene::set().await;
    let closed = scene.survives("a client that never reads", async |stage: &Stage, writer: &mut Peer| {
        let mut deaf = stage.join().await;
        deaf.settle().await;
        deaf.announce(9, 1, r#"{"deaf":true}"#).await;
        writer.until(|peer| peer.sees(9).is_some()).await;
        // Until it is seen to have gone.
        while writer.sees(9).is_some() {
            write_and_delete(writer).await;
        }
        deaf.until_closed().await
    });
    assert_eq!(closed.await, Some(CloseCode::TryLater));
}

/// As much as a person pastes.
async fn write_and_delete(peer: &mut Peer) {
    const LONG: u32 = 200_000;
    let text = "x".repeat(LONG as usize);
    peer.edit(|doc| doc.get_or_insert_text("notes").insert(&mut doc.transact_mut(), 0, &text)).await;
    peer.edit(|doc| doc.get_or_insert_text("notes").remove_range(&mut doc.transact_mut(), 0, LONG)).await;
    peer.settle().await;
}

#[tokio::test]
async fn what_is_written_and_deleted_again_is_not_kept() {
    let mut scene = Scene::set().await;
    scene
        .survives("thirty megabytes, written and deleted", async |_: &Stage, writer: &mut Peer| {
            for _ in 0..150 {
                write_and_delete(writer).await;
            }
        })
        .await;
}

#[tokio::test]
async fn strangers_are_not_listened_to() {
    let mut scene = Scene::set().await;
    let large = Frame::Update(&vec![0; 15 << 20]).encode();
    scene
        .survives("large frames of strangers", async |stage: &Stage, _: &mut Peer| {
            let talks = (0..6).map(async |_| {
                let socket = stage.open(&stage.address(&stage.attacked, "nonsense"), &[]).await.unwrap();
                let mut peer = Peer::over(Wire::Socket(Box::new(socket)), doc()).await;
                // It is written to a connection that nobody reads, so that it may break.
                peer.say(large.clone()).await;
            });
            futures::future::join_all(talks).await;
        })
        .await;
}

#[tokio::test]
async fn nobody_is_spoken_for_and_nothing_large_is_shown() {
    let mut scene = Scene::set().await;
    let large = format!(r#"{{"n":"{}"}}"#, "x".repeat(MAX_AWARENESS_STATE));
    let crowd: Vec<_> = (0..10_000)
        .map(|client| awareness::Entry { client: 1_000 + client, clock: 1, state: r#"{"crowd":1}"# })
        .collect();
    let crowd = Frame::Awareness(&awareness::encode(&crowd)).encode();
    let seen = scene.survives("presence of others", async |stage: &Stage, _: &mut Peer| {
        let mut watcher = stage.join().await;
        watcher.until(|peer| peer.sees(VICTIM).is_some()).await;
        for number in 0..20 {
            let mut peer = stage.join().await;
            peer.announce(50 + number, 1, r#"{"mine":true}"#).await;
            peer.announce(VICTIM, u32::MAX, "null").await;
            peer.announce(VICTIM, 900_000_000, r#"{"here":false}"#).await;
            peer.announce(50 + number, 2, &large).await;
            throw(&mut peer, crowd.clone()).await;
            peer.announce(50 + number, 3, r#"{"last":true}"#).await;
            watcher.until(|peer| peer.sees(50 + number).is_some_and(|state| state.contains("last"))).await;
        }
        assert!(watcher.sees(VICTIM).is_some_and(|state| state.contains(r#""here":true"#)));
        assert!(!watcher.goodbyes.contains(&VICTIM));
        watcher.people.iter().filter(|(client, ..)| *client >= 1_000).count()
    });
    assert_eq!(seen.await, 0);
}

#[tokio::test]
async fn who_may_not_be_here_is_told_so_and_learns_nothing() {
    let mut scene = Scene::set().await;
    let nowhere = "0190c1a2-0000-7000-8000-000000000000";
    let closed = |stage: &Stage| {
        let (attacked, token) = (stage.attacked.as_str(), stage.token.as_str());
        let long = "x".repeat(4_000);
        [
            (stage.address(attacked, "nonsense"), CloseCode::SignedOut),
            (stage.address(attacked, &format!("{token}x")), CloseCode::SignedOut),
            (stage.address(attacked, &long), CloseCode::SignedOut),
            (stage.address(attacked, ""), CloseCode::SignedOut),
            (format!("/sync/{attacked}"), CloseCode::SignedOut),
            (stage.address(nowhere, token), CloseCode::NotFound),
            (stage.address(&stage.private, token), CloseCode::NotFound),
            (stage.address("no-id", token), CloseCode::Malformed),
            (stage.address(&long, token), CloseCode::Malformed),
            (stage.address(attacked, token) + "&epoch=2", CloseCode::WrongEpoch),
            (stage.address(attacked, token) + "&epoch=x", CloseCode::Malformed),
            (stage.address(attacked, token) + "&token=again", CloseCode::Malformed),
            (stage.address(attacked, token) + "&user=" + nowhere, CloseCode::SignedOut),
        ]
    };
    scene
        .survives("uninvited", async |stage: &Stage, _: &mut Peer| {
            for (address, code) in closed(stage).into_iter().cycle().take(TIMES * 13) {
                let socket = stage.open(&address, &[]).await.unwrap();
                let mut peer = Peer::over(Wire::Socket(Box::new(socket)), doc()).await;
                assert_eq!(peer.until_closed().await, Some(code), "{address}");
                assert!(peer.heard.iter().all(|kind| *kind == 101), "{address}: nothing is said but the epoch");
            }
            let path = format!("/sync/{}", stage.attacked);
            let foreign = ["https://example.org", "null", "http://localhost:1"];
            for origin in foreign.into_iter().map(|origin| vec![("origin", origin)]).chain([vec![]]) {
                let headers = [vec![("cookie", stage.attacker.cookie.as_str())], origin].concat();
                assert_eq!(stage.open(&path, &headers).await.err(), Some(StatusCode::FORBIDDEN), "{headers:?}");
            }
            let own = [("cookie", stage.attacker.cookie.as_str()), ("origin", stage.server.origin.as_str())];
            assert!(stage.open(&path, &own).await.is_ok(), "the same cookie, from our own page");
        })
        .await;
}
