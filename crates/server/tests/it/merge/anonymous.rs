//! Where people are authors under aliases.

use reqwest::StatusCode;
use serde_json::json;
use shared::ids::UserId;

use super::{STAYS, Yo, Zoe};
use crate::{
    activities::{class_and_template, copy, create, run, synced},
    erase::{bytes, count, note, whole},
    revisions::mark,
    support::test_app::{TestApp, Visitor},
};

async fn blind(by: &Visitor, class: &str, template: &str) -> String {
    let settings = json!({"title": "Blind", "template": template, "mode": "together", "anonymous": true});
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
    mark(&zoe.visitor, &ours, &mut synced(&zoe.visitor, &ours).await, "Some words").await;
    let before = seen_as(&ben, &ours, was).await.unwrap();
    yo.merged(&app, &zoe).await;
    zoe.assert_untraced(&app.database.pool).await;
    assert_eq!(alias(&yo.visitor, &ours).await, was, "the words are theirs to edit");
    assert_eq!(seen_as(&ben, &ours, was).await.unwrap(), before, "and nobody else learns whose");
    assert_eq!(seen_as(&yo.visitor, &ours, was).await.unwrap(), STAYS);
}

#[tokio::test]
async fn where_both_have_an_alias_the_one_keeps_its_words_and_is_nobodys() {
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
    for reader in [&ben, &yo.visitor, &olga] {
        assert_eq!(seen_as(reader, &ours, was).await.as_ref(), Some(&before), "also for who sees names");
    }
    assert_eq!(count(db, "select count(*) from author_aliases where user_id is null").await, 1);
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
