//! Anonymous activities: in copies, in what is revealed of them and over the API students have a pseudonym, and staff see
//! who has done what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::ids::UserId;
use yrs::{Map, Out, ReadTxn, StateVector, Transact};

use crate::{
    activities::{class_and_template, comment, copy, create, run, start, synced},
    notices::call,
    rooms_support::{Peer, highlight, until},
    support::test_app::{TestApp, Visitor, assert_problem},
};

/// What nobody but staff may find of a student.
async fn secrets(of: &Visitor) -> [String; 3] {
    let me = of.get("/api/v1/me").await.json();
    ["id", "name", "email"].map(|key| me[key].as_str().unwrap().to_owned())
}

#[track_caller]
fn assert_hides(what: &str, bytes: &[u8], secrets: &[String; 3]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{what} tells {secret}: {text}");
    }
}

fn bytes(peer: &Peer) -> Vec<u8> {
    peer.doc.transact().encode_state_as_update_v1(&StateVector::default())
}

/// Marks something and says something of it, under this id. Answers the highlight.
async fn work(peer: &mut Peer, message: &str, author: UserId, body: &str) -> String {
    let mut made = String::new();
    let message = message.parse().unwrap();
    peer.edit(|doc| made = highlight(doc, message, author, false).to_string()).await;
    peer.edit(|doc| {
        let id = comment(doc, &made, author, None);
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(map)) = highlights.get(&txn, &made) else { panic!("no highlight") };
        let Some(Out::YMap(comments)) = map.get(&txn, "comments") else { panic!("no comments") };
        let Some(Out::YMap(comment)) = comments.get(&txn, &id) else { panic!("no comment") };
        comment.insert(&mut txn, "body", body);
    })
    .await;
    peer.settle().await;
    made
}

/// An anonymous activity that is open.
async fn anonymous(by: &Visitor, class: &str, template: &str, mode: &str) -> String {
    let settings = json!({"title": "Blind reading", "template": template, "mode": mode, "anonymous": true});
    let made = create(by, class, settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap())
}

async fn read(who: &Visitor, talk: &str) -> Value {
    who.get(&format!("/api/v1/conversations/{talk}")).await.json()
}

