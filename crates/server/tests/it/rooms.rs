//! Rooms: what people see of each other, and what they may not do.

use server::rooms::{Member, Outgoing, Rooms};
use shared::{
    access::{Access, Rights},
    sync::{CloseCode, Frame},
};
use yrs::{Map, ReadTxn, Text, Transact};

use crate::rooms_support::{Peer, World, conversation, doc, log, never, push, quick, snapshot, until, world};

#[tokio::test]
async fn two_people_who_write_at_once_end_equal() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let (mut ann, mut ben) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    for number in 0..20 {
        ann.write(&format!("a{number} ")).await;
        ben.write(&format!("b{number} ")).await;
    }
    ann.settle().await;
    ben.settle().await;
    ann.until(|peer| peer.notes().len() == 40 * 3 + 20).await;
    ben.until(|peer| peer.notes().len() == 40 * 3 + 20).await;
    assert_eq!(ann.state(), ben.state());
}

#[tokio::test]
async fn who_comes_late_has_everything() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let mut ann = Peer::join(&rooms, talk, &ann).await;
    ann.write("first ").await;
    ann.settle().await;
    let mut ben = Peer::join(&rooms, talk, &ben).await;
    ben.until(|peer| peer.synced).await;
    assert_eq!(ben.notes(), "first ");
}

#[tokio::test]
async fn what_was_written_offline_reaches_the_others() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let mut ben = Peer::join(&rooms, talk, &ben).await;
    ben.settle().await;
    let offline = doc();
    push(&offline, "in a train");
    let mut ann = Peer::with_doc(&rooms, talk, &ann, offline).await;
    ann.settle().await;
    ben.until(|peer| peer.notes() == "in a train").await;
}

#[tokio::test]
async fn two_rooms_never_mix() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let other = conversation(&db, &ann).await;
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, other, &ben).await);
    here.write("here").await;
    there.write("there").await;
    here.settle().await;
    there.settle().await;
    here.write("!").await;
    there.write("?").await;
    here.settle().await;
    there.settle().await;
    assert_eq!((here.notes(), there.notes()), ("here!".to_owned(), "there?".to_owned()));
    assert!(!here.heard.contains(&1) && !there.heard.contains(&1));
}

#[tokio::test]
async fn a_viewer_changes_nothing_and_reads_everything() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let viewer = Member { rights: Rights { access: Access::Viewer, ..ben.rights }, ..ben.clone() };
    let (mut ann, mut ben) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &viewer).await);
    ann.write("words to delete").await;
    ann.edit(|doc| doc.get_or_insert_text("notes").remove_range(&mut doc.transact_mut(), 0, 5)).await;
    ann.settle().await;
    ben.until(|peer| peer.notes() == " to delete").await;
    ben.settle().await;
    assert!(ben.refused.is_empty(), "an answer without anything new passes");
    let number = ben.write("!").await;
    ben.settle().await;
    assert_eq!((ben.refused[0].refused, ben.refused[0].code.as_str()), (number, "read_only"));
    // A deletion brings nothing new and changes something.
    let number = ben.say_update(&[&[0, 1][..], &client_of(&ann), &[1, 8, 1]].concat()).await;
    ben.settle().await;
    assert_eq!((ben.refused[1].refused, ben.refused[1].code.as_str()), (number, "read_only"));
    ann.write(".").await;
    // The same from somebody who may: it must not look as if it had been done before.
    ann.edit(|doc| doc.get_or_insert_text("notes").remove_range(&mut doc.transact_mut(), 3, 1)).await;
    ann.settle().await;
    assert_eq!(ann.notes(), " todelete.");

    let stock = Member { speaks_v1: false, ..viewer };
    let mut stock = Peer::join(&rooms, talk, &stock).await;
    stock.until(|peer| peer.synced).await;
    assert_eq!(stock.notes(), " todelete.", "what was refused has left no trace");
    stock.write("!").await;
    assert_eq!(stock.until_closed().await, Some(CloseCode::Denied));
    assert!(stock.heard.iter().all(|kind| *kind < 100));
}

