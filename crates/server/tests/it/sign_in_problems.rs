//! What goes wrong when people sign in by a link: each has a page that says what to do.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use reqwest::{StatusCode, header};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::{
    sign_in::{ANN, ask, follow, sign_in, start},
    support::{
        fake_stytch::{FakeStytch, SECRET},
        test_app::{Answer, TestApp, Visitor},
    },
};

/// The page says why nobody was signed in, and leads on.
#[track_caller]
fn expect_page(answer: &Answer, status: StatusCode, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(words), "{words:?} in {}", answer.body);
    let ways = ["href=\"/sign-in\"", "href=\"/sign-in?next=", "Send me a link"];
    assert!(ways.iter().any(|way| answer.body.contains(way)), "{}", answer.body);
    let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert!(!set.iter().any(|cookie| cookie.to_str().unwrap().starts_with("session")), "{set:?}");
}

#[tokio::test]
async fn a_used_an_old_and_a_wrong_link_say_so_and_how_to_get_another() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    let used = ask(&stytch, &ann, ANN, "").await;
    assert_eq!(follow(&ann, &used).await.location(), "/");
    expect_page(&follow(&app.stranger(), &used).await, StatusCode::GONE, "used already");

    let old = ask(&stytch, &app.stranger(), ANN, "").await;
    stytch.expire(&old.token);
    expect_page(&follow(&app.stranger(), &old).await, StatusCode::GONE, "more than an hour old");

    for query in ["stytch_token_type=magic_links&token=nonsense", "stytch_token_type=magic_link&token=nonsense"] {
        let stranger = app.stranger();
        assert_eq!(stranger.get(&format!("/sign-in/callback?{query}")).await.location(), "/sign-in/continue");
        expect_page(&stranger.submit("/sign-in/continue", &[]).await, StatusCode::GONE, "not complete");
    }
    let long = format!("stytch_token_type=magic_links&token={}", "x".repeat(2_000));
    for query in ["", "token=x", "stytch_token_type=oauth&token=x", "stytch_token_type=magic_links&token=%0a", &long] {
        let stranger = app.stranger();
        assert_eq!(
            stranger.get(&format!("/sign-in/callback?{query}")).await.location(),
            "/sign-in/continue",
            "{query}"
        );
        expect_page(&stranger.get("/sign-in/continue").await, StatusCode::GONE, "not complete");
        expect_page(&stranger.submit("/sign-in/continue", &[]).await, StatusCode::GONE, "not complete");
    }
}

#[tokio::test]
async fn while_stytch_is_down_nothing_is_lost_and_the_same_link_works_later() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    let mail = ask(&stytch, &ann, ANN, "/c/7").await;
    ann.follow(&mail.link).await;
    stytch.set_trouble(Some((500, "internal_server_error")));
    let down = ann.submit("/sign-in/continue", &[]).await;
    expect_page(&down, StatusCode::SERVICE_UNAVAILABLE, "Try again");
    assert!(down.body.contains("href=\"/sign-in?next=/c/7\""), "where they wanted to go stays: {}", down.body);
    let asked = ann.submit("/sign-in/email", &[("email", "ben@example.org"), ("next", "/c/8")]).await;
    expect_page(&asked, StatusCode::SERVICE_UNAVAILABLE, "cannot be reached");
    assert!(
        asked.body.contains("ben@example.org") && asked.body.contains("/c/8"),
        "what was typed stays: {}",
        asked.body
    );
    stytch.set_trouble(Some((429, "too_many_requests")));
    let busy = ann.submit("/sign-in/continue", &[]).await;
    expect_page(&busy, StatusCode::TOO_MANY_REQUESTS, "Wait a minute");
    assert_eq!(busy.headers[header::RETRY_AFTER], "60");
    stytch.set_trouble(None);
    assert_eq!(ann.submit("/sign-in/continue", &[]).await.location(), "/c/7");
}

#[tokio::test]
async fn a_stytch_that_is_not_there_is_said_too() {
    let stytch = FakeStytch::start().await;
    let nowhere = "--stytch-base-url=http://127.0.0.1:1";
    let flags = ["--stytch-project-id=project-test-1", "--stytch-secret=s", nowhere];
    let app = TestApp::start_as(&flags, Default::default()).await;
    let asked = app.stranger().submit("/sign-in/email", &[("email", ANN)]).await;
    expect_page(&asked, StatusCode::SERVICE_UNAVAILABLE, "cannot be reached");

    // The secret is not the project's.
    let url = format!("--stytch-base-url={}", stytch.url());
    let app = TestApp::start_as(&[flags[0], flags[1], &url], Default::default()).await;
    let asked = app.stranger().submit("/sign-in/email", &[("email", ANN)]).await;
    expect_page(&asked, StatusCode::BAD_GATEWAY, "tell the people who run it");
}

#[tokio::test]
async fn what_is_no_address_is_said_beside_the_field() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let asked = app.stranger().submit("/sign-in/email", &[("email", "ann at <example>"), ("next", "/c/7")]).await;
    expect_page(&asked, StatusCode::BAD_REQUEST, "not an e-mail address");
    assert!(
        asked.body.contains("aria-invalid=\"true\"") && asked.body.contains("ann at &lt;example&gt;"),
        "{}",
        asked.body
    );
    expect_page(&app.stranger().submit("/sign-in/email", &[]).await, StatusCode::BAD_REQUEST, "not an e-mail address");
}

