//! Projects: their prompts and their chats, and who sees them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::test_app::{Answer, TestApp, Visitor, assert_problem};

#[track_caller]
fn id(made: &Answer) -> String {
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A project of somebody's own, and its path in the API.
pub async fn project(visitor: &Visitor, name: &str) -> String {
    format!("/api/v1/projects/{}", id(&visitor.post("/api/v1/projects", json!({ "name": name })).await))
}

/// A project of the demo class.
async fn class_project(instructor: &Visitor) -> String {
    let class = instructor.get("/api/v1/projects").await.json()["classes"][0]["id"].clone();
    format!(
        "/api/v1/projects/{}",
        id(&instructor.post("/api/v1/projects", json!({"name": "Ours", "class": class})).await)
    )
}

pub async fn chat(visitor: &Visitor, project: &str) -> String {
    id(&visitor.post(&format!("{project}/conversations"), json!({})).await)
}

async fn prompt(visitor: &Visitor, project: &str, content: &str) -> String {
    id(&visitor.post(&format!("{project}/prompts"), json!({"name": "A prompt", "content": content})).await)
}

fn active(prompts: &Value) -> Vec<&str> {
    let all = prompts.as_array().unwrap().iter();
    all.filter(|prompt| prompt["active"] == true).map(|prompt| prompt["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_project_has_one_prompt_that_says_nothing_and_is_active() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "  My \n thesis ").await;
    let seen = student.get(&path).await.json();
    assert_eq!(
        (&seen["name"], &seen["may_change"], &seen["may_chat"]),
        (&json!("My thesis"), &json!(true), &json!(true))
    );
    assert_eq!((&seen["active_prompt"]["version"], &seen["active_prompt"]["content"]), (&json!(1), &json!("")));
    let prompts = student.get(&format!("{path}/prompts")).await.json();
    assert_eq!(active(&prompts).len(), 1);
    assert_eq!(student.get("/api/v1/projects").await.json()["projects"][0]["name"], "My thesis");
    assert_eq!(app.person("student-2").await.get("/api/v1/projects").await.json()["projects"], json!([]));
}

#[tokio::test]
async fn a_prompt_is_made_without_being_active_and_then_made_so() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    let second = prompt(&student, &path, "Be kind.\r\nBe short.").await;
    let prompts = student.get(&format!("{path}/prompts")).await.json();
    assert_eq!((&prompts[0]["version"], &prompts[0]["content"]), (&json!(2), &json!("Be kind.\nBe short.")));
    assert_ne!(active(&prompts), [second.as_str()]);
    let done = student.post(&format!("{path}/prompts/{second}/activate"), json!({})).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert_eq!(active(&student.get(&format!("{path}/prompts")).await.json()), [second.as_str()]);
    assert_eq!(student.get(&path).await.json()["active_prompt"]["id"], second.as_str());

    let elsewhere = project(&student, "Another").await;
    let foreign = prompt(&student, &elsewhere, "Of another project").await;
    assert_problem(&student.post(&format!("{path}/prompts/{foreign}/activate"), json!({})).await, 404, "not_found");
    assert_eq!(active(&student.get(&format!("{path}/prompts")).await.json()), [second.as_str()]);
}

#[tokio::test]
async fn exactly_one_prompt_is_active_whoever_activates_at_once() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(prompt(&student, &path, &format!("Prompt {n}")).await);
    }
    let race = (0..24).map(|n| {
        let path = format!("{path}/prompts/{}/activate", all[n % 4]);
        let student = &student;
        async move { student.post(&path, json!({})).await.status }
    });
    let answers = futures::future::join_all(race).await;
    assert!(answers.iter().all(|status| *status == StatusCode::NO_CONTENT), "{answers:?}");
    let prompts = student.get(&format!("{path}/prompts")).await.json();
    assert_eq!(active(&prompts).len(), 1);
}

