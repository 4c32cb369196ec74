//! Activities: what staff set, who starts what, what time does, and what staff see.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::rooms::Timing;
use shared::ids::{ConversationId, UserId};
use yrs::{Map, MapPrelim, Out, ReadTxn, Transact};

use crate::{
    matrix::delete as delete_highlight,
    rooms_support::{Peer, highlight, tag, until},
    support::{
        counting,
        test_app::{Answer, TestApp, Visitor, assert_problem},
    },
};

/// A frame of type 101, with which the server says that rights have changed.
const GREETING: u8 = 101;

pub async fn run(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

/// The seeded class, and a template of the instructor's.
pub async fn class_and_template(instructor: &Visitor) -> (String, String) {
    let class = instructor.get("/api/v1/classes").await.json()["classes"][0]["id"].as_str().unwrap().to_owned();
    (class, instructor.conversation("A template", "User: Some words to mark.\n\nAssistant: And more.", "none").await)
}

pub async fn create(by: &Visitor, class: &str, settings: Value) -> Answer {
    by.post(&format!("/api/v1/classes/{class}/activities"), settings).await
}

/// The path of a new activity that is open.
pub async fn activity(instructor: &Visitor, class: &str, template: &str, mode: &str) -> String {
    let made = create(instructor, class, json!({"title": "Close reading", "template": template, "mode": mode})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap())
}

pub async fn start(visitor: &Visitor, activity: &str) -> Answer {
    visitor.post(&format!("{activity}/start"), json!({})).await
}

pub async fn copy(visitor: &Visitor, activity: &str) -> String {
    let started = start(visitor, activity).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.body);
    started.json()["id"].as_str().unwrap().to_owned()
}

pub async fn synced(visitor: &Visitor, conversation: &str) -> Peer {
    let mut peer = visitor.sync(conversation).await;
    peer.until(|peer| peer.synced).await;
    peer
}

/// A highlight in somebody's name; its message is that of the conversation.
pub async fn mark(visitor: &Visitor, peer: &mut Peer, conversation: &str) -> String {
    let message =
        visitor.get(&format!("/api/v1/conversations/{conversation}")).await.json()["messages"][0]["id"].clone();
    // The helper names the message of a conversation by its id.
    let (message, me) = (message.as_str().unwrap().parse().unwrap(), visitor.id().await.parse().unwrap());
    let mut made = String::new();
    peer.edit(|doc| made = highlight(doc, message, me, false).to_string()).await;
    made
}

pub fn comment(doc: &yrs::Doc, highlight: &str, author: UserId, parent: Option<&str>) -> String {
    let (id, highlights) = (shared::ids::CommentId::new().to_string(), doc.get_or_insert_map("highlights"));
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(map)) = highlights.get(&txn, highlight) else { panic!("no highlight") };
    let Some(Out::YMap(comments)) = map.get(&txn, "comments") else { panic!("no comments") };
    let mut fields =
        vec![("author", yrs::Any::from(author.to_string())), ("created_at", 1.into()), ("body", "So?".into())];
    fields.extend(parent.map(|parent| ("parent", parent.into())));
    comments.insert(&mut txn, id.clone(), MapPrelim::from_iter(fields));
    id
}

pub fn keys(peer: &Peer, root: &str) -> BTreeSet<String> {
    let map = peer.doc.get_or_insert_map(root);
    map.keys(&peer.doc.transact()).map(str::to_owned).collect()
}

