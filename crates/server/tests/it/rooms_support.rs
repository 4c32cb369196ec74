//! A database of a test's own, people and conversations in it, and peers that sync.

use std::time::Duration;

use crate::support::test_database::TestDatabase;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use server::{
    rooms::{Member, Moment, Outgoing, Rooms, Seat, Timing},
    sessions::Proof,
};
use shared::{
    access::{Access, Rights},
    ids::{ConversationId, HighlightId, TagId, UserId},
    sync::{Acked, CloseCode, Frame, Refused, RunChanged, awareness},
};
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};
use yrs::{
    Any, Doc, GetString, In, Map, MapPrelim, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, Update, any,
    updates::{decoder::Decode, encoder::Encode},
};

/// Nothing in these tests takes this long; a test that waits for it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A database of its own, with the tables. It stays until the run's cluster is removed: rooms may write to it after the
/// test has ended.
pub async fn database() -> PgPool {
    let database = TestDatabase::new().await;
    let pool = database.pool.clone();
    std::mem::forget(database);
    pool
}

/// A database with a conversation of two people, and no room open.
pub struct World {
    pub db: PgPool,
    pub rooms: Rooms,
    pub ann: Member,
    pub ben: Member,
    pub talk: ConversationId,
}

pub async fn world() -> World {
    let db = database().await;
    let (ann, ben) = (person(&db, "Ann").await, person(&db, "Ben").await);
    let talk = conversation(&db, &ann).await;
    World { rooms: Rooms::with_timing(db.clone(), never()), db, ann, ben, talk }
}

/// Short waiting times: a test waits for what it expects, not for these.
pub fn quick() -> Timing {
    Timing {
        snapshot_after: Duration::from_millis(30),
        snapshot_at_latest: Duration::from_secs(1),
        idle: Duration::from_millis(50),
        beat: Duration::from_secs(10),
        presence: Duration::from_millis(10),
        recheck: Duration::from_secs(30),
    }
}

/// Waiting times that never come.
pub fn never() -> Timing {
    let never = Duration::from_secs(3_600);
    Timing { snapshot_after: never, snapshot_at_latest: never, idle: never, beat: never, ..quick() }
}

pub async fn person(db: &PgPool, name: &str) -> Member {
    let user = UserId::new();
    sqlx::query("insert into users (id, name, email) values ($1, $2, $3)")
        .bind(user.uuid())
        .bind(name)
        .bind(format!("{user}@example.test"))
        .execute(db)
        .await
        .unwrap();
    Member {
        user,
        author: user,
        of_epoch: None,
        name: name.to_owned(),
        rights: Rights {
            access: Access::Annotator,
            moderates: false,
            sees_names: true,
            may_copy: true,
            may_rename: false,
            sees_history: false,
        },
        proof: Proof::Session(user.uuid().into_bytes().into()),
        as_of: Moment::default(),
        speaks_v1: true,
        epoch: None,
    }
}

pub async fn conversation(db: &PgPool, owner: &Member) -> ConversationId {
    let id = ConversationId::new();
    let mut txn = db.begin().await.unwrap();
    sqlx::query("insert into conversations (id, title, owner_id) values ($1, 'A talk', $2)")
        .bind(id.uuid())
        .bind(owner.user.uuid())
        .execute(&mut *txn)
        .await
        .unwrap();
    sqlx::query(
        "insert into messages (id, conversation_id, position, role, markdown, text, renderer)
         values ($1, $1, 1, 'source', 'Some words to mark.', 'Some words to mark.', 1)",
    )
    .bind(id.uuid())
    .execute(&mut *txn)
    .await
    .unwrap();
    server::rooms::create(&mut txn, id, &[], owner.user).await.unwrap();
    txn.commit().await.unwrap();
    id
}

/// The numbers of the rows in a document's log.
pub async fn log(db: &PgPool, conversation: ConversationId) -> Vec<i64> {
    sqlx::query_scalar("select seq from annotation_update where conversation_id = $1 order by seq")
        .bind(conversation.uuid())
        .fetch_all(db)
        .await
        .unwrap()
}

/// The number that a document's snapshot has reached, and its count of highlights.
pub async fn snapshot(db: &PgPool, conversation: ConversationId) -> (i64, i32) {
    sqlx::query_as("select seq, highlight_count from annotation_document_state where conversation_id = $1")
        .bind(conversation.uuid())
        .fetch_one(db)
        .await
        .unwrap()
}

/// Asks until the answer is yes.
pub async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it never became so");
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub enum Wire {
    Seat(Box<Seat>),
    Socket(Box<Socket>),
}

