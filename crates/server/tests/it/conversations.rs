//! Conversations over HTTP.

use reqwest::{Method, StatusCode, header, multipart};
use serde_json::{Value, json};
use shared::document::DEFAULT_TAGS;

use crate::{
    rooms_support::until,
    support::test_app::{TestApp, Visitor, assert_problem},
};

#[tokio::test]
async fn a_labelled_paste_becomes_turns_with_their_canonical_text() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let id = student.conversation("Bees", "User: Do *bees* sleep?\n\nAssistant: Yes.\n\n- at night", "none").await;
    let conversation = student.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!(conversation["title"], "Bees");
    assert_eq!(conversation["access"], "owner");
    let roles: Vec<_> =
        conversation["messages"].as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(conversation["messages"][0]["text"], "Do bees sleep?");
    assert_eq!(conversation["messages"][1]["text"], "Yes.\nat night");
    let me = student.get("/api/v1/me").await.json();
    assert_eq!(conversation["author_id"], me["id"]);
}

#[tokio::test]
async fn what_is_not_shared_looks_like_what_does_not_exist() {
    let app = TestApp::start().await;
    let (owner, other) = (app.person("student-1").await, app.person("student-2").await);
    let hidden = owner.conversation("Mine", "My own words.", "none").await;
    let missing = "0190c1a2-0000-7000-8000-000000000000";
    let paths = ["", "/people", "/tags", "/refused"].map(|end| format!("/api/v1/conversations/{{id}}{end}"));
    for path in paths {
        let (hidden, missing) =
            (other.get(&path.replace("{id}", &hidden)).await, other.get(&path.replace("{id}", missing)).await);
        assert_eq!((hidden.status, hidden.problem()), (StatusCode::NOT_FOUND, "not_found".into()));
        assert_eq!((hidden.status, hidden.body), (missing.status, missing.body));
        assert_eq!(other.get(&path.replace("{id}", "nonsense")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(other.get(&format!("/c/{hidden}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sharing_with_the_class_makes_its_members_annotators() {
    let app = TestApp::start().await;
    let (owner, other) = (app.person("student-1").await, app.person("student-2").await);
    let id = owner.conversation("Ours", "Words to read.", "class").await;
    let seen = other.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!((&seen["access"], &seen["moderates"]), (&json!("annotator"), &json!(false)));
    let staff = app.person("instructor").await.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!((&staff["access"], &staff["moderates"]), (&json!("annotator"), &json!(true)));
    let people = other.get(&format!("/api/v1/conversations/{id}/people")).await.json();
    let names: Vec<_> = people.as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Demo Instructor", "Demo Student 1", "Demo Student 2"]);
    let listed = other.get("/api/v1/conversations").await.json();
    assert!(listed.as_array().unwrap().iter().any(|line| line["id"] == id.as_str() && line["mine"] == false));
}

#[tokio::test]
async fn what_cannot_be_stored_says_why_and_stores_nothing() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let before = student.get("/api/v1/conversations").await.body;
    let cases = [
        (json!({"title": "", "text": "  \n"}), 400, "empty"),
        (json!({"title": "", "text": "x".repeat(2 << 20)}), 413, "too_large"),
        (json!({"text": "x", "shar": "class"}), 400, "bad_json"),
        (json!({"text": 7}), 400, "bad_json"),
    ];
    for (body, status, code) in cases {
        let answer = student.post("/api/v1/conversations", body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{}", answer.body);
    }
    assert_eq!(student.get("/api/v1/conversations").await.body, before);
    let left: i64 =
        sqlx::query_scalar("select count(*) from conversations").fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(left, 1, "the demo alone");
}

#[tokio::test]
async fn a_file_with_several_conversations_is_stored_only_once_one_is_chosen() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let file = include_bytes!("../../../../end2end/fixtures/import/chatgpt-conversations.json");
    let upload = |choice: Option<usize>| {
        let part = multipart::Part::bytes(file.as_slice()).file_name("conversations.json");
        let form = multipart::Form::new().part("file", part).text("share", "none");
        let form = match choice {
            Some(index) => form.text("choice", index.to_string()),
            None => form,
        };
        let origin = app.origin();
        student
            .send(Method::POST, "/api/v1/import", move |request| request.header(header::ORIGIN, origin).multipart(form))
    };
    let listed = upload(None).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let choices = listed.json()["choose"].clone();
    let readable = choices.as_array().unwrap().iter().find(|choice| choice["problem"].is_null()).unwrap().clone();
    let stored = upload(Some(readable["index"].as_u64().unwrap() as usize)).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.body);
    let id = stored.json()["created"]["id"].as_str().unwrap().to_owned();
    let shown = async |query: &str| {
        let conversation = student.get(&format!("/api/v1/conversations/{id}{query}")).await.json();
        let words = |message: &Value| message["markdown"].as_str().unwrap().chars().take(24).collect::<String>();
        (conversation["messages"].as_array().unwrap().iter().map(words).collect::<Vec<_>>(), conversation)
    };
    // The branch that was last seen, and behind its second message the one that was left.
    let (words, conversation) = shown("").await;
    assert_eq!(words[..2], ["Why do so many English r", "Let me check a gazetteer"]);
    assert_eq!((words.len() as u64 + 1, 5), (readable["messages"].as_u64().unwrap(), 5));
    let versions = conversation["messages"][1]["siblings"].as_array().unwrap().clone();
    assert_eq!(versions[1], conversation["messages"][1]["id"]);
    let (words, _) = shown(&format!("?branch={}", versions[0].as_str().unwrap())).await;
    assert_eq!(words, ["Why do so many English r", "This is the first answer"]);
    let beyond = upload(Some(999)).await;
    assert_eq!((beyond.status, beyond.problem().as_str()), (StatusCode::BAD_REQUEST, "no_such_conversation"));
}

/// A file with this many conversations, of which the third is none.
fn several(count: usize) -> Vec<u8> {
    let file = include_bytes!("../../../../end2end/fixtures/import/chatgpt-conversations.json");
    let all: Vec<Value> = serde_json::from_slice(file).unwrap();
    let good = all.iter().find(|one| one["title"].is_string()).unwrap().clone();
    let mut many = vec![good; count];
    many[2] = json!({"title": "Broken", "mapping": 7});
    serde_json::to_vec(&many).unwrap()
}

async fn import_several(app: &TestApp, who: &Visitor, file: Vec<u8>, choices: &str) -> reqwest::Response {
    let part = multipart::Part::bytes(file).file_name("conversations.json");
    let form = multipart::Form::new().part("file", part).text("choices", choices.to_owned());
    who.request(Method::POST, "/api/v1/import")
        .header(header::ORIGIN, app.origin())
        .multipart(form)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn several_conversations_of_a_file_are_stored_one_by_one_and_a_bad_one_stops_no_other() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let answer = import_several(&app, &student, several(5), "3,2,0,99").await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    let told = answer.text().await.unwrap();
    let steps: Vec<Value> = told
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|step| serde_json::from_str(step).unwrap())
        .collect();
    let [three, two, nought, beyond, done] = &steps[..] else { panic!("{told}") };
    for (step, index) in [(three, 3), (nought, 0)] {
        assert_eq!(step["imported"]["index"], index);
        let id = step["imported"]["id"].as_str().unwrap();
        assert_eq!(
            student.get(&format!("/api/v1/conversations/{id}")).await.json()["title"],
            step["imported"]["title"]
        );
    }
    assert_eq!((&two["refused"]["index"], &beyond["refused"]["index"]), (&2.into(), &99.into()));
    assert!(two["refused"]["problem"].as_str().unwrap().contains("Broken"), "{two}");
    assert_eq!(done, "done");
    for wrong in ["", "1,1", "x", "-1"] {
        let answer = import_several(&app, &student, several(5), wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.text().await.unwrap().contains("choices: "), "{wrong}");
    }
    let one = import_several(&app, &student, b"Just words.".to_vec(), "0").await;
    assert_eq!(one.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whoever_stops_listening_stops_what_was_not_begun() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let all: Vec<String> = (0..900).filter(|index| *index != 2).map(|index| index.to_string()).collect();
    let mut answer = import_several(&app, &student, several(900), &all.join(",")).await;
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    let count = async || -> i64 {
        sqlx::query_scalar("select count(*) from conversations").fetch_one(&app.database.pool).await.unwrap()
    };
    // What the line holds is made still.
    let mut before = -1;
    until(async || {
        let now = count().await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        std::mem::replace(&mut before, now) == now
    })
    .await;
    assert!((2..900).contains(&before), "{before}");
}

#[tokio::test]
async fn what_is_no_form_or_has_a_field_that_is_wrong_is_a_problem_that_says_so() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let origin = app.origin();
    let plain = student
        .send(Method::POST, "/api/v1/import", |request| request.header(header::ORIGIN, origin.clone()).body("words"))
        .await;
    assert_eq!((plain.status.as_u16(), plain.problem().as_str()), (400, "bad_form"), "{}", plain.body);
    for (field, value, code) in [
        ("share", "everybody", "bad_share"),
        ("anonymous", "yes", "bad_anonymous"),
        ("choice", "first", "bad_choice"),
        ("colour", "red", "unknown_field"),
        ("title", &"x".repeat(201), "title_too_long"),
    ] {
        let part = multipart::Part::text("A text").file_name("a.txt");
        let form = multipart::Form::new().part("file", part).text(field.to_owned(), value.to_owned());
        let answer = student
            .send(Method::POST, "/api/v1/import", |request| {
                request.header(header::ORIGIN, origin.clone()).multipart(form)
            })
            .await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, code), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_empty_and_an_oversized_upload_are_told_apart() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    for (bytes, status, code) in [(Vec::new(), 400, "empty"), (vec![b'x'; (25 << 20) + 1], 413, "too_large")] {
        let form = multipart::Form::new().part("file", multipart::Part::bytes(bytes).file_name("a.txt"));
        let origin = app.origin();
        let send = student.send(Method::POST, "/api/v1/import", move |request| {
            request.header(header::ORIGIN, origin).multipart(form)
        });
        let answer = send.await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{}", answer.body);
    }
}

#[tokio::test]
async fn whoever_reads_a_conversation_may_have_its_tags() {
    let app = TestApp::start().await;
    let (owner, other) = (app.person("student-1").await, app.person("student-2").await);
    let id = owner.conversation("Ours", "Words to read.", "class").await;
    let tags = other.get(&format!("/api/v1/conversations/{id}/tags")).await.json();
    let names: Vec<_> = tags.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(names, DEFAULT_TAGS.map(|(name, _, _)| name));
    let (name, colour, description) = DEFAULT_TAGS[0];
    assert_eq!(tags[0], json!({ "name": name, "colour": colour, "description": description }));
}

#[tokio::test]
async fn a_conversation_as_it_is_answered_is_brought_in_as_it_is() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let talk = student.conversation("Rivers", "User: Why *bend*?\n\nClaude: Because.", "none").await;
    let answer = student.get(&format!("/api/v1/conversations/{talk}")).await;
    let brought = student.upload("/api/v1/import", "rivers.json", answer.body.clone()).await;
    assert_eq!(brought.status, StatusCode::CREATED, "{}", brought.body);
    let brought = brought.json()["created"].clone();
    assert!(brought["notes"][0].as_str().unwrap().contains("annotated is not in this file"), "{brought}");
    let again = student.get(&format!("/api/v1/conversations/{}", brought["id"].as_str().unwrap())).await.json();
    let said = |answer: &Value| -> Vec<Value> {
        let of = |message: &Value| json!([message["role"], message["title"], message["markdown"]]);
        answer["messages"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!((&again["title"], said(&again)), (&json!("Rivers"), said(&answer.json())));
    assert_eq!(said(&again).len(), 2);
    let file = student.get(&format!("/api/v1/conversations/{talk}/export?format=jsonld")).await.body;
    let refused = student.upload("/api/v1/import", "rivers.jsonld", file).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["type"], "/problems/annotations");
}

#[tokio::test]
async fn whatever_is_brought_in_can_be_seen_before_it_is_stored() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let list = async || student.get("/api/v1/conversations").await.json();
    let before = list().await;
    let send = async |form: multipart::Form| {
        let origin = app.origin();
        let with = move |request: reqwest::RequestBuilder| request.header(header::ORIGIN, origin).multipart(form);
        student.send(Method::POST, "/api/v1/import", with).await
    };
    let file = |name: &str, bytes: Vec<u8>| {
        multipart::Form::new().part("file", multipart::Part::bytes(bytes).file_name(name.to_owned()))
    };
    let text = |text: &str| multipart::Form::new().text("text", text.to_owned());
    let all: Vec<Value> =
        serde_json::from_slice(include_bytes!("../../../../end2end/fixtures/import/chatgpt-conversations.json"))
            .unwrap();
    let one = serde_json::to_vec(&[all.iter().find(|one| one["title"].is_string()).unwrap()]).unwrap();
    let turns = "User: Who *rows*?\n\nClaude: Nobody.";
    for (form, kind, first) in [
        (text(turns), "a text with labelled turns", json!({"role": "user", "title": null, "text": "Who rows?"})),
        (
            text("Just words."),
            "a text without labelled turns",
            json!({"role": "source", "title": null, "text": "Just words."}),
        ),
        (
            file("a.md", turns.into()),
            "a text with labelled turns",
            json!({"role": "user", "title": null, "text": "Who rows?"}),
        ),
        (file("conversations.json", one), "an export of ChatGPT", Value::Null),
    ] {
        let answer = send(form.text("preview", "true").text("title", "Boats")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let choice = &answer.json()["choose"][0];
        assert_eq!((&choice["title"], &choice["reading"]["kind"]), (&json!("Boats"), &json!(kind)));
        let begins = &choice["reading"]["beginnings"][0];
        assert!(if first.is_null() { begins["text"].is_string() } else { *begins == first }, "{begins}");
    }
    assert_eq!(list().await, before, "nothing is stored");
    // A text is stored by the same way that shows it.
    let stored = send(text(turns)).await.json()["created"]["id"].as_str().unwrap().to_owned();
    let stored = student.get(&format!("/api/v1/conversations/{stored}")).await.json();
    assert_eq!(stored["messages"][0]["markdown"], "Who *rows*?");
    for (form, code) in [
        (text(" "), "empty"),
        (multipart::Form::new(), "no_file"),
        (file("a.md", turns.into()).text("text", turns), "bad_form"),
    ] {
        assert_problem(&send(form.text("preview", "true")).await, 400, code);
    }
    assert_problem(&send(text(&"x".repeat((1 << 20) + 1))).await, 413, "too_large");
}
