//! Where people are authors under aliases.

use reqwest::StatusCode;
use serde_json::json;
use shared::{api::FORMER_MEMBER, ids::UserId, prose, sync::CloseCode};

use super::{NAME, STAYS, Yo, Zoe, code, until_gone};
use crate::{
    activities::{class_and_template, copy, create, run, synced},
    erase::{bytes, comment, count, note, whole},
    revisions::mark,
    rooms_support::until,
    support::test_app::{TestApp, Visitor, assert_problem},
};

async fn blind(by: &Visitor, class: &str, template: &str) -> String {
    anonymous(by, class, template, "together").await
}

async fn anonymous(by: &Visitor, class: &str, template: &str, mode: &str) -> String {
    let settings = json!({"title": "Blind", "template": template, "mode": mode, "anonymous": true});
    let made = create(by, class, settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap())
}

async fn alias(of: &Visitor, talk: &str) -> UserId {
    of.get(&format!("/api/v1/conversations/{talk}")).await.json()["author_id"].as_str().unwrap().parse().unwrap()
}

async fn seen_as(by: &Visitor, talk: &str, id: UserId) -> Option<String> {
    let people = by.get(&format!("/api/v1/conversations/{talk}/people")).await.json();
    let person = people.as_array().unwrap().iter().find(|person| person["id"] == id.to_string())?;
    person["name"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn an_alias_goes_over_where_the_other_has_none() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (class, template) = class_and_template(&olga).await;
    let task = blind(&olga, &class, &template).await;
    let ours = copy(&zoe.visitor, &task).await;
    let was = alias(&zoe.visitor, &ours).await;
    let mut peer = synced(&zoe.visitor, &ours).await;
    let passage = mark(&zoe.visitor, &ours, &mut peer, "Some words").await;
    let him = alias(&ben, &ours).await;
    comment(&zoe.visitor, &ours, &mut peer, passage, &format!("Agreed, {}?", prose::mention("x", him))).await;
    let db = &app.database.pool;
    until(async || count(db, "select count(*) from notices").await == 1).await;
    let before = seen_as(&ben, &ours, was).await.unwrap();
    let told = ben.get("/api/v1/notices").await.json()["notices"][0]["by"].clone();
    assert_eq!(told["name"], before);
    // Something that cannot be read, so that it does not end.
    app.rooms.close(ours.parse().unwrap(), CloseCode::Restarting).await;
    run(&app, "update annotation_document_state set crdt_state = '\\xff'::bytea || crdt_state").await;
    let answer = yo.take(&code(&zoe.visitor).await).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    assert_eq!(
        ben.get("/api/v1/notices").await.json()["notices"][0]["by"],
        told,
        "at once, and before the rest is done"
    );
    assert_eq!(seen_as(&ben, &ours, was).await.unwrap(), before);
    assert_eq!(alias(&yo.visitor, &ours).await, was, "nobody gets a second one meanwhile");
    run(
        &app,
        "update annotation_document_state set crdt_state = substr(crdt_state, 2) where get_byte(crdt_state, 0) = 255",
    )
    .await;
    until_gone(db, zoe.id).await;
    zoe.assert_untraced(db).await;
    assert_eq!(alias(&yo.visitor, &ours).await, was, "the words are theirs to edit");
    assert_eq!(seen_as(&ben, &ours, was).await.unwrap(), before, "and nobody else learns whose");
    assert_eq!(seen_as(&yo.visitor, &ours, was).await.unwrap(), STAYS);
}

#[tokio::test]
async fn where_both_have_an_alias_the_one_keeps_its_words_and_is_a_former_members() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (class, template) = class_and_template(&olga).await;
    let task = blind(&olga, &class, &template).await;
    let ours = copy(&zoe.visitor, &task).await;
    let (was, stays) = (alias(&zoe.visitor, &ours).await, alias(&yo.visitor, &ours).await);
    let passage = mark(&zoe.visitor, &ours, &mut synced(&zoe.visitor, &ours).await, "Some words").await;
    let before = seen_as(&ben, &ours, was).await.unwrap();
    yo.merged(&app, &zoe).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    assert_eq!(alias(&yo.visitor, &ours).await, stays);
    assert_eq!(whole(&synced(&yo.visitor, &ours).await).highlights[&passage].author, was);
    for reader in [&ben, &yo.visitor] {
        assert_eq!(seen_as(reader, &ours, was).await.as_ref(), Some(&before));
    }
    assert_eq!(seen_as(&olga, &ours, was).await.as_deref(), Some(FORMER_MEMBER), "who sees names");
    let former = "select count(*) from author_aliases a join users u on u.id = a.user_id where u.is_former";
    assert_eq!(count(db, former).await, 1);
    assert_eq!(
        count(db, "select count(*) from annotation_client c join users u on u.id = c.author where u.is_former").await,
        1
    );
    assert_eq!(count(db, "select count(*) from erased_as").await, 0, "nothing leads to them");
}

