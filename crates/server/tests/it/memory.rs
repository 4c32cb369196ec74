//! Rooms: what all of them may hold together.

use server::rooms::{Limits, Outgoing, Rooms};
use shared::{
    ids::ConversationId,
    sync::{Epoch, Frame},
};

use crate::rooms_support::{Peer, World, conversation, log, never, snapshot, until, world};

/// The room counts sixteen times that.
const TEXT: usize = 100_000;

/// Whether this room was loaded after the documents were given another epoch.
async fn is_new(rooms: &Rooms, world: &World, talk: ConversationId) -> bool {
    let mut seat = rooms.join(talk, world.ben.clone()).await.unwrap();
    let Outgoing::Frame(frame) = seat.outbox.next().await else { panic!("the epoch comes first") };
    let Frame::Epoch(Epoch { epoch }) = Frame::decode(&frame).unwrap() else { panic!("the epoch comes first") };
    epoch == 2
}

async fn write(rooms: &Rooms, world: &World, talk: ConversationId) -> Peer {
    let mut peer = Peer::join(rooms, talk, &world.ann).await;
    peer.settle().await;
    peer.write(&"x".repeat(TEXT)).await;
    peer.settle().await;
    peer
}

#[tokio::test]
async fn when_rooms_hold_too_much_the_longest_idle_ends_and_loses_nothing() {
    let world = world().await;
    let limits = Limits { memory: 16 * (2 * TEXT + TEXT / 2) };
    let rooms = Rooms::with_limits(world.db.clone(), never(), limits);
    let (first, second) = (world.talk, conversation(&world.db, &world.ann).await);
    let third = conversation(&world.db, &world.ann).await;
    for talk in [first, second] {
        drop(write(&rooms, &world, talk).await);
        // Compacted, because the last person has left.
        until(async || snapshot(&world.db, talk).await.0 == 1).await;
    }
    assert_eq!(rooms.open(), 2, "they fit");
    let stays = write(&rooms, &world, third).await;
    until(async || rooms.open() == 2).await;

    let epoch = "update annotation_document_state set epoch = 2";
    sqlx::query(epoch).execute(&world.db).await.unwrap();
    assert!(!is_new(&rooms, &world, third).await, "somebody is in it");
    assert!(!is_new(&rooms, &world, second).await);
    assert!(is_new(&rooms, &world, first).await, "it was idle for the longest");
    let mut again = Peer::join(&rooms, first, &world.ben).await;
    again.until(|peer| peer.synced).await;
    assert_eq!(again.notes().len(), TEXT);
    // Now people are in two, and so the second goes.
    until(async || rooms.open() == 2).await;
    assert!(stays.closed.is_none() && again.closed.is_none());
}

#[tokio::test]
async fn a_room_with_people_never_ends_for_memory_and_one_without_them_at_once() {
    let world = world().await;
    let rooms = Rooms::with_limits(world.db.clone(), never(), Limits { memory: 1 });
    let other = conversation(&world.db, &world.ann).await;
    let (mut here, mut there) = (write(&rooms, &world, world.talk).await, write(&rooms, &world, other).await);
    for peer in [&mut here, &mut there] {
        peer.write("and more").await;
        peer.settle().await;
    }
    assert_eq!(rooms.open(), 2);
    // Not before everything is committed.
    let mut lock = world.db.begin().await.unwrap();
    sqlx::query("lock table annotation_update in access exclusive mode").execute(&mut *lock).await.unwrap();
    here.write("last words").await;
    drop(here);
    there.write("still here").await;
    lock.rollback().await.unwrap();
    until(async || rooms.open() == 1).await;
    assert_eq!((log(&world.db, world.talk).await, snapshot(&world.db, world.talk).await.0), (vec![], 3));
    there.settle().await;
    assert!(there.closed.is_none());
}
