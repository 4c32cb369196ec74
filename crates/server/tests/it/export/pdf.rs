//! PDFs: what is on their pages, that they outlive their maker's tab and their server, and whose they are.

use std::{os::unix::fs::PermissionsExt, path::PathBuf};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::ids::UserId;

use super::{ADDRESS, Scene, TEXT, docx::read_by};
use crate::{
    activities::run,
    rooms_support::until,
    support::{
        run::scratch,
        test_app::{TestApp, Visitor, assert_problem},
    },
};

/// A program in the place of the browser.
pub(super) fn stand_in(script: &str) -> PathBuf {
    let path = scratch("browser").join("browser");
    std::fs::write(&path, format!("#!/bin/sh\nfor word in \"$@\"; do case $word in --print-to-pdf=*) out=${{word#*=}} ;; esac; done\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The real one.
pub(super) fn chromium() -> PathBuf {
    let named = std::env::var_os("CHROMIUM_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    let found = named.into_iter().chain(known).find(|path| path.is_file());
    found.expect("this test prints with Chromium: install it, or name it by CHROMIUM_PATH")
}

pub(super) async fn app_with(browser: &std::path::Path) -> TestApp {
    TestApp::start_as(&[&format!("--chromium-path={}", browser.display())], server::rooms::Timing::default()).await
}

async fn scene(browser: &std::path::Path, text: &str) -> Scene {
    let app = app_with(browser).await;
    let owner = app.person("student-1").await;
    let talk = owner.conversation("Whales 鯨", text, "class").await;
    let author: UserId = owner.id().await.parse().unwrap();
    let mut peer = owner.sync(&talk).await;
    peer.settle().await;
    Scene { app, owner, author, talk, peer }
}

fn jobs(talk: &str) -> String {
    format!("{ADDRESS}/{talk}/exports")
}

async fn begin(who: &Visitor, talk: &str) -> String {
    let begun = who.post(&jobs(talk), json!({"format": "pdf"})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    format!("{}/{}", jobs(talk), begun.json()["id"].as_str().unwrap())
}

/// The job when it is over.
pub(super) async fn ended(who: &Visitor, job: &str) -> Value {
    let mut told = Value::Null;
    until(async || {
        told = who.get(job).await.json();
        !["queued", "running"].contains(&told["state"].as_str().unwrap())
    })
    .await;
    told
}

#[tokio::test]
async fn the_text_of_the_pages_holds_every_comment_with_its_id_beside_it() {
    let mut scene = scene(&chromium(), &format!("{TEXT}\n```\n\nمرحبا بالعالم")).await;
    let mut ids = Vec::new();
    for (message, words) in
        [(0, "whales 🐋"), (0, "do whales 🐋 sing <b>"), (1, "深い 海で歌う"), (1, "listens & waits.\nopen")]
    {
        let marked = scene.mark(message, words).await;
        let first = scene.comment(marked, "Says 誰か 🦑 **who**?", None).await;
        ids.extend([first, scene.comment(marked, "An answer.", Some(first)).await]);
    }
    let job = begin(&scene.owner, &scene.talk).await;
    let done = ended(&scene.owner, &job).await;
    assert_eq!((&done["state"], &done["name"]), (&"done".into(), &"Whales-鯨.pdf".into()), "{done}");
    let link = done["link"].as_str().unwrap();
    let answer = scene.owner.request(Method::GET, link).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let named = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(named.starts_with("attachment; ") && named.contains("Whales-%E9%AF%A8.pdf"), "{named}");
    let read = read_by("read_pdf.py", "pdf", &answer.bytes().await.unwrap()).await;
    let text: String = read["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    for id in ids {
        assert!(text.contains(&format!("#{id}")), "{id}: {text}");
    }
    for words in ["鯨は", "海で歌う", "誰か", "🐋", "🦑", "Demo Student 1", "An answer."] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(read["active"], json!([]));
    assert!((read["width"].as_f64().unwrap() - 595.0).abs() < 1.0, "A4: {}", read["width"]);
}

#[tokio::test]
async fn one_at_a_time_and_for_its_maker_alone_while_they_may_read() {
    let slow = stand_in("sleep 600");
    let scene = scene(&slow, "Some words.").await;
    let peer = scene.app.person("student-2").await;
    let job = begin(&scene.owner, &scene.talk).await;
    assert_eq!(begin(&scene.owner, &scene.talk).await, job, "a second press is the same job");
    let other = scene.owner.conversation("Other", "x", "none").await;
    assert_problem(&scene.owner.post(&jobs(&other), json!({"format": "pdf"})).await, 409, "one_at_a_time");
    assert_problem(&peer.get(&job).await, 404, "not_found");
    assert_problem(&peer.change(Method::DELETE, &job, json!({})).await, 404, "not_found");
    assert_problem(&scene.owner.get(&format!("{job}/file")).await, 409, "not_ready");
    assert_problem(&scene.owner.post(&jobs(&scene.talk), json!({"format": "exe"})).await, 400, "bad_json");

    // Cancelled, the browser ends, and the next one is made.
    assert_eq!(scene.owner.change(Method::DELETE, &job, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ended(&scene.owner, &job).await["state"], "cancelled");
    let next = begin(&scene.owner, &other).await;
    until(async || scene.owner.get(&next).await.json()["state"] == "running").await;
    run(&scene.app, "update conversations set trashed_at = now() where title = 'Other'").await;
    assert_problem(&scene.owner.get(&next).await, 404, "not_found");
}

#[tokio::test]
async fn a_job_outlives_its_server_and_one_that_cannot_be_made_says_why() {
    let broken = stand_in("printf '%%PDF-1.7 half' > \"$out\"; echo broken >&2; exit 3");
    let second = scene(&broken, "Some words.").await;
    let job = begin(&second.owner, &second.talk).await;
    let failed = ended(&second.owner, &job).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["reason"].as_str().unwrap().contains("could not be made"), "{failed}");

    let quick = stand_in("printf '%%PDF-1.7 words' > \"$out\"");
    let third = scene(&quick, "Some words.").await;
    run_left_behind(&third, 1).await;
    let all = third.owner.get(&jobs(&third.talk)).await.json();
    let left = format!("{}/{}", jobs(&third.talk), all["exports"][0]["id"].as_str().unwrap());
    assert_eq!(ended(&third.owner, &left).await["state"], "done", "begun once, it is begun again");
    assert_eq!(third.owner.get(&format!("{left}/file")).await.body, "%PDF-1.7 words");
    run(&third.app, "delete from export_jobs").await;
    run_left_behind(&third, 2).await;
    let all = third.owner.get(&jobs(&third.talk)).await.json();
    let left = format!("{}/{}", jobs(&third.talk), all["exports"][0]["id"].as_str().unwrap());
    let given_up = ended(&third.owner, &left).await;
    assert_eq!(given_up["state"], "failed", "begun twice, it is given up");
    assert!(given_up["reason"].as_str().unwrap().contains("server ended"), "{given_up}");
}

/// A job that a server had begun when it was killed.
async fn run_left_behind(scene: &Scene, attempts: i16) {
    sqlx::query(
        "insert into export_jobs (id, conversation_id, user_id, format, state, attempts, alive_at)
         values (gen_random_uuid(), $1::uuid, $2, 'pdf', 'running', $3, now() - interval '1 hour')",
    )
    .bind(&scene.talk)
    .bind(scene.author.uuid())
    .bind(attempts)
    .execute(&scene.app.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_day_old_is_goes_with_its_bytes() {
    let quick = stand_in("printf '%%PDF-1.7 words' > \"$out\"");
    let scene = scene(&quick, "Some words.").await;
    let job = begin(&scene.owner, &scene.talk).await;
    assert_eq!(ended(&scene.owner, &job).await["state"], "done");
    let bytes = scene.app.uploads.join(job.rsplit('/').next().unwrap());
    assert!(bytes.is_file());
    run(&scene.app, "update export_jobs set created_at = now() - interval '25 hours'").await;
    assert_problem(&scene.owner.get(&job).await, 404, "not_found");
    begin(&scene.owner, &scene.talk).await;
    until(async || !bytes.exists()).await;
}

#[tokio::test]
async fn a_branch_is_one_of_the_conversation() {
    let scene = scene(&stand_in("sleep 600"), "Some words.").await;
    for branch in [scene.talk.as_str(), "018f0000-0000-7000-8000-000000000000"] {
        let answer = scene.owner.post(&jobs(&scene.talk), json!({"format": "pdf", "branch": branch})).await;
        assert_problem(&answer, 400, "no_such_branch");
    }
}

#[tokio::test]
async fn a_file_with_names_is_for_those_who_see_names() {
    let app = app_with(&stand_in("printf '%%PDF-1.7 words' > \"$out\"")).await;
    let (owner, peer) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("Whales", "Some words.", "class").await;
    let path = format!("{ADDRESS}/{talk}/sharing/anonymity");
    assert_eq!(owner.change(Method::PUT, &path, json!({"anonymous": true})).await.status, StatusCode::NO_CONTENT);
    let job = begin(&peer, &talk).await;
    assert_eq!(ended(&peer, &job).await["state"], "done", "without names");
    assert_eq!(peer.get(&format!("{job}/file")).await.status, StatusCode::OK);
    run(&app, "update export_jobs set shows_names = true").await;
    let told = peer.get(&job).await.json();
    assert_eq!((&told["state"], &told["link"]), (&"failed".into(), &Value::Null), "{told}");
    // It may say whose copy it is.
    assert_eq!(told["name"], Value::Null, "{told}");
    assert!(told["reason"].as_str().unwrap().contains("names"), "{told}");
    assert_problem(&peer.get(&format!("{job}/file")).await, 409, "not_ready");

    let teacher = app.person("instructor").await;
    let job = begin(&teacher, &talk).await;
    assert_eq!(ended(&teacher, &job).await["state"], "done", "staff see them");
}

#[tokio::test]
async fn a_server_that_was_given_up_changes_nothing_any_more() {
    let gate = scratch("gate").join("open");
    let waits = stand_in(&format!("while [ ! -e {} ]; do sleep 0.1; done; exit 3", gate.display()));
    let scene = scene(&waits, "Some words.").await;
    let job = begin(&scene.owner, &scene.talk).await;
    until(async || scene.owner.get(&job).await.json()["progress"] == 40).await;
    // Another server has begun it again.
    run(&scene.app, "update export_jobs set attempts = attempts + 1, alive_at = now() + interval '1 hour'").await;
    std::fs::write(gate, "").unwrap();
    let other = scene.app.person("student-2").await;
    let next = begin(&other, &scene.talk).await;
    assert_eq!(ended(&other, &next).await["state"], "failed", "this one goes on with the next");
    assert_eq!(scene.owner.get(&job).await.json()["state"], "running", "and the other server with its own");
}

#[tokio::test]
async fn a_protected_text_is_printed_for_those_who_may_take_it_away() {
    let gate = scratch("gate").join("open");
    let script = format!("while [ ! -e {} ]; do sleep 0.1; done; printf '%%PDF-1.7 words' > \"$out\"", gate.display());
    let scene = scene(&stand_in(&script), "Some words.").await;
    let protect = async |is: bool| {
        let path = format!("{ADDRESS}/{}/sharing/protection", scene.talk);
        let answer = scene.owner.change(Method::PUT, &path, json!({"copy_protected": is})).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    };
    let peer = scene.app.person("student-2").await;
    protect(true).await;
    assert_problem(&peer.post(&jobs(&scene.talk), json!({"format": "pdf"})).await, 403, "not_allowed");
    assert_problem(&peer.get(&jobs(&scene.talk)).await, 403, "not_allowed");
    protect(false).await;

    // Asked for in time, made afterwards.
    let first = begin(&scene.owner, &scene.talk).await;
    until(async || scene.owner.get(&first).await.json()["state"] == "running").await;
    let waiting = begin(&peer, &scene.talk).await;
    protect(true).await;
    std::fs::write(gate, "").unwrap();
    assert_eq!(ended(&scene.owner, &first).await["state"], "done");
    assert_problem(&peer.get(&waiting).await, 403, "not_allowed");
    let state = "select state || ': ' || reason from export_jobs where user_id <> (select owner_id from conversations where id::text = $1)";
    until(async || {
        let told: Option<String> =
            sqlx::query_scalar(state).bind(&scene.talk).fetch_one(&scene.app.database.pool).await.unwrap();
        told.is_some_and(|told| told.starts_with("failed: ") && told.contains("protect"))
    })
    .await;
}
