//! One's own sessions: seen, and ended.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::sync::CloseCode;

use crate::support::test_app::{TestApp, Visitor};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn sessions(visitor: &Visitor) -> Vec<Value> {
    visitor.get("/api/v1/sessions").await.json().as_array().unwrap().clone()
}

fn id(session: &Value) -> String {
    session["id"].as_str().unwrap().to_owned()
}

/// From now on the tables tell nothing: only what a route says itself is known.
async fn silence(app: &TestApp) {
    sqlx::query("drop function tell_access_changed cascade").execute(&app.database.pool).await.unwrap();
}

async fn on_firefox(app: &TestApp) -> Visitor {
    let mut visitor = app.stranger();
    let origin = app.origin();
    let answer = visitor.send(Method::POST, "/api/v1/dev/sign-in", |request| {
        let body = json!({"person": "student-1"});
        request.header(header::ORIGIN, origin).header(header::USER_AGENT, FIREFOX).json(&body)
    });
    let cookie = answer.await.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    visitor.cookie = cookie.split(';').next().unwrap().to_owned();
    visitor
}

#[tokio::test]
async fn somebody_sees_where_they_are_signed_in_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (student, firefox, other) =
        (app.person("student-1").await, on_firefox(&app).await, app.person("student-2").await);
    let seen = sessions(&student).await;
    let told: Vec<_> = seen.iter().map(|one| (one["device"].as_str().unwrap(), one["current"] == true)).collect();
    assert_eq!(told, [("A device", true), ("Firefox on Linux", false)]);
    assert_eq!(sessions(&firefox).await[0]["device"], "Firefox on Linux");
    assert_eq!(sessions(&other).await.len(), 1);
    assert_eq!(app.stranger().get("/api/v1/sessions").await.status, StatusCode::UNAUTHORIZED);

    let page = student.get("/account").await;
    assert!(page.body.contains("Firefox on Linux") && page.body.contains("This device"), "{}", page.body);
    assert_eq!(app.stranger().get("/account").await.location(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn a_session_that_is_ended_is_out_at_once_and_the_others_stay() {
    let app = TestApp::start().await;
    silence(&app).await;
    let (student, firefox) = (app.person("student-1").await, on_firefox(&app).await);
    let talk = student.conversation("x", "A text.", "none").await;
    let (mut here, mut there) = (student.sync(&talk).await, firefox.sync(&talk).await);
    here.settle().await;
    there.settle().await;
    let far = id(&sessions(&student).await[1]);

    let other = app.person("student-2").await;
    assert_eq!(other.delete(&format!("/api/v1/sessions/{far}")).await.status, StatusCode::NOT_FOUND, "not theirs");
    assert_eq!(student.delete("/api/v1/sessions/nonsense").await.status, StatusCode::NOT_FOUND);

    let ended = student.delete(&format!("/api/v1/sessions/{far}")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(!ended.headers.contains_key(header::SET_COOKIE));
    assert_eq!(there.until_closed().await, Some(CloseCode::SignedOut));
    assert_eq!(firefox.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(student.delete(&format!("/api/v1/sessions/{far}")).await.status, StatusCode::NOT_FOUND, "gone already");
    assert_eq!(sessions(&student).await.len(), 1);
    here.write("still here").await;
    here.settle().await;

    let own = id(&sessions(&student).await[0]);
    let ended = student.delete(&format!("/api/v1/sessions/{own}")).await;
    assert!(ended.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "its cookie is forgotten");
    assert_eq!(here.until_closed().await, Some(CloseCode::SignedOut));
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_one_person_and_leaves_the_tokens() {
    for by_form in [false, true] {
        let app = TestApp::start().await;
        silence(&app).await;
        let (student, firefox, other) =
            (app.person("student-1").await, on_firefox(&app).await, app.person("student-2").await);
        let talk = student.conversation("x", "A text.", "class").await;
        let (_, token) = student.token("notebook").await;
        let mut tabs = [student.sync(&talk).await, firefox.sync(&talk).await];
        let mut stay = [other.sync(&talk).await, app.stranger().sync_by_token(&talk, &token).await];
        for peer in tabs.iter_mut().chain(&mut stay) {
            peer.settle().await;
        }
        let out = match by_form {
            true => student.submit("/sign-out-everywhere", &[]).await,
            false => student.post("/api/v1/sign-out-everywhere", json!({})).await,
        };
        assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "{}", out.status);
        for tab in &mut tabs {
            assert_eq!(tab.until_closed().await, Some(CloseCode::SignedOut));
        }
        for visitor in [&student, &firefox] {
            assert_eq!(visitor.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
        }
        for peer in &mut stay {
            peer.write("still here").await;
            peer.settle().await;
        }
    }
}

#[tokio::test]
async fn a_token_neither_sees_sessions_nor_ends_them_nor_gives_a_name() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let (_, token) = student.token("notebook").await;
    let own = id(&sessions(&student).await[0]);
    let program = app.stranger();
    let calls = [
        (Method::GET, "/api/v1/sessions".to_owned()),
        (Method::DELETE, format!("/api/v1/sessions/{own}")),
        (Method::POST, "/api/v1/sign-out-everywhere".to_owned()),
        (Method::PATCH, "/api/v1/me".to_owned()),
    ];
    for (method, path) in calls {
        let body = json!({"name": "Another"});
        let answer = program.send(method, &path, |request| request.bearer_auth(&token).json(&body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "token_by_token"), "{path}");
    }
    assert_eq!(student.get("/api/v1/me").await.json()["name"], "Demo Student 1");
}
