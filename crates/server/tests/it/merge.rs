//! Two accounts of one person that become one: all that the one had is the other's, and nothing of its id is left.

mod anonymous;
mod refused;
mod rows;

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use shared::{
    document::Command,
    ids::{CommentId, HighlightId, UserId},
    prose,
    sync::CloseCode,
};

use crate::{
    activities::{activity, class_and_template, copy, run, synced},
    erase::{EMAIL, NAME, Zoe, bytes, comment, count, discussed, own_things, respond, until_gone, waiting, whole},
    revisions::{act, mark},
    rooms_support::Peer,
    support::test_app::{Answer, TestApp, Visitor},
};

const MERGE: &str = "/api/v1/me/merge";

/// What the account that stays is called.
const STAYS: &str = "Yolanda Okapi";

/// The account that stays: a student of the demo class too.
struct Yo {
    visitor: Visitor,
    id: UserId,
}

impl Yo {
    async fn join(app: &TestApp) -> Yo {
        let visitor = app.newcomer(STAYS).await;
        run(
            app,
            "insert into memberships (class_id, user_id, role)
             select c.id, u.id, 'student' from classes c, users u where u.name = 'Yolanda Okapi'",
        )
        .await;
        let id = visitor.id().await.parse().unwrap();
        Yo { visitor, id }
    }

    async fn take(&self, code: &str) -> Answer {
        self.visitor.post(MERGE, json!({"code": code})).await
    }

    async fn preview(&self, code: &str) -> Answer {
        self.visitor.post("/api/v1/me/merge/preview", json!({"code": code})).await
    }

    /// Until nothing is left to be done.
    async fn merged(&self, app: &TestApp, goes: &Zoe) {
        let answer = self.take(&code(&goes.visitor).await).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
        until_gone(&app.database.pool, goes.id).await;
    }
}

