//! The mind of a replica of ours: no socket, no time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use shared::{
    rules::Sender,
    sync::{Acked, Epoch, Frame, Refused, prescan::prescan},
};
use tokio::sync::mpsc;
use yrs::{
    ClientID, Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use super::edits::Edit;

/// The document of a replica of ours, what it has sent, and what it was told of that.
pub struct Held {
    pub doc: Doc,
    /// What the document's observer has heard of.
    made: Arc<Mutex<Vec<Vec<u8>>>>,
    pub epoch: Option<i64>,
    /// Where frames go while there is a connection.
    pub out: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// The server's answer has come on this connection.
    pub is_synced: bool,
    /// Updates and SyncStep2 of this connection.
    sent: u64,
    acked: u64,
    /// Edits that are not acknowledged, with their number on this connection, if they went through it.
    journal: VecDeque<(Option<u64>, Vec<u8>)>,
    /// Edits that are: no server may ever come back without them.
    pub ledger: Vec<Vec<u8>>,
    /// What must never happen to somebody who keeps to the rules.
    pub wrong: Option<String>,
}

impl Held {
    pub fn new(client: u64) -> Self {
        let options = Options {
            client_id: ClientID::new(client),
            offset_kind: OffsetKind::Utf16,
            cleanup_formatting: false,
            ..Options::default()
        };
        let doc = Doc::with_options(options);
        let made = Arc::new(Mutex::new(Vec::new()));
        let made_here = Arc::clone(&made);
        doc.observe_update_v1("own", move |_, event| made_here.lock().unwrap().push(event.update.clone())).unwrap();
        Self {
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
        }
    }

    /// Whether all that was sent on this connection is acknowledged, and all that was edited was sent.
    pub fn is_acknowledged(&self) -> bool {
        self.acked == self.sent && self.journal.is_empty()
    }

    /// A new connection: numbers begin anew.
    pub fn begin(&mut self, resend: bool) -> mpsc::UnboundedReceiver<Vec<u8>> {
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

    pub fn edit(&mut self, edit: &Edit, sender: &Sender, times: u32) {
        let update = self.make(edit, sender);
        self.send_edit(update, times);
    }

    /// The update of an edit; empty if it changes nothing.
    pub fn make(&mut self, edit: &Edit, sender: &Sender) -> Vec<u8> {
        self.made.lock().unwrap().clear();
        edit.make(&self.doc, sender);
        self.made.lock().unwrap().pop().unwrap_or_else(|| vec![0, 0])
    }

    pub fn send_edit(&mut self, update: Vec<u8>, times: u32) {
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

    pub fn hear(&mut self, frame: &[u8]) {
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
