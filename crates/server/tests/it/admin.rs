//! What the people who run the server do at its command line: the program itself, beside a server that runs.

use std::{path::Path, process::Output};

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use server::rooms::Timing;
use shared::sync::CloseCode;

use crate::{
    projects::project,
    rooms_support::until,
    support::{
        program::{PATIENCE, Server, Starting, program},
        run,
        test_app::{Answer, TestApp, Visitor},
    },
};

const STUDENT: &str = "student-1@demo.invalid";
const TEACHER: &str = "instructor@demo.invalid";

/// Nobody is looked at again but when something was said.
async fn start() -> TestApp {
    let recheck = std::time::Duration::from_secs(3_600);
    TestApp::start_as(&[], Timing { recheck, ..Timing::default() }).await
}

async fn call(words: &[&str], flags: &[String]) -> Output {
    let mut command = program();
    command.arg("admin").args(words).args(flags);
    tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends in time").unwrap()
}

fn flags(app: &TestApp) -> [String; 2] {
    [format!("--database-url={}", app.database.url), format!("--public-origin={}", app.origin())]
}

/// What it says as JSON.
async fn admin(app: &TestApp, words: &[&str]) -> Value {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let output = call(&words, &flags(app)).await;
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one line that says why it did nothing.
async fn refusal(app: &TestApp, words: &[&str]) -> String {
    let output = call(words, &flags(app)).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().find(|line| line.starts_with("promptgrimoire: ")).unwrap_or_else(|| panic!("{said}"));
    line.to_owned()
}

#[tokio::test]
async fn a_program_reads_one_json_document_whatever_became_of_what_it_asked_for() {
    let app = start().await;
    for (words, code, why) in [
        (&["ban", "nobody@example.org", "--json"][..], 1, "nobody@example.org"),
        (&["archive-class", "No such class", "--json"], 1, "No such class"),
        (&["sign-in-link", STUDENT, "--minutes=0", "--json"], 2, "--minutes"),
        (&["--json", "users", "--limit=many"], 2, "--limit"),
        (&["no-such-task", "--json"], 2, "no-such-task"),
        (&["users", "--json", "--listen=nowhere"], 2, "LISTEN"),
    ] {
        let output = call(words, &flags(&app)).await;
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let said = said["error"].as_str().unwrap();
        assert!(said.contains(why), "{words:?}: {said}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(said), "and people read it too");
    }
    let plain = call(&["users", "--limit=many"], &flags(&app)).await;
    assert!(plain.stdout.is_empty());
}

#[tokio::test]
async fn the_help_of_admin_names_what_it_needs_and_not_all_that_a_server_can_be_told() {
    for words in [&["--help"][..], &["sign-in-link", "--help"], &["help"]] {
        let help = call(words, &[]).await;
        assert!(help.status.success(), "{words:?}");
        let help = String::from_utf8(help.stdout).unwrap();
        for foreign in ["--stytch", "--oidc", "--openai", "--metrics-token", "--listen", "--site-root"] {
            assert!(!help.contains(foreign), "{words:?} names {foreign}:\n{help}");
        }
    }
    let help = call(&["ban", "--help"], &[]).await;
    let help = String::from_utf8(help.stdout).unwrap();
    for needed in ["--database-url", "--data-dir", "--public-origin", "--json"] {
        assert!(help.contains(needed), "{needed} in\n{help}");
    }
}

#[tokio::test]
async fn a_ban_reaches_open_sockets_sessions_and_tokens_at_once_and_can_be_taken_back() {
    let app = start().await;
    let (student, other) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let talk = student.conversation("x", "A text.", "class").await;
    let (_, token) = student.token("x").await;
    let program = app.stranger();
    let bearer = async || program.send(reqwest::Method::GET, "/api/v1/me", |request| request.bearer_auth(&token)).await;
    let mut goes = [student.sync(&talk).await, program.sync_by_token(&talk, &token).await];
    let mut stays = other.sync(&talk).await;
    for peer in goes.iter_mut().chain([&mut stays]) {
        peer.settle().await;
    }

    let banned = admin(&app, &["ban", STUDENT]).await;
    assert!(banned["sessions_ended"] == 1 && banned["banned_at"].is_string(), "{banned}");
    for peer in &mut goes {
        assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    }
    for answer in [student.get("/api/v1/me").await, student.get("/api/v1/nothing-like-it").await, bearer().await] {
        let is_ban = answer.status == StatusCode::FORBIDDEN && answer.problem() == "banned";
        assert!(is_ban || answer.status == StatusCode::NOT_FOUND, "{}", answer.body);
    }
    assert_eq!(bearer().await.problem(), "banned");
    assert_eq!(student.sync(&talk).await.until_closed().await, Some(CloseCode::Denied));
    for path in ["/", "/import", "/inbox", "/classes", "/account", &format!("/c/{talk}")] {
        let page = student.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("Account closed") && !page.body.contains("Demo Student 1"), "{path}");
        assert_eq!(page.headers["x-promptgrimoire-user"], "none", "{path}");
    }
    let again = app.stranger().post("/api/v1/dev/sign-in", json!({"person": "student-1"})).await;
    assert_eq!((again.status, again.problem().as_str()), (StatusCode::FORBIDDEN, "banned"));
    assert_eq!(app.stranger().submit("/sign-in", &[("person", "student-1")]).await.location(), "/sign-in/closed");
    stays.write("still here").await;
    stays.settle().await;

    // Somebody else at the same browser is not kept out.
    assert_eq!(student.get("/sign-in").await.status, StatusCode::OK);
    let out = student.submit("/sign-out", &[]).await;
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "{:?}", out.headers);

    assert_eq!(admin(&app, &["unban", STUDENT]).await["banned_at"], Value::Null);
    let old = app.stranger();
    let cookie = student.cookie.clone();
    let old = old.send(reqwest::Method::GET, "/api/v1/me", |request| request.header(header::COOKIE, cookie)).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "what was ended stays ended");
    assert_eq!(bearer().await.status, StatusCode::OK);
    app.person("student-1").await.sync(&talk).await.settle().await;
}