/// A peer's Yjs client id, as an update holds it.
fn client_of(peer: &Peer) -> Vec<u8> {
    let mut client = peer.doc.client_id().get();
    let mut bytes = Vec::new();
    while client >= 0x80 {
        bytes.push(client as u8 | 0x80);
        client >>= 7;
    }
    bytes.push(client as u8);
    bytes
}

#[tokio::test]
async fn a_gap_is_refused_by_name_and_asked_for() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    peer.edit_silently(|doc| push(doc, "missed "));
    let number = peer.write("sent").await;
    // The server's question brings all that it lacks.
    peer.until(|peer| peer.steps_1 == 2).await;
    peer.settle().await;
    assert_eq!((peer.refused.len(), peer.refused[0].refused, peer.refused[0].code.as_str()), (1, number, "gap"));
    assert_eq!(log(&db, talk).await, [1]);
    let mut late = Peer::join(&rooms, talk, &ann).await;
    late.until(|peer| peer.synced).await;
    assert_eq!(late.notes(), "missed sent");
}

#[tokio::test]
async fn five_gaps_in_a_row_close_the_connection() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    // A hole that nothing refers to: yrs itself sees none. Nobody can fill it.
    let elsewhere = doc();
    elsewhere.get_or_insert_map("a").insert(&mut elsewhere.transact_mut(), "a", 1);
    let before = elsewhere.transact().state_vector();
    elsewhere.get_or_insert_map("b").insert(&mut elsewhere.transact_mut(), "b", 1);
    let gap = elsewhere.transact().encode_diff_v1(&before);
    for _ in 0..4 {
        peer.say_update(&gap).await;
    }
    // Nothing does not count; something good between them starts the count anew.
    peer.say_update(&[0, 0]).await;
    peer.write("good").await;
    for _ in 0..4 {
        peer.say_update(&gap).await;
    }
    peer.say(Frame::QueryAwareness.encode()).await;
    peer.until(|peer| peer.heard.last() == Some(&1)).await;
    assert_eq!(peer.refused.len(), 8);
    let mut other = Peer::join(&rooms, talk, &ann).await;
    other.settle().await;
    for _ in 0..5 {
        other.say_update(&gap).await;
    }
    // Its answers to the questions are empty, and come after.
    assert_eq!(other.until_closed().await, Some(CloseCode::Malformed));
    assert_eq!(log(&db, talk).await, [1], "the good one alone");
}

#[tokio::test]
async fn deleting_what_nobody_has_written_yet_is_a_gap() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let mut ann = Peer::join(&rooms, talk, &ann).await;
    ann.settle().await;
    let mut ben = Peer::join(&rooms, talk, &ben).await;
    ben.settle().await;
    // Everything that Ann would ever type.
    ben.say_update(&[&[0, 1][..], &client_of(&ann), &[1, 0, 0xfe, 0xff, 0xff, 0xff, 0x07]].concat()).await;
    ben.until(|peer| !peer.refused.is_empty()).await;
    assert_eq!(ben.refused[0].code, "gap");
    ann.write("still here").await;
    ann.settle().await;
    assert_eq!(log(&db, talk).await, [1]);
    ben.until(|peer| peer.notes() == "still here").await;
}

#[tokio::test]
async fn a_hostile_update_leaves_the_room_alive_and_readable() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.write("calm").await;
    peer.settle().await;
    let nested = [&[1, 1, 1, 0, 8, 1, 1, b'l', 1][..], &[117, 1].repeat(6_200), &[126, 0]].concat();
    let hostile: [&[u8]; 6] = [
        &nested,
        &[0x80, 0x80, 0x80, 0x80, 0x01],
        &[1, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 0, 0],
        &[0, 0, 0],
        &[],
        // Clients in the wrong order, with a struct that builds on itself.
        &[1, 1, 1, 0, 0x84, 1, 0, 1, b'x', 0],
    ];
    for update in hostile {
        let mut bad = Peer::join(&rooms, talk, &ben).await;
        bad.until(|peer| peer.synced).await;
        bad.say_update(update).await;
        assert_eq!(bad.until_closed().await, Some(CloseCode::Malformed), "{update:?}");
    }
    let mut bad = Peer::join(&rooms, talk, &ben).await;
    bad.until(|peer| peer.synced).await;
    bad.say(Frame::Step1(&[0x80, 0x80, 0x80, 0x80, 0x01]).encode()).await;
    assert_eq!(bad.closed, Some(4400));
    peer.write(" sea").await;
    peer.settle().await;
    let mut late = Peer::join(&rooms, talk, &ben).await;
    late.until(|peer| peer.synced).await;
    assert_eq!(late.notes(), "calm sea");
}

