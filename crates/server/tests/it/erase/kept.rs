//! What stays of somebody's own, and whose it is then.

use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::{document::Command, prose};

use super::{ERASE, NAME, Zoe, comment, note, whole};
use crate::{
    activities::{run, synced},
    revisions::{act, mark},
    support::test_app::TestApp,
};

#[tokio::test]
async fn what_others_wrote_in_stays_for_those_who_are_let_in() {
    let app = TestApp::start().await;
    let (ben, eve) = (app.person("student-1").await, app.person("student-2").await);
    let zoe = Zoe::join(&app).await;
    let me = &zoe.visitor;
    let by_address = me.conversation("By address", "Words to speak about.", "none").await;
    let by_link = me.conversation("By a link", "Words to speak about.", "none").await;
    let unanswered = me.conversation("Unanswered", "Words to speak about.", "none").await;
    let at = |talk: &str, what: &str| format!("/api/v1/conversations/{talk}{what}");
    let his = ben.get("/api/v1/me").await.json()["email"].clone();
    for talk in [&by_address, &unanswered] {
        for email in [&his, &json!("nobody.yet@example.test")] {
            let shared = me.post(&at(talk, "/sharing/people"), json!({"email": email, "access": "annotator"})).await;
            assert_eq!(shared.status, StatusCode::CREATED, "{}", shared.body);
        }
    }
    let link = me.post(&at(&by_link, "/sharing/links"), json!({"access": "annotator", "days": 7})).await;
    let address = link.json()["link"].as_str().unwrap().to_owned();
    let open = format!("/api/v1/links/{}/open", address.rsplit('/').next().unwrap());
    assert_eq!(ben.post(&open, json!({})).await.status, StatusCode::OK);
    for talk in [&by_address, &by_link] {
        let mut peer = synced(&ben, talk).await;
        mark(&ben, talk, &mut peer, "speak about").await;
        note(&mut synced(me, talk).await, "Theirs. ").await;
    }
    let foreseen = me.get(ERASE).await.json();
    assert_eq!((&foreseen["conversations"], &foreseen["stays"]), (&json!(1), &json!(2)), "{foreseen}");
    assert!(me.get("/account/erase").await.body.contains("Not deleted: 2 conversations of your own"));
    zoe.erased(&app).await;
    zoe.assert_untraced(&app.database.pool).await;
    for talk in [&by_address, &by_link] {
        let now = whole(&synced(&ben, talk).await);
        assert_eq!((now.highlights.len(), &*now.notes), (1, "Theirs. "));
        assert_eq!(ben.get(&at(talk, "/rights")).await.json()["access"], "annotator");
    }
    assert_eq!(ben.get(&at(&unanswered, "")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(eve.post(&open, json!({})).await.status, StatusCode::NOT_FOUND, "nobody new comes in");
    let waiting = "select count(*) from conversation_shares where user_id is null";
    assert_eq!(super::count(&app.database.pool, waiting).await, 0);
}

#[tokio::test]
async fn what_a_class_keeps_its_staff_may_withdraw() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let talk = zoe.visitor.conversation("Shared", "Words that were shared.", "class").await;
    let path = format!("/api/v1/conversations/{talk}");
    assert_eq!(olga.get(&format!("{path}/sharing")).await.status, StatusCode::FORBIDDEN);
    zoe.erased(&app).await;
    for (who, status) in [(&olga, StatusCode::OK), (&ben, StatusCode::FORBIDDEN)] {
        assert_eq!(who.get(&format!("{path}/sharing")).await.status, status);
    }
    assert_eq!(ben.delete(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(olga.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
    let restore = format!("/api/v1/trash/conversations/{talk}/restore");
    assert_eq!(ben.post(&restore, json!({})).await.status, StatusCode::NOT_FOUND);
    assert!(olga.get("/api/v1/trash").await.body.contains("Shared"));
    assert_eq!(olga.post(&restore, json!({})).await.status, StatusCode::NO_CONTENT);
    // Nobody is let in whom nobody let in, and it does not become nobody's.
    let class = olga.change(Method::PUT, &format!("{path}/sharing/class"), json!({"class": null})).await;
    let person = json!({"email": "somebody@example.test", "access": "viewer"});
    let person = olga.post(&format!("{path}/sharing/people"), person).await;
    let link = olga.post(&format!("{path}/sharing/links"), json!({"access": "viewer", "days": 7})).await;
    let open = olga.change(Method::PUT, &format!("{path}/sharing/protection"), json!({"copy_protected": false})).await;
    for refused in [class, person, link, open] {
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        assert!(refused.body.contains("former member"), "{}", refused.body);
    }
    run(&app, "update conversations set trashed_at = now() where title = 'Shared'").await;
    assert!(!ben.get("/api/v1/trash").await.body.contains("Shared"));
}

#[tokio::test]
async fn what_a_class_keeps_goes_with_the_class() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let (kept, own) =
        (zoe.visitor.conversation("Theirs", "Words.", "class").await, ben.conversation("His", "Words.", "class").await);
    zoe.erased(&app).await;
    let class = olga.get("/api/v1/classes").await.json()["classes"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(olga.delete(&format!("/api/v1/classes/{class}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(olga.delete(&format!("/api/v1/trash/classes/{class}")).await.status, StatusCode::NO_CONTENT);
    let left = sqlx::query_scalar("select id::text from conversations where title in ('Theirs', 'His')");
    let left: Vec<String> = left.fetch_all(&app.database.pool).await.unwrap();
    assert_eq!(left, [own], "{kept}");
}

#[tokio::test]
async fn a_notice_of_a_comment_that_mentioned_them_names_them_no_more() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let talk = olga.conversation("Harbour", "Words to speak about.", "class").await;
    let mut hers = synced(&olga, &talk).await;
    let passage = mark(&olga, &talk, &mut hers, "speak about").await;
    let both =
        format!("Ask {} and {}.", prose::mention(NAME, zoe.id), prose::mention("Ben", ben.id().await.parse().unwrap()));
    comment(&olga, &talk, &mut hers, passage, &both).await;
    assert!(ben.get("/api/v1/notices").await.body.contains(NAME));
    zoe.erased(&app).await;
    let told = ben.get("/api/v1/notices").await.json();
    assert_eq!(told["notices"][0]["excerpt"], "Ask @Former member and @Ben.", "{told}");
}

#[tokio::test]
async fn the_history_of_a_document_tells_what_a_former_member_did() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let talk = olga.conversation("Harbour", "Words to speak about.", "class").await;
    let path = format!("/api/v1/conversations/{talk}/history");
    let mut hers = synced(&zoe.visitor, &talk).await;
    let passage = mark(&zoe.visitor, &talk, &mut hers, "speak about").await;
    let theirs = olga.get(&path).await.json();
    assert_eq!(theirs["steps"][0]["by"][0]["name"], NAME, "{theirs}");
    // What waits in the log mentions them, and goes before it is a step.
    let body = format!("Ask {}.", prose::mention(NAME, zoe.id));
    let mut own = synced(&olga, &talk).await;
    let asked = comment(&olga, &talk, &mut own, passage, &body).await;
    note(&mut own, "Hers. ").await;
    act(&olga, &talk, &mut own, Command::DeleteComment { highlight: passage, id: asked }).await;
    let named = olga.change(Method::PUT, &format!("{path}/1/name"), json!({"name": "First"})).await;
    assert_eq!(named.status, StatusCode::NO_CONTENT, "{}", named.body);
    zoe.erased(&app).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    assert!(super::count(db, "select count(*) from history_steps").await > 2);
    let told = olga.get(&path).await;
    let is_told = told.json()["steps"].as_array().unwrap().iter().any(|step| step["changes"]["notes"]["added"] == 6);
    assert!(is_told, "what waited became a step: {}", told.body);
    assert!(!told.body.contains(NAME) && told.body.contains("Former member"), "{}", told.body);
}

#[tokio::test]
async fn what_a_class_has_used_stays_used() {
    let app = TestApp::start().await;
    let zoe = Zoe::join(&app).await;
    run(
        &app,
        "insert into model_usage (run_id, user_id, class_id, model, input_tokens, output_tokens, estimated)
         select gen_random_uuid(), u.id, k.id, 'm', 1000, n, false
         from users u, classes k, generate_series(1, 3) as n
         where u.name = 'Zenobia Quagga'",
    )
    .await;
    zoe.erased(&app).await;
    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    let used = "select sum(input_tokens + output_tokens)::bigint
                from model_usage m join users u on u.id = m.user_id
                where u.is_former and m.used_at >= date_trunc('day', now(), 'UTC')";
    assert_eq!(super::count(db, used).await, 3006);
    assert_eq!(super::count(db, "select count(*) from model_usage").await, 1, "no single reply");
}
