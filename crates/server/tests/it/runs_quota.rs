//! Whom one may talk with, and how much.

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use shared::ids::ClassId;

use crate::support::chats::{Chat, Started, say};

/// Gives the chat's project to a new class of which its owner is a student.
async fn in_class(chat: &Chat) -> ClassId {
    let class = ClassId::new();
    let owner: shared::ids::UserId = chat.owner.id().await.parse().unwrap();
    let db = chat.db();
    sqlx::query("insert into classes (id, name) values ($1, 'Bees')").bind(class.uuid()).execute(db).await.unwrap();
    sqlx::query("insert into memberships (class_id, user_id, role) values ($1, $2, 'student')")
        .bind(class.uuid())
        .bind(owner.uuid())
        .execute(db)
        .await
        .unwrap();
    sqlx::query("update projects set class_id = $1").bind(class.uuid()).execute(db).await.unwrap();
    class
}

#[tokio::test]
async fn a_quota_is_held_before_the_model_is_asked_and_says_when_there_is_more() {
    // The stand-in counts ten tokens in, and one for each word out: thirteen for a short answer.
    let chat = Chat::with(&["--model-tokens-per-day=13"]).await;
    let models = chat.owner.get(&format!("/api/v1/models?conversation={}", chat.id)).await.json();
    assert_eq!(models["models"], json!(["stand-in-large", "stand-in-small"]));
    assert_eq!((&models["quota"]["tokens"], &models["quota"]["used"]), (&json!(13), &json!(0)));
    chat.ask("Hello").await;
    let used = chat.owner.get("/api/v1/models").await.json()["quota"]["used"].clone();
    assert_eq!(used, json!(13));
    // A chat that is deleted gives nothing back.
    sqlx::query("update conversations set leaf_id = null").execute(chat.db()).await.unwrap();
    sqlx::query("delete from messages").execute(chat.db()).await.unwrap();
    let refused = say(&chat.owner, chat.id, json!({"text": "Hello again"})).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "quota_reached".into()));
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("at 00:00 UTC"), "{}", refused.body);
    assert_eq!(chat.model.asked().len(), 1);
    assert_eq!(chat.get().await["messages"], json!([]));
}

#[tokio::test]
async fn what_waits_in_line_is_held_against_the_quota_when_its_turn_comes() {
    let chat = Chat::with(&["--model-tokens-per-day=13"]).await;
    let first = chat.say("#gated").await;
    let second = chat.say("Second").await;
    chat.model.release(1);
    assert_eq!(chat.owner.read(first.run).await.ended().0, "done");
    let read = chat.owner.read(second.run).await;
    assert_eq!(read.ended(), ("error".into(), "quota_reached".into()));
    assert_eq!(chat.stored(&second.message).await.1, "Second");
}

#[tokio::test]
async fn a_class_says_which_models_and_how_much_for_each_and_for_all() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    let teacher = chat.app.newcomer("Tess Teacher").await;
    let join = "insert into memberships (class_id, user_id, role) values ($1, $2::uuid, 'instructor')";
    sqlx::query(join).bind(class.uuid()).bind(teacher.id().await).execute(chat.db()).await.unwrap();
    let path = format!("/api/v1/classes/{class}/models");
    let set = async |body: serde_json::Value| {
        let answer = teacher.change(Method::PUT, &path, body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    };
    let terms = |models, person, class| json!({"models": models, "tokens_a_person": person, "tokens_a_class": class, "period": "week"});
    set(terms(json!(["stand-in-small"]), json!(null), json!(null))).await;
    assert_eq!(teacher.get(&path).await.json()["models"], json!(["stand-in-small"]));
    let started = Started::of(&say(&chat.owner, chat.id, json!({"text": "Hello"})).await);
    chat.owner.read(started.run).await;
    assert_eq!(chat.model.asked()[0].body["model"], "stand-in-small");
    let other = say(&chat.owner, chat.id, json!({"text": "x", "model": "stand-in-large"})).await;
    assert_eq!(other.problem(), "model_not_allowed");
    for (person, of_class) in [(json!(13), json!(null)), (json!(null), json!(13))] {
        set(terms(json!(null), person, of_class)).await;
        let refused = say(&chat.owner, chat.id, json!({"text": "More"})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "quota_reached".into()));
    }
    set(terms(json!([]), json!(null), json!(null))).await;
    assert_eq!(say(&chat.owner, chat.id, json!({"text": "x"})).await.problem(), "no_model_allowed");
    for wrong in [terms(json!([""]), json!(1), json!(1)), terms(json!(null), json!(-1), json!(null))] {
        assert_eq!(teacher.change(Method::PUT, &path, wrong).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_refused_request_costs_nothing_and_a_stopped_reply_what_it_is_thought_to() {
    let chat = Chat::begin().await;
    let used = async || {
        let rows: Vec<(i64, i64, bool)> =
            sqlx::query_as("select input_tokens, output_tokens, estimated from model_usage order by used_at")
                .fetch_all(chat.db())
                .await
                .unwrap();
        rows
    };
    chat.ask("#key").await;
    assert!(used().await.is_empty());
    chat.ask("Hello").await;
    assert_eq!(used().await, [(10, 3, false)]);
    chat.ask("#cut").await;
    let last = used().await.pop().unwrap();
    assert!(last.2 && last.1 == 2, "{last:?}");
}
