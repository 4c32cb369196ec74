//! Rooms: what is stored, when, and what survives.

use server::rooms::{JoinError, Rooms, persistence, stacks::Stacks};
use shared::{
    ids::ConversationId,
    sync::{CloseCode, Frame},
};
use sqlx::PgPool;

use crate::rooms_support::{Peer, World, highlight, log, never, quick, snapshot, tag, until, world};

#[tokio::test]
async fn an_ack_comes_after_the_commit() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut ann = Peer::join(&rooms, talk, &ann).await;
    ann.settle().await;
    for number in 1..=20 {
        ann.write("x").await;
        ann.settle().await;
        assert_eq!(log(&db, talk).await, (1..=number).collect::<Vec<_>>(), "the log has no gap and misses nothing");
    }
    assert_eq!(ann.heard.iter().filter(|kind| **kind == 0).count(), 2, "nobody hears their own words again");
}

#[tokio::test]
async fn nothing_is_acknowledged_or_shown_while_the_store_cannot_commit() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let (mut ann, mut ben) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    ann.settle().await;
    ben.settle().await;
    let mut lock = db.begin().await.unwrap();
    sqlx::query("lock table annotation_update in access exclusive mode").execute(&mut *lock).await.unwrap();
    ann.write("held").await;
    // The room has judged it when it answers this, and says nothing else before.
    ann.say(Frame::QueryAwareness.encode()).await;
    ann.hear().await;
    ben.say(Frame::QueryAwareness.encode()).await;
    ben.hear().await;
    assert_eq!((ann.heard.last(), ben.heard.last()), (Some(&1), Some(&1)));
    assert!(ann.acked < ann.sent && ben.notes().is_empty());
    lock.rollback().await.unwrap();
    ann.settle().await;
    ben.until(|peer| peer.notes() == "held").await;
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_loses_nothing() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut ann = Peer::join(&rooms, talk, &ann).await;
    ann.settle().await;
    let read_only = async |on: &str| {
        let name: String = sqlx::query_scalar("select current_database()").fetch_one(&db).await.unwrap();
        let mut conn = db.acquire().await.unwrap();
        for statement in [
            "set default_transaction_read_only = off".to_owned(),
            format!("alter database {name} set default_transaction_read_only = {on}"),
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()"
                .to_owned(),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *conn).await.unwrap();
        }
        drop(conn.detach());
    };
    read_only("on").await;
    ann.write("kept").await;
    ann.write(" in order").await;
    ann.say(Frame::QueryAwareness.encode()).await;
    ann.hear().await;
    assert!(ann.acked < ann.sent);
    read_only("off").await;
    ann.settle().await;
    assert_eq!(log(&db, talk).await.len(), 2);
}

#[tokio::test]
async fn what_waits_for_the_store_is_limited_and_kept() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let (mut peer, mut other) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    peer.settle().await;
    other.settle().await;
    let mut lock = db.begin().await.unwrap();
    sqlx::query("lock table annotation_update in access exclusive mode").execute(&mut *lock).await.unwrap();
    for _ in 0..4_100 {
        peer.write("x").await;
    }
    assert_eq!(peer.until_closed().await, Some(CloseCode::TryLater));
    lock.rollback().await.unwrap();
    other.until(|peer| peer.notes().len() == 4_096).await;
    let mut again = Peer::with_doc(&rooms, talk, &ann, peer.doc).await;
    again.settle().await;
    other.until(|peer| peer.notes().len() == 4_100).await;
}

#[tokio::test]
async fn a_restart_restores_everything() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let mut ann = Peer::join(&rooms, talk, &ann).await;
    for number in 0..10 {
        ann.write(&format!("{number}")).await;
    }
    ann.settle().await;
    rooms.shutdown().await;
    assert_eq!(ann.until_closed().await, Some(CloseCode::Restarting));
    assert_eq!(rooms.join(talk, ben.clone()).await.err(), Some(JoinError::Restarting));
    assert_eq!(log(&db, talk).await, [0; 0], "what is dirty is compacted");
    assert_eq!(snapshot(&db, talk).await.0, 10);

    let rooms = Rooms::with_timing(db, never());
    let mut ben = Peer::join(&rooms, talk, &ben).await;
    ben.until(|peer| peer.synced).await;
    assert_eq!(ben.state(), ann.state());
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime();
    let (url, member, talk, acked) = server.block_on(async {
        let World { db, rooms, ann, talk, .. } = world().await;
        let mut peer = Peer::join(&rooms, talk, &ann).await;
        peer.settle().await;
        for number in 0..50 {
            peer.write(&format!("{number};")).await;
        }
        peer.until(|peer| peer.acked >= 30).await;
        ((*db.connect_options()).clone(), ann, talk, peer.acked)
    });
    // No goodbye, no flush: tasks end where they are.
    server.shutdown_background();
    runtime().block_on(async {
        let db = PgPool::connect_with(url).await.unwrap();
        let rooms = Rooms::with_timing(db, never());
        let mut peer = Peer::join(&rooms, talk, &member).await;
        peer.until(|peer| peer.synced).await;
        let expected: String = (0..acked - 1).map(|number| format!("{number};")).collect();
        assert!(peer.notes().starts_with(&expected), "{acked} acked, {}", peer.notes());
    });
}

