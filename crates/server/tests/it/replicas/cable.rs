//! What carries the frames of a [`Link`](super::link::Link).

use std::{collections::VecDeque, net::SocketAddr};

use futures::{SinkExt, StreamExt};
use shared::sync::{Frame, SUBPROTOCOL, prescan::prescan};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::server::{Request, Response},
        http::HeaderValue,
    },
};

use super::link::{Arrival, Order, Seen};
use crate::rooms_support::Socket;

const PROTOCOL: &str = "sec-websocket-protocol";

/// The task between the two ends.
pub(super) struct Cable {
    client: u64,
    server: watch::Receiver<Option<SocketAddr>>,
    listener: TcpListener,
    orders: mpsc::UnboundedReceiver<Order>,
    seen: watch::Sender<Seen>,
    ends: Option<(WebSocketStream<TcpStream>, Socket)>,
    is_online: bool,
    is_held: bool,
    up: VecDeque<Message>,
    down: VecDeque<Message>,
    /// The updates from this clock on that are kept back.
    gathered: Option<(u32, Vec<Message>)>,
    repeats: bool,
}

enum Event {
    Order(Option<Order>),
    Call(TcpStream),
    /// From the client.
    Up(Option<Message>),
    /// From the server.
    Down(Option<Message>),
}

impl Cable {
    pub fn new(
        client: u64,
        server: watch::Receiver<Option<SocketAddr>>,
        listener: TcpListener,
        orders: mpsc::UnboundedReceiver<Order>,
        seen: watch::Sender<Seen>,
    ) -> Self {
        Self {
            client,
            server,
            listener,
            orders,
            seen,
            ends: None,
            is_online: true,
            is_held: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            gathered: None,
            repeats: false,
        }
    }

