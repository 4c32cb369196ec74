//! Word documents, read back by python-docx.

use reqwest::Method;
use serde_json::Value;
use shared::document::Command;

use super::{ADDRESS, Scene};
use crate::{
    replicas::installed,
    support::{run::scratch, test_app::Visitor},
};

/// What Markdown has, in scripts of both directions, and in letters outside the plane.
const TEXT: &str = "User: # A heading 🐋\n\nSome **bold and *both*** words with `code` and [a link](https://example.org/?a=1&b=2).\n\n\
    > quoted **words**\n\n- one\n- two\n  1. inner\n\n7. seven\n\n| left | right |\n|-|-|\n| 鯨 | cell 2 |\n\n```\nlet x = 1;\nlet y;\n```\n\n---\n\nlast line\n\n\
    Assistant: شكرا جزيلا على السؤال عن whales 42.\n\n鯨は **深い** 海で歌う。 👩🏽‍🚀 listens & waits.\nIt <b>goes</b> on.";

/// The file's bytes.
pub async fn file(who: &Visitor, talk: &str, format: &str) -> Vec<u8> {
    let asked = who.request(Method::GET, &format!("{ADDRESS}/{talk}/export?format={format}"));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// What a program of ours in Python says of a file.
pub async fn read_by(program: &str, name: &str, bytes: &[u8]) -> Value {
    let path = scratch(name).join("file");
    std::fs::write(&path, bytes).unwrap();
    let program = installed::programs().join("clients").join(program);
    let output = installed::python().arg(program).arg(&path).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn read(scene: &Scene) -> Value {
    read_by("read_docx.py", "docx", &file(&scene.owner, &scene.talk, "docx").await).await
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap()
}

#[tokio::test]
async fn each_comment_stands_at_its_exact_passage_with_who_said_it() {
    let mut scene = Scene::new("Whales", TEXT).await;
    // Overlapping, within one another, over blocks, within a letter of many code points' neighbours, from right to left.
    let passages = [
        (0, "Some bold and both"),
        (0, "bold and both words with code"),
        (0, "both"),
        (0, "a link"),
        (0, "two\ninner\nseven"),
        (0, "right\n鯨\tcell"),
        (0, "x = 1;\nlet"),
        (0, "heading 🐋\nSome"),
        (1, "جزيلا على السؤال عن whales 4"),
        (1, "鯨は 深い 海で歌う。 👩🏽‍🚀 listens & waits.\nIt <b>goes"),
    ];
    let mut expected = Vec::new();
    for (number, (message, words)) in passages.into_iter().enumerate() {
        let marked = scene.mark(message, words).await;
        let name = format!("Comment {number} **strong** \u{fffe}<&\" 鯨 مرحبا");
        let plain = format!("Comment {number} strong \u{fffd}<&\" 鯨 مرحبا");
        let root = expected.len();
        let first = scene.comment(marked, &name, None).await;
        scene.comment(marked, "A later one.\n\n- item", None).await;
        scene.comment(marked, "An answer.", Some(first)).await;
        if number == 1 {
            scene.run(Command::Resolve(marked)).await;
        }
        let tag = shared::document::tags(
            &shared::document::Roots::of(&scene.peer.doc),
            &yrs::Transact::transact(&scene.peer.doc),
        );
        for (text, answers) in [
            (&*tag[0].name, None),
            (&plain, Some(root)),
            ("An answer.", Some(root)),
            ("A later one.\nitem", Some(root)),
        ] {
            expected.push((words, text.to_owned(), answers, number == 1));
        }
    }
    let read = read(&scene).await;
    let comments = list(&read, "comments");
    // In the order of the text, as they are written.
    let mut found: Vec<(String, String, Option<String>, bool)> = Vec::new();
    for comment in comments {
        assert_eq!((comment["author"].as_str(), comment["initials"].as_str()), (Some("Demo Student 1"), Some("DS1")));
        assert!(comment["at"].as_str().unwrap().starts_with("2023-11-14T22:13:20"), "{comment}");
        let root =
            comment["answers"].as_u64().map(|root| one_spaced(comments[root as usize]["anchored"].as_str().unwrap()));
        let anchored = one_spaced(comment["anchored"].as_str().unwrap());
        found.push((anchored, comment["text"].as_str().unwrap().to_owned(), root, comment["done"].as_bool().unwrap()));
    }
    let mut wanted: Vec<_> = expected
        .iter()
        .map(|(words, text, answers, done)| {
            let words = one_spaced(words);
            (words.clone(), text.clone(), answers.map(|_| words), *done)
        })
        .collect();
    // Threads as a whole may stand in another order; within one the order counts.
    let order = |all: &mut Vec<(String, String, Option<String>, bool)>| all.sort_by_key(|(words, ..)| words.clone());
    order(&mut found);
    order(&mut wanted);
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn markdown_becomes_what_a_word_processor_has_for_it() {
    let scene = Scene::new("Whales \u{fffe}& <co>", TEXT).await;
    let read = read(&scene).await;
    assert_eq!(read["title"], "Whales \u{fffd}& <co>");
    let paragraph = |text: &str| {
        let found = list(&read, "paragraphs").iter().find(|one| one["text"] == text);
        found.unwrap_or_else(|| panic!("{text}: {}", read["paragraphs"]))
    };
    let style = |text: &str| paragraph(text)["style"].as_str().unwrap().to_owned();
    assert_eq!(style("1. User"), "Heading1");
    assert_eq!(style("A heading 🐋"), "Heading2");
    assert_eq!(style("quoted words"), "Quote");
    assert_eq!(style("let x = 1;\nlet y;"), "CodeBlock");
    for item in ["one", "two", "inner", "seven"] {
        assert_eq!(paragraph(item)["list"], true, "{item}");
    }
    let words = paragraph("Some bold and both words with code and a link.");
    assert_eq!(
        (&words["bold"], &words["italic"]),
        (&serde_json::json!(["bold and ", "both"]), &serde_json::json!(["both"]))
    );
    assert_eq!(words["links"], serde_json::json!([["a link", "https://example.org/?a=1&b=2"]]));
    assert_eq!(read["tables"], serde_json::json!([[["left", "right"], ["鯨", "cell 2"]]]));
    assert_eq!(paragraph("شكرا جزيلا على السؤال عن whales 42.")["bidi"], true);
    assert_eq!(words["bidi"], false);
    assert!(list(&read, "comments").is_empty());
}

#[tokio::test]
async fn a_passage_of_several_messages_and_one_without_a_place_are_there() {
    let mut scene = Scene::new("Whales", "User: One two.\n\nAssistant: Three four five six seven.").await;
    let all = scene.owner.get(&format!("{ADDRESS}/{}", scene.talk)).await.json();
    let targets = [("One two.", 0), ("Three", 1)].map(|(exact, at)| shared::selector::Target {
        message: all["messages"][at]["id"].as_str().unwrap().parse().unwrap(),
        start: shared::text::CharOffset(0),
        end: shared::text::CharOffset(exact.chars().count() as u32),
        exact: exact.into(),
        prefix: String::new(),
        suffix: String::new(),
        lost: false,
    });
    let lost = shared::selector::Target {
        exact: "nowhere at all".into(),
        end: shared::text::CharOffset(14),
        ..targets[1].clone()
    };
    let (id, tag) = (shared::ids::HighlightId::new(), scene.tag(0));
    scene.run(Command::Highlight { id, targets: targets.to_vec(), tag }).await;
    scene.comment(id, "Both.", None).await;
    scene.mark_target(lost).await;
    let read = read(&scene).await;
    let said: Vec<(&str, &str)> = list(&read, "comments")
        .iter()
        .map(|comment| (comment["anchored"].as_str().unwrap().trim(), comment["text"].as_str().unwrap()))
        .collect();
    let name = said[0].1;
    assert_eq!(
        said,
        [("One two.", name), ("One two.", "Both."), ("Three", &*format!("{name} (goes on)")), ("nowhere at all", name)]
    );
    assert!(list(&read, "paragraphs").iter().any(|one| one["text"] == "Without a place"));
}
