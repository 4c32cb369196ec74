//! What the service worker relies on: its own script, and whom each page says it is for.

use reqwest::{StatusCode, header};

use crate::support::test_app::{Answer, TestApp, Visitor};

/// Whom a page is for, by its header.
fn reader(page: &Answer) -> Option<&str> {
    page.headers.get("x-promptgrimoire-user").map(|value| value.to_str().unwrap())
}

async fn pages(visitor: &Visitor, paths: &[&str]) -> Vec<Answer> {
    let mut pages = Vec::new();
    for path in paths {
        pages.push(visitor.get(path).await);
    }
    pages
}

#[tokio::test]
async fn each_page_says_whom_it_is_for() {
    let app = TestApp::start().await;
    let (student, other) = (app.person("student-1").await, app.person("student-2").await);
    let id = student.conversation("Mine", "My own words.", "none").await;
    let own = format!("/c/{id}");
    let paths = ["/", "/import", "/sign-in", "/nothing-here", &own];
    for (visitor, statuses) in [(&student, [200, 200, 200, 404, 200]), (&other, [200, 200, 200, 404, 404])] {
        let id = visitor.id().await;
        for ((page, path), status) in pages(visitor, &paths).await.iter().zip(paths).zip(statuses) {
            assert_eq!((page.status.as_u16(), reader(page)), (status, Some(id.as_str())), "{path}");
        }
    }
    for page in pages(&app.stranger(), &["/sign-in", "/nothing-here"]).await {
        assert_eq!(reader(&page), Some("none"));
    }
}

#[tokio::test]
async fn the_page_for_times_without_a_network_is_for_anybody() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let page = student.get("/offline").await;
    assert_eq!((page.status, reader(&page)), (StatusCode::OK, None));
    assert!(!page.body.contains("Demo Student 1") && !page.body.contains(&student.id().await));
}

#[tokio::test]
async fn a_page_that_cannot_ask_who_looks_does_not_say_that_nobody_does() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    app.database.pool.close().await;
    let page = student.get("/").await;
    assert_eq!((page.status, reader(&page)), (StatusCode::INTERNAL_SERVER_ERROR, None));
    assert_eq!(reader(&student.get("/nothing-here").await), None);
}

#[tokio::test]
async fn the_worker_is_looked_up_anew_each_time_and_may_load_from_its_site_alone() {
    let public = concat!("--site-root=", env!("CARGO_MANIFEST_DIR"), "/../../public");
    let app = TestApp::start_as(&[public], Default::default()).await;
    let worker = app.stranger().get("/service-worker.js").await;
    assert_eq!(worker.status, StatusCode::OK);
    assert_eq!(worker.headers[header::CONTENT_TYPE], "text/javascript");
    assert_eq!(worker.headers[header::CACHE_CONTROL], "no-cache");
    assert_eq!(worker.headers[header::CONTENT_SECURITY_POLICY], "default-src 'self'; frame-ancestors 'none'");
    assert!(worker.body.contains("addEventListener(\"fetch\""));
    // Not there, it may be there later.
    let none = TestApp::start().await.stranger().get("/service-worker.js").await;
    assert_eq!(
        (none.status, &none.headers[header::CACHE_CONTROL]),
        (StatusCode::NOT_FOUND, &"no-store".parse().unwrap())
    );
}
