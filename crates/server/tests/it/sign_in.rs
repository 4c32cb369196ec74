//! Signing in by a link in a mail, against the stand-in for Stytch.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::future::join_all;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use server::rooms::Timing;

use crate::support::{
    fake_stytch::{FakeStytch, Mail, PROJECT, SECRET},
    test_app::{Answer, TestApp, Visitor},
};

pub const ANN: &str = "ann@example.org";

/// A server that sends people's links by this stand-in.
pub async fn start(stytch: &FakeStytch, more: &[&str]) -> TestApp {
    let flags = [
        format!("--stytch-project-id={PROJECT}"),
        format!("--stytch-secret={SECRET}"),
        format!("--stytch-base-url={}", stytch.url()),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    TestApp::start_as(&flags, Timing::default()).await
}

/// Asks for a link and answers the mail that came.
pub async fn ask(stytch: &FakeStytch, visitor: &Visitor, email: &str, next: &str) -> Mail {
    let asked = visitor.submit("/sign-in/email", &[("email", email), ("next", next)]).await;
    assert_eq!(asked.location(), "/sign-in/sent");
    stytch.mails_to(email).pop().expect("a mail was sent")
}

/// Opens a mail's link, presses `Continue` and answers what comes of it.
pub async fn follow(visitor: &Visitor, mail: &Mail) -> Answer {
    assert_eq!(visitor.follow(&mail.link).await.location(), "/sign-in/continue");
    visitor.submit("/sign-in/continue", &[]).await
}

pub async fn sign_in(stytch: &FakeStytch, visitor: &Visitor, email: &str) -> Answer {
    let mail = ask(stytch, visitor, email, "").await;
    follow(visitor, &mail).await
}

async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.get("/api/v1/me").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_link_in_a_mail_signs_in_and_leads_back() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    ann.submit("/sign-in/email", &[("email", " Ann@Example.ORG "), ("next", "/c/7?x=1")]).await;
    let mail = stytch.mails_to(ANN).pop().unwrap();
    let sent = ann.get("/sign-in/sent").await;
    assert!(sent.body.contains(ANN), "where the link went is said");

    let opened = ann.follow(&mail.link).await;
    assert_eq!(opened.location(), "/sign-in/continue", "the token is taken out of the address");
    assert_eq!(opened.headers[header::REFERRER_POLICY], "no-referrer");
    let held = opened.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(held.contains("HttpOnly") && held.contains("SameSite=Lax") && held.contains("Max-Age=600"), "{held}");
    let page = ann.get("/sign-in/continue").await;
    assert!(page.body.contains("You asked for this link here") && !page.body.contains(&mail.token), "{}", page.body);
    assert!(!is_signed_in(&ann).await, "not before the button is pressed");

    let done = ann.submit("/sign-in/continue", &[]).await;
    assert_eq!(done.location(), "/c/7?x=1");
    let cookies: Vec<_> =
        done.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("session-") && cookie.contains("HttpOnly")), "{cookies:?}");
    assert!(cookies.iter().any(|cookie| cookie.starts_with("sign-in-token-") && cookie.contains("=;")), "{cookies:?}");
    let me = ann.get("/api/v1/me").await.json();
    assert_eq!((&me["name"], &me["email"]), (&json!("ann"), &json!(ANN)));
}

#[tokio::test]
async fn the_same_address_is_the_same_person_and_another_is_another() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let (ann, again, ben) = (app.stranger(), app.stranger(), app.stranger());
    for (visitor, email) in [(&ann, ANN), (&again, "ANN@example.org"), (&ben, "ben@example.org")] {
        let mail = ask(&stytch, visitor, &email.to_lowercase(), "").await;
        assert_eq!(follow(visitor, &mail).await.location(), "/");
    }
    assert_eq!(ann.id().await, again.id().await);
    assert_ne!(ann.id().await, ben.id().await);
}

#[tokio::test]
async fn whoever_opens_a_link_without_pressing_the_button_uses_nothing_up() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    let mail = ask(&stytch, &ann, ANN, "").await;
    for _ in 0..3 {
        let scanner = app.stranger();
        scanner.follow(&mail.link).await;
        scanner.get("/sign-in/continue").await;
        assert!(!is_signed_in(&scanner).await);
    }
    assert_eq!(follow(&ann, &mail).await.location(), "/");
    assert!(is_signed_in(&ann).await);
}