/// Somebody with a copy of the document.
pub struct Peer {
    pub doc: Doc,
    pub wire: Wire,
    /// How many updates and SyncStep2 it has sent.
    pub sent: u64,
    pub acked: u64,
    pub synced: bool,
    pub steps_1: u32,
    pub refused: Vec<Refused>,
    /// What it was told of replies of models.
    pub runs: Vec<RunChanged>,
    pub closed: Option<u16>,
    /// Client id, clock, state.
    pub people: Vec<(u64, u32, String)>,
    /// Client ids that were said to be gone.
    pub goodbyes: Vec<u64>,
    /// The types of the frames it has heard.
    pub heard: Vec<u8>,
}

pub fn doc() -> Doc {
    Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() })
}

impl Peer {
    pub async fn join(rooms: &Rooms, conversation: ConversationId, member: &Member) -> Self {
        Self::with_doc(rooms, conversation, member, doc()).await
    }

    pub async fn with_doc(rooms: &Rooms, conversation: ConversationId, member: &Member, doc: Doc) -> Self {
        let seat = rooms.join(conversation, member.clone()).await.unwrap();
        Self::over(Wire::Seat(Box::new(seat)), doc).await
    }

    /// Starts to sync.
    pub async fn over(wire: Wire, doc: Doc) -> Self {
        let mut peer = Self {
            doc,
            wire,
            sent: 0,
            acked: 0,
            synced: false,
            steps_1: 0,
            refused: Vec::new(),
            runs: Vec::new(),
            closed: None,
            people: Vec::new(),
            goodbyes: Vec::new(),
            heard: Vec::new(),
        };
        let vector = peer.doc.transact().state_vector().encode_v1();
        peer.say(Frame::Step1(&vector).encode()).await;
        peer
    }

    pub async fn say(&mut self, frame: Vec<u8>) {
        match &mut self.wire {
            Wire::Seat(seat) => {
                if let Err(code) = seat.voice.say(frame.into()).await {
                    self.closed = Some(code.code());
                }
            }
            Wire::Socket(socket) => drop(socket.send(Message::Binary(frame.into())).await),
        }
    }

    pub async fn say_update(&mut self, update: &[u8]) -> u64 {
        self.sent += 1;
        self.say(Frame::Update(update).encode()).await;
        self.sent
    }

    /// Edits the document, and says so.
    pub async fn edit(&mut self, edit: impl FnOnce(&Doc)) -> u64 {
        let update = self.edit_silently(edit);
        self.say_update(&update).await
    }

    /// Edits the document offline.
    pub fn edit_silently(&mut self, edit: impl FnOnce(&Doc)) -> Vec<u8> {
        let before = self.doc.transact().snapshot();
        edit(&self.doc);
        let txn = self.doc.transact();
        txn.encode_diff_v1(&before.state_map)
    }

    pub async fn write(&mut self, text: &str) -> u64 {
        self.edit(|doc| push(doc, text)).await
    }

    pub fn notes(&self) -> String {
        let notes = self.doc.get_or_insert_text("notes");
        notes.get_string(&self.doc.transact())
    }

    /// Hears one frame and does what it asks for.
    pub async fn hear(&mut self) {
        let Some(frame) = self.next().await else { return };
        self.heard.push(frame[0]);
        match Frame::decode(&frame).unwrap() {
            Frame::Step1(vector) => {
                self.steps_1 += 1;
                let vector = StateVector::decode_v1(vector).unwrap();
                let update = self.doc.transact().encode_state_as_update_v1(&vector);
                self.sent += 1;
                self.say(Frame::Step2(&update).encode()).await;
            }
            Frame::Step2(update) => {
                self.apply(update);
                self.synced = true;
            }
            Frame::Update(update) => self.apply(update),
            Frame::Awareness(update) => {
                for entry in awareness::decode(update).unwrap() {
                    self.see(entry);
                }
            }
            Frame::Acked(Acked { acked }) => {
                assert!(acked > self.acked && acked <= self.sent, "acks rise, and never beyond what was sent");
                self.acked = acked;
            }
            Frame::Refused(refused) => {
                assert!(refused.refused > self.acked, "the refusal comes before the ack");
                self.refused.push(refused);
            }
            Frame::Epoch(_) => {}
            Frame::Run(run) => self.runs.push(run),
            frame => panic!("the server never says {frame:?}"),
        }
    }

