//! A server of a test's own: the real router on a real socket, over a database of its own.

use std::net::SocketAddr;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::{config::Config, demo, serve, services::Services};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::test_database::TestDatabase;

/// A running server with the seeded people.
pub struct TestApp {
    pub database: TestDatabase,
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

    /// The stable code of a problem.
    pub fn problem(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.body);
        self.json()["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }
}

impl TestApp {
    pub async fn start() -> TestApp {
        let database = TestDatabase::new().await;
        let (_, config) = Config::parse(["promptgrimoire", "--listen", "127.0.0.1:0"]).unwrap();
        demo::seed(&database.pool).await.unwrap();
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = Services::new(config, address, database.pool.clone());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve::run(listener, services, async {
            // An error is the test's end, which is a stop as well.
            let _ = stopped.await;
        }));
        TestApp { database, address, stop: Some(stop), server }
    }

    /// Stops in order, as SIGTERM does.
    pub async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.server.await.unwrap().unwrap();
    }

    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Somebody who is signed out.
    pub fn stranger(&self) -> Visitor {
        let http =
            reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Visitor { http, origin: self.origin() }
    }

    /// `instructor`, `student-1` or `student-2`.
    pub async fn person(&self, key: &str) -> Visitor {
        let visitor = self.stranger();
        let answer = visitor.post("/api/v1/dev/sign-in", json!({"person": key})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        visitor
    }
}

/// A browser, as the server sees it.
pub struct Visitor {
    http: reqwest::Client,
    origin: String,
}

impl Visitor {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, |request| request).await
    }

    /// As a page of this site sends it.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let origin = self.origin.clone();
        self.send(Method::POST, path, |request| request.header(header::ORIGIN, origin).json(&body)).await
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

    /// Makes a conversation and answers its id.
    pub async fn conversation(&self, title: &str, text: &str, share: &str) -> String {
        let answer = self.post("/api/v1/conversations", json!({"title": title, "text": text, "share": share})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}