    pub async fn run(mut self) {
        loop {
            let event = tokio::select! {
                // What was ordered before something was sent is obeyed before it is carried.
                biased;
                order = self.orders.recv() => Event::Order(order),
                Ok((stream, _)) = self.listener.accept() => Event::Call(stream),
                event = next(&mut self.ends) => event,
            };
            match event {
                Event::Order(None) => return,
                Event::Order(Some(order)) => self.obey(order).await,
                Event::Call(stream) => self.connect(stream).await,
                Event::Up(Some(message)) if self.is_held => self.up.push_back(message),
                Event::Down(Some(message)) if self.is_held => self.down.push_back(message),
                Event::Up(Some(message)) => self.carry_up(message).await,
                Event::Down(Some(message)) => self.carry_down(message).await,
                Event::Up(None) | Event::Down(None) => self.disconnect(),
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Offline => {
                (self.is_online, self.is_held) = (false, false);
                self.disconnect();
            }
            Order::Online => self.is_online = true,
            Order::Hold => self.is_held = true,
            Order::Release(arrival) => self.release(arrival).await,
            Order::Gather(clock) => self.gathered = Some((clock, Vec::new())),
            Order::Deal(order) => self.deal(&order).await,
            Order::Repeat => self.repeats = true,
        }
    }

    /// Both ends or neither: a client that reaches us and no server finds the connection broken.
    async fn connect(&mut self, stream: TcpStream) {
        self.disconnect();
        let Some(server) = *self.server.borrow() else { return };
        if !self.is_online {
            return;
        }
        stream.set_nodelay(true).unwrap();
        let (mut path, mut speaks_v1) = (String::new(), false);
        #[expect(clippy::result_large_err, reason = "the library asks for it")]
        let shake = |request: &Request, mut response: Response| {
            path = request.uri().to_string();
            speaks_v1 = request.headers().get(PROTOCOL).is_some_and(|offered| offered == SUBPROTOCOL);
            if speaks_v1 {
                response.headers_mut().insert(PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
            }
            Ok(response)
        };
        let Ok(client) = accept_hdr_async(stream, shake).await else { return };
        let mut request = format!("ws://{server}{path}").into_client_request().unwrap();
        if speaks_v1 {
            request.headers_mut().insert(PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        // A server that has just stopped is not there, which the client notices as a broken connection.
        let Ok((server, _)) = connect_async(request).await else { return };
        self.ends = Some((client, server));
        self.seen.send_replace(Seen { is_open: true, ..Seen::default() });
    }

    fn disconnect(&mut self) {
        self.ends = None;
        self.up.clear();
        self.down.clear();
        (self.gathered, self.repeats) = (None, false);
        self.seen.send_replace(Seen::default());
    }

    async fn carry_up(&mut self, message: Message) {
        if let Some(end) = self.own_update(&message) {
            match &mut self.gathered {
                Some((clock, gathered)) if end > *clock => {
                    gathered.push(message);
                    let count = gathered.len();
                    return self.seen.send_modify(|seen| seen.gathered = count);
                }
                _ => {}
            }
            if std::mem::take(&mut self.repeats) {
                self.send_up(message.clone()).await;
            }
        }
        self.send_up(message).await;
    }

    /// The clock that an update of the client's own reaches. (Some stock clients echo what others have written; that is
    /// not theirs.)
    fn own_update(&self, message: &Message) -> Option<u32> {
        let Message::Binary(bytes) = message else { return None };
        let Ok(Frame::Update(update)) = Frame::decode(bytes) else { return None };
        let outline = prescan(update).ok()?;
        Some(outline.brings.get(&self.client)?.last()?.1)
    }

    async fn send_up(&mut self, message: Message) {
        let is_answer = kind(&message) == Some(Kind::Answer);
        let Some((_, server)) = &mut self.ends else { return };
        if server.send(message).await.is_err() {
            return self.disconnect();
        }
        self.seen.send_modify(|seen| seen.answered_up += u32::from(is_answer));
    }

    async fn carry_down(&mut self, message: Message) {
        let kind = kind(&message);
        let ends = message.is_close();
        let Some((client, _)) = &mut self.ends else { return };
        if client.send(message).await.is_err() || ends {
            return self.disconnect();
        }
        self.seen.send_modify(|seen| {
            seen.asked_down += u32::from(kind == Some(Kind::Question));
            seen.answered_down += u32::from(kind == Some(Kind::Answer));
        });
    }

    async fn release(&mut self, arrival: Arrival) {
        self.is_held = false;
        for message in std::mem::take(&mut self.up) {
            self.carry_up(message).await;
        }
        let mut down: Vec<_> = std::mem::take(&mut self.down).into();
        let is_update = |message: &Message| kind(message) == Some(Kind::Update);
        if arrival == Arrival::Reversed {
            let places: Vec<_> = (0..down.len()).filter(|&place| is_update(&down[place])).collect();
            for pair in 0..places.len() / 2 {
                down.swap(places[pair], places[places.len() - 1 - pair]);
            }
        }
        for message in down {
            if arrival == Arrival::Twice && is_update(&message) {
                self.carry_down(message.clone()).await;
            }
            self.carry_down(message).await;
        }
    }

    async fn deal(&mut self, order: &[usize]) {
        let gathered = self.gathered.take().map(|(_, gathered)| gathered).unwrap_or_default();
        for &place in order {
            if let Some(message) = gathered.get(place) {
                self.send_up(message.clone()).await;
            }
        }
        // The answer to this comes after all that the server has to say about the updates.
        self.send_up(Message::Binary(Frame::Step1(&[0]).encode().into())).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Question,
    Answer,
    Update,
}

fn kind(message: &Message) -> Option<Kind> {
    let Message::Binary(bytes) = message else { return None };
    match Frame::decode(bytes).ok()? {
        Frame::Step1(_) => Some(Kind::Question),
        Frame::Step2(_) => Some(Kind::Answer),
        Frame::Update(_) => Some(Kind::Update),
        _ => None,
    }
}

/// The next that comes from either end, `None` at its end; nothing without a connection.
async fn next(ends: &mut Option<(WebSocketStream<TcpStream>, Socket)>) -> Event {
    let Some((client, server)) = ends else { return std::future::pending().await };
    let heard = |message: Option<Result<Message, _>>| message.and_then(Result::ok);
    tokio::select! {
        message = client.next() => Event::Up(heard(message)),
        message = server.next() => Event::Down(heard(message)),
    }
}
