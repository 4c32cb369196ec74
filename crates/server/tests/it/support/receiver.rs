//! Somebody else's server that webhooks are sent to.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::program::PATIENCE;

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The words of the comment.
    pub fn words(&self) -> String {
        self.json()["data"]["body"].as_str().unwrap().to_owned()
    }
}

#[derive(Clone)]
struct World {
    answers: Arc<AtomicU16>,
    retry_after: Arc<AtomicU16>,
    gate: Arc<Semaphore>,
    came: mpsc::UnboundedSender<Received>,
}

/// A receiver, which answers 204 until it is told otherwise.
pub struct Receiver {
    pub origin: String,
    world: World,
    came: Mutex<mpsc::UnboundedReceiver<Received>>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let (sender, came) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let world = World { answers: Arc::new(AtomicU16::new(204)), retry_after: Arc::default(), gate, came: sender };
        let router = Router::new().fallback(take).with_state(world.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, world, came: Mutex::new(came), server }
    }

    /// From now on.
    pub fn answers(&self, status: u16) {
        self.world.answers.store(status, Ordering::SeqCst);
    }

    /// From now on it asks to be left alone for so many seconds.
    pub fn asks_for(&self, seconds: u16) {
        self.world.retry_after.store(seconds, Ordering::SeqCst);
    }

    /// From now on nothing is answered.
    pub fn holds(&self) {
        self.world.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// So many of what was held, those that came first, are answered.
    pub fn lets_through(&self, count: usize) {
        self.world.gate.add_permits(count);
    }

    /// What was held is answered.
    pub fn releases(&self) {
        self.lets_through(1_000);
    }

    pub async fn next(&self) -> Received {
        timeout(PATIENCE, self.came.lock().await.recv()).await.expect("nothing came").unwrap()
    }

    /// What has come and was not looked at.
    pub async fn rest(&self) -> Vec<Received> {
        let mut came = self.came.lock().await;
        std::iter::from_fn(|| came.try_recv().ok()).collect()
    }
}

async fn take(State(world): State<World>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let _ = world.came.send(Received { path: uri.path().to_owned(), headers, body });
    world.gate.acquire().await.unwrap().forget();
    let status = StatusCode::from_u16(world.answers.load(Ordering::SeqCst)).unwrap();
    let retry_after = world.retry_after.load(Ordering::SeqCst).to_string();
    let answer: [(HeaderName, &str); 2] = [(header::LOCATION, "/elsewhere"), (header::RETRY_AFTER, &retry_after)];
    if uri.path() == "/endless" {
        let words = stream::repeat_with(|| Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 1024])));
        return (status, Body::from_stream(words)).into_response();
    }
    (status, answer).into_response()
}
