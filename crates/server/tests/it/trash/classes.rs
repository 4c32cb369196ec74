//! Classes in the trash: nobody is in one, nobody comes into one, and it comes out with all who were in it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::trash;
use shared::sync::CloseCode;
use sqlx::PgPool;

use super::{ADDRESS, count, days_between, told};
use crate::{
    activities::{activity, class_and_template, copy, mark, synced},
    support::test_app::{TestApp, Visitor, assert_problem},
};

/// Whoever was in a class, and what stands in it.
async fn people(teacher: &Visitor, class: &str) -> (Value, Value) {
    let people = teacher.get(&format!("/api/v1/classes/{class}/members")).await.json();
    (teacher.get(&format!("/api/v1/classes/{class}")).await.json(), people)
}

async fn older(db: &PgPool) {
    let older = "update classes set trashed_at = now() - interval '31 days' where trashed_at is not null";
    sqlx::query(older).execute(db).await.unwrap();
}

#[tokio::test]
async fn a_class_in_the_trash_is_there_for_nobody_and_comes_back_with_all_who_were_in_it() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let address = format!("/api/v1/classes/{class}");
    let group = teacher.post(&format!("{address}/groups"), json!({"name": "Lab"})).await.json();
    let place = format!("{address}/members/{}/group", ann.id().await);
    let grouped = teacher.change(Method::PUT, &place, json!({"group": group["id"]})).await;
    assert_eq!(grouped.status, StatusCode::NO_CONTENT, "{}", grouped.body);
    let (alone, room) = (
        activity(&teacher, &class, &template, "individual").await,
        activity(&teacher, &class, &template, "together").await,
    );
    let (own, shared) = (copy(&ann, &alone).await, copy(&ben, &room).await);
    let talk = ben.conversation("Zymurgy", "User: What is it?\n\nAssistant: Brewing.", "class").await;
    let mut peer = synced(&ann, &own).await;
    mark(&ann, &mut peer, &own).await;
    peer.settle().await;
    let mut reading = synced(&ann, &talk).await;
    let made = teacher.post("/api/v1/projects", json!({"name": "Whales", "class": class})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let project = format!("/api/v1/projects/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(teacher.post(&format!("{address}/code"), json!({})).await.status, StatusCode::OK);
    let waits = "insert into roster_entries (id, class_id, email, name, role)
                 values (gen_random_uuid(), $1::uuid, 'late@example.test', 'Late', 'student')";
    sqlx::query(waits).bind(&class).execute(&app.database.pool).await.unwrap();
    let chat = ann.post(&format!("{project}/conversations"), json!({})).await;
    assert_eq!(chat.status, StatusCode::CREATED, "{}", chat.body);
    let chat = format!("{ADDRESS}/{}", chat.json()["id"].as_str().unwrap());
    assert_eq!(ann.get(&chat).await.json()["chat"]["may_send"], true);
    let (before, members) = people(&teacher, &class).await;
    let link =
        teacher.post(&format!("{address}/invitations"), json!({"role": "student", "days": 7, "max_uses": 9})).await;
    assert_eq!(link.status, StatusCode::CREATED, "{}", link.body);
    let link = link.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_problem(&ann.delete(&address).await, 403, "not_allowed");
    assert_eq!(teacher.delete(&address).await.status, StatusCode::NO_CONTENT);
    assert_problem(&teacher.delete(&address).await, 404, "not_found");

    // Open pages learn of it, and nothing tells of what is in it.
    for peer in [&mut peer, &mut reading] {
        assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    }
    let root = app.newcomer("Root").await;
    let appoint = "update users set is_admin = true where id = $1::uuid";
    sqlx::query(appoint).bind(root.id().await).execute(&app.database.pool).await.unwrap();
    for person in [&teacher, &ann, &root] {
        for path in [&address, &format!("{address}/members"), &alone, &room, &project] {
            assert_problem(&person.get(path).await, 404, "not_found");
        }
        for page in [format!("/classes/{class}"), format!("/c/{own}"), format!("/c/{shared}")] {
            assert_eq!(person.get(&page).await.status, StatusCode::NOT_FOUND, "{page}");
        }
        let listed = person.get("/api/v1/classes").await.json();
        assert!(!listed["classes"].to_string().contains(&class), "{listed}");
        for talk in [&own, &shared] {
            assert_eq!(told(person, talk).await, Vec::<String>::new());
        }
    }
    assert_eq!(ann.get("/api/v1/activities/open").await.json(), json!([]));
    assert_eq!(teacher.get("/api/v1/classes").await.json()["may_create"], true, "they taught it");
    // What was shared with it is its owner's, and nobody else's meanwhile.
    assert_eq!(ben.get(&format!("{ADDRESS}/{talk}")).await.json()["access"], "owner");
    assert_problem(&ann.get(&format!("{ADDRESS}/{talk}")).await, 404, "not_found");
    // A chat is its writer's; nobody goes on with it, and the class pays for none.
    assert_eq!(ann.get(&chat).await.json()["chat"]["may_send"], false);
    // Nobody comes in, by whatever way.
    let stranger = app.newcomer("Stranger").await;
    let code = before["code"].as_str().unwrap();
    assert_problem(&stranger.post("/api/v1/classes/join", json!({ "code": code })).await, 400, "unknown_code");
    assert_problem(&stranger.get(&format!("/api/v1/invitations/{link}")).await, 404, "not_found");
    assert_problem(&stranger.post(&format!("/api/v1/invitations/{link}/join"), json!({})).await, 404, "not_found");
    let user = stranger.id().await.parse().unwrap();
    server::classes::take_up(&mut app.database.pool.acquire().await.unwrap(), user, "late@example.test").await.unwrap();
    assert_eq!(count(&app, "select count(*) from memberships where class_id = $1::uuid", &class).await, 0);

    let line = teacher.get("/api/v1/trash").await.json()["classes"][0].clone();
    let counts = ["members", "activities", "copies", "projects"].map(|name| line[name].as_i64().unwrap());
    assert_eq!((counts, days_between(&line)), ([before["members"].as_i64().unwrap(), 2, 2, 1], 30));
    assert!(teacher.get("/trash").await.body.contains("Demo class"));
    assert_eq!(ann.get("/api/v1/trash").await.json()["classes"], json!([]));
    assert_eq!(root.get("/api/v1/trash").await.json()["classes"][0]["id"], json!(class), "admins can take it out");
    let in_trash = address.replace("/api/v1/", "/api/v1/trash/");
    for person in [&ann, &stranger] {
        assert_problem(&person.post(&format!("{in_trash}/restore"), json!({})).await, 404, "not_found");
        assert_problem(&person.delete(&in_trash).await, 404, "not_found");
    }

    // Whoever came in all the same, by a server of the version before, is what they were.
    let stray = "insert into memberships (class_id, user_id, role) values ($1::uuid, $2::uuid, 'student')";
    sqlx::query(stray).bind(&class).bind(teacher.id().await).execute(&app.database.pool).await.unwrap();
    assert!(!teacher.get("/api/v1/classes").await.body.contains(&class));
    assert_eq!(teacher.post(&format!("{in_trash}/restore"), json!({})).await.status, StatusCode::NO_CONTENT);
    assert_problem(&teacher.post(&format!("{in_trash}/restore"), json!({})).await, 404, "not_found");
    assert_eq!(people(&teacher, &class).await, (before, members));
    assert_eq!((copy(&ann, &alone).await, copy(&ben, &room).await), (own.clone(), shared));
    assert_eq!(ann.get(&format!("{ADDRESS}/{talk}")).await.status, StatusCode::OK);
    assert_eq!(teacher.get(&project).await.status, StatusCode::OK);
    let joined = stranger.post(&format!("/api/v1/invitations/{link}/join"), json!({})).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.body);
}

