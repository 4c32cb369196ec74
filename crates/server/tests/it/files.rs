//! Files of projects and chats: what is taken, what is given back, and what is left behind.

use std::fs;

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use server::{access, error::Error, files};
use shared::ids::{ConversationId, FileId, MessageId, UserId};

use crate::{
    projects::{chat, project},
    rooms_support::until,
    support::test_app::{TestApp, Visitor, assert_problem},
};

async fn add(visitor: &Visitor, path: &str, name: &str, bytes: impl Into<Vec<u8>>) -> String {
    let made = visitor.upload(path, name, bytes).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// What lies in the store.
fn stored(app: &TestApp) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(&app.uploads).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn execute(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn a_file_comes_back_as_an_attachment_byte_for_byte() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    let page = "<!DOCTYPE html><script>alert(1)</script>";
    let id = add(&student, &path, "..\\über \"x\".html", page).await;
    let listed = student.get(&path).await.json();
    assert_eq!((&listed[0]["name"], &listed[0]["media_type"]), (&json!("über \"x\".html"), &json!("text/html")));
    assert_eq!((&listed[0]["size"], &listed[0]["uploader"]), (&json!(page.len()), &json!("Demo Student 1")));
    let answer = student.get(&format!("{path}/{id}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, page));
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers[header::CONTENT_LENGTH], page.len().to_string());
    assert!(answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sandbox"));
    let disposition = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename=\"_ber _x_.html\"; filename*=UTF-8''%C3%BCber%20%22x%22.html");
    assert_eq!(stored(&app), [id], "nothing of the name is part of a path");
}

#[tokio::test]
async fn the_sha_256_is_that_of_the_bytes() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    add(&student, &path, "abc", "abc").await;
    // FIPS 180-2, appendix B.1.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(student.get(&path).await.json()[0]["sha256"], expected);
}

#[tokio::test]
async fn an_empty_file_is_400_and_one_over_25_mib_413() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let project = project(&student, "Mine").await;
    for path in [format!("{project}/files"), format!("/api/v1/conversations/{}/files", chat(&student, &project).await)]
    {
        assert_problem(&student.upload(&path, "empty.txt", "").await, 400, "empty_file");
        assert_problem(&student.upload(&path, "large.bin", vec![1; (25 << 20) + 1]).await, 413, "too_large");
        assert_problem(&student.post(&path, json!({})).await, 400, "bad_form");
        assert_eq!(student.get(&path).await.json(), json!([]));
        assert!(stored(&app).is_empty());
    }
    add(&student, &format!("{project}/files"), "just.bin", vec![1; 25 << 20]).await;
}

#[tokio::test]
async fn there_is_a_limit_to_files_and_to_what_one_person_keeps() {
    let app = TestApp::start().await;
    let (student, other) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let path = format!("{}/files", project(&student, "Mine").await);
    add(&student, &path, "a.txt", "words").await;
    execute(&app, "update files set size = 26214400").await;
    execute(
        &app,
        "insert into files (id, project_id, conversation_id, uploader_id, name, media_type, size, sha256, stored_at)
         select gen_random_uuid(), project_id, gen_random_uuid(), uploader_id, name, media_type, size, sha256, now()
         from files, generate_series(1, 40)",
    )
    .await;
    assert_problem(&student.upload(&path, "b.txt", "words").await, 409, "files_full");
    let elsewhere = format!("{}/files", project(&other, "Another's").await);
    add(&other, &elsewhere, "b.txt", "words").await;
    execute(
        &app,
        "insert into files (id, project_id, name, media_type, size, sha256, stored_at)
         select gen_random_uuid(), project_id, 'x', 'text/plain', 1, sha256('x'), now()
         from files, generate_series(1, 199)
         where size = 5",
    )
    .await;
    assert_problem(&other.upload(&elsewhere, "c.txt", "words").await, 409, "too_many_files");
}

#[tokio::test]
async fn a_file_of_a_chat_is_for_its_readers_alone() {
    let app = TestApp::start().await;
    let (student, guest) = tokio::join!(app.person("student-1"), app.newcomer("Guest"));
    let project = project(&student, "Mine").await;
    let chat = chat(&student, &project).await;
    let path = format!("/api/v1/conversations/{chat}/files");
    let id = add(&student, &path, "a.txt", "words").await;
    assert_eq!(student.get(&format!("{project}/files")).await.json(), json!([]), "it is not the project's");
    assert_problem(&student.get(&format!("{project}/files/{id}")).await, 404, "not_found");
    assert_problem(&guest.get(&format!("{path}/{id}")).await, 404, "not_found");
    let share = json!({"email": "guest@example.test", "access": "viewer"});
    student.post(&format!("/api/v1/conversations/{chat}/sharing/people"), share).await;
    assert_eq!(guest.get(&format!("{path}/{id}")).await.body, "words");
    assert_problem(&guest.upload(&path, "b.txt", "words").await, 403, "not_allowed");
    assert_problem(&guest.delete(&format!("{path}/{id}")).await, 403, "not_allowed");
    let of_project = add(&student, &format!("{project}/files"), "c.txt", "others").await;
    assert_problem(&guest.get(&format!("{path}/{of_project}")).await, 404, "not_found");
}