#[tokio::test]
async fn a_link_that_was_not_asked_for_here_is_pointed_out_and_works_after_that() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let (laptop, phone) = (app.stranger(), app.stranger());
    let mail = ask(&stytch, &laptop, ANN, "/c/7").await;
    phone.follow(&mail.link).await;
    let page = phone.get("/sign-in/continue").await;
    assert!(page.body.contains("was not asked for in this browser"), "{}", page.body);
    assert_eq!(phone.submit("/sign-in/continue", &[]).await.location(), "/", "where the laptop was, it does not know");
    assert!(is_signed_in(&phone).await && !is_signed_in(&laptop).await);
}

#[tokio::test]
async fn where_a_link_was_asked_for_a_strangers_link_signs_nobody_in() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let (ann, mallory) = (app.stranger(), app.stranger());
    let trap = ask(&stytch, &mallory, "mallory@example.org", "").await;
    let own = ask(&stytch, &ann, ANN, "").await;
    let refused = follow(&ann, &trap).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("sent to another address"), "{}", refused.body);
    assert!(!is_signed_in(&ann).await);
    assert_eq!(follow(&ann, &own).await.location(), "/");
}

#[tokio::test]
async fn whoever_signs_in_anew_leaves_no_session_behind_in_that_browser() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let (browser, elsewhere) = (app.stranger(), app.stranger());
    sign_in(&stytch, &browser, ANN).await;
    sign_in(&stytch, &elsewhere, ANN).await;
    assert_eq!(elsewhere.get("/api/v1/sessions").await.json().as_array().unwrap().len(), 2);
    sign_in(&stytch, &browser, "ben@example.org").await;
    assert_eq!(browser.get("/api/v1/me").await.json()["email"], "ben@example.org");
    assert_eq!(elsewhere.get("/api/v1/sessions").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_site_can_neither_ask_for_a_link_nor_press_the_button() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let ann = app.stranger();
    let mail = ask(&stytch, &ann, ANN, "").await;
    ann.follow(&mail.link).await;
    for path in ["/sign-in/email", "/sign-in/continue", "/sign-out-everywhere"] {
        let foreign =
            ann.send(Method::POST, path, |request| request.header(header::ORIGIN, "https://example.org")).await;
        assert_eq!((foreign.status, foreign.problem().as_str()), (StatusCode::FORBIDDEN, "foreign_origin"), "{path}");
    }
    assert!(!is_signed_in(&ann).await);
}

#[tokio::test]
async fn signing_in_leads_to_no_other_site() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    for next in ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)"]
    {
        let ann = app.stranger();
        let mail = ask(&stytch, &ann, &format!("{}@example.org", next.len()), next).await;
        assert_eq!(follow(&ann, &mail).await.location(), "/", "{next:?}");
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        assert_eq!(ann.get(&format!("/sign-in?next={query}")).await.location(), "/", "{next:?}, signed in already");
    }
    // The cookie is the browser's word too: somebody may have put another there.
    let ann = app.stranger();
    let mail = ask(&stytch, &ann, ANN, "/c/7").await;
    let asked = BASE64_URL_SAFE_NO_PAD.encode(json!({"email": ANN, "next": "//evil.example"}).to_string());
    let token = ann.follow(&mail.link).await.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    let token = token.split(';').next().unwrap();
    let port = app.origin().rsplit(':').next().unwrap().to_owned();
    let cookies = format!("sign-in-asked-{port}={asked}; {token}");
    let origin = app.origin();
    let stranger = app.stranger();
    let forged = stranger.send(Method::POST, "/sign-in/continue", |request| {
        request.header(header::ORIGIN, origin).header(header::COOKIE, cookies)
    });
    assert_eq!(forged.await.location(), "/");
}

