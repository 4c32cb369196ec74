//! What happens to open connections when their people may not have them any more.
//!
//! Nobody looks at everybody now and then, but where a test is of that: what is found is found because it was said.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use server::{
    rooms::{Member, Outgoing, Timing, Whom},
    sessions::Proof,
};
use shared::{
    access::{Access, Rights},
    ids::ConversationId,
    sync::CloseCode,
};
use tokio::time::timeout;
use yrs::{ReadTxn, Transact};

use crate::{
    rooms_support::{PATIENCE, Peer, doc, push, until},
    support::test_app::{TestApp, Visitor},
};

async fn start() -> TestApp {
    recheck(Duration::from_secs(3_600)).await
}

async fn recheck(recheck: Duration) -> TestApp {
    TestApp::start_as(&[], Timing { recheck, ..Timing::default() }).await
}

async fn shared(owner: &Visitor, title: &str) -> String {
    owner.conversation(title, "A text.", "class").await
}

async fn change(app: &TestApp, sql: &'static str, id: &str) {
    let id: uuid::Uuid = id.parse().unwrap();
    let changed = sqlx::query(sql).bind(id).execute(&app.database.pool).await.unwrap();
    assert!(changed.rows_affected() > 0);
}

/// From now on the tables tell nothing: only what a route says itself is known.
async fn silence(app: &TestApp) {
    let drop = "drop function tell_access_changed cascade";
    sqlx::query(drop).execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn signing_out_closes_the_session_everywhere_and_no_other() {
    let app = start().await;
    silence(&app).await;
    let (student, elsewhere) = tokio::join!(app.person("student-1"), app.person("student-1"));
    let (one, two) = (shared(&student, "one").await, shared(&student, "two").await);
    let mut tabs = [student.sync(&one).await, student.sync(&one).await, student.sync(&two).await];
    let mut others = [elsewhere.sync(&one).await, app.person("student-2").await.sync(&one).await];
    for peer in tabs.iter_mut().chain(&mut others) {
        peer.settle().await;
    }
    assert_eq!(student.post("/api/v1/sign-out", json!({})).await.status, StatusCode::NO_CONTENT);
    for peer in &mut tabs {
        assert_eq!(peer.until_closed().await, Some(CloseCode::SignedOut));
    }
    let [mut same, mut other] = others;
    same.write("still here").await;
    same.settle().await;
    other.until(|peer| peer.notes() == "still here").await;
    assert_eq!(
        student.sync(&one).await.until_closed().await,
        Some(CloseCode::SignedOut),
        "the cookie is worth nothing"
    );
}

#[tokio::test]
async fn signing_out_by_the_form_closes_too() {
    let app = start().await;
    silence(&app).await;
    let student = app.person("student-1").await;
    let talk = shared(&student, "x").await;
    let mut tab = student.sync(&talk).await;
    tab.settle().await;
    assert_eq!(student.post("/sign-out", json!({})).await.status, StatusCode::SEE_OTHER);
    assert_eq!(tab.until_closed().await, Some(CloseCode::SignedOut));
}

#[tokio::test]
async fn whoever_signs_out_while_they_connect_is_not_let_in() {
    let app = start().await;
    silence(&app).await;
    let owner = app.person("instructor").await;
    let talk = shared(&owner, "x").await;
    for _ in 0..20 {
        let student = app.person("student-1").await;
        let (mut peer, out) = tokio::join!(student.sync(&talk), student.post("/api/v1/sign-out", json!({})));
        assert_eq!(out.status, StatusCode::NO_CONTENT);
        assert_eq!(peer.until_closed().await, Some(CloseCode::SignedOut));
    }
}

/// The narrow case of the test above, which comes about by chance there: looked up, signed out, seated.
#[tokio::test]
async fn whoever_signed_out_between_the_look_and_the_seat_is_not_let_in() {
    let app = start().await;
    silence(&app).await;
    let student = app.person("student-1").await;
    let talk: ConversationId = shared(&student, "x").await.parse().unwrap();
    let member = member(&app, &student).await;
    student.post("/api/v1/sign-out", json!({})).await;
    let mut seat = app.rooms.join(talk, member).await.unwrap();
    let next = timeout(PATIENCE, seat.outbox.next()).await.unwrap();
    assert_eq!(next, Outgoing::Close(CloseCode::SignedOut), "not even the first frame");
}

/// As the route makes it, with less access than it would find.
async fn member(app: &TestApp, visitor: &Visitor) -> Member {
    Member {
        as_of: app.rooms.now(),
        user: visitor.id().await.parse().unwrap(),
        author: visitor.id().await.parse().unwrap(),
        of_epoch: None,
        name: "Somebody".to_owned(),
        rights: Rights {
            access: Access::Viewer,
            moderates: false,
            sees_names: true,
            may_copy: true,
            may_rename: false,
            sees_history: false,
        },
        proof: Proof::Session(visitor.session()),
        speaks_v1: true,
        epoch: None,
    }
}

#[tokio::test]
async fn a_session_that_is_revoked_or_ends_by_another_hand_closes() {
    let app = start().await;
    let talk = shared(&app.person("instructor").await, "x").await;
    for sql in [
        "update sessions set revoked_at = now() where user_id = $1",
        "update sessions set expires_at = now() where user_id = $1",
        "delete from sessions where user_id = $1",
    ] {
        let student = app.person("student-1").await;
        let mut tab = student.sync(&talk).await;
        tab.settle().await;
        change(&app, sql, &student.id().await).await;
        assert_eq!(tab.until_closed().await, Some(CloseCode::SignedOut), "{sql}");
    }
}

#[tokio::test]
async fn a_session_that_expires_while_it_is_connected_closes() {
    let app = recheck(Duration::from_millis(20)).await;
    let (student, other) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let talk = shared(&student, "x").await;
    let (mut tab, mut stays) = (student.sync(&talk).await, other.sync(&talk).await);
    stays.settle().await;
    // Nobody is told of this, as nobody is told that time passes.
    let idle = "update sessions set last_seen_at = now() - interval '15 days' where user_id = $1";
    change(&app, idle, &student.id().await).await;
    assert_eq!(tab.until_closed().await, Some(CloseCode::SignedOut));
    stays.write("still here").await;
    stays.settle().await;
}

#[tokio::test]
async fn who_is_removed_from_the_class_is_shown_out_of_its_conversations_and_not_of_their_own() {
    let app = start().await;
    let (owner, student) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (theirs, own) = (shared(&owner, "theirs").await, shared(&student, "own").await);
    let (mut goes, mut stays) = (student.sync(&theirs).await, student.sync(&own).await);
    let mut owner = owner.sync(&theirs).await;
    for peer in [&mut goes, &mut stays, &mut owner] {
        peer.settle().await;
    }
    change(&app, "delete from memberships where user_id = $1", &student.id().await).await;
    assert_eq!(goes.until_closed().await, Some(CloseCode::Denied));
    assert_eq!(student.sync(&theirs).await.until_closed().await, Some(CloseCode::NotFound));
    for peer in [&mut stays, &mut owner] {
        peer.write("still here").await;
        peer.settle().await;
    }
}

#[tokio::test]
async fn a_conversation_that_is_not_shared_any_more_is_left_by_all_but_its_owner() {
    let app = start().await;
    let (owner, student) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (talk, other) = (shared(&owner, "x").await, shared(&owner, "y").await);
    let (mut goes, mut stays) = (student.sync(&talk).await, student.sync(&other).await);
    let mut owner = owner.sync(&talk).await;
    for peer in [&mut goes, &mut stays, &mut owner] {
        peer.settle().await;
    }
    change(&app, "update conversations set share = 'none' where id = $1", &talk).await;
    assert_eq!(goes.until_closed().await, Some(CloseCode::Denied));
    for peer in [&mut stays, &mut owner] {
        peer.write("still here").await;
        peer.settle().await;
    }
}

#[tokio::test]
async fn a_whole_class_that_is_removed_at_once_is_shown_out() {
    let app = start().await;
    let owner = app.person("instructor").await;
    let talk = shared(&owner, "x").await;
    let mut gone = Vec::new();
    for student in ["student-1", "student-2", "student-1", "student-2"] {
        let mut peer = app.person(student).await.sync(&talk).await;
        peer.settle().await;
        gone.push(peer);
    }
    sqlx::query("delete from memberships where role = 'student'").execute(&app.database.pool).await.unwrap();
    for mut peer in gone {
        assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    }
}

#[tokio::test]
async fn access_that_changes_holds_for_the_next_update_on_the_same_connection() {
    let app = start().await;
    let student = app.person("student-1").await;
    let talk: ConversationId = shared(&student, "x").await.parse().unwrap();
    let mut peer = Peer::join(&app.rooms, talk, &member(&app, &student).await).await;
    peer.settle().await;
    let refused = peer.write("may not").await;
    peer.settle().await;
    assert_eq!((peer.refused[0].refused, peer.refused[0].code.as_str()), (refused, "read_only"));
    app.rooms.access_changed(&[Whom::Conversation(talk)]).await.unwrap();
    // From another client id: the first lacks what was refused.
    let other = doc();
    push(&other, "may now");
    let update = other.transact().encode_state_as_update_v1(&Default::default());
    peer.say_update(&update).await;
    peer.settle().await;
    assert_eq!(peer.refused.len(), 1);
}

#[tokio::test]
async fn a_token_is_listed_until_it_is_revoked_and_then_closes_what_it_opened() {
    let app = start().await;
    silence(&app).await;
    let (student, other) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let talk = shared(&student, "x").await;
    let ((first, secret), (second, kept)) = (student.token("first").await, student.token("second").await);
    let mut goes = app.stranger().sync_by_token(&talk, &secret).await;
    let mut stays = [app.stranger().sync_by_token(&talk, &kept).await, student.sync(&talk).await];
    for peer in stays.iter_mut().chain([&mut goes]) {
        peer.settle().await;
    }
    let listed = student.get("/api/v1/tokens").await;
    assert!(!listed.body.contains(&secret) && !listed.body.contains(&kept), "{}", listed.body);
    let listed: Vec<shared::api::Token> = serde_json::from_str(&listed.body).unwrap();
    assert_eq!(listed.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["second", "first"]);
    assert!(listed.iter().all(|token| token.last_used_at.is_some()));
    assert_eq!(other.get("/api/v1/tokens").await.body, "[]");

    let path = format!("/api/v1/tokens/{first}");
    assert_eq!(other.delete(&path).await.problem(), "not_found", "it is not theirs");
    assert_eq!(student.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(goes.until_closed().await, Some(CloseCode::SignedOut));
    assert_eq!(app.stranger().sync_by_token(&talk, &secret).await.until_closed().await, Some(CloseCode::SignedOut));
    for mut peer in stays {
        peer.write("still here").await;
        peer.settle().await;
    }
    assert_eq!(student.delete(&path).await.problem(), "not_found", "it is revoked");
    assert_eq!(student.delete("/api/v1/tokens/x").await.problem(), "not_found");
    let listed = student.get("/api/v1/tokens").await.json();
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["id"].as_str()), (1, Some(second.as_str())));
}

