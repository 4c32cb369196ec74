//! Writers in several conversations, set to work, and what must be true whenever one looks.

use std::{sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::header;
use serde_json::{Value, json};
use shared::{
    document,
    ids::{ConversationId, UserId},
    sync::Frame,
};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tokio::{task::JoinSet, time::timeout};
use tokio_tungstenite::tungstenite::Message;
use yrs::{Doc, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode, updates::encoder::Encode};

use super::{
    book::shown_too_early,
    club::{Club, Orders, Person, Progress, Room, State, Task, locked},
    reading::{Reading, stored},
    tab::Passage,
    writer::{Writer, connect},
};
use crate::support::program::PATIENCE;

/// How many of what.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Conversations that everybody writes in, and writers in each.
    pub shared: (usize, usize),
    /// Conversations with one writer each who leaves and comes back now and then, so that the room is empty for a
    /// moment and snapshots are taken while it writes again.
    pub lonely: usize,
    /// How probable it is that such a writer leaves, instead of editing.
    pub leaves: f64,
}

impl Cast {
    pub fn rooms(&self) -> usize {
        self.shared.0 + self.lonely
    }

    pub fn writers(&self) -> usize {
        self.shared.0 * self.shared.1 + self.lonely
    }
}

/// The writers at work.
pub struct Stage {
    pub club: Arc<Club>,
    pub rng: StdRng,
    people: Vec<Person>,
    writers: JoinSet<()>,
}

/// What the database held at some moment, room by room.
pub struct Held {
    readings: Vec<Reading>,
    /// Rows of the log.
    pub log: Vec<usize>,
}

impl Stage {
    /// Signs everybody in at this server, makes the conversations, and has the writers begin.
    pub async fn set(port: u16, cast: Cast, seed: u64) -> Stage {
        let visitors =
            [Visitor::new(port, "instructor"), Visitor::new(port, "student-1"), Visitor::new(port, "student-2")];
        let visitors = futures::future::join_all(visitors).await;
        let mut rooms = Vec::new();
        for number in 0..cast.rooms() {
            rooms.push(visitors[0].conversation(number).await);
        }
        let people: Vec<Person> = visitors.into_iter().map(|visitor| visitor.person).collect();
        let together = (0..cast.shared.0 * cast.shared.1).map(|number| (number / cast.shared.1, 0.0));
        let alone = (cast.shared.0..cast.rooms()).map(|room| (room, cast.leaves));
        let places: Vec<_> = together.chain(alone).collect();
        let club = Arc::new(Club::new(rooms, places.len()));
        let mut rng = StdRng::seed_from_u64(seed);
        let mut writers = JoinSet::new();
        for (number, (room, leaves)) in places.into_iter().enumerate() {
            let (person, own) = (people[number % people.len()].clone(), StdRng::seed_from_u64(rng.random()));
            writers.spawn(Writer::new(Arc::clone(&club), number, room, person, leaves, own).run());
        }
        let stage = Stage { club, rng, people, writers };
        stage.open(port);
        stage
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        self.club.orders.send_modify(change);
    }

    /// There is a server at this port.
    pub fn open(&self, port: u16) {
        self.order(|orders| orders.port = Some(port));
    }

    /// There is no server, or will be none in a moment: nobody tries to connect.
    pub fn shut(&self) {
        self.order(|orders| orders.port = None);
    }

    /// Waits until so many more edits are acknowledged.
    pub async fn write(&mut self, edits: u64) {
        self.order(|orders| orders.task = Task::Write);
        let goal = self.club.progress.borrow().acked + edits;
        self.until("so many edits are acknowledged", |progress| progress.acked >= goal).await;
    }

    /// Waits for a moment that nothing determines: something is to happen in the midst of everything.
    pub async fn nap(&mut self) {
        tokio::time::sleep(Duration::from_micros(self.rng.random_range(0..5_000))).await;
    }

    /// Waits until nobody is connected, and so everything that came has been read.
    pub async fn empty(&mut self) {
        self.until("nobody is connected", |progress| progress.states.iter().all(|state| *state == State::Away)).await;
    }

    /// Waits until everything that anybody did is acknowledged, and has come to everybody.
    pub async fn settle(&mut self) {
        self.order(|orders| orders.task = Task::Settle);
        let settled = |state: &State| matches!(state, State::Settled | State::Looked);
        self.until("everything is acknowledged", |progress| progress.states.iter().all(settled)).await;
        self.order(|orders| orders.task = Task::Look);
        self.until("everything has come", |progress| progress.states.iter().all(|state| *state == State::Looked)).await;
    }

    async fn until(&mut self, what: &str, is_so: impl FnMut(&Progress) -> bool) {
        let mut progress = self.club.progress.subscribe();
        tokio::select! {
            waited = timeout(PATIENCE, progress.wait_for(is_so)) => {
                assert!(waited.is_ok(), "not in time: {what}; {:?}", self.club.progress.borrow());
            }
            Some(ended) = self.writers.join_next() => panic!("a writer ended: {ended:?}"),
        }
        self.assert_no_faults();
    }