#[tokio::test]
async fn a_class_that_is_deleted_takes_its_activities_and_leaves_people_what_is_theirs() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (first, template) = class_and_template(&teacher).await;
    let made = teacher.post("/api/v1/classes", json!({"name": "Another"})).await.json();
    let second = made["id"].as_str().unwrap().to_owned();
    let task = activity(&teacher, &first, &template, "individual").await;
    let own = copy(&ann, &task).await;
    let talk = ann.conversation("Mine", "A text.", "class").await;
    let hidden = json!({"title": "Hidden", "text": "A text.", "share": "class", "anonymous": true});
    let hidden = ann.post(ADDRESS, hidden).await.json()["id"].as_str().unwrap().to_owned();
    let sees = async || ann.get(&format!("{ADDRESS}/{hidden}/rights")).await.json()["sees_names"].clone();
    let ben = app.person("student-2").await;
    synced(&ben, &hidden).await;
    assert_eq!(sees().await, false);
    for class in [&first, &second] {
        let project = teacher.post("/api/v1/projects", json!({"name": "Whales", "class": class})).await;
        let path = format!("/api/v1/projects/{}", project.json()["id"].as_str().unwrap());
        assert_eq!(teacher.upload(&format!("{path}/files"), "note.txt", "words").await.status, StatusCode::CREATED);
        assert_eq!(teacher.delete(&format!("/api/v1/classes/{class}")).await.status, StatusCode::NO_CONTENT);
    }

    // One by hand, the other after thirty days.
    assert_eq!(teacher.delete(&format!("/api/v1/trash/classes/{second}")).await.status, StatusCode::NO_CONTENT);
    let there = "select count(*) from classes where id = $1::uuid";
    assert_eq!((count(&app, there, &first).await, count(&app, there, &second).await), (1, 0));
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 0, "not before its time");
    older(&app.database.pool).await;
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 1);
    assert_eq!(count(&app, there, &first).await, 0);

    assert_eq!(count(&app, "select count(*) from conversations where id = $1::uuid", &own).await, 0);
    assert_eq!(count(&app, "select count(*) from files where name = $1 and deleted_at is null", "note.txt").await, 0);
    assert_eq!(ann.get(&format!("{ADDRESS}/{talk}")).await.json()["access"], "owner");
    assert_eq!(ann.get(&format!("{ADDRESS}/{talk}/sharing")).await.json()["class"], Value::Null);
    // Who wrote there was told that staff alone see names.
    assert_eq!(sees().await, false);
    let by = ann.get(&format!("{ADDRESS}/{hidden}")).await.json()["anonymity"]["names_seen_by"].clone();
    assert_eq!(by, "staff");
    // What it was made from is the teacher's, and can go now.
    assert_eq!(teacher.delete(&format!("{ADDRESS}/{template}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(teacher.get("/api/v1/trash").await.json()["classes"], json!([]));
    assert_eq!(teacher.get("/api/v1/projects").await.status, StatusCode::OK);
}