#[tokio::test]
async fn a_token_that_is_revoked_by_another_hand_closes() {
    let app = start().await;
    let student = app.person("student-1").await;
    let talk = shared(&student, "x").await;
    let (id, secret) = student.token("x").await;
    let mut peer = app.stranger().sync_by_token(&talk, &secret).await;
    peer.settle().await;
    change(&app, "update tokens set revoked_at = now() where id = $1", &id).await;
    assert_eq!(peer.until_closed().await, Some(CloseCode::SignedOut));
}

#[tokio::test]
async fn tokens_are_not_managed_by_tokens() {
    let app = start().await;
    let student = app.person("student-1").await;
    let (id, secret) = student.token("x").await;
    let program = app.stranger();
    for (method, path) in [(Method::GET, "/api/v1/tokens".to_owned()), (Method::DELETE, format!("/api/v1/tokens/{id}"))]
    {
        let answer = program.send(method, &path, |request| request.bearer_auth(&secret)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "token_by_token"));
    }
}

/// Somebody else's hand ended our connections to the database too, and what was said meanwhile was not heard.
#[tokio::test]
async fn what_was_not_heard_is_looked_up_when_the_database_is_heard_again() {
    let app = start().await;
    let student = app.person("student-1").await;
    let talk = shared(&student, "x").await;
    let mut tab = student.sync(&talk).await;
    tab.settle().await;
    let mut conn = app.database.pool.acquire().await.unwrap().detach();
    let unheard = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and query like 'LISTEN%'";
    // It listens soon after the start.
    until(async || !sqlx::query(unheard).fetch_all(&mut conn).await.unwrap().is_empty()).await;
    sqlx::query("update sessions set revoked_at = now() where token_hash = $1")
        .bind(student.session())
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(tab.until_closed().await, Some(CloseCode::SignedOut));
}
