//! A server of a test's own: the real router on a real socket, over a database of its own.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::{
    config::Config,
    demo,
    files::Files,
    outbound,
    rooms::{Rooms, Timing},
    serve,
    services::Services,
    sessions::Secret,
    turns::Turns,
};
use shared::{ids::UserId, sync::SUBPROTOCOL};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

use super::{counting, run, test_database::TestDatabase};
use crate::rooms_support::{Peer, Wire, doc};

/// A running server with the seeded people.
pub struct TestApp {
    pub database: TestDatabase,
    pub rooms: Rooms,
    pub files: Files,
    /// Turns to read a text with what was marked in it.
    pub readings: Arc<Turns>,
    /// Where what is uploaded lies.
    pub uploads: PathBuf,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<anyhow::Result<()>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The stable code of a problem.
    pub fn problem(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.body);
        self.json()["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }
}

/// It was refused, and why.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{}", answer.body);
}

impl TestApp {
    pub async fn start() -> TestApp {
        Self::start_as(&[], Timing::default()).await
    }

    /// With these flags and these waiting times.
    pub async fn start_as(flags: &[&str], timing: Timing) -> TestApp {
        counting::listen();
        let database = TestDatabase::new().await;
        let folder = run::folder().join(format!("data-{}", UserId::new()));
        let data_dir = format!("--data-dir={}", folder.display());
        // A browser of whoever runs the tests is none of ours.
        let has_printer = flags.iter().any(|flag| flag.starts_with("--chromium-path"));
        let no_printer = (!has_printer).then_some("--chromium-path=");
        let words = ["promptgrimoire", "--listen=127.0.0.1:0", &data_dir].into_iter();
        let words = words.chain(no_printer).chain(flags.iter().copied());
        let (_, config) = Config::parse(words).unwrap();
        demo::seed(&database.pool).await.unwrap();
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut services = Services::new(config, address, database.pool.clone()).unwrap();
        let rooms = Rooms::with_timing(database.pool.clone(), timing);
        services.rooms = rooms.clone();
        let (files, readings) = (services.files.clone(), services.readings.clone());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve::run(listener, services, async {
            // An error is the test's end, which is a stop as well.
            let _ = stopped.await;
        }));
        TestApp { database, rooms, files, readings, uploads: folder.join("files"), address, stop: Some(stop), server }
    }

    /// Stops in order, as SIGTERM does.
    pub async fn stop(self) {
        drop(self.stop_and_keep().await);
    }

    /// The same, and answers what is left.
    pub async fn stop_and_keep(mut self) -> TestDatabase {
        self.stop.take().unwrap().send(()).unwrap();
        self.server.await.unwrap().unwrap();
        self.database
    }

    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Somebody who is signed out.
    pub fn stranger(&self) -> Visitor {
        Visitor::of(self.origin())
    }

    /// Somebody who was never here before and is signed in.
    pub async fn newcomer(&self, name: &str) -> Visitor {
        let id = UserId::new();
        let email = format!("{}@example.test", name.to_lowercase().replace(' ', "."));
        sqlx::query("insert into users (id, name, email) values ($1, $2, $3)")
            .bind(id.uuid())
            .bind(name)
            .bind(email)
            .execute(&self.database.pool)
            .await
            .unwrap();
        self.session_of(id).await
    }

    /// One more browser of somebody.
    pub async fn session_of(&self, user: UserId) -> Visitor {
        let secret = Secret::new().unwrap();
        sqlx::query("insert into sessions (token_hash, user_id, expires_at) values ($1, $2, now() + interval '1 day')")
            .bind(secret.hash())
            .bind(user.uuid())
            .execute(&self.database.pool)
            .await
            .unwrap();
        let cookie = format!("session-{}={}", self.address.port(), secret.text());
        Visitor::holding(self.origin(), cookie)
    }

    /// Somebody who is signed out and comes through a proxy that says this of where they are.
    pub fn stranger_at(&self, forwarded_for: &str) -> Visitor {
        let headers = [("x-forwarded-for".parse().unwrap(), forwarded_for.parse().unwrap())].into_iter().collect();
        Visitor::with(self.origin(), headers, String::new())
    }

    /// `instructor`, `student-1` or `student-2`.
    pub async fn person(&self, key: &str) -> Visitor {
        let mut visitor = self.stranger();
        visitor.sign_in(key).await;
        visitor
    }
}

