//! Sharing: whom it lets in, what they may do, and how it ends.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{rooms::Timing, sharing};
use shared::{ids::UserId, sync::CloseCode};

use crate::support::test_app::{Answer, TestApp, Visitor};

const ADDRESS: &str = "/api/v1/conversations";

/// Nobody is looked at again but when something was said.
async fn start() -> TestApp {
    let recheck = std::time::Duration::from_secs(3_600);
    TestApp::start_as(&[], Timing { recheck, ..Timing::default() }).await
}

async fn share(owner: &Visitor, talk: &str, email: &str, access: &str) -> Answer {
    owner.post(&format!("{ADDRESS}/{talk}/sharing/people"), json!({"email": email, "access": access})).await
}

async fn sharing_of(owner: &Visitor, talk: &str) -> Value {
    owner.get(&format!("{ADDRESS}/{talk}/sharing")).await.json()
}

/// The secret of a new link.
async fn link(owner: &Visitor, talk: &str, access: &str) -> String {
    let made = owner.post(&format!("{ADDRESS}/{talk}/sharing/links"), json!({"access": access, "days": 7})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn email(visitor: &Visitor) -> String {
    visitor.get("/api/v1/me").await.json()["email"].as_str().unwrap().to_owned()
}

/// What they may do there; nothing if it is not there for them.
async fn access(visitor: &Visitor, talk: &str) -> Option<String> {
    let answer = visitor.get(&format!("{ADDRESS}/{talk}/rights")).await;
    match answer.status {
        StatusCode::OK => Some(answer.json()["access"].as_str().unwrap().to_owned()),
        StatusCode::NOT_FOUND => None,
        other => panic!("{other}: {}", answer.body),
    }
}

async fn run(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn each_grant_lets_do_what_it_says_over_the_socket() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.newcomer("Guest").await);
    let talk = owner.conversation("x", "A text.", "none").await;
    let address = email(&guest).await;
    assert_eq!(guest.sync(&talk).await.until_closed().await, Some(CloseCode::NotFound));
    for (grant, may_write) in [("viewer", false), ("annotator", true), ("editor", true)] {
        assert_eq!(share(&owner, &talk, &address, grant).await.status, StatusCode::CREATED);
        assert_eq!(access(&guest, &talk).await.as_deref(), Some(grant));
        let mut peer = guest.sync(&talk).await;
        peer.until(|peer| peer.synced).await;
        peer.write(grant).await;
        peer.settle().await;
        assert_eq!(peer.refused.is_empty(), may_write, "{grant}");
    }
    assert_eq!(sharing_of(&owner, &talk).await["people"].as_array().unwrap().len(), 1, "one address is one share");
    let listed = guest.get(ADDRESS).await.json();
    assert_eq!(listed[0]["id"], talk.as_str());
    assert_eq!(guest.get(&format!("{ADDRESS}/{talk}/sharing")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_is_removed_is_out_at_once_in_every_open_tab() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.newcomer("Guest").await);
    let talk = owner.conversation("x", "A text.", "none").await;
    let id = share(&owner, &talk, &email(&guest).await, "editor").await.json()["id"].as_str().unwrap().to_owned();
    let (mut peer, mut own) = (guest.sync(&talk).await, owner.sync(&talk).await);
    peer.settle().await;
    own.settle().await;
    let path = format!("{ADDRESS}/{talk}/sharing/people/{id}");
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    assert_eq!(access(&guest, &talk).await, None);
    assert_eq!(guest.get(ADDRESS).await.json(), json!([]));
    own.write("still here").await;
    own.settle().await;
    assert_eq!(owner.delete(&path).await.status, StatusCode::NOT_FOUND, "once");
}

#[tokio::test]
async fn less_than_before_is_less_at_once() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.newcomer("Guest").await);
    let talk = owner.conversation("x", "A text.", "none").await;
    let address = email(&guest).await;
    share(&owner, &talk, &address, "annotator").await;
    let mut peer = guest.sync(&talk).await;
    peer.write("a").await;
    peer.settle().await;
    assert!(peer.refused.is_empty());
    share(&owner, &talk, &address, "viewer").await;
    // What the socket may do follows what the tables say; when, a change that is refused tells.
    while peer.refused.is_empty() {
        peer.write("b").await;
        peer.settle().await;
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_waits_for_its_person_and_says_nothing_of_whether_anybody_has_it() {
    let app = start().await;
    let (owner, there) = (app.person("student-1").await, app.newcomer("There").await);
    let talk = owner.conversation("x", "A text.", "none").await;
    let known = share(&owner, &talk, &email(&there).await.to_uppercase(), "viewer").await;
    let unknown = share(&owner, &talk, "nobody@example.test", "viewer").await;
    assert_eq!((known.status, unknown.status), (StatusCode::CREATED, StatusCode::CREATED));
    let people = sharing_of(&owner, &talk).await["people"].clone();
    assert!(people.as_array().unwrap().iter().all(|person| person["name"].is_null()), "{people}");
    let names = owner.get(&format!("{ADDRESS}/{talk}/people")).await.body;
    assert!(!names.contains("There"), "{names}");

    assert_eq!(there.get(&format!("{ADDRESS}/{talk}")).await.status, StatusCode::OK);
    let people = sharing_of(&owner, &talk).await["people"].clone();
    assert!(people.to_string().contains("There"), "who has opened it is known by name: {people}");

    let newcomer = app.newcomer("Newcomer").await;
    assert_eq!(access(&newcomer, &talk).await, None);
    let id: UserId = newcomer.id().await.parse().unwrap();
    let mut conn = app.database.pool.acquire().await.unwrap();
    sharing::take_up(&mut conn, id, "Nobody@Example.test").await.unwrap();
    assert_eq!(access(&newcomer, &talk).await.as_deref(), Some("viewer"));
    let other: UserId = there.id().await.parse().unwrap();
    sharing::take_up(&mut conn, other, "nobody@example.test").await.unwrap();
    assert_eq!(access(&newcomer, &talk).await.as_deref(), Some("viewer"), "who has it keeps it");
}

#[tokio::test]
async fn a_link_lets_in_whoever_has_it_until_it_is_revoked_or_expires() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.newcomer("Guest").await);
    let talk = owner.conversation("Ours", "A text.", "none").await;
    let secret = link(&owner, &talk, "annotator").await;
    let path = format!("/api/v1/links/{secret}");
    let preview = guest.get(&path).await.json();
    assert_eq!((&preview["title"], &preview["access"]), (&json!("Ours"), &json!("annotator")));
    assert_eq!(access(&guest, &talk).await, None, "looking at it lets nobody in");
    assert_eq!(app.stranger().get(&path).await.status, StatusCode::UNAUTHORIZED);
    for _ in 0..2 {
        assert_eq!(guest.post(&format!("{path}/open"), json!({})).await.json()["id"], talk.as_str());
    }
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("annotator"));
    let links = sharing_of(&owner, &talk).await["links"].clone();
    assert_eq!((links[0]["uses"].as_i64(), links.to_string().contains(&secret)), (Some(1), false));

    let mut peer = guest.sync(&talk).await;
    peer.write("mine").await;
    peer.settle().await;
    let revoke = format!("{ADDRESS}/{talk}/sharing/links/{}", links[0]["id"].as_str().unwrap());
    assert_eq!(owner.delete(&revoke).await.status, StatusCode::NO_CONTENT);
    assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    assert_eq!((access(&guest, &talk).await, guest.get(&path).await.status), (None, StatusCode::NOT_FOUND));
    assert_eq!(guest.post(&format!("{path}/open"), json!({})).await.status, StatusCode::NOT_FOUND);
    let names = owner.get(&format!("{ADDRESS}/{talk}/people")).await.body;
    assert!(names.contains("Guest"), "what they wrote keeps their name: {names}");

    let other = link(&owner, &talk, "viewer").await;
    guest.post(&format!("/api/v1/links/{other}/open"), json!({})).await;
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("viewer"));
    run(&app, "update conversation_links set expires_at = now() where revoked_at is null").await;
    assert_eq!(access(&guest, &talk).await, None);
    assert_eq!(guest.get(&format!("/api/v1/links/{other}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_several_doors_the_widest_counts() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("x", "A text.", "class").await;
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("annotator"));
    let address = email(&guest).await;
    share(&owner, &talk, &address, "viewer").await;
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("annotator"));
    let secret = link(&owner, &talk, "editor").await;
    guest.post(&format!("/api/v1/links/{secret}/open"), json!({})).await;
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("editor"));
    run(&app, "update conversation_links set revoked_at = now()").await;
    let path = format!("{ADDRESS}/{talk}/sharing/class");
    assert_eq!(owner.change(Method::PUT, &path, json!({"class": null})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("viewer"), "what is left");
}