#[tokio::test]
async fn one_mailbox_gets_five_links_and_then_has_to_wait() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    for _ in 0..5 {
        ask(&stytch, &app.stranger(), ANN, "").await;
    }
    let sixth = app.stranger().submit("/sign-in/email", &[("email", "ANN@example.org")]).await;
    expect_page(&sixth, StatusCode::TOO_MANY_REQUESTS, "Wait 2 minutes");
    assert!(sixth.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() > 60);
    assert_eq!(stytch.mails_to(ANN).len(), 5);
    ask(&stytch, &app.stranger(), "ben@example.org", "").await;
}

#[tokio::test]
async fn one_place_may_ask_for_so_many_and_then_has_to_wait() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &["--client-address-header=X-Forwarded-For"]).await;
    // What stands before the last address, anybody may have written.
    let flood = |number: usize| app.stranger_at(&format!("198.51.100.{}, 203.0.113.7", number % 250));
    let mut refused = None;
    // While these are sent, some more become free: a second each.
    for number in 0..1_000 {
        let asked = flood(number).submit("/sign-in/email", &[("email", &format!("{number}@example.org"))]).await;
        if asked.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(number);
            break;
        }
    }
    assert!(refused.is_some_and(|number| number >= 300), "{refused:?}");
    ask(&stytch, &app.stranger_at("203.0.113.8"), ANN, "").await;
}

async fn add_person(app: &TestApp, email: &str) -> String {
    let id = Uuid::now_v7();
    let add = sqlx::query("insert into users (id, name, email) values ($1, 'Ann of the roster', $2)");
    add.bind(id).bind(email).execute(&app.database.pool).await.unwrap();
    id.to_string()
}

#[tokio::test]
async fn an_address_of_somebody_who_signs_in_in_another_way_gives_nobody_their_account() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let taken = "student-1@demo.invalid";
    for _ in 0..2 {
        let stranger = app.stranger();
        expect_page(&sign_in(&stytch, &stranger, taken).await, StatusCode::FORBIDDEN, "signs in in another way");
        assert_eq!(stranger.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    }
    // Nor however it is spelt.
    let add = "update users set email = 'Student-1@Demo.invalid' where email = 'student-1@demo.invalid'";
    sqlx::query(add).execute(&app.database.pool).await.unwrap();
    expect_page(&sign_in(&stytch, &app.stranger(), taken).await, StatusCode::FORBIDDEN, "signs in in another way");
}

#[tokio::test]
async fn somebody_whom_a_teacher_entered_becomes_who_first_proves_to_have_the_address() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let entered = add_person(&app, ANN).await;
    let ann = app.stranger();
    assert_eq!(sign_in(&stytch, &ann, ANN).await.location(), "/");
    let me = ann.get("/api/v1/me").await.json();
    assert_eq!((&me["id"], &me["name"]), (&json!(entered), &json!("Ann of the roster")));
    let again = app.stranger();
    sign_in(&stytch, &again, ANN).await;
    assert_eq!(again.id().await, entered);
}

#[tokio::test]
async fn a_line_of_a_roster_waits_for_whoever_proves_to_have_its_address() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    sign_in(&stytch, &ann, ANN).await;
    let add = "insert into roster_entries (id, class_id, email, name, role)
               select $1, id, $2, 'Ann', 'tutor' from classes limit 1";
    sqlx::query(add).bind(Uuid::now_v7()).bind(ANN).execute(&app.database.pool).await.unwrap();
    let classes =
        async |visitor: &Visitor| visitor.get("/api/v1/classes").await.json()["classes"].as_array().unwrap().len();
    sign_in(&stytch, &app.stranger(), "ben@example.org").await;
    assert_eq!(classes(&ann).await, 0);
    // At a later sign-in too, not at the first alone.
    sign_in(&stytch, &app.stranger(), ANN).await;
    assert_eq!(classes(&ann).await, 1);
}

#[tokio::test]
async fn two_first_sign_ins_at_once_are_one_person() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let visitors: Vec<Visitor> = (0..4).map(|_| app.stranger()).collect();
    let mut mails = Vec::new();
    for visitor in &visitors {
        mails.push(ask(&stytch, visitor, ANN, "").await);
    }
    let all = futures::future::join_all(visitors.iter().zip(&mails).map(|(visitor, mail)| follow(visitor, mail))).await;
    assert!(all.iter().all(|answer| answer.status == StatusCode::SEE_OTHER));
    let users: i64 = sqlx::query_scalar("select count(*) from users where email = $1")
        .bind(ANN)
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(users, 1);
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// All of the server runs on this thread, so all that it logs, at the finest level, is heard.
#[tokio::test]
async fn no_log_holds_an_address_a_token_or_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    let mail = ask(&stytch, &ann, ANN, "").await;
    stytch.set_trouble(Some((500, "internal_server_error")));
    follow(&ann, &mail).await;
    app.stranger().submit("/sign-in/email", &[("email", "ben@example.org")]).await;
    stytch.set_trouble(None);
    assert_eq!(ann.submit("/sign-in/continue", &[]).await.location(), "/");
    expect_page(&follow(&app.stranger(), &mail).await, StatusCode::GONE, "used already");

    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("Stytch refuses") && said.contains("internal_server_error"), "it does listen: {said}");
    // The test's own client, which speaks for a browser, logs the addresses that it opens; so do not its lines count.
    let ours: String = said.lines().filter(|line| line.contains("server::")).collect::<Vec<_>>().join("\n");
    for hidden in [ANN, "ben@example.org", &mail.token, SECRET, "Words of Stytch"] {
        assert!(!ours.contains(hidden), "{hidden} in {ours}");
    }
}
