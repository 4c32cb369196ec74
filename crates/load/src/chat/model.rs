use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use futures::stream;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{Book, RATE, readers::Readers};
use crate::{clock, token::Token};

/// Between two tokens.
const GAP: Duration = Duration::from_micros(1_000_000 / RATE);

/// A paragraph, in tokens.
const PARAGRAPH: u32 = 60;

/// A server that speaks the Responses API, and writes as fast as it should until it is told to stop.
pub(super) struct Model {
    address: SocketAddr,
    world: Arc<World>,
    server: JoinHandle<()>,
}

struct World {
    book: Mutex<Arc<Book>>,
    writers: AtomicU32,
}

impl Drop for Model {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Model {
    pub(super) async fn start(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        // Otherwise a token waits until the one before it was acknowledged.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let world = Arc::new(World { book: Mutex::default(), writers: AtomicU32::new(0) });
        let app = Router::new().route("/v1/responses", post(answer)).with_state(Arc::clone(&world));
        let server = tokio::spawn(async move {
            // It ends with this process.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, world, server })
    }

    /// A new book for what is asked from now on.
    pub(super) fn open(&self) -> Arc<Book> {
        let book = Arc::<Book>::default();
        *self.world.book.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book);
        book
    }

    /// Asks it, as a server would.
    pub(super) async fn ask(&self, readers: &mut Readers, count: usize) -> Result<()> {
        let client = reqwest::Client::new();
        for _ in 0..count {
            let body = json!({"model": "bench", "input": [{"role": "user", "content": "Go on."}], "stream": true});
            let response = client.post(format!("http://{}/v1/responses", self.address)).json(&body).send().await?;
            ensure!(response.status().is_success(), "the model answers {}", response.status());
            readers.read(response, &["response.output_text.delta"], "response.completed");
        }
        Ok(())
    }
}

/// A reply that is being written.
struct Reply {
    book: Arc<Book>,
    writer: u32,
    number: u32,
    next: Instant,
    is_over: bool,
}

async fn answer(State(world): State<Arc<World>>, Json(_): Json<Value>) -> Response {
    let book = Arc::clone(&world.book.lock().unwrap_or_else(PoisonError::into_inner));
    let writer = world.writers.fetch_add(1, Relaxed);
    let reply = Reply { book, writer, number: 0, next: Instant::now() + GAP, is_over: false };
    let pieces = stream::unfold(reply, |mut reply| async move {
        let piece = reply.next().await?;
        Some((Ok::<_, Infallible>(piece), reply))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(pieces)).into_response()
}

impl Reply {
    async fn next(&mut self) -> Option<String> {
        if self.is_over {
            return None;
        }
        sleep_until(self.next).await;
        if self.book.is_stopped() {
            self.is_over = true;
            let usage = json!({"input_tokens": 10, "output_tokens": self.number, "total_tokens": 10 + self.number});
            let response =
                json!({"id": "resp_1", "object": "response", "status": "completed", "output": [], "usage": usage});
            return Some(event("response.completed", json!({ "response": response })));
        }
        let late = self.next.elapsed();
        self.next += GAP;
        let token = Token { writer: self.writer, number: self.number, at: clock::now() };
        self.number += 1;
        self.book.write(token, u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
        let space = if self.number.is_multiple_of(PARAGRAPH) { "\n\n" } else { " " };
        let place = json!({
            "item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": [],
            "sequence_number": self.number, "delta": token.text() + space,
        });
        Some(event("response.output_text.delta", place))
    }
}

fn event(kind: &str, mut payload: Value) -> String {
    payload["type"] = json!(kind);
    format!("event: {kind}\ndata: {payload}\n\n")
}
