//! Codes, what is in the way, and what nobody else learns.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{MERGE, NAME, STAYS, Yo, Zoe, code, until_gone};
use crate::{
    activities::{activity, class_and_template, copy, run},
    erase::{EMAIL, count},
    rooms_support::until,
    support::test_app::{TestApp, assert_problem},
};

const CODE: &str = "/api/v1/me/merge/code";

#[tokio::test]
async fn a_code_is_good_once_for_a_quarter_of_an_hour_and_until_the_next_is_made() {
    let app = TestApp::start().await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let first = code(&zoe.visitor).await;
    let letters: String = first.chars().filter(|letter| *letter != '-').collect();
    assert_eq!((letters.len(), first.len()), (16, 19), "{first}");
    let kept: Vec<u8> =
        sqlx::query_scalar("select code_hash from merge_codes").fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(kept.len(), 32, "its hash alone");
    let second = code(&zoe.visitor).await;
    assert_ne!(first, second);
    assert_eq!(yo.preview(&second).await.json()["name"], NAME);
    let unknown = yo.preview("BCDF-GHJK-MNPQ-RSTV").await;
    assert_problem(&unknown, 400, "unknown_code");
    for other in [first.as_str(), "", "x", &second[1..]] {
        assert_eq!(yo.preview(other).await.body, unknown.body, "{other}");
        assert_eq!(yo.take(other).await.body, unknown.body, "{other}");
    }
    run(&app, "update merge_codes set made_at = now() - interval '15 minutes'").await;
    assert_eq!(yo.take(&second).await.body, unknown.body, "it is old");
    assert!(yo.visitor.get("/api/v1/me").await.status.is_success());

    // Guessing is over; a code that is right is not looked at any more.
    let right = code(&zoe.visitor).await;
    let refused = yo.take(&right).await;
    assert_problem(&refused, 429, "too_often");
    assert_problem(&yo.preview(&right).await, 429, "too_often");
    let other = app.session_of(app.person("student-2").await.id().await.parse().unwrap()).await;
    let body = json!({"code": right});
    assert_eq!(other.post(MERGE, body.clone()).await.status, StatusCode::NO_CONTENT);
    assert_problem(&other.post(MERGE, body).await, 400, "unknown_code");
    until_gone(&app.database.pool, zoe.id).await;
}

#[tokio::test]
async fn only_a_person_who_has_just_signed_in_makes_a_code_or_uses_one() {
    let app = TestApp::start().await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let made = code(&zoe.visitor).await;
    let (_, token) = yo.visitor.token("x").await;
    let by_token = app.stranger();
    let body = json!({"code": made});
    for (method, path, body) in [
        (Method::GET, MERGE, &json!({})),
        (Method::POST, MERGE, &body),
        (Method::POST, CODE, &json!({})),
        (Method::POST, "/api/v1/me/merge/preview", &body),
    ] {
        let answer = by_token.send(method, path, |request| request.bearer_auth(&token).json(body)).await;
        assert_problem(&answer, 400, "token_by_token");
    }
    assert_eq!(yo.visitor.get(MERGE).await.json(), json!({"sign_in_again": false}));
    run(&app, "update sessions set created_at = now() - interval '16 minutes'").await;
    assert_eq!(yo.visitor.get(MERGE).await.json(), json!({"sign_in_again": true}));
    assert_problem(&yo.take(&made).await, 409, "sign_in_again");
    assert_problem(&zoe.visitor.post(CODE, json!({})).await, 409, "sign_in_again");
    assert_eq!(zoe.visitor.get("/api/v1/me").await.json()["email"], EMAIL, "nothing has happened");
}

#[tokio::test]
async fn what_is_in_the_way_is_said_before_anything_happens() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (hers, its) = (copy(&zoe.visitor, &task).await, copy(&yo.visitor, &task).await);
    assert_ne!(hers, its);
    let made = code(&zoe.visitor).await;
    let title = olga.get(&task).await.json()["title"].clone();
    assert_eq!(yo.preview(&made).await.json()["both"], Value::Array(vec![title.clone()]));
    let refused = yo.take(&made).await;
    assert_problem(&refused, 409, "both_have_copies");
    assert!(refused.body.contains(&format!("“{}”", title.as_str().unwrap())), "{}", refused.body);
    for path in [MERGE, "/api/v1/me/merge/preview"] {
        assert_problem(&zoe.visitor.post(path, json!({"code": made})).await, 409, "same_account");
    }
    run(&app, "update users set banned_at = now() where name = 'Zenobia Quagga'").await;
    let closed = yo.take(&made).await;
    assert_problem(&closed, 409, "other_closed");
    assert!(closed.body.contains(NAME), "{}", closed.body);
    let both = "select count(*) from activity_copies w join users u on u.id = w.user_id
                where u.name in ('Zenobia Quagga', 'Yolanda Okapi')";
    assert_eq!(count(&app.database.pool, both).await, 2, "nothing has happened");
    assert_eq!(count(&app.database.pool, "select count(*) from users where merged_into is not null").await, 0);
}