fn author(read: &Value) -> UserId {
    read["author_id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn in_an_anonymous_task_of_all_peers_see_pseudonyms_and_staff_see_names() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let path = anonymous(&teacher, &class, &template, "together").await;
    assert_eq!(ben.get(&path).await.json()["anonymous"], true);
    let page = ben.get(path.trim_start_matches("/api/v1")).await.body;
    assert!(page.contains("see a pseudonym of two words in your place"), "{page}");
    let talk = copy(&ann, &path).await;
    let (of_ann, of_ben, of_teacher) = (read(&ann, &talk).await, read(&ben, &talk).await, read(&teacher, &talk).await);
    assert_eq!(of_ann["anonymity"]["hidden"], true);
    assert_eq!((&of_ann["anonymity"]["names_seen_by"], &of_ann["sees_names"]), (&json!("staff"), &json!(false)));
    assert_eq!((&of_teacher["anonymity"]["hidden"], &of_teacher["sees_names"]), (&json!(false), &json!(true)));
    assert_eq!(of_teacher["author_id"], teacher.id().await, "what they wrote in the template is theirs here");
    assert_ne!(of_ann["author_id"], ann.id().await.as_str());

    let message = of_ann["messages"][0]["id"].as_str().unwrap().to_owned();
    let mut peer = synced(&ann, &talk).await;
    let called = author(&of_ben);
    work(&mut peer, &message, author(&of_ann), &format!("What do you say, {}?", call(&[called]))).await;
    assert_eq!(peer.refused, []);
    let secrets = secrets(&ann).await;
    let mut other = synced(&ben, &talk).await;
    other.settle().await;
    assert_hides("the document", &bytes(&other), &secrets);
    for of in ["", "/people", "/rights", "/tags"] {
        let answer = ben.get(&format!("/api/v1/conversations/{talk}{of}")).await;
        assert_hides(&format!("the API{of}"), answer.body.as_bytes(), &secrets);
    }
    for page in [format!("/c/{talk}"), "/".into(), "/inbox".into(), path.trim_start_matches("/api/v1").to_owned()] {
        assert_hides(&page, ben.get(&page).await.body.as_bytes(), &secrets);
    }
    let notice = ben.get("/api/v1/notices").await.json()["notices"][0].clone();
    assert_eq!(notice["by"]["name"], of_ann["anonymity"]["seen_as"], "whoever is called is told by whom, so called");
    assert_hides("the inbox", notice.to_string().as_bytes(), &secrets);
    let people = teacher.get(&format!("/api/v1/conversations/{talk}/people")).await.body;
    assert!(people.contains("Demo Student 1") && people.contains("Demo Student 2"), "{people}");

    // Nobody writes under the own id, or another's alias.
    for forged in [ann.id().await.parse().unwrap(), author(&of_ben)] {
        let mut peer = synced(&ann, &talk).await;
        peer.edit(|doc| {
            highlight(doc, message.parse().unwrap(), forged, false);
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused[0].code, "forged_author");
    }
}

#[tokio::test]
async fn staff_see_who_did_what_in_anonymous_copies_and_a_reveal_keeps_the_pseudonyms() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) = tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&teacher).await;
    let path = anonymous(&teacher, &class, &template, "individual").await;
    let mut aliases = Vec::new();
    let mut peers = Vec::new();
    for student in [&ann, &ben] {
        let talk = copy(student, &path).await;
        let of = read(student, &talk).await;
        let mut peer = synced(student, &talk).await;
        let message = of["messages"][0]["id"].as_str().unwrap().to_owned();
        work(&mut peer, &message, author(&of), "Hm.").await;
        assert_eq!(peer.refused, []);
        aliases.push((author(&of), of["anonymity"]["seen_as"].clone()));
        peers.push((peer, talk, message));
    }
    let person = async |of: &Visitor| {
        let id = of.id().await;
        let overview = teacher.get(&format!("{path}/overview")).await.json();
        let people = overview["people"].as_array().unwrap().clone();
        assert_eq!(people.len(), 2, "no alias is taken for a person: {people:?}");
        people.into_iter().find(|person| person["id"] == id.as_str()).unwrap()
    };
    let seen = person(&ann).await;
    let counts = (&seen["name"], &seen["highlights"], &seen["comments"]);
    assert_eq!(counts, (&json!("Demo Student 1"), &json!(1), &json!(1)));
    let file = teacher.get(&format!("/api/v1/conversations/{}/export?format=csv", peers[0].1)).await;
    let named = file.headers["content-disposition"].to_str().unwrap();
    assert!(named.contains("\"Blind-reading-Demo-Student-1.csv\""), "{named}");
    // What is taken elsewhere names nobody.
    let file = teacher.get(&format!("/api/v1/conversations/{}/export?format=bundle", peers[0].1)).await;
    let named = file.headers["content-disposition"].to_str().unwrap();
    assert!(named.contains("\"Blind-reading-") && !named.contains("Student"), "{named}");

    // Late work stands under the alias too.
    run(&app, "update activities set closes_at = now()").await;
    let (peer, talk, message) = &mut peers[0];
    until(async || ann.get(&format!("/api/v1/conversations/{talk}/rights")).await.json()["access"] == "closed").await;
    *peer = synced(&ann, talk).await;
    work(peer, message, aliases[0].0, "Late.").await;
    until(async || person(&ann).await["late"][0]["changes"] == 2).await;
    assert_eq!(person(&ann).await["late"][0]["holds"]["highlights"], 1);
    let body = json!({"copy": talk, "person": ann.id().await});
    let taken = teacher.post(&format!("{path}/late"), body).await;
    assert_eq!(taken.json(), json!({"taken": 2, "refused": []}), "{}", taken.body);
    assert_eq!(person(&ann).await["highlights"], 2);

    let made = teacher.post(&format!("{path}/reveal"), json!({"random": 2})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let together = made.json()["id"].as_str().unwrap().to_owned();
    let of_ben = read(&ben, &together).await;
    assert_eq!((author(&of_ben), &of_ben["anonymity"]["seen_as"]), (aliases[1].0, &aliases[1].1), "as in the copy");
    let secrets = secrets(&ann).await;
    let peer = synced(&ben, &together).await;
    assert_hides("what is revealed", &bytes(&peer), &secrets);
    let people = ben.get(&format!("/api/v1/conversations/{together}/people")).await.body;
    assert_hides("its people", people.as_bytes(), &secrets);
    assert!(people.contains(aliases[0].1.as_str().unwrap()), "{people}");
    let people = teacher.get(&format!("/api/v1/conversations/{together}/people")).await.body;
    assert!(people.contains("Demo Student 1"), "{people}");
    let sheet = teacher.get(&format!("{path}/overview.csv")).await.body;
    assert!(sheet.contains("Demo Student 1,"), "{sheet}");
}

#[tokio::test]
async fn names_that_stand_in_a_template_keep_it_out_of_anonymous_tasks() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&teacher).await;
    let theirs = ann.conversation("Ours", "Some words.", "class").await;
    let settings = |template: &str, anonymous: bool| json!({"title": "Blind reading", "template": template, "mode": "individual", "anonymous": anonymous});
    assert_problem(&create(&teacher, &class, settings(&theirs, true)).await, 400, "names_in_template");
    assert_eq!(create(&teacher, &class, settings(&theirs, false)).await.status, StatusCode::CREATED);

    // A student writes in it when it is set already.
    let shared = teacher.conversation("A shared template", "Some words to mark.", "class").await;
    let path = anonymous(&teacher, &class, &shared, "individual").await;
    let mut peer = synced(&ann, &shared).await;
    peer.write("I was here.").await;
    peer.settle().await;
    assert_problem(&start(&ann, &path).await, 409, "names_in_template");
    let changed = teacher.change(Method::PUT, &path, settings(&template, true)).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.body);
    copy(&ann, &path).await;
    assert_problem(&teacher.change(Method::PUT, &path, settings(&template, false)).await, 409, "started");

    // Another by the same teacher, and one that changes its mind before it is started.
    let again = anonymous(&teacher, &class, &template, "together").await;
    let changed = teacher.change(Method::PUT, &again, settings(&template, false)).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let talk = copy(&ann, &again).await;
    assert_eq!(read(&ann, &talk).await["author_id"], ann.id().await.as_str());
    let third = anonymous(&teacher, &class, &template, "groups").await;
    assert_problem(&start(&ann, &third).await, 409, "no_copy");
}
