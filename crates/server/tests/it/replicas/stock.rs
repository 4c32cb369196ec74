//! Stock clients with the server and with a client of ours, both ways.

use serde_json::Value;
use shared::document::Highlight;

use super::{
    agreement::settled,
    edits::Edit,
    replica::{
        Library::{self, Pycrdt, Yjs, Yrs},
        Replica,
    },
    stage::{Stage, text_of},
};

const OURS: usize = 0;
const THEIRS: usize = 1;

#[tokio::test]
async fn yjs_syncs_with_us_both_ways_also_what_was_written_offline_and_who_comes_late_has_it_all() {
    syncs_both_ways(Yjs).await;
}

#[tokio::test]
async fn pycrdt_syncs_with_us_both_ways_also_what_was_written_offline_and_who_comes_late_has_it_all() {
    syncs_both_ways(Pycrdt).await;
}

#[tokio::test]
async fn a_highlight_and_a_comment_that_yjs_makes_by_the_schema_are_read_by_us() {
    is_read_by_us(Yjs).await;
}

#[tokio::test]
async fn a_highlight_and_a_comment_that_pycrdt_makes_by_the_schema_are_read_by_us() {
    is_read_by_us(Pycrdt).await;
}

#[tokio::test]
async fn yjs_and_pycrdt_meet_without_a_client_of_ours() {
    let stage = Stage::set().await;
    let mut yjs = stage.replica(Yjs, 0, 10).await;
    let mut pycrdt = stage.replica(Pycrdt, 1, 20).await;
    write(&mut yjs, "from yjs 🐝 ").await;
    write(&mut pycrdt, "from pycrdt 蜂 ").await;
    let state = settled(&mut [&mut yjs, &mut pycrdt]).await;
    assert!(notes(&state.json).contains("from yjs 🐝 ") && notes(&state.json).contains("from pycrdt 蜂 "));
    stage.until_stored(&state).await;
}

#[tokio::test]
async fn yjs_joins_a_document_that_is_larger_than_a_frame() {
    joins_a_large_document(Yjs).await;
}

#[tokio::test]
async fn pycrdt_joins_a_document_that_is_larger_than_a_frame() {
    joins_a_large_document(Pycrdt).await;
}

async fn joins_a_large_document(library: Library) {
    let stage = Stage::set().await;
    let mut ours = stage.replica(Yrs, OURS, 10).await;
    for _ in 0..3 {
        write(&mut ours, &"word ".repeat(150_000)).await;
    }
    settled(&mut [&mut ours]).await;
    ours.acknowledged().await;
    let mut theirs = stage.replica(library, THEIRS, 20).await;
    write(&mut theirs, "here").await;
    settled(&mut [&mut ours, &mut theirs]).await;
    assert!(theirs.link.is_open());
}

async fn syncs_both_ways(library: Library) {
    let mut stage = Stage::set().await;
    let mut ours = stage.replica(Yrs, OURS, 10).await;
    let mut theirs = stage.replica(library, THEIRS, 20).await;
    write(&mut ours, "a").await;
    write(&mut theirs, "b").await;
    let state = settled(&mut [&mut ours, &mut theirs]).await;
    assert_eq!(sorted(notes(&state.json)), "ab");

    // One is offline, then the other; both write meanwhile.
    for offline in [OURS, THEIRS] {
        let replicas = [&mut ours, &mut theirs];
        replicas[offline].link.cut().await;
        for (replica, word) in replicas.into_iter().zip(["c", "d"]) {
            write(replica, word).await;
        }
        [&mut ours, &mut theirs][offline].join(false).await;
        settled(&mut [&mut ours, &mut theirs]).await;
    }
    let state = settled(&mut [&mut ours, &mut theirs]).await;
    assert_eq!(sorted(notes(&state.json)), "abccdd");

    // The server is away, and comes back.
    stage.stop().await;
    for (replica, word) in [(&mut ours, "e"), (&mut theirs, "f")] {
        replica.link.closed().await;
        write(replica, word).await;
    }
    stage.start().await;
    ours.join(false).await;
    theirs.join(false).await;
    let state = settled(&mut [&mut ours, &mut theirs]).await;
    assert_eq!(sorted(notes(&state.json)), "abccddef");
    stage.until_stored(&state).await;

    let mut late = stage.replica(library, THEIRS, 30).await;
    assert_eq!(settled(&mut [&mut ours, &mut theirs, &mut late]).await, state);
}

async fn is_read_by_us(library: Library) {
    let stage = Stage::set().await;
    let ours = stage.replica(Yrs, OURS, 10).await;
    let mut ours = ours;
    let mut theirs = stage.replica(library, THEIRS, 20).await;
    let (highlight, comment) = ("0190c1a2-0000-7000-8000-000000000001", "0190c1a2-0000-7000-8000-000000000002");
    let targets = serde_json::json!([{
        "message": "@message-0", "start": 7, "end": 12, "exact": "bees ", "prefix": "Why do ", "suffix": "dance?",
    }]);
    let edits = [
        Edit::Highlight {
            id: highlight.into(),
            targets,
            author: "@student-2".into(),
            at: 1_735_689_600_123,
            tag: "@tag-2".into(),
        },
        Edit::Comment {
            highlight: highlight.into(),
            id: comment.into(),
            author: "@student-2".into(),
            at: 1_735_689_600_456,
            body: "Because 🐝".into(),
            parent: None,
        },
        Edit::Resolve { highlight: highlight.into(), author: "@student-2".into(), at: 1_735_689_600_789 },
    ];
    assert_eq!(text_of(0).chars().skip(7).take(5).collect::<String>(), "bees ");
    for edit in &edits {
        theirs.edit(&stage.concrete(edit)).await;
    }
    settled(&mut [&mut ours, &mut theirs]).await;
    let [read] = <[Highlight; 1]>::try_from(ours.highlights()).expect("one highlight");
    let author = stage.id("@student-2");
    assert_eq!((read.id.to_string().as_str(), read.author.to_string().as_str()), (highlight, author));
    assert_eq!((read.created_at, read.deleted), (1_735_689_600_123, None));
    let resolved = read.resolved.unwrap();
    assert_eq!((resolved.by.to_string().as_str(), resolved.at), (author, 1_735_689_600_789));
    let [target] = &read.targets[..] else { panic!("one target: {:?}", read.targets) };
    assert_eq!((target.start.0, target.end.0, target.exact.as_str(), target.lost), (7, 12, "bees ", false));
    assert_eq!(target.message.to_string(), stage.id("@message-0"));
    let [(tag, place)] = read.tags[..] else { panic!("one tag: {:?}", read.tags) };
    assert_eq!((tag.to_string().as_str(), place), (stage.id("@tag-2"), 1_735_689_600_123.0));
    let [said] = &read.comments[..] else { panic!("one comment: {:?}", read.comments) };
    assert_eq!((said.id.to_string().as_str(), said.author.to_string().as_str()), (comment, author));
    assert_eq!((said.created_at, said.body.as_str(), said.deleted), (1_735_689_600_456, "Because 🐝", false));
}

async fn write(replica: &mut Replica, words: &str) {
    replica.edit(&Edit::Text { root: "notes".into(), at: 0, remove: 0, insert: words.into() }).await;
}

fn notes(json: &Value) -> &str {
    json["notes"].as_str().unwrap()
}

fn sorted(text: &str) -> String {
    let mut letters: Vec<_> = text.chars().collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}
