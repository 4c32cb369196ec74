//! A stand-in for Stytch's API for consumers, over real HTTP: the two calls that the server makes, with every field that
//! Stytch's own library for Rust wants (a test holds it to that), and the mails that would have been sent.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// The only project that it knows.
pub const PROJECT: &str = "project-test-11111111-1111-4111-8111-111111111111";
pub const SECRET: &str = "secret-test-of-the-stand-in";

/// A mail that would have been sent.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    /// To Stytch itself, which sends the browser on to us.
    pub link: String,
    pub token: String,
}

/// A running stand-in.
pub struct FakeStytch {
    pub address: SocketAddr,
    state: Shared,
    server: JoinHandle<()>,
}

type Shared = Arc<Mutex<World>>;

#[derive(Default)]
struct World {
    users: HashMap<String, Person>,
    links: HashMap<String, Link>,
    mails: Vec<Mail>,
    trouble: Option<(u16, &'static str)>,
    count: u64,
}

#[derive(Clone)]
struct Person {
    user_id: String,
    email_id: String,
    email: String,
    verified: bool,
}

struct Link {
    email: String,
    back: String,
    expires: Instant,
    used: bool,
}

impl Drop for FakeStytch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeStytch {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Shared::default();
        let app = Router::new()
            .route("/v1/magic_links/email/login_or_create", post(login_or_create))
            .route("/v1/magic_links/authenticate", post(authenticate))
            .route("/v1/magic_links/redirect", get(redirect))
            .route("/stand-in/mails", get(mails))
            .with_state(state.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, state, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.state)
    }

    /// What was sent to an address, oldest first.
    pub fn mails_to(&self, email: &str) -> Vec<Mail> {
        self.world().mails.iter().filter(|mail| mail.to == email).cloned().collect()
    }

    /// As if the link had lain about for long.
    pub fn expire(&self, token: &str) {
        self.world().links.get_mut(token).unwrap().expires = Instant::now();
    }

    /// Every call is answered with this from now on.
    pub fn set_trouble(&self, trouble: Option<(u16, &'static str)>) {
        self.world().trouble = trouble;
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, World> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-test-{:08x}-0000-4000-8000-000000000000", self.count)
    }

    fn refuse(&mut self, status: u16, kind: &str) -> Response {
        let status_of = StatusCode::from_u16(status).unwrap();
        let body = json!({
            "status_code": status, "request_id": self.id("request-id"), "error_type": kind,
            "error_message": "Words of Stytch that may hold an address.", "error_url": "https://stytch.com/docs",
        });
        (status_of, Json(body)).into_response()
    }

    /// What is wrong with any call.
    fn trouble(&mut self, headers: &HeaderMap) -> Option<Response> {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{PROJECT}:{SECRET}")));
        if headers.get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
            return Some(self.refuse(401, "unauthorized_credentials"));
        }
        let (status, kind) = self.trouble?;
        Some(self.refuse(status, kind))
    }
}

#[derive(Deserialize)]
struct LoginOrCreate {
    email: String,
    login_magic_link_url: Option<String>,
    signup_magic_link_url: Option<String>,
    login_expiration_minutes: Option<u64>,
}

async fn login_or_create(State(state): State<Shared>, headers: HeaderMap, Json(call): Json<LoginOrCreate>) -> Response {
    let mut world = lock(&state);
    if let Some(refusal) = world.trouble(&headers) {
        return refusal;
    }
    let Some(back) = call.login_magic_link_url.or(call.signup_magic_link_url) else {
        return world.refuse(400, "no_login_redirect_urls_set");
    };
    if !call.email.contains('@') {
        return world.refuse(400, "invalid_email");
    }
    let minutes = call.login_expiration_minutes.unwrap_or(60);
    if !(5..=10_080).contains(&minutes) {
        return world.refuse(400, "invalid_expiration");
    }
    let is_new = !world.users.contains_key(&call.email);
    let person = match world.users.get(&call.email) {
        Some(person) => person.clone(),
        None => {
            let (user_id, email_id) = (world.id("user"), world.id("email"));
            Person { user_id, email_id, email: call.email.clone(), verified: false }
        }
    };
    world.users.insert(call.email.clone(), person.clone());
    let token = world.id("token-of-a-link");
    let host = headers[header::HOST].to_str().unwrap();
    let link = format!(
        "http://{host}/v1/magic_links/redirect?public_token=public&stytch_token_type=magic_links&token={token}"
    );
    world.mails.push(Mail { to: call.email.clone(), link, token: token.clone() });
    let expires = Instant::now() + Duration::from_secs(minutes * 60);
    world.links.insert(token, Link { email: call.email, back, expires, used: false });
    let request_id = world.id("request-id");
    let Person { user_id, email_id, .. } = person;
    Json(json!({
        "status_code": 200, "request_id": request_id, "user_id": user_id, "email_id": email_id, "user_created": is_new,
    }))
    .into_response()
}

#[derive(Deserialize)]
struct Authenticate {
    token: String,
}

async fn authenticate(State(state): State<Shared>, headers: HeaderMap, Json(call): Json<Authenticate>) -> Response {
    let mut world = lock(&state);
    if let Some(refusal) = world.trouble(&headers) {
        return refusal;
    }
    let Some(link) = world.links.get_mut(&call.token) else { return world.refuse(404, "magic_link_not_found") };
    if link.used || link.expires <= Instant::now() {
        return world.refuse(401, "unable_to_auth_magic_link");
    }
    link.used = true;
    let email = link.email.clone();
    let person = world.users.get_mut(&email).unwrap();
    person.verified = true;
    let person = person.clone();
    let request_id = world.id("request-id");
    Json(json!({
        "status_code": 200, "request_id": request_id, "user_id": person.user_id, "method_id": person.email_id,
        "session_token": "", "session_jwt": "", "session": null, "reset_sessions": false, "user_device": null,
        "method_type": "email", "user": user(&person),
    }))
    .into_response()
}

fn user(person: &Person) -> Value {
    json!({
        "user_id": person.user_id, "status": "active", "created_at": "2026-01-01T00:00:00Z", "is_locked": false,
        "emails": [{"email_id": person.email_id, "email": person.email, "verified": person.verified}],
        "name": {"first_name": "", "middle_name": "", "last_name": ""}, "roles": ["stytch_user"], "password": null,
        "phone_numbers": [], "webauthn_registrations": [], "providers": [], "totps": [], "crypto_wallets": [],
        "biometric_registrations": [], "trusted_metadata": {}, "untrusted_metadata": {}, "external_id": null,
    })
}

#[derive(Deserialize)]
struct Opened {
    token: String,
    stytch_token_type: String,
}

/// Where a mail's link leads: it sends the browser on, and uses nothing.
async fn redirect(State(state): State<Shared>, Query(Opened { token, stytch_token_type }): Query<Opened>) -> Response {
    match lock(&state).links.get(&token) {
        Some(Link { back, .. }) => {
            Redirect::to(&format!("{back}?stytch_token_type={stytch_token_type}&token={token}")).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// For journeys, which have no other way to look into a mailbox.
async fn mails(State(state): State<Shared>) -> Json<Value> {
    let mails = lock(&state).mails.iter().map(|mail| json!({"to": mail.to, "link": mail.link})).collect();
    Json(Value::Array(mails))
}
