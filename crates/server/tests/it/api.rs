//! What holds for all of the API: how often it may be asked, what is known already, and the page that describes it.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::rooms::Timing;

use crate::support::test_app::{Answer, TestApp, Visitor};

/// A server that lets everybody ask ten times a minute.
async fn strict() -> TestApp {
    TestApp::start_as(&["--api-requests-per-minute=10"], Timing::default()).await
}

fn said<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// How many are left, and in how many seconds another.
fn left(answer: &Answer) -> (u32, u32) {
    let (left, seconds) = said(answer, "ratelimit").strip_prefix("\"default\";r=").unwrap().split_once(";t=").unwrap();
    (left.parse().unwrap(), seconds.parse().unwrap())
}

async fn by_token(app: &TestApp, token: &str, path: &str) -> Answer {
    app.stranger().send(Method::GET, path, |request| request.bearer_auth(token)).await
}

#[tokio::test]
async fn each_person_has_an_allowance_for_their_programs_and_one_for_their_browsers() {
    let app = strict().await;
    let (student, other) = (app.person("student-1").await, app.person("student-2").await);
    let ((_, first), (_, second)) = (student.token("first").await, student.token("second").await);
    let mut taken = 0;
    let refused = loop {
        let token = if taken % 2 == 0 { &first } else { &second };
        let answer = by_token(&app, token, "/api/v1/me").await;
        assert_eq!(said(&answer, "ratelimit-policy"), "\"default\";q=10;w=60");
        let (left, in_seconds) = left(&answer);
        assert!(left < 10 && (1..=6).contains(&in_seconds), "{left} {in_seconds}");
        if answer.status != StatusCode::OK {
            break answer;
        }
        taken += 1;
    };
    assert!(taken >= 10, "{taken}");
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_often"));
    assert!((1..=6).contains(&said(&refused, "retry-after").parse::<u32>().unwrap()));
    assert_eq!(left(&refused).0, 0);
    assert_eq!(by_token(&app, &first, "/api/v1/nothing").await.status, StatusCode::NOT_FOUND, "which asks for nobody");

    // Their pages go on, and are no requests of the API; nor is anybody else concerned, at the same address.
    for _ in 0..15 {
        assert_eq!(student.get("/account").await.status, StatusCode::OK);
    }
    let own = student.get("/api/v1/me").await;
    assert!(own.status == StatusCode::OK && left(&own).0 > 0);
    assert_eq!(left(&other.get("/api/v1/me").await).0, 9);
}

#[tokio::test]
async fn who_is_nobody_uses_up_nothing_and_is_told_nothing() {
    let app = strict().await;
    for _ in 0..12 {
        let answer = by_token(&app, "pg_nonsense", "/api/v1/me").await;
        assert_eq!((answer.status, said(&answer, "ratelimit")), (StatusCode::UNAUTHORIZED, ""));
    }
    assert_eq!(app.stranger().get("/api/openapi.json").await.status, StatusCode::OK);
}

