use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Response, header::ORIGIN};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::target::Prepared;

/// A first start makes a database.
const READY: Duration = Duration::from_secs(90);

/// Somebody who is signed in to our own server.
#[derive(Debug, Clone)]
pub struct Visitor {
    client: Client,
    origin: String,
}

impl Visitor {
    /// Waits until the server answers, and signs in as one of the seeded people.
    ///
    /// # Errors
    /// It does not answer, or lets nobody in without a password.
    pub async fn sign_in(origin: &str, person: &str) -> Result<Self> {
        let client = Client::builder().cookie_store(true).build()?;
        ready(&client, origin).await?;
        let visitor = Self { client, origin: origin.to_owned() };
        visitor.post("/api/v1/dev/sign-in", &json!({ "person": person })).await?;
        Ok(visitor)
    }

    /// A personal access token.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn token(&self) -> Result<String> {
        text(&self.post("/api/v1/tokens", &json!({ "name": "load" })).await?, "token")
    }

    /// Makes a conversation; returns its id.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn conversation(&self, title: &str, words: &str) -> Result<String> {
        text(&self.post("/api/v1/conversations", &json!({ "title": title, "text": words })).await?, "id")
    }

    /// Sends JSON, and reads what is answered.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.origin)).header(ORIGIN, &self.origin);
        answer(request.json(body).send().await?).await.with_context(|| format!("POST {path}"))
    }

    /// Asks; returns what is answered.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn get(&self, path: &str) -> Result<Value> {
        answer(self.client.get(format!("{}{path}", self.origin)).send().await?)
            .await
            .with_context(|| format!("GET {path}"))
    }
}

/// Waits until the server answers, signs in, and makes rooms.
///
/// # Errors
/// The server does not do what it is asked for.
pub async fn prepare(origin: &str, rooms: usize) -> Result<Prepared> {
    let visitor = Visitor::sign_in(origin, "instructor").await?;
    let mut prepared = Prepared { token: visitor.token().await?, rooms: Vec::with_capacity(rooms) };
    for number in 0..rooms {
        let title = format!("Load {number}");
        prepared.rooms.push(visitor.conversation(&title, "A conversation to write beside.").await?);
    }
    Ok(prepared)
}

async fn ready(client: &Client, origin: &str) -> Result<()> {
    let deadline = Instant::now() + READY;
    loop {
        let answer = client.get(format!("{origin}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the server was not ready within {} s", READY.as_secs());
        sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn answer(response: Response) -> Result<Value> {
    let status = response.status();
    let body = response.text().await?;
    ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

pub(crate) fn text(value: &Value, field: &str) -> Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("an answer without {field}"))
}
