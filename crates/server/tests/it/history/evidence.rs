//! What somebody did, as a file for them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{
    document::{Command, Picture},
    ids::CommentId,
};

use super::history;
use crate::{
    activities::synced,
    revisions::{WORDS, act, mark},
    support::test_app::{Answer, TestApp, Visitor, assert_problem},
};

async fn file(by: &Visitor, talk: &str, format: &str) -> Answer {
    let answer = by.get(&format!("/api/v1/conversations/{talk}/history/export?format={format}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let named = answer.headers["content-disposition"].to_str().unwrap();
    assert!(named.starts_with("attachment") && named.contains(&format!("Harbour-history.{format}")), "{named}");
    answer
}

/// What was done to what, and the words.
fn deeds(file: &Value) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = file["steps"].as_array().unwrap().iter();
    let deeds = steps.flat_map(|step| step["deeds"].as_array().unwrap().clone());
    deeds.map(|deed| [text(&deed["what"]), text(&deed["done"]), text(&deed["words"])]).collect()
}

#[tokio::test]
async fn everybody_takes_away_what_they_did_themselves_and_of_the_others_a_count() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    assert_eq!(file(&olga, &talk, "json").await.json()["steps"], json!([]));
    let first = mark(&olga, &talk, &mut hers, "leave before dawn").await;
    history(&olga, &talk).await;
    his.until(|peer| !Picture::of(&peer.doc).highlights.is_empty()).await;
    let words = Command::Comment { highlight: first, id: CommentId::new(), body: "His <words>".into(), parent: None };
    act(&ben, &talk, &mut his, words).await;
    history(&olga, &talk).await;
    hers.until(|peer| Picture::of(&peer.doc).highlights[0].comments.len() == 2).await;
    let own = CommentId::new();
    let say = Command::Comment { highlight: first, id: own, body: "Her <words>".into(), parent: None };
    act(&olga, &talk, &mut hers, say).await;
    // A pause, so that they are steps of their own.
    let pause =
        "update history_steps set began_at = began_at - interval '1 hour', ended_at = ended_at - interval '1 hour'";
    let later = async || {
        history(&olga, &talk).await;
        sqlx::query(pause).execute(&app.database.pool).await.unwrap();
    };
    later().await;
    act(&olga, &talk, &mut hers, Command::EditComment { highlight: first, id: own, body: "Other words".into() }).await;
    later().await;
    act(&olga, &talk, &mut hers, Command::Delete(first)).await;
    later().await;
    act(&olga, &talk, &mut hers, Command::Restore(first)).await;

    let told = file(&olga, &talk, "json").await;
    let told_body = told.body.clone();
    let told = told.json();
    let [highlight, comment] = ["highlight", "comment"].map(str::to_owned);
    let quote = "leave before dawn".to_owned();
    let all = deeds(&told);
    let count = |deed: [&String; 1], done: &str, words: &str| {
        all.iter().filter(|it| it[0] == *deed[0] && it[1] == done && it[2] == words).count()
    };
    assert_eq!(count([&highlight], "added", &quote), 1, "{all:?}");
    assert_eq!(count([&highlight], "deleted", &quote), 1, "{all:?}");
    assert_eq!(count([&highlight], "brought_back", &quote), 1, "{all:?}");
    assert_eq!(count([&comment], "added", "Her <words>"), 1, "{all:?}");
    assert_eq!(count([&comment], "changed", "Other words"), 1, "{all:?}");
    assert_eq!(told["person"]["called"], "Demo Instructor");
    assert_eq!(told["steps"].as_array().unwrap().len(), 5, "{told}");
    assert_eq!((&told["others"]["people"], &told["others"]["steps"]), (&json!(1), &json!(1)));
    assert_eq!(told["others"]["changes"]["comments"]["added"], 1);
    assert_eq!(told["alone"]["steps"], 5);
    assert!(!told_body.contains("His <words>") && !told_body.contains("Demo Student"), "{told_body}");

    let page = file(&olga, &talk, "html").await.body;
    for part in
        ["Her &lt;words&gt;", "Other words", "Highlight brought back", "1 other person, in 1 step", &own.to_string()]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("His") && !page.contains("Demo Student") && !page.contains("Her <words>"), "{page}");

    // It is not for those who do not see the history.
    assert_problem(&ben.get(&format!("/api/v1/conversations/{talk}/history/export")).await, 403, "not_allowed");
    let none = olga.get(&format!("/api/v1/conversations/{talk}/history/export?format=pdf")).await;
    assert_problem(&none, 400, "bad_query");
}

#[tokio::test]
async fn of_what_several_did_at_once_only_what_is_ones_own_is_told() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let share = json!({"email": "student-1@demo.invalid", "access": "editor"});
    olga.post(&format!("/api/v1/conversations/{talk}/sharing/people"), share).await;
    sqlx::query("update conversations set copy_protected = true").execute(&app.database.pool).await.unwrap();
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    for round in 0..2 {
        mark(&olga, &talk, &mut hers, ["leave before dawn", "deep water"][round]).await;
        hers.settle().await;
        mark(&ben, &talk, &mut his, ["follow the boats", "dawn"][round]).await;
        his.settle().await;
        hers.until(|peer| Picture::of(&peer.doc).highlights.len() == 2 * (round + 1)).await;
    }
    let told = file(&ben, &talk, "json").await;
    assert!(!told.body.contains("deep water") && !told.body.contains("Demo Instructor"), "{}", told.body);
    // The text is protected: not what he marked either.
    assert!(!told.body.contains("\"follow the boats\""), "{}", told.body);
    let told = told.json();
    assert_eq!((&told["together"]["steps"], &told["steps"][0]["with_others"]), (&json!(1), &json!(1)), "{told}");
    let all = deeds(&told);
    assert_eq!(all.iter().filter(|it| it[0] == "highlight").count(), 2, "{all:?}");
    let comments: Vec<_> = all.iter().filter(|it| it[0] == "comment").map(|it| it[2].clone()).collect();
    assert_eq!(comments, ["About follow the boats", "About dawn"]);
    assert!(deeds(&file(&olga, &talk, "json").await.json()).iter().any(|it| it[2] == "deep water"), "her own text");
}
