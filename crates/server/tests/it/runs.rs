//! Replies of a model: asked for, stored, in branches, in line.

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{
    api::MessageState,
    ids::{ConversationId, MessageId, RunId, UserId},
    text::render,
};
use yrs::{Any, In, Map, MapPrelim, Transact, any};

use crate::support::{
    chats::{Chat, Started, chat, regenerate, say, say_as},
    fake_model::text_of,
    test_app::TestApp,
};

fn ids(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_said_and_the_reply_are_messages_with_their_canonical_text() {
    for api in ["responses", "chat"] {
        let chat = Chat::with(&[&format!("--llm-api={api}")]).await;
        let started = chat.say("Show a *table* #table").await;
        let read = chat.owner.read(started.run).await;
        let expected = text_of("#table");
        assert_eq!((read.text.as_str(), read.ended().0.as_str()), (expected.as_str(), "done"));
        let conversation = chat.get().await;
        assert_eq!(conversation["title"], "Show a table #table");
        let messages = &conversation["messages"];
        assert_eq!(ids(messages), [&started.message, &started.reply]);
        assert_eq!((&messages[0]["role"], &messages[0]["text"]), (&json!("user"), &json!("Show a table #table")));
        let reply = &messages[1];
        assert_eq!((&reply["role"], &reply["markdown"]), (&json!("assistant"), &json!(expected)));
        assert_eq!(reply["text"], render(&expected).text);
        assert_eq!((&reply["state"], &reply["model"]), (&json!("complete"), &json!("stand-in-large")));
        let words = expected.split_whitespace().count();
        assert_eq!(reply["usage"], json!({"input_tokens": 10, "output_tokens": words}));
        assert_eq!((&reply["parent"], reply.get("run")), (&json!(started.message), None));
    }
}

#[tokio::test]
async fn the_model_is_given_the_active_prompt_and_the_branch() {
    let chat_ = Chat::begin().await;
    let owner: UserId = chat_.owner.id().await.parse().unwrap();
    let id = chat(chat_.db(), owner, "Answer like a bee.").await;
    let first = Started::of(&say(&chat_.owner, id, json!({"text": "One"})).await);
    chat_.owner.read(first.run).await;
    let second = Started::of(&say(&chat_.owner, id, json!({"text": "Two", "model": "stand-in-small"})).await);
    chat_.owner.read(second.run).await;
    let asked = chat_.model.asked().pop().unwrap().body;
    assert_eq!((&asked["instructions"], &asked["model"]), (&json!("Answer like a bee."), &json!("stand-in-small")));
    let turn = |role: &str, content: &str| json!({"role": role, "content": content});
    assert_eq!(asked["input"], json!([turn("user", "One"), turn("assistant", "You said: One"), turn("user", "Two")]));
    let messages = chat_.owner.get(&format!("/api/v1/conversations/{id}")).await.json()["messages"].clone();
    let prompt: uuid::Uuid = sqlx::query_scalar("select id from prompt_versions where content like 'Answer%'")
        .fetch_one(chat_.db())
        .await
        .unwrap();
    assert_eq!(messages[3]["prompt"], prompt.to_string());
}

#[tokio::test]
async fn files_reach_the_model_with_the_message_that_they_were_sent_with() {
    let chat = Chat::begin().await;
    let path = format!("/api/v1/conversations/{}/files", chat.id);
    let mut files = Vec::new();
    for (name, bytes) in [("bees.txt", &b"Bees dance."[..]), ("dot.png", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..])] {
        let added = chat.owner.upload(&path, name, bytes).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        files.push(added.json()["id"].clone());
    }
    let started = Started::of(&say(&chat.owner, chat.id, json!({"text": "Look", "files": files})).await);
    chat.owner.read(started.run).await;
    let content = chat.model.asked().pop().unwrap().body["input"][0]["content"].clone();
    assert_eq!(content[0], json!({"type": "input_text", "text": "File bees.txt:\n\nBees dance."}));
    assert_eq!(content[1]["type"], "input_image");
    assert!(content[1]["image_url"].as_str().unwrap().starts_with("data:image/png;base64,"), "{content}");
    assert_eq!(content[2], json!({"type": "input_text", "text": "Look"}));
}

