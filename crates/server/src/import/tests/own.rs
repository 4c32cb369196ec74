//! What this program itself wrote.

use serde_json::{Value, json};
use shared::messages::MessageRole;

use crate::import::{Parsed, file};

use super::{assistant, choice, one, refused, user};

fn answer(messages: Value) -> Value {
    json!({
        "id": "01999999-0000-7000-8000-000000000001", "title": "A river", "access": "owner", "moderates": true,
        "author_id": "01999999-0000-7000-8000-000000000002", "revision": 1, "epoch": 1, "messages": messages,
    })
}

const ANNOTATED: &str =
    "What people annotated is not in this file: it comes along in the export “Everything, to import again”.";

#[test]
fn a_conversation_as_the_api_answers_it_is_that_conversation() {
    let messages = json!([
        {"id": "m1", "role": "user", "markdown": "User: *why*?", "text": "User: why?", "state": "complete"},
        {"id": "m2", "role": "assistant", "title": "gpt", "markdown": "So.", "text": "So.", "state": "complete"},
    ]);
    let bytes = answer(messages).to_string();
    for name in ["talk.json", "talk"] {
        let read = one(name, bytes.as_bytes());
        assert_eq!((read.title.as_str(), read.kind.as_deref()), ("A river", Some("a conversation of PromptGrimoire")));
        let named = super::message(MessageRole::Assistant, Some("gpt"), "So.");
        assert_eq!(read.messages, [user("User: *why*?"), named], "turns are not looked for in what is a turn");
        assert_eq!(read.notes, [ANNOTATED]);
    }
    let Ok(Parsed::One(read)) = file("talk.json", bytes.as_bytes(), Some("Mine")) else { panic!() };
    assert_eq!(read.title, "Mine");
}

#[test]
fn what_such_an_answer_does_not_hold_is_said() {
    let messages = json!([
        {"role": "user", "markdown": "Look.", "files": [{"id": "f"}, {"id": "g"}], "siblings": ["a", "b"]},
        {"role": "assistant", "markdown": "I lo", "state": "stopped"},
    ]);
    let read = one("talk.json", answer(messages).to_string().as_bytes());
    assert_eq!(read.messages, [user("Look."), assistant("I lo")]);
    let notes = [
        ANNOTATED,
        "2 files that were sent along are not in it.",
        "Its other branches are not in this file.",
        "1 message was not complete.",
    ];
    assert_eq!(read.notes, notes);
    for (messages, code) in [
        (json!([]), "no_messages"),
        (json!([{"role": "user", "markdown": " "}]), "no_messages"),
        (json!([{"role": "robot", "markdown": "x"}]), "broken_json"),
        (json!("x"), "broken_json"),
    ] {
        assert_eq!(refused("talk.json", answer(messages).to_string().as_bytes()).code(), code);
    }
}

#[test]
fn annotations_are_sent_where_they_belong() {
    for (context, kind) in [
        ("http://www.w3.org/ns/anno.jsonld", "AnnotationCollection"),
        ("https://www.w3.org/ns/epub-anno.jsonld", "AnnotationSet"),
        ("http://www.w3.org/ns/anno.jsonld", "Annotation"),
    ] {
        let text = json!({"@context": context, "type": kind, "first": {"items": []}}).to_string();
        for name in ["river.jsonld", "river.json", "river"] {
            let error = refused(name, text.as_bytes());
            assert_eq!(error.code(), "annotations", "{name}");
            assert!(error.to_string().contains("“Bring annotations in”"), "{error}");
        }
        let zip = super::zips::zip(&[("annotations.json", text.as_bytes())]);
        assert_eq!(refused("river.annotations", &zip).code(), "annotations");
    }
    // Another tool's conversation may have what it likes beside it.
    let export = json!([{"title": "x", "@context": "y", "type": "Annotation", "chat_messages": [{"sender": "human", "text": "x"}]},
        {"name": "z", "chat_messages": [{"sender": "human", "text": "z"}]}]);
    assert_eq!(choice("conversations.json", export.to_string().as_bytes()).len(), 2);
}