/// A browser, as the server sees it.
pub struct Visitor {
    http: reqwest::Client,
    origin: String,
    /// As the header has it; empty for somebody who is signed out.
    pub cookie: String,
}

impl Visitor {
    /// Somebody who is signed out, at this site.
    pub fn of(origin: String) -> Visitor {
        Self::with(origin, header::HeaderMap::new(), String::new())
    }

    /// Somebody who has this cookie of this site.
    fn holding(origin: String, cookie: String) -> Visitor {
        Self::with(origin, header::HeaderMap::new(), cookie)
    }

    fn with(origin: String, headers: header::HeaderMap, cookie: String) -> Visitor {
        let jar = reqwest::cookie::Jar::default();
        jar.add_cookie_str(&cookie, &origin.parse().unwrap());
        let http = outbound::builder().cookie_provider(Arc::new(jar)).redirect(reqwest::redirect::Policy::none());
        let http = http.default_headers(headers).build().unwrap();
        Visitor { http, origin, cookie }
    }

    /// `instructor`, `student-1` or `student-2`.
    pub async fn sign_in(&mut self, key: &str) {
        let answer = self.post("/api/v1/dev/sign-in", json!({"person": key})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// At which site.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A request whose answer is read as it comes.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, |request| request).await
    }

    /// As a page of this site sends it.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let origin = self.origin.clone();
        self.send(Method::POST, path, |request| request.header(header::ORIGIN, origin).json(&body)).await
    }

    /// As a page of this site sends it, with any method.
    pub async fn change(&self, method: Method, path: &str, body: Value) -> Answer {
        let origin = self.origin.clone();
        self.send(method, path, |request| request.header(header::ORIGIN, origin).json(&body)).await
    }

    /// As a form of this site's pages sends it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.origin.clone();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, |request| {
            let form = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            form.header(header::ORIGIN, origin).body(body)
        })
        .await
    }

    /// Follows a link of another site that leads back to this one, and answers what this one says.
    pub async fn follow(&self, link: &str) -> Answer {
        let answer = self.http.get(link).send().await.unwrap();
        let back = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let path = back.strip_prefix(&self.origin).unwrap_or_else(|| panic!("it leads elsewhere: {back}"));
        self.get(path).await
    }

    /// As a page of this site sends it.
    pub async fn delete(&self, path: &str) -> Answer {
        let origin = self.origin.clone();
        self.send(Method::DELETE, path, |request| request.header(header::ORIGIN, origin)).await
    }

    /// Opens a conversation as a browser does, with the session's cookie.
    pub async fn sync(&self, conversation: &str) -> Peer {
        self.open(&format!("/sync/{conversation}"), &self.cookie).await
    }

    /// Opens a conversation as a program does.
    pub async fn sync_by_token(&self, conversation: &str, token: &str) -> Peer {
        self.open(&format!("/sync/{conversation}?token={token}"), "").await
    }

    async fn open(&self, path: &str, cookie: &str) -> Peer {
        let url = format!("{}{path}", self.origin.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        let headers = [("sec-websocket-protocol", SUBPROTOCOL), ("origin", &self.origin), ("cookie", cookie)];
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await.unwrap();
        Peer::over(Wire::Socket(Box::new(socket)), doc()).await
    }

    /// The hash that names the session.
    pub fn session(&self) -> Vec<u8> {
        let (_, secret) = self.cookie.split_once('=').unwrap();
        Secret::parse(secret).unwrap().hash()
    }

    /// Who it is.
    pub async fn id(&self) -> String {
        self.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned()
    }

    /// Makes a token and answers its id and its secret.
    pub async fn token(&self, name: &str) -> (String, String) {
        self.token_as(json!({ "name": name })).await
    }

    /// The same, with all that can be said of one.
    pub async fn token_as(&self, asked: Value) -> (String, String) {
        let made = self.post("/api/v1/tokens", asked).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let made = made.json();
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        let response = with(self.http.request(method, format!("{}{path}", self.origin))).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    /// Sends a file as a form of this site's pages does.
    pub async fn upload(&self, path: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Answer {
        let origin = self.origin.clone();
        let part = reqwest::multipart::Part::bytes(bytes.into()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        self.send(Method::POST, path, |request| request.header(header::ORIGIN, origin).multipart(form)).await
    }

    /// Makes a conversation and answers its id.
    pub async fn conversation(&self, title: &str, text: &str, share: &str) -> String {
        let answer = self.post("/api/v1/conversations", json!({"title": title, "text": text, "share": share})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}
