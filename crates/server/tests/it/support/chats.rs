//! Chats with the stand-in for a model, over HTTP.

use futures::StreamExt;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use server::rooms::Timing;
use shared::{
    document,
    ids::{ConversationId, ProjectId, PromptVersionId, RunId, UserId},
};
use sqlx::PgPool;

use super::{
    fake_model::{FakeModel, KEY, MODELS},
    test_app::{Answer, TestApp, Visitor},
};
use crate::rooms_support::PATIENCE;

/// A server with a model, and somebody in a chat.
pub struct Chat {
    pub app: TestApp,
    pub model: FakeModel,
    pub owner: Visitor,
    pub id: ConversationId,
}

/// What a server is told of the stand-in.
pub fn flags(model: &FakeModel) -> Vec<String> {
    vec![
        format!("--openai-base-url={}", model.url()),
        format!("--openai-api-key={KEY}"),
        format!("--openai-model={MODELS}"),
    ]
}

impl Chat {
    pub async fn begin() -> Chat {
        Self::with(&[]).await
    }

    /// The same with more flags.
    pub async fn with(more: &[&str]) -> Chat {
        let model = FakeModel::start().await;
        let flags = flags(&model);
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let app = TestApp::start_as(&flags, Timing::default()).await;
        let owner = app.newcomer("Olive Owner").await;
        let id = chat(&app.database.pool, owner.id().await.parse().unwrap(), "").await;
        Chat { app, model, owner, id }
    }

    pub fn db(&self) -> &PgPool {
        &self.app.database.pool
    }

    /// Says something, which is taken.
    pub async fn say(&self, text: &str) -> Started {
        Started::of(&say(&self.owner, self.id, json!({ "text": text })).await)
    }

    /// Says something, and waits for the reply.
    pub async fn ask(&self, text: &str) -> Read {
        let started = self.say(text).await;
        self.owner.read(started.run).await
    }

    pub async fn get(&self) -> Value {
        self.owner.get(&format!("/api/v1/conversations/{}", self.id)).await.json()
    }

    /// A message as the database has it: its state, its Markdown and its text.
    pub async fn stored(&self, message: &str) -> (String, String, String) {
        sqlx::query_as("select state, markdown, text from messages where id = $1::uuid")
            .bind(message)
            .fetch_one(self.db())
            .await
            .unwrap()
    }
}

/// A project of somebody's with this prompt, and an empty chat in it.
pub async fn chat(db: &PgPool, owner: UserId, prompt: &str) -> ConversationId {
    let (project, version) = (ProjectId::new(), PromptVersionId::new());
    let mut tx = db.begin().await.unwrap();
    sqlx::query("insert into projects (id, name, owner_id, active_prompt_id) values ($1, 'A project', $2, $3)")
        .bind(project.uuid())
        .bind(owner.uuid())
        .bind(version.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "insert into prompt_versions (id, project_id, version, name, content) values ($1, $2, 1, 'A prompt', $3)",
    )
    .bind(version.uuid())
    .bind(project.uuid())
    .bind(prompt)
    .execute(&mut *tx)
    .await
    .unwrap();
    let id = ConversationId::new();
    sqlx::query(
        "insert into conversations (id, title, owner_id, project_id, untitled) values ($1, 'New chat', $2, $3, true)",
    )
    .bind(id.uuid())
    .bind(owner.uuid())
    .bind(project.uuid())
    .execute(&mut *tx)
    .await
    .unwrap();
    server::rooms::create(&mut tx, id, &document::seed(owner), owner).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A reply that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub message: String,
    pub reply: String,
    pub run: RunId,
}

impl Started {
    pub fn of(answer: &Answer) -> Started {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        let json = answer.json();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        Started { message: text("message_id"), reply: text("reply_id"), run: text("run_id").parse().unwrap() }
    }
}

/// Sends a message with a key of its own.
pub async fn say(visitor: &Visitor, conversation: ConversationId, body: Value) -> Answer {
    say_as(visitor, conversation, body, &RunId::new().to_string()).await
}