#[tokio::test]
async fn who_gave_a_file_to_an_anonymous_chat_is_called_there_as_the_others_call_them() {
    let app = TestApp::start().await;
    let (student, peer, staff) =
        tokio::join!(app.person("student-1"), app.person("student-2"), app.person("instructor"));
    let chat = chat(&student, &project(&student, "Mine").await).await;
    let sharing = format!("/api/v1/conversations/{chat}/sharing");
    let class = student.get(&sharing).await.json()["classes"][0]["id"].clone();
    for (part, body) in [("class", json!({ "class": class })), ("anonymity", json!({"anonymous": true}))] {
        let set = student.change(Method::PUT, &format!("{sharing}/{part}"), body).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.body);
    }
    let path = format!("/api/v1/conversations/{chat}/files");
    add(&student, &path, "a.txt", "words").await;
    let read = student.get(&format!("/api/v1/conversations/{chat}")).await.json();
    let uploader = async |who: &Visitor| who.get(&path).await.json()[0]["uploader"].clone();
    assert_eq!(uploader(&peer).await, read["anonymity"]["seen_as"]);
    assert_eq!((uploader(&student).await, uploader(&staff).await), (json!("Demo Student 1"), json!("Demo Student 1")));
}

/// Stores a message in a chat and sends files along with it.
async fn send(app: &TestApp, who: &Visitor, chat: &str, file: &[&str]) -> Result<MessageId, Error> {
    let (user, chat): (UserId, ConversationId) = (who.id().await.parse().unwrap(), chat.parse().unwrap());
    let sender = access::sender(&app.database.pool, user, chat).await?;
    let message = MessageId::new();
    let mut tx = app.database.pool.begin().await.unwrap();
    sqlx::query(
        "insert into messages (id, conversation_id, position, role, markdown, text, renderer)
         select $1, $2, count(*), 'user', 'Read this.', 'Read this.', 1 from messages where conversation_id = $2",
    )
    .bind(message.uuid())
    .bind(chat.uuid())
    .execute(&mut *tx)
    .await
    .unwrap();
    let files: Vec<FileId> = file.iter().map(|id| id.parse().unwrap()).collect();
    files::attach(&mut tx, sender, message, &files).await?;
    tx.commit().await.unwrap();
    Ok(message)
}

#[tokio::test]
async fn a_file_that_was_sent_is_named_by_its_message_for_ever_and_given_while_it_is_there() {
    let app = TestApp::start().await;
    let (student, guest) = tokio::join!(app.person("student-1"), app.newcomer("Guest"));
    let project = project(&student, "Mine").await;
    let chat = chat(&student, &project).await;
    let path = format!("/api/v1/conversations/{chat}");
    let of_project = add(&student, &format!("{project}/files"), "paper.txt", "words").await;
    let of_chat = add(&student, &format!("{path}/files"), "note.txt", "others").await;
    send(&app, &student, &chat, &[&of_chat, &of_project]).await.unwrap();
    let share = json!({"email": "guest@example.test", "access": "viewer"});
    student.post(&format!("{path}/sharing/people"), share).await;

    let files = guest.get(&path).await.json()["messages"][0]["files"].clone();
    let names: Vec<_> = files.as_array().unwrap().iter().map(|file| file["name"].clone()).collect();
    assert_eq!(names, ["note.txt", "paper.txt"], "in the order that they were sent in");
    assert_eq!(guest.get(&format!("{path}/files/{of_project}")).await.body, "words");
    assert!(guest.get(&format!("/c/{chat}")).await.body.contains("paper.txt"));

    assert_eq!(student.delete(&format!("{project}/files/{of_project}")).await.status, StatusCode::NO_CONTENT);
    files::sweep(&app.database.pool, &app.files).await.unwrap();
    assert_problem(&guest.get(&format!("{path}/files/{of_project}")).await, 404, "not_found");
    assert_eq!(guest.get(&path).await.json()["messages"][0]["files"][1]["deleted"], true);
    assert_eq!(stored(&app), std::slice::from_ref(&of_chat));

    assert_eq!(student.delete(&project).await.status, StatusCode::NO_CONTENT);
    assert_eq!(guest.get(&format!("{path}/files/{of_chat}")).await.body, "others", "chats outlive their project");
}