#[tokio::test]
async fn whoever_adds_a_file_that_no_model_reads_is_told_so() {
    let chat = Chat::begin().await;
    let path = format!("/api/v1/conversations/{}/files", chat.id);
    let large = b"words ".repeat(4 << 20);
    for (name, bytes, told) in [
        ("notes.txt", "Biene".as_bytes(), None),
        ("dot.png", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], None),
        ("setup.exe", &b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff"[..], Some("reads texts (UTF-8)")),
        ("old.txt", &b"caf\xe9"[..], Some("reads texts (UTF-8)")),
        ("large.txt", &large[..], Some("at most 20 MiB")),
    ] {
        let added = chat.owner.upload(&path, name, bytes).await.json();
        let unread = added.get("unread").and_then(Value::as_str);
        assert_eq!(unread.is_some(), told.is_some(), "{name}: {unread:?}");
        assert!(unread.unwrap_or_default().contains(told.unwrap_or_default()), "{name}: {unread:?}");
    }
}

#[tokio::test]
async fn a_page_says_who_asked_and_which_prompt_and_model_answered() {
    let chat_ = Chat::begin().await;
    let owner: UserId = chat_.owner.id().await.parse().unwrap();
    let id = chat(chat_.db(), owner, "Answer like a bee.").await;
    let first = Started::of(&say(&chat_.owner, id, json!({"text": "One"})).await);
    chat_.owner.read(first.run).await;
    let edited = json!({"text": "Uno", "replaces": first.message});
    let second = Started::of(&say(&chat_.owner, id, edited).await);
    chat_.owner.read(second.run).await;
    let project: uuid::Uuid = sqlx::query_scalar("select project_id from conversations where id = $1")
        .bind(id.uuid())
        .fetch_one(chat_.db())
        .await
        .unwrap();
    let reader = chat_.app.newcomer("Rita Reader").await;
    let share = "insert into conversation_shares (id, conversation_id, email, user_id, access)
                 values ($1, $2, 'rita@example.org', $3::uuid, 'viewer')";
    let share = sqlx::query(share).bind(RunId::new().uuid()).bind(id.uuid()).bind(reader.id().await);
    share.execute(chat_.db()).await.unwrap();
    let beside = format!("/c/{id}/compare?original={}&other={}", first.message, second.message);
    for path in [format!("/c/{id}"), beside] {
        let page = chat_.owner.get(&path).await.body;
        assert!(page.contains("User · Olive Owner"), "{path}: {page}");
        let link = format!("href=\"/projects/{project}#prompt-1\"");
        assert!(page.contains(&link) && page.contains("A prompt") && page.contains("stand-in-large"), "{path}: {page}");
        // Who does not see the project is told no name of it.
        let page = reader.get(&path).await.body;
        assert!(page.contains("User · Olive Owner") && page.contains("prompt version 1"), "{path}: {page}");
        assert!(!page.contains("A prompt") && !page.contains(&link), "{path}: {page}");
    }
}

#[tokio::test]
async fn the_same_request_twice_is_one_message() {
    let chat = Chat::begin().await;
    let key = RunId::new().to_string();
    let body = json!({"text": "Once"});
    let (first, second) = tokio::join!(
        say_as(&chat.owner, chat.id, body.clone(), &key),
        say_as(&chat.owner, chat.id, body.clone(), &key)
    );
    assert_eq!(Started::of(&first), Started::of(&second));
    chat.owner.read(Started::of(&first).run).await;
    assert_eq!(Started::of(&say_as(&chat.owner, chat.id, body, &key).await), Started::of(&first));
    assert_eq!(chat.get().await["messages"].as_array().unwrap().len(), 2);
    assert_eq!(chat.model.asked().len(), 1);
    let other = say_as(&chat.owner, chat.id, json!({"text": "Something else"}), &key).await;
    assert_eq!((other.status, other.problem()), (StatusCode::CONFLICT, "key_reused".into()));
}

