//! Moments of a document's history that have names, are compared with the present and brought back.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    document::{Command, Picture},
    ids::{CommentId, ConversationId, HighlightId},
};
use yrs::{GetString, Text, Transact};

use super::{history, marked, moment, steps};
use crate::{
    activities::synced,
    revisions::{WORDS, act, mark},
    rooms_support::Peer,
    support::test_app::{Answer, TestApp, Visitor, assert_problem},
};

async fn name(by: &Visitor, talk: &str, step: &Value, name: &str) -> Answer {
    let path = format!("/api/v1/conversations/{talk}/history/{}/name", step["number"]);
    by.change(Method::PUT, &path, json!({"name": name})).await
}

/// The newest moment, which has a name from now on: what comes is another.
async fn moment_now(by: &Visitor, talk: &str) -> Value {
    let newest = history(by, talk).await.remove(0);
    assert_eq!(name(by, talk, &newest, "Then").await.status, StatusCode::NO_CONTENT);
    newest
}

async fn compare(by: &Visitor, talk: &str, step: &Value) -> Value {
    let answer = by.get(&format!("/api/v1/conversations/{talk}/history/{}/compare", step["number"])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn restore(by: &Visitor, talk: &str, step: &Value) -> Answer {
    by.post(&format!("/api/v1/conversations/{talk}/history/{}/restore", step["number"]), json!({})).await
}

/// What is called how, newest first.
fn names(steps: &[Value]) -> Vec<&str> {
    steps.iter().filter_map(|step| step["name"]["name"].as_str()).collect()
}

/// Somebody lets another edit.
async fn share(by: &Visitor, talk: &str, with: &str) {
    let path = format!("/api/v1/conversations/{talk}/sharing/people");
    let shared = by.post(&path, json!({"email": with, "access": "editor"})).await;
    assert_eq!(shared.status, StatusCode::CREATED, "{}", shared.body);
}

async fn write(peer: &mut Peer, root: &str, text: &str) {
    peer.edit(|doc| {
        let notes = doc.get_or_insert_text(root);
        let mut txn = doc.transact_mut();
        let length = notes.len(&txn);
        notes.remove_range(&mut txn, 0, length);
        notes.insert(&mut txn, 0, text);
    })
    .await;
    peer.settle().await;
}

fn said(peer: &Peer, highlight: HighlightId) -> Vec<String> {
    let all = Picture::of(&peer.doc).highlights;
    let it = all.into_iter().find(|it| it.id == highlight);
    let comments = it.into_iter().flat_map(|it| it.comments).filter(|comment| !comment.deleted);
    comments.map(|comment| comment.body).collect()
}

#[tokio::test]
async fn a_moment_with_a_name_stays_as_it_is_and_is_its_namers_and_the_moderators() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    share(&olga, &talk, "student-1@demo.invalid").await;
    let mut hers = synced(&olga, &talk).await;
    write(&mut hers, "notes", "First").await;
    let first = history(&olga, &talk).await.remove(0);
    assert_eq!(name(&olga, &talk, &first, "  The first \n draft ").await.status, StatusCode::NO_CONTENT);
    // Without a pause it would have been the same step.
    write(&mut hers, "notes", "Second").await;
    let all = history(&olga, &talk).await;
    assert_eq!((all.len(), names(&all)), (3, vec!["The first draft"]), "{all:?}");
    assert_eq!(moment(&olga, &talk, &all[1]).await["notes"], "First");
    let named = &all[1]["name"];
    assert_eq!((&named["by"]["name"], &named["may_change"]), (&json!("Demo Instructor"), &json!(true)));

    let seen = history(&ben, &talk).await;
    assert_eq!(seen[1]["name"]["may_change"], false);
    assert_problem(&name(&ben, &talk, &first, "Mine").await, 403, "not_allowed");
    let path = |step: &Value| format!("/api/v1/conversations/{talk}/history/{}/name", step["number"]);
    assert_problem(&ben.delete(&path(&first)).await, 403, "not_allowed");
    assert_eq!(name(&ben, &talk, &all[0], "漢字 🙂").await.status, StatusCode::NO_CONTENT);
    assert_eq!(names(&history(&ben, &talk).await), ["漢字 🙂", "The first draft"]);
    assert_eq!(ben.delete(&path(&all[0])).await.status, StatusCode::NO_CONTENT, "his own");
    assert_eq!(name(&ben, &talk, &all[0], "His").await.status, StatusCode::NO_CONTENT);
    assert_eq!(name(&olga, &talk, &all[0], "Hers").await.status, StatusCode::NO_CONTENT, "she moderates");
    assert_eq!(olga.delete(&path(&all[0])).await.status, StatusCode::NO_CONTENT);
    assert_eq!(names(&history(&ben, &talk).await), ["The first draft"]);

    assert_eq!(name(&olga, &talk, &first, &"x".repeat(100)).await.status, StatusCode::NO_CONTENT);
    assert_problem(&name(&olga, &talk, &first, &"x".repeat(101)).await, 400, "bad_name");
    assert_problem(&name(&olga, &talk, &first, " ").await, 400, "bad_name");
    assert_problem(&name(&olga, &talk, &json!({"number": 99}), "Nowhere").await, 404, "not_found");
}

#[tokio::test]
async fn so_many_moments_have_a_name_and_no_more() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let talk = olga.conversation("Harbour", WORDS, "none").await;
    let id: ConversationId = talk.parse().unwrap();
    sqlx::query(
        "insert into history_steps (conversation_id, number, epoch, seq, is_base, began_at, ended_at, update, changes, name, named_at)
         select $1, n, 1, 0, true, now(), now(), '\\x0000', '{}', case when n < 200 then 'x' end, case when n < 200 then now() end
         from generate_series(1, 201) as n",
    )
    .bind(id.uuid())
    .execute(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(name(&olga, &talk, &json!({"number": 200}), "The last").await.status, StatusCode::NO_CONTENT);
    assert_eq!(name(&olga, &talk, &json!({"number": 200}), "Otherwise").await.status, StatusCode::NO_CONTENT);
    assert_problem(&name(&olga, &talk, &json!({"number": 201}), "Too many").await, 409, "too_many_names");
    assert_eq!(steps(&app.database.pool, id).await.len(), 201);
}

#[tokio::test]
async fn the_past_is_compared_with_the_present() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    let gone = mark(&olga, &talk, &mut hers, "leave before dawn").await;
    let kept = mark(&olga, &talk, &mut hers, "deep water").await;
    write(&mut hers, "notes", "the old harbour").await;
    his.until(|peer| Picture::of(&peer.doc).notes == "the old harbour").await;
    let his_words = CommentId::new();
    let say = Command::Comment { highlight: kept, id: his_words, body: "His words".into(), parent: None };
    act(&ben, &talk, &mut his, say).await;
    let then = moment_now(&olga, &talk).await;
    let same = compare(&olga, &talk, &then).await;
    for part in ["highlights", "tags", "notes", "response"] {
        assert_eq!(same[part], json!([]), "{part}");
    }

    hers.until(|peer| said(peer, kept).len() == 2).await;
    act(&olga, &talk, &mut hers, Command::Delete(gone)).await;
    let new = mark(&olga, &talk, &mut hers, "follow the boats").await;
    let more = Command::Comment { highlight: kept, id: CommentId::new(), body: "More".into(), parent: None };
    act(&olga, &talk, &mut hers, more).await;
    write(&mut hers, "notes", "the quiet harbour").await;
    let tag = Picture::of(&hers.doc).tags[1].clone();
    let rename =
        Command::EditTag { id: tag.id, name: Some("Quay".into()), colour: None, description: None, group: None };
    act(&olga, &talk, &mut hers, rename).await;
    act(&ben, &talk, &mut his, Command::DeleteComment { highlight: kept, id: his_words }).await;
    let told = compare(&olga, &talk, &then).await;
    let ids = |side: &str| -> Vec<String> {
        let all = told["highlights"].as_array().unwrap().iter();
        all.map(|it| it[side]["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let [gone, kept, new] = [gone, kept, new].map(|id| id.to_string());
    assert_eq!(ids("then"), [gone, kept.clone(), String::new()]);
    assert_eq!(ids("now"), [String::new(), kept, new]);
    let said = |side: &str| told["highlights"][1][side]["comments"].as_array().unwrap().len();
    assert_eq!((said("then"), said("now")), (1, 2), "without what he took back");
    assert_eq!((&told["tags"][0]["then"]["name"], &told["tags"][0]["now"]["name"]), (&json!(tag.name), &json!("Quay")));
    assert_eq!(told["tags"].as_array().unwrap().len(), 1);
    let pieces = json!([
        {"kind": "same", "text": "the "}, {"kind": "removed", "text": "old"}, {"kind": "added", "text": "quiet"},
        {"kind": "same", "text": " harbour"}
    ]);
    assert_eq!(told["notes"], pieces);
}

#[tokio::test]
async fn what_was_deleted_comes_back_and_what_others_made_since_stays() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    let gone = mark(&olga, &talk, &mut hers, "leave before dawn").await;
    let own = CommentId::new();
    let say = Command::Comment { highlight: gone, id: own, body: "Her words".into(), parent: None };
    act(&olga, &talk, &mut hers, say).await;
    let response = format!("response:{}", olga.id().await);
    write(&mut hers, &response, "My answer").await;
    write(&mut hers, "notes", "one\ntwo\nthree").await;
    his.until(|peer| Picture::of(&peer.doc).notes == "one\ntwo\nthree").await;
    let his_words = CommentId::new();
    let say = Command::Comment { highlight: gone, id: his_words, body: "His words".into(), parent: None };
    act(&ben, &talk, &mut his, say).await;
    let then = moment_now(&olga, &talk).await;
    assert_eq!(marked(&moment(&olga, &talk, &then).await)[0].1.len(), 3);
    let nothing = restore(&olga, &talk, &then).await.json();
    let zero = json!({"highlights": 0, "comments": 0, "tags": 0, "notes": 0, "response": 0, "left": 0});
    assert_eq!((nothing, names(&history(&olga, &talk).await)), (zero, vec!["Then"]), "nothing is lost");

    act(&ben, &talk, &mut his, Command::DeleteComment { highlight: gone, id: his_words }).await;
    hers.until(|peer| said(peer, gone).len() == 2).await;
    act(&olga, &talk, &mut hers, Command::DeleteComment { highlight: gone, id: own }).await;
    act(&olga, &talk, &mut hers, Command::Delete(gone)).await;
    let tags = Picture::of(&hers.doc).tags;
    let [merged, unused] = [tags[tags.len() - 2].id, tags[tags.len() - 1].id];
    act(&olga, &talk, &mut hers, Command::DeleteTag(unused)).await;
    act(&olga, &talk, &mut hers, Command::MergeTag { from: merged, into: tags[0].id }).await;
    write(&mut hers, &response, "").await;
    his.until(|peer| Picture::of(&peer.doc).highlights.is_empty()).await;
    let new = mark(&ben, &talk, &mut his, "deep water").await;
    write(&mut his, "notes", "one\nhis line\nthree").await;
    assert_problem(&restore(&ben, &talk, &then).await, 403, "not_allowed");

    let before = history(&olga, &talk).await.len();
    let done = restore(&olga, &talk, &then).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let told = json!({"highlights": 1, "comments": 1, "tags": 1, "notes": 3, "response": 9, "left": 0});
    assert_eq!(done.json(), told);
    hers.until(|peer| Picture::of(&peer.doc).highlights.len() == 2).await;
    let now = Picture::of(&hers.doc);
    assert_eq!(now.notes, "one\ntwo\nhis line\nthree");
    assert_eq!(said(&hers, new), ["About deep water"], "what he made stays");
    assert_eq!(said(&hers, gone), ["About leave before dawn", "Her words"], "what he took back stays away");
    assert!(now.tags.iter().any(|tag| tag.id == unused));
    assert!(now.tags.iter().all(|tag| tag.id != merged), "what was made one stays one");
    assert_eq!(hers.doc.get_or_insert_text(response.as_str()).get_string(&hers.doc.transact()), "My answer");
    // It is a step of hers, behind one that has a name.
    let all = history(&olga, &talk).await;
    assert_eq!((all.len(), names(&all)), (before + 1, vec!["Before restoring", "Then"]));
    assert_eq!(all[0]["by"][0]["name"], "Demo Instructor");
    assert_eq!(all[1]["name"]["name"], "Before restoring");
    assert_eq!(marked(&moment(&olga, &talk, &all[1]).await).len(), 1);
    let again = restore(&olga, &talk, &then).await.json();
    assert_eq!(again["highlights"], 0, "it is done");
}

#[tokio::test]
async fn nobody_brings_back_what_they_may_not() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    share(&olga, &talk, "student-1@demo.invalid").await;
    let mut hers = synced(&olga, &talk).await;
    let gone = mark(&olga, &talk, &mut hers, "leave before dawn").await;
    let then = moment_now(&olga, &talk).await;
    act(&olga, &talk, &mut hers, Command::Delete(gone)).await;
    let done = restore(&ben, &talk, &then).await.json();
    assert_eq!((&done["highlights"], &done["left"]), (&json!(0), &json!(1)));
    assert_eq!(names(&history(&olga, &talk).await), ["Then"], "nothing was done");
    // For readers of a conversation there is no history at all.
    let path = format!("/api/v1/conversations/{talk}/history/{}/compare", then["number"]);
    assert_problem(&app.person("student-2").await.get(&path).await, 403, "not_allowed");
}

#[tokio::test]
async fn the_page_shows_what_is_called_how_and_what_is_different() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "none").await;
    let mut hers = synced(&olga, &talk).await;
    write(&mut hers, "notes", "the <old> harbour").await;
    let then = moment_now(&olga, &talk).await;
    assert_eq!(name(&olga, &talk, &then, "<Draft>").await.status, StatusCode::NO_CONTENT);
    write(&mut hers, "notes", "the <new> harbour").await;
    let page = olga.get(&format!("/c/{talk}/history?at={}", then["number"])).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "<strong dir=\"auto\">&lt;Draft&gt;<",
        "value=\"&lt;Draft&gt;\"",
        "Take the name away",
        "Bring back what was deleted since",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("<Draft>"));
    let page = olga.get(&format!("/c/{talk}/history?at={}&compare", then["number"])).await;
    assert!(page.body.contains("old<") && page.body.contains("<del>") && page.body.contains("<ins>"), "{}", page.body);
    // The highlights and tags are the same.
    assert!(!page.body.contains("Deleted since") && !page.body.contains("has another colour"));
    let newest = history(&olga, &talk).await.remove(0);
    let page = olga.get(&format!("/c/{talk}/history?at={}&compare", newest["number"])).await;
    assert!(page.body.contains("Nothing is different now."));
    assert_eq!(ben.get(&format!("/c/{talk}/history?compare")).await.status, StatusCode::NOT_FOUND);
}