#[tokio::test]
async fn nobody_learns_whether_an_address_has_an_account() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    sign_in(&stytch, &app.stranger(), ANN).await;
    let mut answers = Vec::new();
    for email in [ANN, "new@example.org"] {
        let stranger = app.stranger();
        let asked = stranger.submit("/sign-in/email", &[("email", email)]).await;
        let names: BTreeSet<String> = asked.headers.keys().map(ToString::to_string).collect();
        let page = stranger.get("/sign-in/sent").await.body.replace(email, "[e-mail]");
        let words: String = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap().to_owned();
        answers.push((asked.status, asked.location().to_owned(), names, words));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn fifty_people_behind_one_address_sign_in_at_once() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &["--client-address-header=X-Forwarded-For"]).await;
    let emails: Vec<String> = (0..50).map(|number| format!("student-{number}@example.org")).collect();
    let ids = join_all(emails.iter().map(async |email| {
        let student = app.stranger_at("203.0.113.7");
        assert_eq!(sign_in(&stytch, &student, email).await.location(), "/");
        let me = student.get("/api/v1/me").await.json();
        assert_eq!(me["email"], json!(email), "nobody is anybody else");
        me["id"].as_str().unwrap().to_owned()
    }))
    .await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 50);
}

#[tokio::test]
async fn with_a_provider_there_is_no_development_sign_in() {
    let stytch = FakeStytch::start().await;
    let app = start(&stytch, &[]).await;
    let stranger = app.stranger();
    let page = stranger.get("/sign-in").await;
    assert!(page.body.contains("Send me a link") && !page.body.contains("Continue as"), "{}", page.body);
    let answer = stranger.post("/api/v1/dev/sign-in", json!({"person": "instructor"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let form = stranger.submit("/sign-in", &[("person", "instructor")]).await;
    assert!(form.status.is_client_error() && !form.headers.contains_key(header::SET_COOKIE), "{}", form.status);

    let development = TestApp::start().await;
    for path in ["/sign-in/callback?token=x", "/sign-in/continue", "/sign-in/oidc", "/sign-in/oidc/callback"] {
        assert_eq!(development.stranger().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn stytchs_own_library_takes_the_stand_in_for_stytch() {
    let fake = FakeStytch::start().await;
    let url = url::Url::parse(&fake.url()).unwrap();
    let _its_cryptography_is_ours = server::outbound::builder();
    let http = |secret: &str| {
        stytch::client::Client::new_with_base_url(PROJECT, secret, url.clone(), stytch::client::Vertical::Consumer)
            .unwrap()
    };
    let client = stytch::consumer::client::Client::new_with_http_client(http(SECRET), http(SECRET));
    let request = stytch::consumer::magic_links_email::LoginOrCreateRequest {
        email: ANN.into(),
        login_magic_link_url: Some("http://localhost:1/sign-in/callback".into()),
        login_expiration_minutes: Some(60),
        ..Default::default()
    };
    let sent = client.magic_links.email.login_or_create(request.clone()).await.unwrap();
    assert!(sent.user_created && sent.status_code.as_u16() == 200);
    let mail = fake.mails_to(ANN).pop().unwrap();
    let with =
        |token: &str| stytch::consumer::magic_links::AuthenticateRequest { token: token.into(), ..Default::default() };
    let person = client.magic_links.authenticate(with(&mail.token)).await.unwrap();
    assert_eq!((&person.user_id, &person.method_id), (&sent.user_id, &sent.email_id));
    assert!(person.user.emails[0].verified);

    let kind = |error: stytch::Error| match error {
        stytch::Error::Response(response) => (response.status_code.as_u16(), response.error_type),
        other => panic!("not an answer of Stytch: {other}"),
    };
    let used = client.magic_links.authenticate(with(&mail.token)).await.unwrap_err();
    assert_eq!(kind(used), (401, "unable_to_auth_magic_link".into()));
    let unknown = client.magic_links.authenticate(with("nonsense")).await.unwrap_err();
    assert_eq!(kind(unknown), (404, "magic_link_not_found".into()));
    let stranger = stytch::consumer::client::Client::new_with_http_client(http("wrong"), http("wrong"));
    let refused = stranger.magic_links.email.login_or_create(request).await.unwrap_err();
    assert_eq!(kind(refused), (401, "unauthorized_credentials".into()));
}