#[tokio::test]
async fn a_snapshot_is_taken_after_the_last_change_and_when_the_last_person_leaves() {
    let World { db, ann, talk, .. } = world().await;
    let rooms = Rooms::with_timing(db.clone(), quick());
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.edit(|doc| _ = highlight(doc, talk, ann.user, false)).await;
    peer.edit(|doc| _ = highlight(doc, talk, ann.user, true)).await;
    peer.edit(|doc| _ = highlight(doc, talk, ann.user, false)).await;
    until(async || snapshot(&db, talk).await == (3, 2)).await;
    assert_eq!(log(&db, talk).await, [0; 0]);

    let rooms = Rooms::with_timing(db.clone(), never());
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.edit(|doc| _ = highlight(doc, talk, ann.user, false)).await;
    peer.settle().await;
    drop(peer);
    until(async || snapshot(&db, talk).await == (4, 3)).await;
}

#[tokio::test]
async fn a_snapshot_deletes_exactly_the_rows_that_are_in_it() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.write("before ").await;
    peer.settle().await;
    let stacks = Stacks::start();
    let compacted = persistence::compact(&db, &stacks, talk).await.unwrap().unwrap();
    peer.write("after").await;
    peer.settle().await;
    assert_eq!(persistence::store(&db, &compacted).await.unwrap(), Some(1));
    assert_eq!(log(&db, talk).await, [2]);
    assert_eq!(persistence::store(&db, &compacted).await.unwrap(), None, "an old one changes nothing");
    assert_eq!((log(&db, talk).await, snapshot(&db, talk).await.0), (vec![2], 1));
    let other = Rooms::with_timing(db, never());
    let mut late = Peer::join(&other, talk, &ann).await;
    late.until(|peer| peer.synced).await;
    assert_eq!(late.notes(), "before after");
}

#[tokio::test]
async fn what_does_not_load_is_refused_and_never_stored() {
    let World { db, rooms, ann, ben, talk } = world().await;
    // Neither builds on the other, so that only their numbers tell when one is missing.
    // Both stay, because a snapshot is taken when the last person leaves.
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    for (peer, author) in [(&mut here, ann.user), (&mut there, ben.user)] {
        peer.settle().await;
        peer.edit(|doc| _ = tag(doc, author)).await;
        peer.settle().await;
    }
    let damage = async |sql: &'static str| {
        sqlx::query(sql).bind(talk.uuid()).execute(&db).await.unwrap();
        let rooms = Rooms::with_timing(db.clone(), quick());
        let joined = rooms.join(talk, ann.clone()).await.err();
        until(async || joined.is_none() || rooms.open() == 0).await;
        joined
    };
    let keep = "create table kept as select * from annotation_update where seq = 1";
    sqlx::query(keep).execute(&db).await.unwrap();
    let (rows, state) = (log(&db, talk).await, snapshot(&db, talk).await);
    assert_eq!((rows, state), (vec![1, 2], (0, 0)));
    let hole = "delete from annotation_update where conversation_id = $1 and seq = 1";
    assert_eq!(damage(hole).await, Some(JoinError::Unreadable));
    let nonsense =
        "insert into annotation_update select conversation_id, seq, '\\x0101' from kept where conversation_id = $1";
    assert_eq!(damage(nonsense).await, Some(JoinError::Unreadable));
    assert_eq!((log(&db, talk).await, snapshot(&db, talk).await), (vec![1, 2], (0, 0)), "nothing was stored");
    let repaired = "update annotation_update set update = kept.update from kept \
                    where annotation_update.conversation_id = $1 and annotation_update.seq = 1";
    assert_eq!(damage(repaired).await, None);
    assert_eq!(rooms.join(ConversationId::new(), ann).await.err(), Some(JoinError::NotFound));
}

#[tokio::test]
async fn a_second_writer_of_the_same_document_makes_the_room_reload() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let other = Rooms::with_timing(db.clone(), never());
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&other, talk, &ben).await);
    here.settle().await;
    there.settle().await;
    there.write("there ").await;
    there.settle().await;
    here.write("here ").await;
    assert_eq!(here.until_closed().await, Some(CloseCode::TryLater));
    let mut again = Peer::with_doc(&rooms, talk, &ann, here.doc).await;
    again.settle().await;
    assert!(again.notes().contains("here ") && again.notes().contains("there "));
    assert_eq!(log(&db, talk).await, [1, 2]);

    // Also if the second has compacted its rows, so that their numbers are free again.
    persistence::snapshot(&db, &Stacks::start(), talk).await.unwrap();
    there.write("late").await;
    assert_eq!(there.until_closed().await, Some(CloseCode::TryLater));
    assert_eq!(log(&db, talk).await, [0; 0]);
}