#[tokio::test]
async fn an_account_that_another_is_becoming_part_of_is_not_erased_and_goes_nowhere() {
    let app = TestApp::start().await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let db = &app.database.pool;
    // Something that cannot be read, so that it does not end.
    let talk = zoe.visitor.conversation("A diary", "Nobody reads this diary.", "none").await;
    crate::erase::note(&mut crate::activities::synced(&zoe.visitor, &talk).await, "Words.").await;
    app.rooms.close(talk.parse().unwrap(), shared::sync::CloseCode::Restarting).await;
    run(&app, "update annotation_document_state set crdt_state = '\\xff'::bytea || crdt_state").await;
    assert_eq!(yo.take(&code(&zoe.visitor).await).await.status, StatusCode::NO_CONTENT);
    let erase = yo.visitor.post("/api/v1/me/erase", json!({"confirm": "yolanda.okapi@example.test"})).await;
    assert_problem(&erase, 409, "merging");
    let third = app.newcomer("Xenia").await;
    let made = code(&yo.visitor).await;
    assert_problem(&third.post(MERGE, json!({"code": made})).await, 409, "merging");
    run(
        &app,
        "update annotation_document_state set crdt_state = substr(crdt_state, 2) where get_byte(crdt_state, 0) = 255",
    )
    .await;
    until_gone(db, zoe.id).await;
    assert_eq!(third.post(MERGE, json!({"code": made})).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_administrators_account_takes_no_part_in_it() {
    let app = TestApp::start().await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let made = code(&zoe.visitor).await;
    for name in [NAME, STAYS] {
        let pool = &app.database.pool;
        sqlx::query("update users set is_admin = name = $1").bind(name).execute(pool).await.unwrap();
        assert_problem(&yo.preview(&made).await, 409, "admin");
        assert_problem(&yo.take(&made).await, 409, "admin");
    }
    run(&app, "update users set is_admin = false").await;
    assert_eq!(yo.take(&made).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn of_two_merges_at_once_one_is_done() {
    let app = TestApp::start().await;
    let db = &app.database.pool;
    for round in 0..4 {
        let [one, other] = [app.newcomer(&format!("One {round}")).await, app.newcomer(&format!("Other {round}")).await];
        let third = app.newcomer(&format!("Third {round}")).await;
        let ids = [one.id().await, other.id().await, third.id().await];
        let (of_one, of_other) = (code(&one).await, code(&other).await);
        // Each into the other, and by one code into two.
        let body = |code: &str| json!({"code": code});
        let answers = tokio::join!(
            one.post(MERGE, body(&of_other)),
            other.post(MERGE, body(&of_one)),
            third.post(MERGE, body(&of_one)),
        );
        let statuses = [answers.0.status, answers.1.status, answers.2.status];
        assert!(statuses.iter().all(|status| !status.is_server_error()), "{statuses:?}");
        assert!(!answers.2.body.contains("other_closed"), "what was faster has used the code: {}", answers.2.body);
        let done = statuses.iter().filter(|status| **status == StatusCode::NO_CONTENT).count();
        let mut left = 0;
        until(async || count(db, "select count(*) from users where merged_into is not null").await == 0).await;
        for id in &ids {
            let found: i64 = sqlx::query_scalar("select count(*) from users where id = $1")
                .bind(id.parse::<uuid::Uuid>().unwrap())
                .fetch_one(db)
                .await
                .unwrap();
            left += usize::try_from(found).unwrap();
        }
        // The other may go into the one, and that into the third afterwards; never in a circle.
        assert!((1..=2).contains(&done) && left == 3 - done, "{statuses:?}, {left}");
    }
}