#[tokio::test]
async fn a_conversation_is_shared_with_a_class_of_ones_own_alone() {
    let app = start().await;
    let (owner, guest) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("x", "A text.", "none").await;
    let path = format!("{ADDRESS}/{talk}/sharing/class");
    let own = sharing_of(&owner, &talk).await["classes"][0]["id"].clone();
    assert_eq!(owner.change(Method::PUT, &path, json!({"class": own})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(sharing_of(&owner, &talk).await["class"]["id"], own);
    assert_eq!(access(&guest, &talk).await.as_deref(), Some("annotator"));
    let foreign = shared::ids::ClassId::new();
    run(&app, "insert into classes (id, name) values ('0190c1a2-0000-7000-8000-000000000001', 'Foreign')").await;
    for class in [foreign.to_string(), "0190c1a2-0000-7000-8000-000000000001".to_owned()] {
        let refused = owner.change(Method::PUT, &path, json!({"class": class})).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "no_class"));
    }
    run(&app, "update classes set archived_at = now() where name <> 'Foreign'").await;
    let refused = owner.change(Method::PUT, &path, json!({"class": own})).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "no_class"), "an archived one");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said_and_nothing_is_shared() {
    let app = start().await;
    let owner = app.person("student-1").await;
    let talk = owner.conversation("x", "A text.", "none").await;
    let own = email(&owner).await;
    for (address, code) in [("", "bad_email"), ("nobody", "bad_email"), (own.as_str(), "own_email")] {
        let refused = share(&owner, &talk, address, "viewer").await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, code), "{address}");
    }
    assert_eq!(share(&owner, &talk, "a@example.test", "owner").await.problem(), "bad_json");
    for days in [0, 366, -1] {
        let asked = json!({"access": "viewer", "days": days});
        let refused = owner.post(&format!("{ADDRESS}/{talk}/sharing/links"), asked).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "bad_days"), "{days}");
    }
    let sharing = sharing_of(&owner, &talk).await;
    assert_eq!((&sharing["people"], &sharing["links"], &sharing["class"]), (&json!([]), &json!([]), &Value::Null));
}

#[tokio::test]
async fn there_is_a_limit_of_people_and_of_links() {
    let app = start().await;
    let owner = app.person("student-1").await;
    let talk = owner.conversation("x", "A text.", "none").await;
    for number in 0..20 {
        link(&owner, &talk, "viewer").await;
        share(&owner, &talk, &format!("a{number}@example.test"), "viewer").await;
    }
    let refused = owner.post(&format!("{ADDRESS}/{talk}/sharing/links"), json!({"access": "viewer", "days": 1})).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "too_many_links"));
    run(
        &app,
        "insert into conversation_shares (id, conversation_id, email, access)
         select gen_random_uuid(), conversation_id, 'b' || number || '@example.test', 'viewer'
         from (select conversation_id from conversation_shares limit 1) as one, generate_series(1, 180) as number",
    )
    .await;
    let refused = share(&owner, &talk, "one-more@example.test", "viewer").await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "too_many_shares"));
    assert_eq!(share(&owner, &talk, "a1@example.test", "editor").await.status, StatusCode::CREATED, "a known one");
}
