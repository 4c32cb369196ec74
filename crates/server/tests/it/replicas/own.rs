//! A replica of ours: yrs, the commands of `shared::document`, and the subprotocol `promptgrimoire.v1`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::{SinkExt, StreamExt, stream::SplitSink};
use serde_json::json;
use shared::{
    access::Access,
    document::{self, Highlight},
    rules::Sender,
    sync::{Acked, CloseCode, Epoch, Frame, Refused, SUBPROTOCOL, prescan::prescan},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use yrs::{
    ClientID, Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use super::{
    PATIENCE,
    dump::{Dump, Roots, State},
    edits::Edit,
    replica::Opening,
};
use crate::rooms_support::Socket;

/// It tells nobody of itself (no awareness); nothing else is missing.
pub struct Own {
    shared: Arc<Shared>,
    url: String,
    sender: Sender,
    roots: Roots,
    connection: Option<JoinHandle<()>>,
}

struct Shared {
    held: Mutex<Held>,
    version: watch::Sender<u64>,
}

struct Held {
    doc: Doc,
    /// What the document's observer has heard of.
    made: Arc<Mutex<Vec<Vec<u8>>>>,
    epoch: Option<i64>,
    /// Where frames go while there is a connection.
    out: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// The server's answer has come on this connection.
    is_synced: bool,
    /// Updates and SyncStep2 of this connection.
    sent: u64,
    acked: u64,
    /// Edits that are not acknowledged, with their number on this connection, if they went through it.
    journal: VecDeque<(Option<u64>, Vec<u8>)>,
    /// Edits that are: no server may ever come back without them.
    ledger: Vec<Vec<u8>>,
    /// What must never happen to somebody who keeps to the rules.
    wrong: Option<String>,
}

impl Own {
    pub async fn open(opening: &Opening) -> Self {
        let options = Options {
            client_id: ClientID::new(opening.client),
            offset_kind: OffsetKind::Utf16,
            cleanup_formatting: false,
            ..Options::default()
        };
        let doc = Doc::with_options(options);
        let made = Arc::new(Mutex::new(Vec::new()));
        let made_here = Arc::clone(&made);
        doc.observe_update_v1("own", move |_, event| made_here.lock().unwrap().push(event.update.clone())).unwrap();
        let held = Held {
            doc,
            made,
            epoch: None,
            out: None,
            is_synced: false,
            sent: 0,
            acked: 0,
            journal: VecDeque::new(),
            ledger: Vec::new(),
            wrong: None,
        };
        let shared = Shared { held: Mutex::new(held), version: watch::channel(0).0 };
        let Opening { server, conversation, token, .. } = opening;
        let mut own = Self {
            shared: Arc::new(shared),
            url: format!("{server}/{conversation}?token={token}"),
            // What anybody may who may write at all.
            sender: Sender { author: opening.user, access: Access::Annotator, moderates: false },
            roots: opening.roots.clone(),
            connection: None,
        };
        own.connect(false).await;
        own
    }

    /// Connects, once the connection that broke has been noticed; with `resend`, what is not acknowledged is sent again
    /// as it was, and not only in the answer to what the server lacks.
    pub async fn connect(&mut self, resend: bool) {
        if let Some(broken) = self.connection.take() {
            tokio::time::timeout(PATIENCE, broken).await.expect("the connection did not end").unwrap();
        }
        let epoch = self.shared.held().epoch.map(|epoch| format!("&epoch={epoch}")).unwrap_or_default();
        let mut request = format!("{}{epoch}", self.url).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        // Nobody there: it is connected again when somebody is.
        let Ok((socket, _)) = connect_async(request).await else { return };
        let out = self.shared.held().begin(resend);
        self.connection = Some(tokio::spawn(Arc::clone(&self.shared).talk(socket, out)));
    }

    pub fn edit(&self, edit: &Edit) {
        self.shared.held().edit(edit, &self.sender, 1);
        self.shared.changed();
    }

    /// Sends the edit's update a second time.
    pub fn edit_and_repeat(&self, edit: &Edit) {
        self.shared.held().edit(edit, &self.sender, 2);
        self.shared.changed();
    }

    /// Makes the edits and sends their updates in another order.
    pub fn edit_and_shuffle(&self, edits: &[Edit], order: &[usize]) {
        let mut held = self.shared.held();
        let updates: Vec<_> = edits.iter().map(|edit| held.make(edit, &self.sender)).collect();
        for &place in order {
            held.send_edit(updates[place].clone(), 1);
        }
        drop(held);
        self.shared.changed();
    }

    pub fn dump(&self) -> Dump {
        let held = self.shared.held();
        let pending = held.doc.transact().has_missing_updates();
        Dump {
            version: *self.shared.version.borrow(),
            pending,
            closed: held.wrong.as_ref().map(|wrong| json!(wrong)),
            state: State::of(&held.doc, &self.roots),
        }
    }

    pub fn highlights(&self) -> Vec<Highlight> {
        let held = self.shared.held();
        let roots = document::Roots::of(&held.doc);
        document::highlights(&roots, &held.doc.transact())
    }

    pub async fn changed(&self, since: u64) {
        // The sender is ours.
        let _ = self.shared.version.subscribe().wait_for(|version| *version > since).await;
    }

    /// Waits until the server's answer has come.
    pub async fn synced(&self) {
        self.until(|held| held.is_synced).await;
    }

    /// Waits until all that was sent on this connection is acknowledged.
    pub async fn acknowledged(&self) {
        self.until(|held| held.acked == held.sent && held.journal.is_empty()).await;
    }

    async fn until(&self, is_so: impl Fn(&Held) -> bool) {
        let mut version = self.shared.version.subscribe();
        let waited = version.wait_for(|_| is_so(&self.shared.held()));
        assert!(tokio::time::timeout(PATIENCE, waited).await.is_ok(), "the server did not answer");
    }

    /// What was acknowledged, ever.
    pub fn ledger(&self) -> Vec<Vec<u8>> {
        self.shared.held().ledger.clone()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.abort();
        }
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    async fn talk(self: Arc<Self>, socket: Socket, mut out: mpsc::UnboundedReceiver<Vec<u8>>) {
        let (mut sink, mut stream) = socket.split();
        loop {
            tokio::select! {
                Some(frame) = out.recv() => if say(&mut sink, frame).await.is_err() { break },
                message = stream.next() => match message {
                    Some(Ok(Message::Binary(frame))) => {
                        self.held().hear(&frame);
                        self.changed();
                    }
                    Some(Ok(Message::Close(Some(close)))) => {
                        let code = CloseCode::from_code(close.code.into());
                        if code.is_none_or(CloseCode::is_permanent) {
                            self.held().wrong = Some(format!("closed with {}: {}", close.code, close.reason));
                        }
                        break;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
        self.held().out = None;
        self.changed();
    }
}

async fn say(sink: &mut SplitSink<Socket, Message>, frame: Vec<u8>) -> Result<(), ()> {
    sink.send(Message::Binary(frame.into())).await.map_err(drop)
}

impl Held {
    /// A new connection: numbers begin anew.
    fn begin(&mut self, resend: bool) -> mpsc::UnboundedReceiver<Vec<u8>> {
        let (out, frames) = mpsc::unbounded_channel();
        (self.out, self.is_synced, self.sent, self.acked) = (Some(out), false, 0, 0);
        let vector = self.doc.transact().state_vector().encode_v1();
        self.send(Frame::Step1(&vector));
        for place in 0..self.journal.len() {
            let update = self.journal[place].1.clone();
            self.journal[place].0 =
                if resend { self.send_update(|update| Frame::Update(update), &update) } else { None };
        }
        frames
    }

    fn edit(&mut self, edit: &Edit, sender: &Sender, times: u32) {
        let update = self.make(edit, sender);
        self.send_edit(update, times);
    }

    /// The update of an edit; empty if it changes nothing.
    fn make(&mut self, edit: &Edit, sender: &Sender) -> Vec<u8> {
        self.made.lock().unwrap().clear();
        edit.make(&self.doc, sender);
        self.made.lock().unwrap().pop().unwrap_or_else(|| vec![0, 0])
    }

    fn send_edit(&mut self, update: Vec<u8>, times: u32) {
        let numbers = (0..times).map(|_| self.send_update(|update| Frame::Update(update), &update));
        let number = numbers.last().flatten();
        self.journal.push_back((number, update));
    }

    fn send(&self, frame: Frame<'_>) -> bool {
        self.out.as_ref().is_some_and(|out| out.send(frame.encode()).is_ok())
    }

    /// Sends something that is counted; its number, if there is a connection.
    fn send_update(&mut self, frame: for<'a> fn(&'a [u8]) -> Frame<'a>, update: &[u8]) -> Option<u64> {
        let sent = self.send(frame(update));
        self.sent += u64::from(sent);
        sent.then_some(self.sent)
    }

    fn hear(&mut self, frame: &[u8]) {
        match Frame::decode(frame).unwrap() {
            Frame::Step1(vector) => {
                let vector = StateVector::decode_v1(vector).unwrap();
                let update = self.doc.transact().encode_diff_v1(&vector);
                let number = self.send_update(|update| Frame::Step2(update), &update);
                // The answer holds all that was done until now.
                for entry in self.journal.iter_mut().filter(|entry| entry.0.is_none()) {
                    entry.0 = number;
                }
            }
            Frame::Step2(update) => {
                self.apply(update);
                self.is_synced = true;
            }
            Frame::Update(update) => self.apply(update),
            Frame::Epoch(Epoch { epoch }) => self.epoch = Some(epoch),
            Frame::Acked(Acked { acked }) => self.acknowledge(acked),
            Frame::Refused(refused) => self.refuse(&refused),
            Frame::Awareness(_) => {}
            frame => panic!("the server never says {frame:?}"),
        }
    }

    fn apply(&mut self, update: &[u8]) {
        prescan(update).unwrap();
        self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    fn acknowledge(&mut self, acked: u64) {
        if acked <= self.acked || acked > self.sent {
            self.wrong = Some(format!("acknowledged {acked} after {}, of {} sent", self.acked, self.sent));
        }
        self.acked = acked;
        let (done, waiting) =
            self.journal.drain(..).partition(|(number, _)| number.is_some_and(|number| number <= acked));
        self.journal = waiting;
        let done: VecDeque<(Option<u64>, Vec<u8>)> = done;
        self.ledger.extend(done.into_iter().map(|(_, update)| update));
    }

    /// A gap is made good by the answer to the question that follows it; nothing else is refused to the obedient.
    fn refuse(&mut self, refused: &Refused) {
        if refused.code != "gap" {
            self.wrong = Some(format!("refused: {refused:?}"));
        }
        for entry in self.journal.iter_mut().filter(|entry| entry.0 == Some(refused.refused)) {
            entry.0 = None;
        }
    }
}
