//! What the server tells Prometheus, and whom it tells.

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use server::rooms::Timing;

use crate::{
    rooms_support::{push, until},
    support::test_app::{TestApp, Visitor},
};

/// The value of a sample, 0 where it has never been counted.
async fn value(visitor: &Visitor, sample: &str) -> f64 {
    let answer = visitor.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let value = answer.body.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn metrics_count_what_rooms_do_and_name_nobody() {
    let app = TestApp::start().await;
    let (student, other, prometheus) = (app.person("student-1").await, app.person("student-2").await, app.stranger());
    let talk = student.conversation("A secret title", "A text.", "class").await;
    let (mut one, mut two) = (student.sync(&talk).await, other.sync(&talk).await);
    one.settle().await;
    two.settle().await;
    assert_eq!(value(&prometheus, "promptgrimoire_rooms").await, 1.0);
    assert_eq!(value(&prometheus, "promptgrimoire_connections").await, 2.0);
    let before = value(&prometheus, "promptgrimoire_rooms_held_bytes").await;
    assert!(before > 0.0);

    for _ in 0..3 {
        one.write("some words").await;
        one.settle().await;
    }
    two.edit_silently(|doc| push(doc, "missed "));
    two.write("sent").await;
    two.until(|peer| peer.steps_1 == 2).await;
    two.settle().await;
    assert_eq!(value(&prometheus, "promptgrimoire_updates_applied_total").await, 4.0, "the answer to the question too");
    assert_eq!(value(&prometheus, "promptgrimoire_updates_refused_total{code=\"gap\"}").await, 1.0);
    let acknowledged = value(&prometheus, "promptgrimoire_ack_seconds_count").await;
    assert_eq!(acknowledged, (one.sent + two.sent) as f64);
    assert!(value(&prometheus, "promptgrimoire_ack_seconds_sum").await > 0.0);
    assert_eq!(value(&prometheus, "promptgrimoire_commit_seconds_count").await, 4.0);
    assert!(value(&prometheus, "promptgrimoire_rooms_held_bytes").await > before);
    for empty in ["writer_batches", "mailbox_messages", "mailbox_bytes", "mailbox_messages_fullest"] {
        assert_eq!(value(&prometheus, &format!("promptgrimoire_{empty}")).await, 0.0, "{empty}");
    }
    let text = prometheus.get("/metrics").await.body;
    for name in ["writer_batches 0", "mailbox_messages 0", "mailbox_bytes 0", "mailbox_messages_fullest 0"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    for personal in [&talk, &student.id().await, "secret", "Demo"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }

    drop(one);
    until(async || value(&prometheus, "promptgrimoire_sockets_closed_total{code=\"left\"}").await == 1.0).await;
    other.post("/api/v1/sign-out", json!({})).await;
    two.until_closed().await;
    until(async || value(&prometheus, "promptgrimoire_sockets_closed_total{code=\"4401\"}").await == 1.0).await;
    until(async || value(&prometheus, "promptgrimoire_connections").await == 0.0).await;
}

#[tokio::test]
async fn what_waits_for_the_store_shows() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let talk = student.conversation("x", "A text.", "none").await;
    let mut peer = student.sync(&talk).await;
    peer.settle().await;
    let mut lock = app.database.pool.begin().await.unwrap();
    sqlx::query("lock table annotation_update in access exclusive mode").execute(&mut *lock).await.unwrap();
    peer.write("held").await;
    until(async || value(&student, "promptgrimoire_writer_batches").await == 1.0).await;
    lock.rollback().await.unwrap();
    peer.settle().await;
    until(async || value(&student, "promptgrimoire_writer_batches").await == 0.0).await;
}

#[tokio::test]
async fn where_there_is_a_token_for_metrics_only_who_knows_it_reads_them() {
    let app = TestApp::start_as(&["--metrics-token=a long word"], Timing::default()).await;
    let student = app.person("student-1").await;
    let as_ = async |token: &str| {
        let prometheus = app.stranger();
        let asked = prometheus.send(Method::GET, "/metrics", |request| request.bearer_auth(token)).await;
        (asked.status, asked.body.contains("promptgrimoire_rooms"))
    };
    assert_eq!(as_("a long word").await, (StatusCode::OK, true));
    assert_eq!(as_("a long wor").await, (StatusCode::UNAUTHORIZED, false));
    assert_eq!(student.get("/metrics").await.status, StatusCode::UNAUTHORIZED, "people do not read them");
}

#[tokio::test]
async fn a_public_server_without_a_token_for_metrics_has_none() {
    let public = ["--public-origin=https://a.example", "--stytch-project-id=project-test-1", "--stytch-secret=x"];
    let app = TestApp::start_as(&public, Timing::default()).await;
    let answer = app.stranger().get("/metrics").await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "not_found"));
}

#[tokio::test]
async fn metrics_are_open_metrics_for_those_who_ask_for_them_and_plain_text_for_others() {
    let app = TestApp::start().await;
    let prometheus = app.stranger();
    let asked = prometheus.send(Method::GET, "/metrics", |request| {
        request.header(header::ACCEPT, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    });
    let asked = asked.await;
    assert_eq!(asked.headers[header::CONTENT_TYPE], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(asked.body.ends_with("# EOF\n"), "{}", asked.body);
    assert!(asked.body.contains("# TYPE promptgrimoire_updates_applied counter\n"), "{}", asked.body);
    let plain = prometheus.get("/metrics").await;
    assert_eq!(plain.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    let counter = "# HELP promptgrimoire_updates_applied_total Updates that were committed and relayed.\n\
                   # TYPE promptgrimoire_updates_applied_total counter\n\
                   promptgrimoire_updates_applied_total 0\n";
    assert!(plain.body.contains(counter), "{}", plain.body);
}

#[tokio::test]
async fn the_dashboard_asks_for_what_is_told() {
    let app = TestApp::start().await;
    let (student, prometheus) = (app.person("student-1").await, app.stranger());
    // What has codes is told from its first one on.
    let mut peer = student.sync(&student.conversation("A title", "A text.", "class").await).await;
    peer.settle().await;
    peer.edit_silently(|doc| push(doc, "missed "));
    peer.write("sent").await;
    peer.until(|peer| peer.steps_1 == 2).await;
    drop(peer);
    until(async || value(&prometheus, "promptgrimoire_sockets_closed_total{code=\"left\"}").await > 0.0).await;
    let told = prometheus.get("/metrics").await.body;
    let dashboard = include_str!("../../../../docs/operations/grafana.json");
    let asked = dashboard.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let asked: Vec<&str> = asked.filter(|word| word.starts_with("promptgrimoire_")).collect();
    assert!(asked.len() > 8, "{asked:?}");
    for name in asked {
        // A counter that has not counted yet, and a histogram, are named by what they describe.
        let name = name.trim_end_matches("_bucket");
        assert!(told.lines().any(|line| line.starts_with(&format!("# TYPE {name} "))), "{name} is not told");
    }
    app.stop().await;
}
