//! How replies end: well, badly, and with the server.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use shared::text::render;

use crate::{
    rooms_support::until,
    support::{
        chats::{self, Chat, Started, regenerate, say},
        fake_model::{FakeModel, KEY, MODELS, long_text, text_of},
        program::{self, Starting},
        run,
        test_app::Visitor,
        test_database::TestDatabase,
    },
};

/// What is said, how it ends (event, code, state in the database), and whether the text is all that the model said.
const ENDS: [(&str, &str, &str, &str); 18] = [
    ("Hello", "done", "", "complete"),
    ("#utf8", "done", "", "complete"),
    ("#strange", "done", "", "complete"),
    ("#whole", "done", "", "complete"),
    ("#refusal", "done", "refusal", "complete"),
    ("#refusal-late", "done", "refusal", "complete"),
    ("#length", "done", "length", "complete"),
    ("#busy", "done", "", "complete"),
    ("#busy-after", "done", "", "complete"),
    ("#flat-error", "error", "busy", "failed"),
    ("#nested-error", "error", "busy", "failed"),
    ("#error-first", "error", "busy", "failed"),
    ("#failed", "error", "model_down", "failed"),
    ("#cut", "error", "interrupted", "interrupted"),
    ("#account", "error", "account", "failed"),
    ("#key", "error", "key", "failed"),
    ("#context", "error", "too_long", "failed"),
    ("#busy-long", "error", "busy", "failed"),
];

#[tokio::test]
async fn every_end_is_told_and_stored_with_all_that_was_said() {
    for api in ["responses", "chat"] {
        let chat = Chat::with(&[&format!("--llm-api={api}")]).await;
        for (said, event, code, state) in ENDS {
            let started = chat.say(said).await;
            let read = chat.owner.read(started.run).await;
            assert_eq!(read.ended(), (event.to_owned(), code.to_owned()), "{api} {said}: {:?}", read.end());
            let refused = ["#account", "#key", "#context", "#busy-long"].contains(&said);
            let expected = if refused { String::new() } else { text_of(said) };
            assert_eq!(read.text, expected, "{api} {said}");
            let stored = chat.stored(&started.reply).await;
            assert_eq!(stored, (state.to_owned(), expected.clone(), render(&expected).text), "{api} {said}");
            // What was said is there, whatever became of it.
            assert_eq!(chat.stored(&started.message).await.1, said);
            let shown = format!("{:?}", read.events);
            assert!(
                !shown.contains(KEY) && !shown.contains("provider, which"),
                "the provider's words stay here: {shown}"
            );
        }
        // Whoever comes after the end is told the same.
        let again = chat.say("#cut").await;
        let (live, later) = (chat.owner.read(again.run).await, chat.owner.read(again.run).await);
        assert_eq!((live.text, live.events.last()), (later.text, later.events.last()));
    }
}

#[tokio::test]
async fn a_reply_of_a_mebibyte_is_taken_and_what_is_beyond_is_not() {
    let chat = Chat::with(&["--model-tokens-per-day=10000000"]).await;
    for (said, code) in [("#long", ""), ("#too-long", "length")] {
        let started = chat.say(said).await;
        let read = chat.owner.read(started.run).await;
        assert_eq!(read.ended(), ("done".to_owned(), code.to_owned()));
        assert!(read.text == long_text(1 << 20), "{} bytes", read.text.len());
        assert!(chat.stored(&started.reply).await.1 == read.text);
    }
    chat.model.left(1).await;
}

#[tokio::test]
async fn a_model_that_says_nothing_is_given_up() {
    let chat = Chat::with(&["--model-patience=1"]).await;
    for (said, expected) in [("#hang", "Some words "), ("#silence", "")] {
        let read = chat.ask(said).await;
        assert_eq!(read.ended(), ("error".to_owned(), "timeout".to_owned()), "{said}");
        assert_eq!(read.text, expected);
    }
    chat.model.left(1).await;
}

