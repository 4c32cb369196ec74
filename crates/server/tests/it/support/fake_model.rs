//! A stand-in for a model's server, over real HTTP: the Responses API and chat completions. What it does stands in the last
//! message that it is sent: a word with a `#` (see [`plan`]); without one it repeats what was said. What it sends is held against
//! `async-openai`'s types (`tests/it/model.rs`).

#[path = "fake_model/plan.rs"]
mod plan;
#[path = "fake_model/script.rs"]
mod script;

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::stream;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
};

pub use plan::{Act, Plan, long_text, plan, text_of};
pub use script::Script;

use plan::words;

/// The only key that it takes.
pub const KEY: &str = "sk-of-the-stand-in";
/// The models that it has.
pub const MODELS: &str = "stand-in-large,stand-in-small";

/// What was asked of it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub body: Value,
}

/// A running stand-in.
pub struct FakeModel {
    pub address: SocketAddr,
    world: Arc<World>,
    server: JoinHandle<()>,
}

struct World {
    asked: Mutex<Vec<Asked>>,
    /// How often it has been busy, by what it was told.
    busy: Mutex<HashMap<String, u32>>,
    gate: Semaphore,
    /// Replies whose reader left before their end.
    left: watch::Sender<usize>,
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeModel {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(World {
            asked: Mutex::default(),
            busy: Mutex::default(),
            gate: Semaphore::new(0),
            left: watch::Sender::new(0),
        });
        let app = Router::new()
            .route("/v1/responses", post(responses))
            .route("/v1/chat/completions", post(chat))
            .route("/stand-in/release", post(release))
            .with_state(Arc::clone(&world));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, world, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All that was asked of it, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.world.asked).clone()
    }

    /// Lets this many gates be passed.
    pub fn release(&self, gates: usize) {
        self.world.gate.add_permits(gates);
    }

    /// Waits until this many replies were left by their reader before their end.
    pub async fn left(&self, replies: usize) {
        self.world.left.subscribe().wait_for(|left| *left >= replies).await.unwrap();
    }
}

async fn release(State(world): State<Arc<World>>) {
    world.gate.add_permits(1);
}

async fn responses(State(world): State<Arc<World>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    answer(world, "responses", &headers, body).await
}

async fn chat(State(world): State<Arc<World>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    answer(world, "chat", &headers, body).await
}

async fn answer(world: Arc<World>, path: &'static str, headers: &HeaderMap, body: Value) -> Response {
    let expected = format!("Bearer {KEY}");
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return refuse(401, "invalid_api_key", None);
    }
    let turns = body.get("input").or(body.get("messages")).and_then(Value::as_array).cloned().unwrap_or_default();
    let said = turns.iter().rev().find(|turn| turn["role"] == "user").map(said).unwrap_or_default();
    lock(&world.asked).push(Asked { path: path.to_owned(), body: body.clone() });
    let (acts, piece) = match plan(&said) {
        Plan::Silence => return std::future::pending().await,
        Plan::Refuse { status, code, after, times } => {
            let mut busy = lock(&world.busy);
            let count = busy.entry(said.clone()).or_default();
            *count += 1;
            if *count <= times {
                return refuse(status, code, after);
            }
            (words(&format!("You said: {said}")).into_iter().chain([Act::End]).collect(), usize::MAX)
        }
        Plan::Reply { acts, piece } => (acts, piece),
    };
    let (pieces, sent) = mpsc::channel(4);
    tokio::spawn(play(world, Script::new(path, &body), acts, piece, pieces));
    let body = stream::unfold(sent, |mut sent| async move { Some((Ok::<_, Infallible>(sent.recv().await?), sent)) });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

fn said(turn: &Value) -> String {
    match &turn["content"] {
        Value::String(text) => text.clone(),
        parts => parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect(),
    }
}

fn refuse(status: u16, code: &str, after: Option<(&'static str, &'static str)>) -> Response {
    let error = json!({"error": {
        "message": format!("Words of the provider, which may repeat a part of {KEY}."), "type": "invalid_request_error",
        "param": null, "code": code,
    }});
    let mut response = (StatusCode::from_u16(status).unwrap(), Json(error)).into_response();
    if let Some((name, value)) = after {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// Plays a reply to its reader, or until they leave.
async fn play(world: Arc<World>, mut script: Script, acts: Vec<Act>, piece: usize, pieces: mpsc::Sender<Bytes>) {
    let playing = async {
        send(&pieces, &script.start(), piece).await?;
        for act in acts {
            match act {
                Act::Gate => world.gate.acquire().await.unwrap().forget(),
                Act::Pause(pause) => tokio::time::sleep(pause).await,
                Act::Hang => std::future::pending().await,
                act => send(&pieces, &script.events(&act), piece).await?,
            }
        }
        Some(())
    };
    tokio::select! {
        done = playing => if done.is_some() { return },
        () = pieces.closed() => {}
    }
    world.left.send_modify(|left| *left += 1);
}

async fn send(pieces: &mpsc::Sender<Bytes>, text: &str, piece: usize) -> Option<()> {
    for piece in text.as_bytes().chunks(piece.min(64 << 10)) {
        pieces.send(Bytes::copy_from_slice(piece)).await.ok()?;
    }
    Some(())
}