    fn assert_no_faults(&self) {
        let faults = locked(&self.club.faults);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn everybody(&self) -> Vec<UserId> {
        self.people.iter().map(|person| person.id).collect()
    }

    /// Reads the database, and compares it with the ledger and with what the writers have been shown.
    pub async fn compare_with_database(&self, options: &PgConnectOptions) -> Held {
        let mut connection = options.connect().await.unwrap();
        let (mut readings, mut log) = (Vec::new(), Vec::new());
        for (number, room) in self.club.rooms.iter().enumerate() {
            let (doc, rows) = stored(&mut connection, room.id).await;
            let reading = Reading::of(&doc, &self.everybody());
            self.compare(number, &reading, "the database");
            readings.push(reading);
            log.push(rows);
        }
        connection.close().await.unwrap();
        Held { readings, log }
    }

    /// As [`Stage::compare_with_database`], while nothing can be written there: whatever anybody has been shown must be
    /// there too.
    pub async fn compare_with_database_at_rest(&self, options: &PgConnectOptions) -> Held {
        let held = self.compare_with_database(options).await;
        for (writer, (room, doc)) in locked(&self.club.copies).iter().enumerate() {
            let faults = shown_too_early(doc.client_id(), &doc.transact().snapshot(), &held.readings[*room].snapshot);
            assert!(faults.is_empty(), "writer {writer} in room {room}: {}", faults.join("\n"));
        }
        held
    }

    fn compare(&self, room: usize, reading: &Reading, whose: &str) {
        let faults = locked(&self.club.book).faults(room, reading);
        let shown = faults.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(faults.is_empty(), "room {room} according to {whose}, {} faults:\n{shown}", faults.len());
    }

    /// Takes every document from the server as somebody who comes for the first time, and compares it with the ledger
    /// and with what the database held, if nothing was written since.
    pub async fn compare_with_server(&self, port: u16, held: Option<&Held>) {
        for (number, room) in self.club.rooms.iter().enumerate() {
            let doc = timeout(PATIENCE, fetch(port, room, &self.people[number % self.people.len()])).await;
            let reading = Reading::of(&doc.expect("the server answers in time"), &self.everybody());
            self.compare(number, &reading, "the server");
            if let Some(held) = held {
                same(&reading, &held.readings[number], &format!("room {number}, server and database"));
            }
        }
    }

    /// Compares every writer's copy with what the database holds. To be called when everything has come.
    pub fn compare_copies(&self, held: &Held) {
        for (writer, (room, doc)) in locked(&self.club.copies).iter().enumerate() {
            let reading = Reading::of(doc, &self.everybody());
            same(&reading, &held.readings[*room], &format!("room {room}, writer {writer} and database"));
        }
    }

    /// Has everybody leave.
    pub async fn leave(mut self) -> Arc<Club> {
        self.order(|orders| orders.task = Task::Leave);
        while let Some(ended) = self.writers.join_next().await {
            ended.unwrap();
        }
        self.assert_no_faults();
        self.club
    }
}

fn same(one: &Reading, other: &Reading, who: &str) {
    assert_eq!(one.snapshot.state_map, other.snapshot.state_map, "state vectors: {who}");
    assert_eq!(one.snapshot.delete_set, other.snapshot.delete_set, "delete sets: {who}");
    assert_eq!(one.json, other.json, "{who}");
}

/// The document as somebody gets it who has nothing.
async fn fetch(port: u16, room: &Room, person: &Person) -> Doc {
    loop {
        // A room whose store is away for the moment says that one should come again.
        if let Some(doc) = ask(port, room, person).await {
            return doc;
        }
        tokio::task::yield_now().await;
    }
}

async fn ask(port: u16, room: &Room, person: &Person) -> Option<Doc> {
    let mut socket = connect(port, room, person, None).await?;
    let question = Frame::Step1(&StateVector::default().encode_v1()).encode();
    socket.send(Message::Binary(question.into())).await.ok()?;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(frame) = message
            && let Ok(Frame::Step2(update)) = Frame::decode(&frame)
        {
            let doc = document::empty();
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
            return Some(doc);
        }
    }
    None
}

/// Somebody who is signed in, with a token for their programs.
struct Visitor {
    http: reqwest::Client,
    origin: String,
    person: Person,
}

impl Visitor {
    async fn new(port: u16, who: &str) -> Visitor {
        let http = server::outbound::builder().cookie_store(true).build().unwrap();
        let person = Person { id: UserId::new(), token: String::new() };
        let mut visitor = Visitor { http, origin: format!("http://localhost:{port}"), person };
        let me = visitor.post("/api/v1/dev/sign-in", json!({"person": who})).await;
        let token = visitor.post("/api/v1/tokens", json!({"name": "ledger"})).await;
        visitor.person = Person { id: text(&me["id"]).parse().unwrap(), token: text(&token["token"]) };
        visitor
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.origin)).header(header::ORIGIN, &self.origin);
        request.json(&body).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn conversation(&self, number: usize) -> Room {
        let text_of = "The quick brown fox jumps over the lazy dog, and nobody asks it why. ".repeat(6);
        let body = json!({"title": format!("Room {number}"), "text": text_of, "share": "class"});
        let id: ConversationId = text(&self.post("/api/v1/conversations", body).await["id"]).parse().unwrap();
        let path = format!("{}/api/v1/conversations/{id}", self.origin);
        let answer: Value = self.http.get(path).send().await.unwrap().json().await.unwrap();
        let message = &answer["messages"][0];
        Room { id, passage: Passage { message: text(&message["id"]).parse().unwrap(), text: text(&message["text"]) } }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