#[tokio::test]
async fn what_is_known_already_is_acknowledged_and_not_stored_again() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    let update = peer.edit_silently(|doc| push(doc, "once"));
    for _ in 0..3 {
        peer.say_update(&update).await;
    }
    peer.say_update(&[0, 0]).await;
    peer.settle().await;
    assert_eq!(peer.acked, 5, "the answer to the server's question, three of the same and an empty one");
    assert_eq!(log(&db, talk).await, [1]);
}

#[tokio::test]
async fn another_generation_of_the_document_is_turned_away_before_sync() {
    let World { rooms, ann, talk, .. } = world().await;
    let mut seat = rooms.join(talk, Member { epoch: Some(2), ..ann.clone() }).await.unwrap();
    let Outgoing::Frame(frame) = seat.outbox.next().await else { panic!("the epoch comes first") };
    assert_eq!(&frame[..], b"\x65\x0b{\"epoch\":1}");
    assert_eq!(seat.outbox.next().await, Outgoing::Close(CloseCode::WrongEpoch));
    let mut same = Peer::join(&rooms, talk, &Member { epoch: Some(1), ..ann }).await;
    same.settle().await;
    assert_eq!(same.heard[..2], [101, 0]);
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_the_others_are_not() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let mut slow = rooms.join(talk, ben).await.unwrap();
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    for _ in 0..1_100 {
        peer.write("x").await;
    }
    peer.settle().await;
    assert_eq!(slow.outbox.next().await, Outgoing::Close(CloseCode::TryLater));
    peer.write("y").await;
    peer.settle().await;
}

#[tokio::test]
async fn a_room_ends_when_nobody_needs_it_and_opens_again() {
    let World { db, ann, talk, .. } = world().await;
    let rooms = Rooms::with_timing(db.clone(), quick());
    for number in 1..=5 {
        let mut peer = Peer::join(&rooms, talk, &ann).await;
        peer.write("x").await;
        peer.settle().await;
        assert_eq!(peer.notes().len(), number);
        drop(peer);
        until(async || rooms.open() == 0).await;
    }
    assert_eq!((log(&db, talk).await, snapshot(&db, talk).await.0), (vec![], 5));
}

#[tokio::test]
async fn who_joins_while_a_room_closes_comes_into_the_next() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    // The room cannot end while it has something that is not committed.
    let mut lock = db.begin().await.unwrap();
    sqlx::query("lock table annotation_update in access exclusive mode").execute(&mut *lock).await.unwrap();
    peer.write("kept").await;
    let (closing, closed) = (rooms.close(talk, CloseCode::WrongEpoch), peer.until_closed());
    let late = async {
        assert_eq!(closed.await, Some(CloseCode::WrongEpoch));
        let (late, _) = tokio::join!(Peer::join(&rooms, talk, &ben), lock.rollback());
        late
    };
    let ((), mut late) = tokio::join!(closing, late);
    late.until(|peer| peer.synced).await;
    assert_eq!(late.notes(), "kept");
}

#[tokio::test]
async fn one_person_is_shown_out_and_the_others_stay() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let (mut stays, mut goes) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    goes.announce(7, 1, "{}").await;
    stays.until(|peer| peer.sees(7).is_some()).await;
    rooms.sign_out(&ben.proof);
    // Said after it, and so by nobody.
    goes.write("too late").await;
    assert_eq!(goes.until_closed().await, Some(CloseCode::SignedOut));
    stays.write("still here").await;
    stays.settle().await;
    assert_eq!(stays.notes(), "still here");
    drop(goes);
    stays.until(|peer| peer.sees(7).is_none()).await;
}

