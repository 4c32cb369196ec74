//! The network between one replica and the server, as bad as a plan wants it: it breaks, stalls, and delivers updates
//! twice or in another order. Stock clients cannot be told to do such things to themselves.

use std::net::SocketAddr;

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

use super::{PATIENCE, cable::Cable};

/// A client's end of the network.
pub struct Link {
    address: SocketAddr,
    orders: mpsc::UnboundedSender<Order>,
    seen: watch::Receiver<Seen>,
}

/// What has gone through the present connection; all 0 without one.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// SyncStep1 from the server.
    pub asked_down: u32,
    /// SyncStep2 from the client.
    pub answered_up: u32,
    /// SyncStep2 from the server.
    pub answered_down: u32,
    /// Updates that are kept for [`Link::deal`].
    pub gathered: usize,
    pub is_open: bool,
}

impl Seen {
    /// Both ends have asked what they lack and have been answered.
    fn is_synced(&self) -> bool {
        self.is_open && self.answered_down > 0 && self.asked_down > 0 && self.asked_down == self.answered_up
    }
}

/// How what was held back arrives at the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    InOrder,
    Reversed,
    Twice,
}

pub(super) enum Order {
    Offline,
    Online,
    Hold,
    Release(Arrival),
    Gather(u32),
    Deal(Vec<usize>),
    Repeat,
}

impl Link {
    /// A network for the Yjs client with this id. The server is where `server` says, or nowhere.
    pub async fn lay(client: u64, server: watch::Receiver<Option<SocketAddr>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (orders, received) = mpsc::unbounded_channel();
        let (tell, seen) = watch::channel(Seen::default());
        tokio::spawn(Cable::new(client, server, listener, received, tell).run());
        Self { address, orders, seen }
    }

    /// What a stock client takes for the server's address.
    pub fn url(&self) -> String {
        format!("ws://{}/sync", self.address)
    }

    /// Breaks the connection without a word; what is under way is lost, and no new one can be made.
    pub async fn cut(&mut self) {
        self.order(Order::Offline);
        self.closed().await;
    }

    /// Waits until there is no connection.
    pub async fn closed(&mut self) {
        self.until("the end of the connection", |seen| !seen.is_open).await;
    }

    pub fn is_open(&self) -> bool {
        self.seen.borrow().is_open
    }

    /// Lets connections be made again.
    pub fn mend(&self) {
        self.order(Order::Online);
    }

    /// Stalls: nothing arrives at either end.
    pub fn hold(&self) {
        self.order(Order::Hold);
    }

    /// Delivers what was held; updates arrive at the client as `arrival` says.
    pub fn release(&self, arrival: Arrival) {
        self.order(Order::Release(arrival));
    }

    /// The client's next update arrives twice.
    pub fn repeat(&self) {
        self.order(Order::Repeat);
    }

    /// Keeps the client's own updates back until they are dealt: those from this clock on, since earlier ones may still
    /// be under way.
    pub fn gather(&self, clock: u32) {
        self.order(Order::Gather(clock));
    }

    /// Waits for as many updates as there are numbers and delivers them in that order, then waits until the server and
    /// the client have made good what that broke.
    pub async fn deal(&mut self, order: &[usize]) {
        self.until("updates to deal", |seen| seen.gathered == order.len()).await;
        let answered = self.seen.borrow().answered_down;
        self.order(Order::Deal(order.to_vec()));
        self.until("an answer", |seen| seen.answered_down > answered && seen.is_synced()).await;
    }

    /// Waits until both ends have asked each other what they lack, and have been answered.
    pub async fn synced(&mut self) {
        self.until("sync", Seen::is_synced).await;
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    async fn until(&mut self, what: &str, is_so: impl FnMut(&Seen) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, self.seen.wait_for(is_so)).await.map(|seen| seen.is_ok());
        assert!(waited == Ok(true), "waited in vain for {what}: {:?}", self.seen.borrow());
    }
}