#[tokio::test]
async fn staff_set_what_is_to_be_done_and_students_see_it_when_it_opens() {
    let app = TestApp::start().await;
    let (instructor, student) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let settings = json!({"title": " Close \n reading ", "instructions": "Read *all* of it.", "template": template,
        "mode": "individual", "opens_at": "2100-01-01T09:00:00+02:00", "closes_at": "2100-01-02T09:00:00Z"});
    let made = create(&instructor, &class, settings.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let path = format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap());

    let seen = instructor.get(&path).await.json();
    assert_eq!(
        (&seen["title"], &seen["state"], &seen["copies"]),
        (&json!("Close reading"), &json!("waiting"), &json!(0))
    );
    assert_eq!(seen["opens_at"], "2100-01-01T07:00:00Z");
    assert_eq!((&seen["instructions"], &seen["template"]["id"]), (&json!("Read *all* of it."), &json!(template)));
    let seen = student.get(&path).await.json();
    assert_eq!((&seen["instructions"], &seen["template"]), (&json!(""), &Value::Null), "not before it opens");
    assert_problem(&start(&student, &path).await, 409, "not_open");

    let mut open = settings.clone();
    open["opens_at"] = Value::Null;
    assert_eq!(instructor.change(Method::PUT, &path, open.clone()).await.status, StatusCode::NO_CONTENT);
    let seen = student.get(&path).await.json();
    assert_eq!((&seen["instructions"], &seen["state"]), (&json!("Read *all* of it."), &json!("open")));
    let listed = student.get(&format!("/api/v1/classes/{class}/activities")).await.json();
    assert_eq!((&listed[0]["title"], &listed[0]["copy"]), (&json!("Close reading"), &Value::Null));

    let copy = copy(&student, &path).await;
    assert_eq!(student.get(&path).await.json()["copy"], copy.as_str());
    open["mode"] = json!("together");
    assert_problem(&instructor.change(Method::PUT, &path, open.clone()).await, 409, "started");
    open["mode"] = json!("individual");
    open["title"] = json!("Slow reading");
    assert_eq!(instructor.change(Method::PUT, &path, open).await.status, StatusCode::NO_CONTENT);
    let unused = activity(&instructor, &class, &template, "together").await;
    assert_eq!(instructor.delete(&unused).await.status, StatusCode::NO_CONTENT);
    assert_eq!(instructor.get(&unused).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_set_wrongly_is_said_and_nothing_is_made() {
    let app = TestApp::start().await;
    let (instructor, student) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let private = student.conversation("Mine", "Some words.", "none").await;
    let shared = student.conversation("Ours", "Some words.", "class").await;
    let with = |key: &str, value: Value| {
        let mut settings = json!({"title": "A title", "template": template, "mode": "individual"});
        settings[key] = value;
        settings
    };
    for (settings, code) in [
        (with("title", json!("  ")), "bad_title"),
        (with("title", json!("x".repeat(201))), "bad_title"),
        (with("instructions", json!("x".repeat(65_537))), "bad_instructions"),
        (with("instructions", json!("\0")), "bad_instructions"),
        (with("opens_at", json!("tomorrow")), "bad_times"),
        (with("closes_at", json!("9999-01-01T00:00:00Z")), "bad_times"),
        (with("closes_at", json!("2020-01-01T00:00:00Z")), "bad_times"),
        (with("template", json!(private)), "no_template"),
        (with("template", json!(ConversationId::new())), "no_template"),
    ] {
        assert_problem(&create(&instructor, &class, settings).await, 400, code);
    }
    let mut times = with("opens_at", json!("2100-01-01T00:00:00Z"));
    times["closes_at"] = json!("2100-01-01T00:00:00Z");
    assert_problem(&create(&instructor, &class, times).await, 400, "bad_times");
    assert_eq!(instructor.get(&format!("/api/v1/classes/{class}/activities")).await.json(), json!([]));
    assert_eq!(create(&instructor, &class, with("template", json!(shared))).await.status, StatusCode::CREATED);
    run(&app, "update classes set archived_at = now()").await;
    assert_problem(&create(&instructor, &class, with("title", json!("Late"))).await, 409, "archived");
}

#[tokio::test]
async fn copies_hold_the_very_bytes_of_the_template_as_it_was_at_the_first_start() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let mut author = synced(&instructor, &template).await;
    let marked = mark(&instructor, &mut author, &template).await;
    author.settle().await;
    let path = activity(&instructor, &class, &template, "individual").await;
    let first = copy(&ann, &path).await;
    mark(&instructor, &mut author, &template).await;
    author.settle().await;
    let second = copy(&ben, &path).await;
    assert_ne!(first, second);

    let distinct: i64 = sqlx::query_scalar(
        "select count(distinct crdt_state)
         from annotation_document_state
         where conversation_id in (select conversation_id from activity_copies)",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(distinct, 1);
    let messages = async |visitor: &Visitor, id: &str| {
        visitor.get(&format!("/api/v1/conversations/{id}")).await.json()["messages"].clone()
    };
    let original = messages(&instructor, &template).await;
    assert_eq!((messages(&ann, &first).await, messages(&ben, &second).await), (original.clone(), original));
    let mut peer = synced(&ben, &second).await;
    assert_eq!(keys(&peer, "highlights"), [marked.clone()].into());
    assert_eq!(keys(&peer, "tags"), keys(&author, "tags"));

    // Its targets and authors are those of the template, and hold in the copy as they do there.
    mark(&ben, &mut peer, &second).await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    let me: UserId = ben.id().await.parse().unwrap();
    peer.edit(|doc| delete_highlight(doc, &marked, me)).await;
    peer.settle().await;
    assert_eq!(peer.refused[0].code, "not_yours", "a student is an editor and moderates nothing");
    assert_eq!(ben.get(&format!("/api/v1/conversations/{first}")).await.status, StatusCode::NOT_FOUND);
    let rights = ben.get(&format!("/api/v1/conversations/{second}/rights")).await.json();
    let rights = json!({"access": rights["access"], "moderates": rights["moderates"]});
    assert_eq!(rights, json!({"access": "editor", "moderates": false}));
    let rights = instructor.get(&format!("/api/v1/conversations/{second}/rights")).await.json();
    let rights = json!({"access": rights["access"], "moderates": rights["moderates"]});
    assert_eq!(rights, json!({"access": "editor", "moderates": true}));
    let sharing = ben.get(&format!("/api/v1/conversations/{second}/sharing")).await;
    assert_eq!(sharing.status, StatusCode::FORBIDDEN, "a copy is not its student's to share");
}

#[tokio::test]
async fn a_class_that_starts_at_once_gets_one_copy_each_however_often_each_presses() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let (class, template) = class_and_template(&instructor).await;
    run(
        &app,
        "insert into users (id, name, email)
         select gen_random_uuid(), 'Student ' || n, n || '@crowd.example' from generate_series(1, 49) n",
    )
    .await;
    run(
        &app,
        "insert into memberships (class_id, user_id, role)
         select c.id, u.id, 'student' from classes c, users u where u.email like '%@crowd.example'",
    )
    .await;
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("select id from users where email like '%@crowd.example'")
        .fetch_all(&app.database.pool)
        .await
        .unwrap();
    let mut crowd = Vec::new();
    for id in ids {
        crowd.push(app.session_of(UserId::from_uuid(id)).await);
    }
    let path = activity(&instructor, &class, &template, "individual").await;
    let together = activity(&instructor, &class, &template, "together").await;
    let presses = crowd.iter().flat_map(|student| [start(student, &path), start(student, &path)]);
    let answers = futures::future::join_all(presses).await;
    let copies: Vec<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            answer.json()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(copies.chunks(2).all(|pair| pair[0] == pair[1]), "two presses of one student");
    assert_eq!(copies.iter().collect::<BTreeSet<_>>().len(), 49);
    let answers = futures::future::join_all(crowd.iter().map(|student| start(student, &together))).await;
    let ours: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    let count: (i64, i64) = sqlx::query_as(
        "select (select count(*) from activity_copies), (select count(*) from conversations where title = 'Close reading')",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(count, (50, 50), "nothing is left of what came second");
}

#[tokio::test]
async fn who_has_not_come_has_not_started_although_the_room_of_all_is_there() {
    let app = TestApp::start().await;
    let (instructor, ann, ben, mia) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"), app.newcomer("Mia"));
    let (class, template) = class_and_template(&instructor).await;
    sqlx::query("insert into memberships (class_id, user_id, role) values ($1::uuid, $2::uuid, 'student')")
        .bind(&class)
        .bind(mia.id().await)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let path = activity(&instructor, &class, &template, "together").await;
    let started = async || -> BTreeSet<String> {
        let overview = instructor.get(&format!("{path}/overview")).await.json();
        let people = overview["people"].as_array().unwrap().iter();
        let started = people.filter(|person| person["started"] == true);
        started.map(|person| person["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(started().await, BTreeSet::new());
    // One opens it as a browser does, another by a program that only writes.
    let room = copy(&ann, &path).await;
    assert_eq!(ann.get(&format!("/c/{room}")).await.status, StatusCode::OK);
    assert_eq!(started().await, BTreeSet::from(["Demo Student 1".to_owned()]));
    let mut peer = synced(&ben, &room).await;
    peer.write("x").await;
    peer.settle().await;
    assert_eq!(started().await, BTreeSet::from(["Demo Student 1".to_owned(), "Demo Student 2".to_owned()]));
    let sheet = instructor.get(&format!("{path}/overview.csv")).await.body;
    let lines: Vec<&str> = sheet.lines().filter(|line| line.contains(",no,")).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("Mia,"), "{sheet}");
    let page = instructor.get(&format!("{}/overview", path.trim_start_matches("/api/v1"))).await.body;
    assert!(page.contains("1 of 3 students"), "{page}");

    // Whoever was in one group's room has not come into another's.
    let groups = activity(&instructor, &class, &template, "groups").await;
    let mut labs = Vec::new();
    for name in ["Lab 1", "Lab 2"] {
        let made = instructor.post(&format!("/api/v1/classes/{class}/groups"), json!({ "name": name })).await.json();
        labs.push(made["id"].as_str().unwrap().to_owned());
    }
    let put = async |who: &Visitor, group: &str| {
        let member = format!("/api/v1/classes/{class}/members/{}/group", who.id().await);
        let answer = instructor.change(Method::PUT, &member, json!({ "group": group })).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    };
    put(&ann, &labs[0]).await;
    put(&ben, &labs[1]).await;
    for who in [&ann, &ben] {
        let room = copy(who, &groups).await;
        assert_eq!(who.get(&format!("/c/{room}")).await.status, StatusCode::OK);
    }
    let started = async || -> Vec<Value> {
        let overview = instructor.get(&format!("{groups}/overview")).await.json();
        let people = overview["people"].as_array().unwrap().clone();
        people.into_iter().filter(|one| one["started"] == true).map(|one| one["name"].clone()).collect()
    };
    assert_eq!(started().await.len(), 2);
    put(&ann, &labs[1]).await;
    assert_eq!(started().await, ["Demo Student 2"]);
}

#[tokio::test]
async fn a_group_works_in_one_copy_and_whoever_changes_groups_changes_copies() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let class_path = format!("/api/v1/classes/{class}");
    let mut groups = Vec::new();
    for name in ["Lab 1", "Lab 2"] {
        let made = instructor.post(&format!("{class_path}/groups"), json!({ "name": name })).await.json();
        groups.push(made["id"].as_str().unwrap().to_owned());
    }
    let put = async |who: &Visitor, group: &str| {
        let path = format!("{class_path}/members/{}/group", who.id().await);
        let answer = instructor.change(Method::PUT, &path, json!({ "group": group })).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    };
    let path = activity(&instructor, &class, &template, "groups").await;
    assert_problem(&start(&ann, &path).await, 409, "no_copy");
    assert!(ann.get(&path).await.json()["hindrance"].is_string());
    put(&ann, &groups[0]).await;
    put(&ben, &groups[0]).await;
    let (first, same) = tokio::join!(copy(&ann, &path), copy(&ben, &path));
    assert_eq!(first, same);
    let listed = async |who: &Visitor| who.get("/api/v1/conversations").await.json();
    assert_eq!(listed(&ben).await[0]["title"], "Close reading · Lab 1");

    let mut peer = synced(&ben, &first).await;
    put(&ben, &groups[1]).await;
    assert_eq!(peer.until_closed().await, Some(shared::sync::CloseCode::Denied));
    let second = copy(&ben, &path).await;
    assert_ne!(first, second);
    assert_eq!(ben.get(&format!("/api/v1/conversations/{first}")).await.status, StatusCode::NOT_FOUND);
    assert!(!listed(&ben).await.to_string().contains(&first));
    assert_problem(&instructor.delete(&format!("{class_path}/groups/{}", groups[1])).await, 409, "group_in_use");
    let overview = instructor.get(&format!("{path}/overview")).await.json();
    let names: Vec<&Value> = overview["copies"].as_array().unwrap().iter().map(|copy| &copy["name"]).collect();
    assert_eq!(names, ["Lab 1", "Lab 2"]);
}

/// Waiting times that hide no look that should have come sooner.
fn no_looks() -> Timing {
    Timing { recheck: std::time::Duration::from_secs(3_600), ..Timing::default() }
}

pub async fn until_rights_change(peer: &mut Peer) {
    let before = peer.heard.iter().filter(|kind| **kind == GREETING).count();
    peer.until(|peer| peer.heard.iter().filter(|kind| **kind == GREETING).count() > before).await;
}

#[tokio::test]
async fn time_alone_closes_and_what_comes_then_is_late_work_that_staff_take_in() {
    let app = TestApp::start_as(&[], no_looks()).await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let path = activity(&instructor, &class, &template, "individual").await;
    let talk = copy(&ann, &path).await;
    let (mut peer, me) = (synced(&ann, &talk).await, ann.id().await.parse::<UserId>().unwrap());
    let first = mark(&ann, &mut peer, &talk).await;
    peer.settle().await;
    assert!(peer.refused.is_empty());

    run(&app, "update activities set closes_at = now() + interval '1 second'").await;
    until_rights_change(&mut peer).await;
    let rights = ann.get(&format!("/api/v1/conversations/{talk}/rights")).await.json();
    let rights = json!({"access": rights["access"], "moderates": rights["moderates"]});
    assert_eq!(rights, json!({"access": "closed", "moderates": false}));
    let late = mark(&ann, &mut peer, &talk).await;
    let mut said = String::new();
    peer.edit(|doc| said = comment(doc, &late, me, None)).await;
    peer.settle().await;
    assert!(!said.is_empty());
    let codes: Vec<&str> = peer.refused.iter().map(|refused| refused.code.as_str()).collect();
    assert_eq!(codes, ["activity_closed", "activity_closed"], "what follows the first is kept as well");

    let overview = async || instructor.get(&format!("{path}/overview")).await.json();
    let work = |overview: &Value| {
        let people = overview["people"].as_array().unwrap();
        people.iter().find(|person| person["id"] == me.to_string()).unwrap().clone()
    };
    until(async || work(&overview().await)["late"][0]["changes"] == 2).await;
    let waiting = work(&overview().await);
    assert_eq!(waiting["highlights"], 1);
    let holds = json!({"highlights": 1, "comments": 1, "replies": 0, "text": 0});
    assert_eq!(waiting["late"][0]["holds"], holds, "what it is, before it is taken in");
    let page = instructor.get(&format!("{}/overview", path.trim_start_matches("/api/v1"))).await.body;
    assert!(page.contains("Would add 1 highlight, 1 comment."), "{page}");
    let body = json!({"copy": talk, "person": me});
    assert_problem(&ann.post(&format!("{path}/late"), body.clone()).await, 403, "not_allowed");
    let taken = instructor.post(&format!("{path}/late"), body.clone()).await;
    assert_eq!(taken.json(), json!({"taken": 2, "refused": []}), "{}", taken.body);
    assert_problem(&instructor.post(&format!("{path}/late"), body).await, 404, "not_found");
    let staff = synced(&instructor, &talk).await;
    assert_eq!(keys(&staff, "highlights"), [first, late.clone()].into());
    let after = work(&overview().await);
    assert_eq!((&after["highlights"], &after["comments"], &after["late"]), (&json!(2), &json!(1), &json!([])));

    // An hour more: the same page can be written on again.
    run(&app, "update activities set closes_at = now() + interval '1 hour'").await;
    until_rights_change(&mut peer).await;
    assert_eq!(start(&ann, &path).await.json()["id"], talk.as_str());
}

#[tokio::test]
async fn late_work_is_judged_by_the_rules_and_has_a_limit() {
    let app = TestApp::start().await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let path = activity(&instructor, &class, &template, "individual").await;
    let talk = copy(&ann, &path).await;
    run(&app, "update activities set closes_at = now()").await;
    let (mut peer, me) = (synced(&ann, &talk).await, ann.id().await);
    let other: UserId = instructor.id().await.parse().unwrap();
    peer.edit(|doc| {
        tag(doc, other);
    })
    .await;
    peer.settle().await;
    let late = async || -> i64 {
        sqlx::query_scalar("select count(*) from late_work").fetch_one(&app.database.pool).await.unwrap()
    };
    until(async || late().await == 1).await;
    let overview = instructor.get(&format!("{path}/overview")).await.json();
    let person = overview["people"].as_array().unwrap().iter().find(|person| person["id"] == me.as_str()).unwrap();
    let nothing = json!({"highlights": 0, "comments": 0, "replies": 0, "text": 0});
    assert_eq!(person["late"][0]["holds"], nothing, "a tag in another's name is nothing of theirs");
    let body = json!({"copy": talk, "person": me});
    let taken = instructor.post(&format!("{path}/late"), body).await.json();
    assert_eq!(taken, json!({"taken": 0, "refused": ["This is written in another person's name."]}));
    // The same once more, as a client sends it that knows of no refusal.
    let same = peer.doc.transact().encode_diff_v1(&yrs::StateVector::default());
    peer.say_update(&same).await;
    peer.say_update(&same).await;
    for _ in 0..9 {
        peer.write(&"x".repeat(600_000)).await;
    }
    peer.settle().await;
    until(async || late().await >= 8).await;
    let bytes: i64 = sqlx::query_scalar("select sum(octet_length(update)) from late_work")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert!(bytes <= 4 << 20, "{bytes}");
    assert_eq!(peer.closed, None);
}

#[tokio::test]
async fn the_overview_counts_for_each_person_and_asks_no_more_because_a_class_is_large() {
    let app = TestApp::start().await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let mut author = synced(&instructor, &template).await;
    let seeded = mark(&instructor, &mut author, &template).await;
    author.settle().await;
    let path = activity(&instructor, &class, &template, "individual").await;
    let talk = copy(&ann, &path).await;
    let (mut peer, me) = (synced(&ann, &talk).await, ann.id().await.parse::<UserId>().unwrap());
    let tag_id = keys(&peer, "tags").first().unwrap().clone();
    let marked = mark(&ann, &mut peer, &talk).await;
    peer.edit(|doc| {
        let mut said = String::new();
        for _ in 0..2 {
            said = comment(doc, &seeded, me, None);
        }
        comment(doc, &seeded, me, Some(&said));
        comment(doc, &marked, me, None);
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(map)) = highlights.get(&txn, &marked) else { panic!("no highlight") };
        let Some(Out::YMap(tags)) = map.get(&txn, "tags") else { panic!("no tags") };
        tags.insert(&mut txn, tag_id.clone(), 1.0);
    })
    .await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    // Whatever opens its name for a program that takes it for a formula.
    run(&app, "update users set name = '=1+1' where email like 'student-2@%'").await;

    let check = async || {
        let (answer, queries) = counting::queries(instructor.get(&format!("{path}/overview"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let overview = answer.json();
        let people = overview["people"].as_array().unwrap().clone();
        let own = people.iter().find(|person| person["id"] == me.to_string()).unwrap().clone();
        let counts = (&own["highlights"], &own["comments"], &own["replies"], &own["copy"]);
        assert_eq!(counts, (&json!(1), &json!(4), &json!(1), &json!(talk)));
        let at = overview["tags"].as_array().unwrap().iter().position(|tag| tag["id"] == tag_id).unwrap();
        assert_eq!((&own["tagged"][at], &own["commented"][at]), (&json!(1), &json!(1)));
        assert!(own["last_active"].is_string());
        assert!(people.iter().all(|person| person["id"] != overview["nobody"]), "names are of people");
        (people.len(), queries)
    };
    let (few, before) = check().await;
    assert_eq!(few, 2, "the template's highlight is nobody's work");
    let sheet = instructor.get(&format!("{path}/overview.csv")).await;
    let lines: Vec<&str> = sheet.body.lines().collect();
    assert!(lines[0].starts_with("Name,E-mail,Group,Started,Highlights,Comments,Replies,Last active"), "{}", lines[0]);
    assert!(lines.iter().any(|line| line.starts_with("'=1+1,")), "{}", sheet.body);

    for sql in [
        "insert into users (id, name, email)
         select gen_random_uuid(), 'Student ' || n, n || '@crowd.example' from generate_series(1, 300) n",
        "insert into memberships (class_id, user_id, role)
         select c.id, u.id, 'student' from classes c, users u where u.email like '%@crowd.example'",
        "insert into conversations (id, title, owner_id)
         select u.id, 'A copy', u.id from users u where u.email like '%@crowd.example'",
        "insert into activity_copies (conversation_id, activity_id, user_id)
         select u.id, a.id, u.id from users u, activities a where u.email like '%@crowd.example'",
        "insert into annotation_document_state (conversation_id, crdt_state, seq)
         select u.id, a.seed, 0 from users u, activities a where u.email like '%@crowd.example'",
    ] {
        run(&app, sql).await;
    }
    let (many, after) = check().await;
    assert_eq!((many, after), (302, before));
    // When the log is compacted the counts are as they were, and nothing has to be decoded for them.
    drop(peer);
    let compacted = async || {
        let rows: i64 =
            sqlx::query_scalar("select count(*) from copy_tallies t join copy_editors e using (conversation_id)")
                .fetch_one(&app.database.pool)
                .await
                .unwrap();
        rows > 0
    };
    until(compacted).await;
    check().await;
}

#[tokio::test]
async fn a_reveal_shows_the_class_what_each_did_alone_under_their_names() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let mut author = synced(&instructor, &template).await;
    let seeded = mark(&instructor, &mut author, &template).await;
    author.settle().await;
    let path = activity(&instructor, &class, &template, "individual").await;
    let reveal = async |by: &Visitor, body: Value| by.post(&format!("{path}/reveal"), body).await;
    assert_problem(&reveal(&instructor, json!({"random": 2})).await, 409, "no_copies");
    let (mut made, mut talks) = (BTreeSet::from([seeded.clone()]), Vec::new());
    for student in [&ann, &ben] {
        let talk = copy(student, &path).await;
        let mut peer = synced(student, &talk).await;
        made.insert(mark(student, &mut peer, &talk).await);
        let me = student.id().await.parse().unwrap();
        peer.edit(|doc| drop(comment(doc, &seeded, me, None))).await;
        peer.write("Alone. ").await;
        peer.settle().await;
        assert!(peer.refused.is_empty(), "{:?}", peer.refused);
        talks.push(talk);
    }
    for bad in [json!({}), json!({"random": 61}), json!({"random": 1, "copies": talks}), json!({"copies": []})] {
        assert_problem(&reveal(&instructor, bad).await, 400, "bad_choice");
    }
    assert_problem(&reveal(&instructor, json!({"copies": [talks[0], template]})).await, 409, "no_copies");
    assert_problem(&reveal(&ann, json!({"random": 2})).await, 403, "not_allowed");

    let answer = reveal(&instructor, json!({ "copies": talks })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let together = answer.json()["id"].as_str().unwrap().to_owned();
    let mut peer = synced(&ben, &together).await;
    assert_eq!(keys(&peer, "highlights"), made);
    assert_eq!(peer.notes().matches("Alone. ").count(), 2);
    let highlights = peer.doc.get_or_insert_map("highlights");
    let anns_id = ann.id().await;
    let comments = |peer: &Peer| {
        let txn = peer.doc.transact();
        let Some(Out::YMap(map)) = highlights.get(&txn, &seeded) else { panic!("no highlight") };
        let Some(Out::YMap(comments)) = map.get(&txn, "comments") else { panic!("no comments") };
        comments.len(&txn)
    };
    assert_eq!(comments(&peer), 2, "what both said of one highlight stands in its one thread");
    let anns = made.iter().find(|id| {
        let txn = peer.doc.transact();
        let Some(Out::YMap(map)) = highlights.get(&txn, id) else { panic!("no highlight") };
        map.get_as::<_, String>(&txn, "author").unwrap() == anns_id
    });
    assert!(anns.is_some());
    peer.write("Together.").await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "the class goes on in it: {:?}", peer.refused);
    assert_eq!(ann.get(&path).await.json()["revealed"][0]["id"], together.as_str());
    assert_eq!(ben.get(&format!("/api/v1/conversations/{}", talks[0])).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn copies_that_use_one_yjs_client_differently_are_not_merged() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let path = activity(&instructor, &class, &template, "individual").await;
    for student in [&ann, &ben] {
        let talk = copy(student, &path).await;
        let mut peer = synced(student, &talk).await;
        let state = peer.doc.transact().encode_diff_v1(&yrs::StateVector::default());
        let own = yrs::Doc::with_client_id(4711);
        own.transact_mut().apply_update(yrs::updates::decoder::Decode::decode_v1(&state).unwrap()).unwrap();
        own.get_or_insert_text("notes");
        crate::rooms_support::push(&own, "Mine.");
        let vector = peer.doc.transact().state_vector();
        let update = own.transact().encode_diff_v1(&vector);
        peer.say_update(&update).await;
        peer.settle().await;
        assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    }
    let answer = instructor.post(&format!("{path}/reveal"), json!({"random": 2})).await;
    assert_problem(&answer, 409, "cannot_be_merged");
    let one = instructor.post(&format!("{path}/reveal"), json!({"random": 1})).await;
    assert_eq!(one.status, StatusCode::CREATED, "{}", one.body);
}

#[tokio::test]
async fn pages_show_staff_and_students_what_is_theirs_to_see() {
    let app = TestApp::start().await;
    let (instructor, ann, stranger) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.newcomer("Stranger"));
    let (class, template) = class_and_template(&instructor).await;
    let settings = json!({"title": "Close <reading>", "instructions": "</textarea><b>Read</b> *all* of it.",
        "template": template, "mode": "individual", "closes_at": "2100-03-02T18:30:00Z"});
    let made = create(&instructor, &class, settings).await.json();
    let page = format!("/activities/{}", made["id"].as_str().unwrap());
    let talk = copy(&ann, &format!("/api/v1{page}")).await;
    for (path, words) in [
        (format!("/classes/{class}/activities"), "Close &lt;reading&gt;"),
        (format!("/classes/{class}/activities/new"), "A template (Demo Instructor)"),
        (page.clone(), "<em>all</em> of it."),
        (format!("{page}/settings"), "\n&lt;/textarea&gt;&lt;b&gt;Read&lt;/b&gt; *all* of it."),
        (format!("{page}/overview"), "Demo Student 2"),
        (format!("/c/{talk}"), "Close &lt;reading&gt;"),
    ] {
        let answer = instructor.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body.contains(words), "{path}: {}", answer.body);
        assert!(!answer.body.contains("<b>Read"), "{path}");
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let own = ann.get(&page).await;
    assert!(own.body.contains(&format!("href=\"/c/{talk}\"")) && own.body.contains("Continue"), "{}", own.body);
    assert!(own.body.contains("datetime=\"2100-03-02T18:30:00Z\""), "{}", own.body);
    for staff_only in ["settings", "overview"] {
        assert_eq!(ann.get(&format!("{page}/{staff_only}")).await.status, StatusCode::FORBIDDEN);
    }
}
