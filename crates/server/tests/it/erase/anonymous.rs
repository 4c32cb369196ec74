//! Where people are authors under aliases.

use reqwest::StatusCode;
use serde_json::json;
use shared::{document, ids::UserId, prose};

use super::{NAME, Zoe, by_rule::words_go, bytes, comment, count, note, respond, whole};
use crate::{
    activities::{class_and_template, copy, create, run, synced},
    revisions::mark,
    support::{
        test_app::{TestApp, Visitor},
        traces::traces,
    },
};

async fn anonymous(by: &Visitor, class: &str, template: &str, mode: &str) -> String {
    let settings = json!({"title": "Blind", "template": template, "mode": mode, "anonymous": true});
    let made = create(by, class, settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap())
}

async fn alias(of: &Visitor, talk: &str) -> UserId {
    of.get(&format!("/api/v1/conversations/{talk}")).await.json()["author_id"].as_str().unwrap().parse().unwrap()
}

async fn make_tutor(app: &TestApp) {
    let staff =
        "update memberships set role = 'tutor' where user_id = (select id from users where name = 'Zenobia Quagga')";
    run(app, staff).await;
}

#[tokio::test]
async fn whoever_wrote_what_an_anonymous_activity_begins_with_is_nowhere_in_its_copies() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let staff =
        "update memberships set role = 'tutor' where user_id = (select id from users where name = 'Zenobia Quagga')";
    run(&app, staff).await;
    let (class, template) = class_and_template(&zoe.visitor).await;
    mark(&zoe.visitor, &template, &mut synced(&zoe.visitor, &template).await, "Some words").await;
    let settings = json!({"title": "Blind", "template": template, "mode": "individual", "anonymous": true});
    let made = zoe.visitor.post(&format!("/api/v1/classes/{class}/activities"), settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let task = format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap());
    let first = copy(&ben, &task).await;
    mark(&ben, &first, &mut synced(&ben, &first).await, "words to").await;
    zoe.erased(&app).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    let second = copy(&app.person("student-2").await, &task).await;
    let authors = async |talk: &str| -> Vec<UserId> {
        let peer = synced(&olga, talk).await;
        zoe.assert_unnamed(talk, &bytes(&peer));
        whole(&peer).tags.values().map(|tag| tag.author).collect()
    };
    let of_template = {
        let state: Vec<u8> =
            sqlx::query_scalar("select crdt_state from annotation_document_state where conversation_id = $1")
                .bind(template.parse::<uuid::Uuid>().unwrap())
                .fetch_one(db)
                .await
                .unwrap();
        zoe.assert_unnamed("the template", &state);
        state
    };
    assert!(!of_template.is_empty());
    assert_eq!(authors(&first).await, authors(&second).await, "one voice in all copies");
    let revealed = olga.post(&format!("{task}/reveal"), json!({"copies": [first, second]})).await;
    assert_eq!(revealed.status, StatusCode::CREATED, "{}", revealed.body);
    let people = ben.get(&format!("/api/v1/conversations/{first}/people")).await.body;
    assert!(people.contains("Former member"), "{people}");
}

#[tokio::test]
async fn where_a_class_says_so_words_under_an_alias_go_too() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let (class, template) = class_and_template(&olga).await;
    words_go(&olga, &class).await;
    let task = anonymous(&olga, &class, &template, "together").await;
    let ours = copy(&zoe.visitor, &task).await;
    assert_eq!(copy(&ben, &task).await, ours);
    // Two conversations that know the one alias: the copy, and what is revealed.
    let mut theirs = synced(&zoe.visitor, &ours).await;
    mark(&zoe.visitor, &ours, &mut theirs, "Some words").await;
    respond(&mut theirs, alias(&zoe.visitor, &ours).await, "Zebra answers. ").await;
    note(&mut theirs, "Zebra notes. ").await;
    let mut his = synced(&ben, &ours).await;
    note(&mut his, "His here. ").await;
    let passage = mark(&ben, &ours, &mut his, "words to").await;
    comment(&zoe.visitor, &ours, &mut theirs, passage, "Zebra says.").await;
    let db = &app.database.pool;
    assert!(!traces(db, "Zebra").await.is_empty());
    zoe.erased(&app).await;
    zoe.assert_untraced(db).await;
    assert_eq!(traces(db, "Zebra").await, Vec::<String>::new());
    assert_eq!(traces(db, "About Some words").await, Vec::<String>::new());
    let now = whole(&synced(&ben, &ours).await);
    assert_eq!(now.notes, "His here. ");
    assert_eq!(now.highlights[&passage].comments.len(), 1);
}

#[tokio::test]
async fn whoever_called_staff_by_name_in_an_anonymous_copy_calls_them_so_no_more() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    make_tutor(&app).await;
    let (class, template) = class_and_template(&olga).await;
    let task = anonymous(&olga, &class, &template, "individual").await;
    let his = copy(&ben, &task).await;
    let other = copy(&app.person("student-2").await, &task).await;
    let called = alias(&zoe.visitor, &his).await;
    assert_ne!(called, zoe.id);
    for talk in [&his, &other] {
        let mut peer = synced(&olga, talk).await;
        let passage = mark(&olga, talk, &mut peer, "Some words").await;
        comment(&olga, talk, &mut peer, passage, &prose::mention(NAME, called)).await;
    }
    zoe.erased(&app).await;
    zoe.assert_untraced(&app.database.pool).await;
    for talk in [&his, &other] {
        let peer = synced(&olga, talk).await;
        zoe.assert_unnamed(talk, &bytes(&peer));
        let said = prose::mention("Former member", called);
        let now = whole(&peer);
        let of: &document::whole::Highlight = now.highlights.values().next().unwrap();
        assert!(of.comments.values().any(|it| it.body == said), "{of:?}");
    }
}

#[tokio::test]
async fn an_anonymous_activity_is_begun_though_whoever_wrote_for_it_is_erased() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    make_tutor(&app).await;
    let (class, template) = class_and_template(&zoe.visitor).await;
    mark(&zoe.visitor, &template, &mut synced(&zoe.visitor, &template).await, "Some words").await;
    let task = anonymous(&zoe.visitor, &class, &template, "individual").await;
    zoe.erased(&app).await;
    let begun = copy(&app.person("student-1").await, &task).await;
    assert_eq!(whole(&synced(&olga, &begun).await).highlights.len(), 1);
}

#[tokio::test]
async fn an_alias_of_an_activity_that_nobody_has_a_copy_of_is_nobodys() {
    let app = TestApp::start().await;
    let zoe = Zoe::join(&app).await;
    let alias = "insert into author_aliases (alias, scope, user_id, pseudonym, named)
                 select id, gen_random_uuid(), id, id::text, true from users where name = 'Zenobia Quagga'";
    run(&app, alias).await;
    zoe.erased(&app).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    let kept =
        "select count(*) from author_aliases a join users u on u.id = a.user_id and u.id = a.alias where u.is_former";
    assert_eq!(count(db, kept).await, 1);
}