/// Whoever writes to the database itself.
#[tokio::test]
async fn the_database_keeps_one_prompt_active_and_all_of_them_as_they_are() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    prompt(&student, &path, "Be kind.").await;
    let elsewhere = project(&student, "Another").await;
    prompt(&student, &elsewhere, "Be short.").await;
    for sql in [
        "update projects set active_prompt_id = null",
        "update projects p set active_prompt_id = (select id from prompt_versions v where v.project_id <> p.id limit 1)",
        "update prompt_versions set content = 'Be rude.' where version = 2",
        "update prompt_versions set name = 'Another'",
    ] {
        assert!(sqlx::query(sql).execute(&app.database.pool).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_prompt_or_a_name_that_cannot_be_kept_is_refused_with_a_word_why() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    for content in ["", " \n ", "a\0b", &"x".repeat((64 << 10) + 1)] {
        let answer = student.post(&format!("{path}/prompts"), json!({"name": "x", "content": content})).await;
        assert_problem(&answer, 400, "bad_prompt");
    }
    let longest = "x".repeat(64 << 10);
    prompt(&student, &path, &longest).await;
    for name in ["", "  ", &"x".repeat(201)] {
        assert_problem(&student.post("/api/v1/projects", json!({ "name": name })).await, 400, "bad_name");
        assert_problem(&student.change(Method::PATCH, &path, json!({ "name": name })).await, 400, "bad_name");
        let answer = student.post(&format!("{path}/prompts"), json!({"name": name, "content": "x"})).await;
        assert_problem(&answer, 400, "bad_name");
    }
    let title = "x".repeat(201);
    assert_problem(&student.post(&format!("{path}/conversations"), json!({ "title": title })).await, 400, "bad_name");
}

#[tokio::test]
async fn there_is_a_limit_to_projects_prompts_and_chats() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    for sql in [
        "insert into prompt_versions (id, project_id, version, name, content)
         select gen_random_uuid(), p.id, n, 'x', 'x' from projects p, generate_series(2, 500) n",
        "insert into conversations (id, title, owner_id, project_id)
         select gen_random_uuid(), 'x', p.owner_id, p.id from projects p, generate_series(1, 1000)",
    ] {
        sqlx::query(sql).execute(&app.database.pool).await.unwrap();
    }
    let answer = student.post(&format!("{path}/prompts"), json!({"name": "x", "content": "x"})).await;
    assert_problem(&answer, 409, "too_many_prompts");
    assert_problem(&student.post(&format!("{path}/conversations"), json!({})).await, 409, "too_many_chats");
    for n in 1..200 {
        project(&student, &format!("Project {n}")).await;
    }
    assert_problem(&student.post("/api/v1/projects", json!({"name": "x"})).await, 409, "too_many_projects");
    assert_eq!(student.delete(&path).await.status, StatusCode::NO_CONTENT);
    project(&student, "One more").await;
}

#[tokio::test]
async fn the_members_of_a_class_chat_in_its_project_and_its_staff_change_it() {
    let app = TestApp::start().await;
    let (instructor, student, stranger) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.newcomer("Ann"));
    let path = class_project(&instructor).await;
    let seen = student.get(&path).await.json();
    assert_eq!((&seen["may_change"], &seen["may_chat"]), (&json!(false), &json!(true)));
    assert_eq!(seen["class"]["name"], "Demo class");
    chat(&student, &path).await;
    assert_problem(&student.change(Method::PATCH, &path, json!({"name": "x"})).await, 403, "not_allowed");
    let answer = student.post(&format!("{path}/prompts"), json!({"name": "x", "content": "x"})).await;
    assert_problem(&answer, 403, "not_allowed");
    assert_problem(&student.upload(&format!("{path}/files"), "a.txt", "words").await, 403, "not_allowed");
    assert_problem(&stranger.get(&path).await, 404, "not_found");

    // A class's project is for its staff to make; of what one is not in, nothing is said.
    let class = seen["class"]["id"].clone();
    let make = json!({"name": "x", "class": class});
    assert_problem(&student.post("/api/v1/projects", make.clone()).await, 403, "not_allowed");
    assert_problem(&stranger.post("/api/v1/projects", make.clone()).await, 400, "no_class");
    let nowhere = json!({"name": "x", "class": "0190c1a2-0000-7000-8000-000000000000"});
    assert_eq!(
        stranger.post("/api/v1/projects", nowhere).await.body,
        stranger.post("/api/v1/projects", make.clone()).await.body
    );

    sqlx::query("update classes set archived_at = now()").execute(&app.database.pool).await.unwrap();
    assert_eq!(student.get(&path).await.json()["may_chat"], false);
    assert_problem(&student.post(&format!("{path}/conversations"), json!({})).await, 409, "archived");
    assert_problem(&instructor.change(Method::PATCH, &path, json!({"name": "x"})).await, 409, "archived");
    assert_problem(&instructor.post("/api/v1/projects", make).await, 409, "archived");
    sqlx::query("delete from memberships").execute(&app.database.pool).await.unwrap();
    assert_problem(&student.get(&path).await, 404, "not_found");
    assert_problem(&instructor.get(&path).await, 404, "not_found");
}