/// The path of a new link.
async fn link(app: &TestApp, user: &str, more: &[&str]) -> String {
    let words: Vec<&str> = ["sign-in-link", user].into_iter().chain(more.iter().copied()).collect();
    let link = admin(app, &words).await["link"].as_str().unwrap().to_owned();
    link.strip_prefix(&app.origin()).expect("it leads to the server").to_owned()
}

async fn open(visitor: &Visitor, link: &str) -> Answer {
    let opened = visitor.get(link).await;
    assert_eq!(
        (opened.location(), &opened.headers["referrer-policy"]),
        ("/sign-in/link", &"no-referrer".parse().unwrap())
    );
    let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    visitor.get("/sign-in/link").await
}

#[tokio::test]
async fn a_sign_in_link_signs_in_once_and_after_a_button_was_pressed() {
    let app = start().await;
    let secret = link(&app, STUDENT, &[]).await;
    for _ in 0..2 {
        let scanner = app.stranger();
        let page = open(&scanner, &secret).await;
        assert!(page.status == StatusCode::OK && page.body.contains("Demo Student 1"), "{}", page.body);
        assert!(!page.body.contains(secret.rsplit('/').next().unwrap()), "the secret stands on no page");
        assert_eq!(scanner.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    }
    let (student, late) = (app.stranger(), app.stranger());
    open(&student, &secret).await;
    open(&late, &secret).await;
    let foreign = student
        .send(reqwest::Method::POST, "/sign-in/link", |request| request.header(header::ORIGIN, "https://example.org"));
    assert_eq!(foreign.await.problem(), "foreign_origin");
    assert_eq!(student.submit("/sign-in/link", &[]).await.location(), "/");
    assert_eq!(student.get("/api/v1/me").await.json()["email"], STUDENT);
    let twice = late.submit("/sign-in/link", &[]).await;
    assert!(twice.status == StatusCode::GONE && twice.body.contains("used already"), "{}", twice.body);
    assert_eq!(late.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.stranger().get("/sign-in/link").await.status, StatusCode::GONE, "without a link");
}

#[tokio::test]
async fn a_sign_in_link_that_is_old_replaced_or_of_somebody_banned_signs_nobody_in() {
    let app = start().await;
    let replaced = link(&app, STUDENT, &["--minutes=1440"]).await;
    let expired = link(&app, STUDENT, &[]).await;
    sqlx::query("update sign_in_links set expires_at = now()").execute(&app.database.pool).await.unwrap();
    let of_banned = link(&app, TEACHER, &[]).await;
    let hashes: Vec<Vec<u8>> =
        sqlx::query_scalar("select token_hash from sign_in_links").fetch_all(&app.database.pool).await.unwrap();
    let secret = server::sessions::Secret::parse(of_banned.rsplit('/').next().unwrap()).unwrap();
    assert!(hashes.contains(&secret.hash()), "the database holds the hash alone");
    let held = app.stranger();
    assert_eq!(open(&held, &of_banned).await.status, StatusCode::OK);
    admin(&app, &["ban", TEACHER]).await;
    assert_eq!(held.submit("/sign-in/link", &[]).await.status, StatusCode::GONE);
    for link in [&replaced, &expired, &of_banned, &"/sign-in/link/nonsense".to_owned()] {
        let visitor = app.stranger();
        assert_eq!(open(&visitor, link).await.status, StatusCode::GONE, "{link}");
        assert_eq!(visitor.submit("/sign-in/link", &[]).await.status, StatusCode::GONE, "{link}");
    }
    assert!(refusal(&app, &["sign-in-link", TEACHER]).await.contains("is banned"));
}

#[tokio::test]
async fn people_are_listed_found_entered_and_made_administrators() {
    let app = start().await;
    let all = admin(&app, &["users"]).await;
    let emails = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(emails(&all), [TEACHER, STUDENT, "student-2@demo.invalid"]);
    assert_eq!(emails(&admin(&app, &["users", "--find=STUDENT-1"]).await), [STUDENT]);
    let first = all[0]["id"].as_str().unwrap();
    assert_eq!(emails(&admin(&app, &["users", "--limit=1", "--after", first]).await), [STUDENT]);
    assert_eq!(admin(&app, &["users", "--only=admins"]).await, json!([]));

    let ann = admin(&app, &["add-user", "Ann@Example.org", "--name=Ann Lee"]).await;
    assert_eq!(
        (&ann["name"], &ann["email"], &ann["admin"]),
        (&json!("Ann Lee"), &json!("ann@example.org"), &json!(false))
    );
    assert!(refusal(&app, &["add-user", "ann@example.org"]).await.contains("already"));
    assert!(refusal(&app, &["add-user", "ann"]).await.contains("no e-mail address"));
    assert_eq!(admin(&app, &["promote", "ANN@example.org"]).await["admin"], true);
    assert_eq!(emails(&admin(&app, &["users", "--only=admins"]).await), ["ann@example.org"]);
    let id = ann["id"].as_str().unwrap();
    assert_eq!(admin(&app, &["demote", id]).await["admin"], false);
    assert_eq!(admin(&app, &["allow-classes", id]).await["may_create_classes"], true);
    assert_eq!(admin(&app, &["forbid-classes", id]).await["may_create_classes"], false);
    assert!(refusal(&app, &["promote", "nobody@example.org"]).await.contains("nobody@example.org"));

    let shown = admin(&app, &["user", TEACHER]).await;
    assert_eq!(shown["sign_in_by"], json!(["development"]));
    assert_eq!(
        (&shown["classes"][0]["name"], &shown["classes"][0]["role"]),
        (&json!("Demo class"), &json!("instructor"))
    );
    assert_eq!(shown["conversations"], 1);
}

#[tokio::test]
async fn classes_are_made_archived_and_staffed_and_never_without_an_instructor() {
    let app = start().await;
    let made = admin(&app, &["add-class", "  History   1 ", "--instructor", TEACHER]).await;
    assert_eq!((&made["name"], &made["instructors"]), (&json!("History 1"), &json!([TEACHER])));
    assert_eq!(admin(&app, &["role", "history 1", STUDENT, "tutor"]).await["role"], "tutor");
    let student = app.person("student-1").await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(student.get(&format!("/api/v1/classes/{id}")).await.json()["role"], "tutor");
    assert!(refusal(&app, &["role", id, TEACHER, "student"]).await.contains("no instructor"));
    assert!(refusal(&app, &["role", id, TEACHER, "none"]).await.contains("no instructor"));
    assert_eq!(admin(&app, &["role", id, STUDENT, "none"]).await["role"], Value::Null);
    assert!(refusal(&app, &["role", id, STUDENT, "none"]).await.contains("not in History 1"));
    assert!(admin(&app, &["archive-class", id]).await["archived_at"].is_string());
    assert!(refusal(&app, &["role", id, STUDENT, "tutor"]).await.contains("archived"));
    let names = |list: Value| list.as_array().unwrap().iter().map(|class| class["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(admin(&app, &["classes"]).await), ["Demo class"]);
    assert_eq!(names(admin(&app, &["classes", "--archived", "--find=history"]).await), ["History 1"]);
    assert_eq!(admin(&app, &["restore-class", "History 1"]).await["archived_at"], Value::Null);
    admin(&app, &["add-class", "history 1", "--instructor", STUDENT]).await;
    assert!(refusal(&app, &["archive-class", "History 1"]).await.contains("several classes"));
    assert!(refusal(&app, &["add-class", " ", "--instructor", TEACHER]).await.contains("name"));
}

#[tokio::test]
async fn a_server_without_its_site_is_not_started() {
    let output = program().args(["serve", "--listen=127.0.0.1:0", "--site-root=/nowhere/site"]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("SITE_ROOT: /nowhere/site"), "{said}");
}

#[tokio::test]
async fn what_is_typed_wrongly_is_said_in_one_line_and_what_is_there_in_words() {
    let app = start().await;
    for (words, part) in [
        (&["role", "x", "y", "boss"][..], "student, tutor or instructor"),
        (&["sign-in-link", STUDENT, "--minutes=0"], "1..=1440"),
        (&["users", "--limit=5000"], "1..=1000"),
        (&["nonsense"], "nonsense"),
        (&[], "subcommand"),
    ] {
        let output = call(words, &flags(&app)).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{words:?}: {said}");
        assert!(said.contains(part), "{said}");
    }
    let said = async |words: &[&str]| String::from_utf8(call(words, &flags(&app)).await.stdout).unwrap();
    let help = said(&["--help"]).await;
    for command in ["users", "ban", "promote", "sign-in-link", "archive-class", "role"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command} in\n{help}");
    }
    let words = said(&["users"]).await;
    assert!(words.starts_with("ID ") && words.contains("Demo Student 1") && words.contains(STUDENT), "{words}");
    assert!(said(&["sign-in-link", STUDENT]).await.contains("/sign-in/link/"));
}

fn in_folder(data_dir: &Path) -> [String; 1] {
    [format!("--data-dir={}", data_dir.display())]
}

#[tokio::test]
async fn it_works_beside_a_server_with_its_own_database_and_without_one() {
    let data_dir = run::scratch("admin").join("data");
    let none = call(&["users"], &in_folder(&data_dir)).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no database"));
    assert!(!data_dir.exists(), "a tool makes no database");

    let server = Starting::launch(&data_dir, None).ready().await;
    let beside = call(&["ban", STUDENT], &in_folder(&data_dir)).await;
    assert!(beside.status.success(), "{}", String::from_utf8_lossy(&beside.stderr));
    let student = Visitor::of(server.origin.clone());
    let refused = student.post("/api/v1/dev/sign-in", json!({"person": "student-1"})).await;
    assert_eq!(refused.problem(), "banned", "the server goes on, and knows");
    assert!(server.terminate().await.success());

    let without = call(&["users", "--only=banned"], &in_folder(&data_dir)).await;
    assert!(String::from_utf8_lossy(&without.stdout).contains(STUDENT), "{without:?}");
    let server = Starting::launch(&data_dir, None).ready().await;
    assert!(server.terminate().await.success(), "nothing was left running that would be in the way");
}

/// What a file holds.
const WORDS: &str = "Low tide at 6:40; 鯨 seen.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_saved_while_it_runs_and_comes_back_in_a_fresh_folder() {
    let folder = run::scratch("admin-backup");
    let [one, two] = ["one", "two"].map(|name| folder.join(name));
    let file = folder.join("all.zip").display().to_string();
    let in_folder = |folder: &Path| [format!("--data-dir={}", folder.display())];

    let server = Server::start(&one, None).await;
    let mut student = Visitor::of(server.origin.clone());
    student.sign_in("student-1").await;
    let talk = student.conversation("Kept", "A text.", "class").await;
    let files = format!("{}/files", project(&student, "Mine").await);
    let id = student.upload(&files, "field notes.txt", WORDS).await.json()["id"].as_str().unwrap().to_owned();
    let saved = call(&["backup", &file, "--json"], &in_folder(&one)).await;
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let saved: Value = serde_json::from_slice(&saved.stdout).unwrap();
    let refused = call(&["restore", &file], &in_folder(&one)).await;
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("a server is running with"), "{why}");
    server.terminate().await;

    let restored = call(&["restore", &file, "--json"], &in_folder(&two)).await;
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let restored: Value = serde_json::from_slice(&restored.stdout).unwrap();
    assert_eq!((&restored["rows"], &restored["files"]), (&saved["rows"], &json!(1)));
    let server = Server::start(&two, None).await;
    let mut student = Visitor::of(server.origin.clone());
    student.sign_in("student-1").await;
    assert_eq!(student.get(&format!("/api/v1/conversations/{talk}")).await.json()["title"], "Kept");
    assert_eq!(student.get(&format!("{files}/{id}")).await.body, WORDS);
    server.terminate().await;
}

#[tokio::test]
async fn what_is_searched_is_made_anew_beside_a_server() {
    let app = start().await;
    let ann = app.newcomer("Ann").await;
    ann.conversation("Kept", "a numbat", "none").await;
    let found = async || ann.get("/api/v1/search?q=numbat").await.json()["results"].as_array().unwrap().len();
    until(async || found().await == 1).await;
    sqlx::query("update search_entries set words = '', body = ''").execute(&app.database.pool).await.unwrap();
    assert_eq!(found().await, 0);
    let all: i64 =
        sqlx::query_scalar("select count(*) from conversations").fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(admin(&app, &["rebuild-search"]).await, json!({"conversations": all}));
    assert_eq!(found().await, 1);
}
