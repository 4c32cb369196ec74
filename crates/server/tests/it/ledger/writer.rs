//! A writer: a person with a tab, who edits while connected and now and then while not, and loses no connection
//! without coming back.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use rand::{Rng, rngs::StdRng};
use shared::sync::{Acked, CloseCode, Frame, SUBPROTOCOL, prescan};
use tokio::{net::TcpStream, sync::watch};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, client::IntoClientRequest},
};
use yrs::{
    ReadTxn, StateVector, Transact, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use super::{
    book::EditId,
    club::{Club, Orders, Person, State, Task, locked},
    tab::Tab,
};

/// Edits that one writer has under way at most.
const WINDOW: usize = 6;

/// An update without anything in it: the server acknowledges it in its turn.
const NOTHING: [u8; 2] = [0, 0];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket to a conversation.
pub async fn connect(port: u16, room: &super::club::Room, person: &Person, epoch: Option<i64>) -> Option<Socket> {
    let mut url = format!("ws://127.0.0.1:{port}/sync/{}?token={}", room.id, person.token);
    if let Some(epoch) = epoch {
        url.push_str(&format!("&epoch={epoch}"));
    }
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    connect_async_with_config(request, None, true).await.ok().map(|(socket, _)| socket)
}

/// Why a connection is over.
enum End {
    /// The server, or the way there, is gone.
    Lost,
    /// The writer left, to come back at once.
    Left,
}

pub struct Writer {
    club: Arc<Club>,
    number: usize,
    room: usize,
    person: Person,
    /// How probable it is that it leaves instead of editing, to come back at once, also as a new tab that knows nothing.
    leaves: f64,
    rng: StdRng,
    tab: Tab,
    tabs: u32,
    /// Edits that are not acknowledged, oldest first, each with the number under which this connection has sent it.
    waiting: VecDeque<(EditId, Option<u64>)>,
    link: Link,
}

/// What is known of the present connection.
#[derive(Default)]
struct Link {
    sent: u64,
    acked: u64,
    /// The server's question was answered.
    greeted: bool,
    /// The own question was.
    synced: bool,
    /// Nothing can be sent any more; what has come is still read.
    broken: bool,
    /// The number of the last empty update, sent to hear when all before it has come.
    look: Option<u64>,
}

impl Writer {
    pub fn new(club: Arc<Club>, number: usize, room: usize, person: Person, leaves: f64, rng: StdRng) -> Writer {
        let tab = Tab::new(person.id, club.rooms[room].passage.clone(), format!("w{number}t1"));
        locked(&club.copies).push((room, tab.doc.clone()));
        let (waiting, link) = Default::default();
        Writer { club, number, room, person, leaves, rng, tab, tabs: 1, waiting, link }
    }

    pub async fn run(mut self) {
        let mut orders = self.club.orders.subscribe();
        loop {
            self.club.is(self.number, State::Away);
            let told = orders.wait_for(|orders| orders.port.is_some() || orders.task == Task::Leave).await;
            let Ok(Orders { port: Some(port), task }) = told.map(|told| told.clone()) else { return };
            if task == Task::Leave {
                return;
            }
            let room = &self.club.rooms[self.room];
            match connect(port, room, &self.person, self.tab.epoch).await {
                Some(socket) => {
                    if let End::Lost = self.talk(socket, &mut orders).await {
                        self.edit_offline();
                        self.pause().await;
                    } else if self.rng.random_bool(0.3) {
                        self.open_a_new_tab();
                    }
                }
                None => self.pause().await,
            }
        }
    }

    /// As clients do before they try again, never in step with others.
    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(5..60))).await;
    }

    fn open_a_new_tab(&mut self) {
        self.tabs += 1;
        let name = format!("w{}t{}", self.number, self.tabs);
        self.tab = Tab::new(self.person.id, self.club.rooms[self.room].passage.clone(), name);
        locked(&self.club.copies)[self.number] = (self.room, self.tab.doc.clone());
        // Nobody will ever send them, and nobody was promised anything.
        self.waiting.clear();
    }

    fn edit_offline(&mut self) {
        if self.club.orders.borrow().task == Task::Write {
            for _ in 0..self.rng.random_range(0..3) {
                self.edit(None);
            }
        }
    }

    /// Makes an edit, enters it in the ledger, and returns its update. `number` is what it is about to be sent as.
    fn edit(&mut self, number: Option<u64>) -> Option<Vec<u8>> {
        let (edit, update) = self.tab.edit(&mut self.rng)?;
        let id = locked(&self.club.book).enter(self.room, edit);
        self.waiting.push_back((id, number));
        Some(update)
    }

    async fn talk(&mut self, mut socket: Socket, orders: &mut watch::Receiver<Orders>) -> End {
        self.link = Link::default();
        self.waiting.iter_mut().for_each(|(_, number)| *number = None);
        let vector = self.tab.doc.transact().state_vector().encode_v1();
        self.send(&mut socket, Frame::Step1(&vector)).await;
        loop {
            let task = orders.borrow_and_update().task;
            if task == Task::Leave {
                return End::Left;
            }
            let is_open = self.link.greeted && self.link.synced && !self.link.broken;
            let may_write = task == Task::Write && is_open && self.waiting.len() < WINDOW;
            if task == Task::Write {
                self.link.look = None;
            }
            self.report(task, is_open);
            if task == Task::Look && is_open && self.link.look.is_none() {
                self.link.look = Some(self.say(&mut socket, Frame::Update(&NOTHING)).await);
            }
            tokio::select! {
                biased;
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(frame))) => self.hear(&mut socket, &frame).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => return self.ended(other),
                },
                _ = orders.changed() => {}
                () = tokio::task::yield_now(), if may_write => {
                    if self.rng.random_bool(self.leaves) {
                        return End::Left;
                    }
                    if let Some(update) = self.edit(Some(self.link.sent + 1)) {
                        self.say(&mut socket, Frame::Update(&update)).await;
                    }
                }
            }
        }
    }

    fn report(&self, task: Task, is_open: bool) {
        let has_settled = is_open && task != Task::Write && self.waiting.is_empty();
        let has_looked = self.link.look.is_some_and(|look| self.link.acked >= look);
        self.club.is(
            self.number,
            match (has_settled, has_looked) {
                (false, _) => State::Here,
                (true, false) => State::Settled,
                (true, true) => State::Looked,
            },
        );
    }

    fn ended(&self, last: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> End {
        let how = match last {
            Some(Ok(Message::Close(Some(frame)))) => {
                let code = CloseCode::from_code(frame.code.into());
                if !matches!(code, Some(CloseCode::Restarting | CloseCode::TryLater)) {
                    self.club.fault(format!("writer {} was closed with {frame}", self.number));
                }
                u16::from(frame.code).to_string()
            }
            Some(Ok(Message::Close(None))) => "closed".to_owned(),
            Some(Ok(other)) => {
                self.club.fault(format!("writer {} was told {other:?}", self.number));
                "nonsense".to_owned()
            }
            Some(Err(_)) | None => "broken".to_owned(),
        };
        *locked(&self.club.ends).entry(how).or_default() += 1;
        End::Lost
    }

    /// Sends something that is counted, and returns its number.
    async fn say(&mut self, socket: &mut Socket, frame: Frame<'_>) -> u64 {
        self.link.sent += 1;
        self.send(socket, frame).await;
        self.link.sent
    }

    async fn send(&mut self, socket: &mut Socket, frame: Frame<'_>) {
        self.link.broken |= socket.send(Message::Binary(frame.encode().into())).await.is_err();
    }

    async fn hear(&mut self, socket: &mut Socket, frame: &[u8]) {
        match Frame::decode(frame) {
            Ok(Frame::Epoch(epoch)) => self.tab.epoch = Some(epoch.epoch),
            Ok(Frame::Step1(vector)) => self.answer(socket, vector).await,
            Ok(Frame::Step2(update)) => {
                self.apply(update);
                self.link.synced = true;
            }
            Ok(Frame::Update(update)) => self.apply(update),
            Ok(Frame::Awareness(_)) => {}
            Ok(Frame::Acked(acked)) => self.acknowledged(acked),
            other => self.club.fault(format!("writer {} was told {other:?}", self.number)),
        }
    }

    /// Sends all that the server lacks; what waits is part of it.
    async fn answer(&mut self, socket: &mut Socket, vector: &[u8]) {
        if std::mem::replace(&mut self.link.greeted, true) {
            self.club.fault(format!("writer {} is told that something is missing", self.number));
        }
        let theirs = StateVector::decode_v1(vector).unwrap();
        let lacking = self.tab.doc.transact().encode_diff_v1(&theirs);
        let number = self.say(socket, Frame::Step2(&lacking)).await;
        self.waiting.iter_mut().for_each(|(_, waiting)| *waiting = Some(number));
    }

    fn apply(&mut self, update: &[u8]) {
        let taken = prescan::prescan(update).is_ok()
            && Update::decode_v1(update).is_ok_and(|update| self.tab.doc.transact_mut().apply_update(update).is_ok());
        if !taken {
            self.club.fault(format!("writer {} got an update that cannot be applied", self.number));
        }
    }

    fn acknowledged(&mut self, Acked { acked }: Acked) {
        if acked <= self.link.acked || acked > self.link.sent {
            let Link { acked: before, sent, .. } = self.link;
            self.club.fault(format!("writer {}: {acked} acked after {before}, of {sent}", self.number));
        }
        self.link.acked = acked;
        let mut count = 0;
        let mut book = locked(&self.club.book);
        while self.waiting.front().is_some_and(|(_, number)| number.is_some_and(|number| number <= acked)) {
            book.acknowledge(self.waiting.pop_front().unwrap().0);
            count += 1;
        }
        drop(book);
        if count > 0 {
            self.club.progress.send_modify(|progress| progress.acked += count);
        }
    }
}