/// The same with this key.
pub async fn say_as(visitor: &Visitor, conversation: ConversationId, body: Value, key: &str) -> Answer {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    post(visitor, &path, &body, key).await
}

pub async fn regenerate(visitor: &Visitor, message: &str) -> Answer {
    post(visitor, &format!("/api/v1/messages/{message}/regenerate"), &json!({}), &RunId::new().to_string()).await
}

async fn post(visitor: &Visitor, path: &str, body: &Value, key: &str) -> Answer {
    let origin = visitor.origin().to_owned();
    let with = |request: reqwest::RequestBuilder| {
        request.header(header::ORIGIN, origin).header("idempotency-key", key).json(body)
    };
    visitor.send(reqwest::Method::POST, path, with).await
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

/// What somebody has read of a run.
#[derive(Debug, Clone, Default)]
pub struct Read {
    pub text: String,
    pub last_id: Option<String>,
    pub events: Vec<Event>,
}

impl Read {
    fn take(&mut self, event: Event) {
        match event.name.as_str() {
            "snapshot" => event.data["text"].as_str().unwrap().clone_into(&mut self.text),
            "delta" => self.text += event.data["text"].as_str().unwrap(),
            _ => {}
        }
        self.last_id = Some(event.id.clone());
        self.events.push(event);
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<&Event> {
        self.events.last().filter(|event| matches!(event.name.as_str(), "done" | "stopped" | "error"))
    }

    /// Its name, and the code behind it.
    pub fn ended(&self) -> (String, String) {
        let end = self.end().expect("it has ended");
        let code = end.data.get("code").or(end.data.get("reason")).and_then(Value::as_str).unwrap_or_default();
        (end.name.clone(), code.to_owned())
    }
}

/// Somebody who reads along.
pub struct Reader {
    stream: futures::stream::BoxStream<'static, reqwest::Result<axum::body::Bytes>>,
    waiting: String,
}

impl Reader {
    /// The next event; nothing at the stream's end.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.waiting.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.waiting = rest;
                if let Some(event) = parse(&block) {
                    return Some(event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("something comes in time")?;
            self.waiting += std::str::from_utf8(&chunk.ok()?).expect("pieces end between events");
        }
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let name = field("event:")?.to_owned();
    let data = serde_json::from_str(field("data:")?).unwrap();
    Some(Event { name, id: field("id:")?.to_owned(), data })
}

impl Visitor {
    /// Opens a run's events, after what was read of them.
    pub async fn follow_run(&self, run: RunId, after: Option<&str>) -> Reader {
        self.follow_at(&format!("/api/v1/runs/{run}/events"), after).await
    }

    /// The same with finished blocks as HTML.
    pub async fn follow_blocks(&self, run: RunId, after: Option<&str>) -> Reader {
        self.follow_at(&format!("/api/v1/runs/{run}/events?rendered=true"), after).await
    }

    async fn follow_at(&self, path: &str, after: Option<&str>) -> Reader {
        let mut request = self.request(reqwest::Method::GET, path);
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Reader { stream: response.bytes_stream().boxed(), waiting: String::new() }
    }

    /// Reads a run to its end.
    pub async fn read(&self, run: RunId) -> Read {
        let mut read = Read::default();
        let mut reader = self.follow_run(run, None).await;
        while read.end().is_none() {
            read.take(reader.next().await.expect("the stream says how it ends"));
        }
        assert_eq!(reader.next().await, None, "nothing comes after the end");
        read
    }

    /// Takes up to `events` of a run, from where `read` is, and leaves.
    pub async fn read_on(&self, run: RunId, read: &mut Read, events: usize) {
        let mut reader = self.follow_run(run, read.last_id.as_deref()).await;
        for _ in 0..events {
            if read.end().is_none() {
                read.take(reader.next().await.expect("the stream says how it ends"));
            }
        }
    }
}
