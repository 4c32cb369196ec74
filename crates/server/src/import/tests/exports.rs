//! What both exports share: JSON, shapes, lists.

use serde_json::{Value, json};

use crate::import::limits::{CONVERSATION_VALUES, CONVERSATIONS};
use crate::import::{ImportError, Tool};

use super::{choice, fixture, one, refused};

fn small(text: &str) -> Value {
    json!({"title": "Small", "chat_messages": [{"sender": "human", "text": text}]})
}

#[test]
fn a_cut_off_file_is_refused_with_its_place() {
    let bytes = fixture("broken.json");
    let error = refused("broken.json", &bytes);
    let lines = bytes.iter().filter(|&&b| b == b'\n').count() + 1;
    assert!(
        matches!(&error, ImportError::BrokenJson { line, reason, .. } if *line == lines && reason.contains("cut off")),
        "{error:?}"
    );
    assert!(error.to_string().starts_with(&format!("broken.json cannot be read at line {lines}, column ")), "{error}");
}

#[test]
fn words_after_the_json_make_it_broken() {
    assert_eq!(refused("conversations.json", b"[] []").code(), "broken_json");
}

#[test]
fn json_of_other_things_is_refused_with_what_was_seen() {
    let seen = |bytes: &[u8]| match refused("users.json", bytes) {
        ImportError::UnknownFormat { seen, .. } => seen,
        other => panic!("{other:?}"),
    };
    assert_eq!(seen(b"{}"), "it is an empty object");
    assert_eq!(seen(br#"{"id": 1, "email": "x"}"#), "it has “id”, “email”");
    assert_eq!(seen(b"3"), "it is a single value, not a list of conversations");
    assert_eq!(seen(br#"{"conversations": {}}"#), "what it calls conversations is not a list");
    assert_eq!(seen(br#"[{"uuid": "x"}, 3]"#), "nothing in its list is a conversation of ChatGPT or Claude");
    assert_eq!(seen(br#"[["mapping"]]"#), "nothing in its list is a conversation of ChatGPT or Claude");
}

#[test]
fn an_export_without_conversations_says_so() {
    assert_eq!(refused("conversations.json", b"[]").code(), "no_conversations");
    assert_eq!(refused("conversations.json", br#"{"conversations": []}"#).code(), "no_conversations");
}

#[test]
fn a_list_an_object_with_a_list_and_one_conversation_are_all_read() {
    let lone = small("a");
    for shape in [lone.clone(), json!([lone]), json!({"version": 1, "conversations": [lone]})] {
        assert_eq!(one("conversations.json", shape.to_string().as_bytes()).messages[0].markdown, "a");
    }
}

#[test]
fn one_conversation_that_cannot_be_read_is_the_error() {
    let error = refused("conversations.json", br#"[{"title": "T", "mapping": {}}]"#);
    assert_eq!(error.code(), "no_messages");
    assert!(error.to_string().starts_with("Conversation 1 (\u{201c}T\u{201d}) has no messages"), "{error}");
}

#[test]
fn a_conversation_that_cannot_be_read_is_listed_with_the_reason_and_the_others_are_fine() {
    let mut deep = "[".repeat(200);
    deep.push_str(&"]".repeat(200));
    let export =
        format!(r#"[{}, 7, {{"title": "Deep", "mapping": {deep}}}, {{"mapping": 1e999}}, {}]"#, small("a"), small("b"));
    let archive = choice("conversations.json", export.as_bytes());
    assert_eq!(archive.tool(), Tool::Claude);
    let codes: Vec<_> = archive.list().iter().map(|line| line.problem.as_ref().map(ImportError::code)).collect();
    assert_eq!(codes, [None, Some("no_messages"), Some("too_deep"), Some("broken_json"), None]);
    assert_eq!(archive.read(4, None).unwrap().messages[0].markdown, "b");
    assert_eq!(archive.read(2, None).unwrap_err(), ImportError::TooDeep("Conversation 3".to_owned()));
}

#[test]
fn a_number_that_is_not_in_the_list_is_refused() {
    let archive = choice("conversations.json", json!([small("a"), small("b")]).to_string().as_bytes());
    let error = archive.read(2, None).unwrap_err();
    assert_eq!(error, ImportError::NoSuchConversation { number: 3, count: 2 });
    assert_eq!(archive.read(usize::MAX - 1, None).unwrap_err().code(), "no_such_conversation");
}

#[test]
fn a_title_that_is_given_wins_over_the_exports() {
    let archive = choice("conversations.json", json!([small("a"), small("b")]).to_string().as_bytes());
    assert_eq!(archive.read(0, Some("Mine")).unwrap().title, "Mine");
    assert_eq!(archive.read(0, Some(" ")).unwrap().title, "a");
}

#[test]
fn a_conversation_of_too_many_values_is_refused_before_it_is_parsed() {
    let zeros = "0,".repeat(CONVERSATION_VALUES);
    let export = format!(r#"{{"mapping": [{zeros}0]}}"#);
    let error = refused("conversations.json", export.as_bytes());
    assert_eq!(error.code(), "conversation_too_large");
    assert!(error.to_string().contains("more than 2,000,000 JSON values"), "{error}");
    // The same marks in strings are text.
    let message = json!({"sender": "human", "text": "a,b:{[\"".repeat(140_000)});
    let in_strings = json!([{"chat_messages": [message, message, message, message]}]).to_string();
    assert!(in_strings.matches([',', ':', '{', '[']).count() > CONVERSATION_VALUES);
    assert_eq!(one("conversations.json", in_strings.as_bytes()).messages.len(), 4);
}

#[test]
fn an_export_of_too_many_conversations_is_refused() {
    let export = format!("[{}0]", "0,".repeat(CONVERSATIONS));
    assert_eq!(refused("conversations.json", export.as_bytes()).code(), "too_many_conversations");
    let export = format!("[{}{}]", "0,".repeat(CONVERSATIONS - 1), small("a"));
    assert_eq!(choice("conversations.json", export.as_bytes()).len(), CONVERSATIONS);
}

#[test]
fn an_export_in_utf_16_is_read() {
    let export = json!([small("é"), small("b")]).to_string();
    let bytes: Vec<u8> = [0xfeff].into_iter().chain(export.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(choice("conversations.json", &bytes).read(0, None).unwrap().messages[0].markdown, "é");
}

#[test]
fn conversations_of_one_title_are_told_apart_by_their_beginnings() {
    let said = |texts: &[(&str, &str)]| {
        let messages: Vec<Value> = texts.iter().map(|(who, text)| json!({"sender": who, "text": text})).collect();
        json!({"name": "New chat", "chat_messages": messages})
    };
    let long = "word ".repeat(2_000);
    let export = json!([
        said(&[("assistant", "Hello!"), ("human", "**Why** do\n\n- rivers\n- bend?"), ("human", "And?")]),
        said(&[("human", "```\n\n```"), ("human", &long)]),
        said(&[("assistant", "Nobody asked.")]),
        said(&[("human", " ")]),
    ]);
    let lines = choice("conversations.json", export.to_string().as_bytes()).list();
    let beginnings: Vec<_> = lines.iter().map(|line| line.beginning.as_deref()).collect();
    assert_eq!(beginnings[0], Some("Why do rivers bend?"));
    let cut = beginnings[1].unwrap();
    assert!(cut.starts_with("word word") && cut.ends_with('…') && cut.chars().count() <= 120, "{cut}");
    assert_eq!(beginnings[2..], [None, None]);
}
