use std::net::SocketAddr;

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use futures::SinkExt;
use server::{
    rooms::{Member, Rooms},
    socket::Upgrade,
    sync,
};
use shared::{
    ids::ConversationId,
    sync::{CloseCode, Frame, SUBPROTOCOL},
};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use yrs::{ReadTxn, StateVector, Text, Transact};

use crate::rooms_support::{Peer, Socket, Wire, conversation, database, doc, log, never, person, push};

/// A server of only this route; it knows two people and believes what the address says.
#[derive(Clone)]
struct World {
    db: sqlx::PgPool,
    rooms: Rooms,
    people: [Member; 2],
    talk: ConversationId,
    address: SocketAddr,
}

#[derive(serde::Deserialize)]
struct Who {
    who: usize,
}

async fn world() -> World {
    let db = database().await;
    let people = [person(&db, "Ann").await, person(&db, "Ben").await];
    let talk = conversation(&db, &people[0]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rooms = Rooms::with_timing(db.clone(), never());
    let world = World { db, rooms, people, talk, address: listener.local_addr().unwrap() };
    let router = Router::new().route("/sync/{conversation}", get(open)).with_state(world.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    world
}

async fn open(
    State(world): State<World>,
    Path(conversation): Path<ConversationId>,
    Query(Who { who }): Query<Who>,
    upgrade: Upgrade,
) -> Response {
    let speaks_v1 = sync::speaks_v1(&upgrade);
    let member = world.people.get(who).cloned().map(|member| Member { speaks_v1, ..member });
    let member = member.ok_or(CloseCode::SignedOut);
    sync::serve(upgrade, world.rooms, member, conversation)
}

impl World {
    async fn socket(&self, conversation: ConversationId, who: usize, v1: bool) -> Socket {
        let url = format!("ws://{}/sync/{conversation}?who={who}", self.address);
        let mut request = url.into_client_request().unwrap();
        if v1 {
            request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        }
        let (socket, response) = connect_async(request).await.unwrap();
        assert_eq!(response.headers().contains_key("sec-websocket-protocol"), v1);
        socket
    }

    async fn peer(&self, who: usize) -> Peer {
        Peer::over(Wire::Socket(Box::new(self.socket(self.talk, who, true).await)), doc()).await
    }

    async fn stock(&self, who: usize) -> Peer {
        Peer::over(Wire::Socket(Box::new(self.socket(self.talk, who, false).await)), doc()).await
    }
}

fn raw(peer: &mut Peer) -> &mut Socket {
    match &mut peer.wire {
        Wire::Socket(socket) => socket,
        Wire::Seat(_) => panic!("no socket"),
    }
}

#[tokio::test]
async fn two_browsers_converge_and_a_stock_client_among_them() {
    let world = world().await;
    let (mut ann, mut ben, mut stock) = (world.peer(0).await, world.peer(1).await, world.stock(1).await);
    stock.until(|peer| peer.synced).await;
    for number in 0..10 {
        ann.write(&format!("a{number}")).await;
        ben.write(&format!("b{number}")).await;
        stock.write(&format!("s{number}")).await;
    }
    for peer in [&mut ann, &mut ben, &mut stock] {
        peer.until(|peer| peer.notes().len() == 60).await;
    }
    ann.settle().await;
    assert_eq!(ann.state(), ben.state());
    assert_eq!(ann.state(), stock.state());
    assert_eq!(ann.heard[..2], [101, 0], "the epoch comes first of all, then the question");
    assert!(stock.heard.iter().all(|kind| *kind < 100), "a stock client never sees our messages");
    assert_eq!(log(&world.db, world.talk).await, (1..=30).collect::<Vec<_>>());
}

#[tokio::test]
async fn somebody_who_may_not_be_here_is_told_so_by_a_code() {
    let world = world().await;
    let nobody = Wire::Socket(Box::new(world.socket(world.talk, 2, true).await));
    assert_eq!(Peer::over(nobody, doc()).await.until_closed().await, Some(CloseCode::SignedOut));
    let nowhere = Wire::Socket(Box::new(world.socket(ConversationId::new(), 0, true).await));
    assert_eq!(Peer::over(nowhere, doc()).await.until_closed().await, Some(CloseCode::NotFound));
}

#[tokio::test]
async fn text_and_nonsense_are_malformed() {
    let world = world().await;
    let mut peer = world.peer(0).await;
    raw(&mut peer).send(Message::text("hello")).await.unwrap();
    assert_eq!(peer.until_closed().await, Some(CloseCode::Malformed));
    for nonsense in [&[][..], &[9], &[0, 9, 0], &[0, 2, 200], &[3, 3], &[100, 11], &[1, 1, 5]] {
        let mut peer = world.peer(0).await;
        peer.say(nonsense.to_vec()).await;
        assert_eq!(peer.until_closed().await, Some(CloseCode::Malformed), "{nonsense:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_told_so() {
    let world = world().await;
    for size in [(1 << 20) + 1, 16 << 20] {
        let mut peer = world.peer(0).await;
        peer.say(Frame::Update(&vec![0; size]).encode()).await;
        assert_eq!(peer.until_closed().await, Some(CloseCode::TooLarge), "{size}");
    }
    let mut peer = world.peer(0).await;
    peer.settle().await;
    peer.say(Frame::Step2(&vec![0; 1 << 20]).encode()).await;
    assert_eq!(peer.until_closed().await, Some(CloseCode::TooLarge), "a second answer has the limit of any frame");
}

#[tokio::test]
async fn a_first_answer_may_be_larger_than_a_frame() {
    let world = world().await;
    let offline = doc();
    push(&offline, &"word ".repeat(600_000));
    let socket = Wire::Socket(Box::new(world.socket(world.talk, 0, true).await));
    let mut peer = Peer::over(socket, offline).await;
    peer.settle().await;
    let mut other = world.peer(1).await;
    other.until(|peer| peer.synced).await;
    assert_eq!(other.state(), peer.state());

    let offline = doc();
    push(&offline, &"x".repeat(8 << 20));
    let socket = Wire::Socket(Box::new(world.socket(world.talk, 0, true).await));
    assert_eq!(Peer::over(socket, offline).await.until_closed().await, Some(CloseCode::TooLarge));
}

#[tokio::test]
async fn what_a_connection_was_sent_may_come_back_once_however_large() {
    let world = world().await;
    let offline = doc();
    push(&offline, &"word ".repeat(600_000));
    let socket = Wire::Socket(Box::new(world.socket(world.talk, 0, true).await));
    let mut peer = Peer::over(socket, offline).await;
    peer.settle().await;
    let mut stock = world.stock(1).await;
    stock.until(|peer| peer.synced).await;
    let everything = stock.doc.transact().encode_diff_v1(&StateVector::default());
    stock.say_update(&everything).await;
    stock.write("still here").await;
    peer.until(|peer| peer.notes().ends_with("still here")).await;
    stock.say_update(&everything).await;
    assert_eq!(stock.until_closed().await, Some(CloseCode::TooLarge));
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_closed_and_comes_back_to_everything() {
    let world = world().await;
    let mut slow = world.peer(1).await;
    slow.settle().await;
    let mut fast = world.peer(0).await;
    fast.settle().await;
    // More than the sockets' buffers and the outbox hold.
    for _ in 0..40 {
        fast.edit(|doc| {
            let (notes, mut txn) = (doc.get_or_insert_text("notes"), doc.transact_mut());
            let length = notes.len(&txn);
            notes.remove_range(&mut txn, 0, length);
            notes.push(&mut txn, &"x".repeat(1_000_000));
        })
        .await;
        fast.settle().await;
    }
    assert_eq!(slow.until_closed().await, Some(CloseCode::TryLater));
    let mut again = world.peer(1).await;
    again.until(|peer| peer.synced).await;
    assert_eq!(again.state(), fast.state());
}

#[tokio::test]
async fn a_connection_that_breaks_is_seen_to_leave() {
    let world = world().await;
    let (mut here, mut there) = (world.peer(0).await, world.peer(1).await);
    there.announce(5, 1, r#"{"n":1}"#).await;
    here.until(|peer| peer.sees(5).is_some()).await;
    drop(there);
    here.until(|peer| peer.sees(5).is_none()).await;
}

#[tokio::test]
async fn a_shutdown_says_that_it_is_one() {
    let world = world().await;
    let mut peer = world.peer(0).await;
    peer.write("last words").await;
    peer.settle().await;
    let (code, ()) = tokio::join!(peer.until_closed(), world.rooms.shutdown());
    assert_eq!(code, Some(CloseCode::Restarting));
    let late = world.peer(0).await;
    assert_eq!({ late }.until_closed().await, Some(CloseCode::Restarting));
    assert!(log(&world.db, world.talk).await.is_empty());
}