#[tokio::test]
async fn only_files_that_are_there_for_a_chat_are_sent_in_it() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let (here, elsewhere) = (project(&student, "Mine").await, project(&student, "Another").await);
    let (ours, theirs) = (chat(&student, &here).await, chat(&student, &here).await);
    let foreign = add(&student, &format!("{elsewhere}/files"), "a.txt", "words").await;
    let of_another_chat = add(&student, &format!("/api/v1/conversations/{theirs}/files"), "b.txt", "words").await;
    let good = add(&student, &format!("{here}/files"), "c.txt", "words").await;
    let deleted = add(&student, &format!("{here}/files"), "d.txt", "words").await;
    student.delete(&format!("{here}/files/{deleted}")).await;
    for (bad, code) in [
        (vec![&foreign], "no_file"),
        (vec![&of_another_chat], "no_file"),
        (vec![&good, &deleted], "no_file"),
        (vec![&good, &good], "bad_files"),
        (vec![&good; 21], "bad_files"),
    ] {
        let bad: Vec<&str> = bad.into_iter().map(String::as_str).collect();
        assert_eq!(send(&app, &student, &ours, &bad).await.unwrap_err().problem().kind, format!("/problems/{code}"));
    }
    assert_eq!(student.get(&format!("/api/v1/conversations/{ours}")).await.json()["messages"], json!([]));
    send(&app, &student, &ours, &[&good]).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_leaves_behind_is_swept_and_nothing_else() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let project = project(&student, "Mine").await;
    let path = format!("{project}/files");
    let (kept, cut_off, half, coming) = (
        add(&student, &path, "kept.txt", "words").await,
        add(&student, &path, "cut-off.txt", "words").await,
        add(&student, &path, "half.txt", "words").await,
        add(&student, &path, "coming.txt", "words").await,
    );
    // Killed after the bytes were stored, and in the midst of that; one that is still being added.
    execute(&app, "update files set stored_at = null where name <> 'kept.txt'").await;
    execute(&app, "update files set created_at = now() - interval '2 hours' where name <> 'coming.txt'").await;
    fs::rename(app.uploads.join(&half), app.uploads.join(format!("{half}#1"))).unwrap();
    assert_eq!(student.get(&path).await.json().as_array().unwrap().len(), 1);
    assert_problem(&student.get(&format!("{path}/{cut_off}")).await, 404, "not_found");
    for _ in 0..2 {
        files::sweep(&app.database.pool, &app.files).await.unwrap();
        let mut expected = [kept.clone(), coming.clone()];
        expected.sort();
        assert_eq!(stored(&app), expected);
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from files").fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(rows, 2);

    // With a conversation go its files, however it is deleted.
    let chat = chat(&student, &project).await;
    add(&student, &format!("/api/v1/conversations/{chat}/files"), "note.txt", "words").await;
    execute(&app, "delete from conversations where untitled").await;
    files::sweep(&app.database.pool, &app.files).await.unwrap();
    assert_eq!(stored(&app).len(), 2);
}

#[tokio::test]
async fn the_newest_file_is_listed_first() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    for name in ["b.txt", "c.txt", "a.txt"] {
        add(&student, &path, name, "words").await;
    }
    let listed = student.get(&path).await.json();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.txt", "c.txt", "b.txt"]);
}

#[tokio::test]
async fn a_project_that_is_deleted_leaves_no_file_behind() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let [one, other] = [project(&student, "One").await, project(&student, "Other").await];
    add(&student, &format!("{one}/files"), "a.txt", "words").await;
    let kept = add(&student, &format!("{other}/files"), "b.txt", "words").await;
    assert_eq!(student.delete(&one).await.status, StatusCode::NO_CONTENT);
    files::sweep(&app.database.pool, &app.files).await.unwrap();
    assert_eq!(stored(&app).len(), 2, "what is in the trash can come back");
    let in_trash = one.replace("/api/v1/", "/api/v1/trash/");
    assert_eq!(student.delete(&in_trash).await.status, StatusCode::NO_CONTENT);
    // Of two sweeps at once, this one and the server's, one leaves it to the other.
    until(async || {
        files::sweep(&app.database.pool, &app.files).await.unwrap();
        stored(&app) == [kept.clone()]
    })
    .await;
}