    /// As y-protocols does it: only a higher clock is news, or a goodbye at the same one.
    fn see(&mut self, entry: awareness::Entry<'_>) {
        if entry.state == awareness::GONE {
            self.goodbyes.push(entry.client);
        }
        let known = self.people.iter().position(|(client, ..)| *client == entry.client);
        let news = (entry.client, entry.clock, entry.state.to_owned());
        match known {
            None => self.people.push(news),
            Some(at) => {
                let (_, clock, _) = self.people[at];
                if entry.clock > clock || (entry.clock == clock && entry.state == awareness::GONE) {
                    self.people[at] = news;
                }
            }
        }
    }

    /// The state of somebody who is here.
    pub fn sees(&self, client: u64) -> Option<&str> {
        self.people
            .iter()
            .find(|(known, _, state)| *known == client && state != awareness::GONE)
            .map(|(.., state)| state.as_str())
    }

    pub async fn announce(&mut self, client: u64, clock: u32, state: &str) {
        let update = awareness::encode(&[awareness::Entry { client, clock, state }]);
        self.say(Frame::Awareness(&update).encode()).await;
    }

    fn apply(&mut self, update: &[u8]) {
        self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    async fn next(&mut self) -> Option<Bytes> {
        if self.closed.is_some() {
            panic!("closed with {:?}", self.closed);
        }
        let next = async {
            match &mut self.wire {
                Wire::Seat(seat) => match seat.outbox.next().await {
                    Outgoing::Frame(frame) => Ok(frame),
                    Outgoing::Close(code) => Err(Some(code.code())),
                },
                Wire::Socket(socket) => loop {
                    match socket.next().await {
                        Some(Ok(Message::Binary(frame))) => break Ok(frame),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(frame))) => break Err(frame.map(|frame| frame.code.into())),
                        _ => break Err(None),
                    }
                },
            }
        };
        match tokio::time::timeout(PATIENCE, next).await.expect("nothing came") {
            Ok(frame) => Some(frame),
            Err(code) => {
                self.closed = Some(code.unwrap_or(0));
                None
            }
        }
    }

    /// Hears until it is so.
    pub async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            self.hear().await;
        }
    }

    /// Hears until the connection is closed, and says how.
    pub async fn until_closed(&mut self) -> Option<CloseCode> {
        let hearing = async {
            while self.closed.is_none() {
                self.hear().await;
            }
        };
        // The frames that keep a connection alive would go on for ever.
        tokio::time::timeout(3 * PATIENCE, hearing).await.expect("it was not closed");
        self.closed.and_then(CloseCode::from_code)
    }

    /// Until the state has come and all that was said is acknowledged.
    pub async fn settle(&mut self) {
        self.until(|peer| peer.synced && peer.sent > 0 && peer.acked == peer.sent).await;
    }

    /// All of the document.
    pub fn state(&self) -> (String, yrs::Snapshot) {
        let notes = self.notes();
        (notes, self.doc.transact().snapshot())
    }
}

pub fn push(doc: &Doc, text: &str) {
    doc.get_or_insert_text("notes").push(&mut doc.transact_mut(), text);
}

/// A tag in somebody's name.
pub fn tag(doc: &Doc, author: UserId) -> TagId {
    let (id, tags) = (TagId::new(), doc.get_or_insert_map("tags"));
    let fields: [(&str, Any); 7] = [
        ("name", "A tag".into()),
        ("colour", "#123456".into()),
        ("description", "".into()),
        ("group", Any::Null),
        ("order", 1.into()),
        ("locked", false.into()),
        ("author", author.to_string().into()),
    ];
    tags.insert(&mut doc.transact_mut(), id.to_string(), MapPrelim::from(fields));
    id
}

/// A highlight of the only message that [`conversation`] makes, in somebody's name.
pub fn highlight(doc: &Doc, talk: ConversationId, author: UserId, deleted: bool) -> HighlightId {
    let (id, highlights) = (HighlightId::new(), doc.get_or_insert_map("highlights"));
    let (message, by) = (talk.to_string(), author.to_string());
    let target = any!([{"message": message, "start": 5, "end": 10, "exact": "words", "prefix": "", "suffix": ""}]);
    let deleted = if deleted { any!({"by": by, "at": 2}) } else { Any::Null };
    let fields: [(&str, In); 7] = [
        ("targets", target.into()),
        ("author", author.to_string().into()),
        ("created_at", 1.into()),
        ("tags", MapPrelim::default().into()),
        ("resolved", Any::Null.into()),
        ("deleted", deleted.into()),
        ("comments", MapPrelim::default().into()),
    ];
    highlights.insert(&mut doc.transact_mut(), id.to_string(), MapPrelim::from_iter(fields));
    id
}
