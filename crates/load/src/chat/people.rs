use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, header::ORIGIN};
use serde_json::{Value, json};

use super::{CHATS_A_PERSON, readers::Readers};
use crate::ours;

/// A chat of somebody who is signed in.
pub(super) struct Chat {
    client: Client,
    origin: String,
    id: String,
}

/// Signs people in by their links, and begins so many chats, each person their share.
pub(super) async fn arrive(origin: &str, links: &Path, streams: usize) -> Result<Vec<Chat>> {
    let links = fs::read_to_string(links).with_context(|| format!("cannot read {}", links.display()))?;
    let mut chats = Vec::with_capacity(streams);
    for link in links.lines() {
        let wanted = CHATS_A_PERSON.min(streams - chats.len());
        if wanted == 0 {
            break;
        }
        let client = sign_in(origin, link).await?;
        let project = post(&client, origin, "/api/v1/projects", json!({"name": "Load"})).await?;
        for _ in 0..wanted {
            let path = format!("/api/v1/projects/{}/conversations", text(&project, "id")?);
            let chat = post(&client, origin, &path, json!({})).await?;
            chats.push(Chat { client: client.clone(), origin: origin.to_owned(), id: text(&chat, "id")? });
        }
    }
    ensure!(chats.len() == streams, "there are links for {} replies at once", chats.len());
    Ok(chats)
}

/// A link of the server's command line names the address that it would listen on; its end is what counts.
async fn sign_in(origin: &str, link: &str) -> Result<Client> {
    let (_, secret) = link.rsplit_once('/').context("a link without a secret")?;
    let client = Client::builder().cookie_store(true).build()?;
    client.get(format!("{origin}/sign-in/link/{secret}")).send().await?.error_for_status()?;
    client.post(format!("{origin}/sign-in/link")).header(ORIGIN, origin).send().await?.error_for_status()?;
    Ok(client)
}

/// Says something in each chat and has the replies read, as a page reads them.
pub(super) async fn ask(chats: &[Chat], readers: &mut Readers) -> Result<()> {
    for Chat { client, origin, id } in chats {
        let path = format!("/api/v1/conversations/{id}/messages");
        let started = post(client, origin, &path, json!({"text": "Go on."})).await?;
        let events = format!("{origin}/api/v1/runs/{}/events?rendered=true", text(&started, "run_id")?);
        let response = client.get(events).send().await?.error_for_status()?;
        readers.read(response, &["snapshot", "delta"], "done");
    }
    Ok(())
}

async fn post(client: &Client, origin: &str, path: &str, body: Value) -> Result<Value> {
    let request = client.post(format!("{origin}{path}")).header(ORIGIN, origin);
    // Each is another request.
    let key = format!("load-{}", crate::clock::now());
    let sent = request.header(shared::api::IDEMPOTENCY_KEY, key).json(&body).send().await?;
    ours::answer(sent).await.with_context(|| format!("POST {path}"))
}

fn text(value: &Value, field: &str) -> Result<String> {
    ours::text(value, field)
}