async fn ask_again(visitor: &Visitor, path: &str, known: &str) -> Answer {
    visitor.send(Method::GET, path, |request| request.header(header::IF_NONE_MATCH, known)).await
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again_and_what_has_changed_is() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let talk = student.conversation("Before", "A text.", "none").await;
    let one = format!("/api/v1/conversations/{talk}");
    let csv = format!("{one}/export?format=csv");
    for path in [one.as_str(), "/api/v1/conversations", &csv, "/api/openapi.json"] {
        let answer = student.get(path).await;
        let tag = said(&answer, "etag").to_owned();
        assert!(answer.status == StatusCode::OK && tag.starts_with("W/\"") && tag.ends_with('"'), "{path}: {tag}");
        let strong = tag.strip_prefix("W/").unwrap();
        for known in [&tag, strong, &format!("\"other\", {tag}"), "*"] {
            let same = ask_again(&student, path, known).await;
            assert_eq!((same.status, same.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}: {known}");
            assert_eq!((said(&same, "etag"), said(&same, "content-type")), (tag.as_str(), ""));
            assert_eq!(said(&same, "cache-control"), said(&answer, "cache-control"));
        }
        assert_eq!(ask_again(&student, path, "\"other\"").await.body, answer.body);
    }
    let before = said(&student.get(&one).await, "etag").to_owned();
    student.change(Method::PATCH, &one, json!({"title": "After"})).await;
    let changed = ask_again(&student, &one, &before).await;
    assert_eq!((changed.status, changed.json()["title"].as_str()), (StatusCode::OK, Some("After")));
    assert_ne!(said(&changed, "etag"), before);
    // Who may not see it any more learns nothing by what they know.
    let stranger = app.person("student-2").await;
    let hidden = ask_again(&stranger, &one, said(&changed, "etag")).await;
    assert_eq!((hidden.status, said(&hidden, "etag")), (StatusCode::NOT_FOUND, ""));
    // What is done is done, whatever is known.
    let made = student.send(Method::POST, "/api/v1/conversations", |request| {
        let request = request.header(header::IF_NONE_MATCH, "*").header(header::ORIGIN, app.origin());
        request.json(&json!({"title": "x", "text": "y"}))
    });
    assert_eq!(made.await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_file_that_bears_its_time_is_not_sent_again_as_long_as_nothing_else_differs() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let talk = student.conversation("Before", "A text.", "none").await;
    let one = format!("/api/v1/conversations/{talk}");
    for format in ["jsonld", "csv", "markdown", "html", "docx", "annotations", "bundle"] {
        let path = format!("{one}/export?format={format}");
        let asked = async |known: &str| {
            let known = known.to_owned();
            let answer = student.request(Method::GET, &path).header(header::IF_NONE_MATCH, known).send().await.unwrap();
            let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
            (answer.status(), tag, answer.bytes().await.unwrap())
        };
        let (status, first, file) = asked("\"other\"").await;
        assert_eq!(status, StatusCode::OK);
        if !["csv", "markdown"].contains(&format) {
            let began = std::time::Instant::now();
            while asked("\"other\"").await.2 == file {
                assert!(began.elapsed().as_secs() < 20, "{format} says when it was made, to the second");
            }
        }
        let (status, same, file) = asked(&first).await;
        assert_eq!((status, same, file.len()), (StatusCode::NOT_MODIFIED, first.clone(), 0), "{format}");
        student.change(Method::PATCH, &one, json!({"title": format!("For {format}")})).await;
        let (status, other, _) = asked(&first).await;
        assert_eq!(status, StatusCode::OK, "{format}");
        assert_ne!(other, first);
    }
}

#[tokio::test]
async fn the_page_of_the_api_shows_all_that_is_described_to_whoever_looks() {
    let app = TestApp::start().await;
    let document = app.stranger().get("/api/openapi.json").await.json();
    let page = app.stranger().get("/api").await;
    assert_eq!(page.status, StatusCode::OK);
    let areas: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert_eq!(page.body.matches(&format!("id=\"{id}\"")).count(), 1, "{method} {path}");
            let tags = operation["tags"].as_array().unwrap();
            assert!(tags.len() == 1 && areas.contains(&&tags[0]), "{method} {path} is in one area");
            let is_counted = operation["responses"]["429"].is_object();
            assert!(is_counted || path == "/api/v1/dev/sign-in", "{method} {path} says what happens too often");
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert_eq!(page.body.matches(&format!("id=\"schema-{name}\"")).count(), 1, "{name}");
    }
    for link in page.body.split("href=\"#").skip(1) {
        let to = link.split('"').next().unwrap();
        assert!(page.body.contains(&format!("id=\"{to}\"")), "#{to} leads nowhere");
    }
    assert!(!page.body.contains("$ref"), "what stands for another is shown as that");
    assert!(page.body.contains("<h2>Come in</h2>"), "its headings are the page's, not those of a message");
    let student = app.person("student-1").await;
    assert!(student.get("/api").await.body.contains("Account of Demo Student 1"));
    assert!(student.get("/account").await.body.contains("href=\"/api\""));
}
