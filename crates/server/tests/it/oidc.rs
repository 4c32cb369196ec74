//! Signing in by a university's own sign-in, against the stand-in for one.

use reqwest::{StatusCode, header};
use serde_json::json;
use server::rooms::Timing;

use crate::support::{
    fake_oidc::{CLIENT, FakeOidc, Lie, SECRET},
    test_app::{Answer, TestApp, Visitor},
};

pub async fn start(oidc: &FakeOidc, more: &[&str]) -> TestApp {
    let flags = [
        format!("--oidc-issuer={}", oidc.issuer),
        format!("--oidc-client-id={CLIENT}"),
        format!("--oidc-client-secret={SECRET}"),
        "--oidc-name=Demo University".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    TestApp::start_as(&flags, Timing::default()).await
}

/// Goes to the provider and comes back.
pub async fn sign_in(visitor: &Visitor, next: &str) -> Answer {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let away = visitor.get(&format!("/sign-in/oidc?next={next}")).await;
    let url = away.location().to_owned();
    visitor.follow(&url).await
}

#[track_caller]
fn expect_refused(answer: &Answer, status: StatusCode, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(words), "{words:?} in {}", answer.body);
    let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(!set.iter().any(|cookie| cookie.starts_with("session")), "{set:?}");
    assert!(set.iter().any(|cookie| cookie.starts_with("sign-in-oidc") && cookie.contains("Max-Age=0")), "{set:?}");
}

#[tokio::test]
async fn a_university_signs_somebody_in_and_leads_back() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    let ann = app.stranger();
    assert!(ann.get("/sign-in").await.body.contains("Continue with Demo University"));
    let away = ann.get("/sign-in/oidc?next=/c/7").await;
    let cookie = away.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    assert!(away.location().contains("code_challenge_method=S256"), "{}", away.location());
    let back = sign_in(&ann, "/c/7").await;
    assert_eq!(back.location(), "/c/7");
    assert_eq!(back.headers[header::REFERRER_POLICY], "no-referrer");
    let me = ann.get("/api/v1/me").await.json();
    assert_eq!((&me["name"], &me["email"]), (&json!("Ann Lee"), &json!("ann.lee@uni.example")));

    // Who it is, the subject says: not the address, and not the name.
    oidc.set_person("person-1", json!({"email": "new@uni.example", "email_verified": true}), json!({}));
    let again = app.stranger();
    sign_in(&again, "").await;
    assert_eq!(again.id().await, ann.id().await);
    oidc.set_person("person-2", json!({"email": "ben@uni.example", "email_verified": "true"}), json!({}));
    let ben = app.stranger();
    assert_eq!(sign_in(&ben, "//evil.example").await.location(), "/");
    assert_ne!(ben.id().await, ann.id().await);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_signs_nobody_in() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    let lies = [
        Lie::Nonce,
        Lie::Issuer,
        Lie::Audience,
        Lie::Expired,
        Lie::Key,
        Lie::Signature,
        Lie::SharedSecret,
        Lie::Unsigned,
        Lie::Missing,
    ];
    for lie in lies {
        oidc.set_lie(lie);
        let stranger = app.stranger();
        let answer = sign_in(&stranger, "").await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{lie:?}");
        expect_refused(&answer, StatusCode::BAD_GATEWAY, "could not be trusted");
        assert_eq!(stranger.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED, "{lie:?}");
    }
    oidc.set_lie(Lie::None);
    assert_eq!(sign_in(&app.stranger(), "").await.location(), "/", "without a lie it works");
}

/// Goes to the provider and answers the path to which it sends the browser back, unopened.
async fn sent_back(app: &TestApp, visitor: &Visitor) -> String {
    let away = visitor.get("/sign-in/oidc").await;
    let back = server::outbound::client().unwrap().get(away.location()).send().await.unwrap();
    let back = back.headers()[header::LOCATION].to_str().unwrap().to_owned();
    back.strip_prefix(&app.origin()).unwrap().to_owned()
}

fn parameter<'a>(path: &'a str, name: &str) -> &'a str {
    path.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap()
}

#[tokio::test]
async fn a_code_works_only_in_the_browser_that_began_and_once() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    let (mallory, ann) = (app.stranger(), app.stranger());
    let path = sent_back(&app, &mallory).await;
    let words = "begun in another tab or browser";
    // Mallory's link, opened by Ann, who began nothing, and by Ann, who began something.
    expect_refused(&ann.get(&path).await, StatusCode::BAD_REQUEST, words);
    ann.get("/sign-in/oidc").await;
    expect_refused(&ann.get(&path).await, StatusCode::BAD_REQUEST, words);
    // The code was not even asked about: it still is good where it belongs, once.
    assert_eq!(mallory.get(&path).await.location(), "/");
    expect_refused(&mallory.get(&path).await, StatusCode::BAD_REQUEST, words);
    // With Ann's state, but Mallory's code: it was asked for with another challenge.
    let (own, foreign) = (sent_back(&app, &ann).await, sent_back(&app, &mallory).await);
    let mixed =
        format!("/sign-in/oidc/callback?code={}&state={}", parameter(&foreign, "code"), parameter(&own, "state"));
    expect_refused(&ann.get(&mixed).await, StatusCode::BAD_REQUEST, words);
}

#[tokio::test]
async fn whoever_says_no_over_there_is_not_signed_in_here() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    let ann = app.stranger();
    let url = ann.get("/sign-in/oidc").await.location().to_owned();
    let no = format!("/sign-in/oidc/callback?error=access_denied&state={}", parameter(&url, "state"));
    let no = ann.get(&no).await;
    expect_refused(&no, StatusCode::FORBIDDEN, "the other side stopped it");
}

#[tokio::test]
async fn an_address_that_was_not_checked_makes_no_account_unless_the_provider_is_trusted() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    let unchecked =
        [json!({}), json!({"email": "ann@uni.example"}), json!({"email": "ann@uni.example", "email_verified": false})];
    for claims in unchecked {
        oidc.set_person("person-3", claims, json!({}));
        expect_refused(&sign_in(&app.stranger(), "").await, StatusCode::FORBIDDEN, "did not tell an e-mail address");
    }
    let trusting = start(&oidc, &["--oidc-trust-email=true"]).await;
    assert_eq!(sign_in(&trusting.stranger(), "").await.location(), "/");
    // What the token does not tell, the page about the person may; but the page must be of the same person.
    oidc.set_person("person-4", json!({}), json!({"email": "cy@uni.example", "email_verified": true, "name": "Cy"}));
    let cy = app.stranger();
    assert_eq!(sign_in(&cy, "").await.location(), "/");
    assert_eq!(cy.get("/api/v1/me").await.json()["name"], "Cy");
    oidc.set_person(
        "person-5",
        json!({}),
        json!({"sub": "person-4", "email": "d@uni.example", "email_verified": true}),
    );
    expect_refused(&sign_in(&app.stranger(), "").await, StatusCode::BAD_GATEWAY, "could not be trusted");
}

#[tokio::test]
async fn a_provider_may_change_its_keys_and_may_be_away() {
    let oidc = FakeOidc::start().await;
    let app = start(&oidc, &[]).await;
    assert_eq!(sign_in(&app.stranger(), "").await.location(), "/");
    oidc.renew_key();
    assert_eq!(sign_in(&app.stranger(), "").await.location(), "/", "its new keys are asked for");

    let gone = FakeOidc::start().await;
    let app = start(&gone, &[]).await;
    drop(gone);
    let away = app.stranger().get("/sign-in/oidc").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.body.contains("cannot be reached") && away.body.contains("href=\"/sign-in\""), "{}", away.body);
}
