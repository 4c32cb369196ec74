use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Response, header::ORIGIN};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::target::Prepared;

/// A first start makes a database.
const READY: Duration = Duration::from_secs(90);

/// Waits until the server answers, signs in, and makes rooms.
pub async fn prepare(origin: &str, rooms: usize) -> Result<Prepared> {
    let client = Client::builder().cookie_store(true).build()?;
    ready(&client, origin).await?;
    let post = async |path: &str, body: Value| -> Result<Value> {
        let sent = client.post(format!("{origin}{path}")).header(ORIGIN, origin).json(&body).send().await?;
        answer(sent).await.with_context(|| format!("POST {path}"))
    };
    post("/api/v1/dev/sign-in", json!({ "person": "instructor" })).await?;
    let token = text(&post("/api/v1/tokens", json!({ "name": "load" })).await?, "token")?;
    let mut prepared = Prepared { token, rooms: Vec::with_capacity(rooms) };
    for number in 0..rooms {
        let body = json!({ "title": format!("Load {number}"), "text": "A conversation to write beside." });
        prepared.rooms.push(text(&post("/api/v1/conversations", body).await?, "id")?);
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
