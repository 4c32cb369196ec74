//! Where a class lets go what somebody wrote.

use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::{document, prose};

use super::{ERASE, NAME, Zoe, comment, discussed, note, whole};
use crate::{
    activities::{activity, class_and_template, copy, synced},
    revisions::mark,
    support::{
        test_app::{TestApp, Visitor},
        traces::traces,
    },
};

/// The class's rule is that words go.
pub(super) async fn words_go(olga: &Visitor, class: &str) {
    let rule = olga.change(Method::PATCH, &format!("/api/v1/classes/{class}"), json!({"when_erased": "erase"})).await;
    assert_eq!(rule.status, StatusCode::NO_CONTENT, "{}", rule.body);
}

#[tokio::test]
async fn where_a_class_says_so_their_words_go_and_what_others_said_stays() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let (class, template) = class_and_template(&olga).await;
    words_go(&olga, &class).await;
    assert_eq!(ben.get(&format!("/api/v1/classes/{class}")).await.json()["when_erased"], "erase");
    let (talk, passage) = discussed(&olga, &zoe).await;
    let shared = zoe.visitor.conversation("Shared", "Words that were shared.", "class").await;
    let (alone, together) =
        (activity(&olga, &class, &template, "individual").await, activity(&olga, &class, &template, "together").await);
    let (theirs, his) = (copy(&zoe.visitor, &alone).await, copy(&ben, &alone).await);
    let ours = copy(&zoe.visitor, &together).await;
    let mut peer = synced(&zoe.visitor, &ours).await;
    mark(&zoe.visitor, &ours, &mut peer, "Some words").await;
    note(&mut peer, "Theirs here too. ").await;
    let mut his_peer = synced(&ben, &ours).await;
    note(&mut his_peer, "His here.").await;
    // Called by her.
    olga.get(&format!("/api/v1/conversations/{talk}/history")).await;
    let named = sqlx::query(
        "update history_steps set name = 'Her moment', named_by = $2, named_at = now() where conversation_id = $1 and number = 1",
    )
    .bind(uuid::Uuid::parse_str(&talk).unwrap())
    .bind(uuid::Uuid::parse_str(&zoe.visitor.id().await).unwrap());
    assert_eq!(named.execute(&app.database.pool).await.unwrap().rows_affected(), 1);
    let foreseen = zoe.visitor.get(ERASE).await.json();
    assert_eq!((&foreseen["conversations"], &foreseen["shared"]), (&json!(2), &json!(2)));
    zoe.erased(&app).await;

    let db = &app.database.pool;
    zoe.assert_untraced(db).await;
    for words in [
        "Before dawn it is dark",
        "About leave before dawn",
        "About follow",
        "the tide",
        "Theirs",
        "were shared",
        "Her moment",
    ] {
        assert_eq!(traces(db, words).await, Vec::<String>::new(), "{words}");
    }
    for gone in [&shared, &theirs] {
        assert_eq!(olga.get(&format!("/api/v1/conversations/{gone}")).await.status, StatusCode::NOT_FOUND);
    }
    let now = whole(&synced(&olga, &talk).await);
    let live: Vec<_> = now.highlights.iter().filter(|(_, it)| it.deleted.is_none()).map(|(id, _)| id).collect();
    assert_eq!(live, [&passage], "what somebody else spoke about stays");
    let comments = &now.highlights[&passage].comments;
    let kept: Vec<_> =
        comments.values().filter(|it| !it.deleted).map(|it| it.body.split(',').next().unwrap()).collect();
    assert_eq!(kept, ["Do you agree"]);
    assert!(now.notes.starts_with("Ask "), "{}", now.notes);
    let then = olga.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json();
    assert_eq!(then["highlights"].as_array().unwrap().len(), 1, "{then}");
    let here = whole(&synced(&ben, &ours).await);
    let is_empty = |it: &document::whole::Highlight| it.deleted.is_some() && it.comments.is_empty();
    assert!(here.highlights.values().all(is_empty) && here.notes == "His here.", "{here:?}");
    assert_eq!(olga.get(&format!("/api/v1/conversations/{his}")).await.status, StatusCode::OK);
    let notices = olga.get("/api/v1/notices").await.body;
    assert!(!notices.contains("before dawn"), "{notices}");
    let overview = olga.get(&format!("{alone}/overview")).await;
    assert_eq!(overview.status, StatusCode::OK, "{}", overview.body);
}

#[tokio::test]
async fn what_an_activity_begins_with_stays_whole() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let (class, _) = class_and_template(&olga).await;
    words_go(&olga, &class).await;
    let template = olga.conversation("Text", "Some words to mark.", "class").await;
    let mut theirs = synced(&zoe.visitor, &template).await;
    let passage = mark(&zoe.visitor, &template, &mut theirs, "Some words").await;
    note(&mut theirs, "Read this first. ").await;
    comment(&zoe.visitor, &template, &mut theirs, passage, "And mind the tide.").await;
    comment(&olga, &template, &mut synced(&olga, &template).await, passage, &prose::mention(NAME, zoe.id)).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let first = copy(&app.person("student-1").await, &task).await;
    zoe.erased(&app).await;
    zoe.assert_untraced(&app.database.pool).await;
    let second = copy(&app.person("student-2").await, &task).await;
    for talk in [&template, &first, &second] {
        let now = whole(&synced(&olga, talk).await);
        assert_eq!(now.notes, "Read this first. ");
        assert!(now.highlights[&passage].comments.values().any(|it| it.body == "And mind the tide."));
    }
}
