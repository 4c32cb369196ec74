//! A replica of ours: yrs, the commands of `shared::document`, and the subprotocol `promptgrimoire.v1`.

use std::sync::{Arc, Mutex, MutexGuard};

use futures::{SinkExt, StreamExt, stream::SplitSink};
use serde_json::json;
use shared::{
    access::Access,
    document::{self, Highlight},
    rules::Sender,
    sync::{CloseCode, SUBPROTOCOL},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use yrs::{ReadTxn, Transact};

use super::{
    PATIENCE,
    dump::{Dump, Roots, State},
    edits::Edit,
    held::Held,
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

impl Own {
    pub async fn open(opening: &Opening) -> Self {
        let shared = Shared { held: Mutex::new(Held::new(opening.client)), version: watch::channel(0).0 };
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
        self.until(Held::is_acknowledged).await;
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
