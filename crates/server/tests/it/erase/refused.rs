//! Who cannot be erased, and who does not come back meanwhile.

use std::time::Duration;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{EMAIL, ERASE, NAME, Zoe, until_gone};
use crate::{
    activities::run,
    rooms_support::until,
    support::test_app::{Answer, TestApp, Visitor, assert_problem},
};

#[tokio::test]
async fn nobody_leaves_a_class_or_the_site_to_nobody() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let email = async |visitor: &Visitor| visitor.get("/api/v1/me").await.json()["email"].as_str().unwrap().to_owned();
    let confirm = json!({"confirm": email(&olga).await});
    let erase = async |visitor: &Visitor, body: &Value| -> Answer { visitor.post(ERASE, body.clone()).await };
    assert_eq!(olga.get(ERASE).await.json()["classes"][0]["last_instructor"], true);
    let refused = erase(&olga, &confirm).await;
    assert_problem(&refused, 409, "last_instructor");
    assert!(refused.body.contains("“Demo class”"), "{}", refused.body);
    for body in [json!({"confirm": "Demo Instructor"}), json!({"confirm": ""}), json!({"confirm": email(&ben).await})] {
        assert_problem(&erase(&olga, &body).await, 400, "not_confirmed");
    }
    let (_, token) = olga.token("x").await;
    let by_token = app.stranger();
    for method in [Method::GET, Method::POST] {
        let body = confirm.clone();
        let answer = by_token.send(method, ERASE, |request| request.bearer_auth(&token).json(&body)).await;
        assert_problem(&answer, 400, "token_by_token");
    }
    let from_elsewhere = olga.send(Method::POST, ERASE, |request| {
        request.header(header::ORIGIN, "https://elsewhere.example").json(&confirm)
    });
    assert_eq!(from_elsewhere.await.status, StatusCode::FORBIDDEN);

    run(&app, "update memberships set role = 'instructor' where user_id = (select id from users where name = 'Demo Student 1')").await;
    run(&app, "update users set is_admin = true where name = 'Demo Instructor'").await;
    assert_eq!(olga.get(ERASE).await.json()["last_admin"], true);
    assert_problem(&erase(&olga, &confirm).await, 409, "last_admin");
    // Somebody who cannot come in looks after nothing.
    run(&app, "update users set is_admin = true, banned_at = now() where name = 'Demo Student 2'").await;
    assert_problem(&erase(&olga, &confirm).await, 409, "last_admin");
    assert_eq!(olga.get("/api/v1/me").await.status, StatusCode::OK, "nothing has happened");
    run(&app, "update users set banned_at = null where name = 'Demo Student 2'").await;
    let shouted = json!({"confirm": format!(" {} ", email(&olga).await.to_uppercase())});
    let id = olga.id().await.parse().unwrap();
    let answer = erase(&olga, &shouted).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    until_gone(&app.database.pool, id).await;
    // What the class has of hers goes on: its owner is nobody who could come in.
    let listed = ben.get("/api/v1/conversations").await.body;
    assert!(listed.contains("Former member"), "{listed}");
}

#[tokio::test]
async fn somebody_banned_teaches_nobody() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    app.person("student-1").await;
    run(&app, "update memberships set role = 'instructor' where user_id = (select id from users where name = 'Demo Student 1')").await;
    assert_eq!(olga.get(ERASE).await.json()["classes"][0]["last_instructor"], false);
    run(&app, "update users set banned_at = now() where name = 'Demo Student 1'").await;
    assert_eq!(olga.get(ERASE).await.json()["classes"][0]["last_instructor"], true);
    let email = olga.get("/api/v1/me").await.json()["email"].clone();
    assert_problem(&olga.post(ERASE, json!({"confirm": email})).await, 409, "last_instructor");
}

#[tokio::test]
async fn whoever_signed_in_long_ago_has_to_do_it_again() {
    let app = TestApp::start().await;
    let zoe = Zoe::join(&app).await;
    run(&app, "update sessions set created_at = now() - interval '16 minutes'").await;
    assert_eq!(zoe.visitor.get(ERASE).await.json()["sign_in_again"], true);
    let page = zoe.visitor.get("/account/erase").await.body;
    assert!(page.contains("Sign in again first") && !page.contains("erase-confirm"), "{page}");
    let refused = zoe.visitor.post(ERASE, json!({"confirm": EMAIL})).await;
    assert_problem(&refused, 409, "sign_in_again");
    assert_eq!(zoe.visitor.get("/api/v1/me").await.status, StatusCode::OK);
    let again = app.session_of(zoe.id).await;
    assert_eq!(again.get(ERASE).await.json()["sign_in_again"], false);
    assert!(again.get("/account/erase").await.body.contains("erase-confirm"));
    assert_eq!(again.post(ERASE, json!({"confirm": EMAIL})).await.status, StatusCode::NO_CONTENT);
    until_gone(&app.database.pool, zoe.id).await;
}

#[tokio::test]
async fn a_request_that_was_under_way_brings_no_name_back() {
    let app = TestApp::start().await;
    let zoe = Zoe::join(&app).await;
    let db = &app.database.pool;
    let waiting = "select count(*) from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.query like '%update users%'";
    let mut tx = db.begin().await.unwrap();
    // Long enough to be renamed.
    sqlx::query("update users set name = 'Former member', banned_at = now(), erasing_since = now() where id = $1")
        .bind(zoe.id.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    let renaming = zoe.visitor.change(Method::PATCH, "/api/v1/me", json!({"name": NAME}));
    let committing = async {
        until(async || super::count(db, waiting).await > 0).await;
        tx.commit().await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(renaming, committing) }).await.unwrap();
    let name: String =
        sqlx::query_scalar("select name from users where id = $1").bind(zoe.id.uuid()).fetch_one(db).await.unwrap();
    assert_eq!(name, "Former member");
}
