//! What activities do not let staff do: reach other activities and classes, and go on when a class is over.

use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::ids::UserId;

use crate::{
    activities::{activity, class_and_template, copy, create, keys, mark, run, synced, until_rights_change},
    rooms_support::{tag, until},
    support::test_app::{TestApp, Visitor, assert_problem},
};

/// Marks something in a copy that has closed.
async fn late(app: &TestApp, student: &Visitor, talk: &str) {
    run(app, "update activities set closes_at = now()").await;
    let mut peer = synced(student, talk).await;
    mark(student, &mut peer, talk).await;
    peer.settle().await;
    assert_eq!(peer.refused[0].code, "activity_closed");
    let kept = "select count(*) from late_work";
    until(async || sqlx::query_scalar::<_, i64>(kept).fetch_one(&app.database.pool).await.unwrap() > 0).await;
}

#[tokio::test]
async fn copies_and_late_work_of_one_activity_are_not_reached_through_another() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&teacher).await;
    let [path, other] = [
        activity(&teacher, &class, &template, "individual").await,
        activity(&teacher, &class, &template, "individual").await,
    ];
    let talk = copy(&ann, &path).await;
    copy(&ann, &other).await;
    let revealed = teacher.post(&format!("{other}/reveal"), json!({"copies": [talk]})).await;
    assert_problem(&revealed, 409, "no_copies");
    late(&app, &ann, &talk).await;
    let body = json!({"copy": talk, "person": ann.id().await});
    assert_problem(&teacher.post(&format!("{other}/late"), body.clone()).await, 404, "not_found");
    assert_eq!(teacher.post(&format!("{path}/late"), body).await.json()["taken"], 1);
}

#[tokio::test]
async fn in_an_archived_class_nothing_is_taken_in_revealed_or_started() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let path = activity(&teacher, &class, &template, "individual").await;
    let open = activity(&teacher, &class, &template, "individual").await;
    let talk = copy(&ann, &path).await;
    late(&app, &ann, &talk).await;
    run(&app, "update activities set closes_at = null").await;
    run(&app, "update classes set archived_at = now()").await;
    let body = json!({"copy": talk, "person": ann.id().await});
    assert_problem(&teacher.post(&format!("{path}/late"), body).await, 409, "archived");
    assert_problem(&teacher.post(&format!("{path}/reveal"), json!({"random": 1})).await, 409, "archived");
    assert_problem(&ben.post(&format!("{open}/start"), json!({})).await, 409, "archived");
    let settings = json!({"title": "Another", "template": template, "mode": "individual"});
    assert_problem(&teacher.change(Method::PUT, &path, settings).await, 409, "archived");
    assert_problem(&teacher.delete(&open).await, 409, "archived");
    assert_eq!(copy(&ann, &path).await, talk, "what is there can be read");
}

#[tokio::test]
async fn neither_a_copy_nor_what_is_anonymous_is_a_template() {
    let app = TestApp::start().await;
    let teacher = app.person("instructor").await;
    let (class, template) = class_and_template(&teacher).await;
    let path = activity(&teacher, &class, &template, "individual").await;
    let own_copy = copy(&teacher, &path).await;
    let body = json!({"title": "x", "text": "Some words.", "share": "none", "anonymous": true});
    let anonymous = teacher.post("/api/v1/conversations", body).await.json()["id"].as_str().unwrap().to_owned();
    let offered = teacher.get(&format!("/api/v1/classes/{class}/templates")).await.body;
    for no_template in [own_copy, anonymous] {
        let settings = json!({"title": "Another", "template": no_template, "mode": "individual"});
        assert_problem(&create(&teacher, &class, settings).await, 400, "no_template");
        assert!(!offered.contains(&no_template), "{offered}");
    }
}

#[tokio::test]
async fn a_group_is_revealed_with_what_its_members_did_and_nothing_of_others() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let made = teacher.post(&format!("/api/v1/classes/{class}/groups"), json!({"name": "Lab 1"})).await;
    let group = made.json()["id"].clone();
    let member = format!("/api/v1/classes/{class}/members/{}/group", ann.id().await);
    assert_eq!(teacher.change(Method::PUT, &member, json!({"group": group})).await.status, StatusCode::NO_CONTENT);
    let path = activity(&teacher, &class, &template, "individual").await;
    let mut made = Vec::new();
    for student in [&ann, &ben] {
        let talk = copy(student, &path).await;
        let mut peer = synced(student, &talk).await;
        made.push(mark(student, &mut peer, &talk).await);
        peer.settle().await;
    }
    let revealed = teacher.post(&format!("{path}/reveal"), json!({"group": group})).await;
    assert_eq!(revealed.status, StatusCode::CREATED, "{}", revealed.body);
    let peer = synced(&ben, revealed.json()["id"].as_str().unwrap()).await;
    assert_eq!(keys(&peer, "highlights"), [made[0].clone()].into());

    // So often and no more.
    run(
        &app,
        "with more as (insert into conversations (id, title, owner_id)
                       select gen_random_uuid(), 'More', template.owner_id
                       from generate_series(1, 19), (select owner_id from conversations limit 1) as template
                       returning id)
         insert into activity_reveals (conversation_id, activity_id) select more.id, a.id from more, activities a",
    )
    .await;
    let another = teacher.post(&format!("{path}/reveal"), json!({"random": 1})).await;
    assert_problem(&another, 409, "too_many_reveals");
}

#[tokio::test]
async fn whoever_leaves_a_class_reads_what_they_made_and_sees_no_reveal() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&teacher).await;
    let path = activity(&teacher, &class, &template, "individual").await;
    let talk = copy(&ann, &path).await;
    let revealed = teacher.post(&format!("{path}/reveal"), json!({"random": 1})).await.json();
    let revealed = format!("/api/v1/conversations/{}", revealed["id"].as_str().unwrap());
    let me: UserId = ann.id().await.parse().unwrap();
    let mut peer = synced(&ann, &talk).await;
    assert_eq!(ann.post(&format!("/api/v1/classes/{class}/leave"), json!({})).await.status, StatusCode::NO_CONTENT);
    // The API looks each time, and knows before the connection does.
    until_rights_change(&mut peer).await;
    let rights = ann.get(&format!("/api/v1/conversations/{talk}/rights")).await.json();
    assert_eq!(rights["access"], "viewer");
    peer.edit(|doc| {
        tag(doc, me);
    })
    .await;
    peer.settle().await;
    assert_eq!(peer.refused[0].code, "read_only");
    for gone in [&revealed, &path] {
        assert_eq!(ann.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert!(!ann.get("/api/v1/conversations?of=shared").await.body.contains("Revealed"));
}
