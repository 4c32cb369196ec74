//! What a token may be used for, and for how long.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{rooms::Timing, sessions::Secret};
use shared::sync::CloseCode;
use uuid::Uuid;

use crate::support::test_app::{Answer, TestApp, Visitor};

async fn ask(app: &TestApp, method: Method, path: &str, token: &str) -> Answer {
    let body = json!({"title": "Another", "text": "A text."});
    app.stranger().send(method, path, |request| request.bearer_auth(token).json(&body)).await
}

async fn reader(visitor: &Visitor) -> String {
    visitor.token_as(json!({"name": "notebook", "scope": "read"})).await.1
}

/// The day is over, and nobody says so.
async fn expire(app: &TestApp, id: &str) {
    let expire = sqlx::query("update tokens set expires_at = now() - interval '1 second' where id = $1");
    expire.bind(id.parse::<Uuid>().unwrap()).execute(&app.database.pool).await.unwrap();
}

async fn listed(visitor: &Visitor) -> Value {
    visitor.get("/api/v1/tokens").await.json()
}

#[tokio::test]
async fn a_token_that_reads_hears_the_document_and_cannot_change_it_though_its_owner_can() {
    let app = TestApp::start().await;
    let (owner, other) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("x", "A text.", "class").await;
    let token = reader(&owner).await;
    assert_eq!(ask(&app, Method::GET, &format!("/api/v1/conversations/{talk}"), &token).await.status, StatusCode::OK);
    let path = format!("/api/v1/conversations/{talk}");
    for (method, path) in
        [(Method::PATCH, path.as_str()), (Method::DELETE, &path), (Method::POST, "/api/v1/conversations")]
    {
        let answer = ask(&app, method, path, &token).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "read_only_token"));
    }
    let mut program = app.stranger().sync_by_token(&talk, &token).await;
    let mut writer = other.sync(&talk).await;
    program.settle().await;
    writer.write("heard").await;
    program.until(|peer| peer.notes() == "heard").await;
    // What its owner may do is looked up again: nothing comes of it.
    app.rooms.access_changed(&[server::rooms::Whom::Everybody]).await.unwrap();
    program.write("not taken").await;
    program.settle().await;
    assert_eq!(program.refused[0].code, "read_only");
    writer.settle().await;
    assert_eq!(writer.notes(), "heard");
}

#[tokio::test]
async fn a_token_that_expires_is_refused_by_name_and_what_it_opened_closes() {
    let app = TestApp::start_as(&[], Timing { recheck: Duration::from_millis(100), ..Timing::default() }).await;
    // Time alone does it: no table tells.
    sqlx::query("drop function tell_access_changed cascade").execute(&app.database.pool).await.unwrap();
    let student = app.person("student-1").await;
    let talk = student.conversation("x", "A text.", "none").await;
    let (id, token) = student.token("x").await;
    let (_, stays) = student.token("y").await;
    let mut goes = app.stranger().sync_by_token(&talk, &token).await;
    let mut kept = app.stranger().sync_by_token(&talk, &stays).await;
    goes.settle().await;
    kept.settle().await;
    expire(&app, &id).await;
    assert_eq!(goes.until_closed().await, Some(CloseCode::SignedOut));
    let refused = ask(&app, Method::GET, "/api/v1/me", &token).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNAUTHORIZED, "token_expired"));
    assert!(refused.body.contains("This token expired on "), "{}", refused.body);
    assert_eq!(app.stranger().sync_by_token(&talk, &token).await.until_closed().await, Some(CloseCode::SignedOut));
    kept.write("still here").await;
    kept.settle().await;

    let page = student.get("/account").await.body;
    assert_eq!(page.matches(">Expired<").count(), 1, "{page}");
    assert!(page.contains("expired on "));
    assert_eq!(student.delete(&format!("/api/v1/tokens/{id}")).await.status, StatusCode::NO_CONTENT);
    let gone = ask(&app, Method::GET, "/api/v1/me", &token).await;
    assert_eq!(gone.problem(), "signed_out", "what is revoked is no token, whatever else it was");
}

