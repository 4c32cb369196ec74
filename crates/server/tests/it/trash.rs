//! The trash: nobody sees what is in it, it comes out as it was, and after thirty days it is gone.

mod classes;

use reqwest::StatusCode;
use serde_json::{Value, json};
use server::trash;
use shared::sync::CloseCode;

use crate::{
    activities::{activity, class_and_template, copy, mark, synced},
    rooms_support::until,
    support::{
        chats::Chat,
        test_app::{TestApp, Visitor, assert_problem},
    },
};

const ADDRESS: &str = "/api/v1/conversations";

async fn throw(owner: &Visitor, talk: &str) -> StatusCode {
    owner.delete(&format!("{ADDRESS}/{talk}")).await.status
}

async fn restore(owner: &Visitor, talk: &str) -> StatusCode {
    owner.post(&format!("/api/v1/trash/conversations/{talk}/restore"), json!({})).await.status
}

async fn delete(owner: &Visitor, talk: &str) -> StatusCode {
    owner.delete(&format!("/api/v1/trash/conversations/{talk}")).await.status
}

/// The ids of the conversations in somebody's trash.
async fn ids(visitor: &Visitor, path: &str) -> Vec<String> {
    let listed = visitor.get(path).await.json();
    listed["conversations"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

/// All that a person is told of a conversation, by whatever way: nothing of it may name one that is in the trash.
async fn told(visitor: &Visitor, talk: &str) -> Vec<String> {
    let lists = ["", "?of=mine", "?of=shared", "?of=recent"].map(|query| format!("{ADDRESS}{query}"));
    let more = ["/api/v1/notices", "/api/v1/search?q=zymurgy", "/", "/?list=recent", "/search?q=zymurgy", "/inbox"];
    let mut telling = Vec::new();
    for path in lists.into_iter().chain(more.map(str::to_owned)) {
        let answer = visitor.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        if answer.body.contains(talk) {
            telling.push(path);
        }
    }
    telling
}

async fn count(app: &TestApp, sql: &'static str, talk: &str) -> i64 {
    sqlx::query_scalar(sql).bind(talk).fetch_one(&app.database.pool).await.unwrap()
}

#[tokio::test]
async fn what_is_in_the_trash_is_there_for_nobody_and_comes_out_as_it_was() {
    let app = TestApp::start().await;
    let (owner, mate) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("Zymurgy", "User: What is zymurgy?\n\nAssistant: Brewing.", "class").await;
    let made =
        owner.post(&format!("{ADDRESS}/{talk}/sharing/links"), json!({"access": "viewer", "days": 7})).await.json();
    let secret = made["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let guest = app.newcomer("Guest").await;
    assert_eq!(guest.post(&format!("/api/v1/links/{secret}/open"), json!({})).await.status, StatusCode::OK);
    let people = [&owner, &mate, &guest];
    for person in people {
        assert_eq!(person.get(&format!("/c/{talk}")).await.status, StatusCode::OK);
    }
    let (mut own, mut peer) = (owner.sync(&talk).await, mate.sync(&talk).await);
    peer.write("what was written").await;
    peer.settle().await;
    own.settle().await;
    until(async || mate.get("/api/v1/search?q=zymurgy").await.body.contains(&talk)).await;
    let (before, listed) = (owner.get(&format!("{ADDRESS}/{talk}")).await.json(), told(&guest, &talk).await);
    assert!(!listed.is_empty());

    // It is for its owner alone, and nothing is known of it to those who never saw it.
    assert_eq!(throw(&mate, &talk).await, StatusCode::FORBIDDEN);
    assert_eq!(throw(&app.newcomer("Stranger").await, &talk).await, StatusCode::NOT_FOUND);
    assert_eq!(throw(&owner, &talk).await, StatusCode::NO_CONTENT);

    // Open pages learn of it.
    for peer in [&mut own, &mut peer] {
        assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    }
    for person in people {
        assert_eq!(told(person, &talk).await, Vec::<String>::new());
        let own = format!("{ADDRESS}/{talk}");
        for part in ["", "/rights", "/people", "/tags", "/export?format=csv", "/sharing", "/files", "/comparison"] {
            assert_eq!(person.get(&format!("{own}{part}")).await.status, StatusCode::NOT_FOUND, "{part}");
        }
        assert_eq!(person.get(&format!("/c/{talk}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(person.get(&format!("/api/v1/links/{secret}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(person.sync(&talk).await.until_closed().await, Some(CloseCode::NotFound));
    }
    assert_eq!(throw(&owner, &talk).await, StatusCode::NOT_FOUND, "once");

    let trashed = owner.get("/api/v1/trash").await.json();
    let line = &trashed["conversations"][0];
    assert_eq!((&line["id"], &line["title"], &line["messages"]), (&json!(talk), &json!("Zymurgy"), &json!(2)));
    assert_eq!(days_between(line), 30);
    assert!(owner.get("/trash").await.body.contains("Zymurgy"));
    for other in [&mate, &guest] {
        assert_eq!(other.get("/api/v1/trash").await.json()["conversations"], json!([]));
        for act in [restore(other, &talk).await, delete(other, &talk).await] {
            assert_eq!(act, StatusCode::NOT_FOUND);
        }
    }

    // As it was, and shared as it was.
    assert_eq!(restore(&owner, &talk).await, StatusCode::NO_CONTENT);
    assert_eq!(restore(&owner, &talk).await, StatusCode::NOT_FOUND, "once");
    assert_eq!(owner.get(&format!("{ADDRESS}/{talk}")).await.json(), before);
    assert_eq!(told(&guest, &talk).await, listed);
    let mut again = mate.sync(&talk).await;
    again.until(|peer| peer.synced).await;
    assert_eq!(again.notes(), "what was written");
}

fn days_between(line: &Value) -> i64 {
    let at = |name: &str| {
        let text = line[name].as_str().unwrap();
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    (at("deleted_at") - at("trashed_at")).whole_days()
}

#[tokio::test]
async fn what_is_deleted_for_ever_leaves_nothing_and_so_does_what_lay_there_for_thirty_days() {
    let app = TestApp::start().await;
    let owner = app.person("student-1").await;
    let mut talks = Vec::new();
    for title in ["now", "old", "young", "kept"] {
        let talk = owner.conversation(title, "A text.", "class").await;
        let mut peer = owner.sync(&talk).await;
        peer.write("what was written").await;
        peer.settle().await;
        talks.push(talk);
    }
    let [now, old, young, kept] = <[String; 4]>::try_from(talks).unwrap();
    assert_eq!(delete(&owner, &kept).await, StatusCode::NOT_FOUND, "what is not in the trash is not deleted");
    for talk in [&now, &old, &young] {
        assert_eq!(throw(&owner, talk).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(ids(&owner, "/api/v1/trash").await, [&*young, &*old, &*now], "what came last is first");
    let page = format!("/api/v1/trash?limit=1&after={young}");
    assert_eq!(ids(&owner, &page).await, [&*old]);
    let nowhere = owner.get(&format!("/api/v1/trash?after={kept}")).await;
    assert_problem(&nowhere, 400, "after");
    assert!(owner.get(&format!("/trash?after={kept}")).await.body.contains("Restore young"), "it begins anew");

    assert_eq!(delete(&owner, &now).await, StatusCode::NO_CONTENT);
    let age = "update conversations set trashed_at = now() - make_interval(days => $2, mins => 1) where id = $1::uuid";
    for (talk, days) in [(&old, 30), (&young, 29)] {
        sqlx::query(age).bind(talk).bind(days).execute(&app.database.pool).await.unwrap();
    }
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 1);
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 0, "and again");
    assert_eq!(ids(&owner, "/api/v1/trash").await, [&*young]);
    for (talk, there) in [(&now, 0), (&old, 0), (&young, 1), (&kept, 1)] {
        let rows = count(&app, "select count(*) from conversations where id = $1::uuid", talk).await;
        let messages = count(&app, "select count(*) from messages where conversation_id = $1::uuid", talk).await;
        let documents =
            count(&app, "select count(*) from annotation_document_state where conversation_id = $1::uuid", talk).await;
        assert_eq!((rows, messages, documents), (there, there, there), "{talk}");
        let log = count(&app, "select count(*) from annotation_update where conversation_id = $1::uuid", talk).await;
        assert!(there > 0 || log == 0, "{talk}");
    }
    assert_eq!(owner.get(&format!("{ADDRESS}/{kept}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_template_of_an_activity_stays() {
    let app = TestApp::start().await;
    let teacher = app.person("instructor").await;
    let talk = teacher.conversation("Template", "A text.", "class").await;
    let class = teacher.get("/api/v1/classes").await.json()["classes"][0]["id"].as_str().unwrap().to_owned();
    let made = teacher
        .post(
            &format!("/api/v1/classes/{class}/activities"),
            json!({"title": "Read it", "template": talk, "mode": "together"}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let refused = teacher.delete(&format!("{ADDRESS}/{talk}")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("Read it"), "{}", refused.body);
    assert_eq!(teacher.get(&format!("{ADDRESS}/{talk}")).await.status, StatusCode::OK);

    // One that was put there by another hand is not deleted either, and nothing else waits for it.
    let other = teacher.conversation("Other", "A text.", "none").await;
    throw(&teacher, &other).await;
    sqlx::query(
        "update conversations set trashed_at = now() - interval '31 days' where title in ('Template', 'Other')",
    )
    .execute(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 1);
    assert_eq!(delete(&teacher, &talk).await, StatusCode::CONFLICT);
    // What is in the trash is no template of anything new.
    let offered = teacher.get(&format!("/api/v1/classes/{class}/templates")).await;
    assert!(!offered.body.contains(&talk), "{}", offered.body);
}

#[tokio::test]
async fn a_reply_that_is_being_written_ends_when_its_chat_is_thrown_away_and_what_it_cost_stays() {
    let chat = Chat::begin().await;
    let first = chat.say("#gated").await;
    let second = chat.say("Hello").await;
    let used = "select count(*) from model_usage where run_id = $1::uuid";
    assert_eq!(throw(&chat.owner, &chat.id.to_string()).await, StatusCode::NO_CONTENT);
    chat.model.left(0).await;
    until(async || {
        let first = chat.stored(&first.reply).await.0;
        first == "stopped" && chat.stored(&second.reply).await.0 == "stopped"
    })
    .await;
    assert_eq!(delete(&chat.owner, &chat.id.to_string()).await, StatusCode::NO_CONTENT);
    assert_eq!(count(&chat.app, used, &first.run.to_string()).await, 1, "tokens are not given back by deleting a chat");
}

#[tokio::test]
async fn an_activity_goes_with_its_copies_and_comes_back_with_all_that_was_done_in_them() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let (path, room) = (
        activity(&teacher, &class, &template, "individual").await,
        activity(&teacher, &class, &template, "together").await,
    );
    let (own, shared) = (copy(&ann, &path).await, copy(&ben, &room).await);
    let mut peer = synced(&ann, &own).await;
    mark(&ann, &mut peer, &own).await;
    peer.settle().await;
    let revealed = teacher.post(&format!("{path}/reveal"), json!({"random": 1})).await;
    assert_eq!(revealed.status, StatusCode::CREATED, "{}", revealed.body);
    let revealed = revealed.json()["id"].as_str().unwrap().to_owned();
    let protect = "update activities set copy_protected = true";
    sqlx::query(protect).execute(&app.database.pool).await.unwrap();

    let restore = |path: &str| path.replace("/api/v1/", "/api/v1/trash/") + "/restore";
    assert_problem(&ann.delete(&path).await, 403, "not_allowed");
    for task in [&path, &room] {
        assert_eq!(teacher.delete(task).await.status, StatusCode::NO_CONTENT);
        assert_problem(&teacher.delete(task).await, 404, "not_found");
        for person in [&teacher, &ann, &ben] {
            assert_eq!(person.get(task).await.status, StatusCode::NOT_FOUND);
        }
    }
    assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    for (person, talk) in [(&ann, &own), (&teacher, &own), (&ben, &shared), (&ann, &shared)] {
        assert_eq!(told(person, talk).await, Vec::<String>::new());
        assert_eq!(person.get(&format!("{ADDRESS}/{talk}")).await.status, StatusCode::NOT_FOUND);
    }
    let listed = |of: &str| format!("/api/v1/{of}");
    for list in [listed(&format!("classes/{class}/activities")), listed("activities/open")] {
        assert_eq!(ann.get(&list).await.json(), json!([]), "{list}");
    }
    assert_eq!(ann.get(&format!("{ADDRESS}/{revealed}")).await.status, StatusCode::OK, "what was revealed stays");
    let trash = teacher.get("/api/v1/trash").await.json();
    let lines = trash["activities"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[1]["copies"], &lines[1]["class"]), (&json!(1), &json!("Demo class")), "{trash}");
    assert!(teacher.get("/trash").await.body.contains("Close reading"));
    assert_eq!(ann.get("/api/v1/trash").await.json()["activities"], json!([]));
    for act in [ann.post(&restore(&path), json!({})).await, ann.delete(&restore(&path).replace("/restore", "")).await] {
        assert_problem(&act, 404, "not_found");
    }
    // What was revealed is not told of either, when it is thrown away.
    assert_eq!(throw(&teacher, &revealed).await, StatusCode::NO_CONTENT);
    assert_eq!(ann.get(&format!("{ADDRESS}/{revealed}")).await.status, StatusCode::NOT_FOUND);
    teacher.post(&restore(&path), json!({})).await;
    assert_eq!(ann.get(&path).await.json()["revealed"], json!([]));
    teacher.delete(&path).await;
    assert_eq!(self::restore(&teacher, &revealed).await, StatusCode::NO_CONTENT);
    // Its template could be wanted again.
    assert_problem(&teacher.delete(&format!("{ADDRESS}/{template}")).await, 409, "template");

    assert_eq!(teacher.post(&restore(&path), json!({})).await.status, StatusCode::NO_CONTENT);
    assert_problem(&teacher.post(&restore(&path), json!({})).await, 404, "not_found");
    assert_eq!(copy(&ann, &path).await, own);
    let overview = teacher.get(&format!("{path}/overview")).await.json();
    assert!(overview["people"].as_array().unwrap().iter().any(|person| person["highlights"] == 1), "{overview}");

    // After thirty days the other one is gone, with its room; and then the first by hand.
    sqlx::query("update activities set trashed_at = now() - interval '31 days' where trashed_at is not null")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 1);
    let rows = "select count(*) from conversations where id = $1::uuid";
    assert_eq!((count(&app, rows, &shared).await, count(&app, rows, &own).await), (0, 1));
    teacher.delete(&path).await;
    let purged = teacher.delete(&restore(&path).replace("/restore", "")).await;
    assert_eq!(purged.status, StatusCode::NO_CONTENT, "{}", purged.body);
    assert_eq!(count(&app, rows, &own).await, 0);
    let seen = ann.get(&format!("{ADDRESS}/{revealed}")).await.json();
    assert_eq!(seen["may_copy"], false, "what is revealed of a protected text stays protected");
    assert_eq!(teacher.delete(&format!("{ADDRESS}/{template}")).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_project_comes_back_with_its_prompts_and_files() {
    let app = TestApp::start().await;
    let (owner, mate) = (app.person("student-1").await, app.person("student-2").await);
    let made = owner.post("/api/v1/projects", json!({"name": "Whales"})).await.json();
    let path = format!("/api/v1/projects/{}", made["id"].as_str().unwrap());
    let prompt = json!({"name": "Kind", "content": "Be kind."});
    assert_eq!(owner.post(&format!("{path}/prompts"), prompt).await.status, StatusCode::CREATED);
    assert_eq!(owner.upload(&format!("{path}/files"), "note.txt", "words").await.status, StatusCode::CREATED);
    let before = owner.get(&format!("{path}/prompts")).await.json();
    let files = owner.get(&format!("{path}/files")).await.json();
    let in_trash = path.replace("/api/v1/", "/api/v1/trash/");

    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    for gone in ["", "/prompts", "/files", "/conversations"] {
        assert_eq!(owner.get(&format!("{path}{gone}")).await.status, StatusCode::NOT_FOUND);
    }
    let line = owner.get("/api/v1/trash").await.json()["projects"][0].clone();
    assert_eq!((&line["name"], &line["files"], days_between(&line)), (&json!("Whales"), &json!(1), 30));
    assert_problem(&mate.post(&format!("{in_trash}/restore"), json!({})).await, 404, "not_found");
    assert_problem(&mate.delete(&in_trash).await, 404, "not_found");
    assert_eq!(owner.post(&format!("{in_trash}/restore"), json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owner.get(&format!("{path}/prompts")).await.json(), before);
    assert_eq!(owner.get(&format!("{path}/files")).await.json(), files);

    // For ever: by itself, and it does not come back.
    owner.delete(&path).await;
    sqlx::query("update projects set deleted_at = now() - interval '31 days' where deleted_at is not null")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 1);
    assert_eq!(trash::empty(&app.database.pool).await.unwrap(), 0, "and again");
    assert_eq!(owner.get("/api/v1/trash").await.json()["projects"], json!([]));
    assert_problem(&owner.post(&format!("{in_trash}/restore"), json!({})).await, 404, "not_found");
    let left = "select count(*) from files where name = $1 and deleted_at is null";
    assert_eq!(count(&app, left, "note.txt").await, 0);
}

/// Puts a conversation into the trash while somebody does something with it that began before and is not done.
async fn throw_before<T>(app: &TestApp, talk: &str, act: impl Future<Output = T>) -> T {
    let mut tx = app.database.pool.begin().await.unwrap();
    let throw = "update conversations set trashed_at = now() where id = $1::uuid";
    sqlx::query("select from conversations where id = $1::uuid for update").bind(talk).execute(&mut *tx).await.unwrap();
    sqlx::query(throw).bind(talk).execute(&mut *tx).await.unwrap();
    let committing = async {
        let waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())";
        until(async || sqlx::query_scalar(waiting).fetch_one(&app.database.pool).await.unwrap()).await;
        tx.commit().await.unwrap();
    };
    tokio::join!(act, committing).0
}

#[tokio::test]
async fn nothing_begins_in_what_is_just_thrown_away() {
    let chat = Chat::begin().await;
    let id = chat.id.to_string();
    let said =
        throw_before(&chat.app, &id, crate::support::chats::say(&chat.owner, chat.id, json!({"text": "Hello"}))).await;
    assert_problem(&said, 404, "not_found");
    let runs = "select count(*) from runs where conversation_id = $1::uuid";
    assert_eq!(count(&chat.app, runs, &id).await, 0);
    // One that is in line when the server ends before it is taken out of it.
    restore(&chat.owner, &id).await;
    let first = chat.say("#gated").await;
    let second = chat.say("Hello").await;
    sqlx::query("update conversations set trashed_at = now() where id = $1::uuid")
        .bind(&id)
        .execute(chat.db())
        .await
        .unwrap();
    chat.model.release(1);
    until(async || chat.stored(&first.reply).await.0 == "complete").await;
    assert_eq!(chat.stored(&second.reply).await.0, "waiting");
    restore(&chat.owner, &id).await;
    until(async || chat.stored(&second.reply).await.0 == "complete").await;

    let app = TestApp::start().await;
    let teacher = app.person("instructor").await;
    let (class, template) = class_and_template(&teacher).await;
    let settings = json!({"title": "x", "template": template, "mode": "together"});
    let made = throw_before(&app, &template, crate::activities::create(&teacher, &class, settings)).await;
    assert_problem(&made, 400, "no_template");
}
