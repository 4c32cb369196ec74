//! A small sync server that misbehaves on purpose and keeps count of it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use load::token;
use shared::sync::Frame;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};
use yrs::{Doc, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Of the deliveries that count.
    DropsEveryTenth,
    RepeatsEveryTenth,
    /// Relays to everybody everywhere.
    MixesRooms,
    /// The first connection that has heard ten messages is closed.
    CutsOne,
    /// Of those who ask for the document.
    GivesEveryTenthNothing,
}

/// A running server, gone with the test's runtime.
pub struct Fake {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    fault: Fault,
    rooms: Mutex<HashMap<String, Room>>,
    connections: AtomicU64,
    asked: AtomicU64,
    relayed: AtomicU64,
    counted: AtomicU64,
    dropped: AtomicU64,
    repeated: AtomicU64,
    cut: AtomicU64,
}

#[derive(Default)]
struct Room {
    doc: Doc,
    people: HashMap<u64, mpsc::UnboundedSender<Bytes>>,
}

impl Fake {
    pub async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let zero = AtomicU64::default;
        let state = Arc::new(State {
            fault,
            rooms: Mutex::default(),
            connections: zero(),
            asked: zero(),
            relayed: zero(),
            counted: zero(),
            dropped: zero(),
            repeated: zero(),
            cut: zero(),
        });
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&served), stream));
            }
        });
        Self { address, state }
    }

    pub fn relayed(&self) -> u64 {
        self.state.relayed.load(SeqCst)
    }

    pub fn dropped(&self) -> u64 {
        self.state.dropped.load(SeqCst)
    }

    pub fn repeated(&self) -> u64 {
        self.state.repeated.load(SeqCst)
    }
}

async fn serve(state: Arc<State>, stream: TcpStream) {
    let mut name = String::new();
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let keep = |request: &Request, response: Response| {
        name = request.uri().path().to_owned();
        Ok(response)
    };
    let accepted = accept_hdr_async(stream, keep).await;
    let (mut sink, mut socket) = accepted.unwrap().split();
    let id = state.connections.fetch_add(1, SeqCst);
    let (outbox, mut frames) = mpsc::unbounded_channel::<Bytes>();
    state.rooms.lock().unwrap().entry(name.clone()).or_default().people.insert(id, outbox.clone());
    let writing = Arc::clone(&state);
    tokio::spawn(async move {
        let mut heard = 0;
        while let Some(frame) = frames.recv().await {
            heard += 1;
            if writing.fault == Fault::CutsOne && heard > 10 && writing.cut.fetch_add(1, SeqCst) == 0 {
                let _ = sink.close().await;
                return;
            }
            if sink.send(Message::Binary(frame)).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(bytes) = message {
            state.hear(&name, id, &bytes, &outbox);
        }
    }
}

impl State {
    fn hear(&self, name: &str, id: u64, bytes: &Bytes, outbox: &mpsc::UnboundedSender<Bytes>) {
        let mut rooms = self.rooms.lock().unwrap();
        match Frame::decode(bytes).unwrap() {
            Frame::Step1(_) => {
                let whole = rooms[name].doc.transact().encode_state_as_update_v1(&StateVector::default());
                let asked = self.asked.fetch_add(1, SeqCst);
                let gives_nothing = self.fault == Fault::GivesEveryTenthNothing && asked % 10 == 9;
                let given: &[u8] = if gives_nothing { &[0, 0] } else { &whole };
                let _ = outbox.send(Frame::Step1(&[0]).encode().into());
                let _ = outbox.send(Frame::Step2(given).encode().into());
            }
            Frame::Update(update) => {
                let decoded = Update::decode_v1(update).unwrap();
                rooms.get_mut(name).unwrap().doc.transact_mut().apply_update(decoded).unwrap();
                self.relay(&rooms, name, id, bytes);
            }
            Frame::Awareness(_) => self.relay(&rooms, name, id, bytes),
            _ => {}
        }
    }

    fn relay(&self, rooms: &HashMap<String, Room>, name: &str, from: u64, bytes: &Bytes) {
        let mut is_counted = false;
        token::find(bytes, |_| is_counted = true);
        for (room, people) in rooms {
            if room != name && self.fault != Fault::MixesRooms {
                continue;
            }
            for (_, outbox) in people.people.iter().filter(|(id, _)| **id != from) {
                self.deliver(outbox, bytes, is_counted);
            }
        }
    }

    fn deliver(&self, outbox: &mpsc::UnboundedSender<Bytes>, bytes: &Bytes, is_counted: bool) {
        self.relayed.fetch_add(1, SeqCst);
        let is_tenth = is_counted && self.counted.fetch_add(1, SeqCst) % 10 == 9;
        if is_tenth && self.fault == Fault::DropsEveryTenth {
            self.dropped.fetch_add(1, SeqCst);
            return;
        }
        let _ = outbox.send(bytes.clone());
        if is_tenth && self.fault == Fault::RepeatsEveryTenth {
            self.repeated.fetch_add(1, SeqCst);
            let _ = outbox.send(bytes.clone());
        }
    }
}