async fn code(goes: &Visitor) -> String {
    let made = goes.post("/api/v1/me/merge/code", json!({})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    made.json()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_accounts_become_one_and_all_is_by_the_one_that_stays() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (talk, passage) = discussed(&olga, &zoe).await;
    respond(&mut synced(&yo.visitor, &talk).await, yo.id, "An answer of before. ").await;
    let mut his = synced(&ben, &talk).await;
    comment(&ben, &talk, &mut his, passage, &format!("And {}?", prose::mention("An old name", yo.id))).await;
    let diary = own_things(&app, &zoe).await;
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (theirs, other) = (copy(&zoe.visitor, &task).await, copy(&ben, &task).await);
    let mut peer = synced(&zoe.visitor, &theirs).await;
    mark(&zoe.visitor, &theirs, &mut peer, "Some words").await;
    mark(&ben, &other, &mut synced(&ben, &other).await, "Some words").await;
    waiting(&app.database.pool, &theirs, &zoe, &bytes(&peer)).await;
    let (_, token) = zoe.visitor.token("x").await;
    let db = &app.database.pool;
    run(&app, "insert into identities (provider, subject, user_id) select 'p', 'zoe', id from users where name = 'Zenobia Quagga'").await;
    let edited =
        "select count(*) from history_authors where user_id = (select id from users where name = 'Yolanda Okapi')";
    let before = count(db, edited).await;

    let made = code(&zoe.visitor).await;
    let expected = json!({
        "name": NAME, "email": EMAIL, "conversations": 3, "classes": 1, "projects": 1, "both": [], "apart": [],
    });
    assert_eq!(yo.preview(&made).await.json(), expected);
    let mut open = synced(&zoe.visitor, &talk).await;
    let mut others = synced(&olga, &talk).await;
    let mut by_token = zoe.visitor.sync_by_token(&talk, &token).await;
    let answer = yo.take(&made.to_lowercase().replace('-', " ")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    // At once, before anything is gone through.
    assert_eq!(yo.visitor.get(&format!("/api/v1/conversations/{diary}")).await.status, StatusCode::OK);
    assert_eq!(open.until_closed().await, Some(CloseCode::Denied));
    by_token.until_closed().await;
    assert_eq!(zoe.visitor.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    let bearer = |request: reqwest::RequestBuilder| request.bearer_auth(&token);
    assert_eq!(app.stranger().send(Method::GET, "/api/v1/me", bearer).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(others.until_closed().await, Some(CloseCode::WrongEpoch), "whoever has it open holds the one before");
    until_gone(db, zoe.id).await;

    assert_eq!(
        count(db, "select count(*) from roster_entries").await,
        1,
        "it waits for who proves to have the address"
    );
    run(&app, "delete from roster_entries").await;
    zoe.assert_untraced(db).await;
    assert_eq!(count(db, "select count(*) from users where is_former or merged_into is not null").await, 0);
    let mut peer = synced(&yo.visitor, &talk).await;
    zoe.assert_unnamed("the document", &bytes(&peer));
    let now = whole(&peer);
    assert!(now.highlights.values().all(|it| it.author == yo.id), "both passages");
    let answers = &now.responses[&yo.id];
    assert!(answers.contains("My answer is the tide.") && answers.contains("An answer of before. "), "{answers}");
    assert_eq!(now.responses.len(), 1);
    assert_eq!(now.notes, format!("Theirs in the notes. Ask {id}. Or {id}. ", id = yo.id));
    let said: Vec<_> = now.highlights[&passage].comments.iter().map(|(id, it)| (*id, it.author, &*it.body)).collect();
    let called = prose::mention(STAYS, yo.id);
    assert!(said.iter().any(|(.., body)| *body == format!("Do you agree, {called}?")), "{said:?}");
    assert!(said.iter().any(|(.., body)| *body == format!("And {called}?")), "{said:?}");
    let (own, ..) =
        *said.iter().find(|(_, author, body)| *author == yo.id && *body == "Before dawn it is dark.").unwrap();
    assert_may_edit(&yo, &talk, &mut peer, passage, own).await;
    assert!(count(db, edited).await > before, "what happened was done by them");
    assert_has_what_was_theirs(&app, &yo, &diary).await;

    assert_eq!(copy(&yo.visitor, &task).await, theirs, "the copy is theirs");
    let in_copy: Vec<_> = whole(&synced(&olga, &theirs).await).highlights.values().map(|it| it.author).collect();
    assert_eq!(in_copy, [yo.id]);
    let revealed = olga.post(&format!("{task}/reveal"), json!({"copies": [theirs, other]})).await;
    assert_eq!(revealed.status, StatusCode::CREATED, "{}", revealed.body);
    zoe.assert_untraced(db).await;
}

async fn assert_may_edit(yo: &Yo, talk: &str, peer: &mut Peer, highlight: HighlightId, comment: CommentId) {
    let edit = Command::EditComment { highlight, id: comment, body: "Before dawn there is no light.".into() };
    act(&yo.visitor, talk, peer, edit).await;
    let body = whole(peer).highlights[&highlight].comments[&comment].body.clone();
    assert_eq!(body, "Before dawn there is no light.");
}

/// Of what nobody else has.
async fn assert_has_what_was_theirs(app: &TestApp, yo: &Yo, diary: &str) {
    let db = &app.database.pool;
    let peer = synced(&yo.visitor, diary).await;
    assert_eq!(whole(&peer).notes, "Words of a diary.");
    assert!(yo.visitor.get("/api/v1/projects").await.body.contains("Thesis on Quagga-7"));
    assert!(yo.visitor.get("/api/v1/webhooks").await.body.contains("receiver.example"));
    for (table, column) in [
        ("identities", "user_id"),
        ("projects", "owner_id"),
        ("files", "uploader_id"),
        ("prompt_versions", "created_by"),
        ("late_work", "user_id"),
        ("activity_copies", "user_id"),
        ("export_jobs", "user_id"),
    ] {
        let query = format!("select count(*) from {table} where {column} = $1");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(yo.id.uuid()).fetch_one(db).await.unwrap();
        assert_eq!(found, 1, "{table}");
    }
    assert_eq!(count(db, "select count(*) from export_jobs where ended_at is null").await, 0);
}

#[tokio::test]
async fn whoever_signs_in_as_before_comes_to_the_account_that_stays() {
    let app = TestApp::start().await;
    let ben = app.person("student-1").await;
    let yo = Yo::join(&app).await;
    let was: UserId = ben.id().await.parse().unwrap();
    let answer = yo.take(&code(&ben).await).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    until_gone(&app.database.pool, was).await;
    assert_eq!(app.person("student-1").await.id().await, yo.id.to_string());
    let from_elsewhere = yo.visitor.send(Method::POST, MERGE, |request| {
        request.header(header::ORIGIN, "https://elsewhere.example").json(&json!({"code": "x"}))
    });
    assert_eq!(from_elsewhere.await.status, StatusCode::FORBIDDEN);
}