#[tokio::test]
async fn a_new_chat_is_empty_and_its_writers_alone_until_it_is_shared() {
    let app = TestApp::start().await;
    let (instructor, student, other) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let path = class_project(&instructor).await;
    let id = chat(&student, &path).await;
    let conversation = format!("/api/v1/conversations/{id}");
    let seen = student.get(&conversation).await.json();
    assert_eq!((&seen["title"], &seen["messages"]), (&json!("New chat"), &json!([])));
    assert_eq!((&seen["chat"]["name"], &seen["chat"]["may_send"]), (&json!("Ours"), &json!(true)));
    assert_eq!(student.get(&format!("/c/{id}")).await.status, StatusCode::OK);
    let chats = format!("{path}/conversations");
    for visitor in [&instructor, &other] {
        assert_problem(&visitor.get(&conversation).await, 404, "not_found");
        assert_eq!(visitor.get(&chats).await.json(), json!([]));
    }
    assert_eq!(student.get(&chats).await.json()[0]["id"], id.as_str());

    let class = student.get(&path).await.json()["class"]["id"].clone();
    student.change(Method::PUT, &format!("{conversation}/sharing/class"), json!({ "class": class })).await;
    assert_eq!(other.get(&chats).await.json()[0]["owner"], "Demo Student 1");
    let seen = other.get(&conversation).await.json();
    assert_eq!((&seen["access"], &seen["chat"]["may_send"]), (&json!("annotator"), &json!(false)));
}

#[tokio::test]
async fn whoever_is_let_into_a_chat_learns_nothing_of_its_project() {
    let app = TestApp::start().await;
    let (owner, guest) = tokio::join!(app.person("student-1"), app.newcomer("Guest"));
    let path = project(&owner, "A secret name").await;
    let id = chat(&owner, &path).await;
    let share = json!({"email": "guest@example.test", "access": "editor"});
    owner.post(&format!("/api/v1/conversations/{id}/sharing/people"), share).await;
    let seen = guest.get(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(seen.json()["chat"]["may_send"], true);
    assert!(!seen.body.contains("A secret name"), "{}", seen.body);
    assert_problem(&guest.get(&path).await, 404, "not_found");
}

#[tokio::test]
async fn chats_outlive_their_project() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = project(&student, "Mine").await;
    let id = chat(&student, &path).await;
    assert_eq!(student.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_problem(&student.get(&path).await, 404, "not_found");
    let seen = student.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!((&seen["chat"]["may_send"], &seen["chat"]["name"]), (&json!(false), &Value::Null));
    let answer = student.upload(&format!("/api/v1/conversations/{id}/files"), "a.txt", "words").await;
    assert_problem(&answer, 409, "project_deleted");
}

#[tokio::test]
async fn the_pages_of_projects_show_what_there_is_and_nothing_hostile() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    assert!(student.get("/projects").await.body.contains("No projects yet."));
    let path = project(&student, "<b>Bold</b>").await;
    let hostile = "</textarea></pre><script>alert(1)</script>";
    let prompt = prompt(&student, &path, hostile).await;
    let made = student.upload(&format!("{path}/files"), "<i>.txt", "words").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let list = student.get("/projects").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.body.contains("&lt;b&gt;Bold"), "{}", list.body);
    let address = path.replace("/api/v1", "");
    for page in [address.clone(), format!("{address}?prompt={prompt}"), format!("{address}?prompt=nonsense")] {
        let page = student.get(&page).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("&lt;i&gt;.txt"));
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<b>Bold"), "{}", page.body);
    }
    assert_eq!(student.get("/projects/nonsense").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.person("student-2").await.get(&address).await.status, StatusCode::NOT_FOUND);
}