#[tokio::test]
async fn stop_ends_the_models_work_and_keeps_what_came() {
    let chat = Chat::begin().await;
    let started = chat.say("#gated").await;
    let mut read = chats::Read::default();
    while read.text != "The first half. " {
        chat.owner.read_on(started.run, &mut read, 1).await;
    }
    let stop = format!("/api/v1/runs/{}/stop", started.run);
    for _ in 0..2 {
        assert_eq!(chat.owner.post(&stop, json!({})).await.status, StatusCode::NO_CONTENT);
    }
    chat.owner.read_on(started.run, &mut read, 1).await;
    assert_eq!((read.ended().0.as_str(), read.text.as_str()), ("stopped", "The first half. "));
    chat.model.left(1).await;
    assert_eq!(
        chat.stored(&started.reply).await,
        ("stopped".into(), "The first half. ".into(), "The first half.".into())
    );
    assert_eq!(chat.owner.post(&stop, json!({})).await.status, StatusCode::NO_CONTENT, "it stays as it is");
    // It is a part of what the model is told next.
    chat.ask("And then?").await;
    assert_eq!(chat.model.asked().pop().unwrap().body["input"][1]["content"], "The first half. ");
}

#[tokio::test]
async fn what_comes_is_stored_while_it_is_written() {
    let chat = Chat::begin().await;
    let started = chat.say("#gated").await;
    until(async || chat.stored(&started.reply).await.1 == "The first half. ").await;
    assert_eq!(chat.stored(&started.reply).await.0, "streaming");
}

#[tokio::test]
async fn a_server_that_stops_keeps_what_came_and_says_so() {
    let chat = Chat::begin().await;
    let started = chat.say("#gated").await;
    let waits = chat.say("Later").await;
    let mut read = chats::Read::default();
    while read.text != "The first half. " {
        chat.owner.read_on(started.run, &mut read, 1).await;
    }
    let mut reader = chat.owner.follow_run(started.run, read.last_id.as_deref()).await;
    let Chat { app, id, .. } = chat;
    let stopping = tokio::spawn(app.stop_and_keep());
    let last = loop {
        match reader.next().await {
            Some(event) if event.name == "error" => break event,
            Some(_) => {}
            None => panic!("the stream ends without a word"),
        }
    };
    assert_eq!(last.data["code"], "interrupted");
    let database = stopping.await.unwrap();
    let stored: Vec<(String, String)> = sqlx::query_as(
        "select state, markdown from messages where conversation_id = $1 and role = 'assistant' order by position",
    )
    .bind(id.uuid())
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let expected = [("interrupted", "The first half. "), ("waiting", "")];
    assert_eq!(stored, expected.map(|(state, text)| (state.to_owned(), text.to_owned())), "{waits:?}");
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_a_reply_that_is_found_and_a_line_that_goes_on() {
    let model = FakeModel::start().await;
    let url = model.url();
    let settings = [("OPENAI_BASE_URL", url.as_str()), ("OPENAI_API_KEY", KEY), ("OPENAI_MODEL", MODELS)];
    let database = TestDatabase::new().await;
    let data_dir = run::scratch("killed-mid-reply").join("data");
    let start = async || Starting::launch_with(&data_dir, Some(&database.url), &settings).ready().await;
    let server = start().await;
    let mut student = Visitor::of(server.origin.clone());
    student.sign_in("student-1").await;
    let id = chats::chat(&database.pool, student.id().await.parse().unwrap(), "").await;
    let first = Started::of(&say(&student, id, json!({"text": "#gated"})).await);
    let second = Started::of(&say(&student, id, json!({"text": "Second"})).await);
    // What is stored is what another reader finds in the database.
    let shown =
        async |visitor: &Visitor| visitor.get(&format!("/api/v1/conversations/{id}")).await.json()["messages"].clone();
    until(async || shown(&student).await[1]["markdown"] == "The first half. ").await;
    server.kill().await;

    let server = start().await;
    let mut student = Visitor::of(server.origin.clone());
    student.sign_in("student-1").await;
    let read = student.read(first.run).await;
    assert_eq!((read.text.as_str(), read.ended().1.as_str()), ("The first half. ", "interrupted"));
    assert_eq!(student.read(second.run).await.text, "You said: Second");
    let again = Started::of(&regenerate(&student, &first.reply).await);
    model.release(2);
    assert_eq!(student.read(again.run).await.text, text_of("#gated"));
    let logged = std::fs::read_to_string(program::log_of(&data_dir)).unwrap();
    assert!(!logged.contains(KEY) && !logged.contains("second* half"), "neither keys nor texts are logged");
    let status = tokio::time::timeout(Duration::from_secs(60), server.terminate()).await.unwrap();
    assert!(status.success());
}
