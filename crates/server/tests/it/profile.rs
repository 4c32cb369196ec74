//! What people say of themselves, and where it is seen.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    fake_oidc::FakeOidc,
    test_app::{Answer, TestApp, Visitor},
};

const ME: &str = "/api/v1/me";

async fn change(visitor: &Visitor, body: Value) -> Answer {
    visitor.change(Method::PATCH, ME, body).await
}

#[tokio::test]
async fn a_name_is_given_by_its_owner_and_is_one_line_of_text() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let long = "é".repeat(100);
    for name in [" Zoë ", long.as_str()] {
        let answer = change(&student, json!({ "name": name })).await;
        assert_eq!(answer.json()["name"], json!(name.trim()));
    }
    for name in ["", "  ", "a\u{7}b", "a\u{202e}b", "\u{3164}", &"é".repeat(101)] {
        let answer = change(&student, json!({ "name": name })).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "bad_name"), "{name:?}");
    }
    assert_eq!(student.get(ME).await.json()["name"], json!(long));
}

#[tokio::test]
async fn what_is_not_said_stays_and_what_is_said_can_be_taken_back() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let whole = json!({"pronouns": " they /\n them ", "time_zone": "australia/melbourne", "locale": "en-AU"});
    let said = change(&student, whole).await.json();
    assert_eq!(
        (&said["name"], &said["pronouns"], &said["time_zone"], &said["locale"]),
        (&json!("Demo Student 1"), &json!("they / them"), &json!("Australia/Melbourne"), &json!("en-AU"))
    );
    assert_eq!(change(&student, json!({})).await.json(), said);
    assert_eq!(student.get(ME).await.json(), said);
    for nothing in [json!(null), json!("  ")] {
        change(&student, json!({"pronouns": "she/her"})).await;
        assert_eq!(change(&student, json!({"pronouns": nothing})).await.json()["pronouns"], json!(null));
    }
    let taken = change(&student, json!({"time_zone": null, "locale": null})).await.json();
    assert_eq!((&taken["time_zone"], &taken["locale"]), (&json!(null), &json!(null)));
    for (body, code) in [
        (json!({"pronouns": "x".repeat(41)}), "bad_pronouns"),
        (json!({"pronouns": "a\u{202e}b"}), "bad_pronouns"),
        (json!({"time_zone": "Mars/Olympus"}), "bad_time_zone"),
        (json!({"time_zone": ""}), "bad_time_zone"),
        (json!({"locale": "tlh"}), "bad_locale"),
        // One that is wrong changes nothing of the others.
        (json!({"name": "Another", "locale": "en-XX"}), "bad_locale"),
        (json!({"is_admin": true}), "bad_json"),
    ] {
        let answer = change(&student, body.clone()).await;
        assert_eq!((answer.status.is_client_error(), answer.problem().as_str()), (true, code), "{body}");
    }
    assert_eq!(student.get(ME).await.json(), taken);
    assert_eq!(change(&student, json!({"pronouns": "é".repeat(40)})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn pronouns_stand_in_the_class_and_not_where_people_are_anonymous() {
    let app = TestApp::start().await;
    let (instructor, student) = tokio::join!(app.person("instructor"), app.person("student-1"));
    change(&student, json!({"pronouns": "xe/xem"})).await;
    let classes = instructor.get("/api/v1/classes").await.json();
    let class = classes["classes"][0]["id"].as_str().unwrap().to_owned();
    let people = instructor.get(&format!("/api/v1/classes/{class}/members")).await.json();
    let of = |name: &str| {
        let all = people["people"].as_array().unwrap();
        all.iter().find(|person| person["name"] == name).unwrap()["pronouns"].clone()
    };
    assert_eq!((of("Demo Student 1"), of("Demo Instructor")), (json!("xe/xem"), json!(null)));
    assert!(instructor.get(&format!("/classes/{class}")).await.body.contains("xe/xem"));
    let own = student.id().await;
    assert!(instructor.get(&format!("/classes/{class}/people/{own}")).await.body.contains("xe/xem"));

    let id = student.conversation("Hidden", "some words", "class").await;
    let hide = json!({"anonymous": true});
    let hidden = student.change(Method::PUT, &format!("/api/v1/conversations/{id}/sharing/anonymity"), hide).await;
    assert_eq!(hidden.status, StatusCode::NO_CONTENT, "{}", hidden.body);
    let other = app.person("student-2").await;
    for path in [format!("/api/v1/conversations/{id}/people"), format!("/c/{id}")] {
        let answer = other.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.body.contains("xe/xem"), "{path}");
    }
}

#[tokio::test]
async fn a_page_says_where_its_reader_is() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let page = student.get("/account").await.body;
    assert!(!page.contains("data-time-zone") && !page.contains("data-locale"), "as the device has it");
    assert!(page.contains("Australia/Melbourne") && !page.contains("Etc/"));
    // Begun on the first in UTC, and on the second in Melbourne.
    let sql = "update sessions set created_at = '2026-03-01 20:00Z', last_seen_at = now()";
    sqlx::query(sql).execute(&app.database.pool).await.unwrap();
    assert!(student.get("/account").await.body.contains("Signed in on 1 March 2026"));
    change(&student, json!({"time_zone": "Australia/Melbourne", "locale": "en-AU"})).await;
    let page = student.get("/account").await.body;
    assert!(page.contains("data-time-zone=\"Australia/Melbourne\"") && page.contains("data-locale=\"en-AU\""));
    assert!(page.contains("Signed in on 2 March 2026"));
}

#[tokio::test]
async fn a_university_does_not_overwrite_the_name_that_somebody_chose() {
    let oidc = FakeOidc::start().await;
    let app = crate::oidc::start(&oidc, &[]).await;
    let ann = app.stranger();
    crate::oidc::sign_in(&ann, "").await;
    assert_eq!(ann.get(ME).await.json()["name"], "Ann Lee");
    change(&ann, json!({"name": "Annie"})).await;
    let again = app.stranger();
    crate::oidc::sign_in(&again, "").await;
    let me = again.get(ME).await.json();
    assert_eq!((me["id"].clone(), &me["name"]), (json!(ann.id().await), &json!("Annie")));
}