#[tokio::test]
async fn what_cannot_be_said_says_why_and_stores_nothing() {
    let chat = Chat::begin().await;
    let nothing = MessageId::new();
    let cases = [
        (json!({"text": " \n"}), 400, "empty"),
        (json!({"text": "x".repeat((1 << 20) + 1)}), 413, "too_large"),
        (json!({"text": "x", "model": "another"}), 400, "model_not_allowed"),
        (json!({"text": "x", "parent": nothing}), 400, "no_such_message"),
        (json!({"text": "x", "replaces": nothing}), 400, "no_such_message"),
        (json!({"text": "x", "parent": nothing, "replaces": nothing}), 400, "two_places"),
        (json!({"text": "x", "files": [nothing, nothing]}), 400, "bad_files"),
        (json!({"text": "x", "files": [nothing]}), 400, "no_file"),
        (json!({"txt": "x"}), 400, "bad_json"),
    ];
    for (body, status, code) in cases {
        let answer = say(&chat.owner, chat.id, body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{}", answer.body);
    }
    let keyless = chat.owner.post(&format!("/api/v1/conversations/{}/messages", chat.id), json!({"text": "x"})).await;
    assert_eq!((keyless.status, keyless.problem()), (StatusCode::BAD_REQUEST, "no_key".into()));
    assert_eq!(chat.get().await["messages"], json!([]));
    // A text with a NUL, which Postgres stores none of, is the text without it.
    let started = Started::of(&say(&chat.owner, chat.id, json!({"text": "a\0b"})).await);
    assert_eq!(chat.stored(&started.message).await.1, "ab");
}

#[tokio::test]
async fn another_reply_and_an_edited_message_stand_beside_the_first() {
    let chat = Chat::begin().await;
    let first = chat.say("One").await;
    chat.owner.read(first.run).await;
    let again = Started::of(&regenerate(&chat.owner, &first.reply).await);
    chat.owner.read(again.run).await;
    assert_eq!(again.message, first.message);
    let messages = chat.get().await["messages"].clone();
    assert_eq!(ids(&messages), [&first.message, &again.reply]);
    assert_eq!(messages[1]["siblings"], json!([first.reply, again.reply]));

    let edited = Started::of(&say(&chat.owner, chat.id, json!({"text": "Uno", "replaces": first.message})).await);
    chat.owner.read(edited.run).await;
    let messages = chat.get().await["messages"].clone();
    assert_eq!(ids(&messages), [&edited.message, &edited.reply]);
    assert_eq!(messages[0]["siblings"], json!([first.message, edited.message]));
    assert_eq!(messages[1]["markdown"], "You said: Uno");

    // The others are still there, and can be gone on from.
    let path = format!("/api/v1/conversations/{}?branch=", chat.id);
    let shown = chat.owner.get(&format!("{path}{}", first.reply)).await.json()["messages"].clone();
    assert_eq!(ids(&shown), [&first.message, &first.reply]);
    let on = Started::of(&say(&chat.owner, chat.id, json!({"text": "Two", "parent": first.reply})).await);
    chat.owner.read(on.run).await;
    assert_eq!(ids(&chat.get().await["messages"]), [&first.message, &first.reply, &on.message, &on.reply]);
    assert_eq!(chat.owner.get(&format!("{path}{}", MessageId::new())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_second_message_waits_in_line_and_can_be_withdrawn() {
    let chat = Chat::begin().await;
    let first = chat.say("#gated").await;
    let second = chat.say("Second").await;
    let third = chat.say("Third").await;
    let mut reader = chat.owner.follow_run(third.run, None).await;
    let waiting = reader.next().await.unwrap().data;
    assert_eq!((&waiting["state"], &waiting["ahead"]), (&json!("waiting"), &json!(2)));
    let messages = chat.get().await["messages"].clone();
    let states: Vec<_> = messages.as_array().unwrap().iter().map(|message| message["state"].clone()).collect();
    assert_eq!(states, ["complete", "streaming", "complete", "waiting", "complete", "waiting"]);
    assert_eq!(messages[1]["run"], first.run.to_string());

    let stopped = chat.owner.post(&format!("/api/v1/runs/{}/stop", second.run), json!({})).await;
    assert_eq!(stopped.status, StatusCode::NO_CONTENT);
    assert_eq!(chat.owner.read(second.run).await.ended().0, "stopped");
    let moved = reader.next().await.unwrap().data;
    assert_eq!((&moved["state"], &moved["ahead"]), (&json!("waiting"), &json!(1)));
    chat.model.release(1);
    assert_eq!(chat.owner.read(first.run).await.ended().0, "done");
    assert_eq!(chat.owner.read(third.run).await.text, "You said: Third");
    // What was withdrawn before it began is no turn, and neither is what it was to answer.
    let asked = chat.model.asked().pop().unwrap().body["input"].clone();
    let said: Vec<_> = asked.as_array().unwrap().iter().map(|turn| turn["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["#gated", "The first half. And the *second* half.", "Third"]);
    let messages = chat.get().await["messages"].clone();
    assert_eq!(messages[2]["markdown"], "Second", "it stays to be read");
    assert_eq!((&messages[3]["state"], &messages[3]["reason"]["code"]), (&json!("stopped"), &json!("withdrawn")));
    // Its author may want it answered after all.
    let after_all = Started::of(&regenerate(&chat.owner, messages[3]["id"].as_str().unwrap()).await);
    assert_eq!(chat.owner.read(after_all.run).await.text, "You said: Second");
}

#[tokio::test]
async fn a_line_has_an_end() {
    let chat = Chat::begin().await;
    for _ in 0..4 {
        chat.say("#hang").await;
    }
    let refused = say(&chat.owner, chat.id, json!({"text": "One more"})).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "too_many_runs".into()));
}

#[tokio::test]
async fn who_only_reads_or_annotates_does_not_send() {
    let chat = Chat::begin().await;
    chat.ask("Hello").await;
    let (annotator, editor, stranger) = (
        chat.app.newcomer("Ann Annotator").await,
        chat.app.newcomer("Ed Editor").await,
        chat.app.newcomer("Sue Stranger").await,
    );
    for (person, access) in [(&annotator, "annotator"), (&editor, "editor")] {
        let me = person.get("/api/v1/me").await.json();
        let path = format!("/api/v1/conversations/{}/sharing/people", chat.id);
        let shared = chat.owner.post(&path, json!({"email": me["email"], "access": access})).await;
        assert_eq!(shared.status, StatusCode::CREATED, "{}", shared.body);
    }
    let body = || json!({"text": "Hello too"});
    assert_eq!(say(&annotator, chat.id, body()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(say(&stranger, chat.id, body()).await.status, StatusCode::NOT_FOUND);
    let started = Started::of(&say(&editor, chat.id, body()).await);
    // Everybody of the conversation reads along.
    for person in [&editor, &chat.owner, &annotator] {
        assert_eq!(person.read(started.run).await.text, "You said: Hello too");
    }
    let hidden = stranger.get(&format!("/api/v1/runs/{}/events", started.run)).await;
    let missing = stranger.get(&format!("/api/v1/runs/{}/events", RunId::new())).await;
    assert_eq!((hidden.status, hidden.body), (StatusCode::NOT_FOUND, missing.body));
    let author: uuid::Uuid = sqlx::query_scalar("select author_id from messages where id = $1::uuid")
        .bind(&started.message)
        .fetch_one(chat.db())
        .await
        .unwrap();
    assert_eq!(author.to_string(), editor.id().await);
}

/// A highlight of `message` from 0 to `end` by somebody, as a stock client writes it.
fn highlight(doc: &yrs::Doc, author: &str, message: &str, end: u32) {
    let exact = "x".repeat(end as usize);
    let target = any!([{"message": message, "start": 0, "end": end, "exact": exact, "prefix": "", "suffix": ""}]);
    let fields: [(&str, In); 7] = [
        ("targets", target.into()),
        ("author", author.into()),
        ("created_at", 1.into()),
        ("tags", MapPrelim::default().into()),
        ("resolved", Any::Null.into()),
        ("deleted", Any::Null.into()),
        ("comments", MapPrelim::default().into()),
    ];
    let highlights = doc.get_or_insert_map("highlights");
    let id = shared::ids::HighlightId::new().to_string();
    highlights.insert(&mut doc.transact_mut(), id, MapPrelim::from_iter(fields));
}

#[tokio::test]
async fn a_message_can_be_marked_while_it_is_written_and_after_within_its_text() {
    let chat = Chat::begin().await;
    let mut peer = chat.owner.sync(&chat.id.to_string()).await;
    peer.settle().await;
    let me = chat.owner.id().await;
    let started = chat.say("#gated").await;
    peer.until(|peer| peer.runs.iter().any(|run| run.state == MessageState::Streaming)).await;
    assert_eq!(peer.runs.last().unwrap().message.to_string(), started.reply);
    // Of both messages the room has just learned.
    peer.edit(|doc| highlight(doc, &me, &started.message, 3)).await;
    peer.edit(|doc| highlight(doc, &me, &started.reply, 15)).await;
    peer.settle().await;
    chat.model.release(1);
    peer.until(|peer| peer.runs.last().is_some_and(|run| run.state == MessageState::Complete)).await;
    let length = u32::try_from(chat.stored(&started.reply).await.2.chars().count()).unwrap();
    peer.edit(|doc| highlight(doc, &me, &started.reply, length)).await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    peer.edit(|doc| highlight(doc, &me, &started.reply, length + 1)).await;
    peer.settle().await;
    assert_eq!(peer.refused.len(), 1);
}

#[tokio::test]
async fn without_a_model_it_is_said_and_nothing_is_sent() {
    let app = TestApp::start().await;
    let owner = app.newcomer("Olive Owner").await;
    let id = chat(&app.database.pool, owner.id().await.parse().unwrap(), "").await;
    let models = owner.get("/api/v1/models").await.json();
    assert_eq!(models, json!({"configured": false, "models": [], "quota": null}));
    let answer = say(&owner, id, json!({"text": "Hello"})).await;
    assert_eq!((answer.status, answer.problem()), (StatusCode::CONFLICT, "no_model".into()));
}

#[tokio::test]
async fn a_chat_is_called_by_what_is_said_first_in_it_unless_somebody_named_it() {
    let chat = Chat::begin().await;
    let title = async || chat.get().await["title"].as_str().unwrap().to_owned();
    assert_eq!(title().await, "New chat");
    chat.ask("  Do bees\nsleep at night? ").await;
    assert_eq!(title().await, "Do bees sleep at night?");
    let projects = chat.owner.get("/api/v1/projects").await.json();
    let project = projects["projects"][0]["id"].as_str().unwrap().to_owned();
    let listed = chat.owner.get(&format!("/api/v1/projects/{project}/conversations")).await.json();
    assert_eq!(listed[0]["title"], "Do bees sleep at night?", "{listed}");
    chat.ask("And wasps?").await;
    assert_eq!(title().await, "Do bees sleep at night?", "only the first message names it");

    // The name that a new one has is a name like any other, once somebody has given it.
    let begun =
        chat.owner.post(&format!("/api/v1/projects/{project}/conversations"), json!({"title": "New chat"})).await;
    let named: ConversationId = begun.json()["id"].as_str().unwrap().parse().unwrap();
    let started = Started::of(&say(&chat.owner, named, json!({"text": "Do ants sleep?"})).await);
    chat.owner.read(started.run).await;
    let path = format!("/api/v1/conversations/{named}");
    assert_eq!(chat.owner.get(&path).await.json()["title"], "New chat");
}

#[tokio::test]
async fn messages_stand_in_the_order_of_their_places_whatever_the_clock_says() {
    let chat = Chat::begin().await;
    for text in ["One", "Two", "Three"] {
        chat.ask(text).await;
    }
    let before = chat.get().await["messages"].clone();
    assert_eq!(before.as_array().unwrap().len(), 6);
    sqlx::query("update messages set created_at = now() - make_interval(secs => position % 3)")
        .execute(chat.db())
        .await
        .unwrap();
    assert_eq!(ids(&chat.get().await["messages"]), ids(&before));
    chat.ask("Four").await;
    let asked = chat.model.asked().pop().unwrap().body["input"].clone();
    let said: Vec<&Value> = asked.as_array().unwrap().iter().filter(|turn| turn["role"] == "user").collect();
    let told = serde_json::to_string(&said).unwrap();
    let places: Vec<_> = ["One", "Two", "Three", "Four"].iter().map(|word| told.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{told}");
}