#[tokio::test]
async fn an_earlier_day_set_by_another_hand_closes_at_once() {
    let app = TestApp::start_as(&[], Timing { recheck: Duration::from_secs(3_600), ..Timing::default() }).await;
    let student = app.person("student-1").await;
    let talk = student.conversation("x", "A text.", "none").await;
    let (id, token) = student.token("x").await;
    let mut peer = app.stranger().sync_by_token(&talk, &token).await;
    peer.settle().await;
    expire(&app, &id).await;
    assert_eq!(peer.until_closed().await, Some(CloseCode::SignedOut));
}

#[tokio::test]
async fn a_token_is_made_for_ninety_days_or_as_is_said_and_for_nothing_else() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let days = async |asked: Value| {
        let made = student.post("/api/v1/tokens", asked).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let id: Uuid = made.json()["id"].as_str().unwrap().parse().unwrap();
        let days = "select round(extract(epoch from expires_at - created_at) / 86400)::int from tokens where id = $1";
        sqlx::query_scalar::<_, Option<i32>>(days).bind(id).fetch_one(&app.database.pool).await.unwrap()
    };
    assert_eq!(days(json!({"name": "x"})).await, Some(90));
    assert_eq!(days(json!({"name": "x", "expires_in_days": 1})).await, Some(1));
    assert_eq!(days(json!({"name": "x", "expires_in_days": 365, "scope": "read"})).await, Some(365));
    assert_eq!(days(json!({"name": "x", "expires_in_days": null})).await, None);
    let scopes: Vec<_> = listed(&student).await.as_array().unwrap().iter().map(|one| one["scope"].clone()).collect();
    assert_eq!(scopes, ["write", "read", "write", "write"]);
    for wrong in [
        json!({"name": "x", "expires_in_days": 0}),
        json!({"name": "x", "expires_in_days": 366}),
        json!({"name": "x", "expires_in_days": -1}),
        json!({"name": "x", "expires_in_days": 1.5}),
        json!({"name": "x", "scope": "admin"}),
        json!({"name": "x", "scope": null}),
        json!({"name": "x", "days": 3}),
    ] {
        let answer = student.post("/api/v1/tokens", wrong.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn nobody_has_more_than_five_thousand_tokens() {
    let app = TestApp::start().await;
    let (student, other) = (app.person("student-1").await, app.person("student-2").await);
    let id: Uuid = student.id().await.parse().unwrap();
    let fill = "insert into tokens (id, user_id, name, token_hash)
         select ('01000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, 'x', sha256(n::text::bytea)
         from generate_series(1, 4999) n";
    sqlx::query(fill).bind(id).execute(&app.database.pool).await.unwrap();
    let (last, _) = student.token("the last").await;
    let refused = student.post("/api/v1/tokens", json!({"name": "x"})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "too_many_tokens"));
    other.token("others have theirs").await;
    let shown = listed(&student).await;
    assert_eq!((shown.as_array().unwrap().len(), shown[0]["id"].as_str()), (200, Some(last.as_str())), "the newest");
    assert_eq!(student.delete(&format!("/api/v1/tokens/{last}")).await.status, StatusCode::NO_CONTENT);
    student.token("a place is free").await;
}

/// As it was stored before tokens had scopes and days.
#[tokio::test]
async fn a_token_from_before_goes_on_writing_and_does_not_expire() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let secret = Secret::new().unwrap();
    sqlx::query("insert into tokens (id, user_id, name, token_hash) values (gen_random_uuid(), $1, 'old', $2)")
        .bind(student.id().await.parse::<Uuid>().unwrap())
        .bind(secret.hash())
        .execute(&app.database.pool)
        .await
        .unwrap();
    let made = ask(&app, Method::POST, "/api/v1/conversations", &format!("pg_{}", secret.text())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let one = &listed(&student).await[0];
    assert_eq!((one["scope"].as_str(), &one["expires_at"]), (Some("write"), &Value::Null));
    assert!(student.get("/account").await.body.contains("Read and write · does not expire"));
}
