//! Sessions, tokens, origins, headers.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::support::test_app::TestApp;

#[tokio::test]
async fn signed_out_nobody_learns_anything() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for path in ["/api/v1/me", "/api/v1/conversations", "/api/v1/conversations/0190c1a2-0000-7000-8000-000000000000"] {
        let answer = stranger.get(path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "signed_out"), "{path}");
    }
    let page = stranger.get("/c/0190c1a2-0000-7000-8000-000000000000").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.headers[header::LOCATION], "/sign-in?next=%2Fc%2F0190c1a2-0000-7000-8000-000000000000");
}

#[tokio::test]
async fn a_mutation_from_another_site_is_refused_whatever_its_cookie() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let body = json!({"title": "x", "text": "x"});
    for foreign in [None, Some("https://example.org"), Some("null")] {
        let answer = student
            .send(Method::POST, "/api/v1/conversations", |request| match foreign {
                Some(origin) => request.header(header::ORIGIN, origin).json(&body),
                None => request.json(&body),
            })
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{foreign:?}"
        );
    }
    let by_browser = student.send(Method::POST, "/api/v1/conversations", |request| {
        request.header("sec-fetch-site", "same-origin").json(&body)
    });
    assert_eq!(by_browser.await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_token_works_without_a_cookie_and_only_its_hash_is_stored() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let made = student.post("/api/v1/tokens", json!({"name": "notebook"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let program = app.stranger();
    let me = program.send(Method::GET, "/api/v1/me", |request| request.bearer_auth(&token)).await;
    assert_eq!(me.json()["name"], "Demo Student 1");
    let wrong = program.send(Method::GET, "/api/v1/me", |request| request.bearer_auth(format!("{token}x"))).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let another = program
        .send(Method::POST, "/api/v1/tokens", |request| request.bearer_auth(&token).json(&json!({"name": "heir"})))
        .await;
    assert_eq!((another.status, another.problem().as_str()), (StatusCode::BAD_REQUEST, "token_by_token"));
    let stored: String = sqlx::query_scalar("select encode(token_hash, 'escape') from tokens")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert!(!stored.contains(&token[3..]));
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let signed_in = app.stranger().post("/api/v1/dev/sign-in", json!({"person": "student-1"})).await;
    let cookie = signed_in.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let copied = app.stranger();
    let me = |pair: String| copied.send(Method::GET, "/api/v1/me", move |request| request.header(header::COOKIE, pair));
    assert_eq!(me(pair.clone()).await.status, StatusCode::OK);
    let origin = app.origin();
    let leaving = pair.clone();
    let out = copied.send(Method::POST, "/api/v1/sign-out", move |request| {
        request.header(header::ORIGIN, origin).header(header::COOKIE, leaving)
    });
    assert_eq!(out.await.status, StatusCode::NO_CONTENT);
    assert_eq!(me(pair).await.status, StatusCode::UNAUTHORIZED, "the cookie was copied before");
    assert_eq!(student.get("/api/v1/me").await.status, StatusCode::OK, "another session of the same person goes on");
}

#[tokio::test]
async fn a_page_allows_only_what_it_brought() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let id = student.conversation("Script", "[a](javascript:alert(1))\n\n<script>alert(1)</script>", "none").await;
    let page = student.get(&format!("/c/{id}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.contains("'nonce-") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
        "{policy}"
    );
    assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(page.body.contains("&lt;script&gt;alert(1)"), "raw HTML is shown as text");
    assert!(
        !page.body.contains("<script>alert") && !page.body.contains("javascript:") && !page.body.contains(" style=")
    );
    let other = student.get(&format!("/c/{id}")).await;
    assert_ne!(
        other.headers[header::CONTENT_SECURITY_POLICY],
        page.headers[header::CONTENT_SECURITY_POLICY],
        "a nonce is used once"
    );
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_answered_with_a_page() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    for path in [
        "/?list=mine&list=shared",
        "/c/%ff",
        "/search?q=a&q=b",
        "/sign-in?next=/&next=/inbox",
        "/inbox?before=x&before=y",
    ] {
        let answer = ann.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(
            answer.body.contains("This address cannot be read") && answer.body.contains("<!DOCTYPE html>"),
            "{path}"
        );
        assert!(!answer.body.contains("eserialize"), "{path}");
    }
}

#[tokio::test]
async fn a_server_says_whether_it_lives_and_can_work_and_stops_in_order() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    assert_eq!(stranger.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(stranger.get("/api/v1/nothing").await.problem(), "not_found");
    let answer = stranger.delete("/api/v1/me").await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    assert!(answer.headers["allow"].to_str().unwrap().contains("GET"));
    app.stop().await;
}