#[tokio::test]
async fn presence_is_signed_bound_to_the_connection_and_taken_away_when_it_ends() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    there.announce(7, 3, r#"{"cursor":1,"user":{"name":"Ann","colour":"red"}}"#).await;
    here.until(|peer| peer.sees(7).is_some()).await;
    let state: serde_json::Value = serde_json::from_str(here.sees(7).unwrap()).unwrap();
    assert_eq!((&state["user"]["name"], &state["user"]["colour"]), (&"Ben".into(), &"red".into()));
    assert_eq!(state["user"]["id"], ben.user.to_string());

    // Nobody else can be spoken for, and nothing large is relayed.
    here.announce(8, 1, r#"{"n":0}"#).await;
    there.until(|peer| peer.sees(8).is_some()).await;
    here.announce(7, 900_000_000, "null").await;
    here.announce(8, 2, r#"{"n":1}"#).await;
    there.until(|peer| peer.sees(8).is_some_and(|state| state.contains(r#""n":1"#))).await;
    there.announce(7, 4, &format!(r#"{{"n":"{}"}}"#, "x".repeat(4 << 10))).await;
    there.announce(7, 4, "[]").await;
    there.announce(7, 4, "{").await;
    there.announce(7, 4, r#"{"cursor":2}"#).await;
    here.until(|peer| peer.sees(7).is_some_and(|state| state.contains(r#""cursor":2"#))).await;
    assert!(there.sees(7).is_none(), "nobody is told of themselves");
    assert!(here.goodbyes.is_empty(), "nobody is taken away by another");

    drop(there);
    here.until(|peer| peer.sees(7).is_none()).await;
    // The same tab connects again, with the clock that it had.
    let mut there = Peer::join(&rooms, talk, &ben).await;
    there.until(|peer| peer.sees(8).is_some()).await;
    there.announce(7, 4, r#"{"cursor":2}"#).await;
    here.until(|peer| peer.sees(7).is_some()).await;
}

#[tokio::test]
async fn presence_is_seen_again_after_a_restart_of_the_server() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    there.announce(7, 3, r#"{"n":1}"#).await;
    here.until(|peer| peer.sees(7).is_some()).await;
    let remembered = here.people.clone();
    rooms.shutdown().await;

    let rooms = Rooms::with_timing(db, never());
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    here.people = remembered;
    // Clocks count time, and this restart is faster than any; with the next change at the latest.
    for number in 2.. {
        there.announce(7, number, &format!(r#"{{"n":{number}}}"#)).await;
        let frames = here.heard.iter().filter(|kind| **kind == 1).count();
        here.until(|peer| peer.heard.iter().filter(|kind| **kind == 1).count() > frames).await;
        if here.sees(7).is_some_and(|state| state.contains(&format!(r#""n":{number}"#))) {
            break;
        }
        assert!(number < 20, "it is never seen");
    }
}

#[tokio::test]
async fn a_quiet_connection_hears_a_frame_without_entries() {
    let World { db, ann, talk, .. } = world().await;
    let timing = server::rooms::Timing { beat: std::time::Duration::from_millis(20), ..never() };
    let rooms = Rooms::with_timing(db, timing);
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    let before = peer.heard.len();
    peer.until(|peer| peer.heard.len() >= before + 3).await;
    assert!(peer.heard[before..].iter().all(|kind| *kind == 1) && peer.people.is_empty());
}

#[tokio::test]
async fn a_full_document_takes_nothing_more_but_deletions() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let large = doc();
    push(&large, &"x".repeat((8 << 20) - 1_000));
    let state = large.transact().encode_state_as_update_v1(&Default::default());
    sqlx::query("update annotation_document_state set crdt_state = $2 where conversation_id = $1")
        .bind(talk.uuid())
        .bind(state)
        .execute(&db)
        .await
        .unwrap();
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    peer.write(&"y".repeat(2_000)).await;
    peer.settle().await;
    assert_eq!(peer.refused[0].code, "full");
    let mut again = Peer::with_doc(&rooms, talk, &ann, large).await;
    again.settle().await;
    again.edit(|doc| doc.get_or_insert_text("notes").remove_range(&mut doc.transact_mut(), 0, 5_000)).await;
    again.settle().await;
    assert!(again.refused.is_empty());
    again.write(&"z".repeat(2_000)).await;
    again.settle().await;
    assert!(again.refused.is_empty(), "there is room again");
}
