//! Web Annotations that are brought into a conversation that is there.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    document::{Roots, highlights, tags},
    text::render,
};
use yrs::Transact;

use super::{ADDRESS, Scene, TEXT};
use crate::support::test_app::{Answer, Visitor};

async fn bring(who: &Visitor, talk: &str, how: &str, file: impl Into<reqwest::Body>) -> Answer {
    let request = who.request(Method::POST, &format!("{ADDRESS}/{talk}/annotations{how}"));
    let request = request.header("origin", who.origin()).header("content-type", "application/ld+json");
    let response = request.body(file).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

async fn told(who: &Visitor, talk: &str, how: &str, file: &Value) -> Value {
    let answer = bring(who, talk, how, file.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

fn quoted(exact: &str) -> Value {
    json!({"source": "https://example.org/", "selector": {"type": "TextQuoteSelector", "exact": exact}})
}

#[tokio::test]
async fn what_was_exported_is_brought_into_another_copy_of_the_text_once() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let whales = scene.mark(0, "whales 🐋 sing").await;
    scene.mark(1, "深い 海").await;
    let first = scene.comment(whales, "Says *who*?", None).await;
    scene.comment(whales, "A [book](http://x.org).", Some(first)).await;
    let file: Value = serde_json::from_str(&scene.file("jsonld").await).unwrap();

    // Here it is all here.
    let here = told(&scene.owner, &scene.talk, "", &file).await;
    assert_eq!((&here["exact"], &here["comments"], &here["already_here"]), (&json!(0), &json!(0), &json!(3)), "{here}");

    let other = scene.app.person("student-2").await;
    let copy = other.conversation("A copy", TEXT, "class").await;
    let mut peer = scene.app.person("instructor").await.sync(&copy).await;
    let before = told(&other, &copy, "?preview=true", &file).await;
    assert_eq!(other.get(&format!("{ADDRESS}/{copy}/export?format=jsonld")).await.json()["total"], 0);
    let done = told(&other, &copy, "", &file).await;
    assert_eq!(before, done, "a preview says what will be");
    let all = [("exact", 2), ("moved", 0), ("comments", 2), ("already_here", 0)];
    assert!(all.iter().all(|(key, count)| done[*key] == *count), "{done}");
    assert_eq!((&done["new_tags"], &done["left_out"]), (&json!([]), &json!([])));

    // Whoever is there sees it at once.
    peer.until(|peer| highlights(&Roots::of(&peer.doc), &peer.doc.transact()).len() == 2).await;
    let me = other.id().await;
    let (roots, txn) = (Roots::of(&peer.doc), peer.doc.transact());
    let there = highlights(&roots, &txn);
    let mut quotes: Vec<_> = there.iter().map(|highlight| &*highlight.targets[0].exact).collect();
    quotes.sort_unstable();
    assert_eq!(quotes, ["whales 🐋 sing", "深い 海"]);
    assert!(there.iter().all(|highlight| highlight.author.to_string() == me && highlight.tags.len() == 1));
    assert_eq!(tags(&roots, &txn).len(), 6);
    let talk = there.iter().find(|highlight| !highlight.comments.is_empty()).unwrap();
    let [said, answer] = &talk.comments[..] else { panic!("{:?}", talk.comments) };
    assert_eq!(said.body, "**Demo Student 1:** Says *who*?");
    assert_eq!((&*answer.body, answer.parent), ("**Demo Student 1:** A [book](http://x.org).", Some(said.id)));
    drop(txn);

    let again = told(&other, &copy, "", &file).await;
    assert_eq!((&again["exact"], &again["already_here"]), (&json!(0), &json!(3)), "{again}");
    let all = other.get(&format!("{ADDRESS}/{copy}/export?format=jsonld")).await.json();
    assert_eq!(all["total"], 3);
}

#[tokio::test]
async fn passages_are_found_by_their_words_or_asked_about_or_left_out_by_name() {
    let scene = Scene::new("Bees", "User: The bees sleep at night, and dance by day.\n\nAssistant: Bees dance.\n\nUser: Bees dance.\n\nAssistant: So they say of bees in the north.").await;
    let file = json!([
        {"id": "urn:1", "target": quoted("sleep at night"), "bodyValue": "Do they?", "motivation": "commenting", "creator": {"name": "Ann *B*"}},
        {"id": "urn:2", "target": quoted("So they said of the bees in the north"), "body": [{"purpose": "tagging", "value": "needs A SOURCE"}, {"purpose": "tagging", "value": "Folklore"}]},
        {"id": "urn:3", "target": quoted("Wasps build paper houses under the eaves")},
        {"id": "urn:4", "target": quoted("Bees dance.")},
        {"id": "urn:5", "target": {"source": "urn:x", "selector": {"type": "TextQuoteSelector", "exact": "bees", "prefix": "The ", "suffix": " sleep"}}},
        {"id": "urn:6", "target": "urn:nobody", "bodyValue": "An answer to nothing."},
        {"id": "urn:7", "target": "urn:8", "bodyValue": "Later answered."},
        {"id": "urn:8", "target": "urn:1", "bodyValue": "An answer."},
        "nonsense",
    ]);
    let done = told(&scene.owner, &scene.talk, "", &file).await;
    let all = [("exact", 2), ("moved", 1), ("comments", 3), ("already_here", 0)];
    assert!(all.iter().all(|(key, count)| done[*key] == *count), "{done:#}");
    assert_eq!(done["new_tags"], json!(["Folklore"]));
    let left: Vec<_> = done["left_out"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(left, [3, 4, 6, 9], "{done:#}");
    let all: Value = serde_json::from_str(&scene.file("jsonld").await).unwrap();
    let items = all["first"]["items"].as_array().unwrap();
    let by_quote = |exact: &str| {
        let is_it = |item: &&Value| item["target"][0]["selector"].to_string().contains(&format!("\"exact\":\"{exact}"));
        items.iter().find(is_it).unwrap_or_else(|| panic!("{exact}: {all:#}"))
    };
    assert_eq!(by_quote("sleep at night")["body"][0]["value"], "**Ann \\*B\\*:** Do they?");
    // Not where it is quoted from: both wordings are kept, and no position.
    assert!(by_quote("So they said of the bees")["target"][0]["selector"].is_object());
    let names: Vec<_> = by_quote("So they said of the bees")["body"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["value"].clone())
        .collect();
    assert_eq!(names, ["Needs a source", "Folklore"]);
    assert_eq!(
        by_quote("bees\"")["target"][0]["selector"][0],
        json!({"type": "TextPositionSelector", "start": 4, "end": 8})
    );
}

#[tokio::test]
async fn who_may_not_annotate_brings_nothing_in_and_bad_files_say_what_is_wrong() {
    let scene = Scene::new("Bees", "User: The bees sleep.").await;
    let file = json!([{"target": quoted("bees")}]);
    let other = scene.app.person("student-2").await;
    let own = scene.owner.conversation("Mine", "User: The bees sleep.", "none").await;
    assert_eq!(bring(&other, &own, "", file.to_string()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bring(&scene.app.stranger(), &own, "", file.to_string()).await.status, StatusCode::UNAUTHORIZED);
    let email = other.get("/api/v1/me").await.json()["email"].clone();
    let share = json!({"email": email, "access": "viewer"});
    assert!(scene.owner.post(&format!("{ADDRESS}/{own}/sharing/people"), share).await.status.is_success());
    assert_eq!(bring(&other, &own, "", file.to_string()).await.status, StatusCode::FORBIDDEN);

    for (bytes, code) in [("{", "no_annotations"), ("{}", "no_annotations"), ("", "no_annotations")] {
        let answer = bring(&scene.owner, &own, "", bytes).await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, code.to_owned()), "{bytes}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(bring(&scene.owner, &own, "", deep).await.status, StatusCode::BAD_REQUEST);
    let long = vec![b' '; (8 << 20) + 1];
    assert_eq!(bring(&scene.owner, &own, "", long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(bring(&scene.owner, &own, "?preview=perhaps", file.to_string()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(told(&scene.owner, &own, "", &file).await["exact"], 1);
}

#[tokio::test]
async fn a_file_of_two_thousand_is_brought_in_whole() {
    let text: String = (0..2_000).map(|number| format!("Sentence number w{number} stands here.\n\n")).collect();
    let scene = Scene::new("Long", &format!("User: {text}")).await;
    let said = render(&text).text;
    assert!(said.contains("w1999 stands"));
    let annotation = |number| json!({"id": format!("urn:{number}"), "target": quoted(&format!("number w{number} stands")), "bodyValue": "So."});
    let file: Vec<Value> = (0..2_000).map(annotation).collect();
    let done = told(&scene.owner, &scene.talk, "", &json!(file)).await;
    assert_eq!((&done["exact"], &done["comments"], &done["left_out"]), (&json!(2_000), &json!(2_000), &json!([])));
    let again = told(&scene.owner, &scene.talk, "", &json!(file)).await;
    assert_eq!(again["already_here"], 2_000);
}

#[tokio::test]
async fn a_set_of_epub_annotations_comes_back_as_the_highlights_that_it_was_written_of() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let whales = scene.mark(0, "whales 🐋 sing").await;
    scene.mark(1, "深い 海").await;
    let first = scene.comment(whales, "Says who?", None).await;
    scene.comment(whales, "I do.", Some(first)).await;
    let path = format!("{ADDRESS}/{}/export?format=annotations", scene.talk);
    let zip = scene.owner.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();

    let here = bring(&scene.owner, &scene.talk, "", zip.clone()).await.json();
    assert_eq!((&here["exact"], &here["comments"]), (&json!(0), &json!(0)), "all of it is here: {here}");
    let other = scene.app.person("student-2").await;
    let copy = other.conversation("A copy", TEXT, "none").await;
    for (exact, comments) in [(2, 2), (0, 0)] {
        let done = bring(&other, &copy, "", zip.clone()).await.json();
        assert_eq!(
            (&done["exact"], &done["comments"], &done["moved"]),
            (&json!(exact), &json!(comments), &json!(0)),
            "{done}"
        );
        assert_eq!(done["left_out"], json!([]));
    }
    let peer = crate::activities::synced(&other, &copy).await;
    let there = highlights(&Roots::of(&peer.doc), &peer.doc.transact());
    // What came within one millisecond is in the order of its ids.
    let mut said: Vec<(usize, usize)> = there.iter().map(|one| (one.comments.len(), one.tags.len())).collect();
    said.sort_unstable();
    assert_eq!(said, [(0, 1), (2, 1)]);
    assert!(
        there.iter().flat_map(|one| &one.comments).all(|comment| comment.body.starts_with("**Demo Student 1:** ")),
        "{there:?}"
    );
}