#[tokio::test]
async fn who_is_seen_by_name_does_not_get_the_alias_of_who_is_not() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (class, template) = class_and_template(&olga).await;
    let task = blind(&olga, &class, &template).await;
    let ours = copy(&zoe.visitor, &task).await;
    let was = alias(&zoe.visitor, &ours).await;
    mark(&zoe.visitor, &ours, &mut synced(&zoe.visitor, &ours).await, "Some words").await;
    let before = seen_as(&ben, &ours, was).await.unwrap();
    // They have no alias there, but what was revealed is theirs.
    run(
        &app,
        "with made as (
             insert into conversations (id, title, owner_id, class_id, share, alias_scope)
             select gen_random_uuid(), 'Revealed', u.id, a.class_id, 'class', a.id
             from activities a, users u where a.anonymous and u.name = 'Yolanda Okapi'
             returning id, alias_scope)
         insert into annotation_document_state (conversation_id, crdt_state, seq, highlight_count)
         select made.id, a.seed, 0, 0 from made join activities a on a.id = made.alias_scope",
    )
    .await;
    yo.merged(&app, &zoe).await;
    zoe.assert_untraced(&app.database.pool).await;
    assert_eq!(seen_as(&ben, &ours, was).await.unwrap(), before);
    assert_ne!(alias(&yo.visitor, &ours).await, was);
    let listed = ben.get("/api/v1/conversations").await.body;
    assert!(listed.contains("Revealed") && !listed.contains(&before), "{listed}");
}

#[tokio::test]
async fn what_one_owns_under_a_pseudonym_does_not_become_that_of_whom_others_see_there() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    run(
        &app,
        "update memberships set role = 'tutor' where user_id = (select id from users where name = 'Yolanda Okapi')",
    )
    .await;
    let (class, template) = class_and_template(&olga).await;
    let task = anonymous(&olga, &class, &template, "individual").await;
    let theirs = copy(&zoe.visitor, &task).await;
    let (was, named) = (alias(&zoe.visitor, &theirs).await, alias(&yo.visitor, &theirs).await);
    mark(&zoe.visitor, &theirs, &mut synced(&zoe.visitor, &theirs).await, "Some words").await;
    let passage = mark(&yo.visitor, &theirs, &mut synced(&yo.visitor, &theirs).await, "words to").await;
    let made = code(&zoe.visitor).await;
    assert_eq!(yo.preview(&made).await.json()["apart"], json!(["Blind"]));
    let refused = yo.take(&made).await;
    assert_problem(&refused, 409, "both_anonymous");
    assert!(refused.body.contains("“Blind”"), "{}", refused.body);
    assert_eq!(count(&app.database.pool, "select count(*) from users where merged_into is not null").await, 0);

    // The other way round nothing changes hands that is seen.
    let other = code(&yo.visitor).await;
    assert_eq!(zoe.visitor.post("/api/v1/me/merge/preview", json!({"code": other})).await.json()["apart"], json!([]));
    let answer = zoe.visitor.post("/api/v1/me/merge", json!({"code": other})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    until_gone(&app.database.pool, yo.id).await;
    assert_eq!(alias(&zoe.visitor, &theirs).await, was);
    assert_eq!(whole(&synced(&zoe.visitor, &theirs).await).highlights[&passage].author, named);
    assert_eq!(seen_as(&zoe.visitor, &theirs, named).await.as_deref(), Some(FORMER_MEMBER));
    assert_eq!(copy(&ben, &task).await.len(), theirs.len(), "others go on");
}

#[tokio::test]
async fn where_both_are_seen_by_name_they_are_one() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    run(&app, "update memberships set role = 'tutor' where user_id in (select id from users where name in ('Zenobia Quagga', 'Yolanda Okapi'))").await;
    let (class, template) = class_and_template(&olga).await;
    let task = blind(&olga, &class, &template).await;
    let ours = copy(&ben, &task).await;
    let (was, stays) = (alias(&zoe.visitor, &ours).await, alias(&yo.visitor, &ours).await);
    let passage = mark(&zoe.visitor, &ours, &mut synced(&zoe.visitor, &ours).await, "Some words").await;
    assert_eq!(seen_as(&ben, &ours, was).await.as_deref(), Some(NAME));
    yo.merged(&app, &zoe).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    assert_eq!(whole(&synced(&ben, &ours).await).highlights[&passage].author, was);
    for id in [was, stays] {
        assert_eq!(seen_as(&ben, &ours, id).await.as_deref(), Some(STAYS));
    }
    assert_eq!(count(db, "select count(*) from users where is_former").await, 0);
}

#[tokio::test]
async fn whoever_wrote_what_an_anonymous_activity_begins_with_goes_on_by_the_other_account() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    run(&app, "update memberships set role = 'tutor' where user_id in (select id from users where name in ('Zenobia Quagga', 'Yolanda Okapi'))").await;
    let (class, _) = class_and_template(&zoe.visitor).await;
    let template = zoe.visitor.conversation("Text", "Some words to mark.", "class").await;
    // Both stand in it under their own ids.
    mark(&zoe.visitor, &template, &mut synced(&zoe.visitor, &template).await, "Some words").await;
    mark(&yo.visitor, &template, &mut synced(&yo.visitor, &template).await, "words to").await;
    let task = blind(&zoe.visitor, &class, &template).await;
    let ours = copy(&ben, &task).await;
    note(&mut synced(&ben, &ours).await, "His. ").await;
    yo.merged(&app, &zoe).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    let peer = synced(&olga, &ours).await;
    zoe.assert_unnamed("the copy", &bytes(&peer));
    assert!(whole(&peer).highlights.values().all(|it| it.author == yo.id));
    assert_eq!(seen_as(&ben, &ours, yo.id).await.as_deref(), Some(STAYS));
    // What the copies begin with is counted for the one: two passages, and nobody else's.
    let counted: i64 =
        sqlx::query_scalar("select (seed_tally -> 'people' -> $1 ->> 'highlights')::bigint from activities")
            .bind(yo.id.to_string())
            .fetch_one(db)
            .await
            .unwrap();
    assert_eq!(counted, 2);
}
