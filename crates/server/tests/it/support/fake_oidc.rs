//! A stand-in for a university's OpenID Connect provider, over real HTTP, with signed tokens. It signs everybody in at once
//! as one person, and lies where a test asks it to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

pub const CLIENT: &str = "promptgrimoire";
pub const SECRET: &str = "secret-of-the-client";

/// What is wrong with the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lie {
    #[default]
    None,
    Nonce,
    Issuer,
    Audience,
    Expired,
    /// Signed by a key that is not among the provider's.
    Key,
    /// The signature is of something else.
    Signature,
    /// Signed with the client's own secret (HS256).
    SharedSecret,
    /// Not signed (`alg: none`).
    Unsigned,
    /// There is none.
    Missing,
}

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Person {
    pub subject: String,
    /// In the token.
    pub claims: Value,
    /// On the page about the person.
    pub page: Value,
}

/// A running stand-in.
pub struct FakeOidc {
    pub issuer: String,
    state: Shared,
    server: JoinHandle<()>,
}

type Shared = Arc<World>;

struct World {
    issuer: String,
    key: Mutex<Arc<CoreEdDsaPrivateSigningKey>>,
    lie: Mutex<Lie>,
    person: Mutex<Person>,
    codes: Mutex<HashMap<String, Asked>>,
}

/// With what the browser was sent.
#[derive(Debug, Clone, Deserialize)]
pub struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An Ed25519 key of these bytes, as RFC 8410 writes it.
fn key(seed: u8) -> Arc<CoreEdDsaPrivateSigningKey> {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [&prefix[..], &[seed; 32]].concat();
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} PRIVATE {}-----", "KEY"));
    let pem = format!("{begin}\n{}\n{end}\n", BASE64_STANDARD.encode(der));
    let id = JsonWebKeyId::new(format!("key-{seed}"));
    Arc::new(CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(id)).unwrap())
}

impl Drop for FakeOidc {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeOidc {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let person = Person {
            subject: "person-1".into(),
            claims: json!({"email": "Ann.Lee@uni.example", "email_verified": true, "name": "Ann Lee"}),
            page: json!({}),
        };
        let state = Arc::new(World {
            issuer: issuer.clone(),
            key: Mutex::new(key(1)),
            lie: Mutex::default(),
            person: Mutex::new(person),
            codes: Mutex::default(),
        });
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(state.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { issuer, state, server }
    }

    pub fn set_lie(&self, lie: Lie) {
        *lock(&self.state.lie) = lie;
    }

    pub fn set_person(&self, subject: &str, claims: Value, page: Value) {
        *lock(&self.state.person) = Person { subject: subject.into(), claims, page };
    }

    /// The provider signs with another key from now on.
    pub fn renew_key(&self) {
        *lock(&self.state.key) = key(2);
    }
}

async fn configuration(State(world): State<Shared>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", world.issuer);
    Json(json!({
        "issuer": world.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["EdDSA", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}

async fn jwks(State(world): State<Shared>) -> Json<Value> {
    let key = lock(&world.key).as_verification_key();
    Json(json!({ "keys": [key] }))
}

/// Signs in at once, and sends the browser back.
async fn authorize(State(world): State<Shared>, Query(asked): Query<Asked>) -> Response {
    let sound = asked.client_id == CLIENT
        && asked.response_type == "code"
        && asked.code_challenge_method == "S256"
        && ["openid", "email"].iter().all(|scope| asked.scope.split(' ').any(|word| word == *scope));
    if !sound {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut codes = lock(&world.codes);
    let code = format!("code-{}", codes.len());
    let back = format!("{}?code={code}&state={}", asked.redirect_uri, asked.state);
    codes.insert(code, asked);
    Redirect::to(&back).into_response()
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn token(State(world): State<Shared>, headers: HeaderMap, Form(call): Form<Exchange>) -> Response {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return refuse("invalid_client");
    }
    // A code is good once.
    let Some(asked) = lock(&world.codes).remove(&call.code) else { return refuse("invalid_grant") };
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&call.code_verifier));
    let is_theirs = challenge == asked.code_challenge && call.redirect_uri == asked.redirect_uri;
    if call.grant_type != "authorization_code" || !is_theirs {
        return refuse("invalid_grant");
    }
    let mut answer = json!({"access_token": "access", "token_type": "Bearer", "expires_in": 60});
    if let Some(token) = id_token(&world, &asked) {
        answer["id_token"] = token.into();
    }
    Json(answer).into_response()
}

fn id_token(world: &World, asked: &Asked) -> Option<String> {
    let lie = *lock(&world.lie);
    let Person { subject, claims, .. } = lock(&world.person).clone();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let mut payload = json!({
        "iss": if lie == Lie::Issuer { "https://other.example" } else { &world.issuer },
        "aud": if lie == Lie::Audience { "somebody-else" } else { CLIENT },
        "nonce": if lie == Lie::Nonce { "another" } else { &asked.nonce },
        "sub": subject, "iat": now - 120, "exp": if lie == Lie::Expired { now - 60 } else { now + 300 },
    });
    payload.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let genuine = lock(&world.key).clone();
    let kid = genuine.as_verification_key();
    let kid = serde_json::to_value(&kid).unwrap()["kid"].clone();
    let head = match lie {
        Lie::SharedSecret => json!({"alg": "HS256", "typ": "JWT"}),
        Lie::Unsigned => json!({"alg": "none", "typ": "JWT"}),
        Lie::Key => json!({"alg": "EdDSA", "typ": "JWT", "kid": "key-9"}),
        _ => json!({"alg": "EdDSA", "typ": "JWT", "kid": kid}),
    };
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&head), part(&payload));
    let signature = match lie {
        Lie::Missing => return None,
        Lie::Unsigned => Vec::new(),
        Lie::SharedSecret => {
            CoreHmacKey::new(SECRET).sign(&CoreJwsSigningAlgorithm::HmacSha256, message.as_bytes()).unwrap()
        }
        Lie::Key => key(9).sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap(),
        Lie::Signature => genuine.sign(&CoreJwsSigningAlgorithm::EdDsa, b"something else").unwrap(),
        _ => genuine.sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap(),
    };
    Some(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

async fn userinfo(State(world): State<Shared>) -> Json<Value> {
    let Person { subject, mut page, .. } = lock(&world.person).clone();
    page.as_object_mut().unwrap().entry("sub").or_insert(subject.into());
    Json(page)
}
