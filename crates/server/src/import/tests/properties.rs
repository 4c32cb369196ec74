//! What holds for any input: nothing panics, nothing is lost.

use proptest::prelude::*;
use serde_json::Value;

use shared::messages::MessageRole;

use crate::import::{ImportedConversation, MESSAGES, Parsed, TITLE_CHARS, UPLOAD_BYTES, file, text};

use super::fixture;

/// Labels that count, and some that do not.
const LABELS: &[&str] = &[
    "User:",
    "you:",
    "**Human:**",
    "### User",
    "You said:",
    "Assistant:",
    "Claude:",
    "**AI:**",
    "# Assistant",
    "ChatGPT said:",
    "System:",
    "User",
    "Model",
    "    User:",
    "Users:",
    "```",
    "~~~",
    "- ```",
    "\t",
    "",
];

/// First bytes that send a file one way or another.
const STARTS: &[&[u8]] =
    &[b"", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"[{\"", b"<html"];

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z ]{0,12}",
        "\\PC{0,8}",
        Just("日本語 🌉 e\u{301}".to_owned()),
        Just("> quoted `code`".to_owned())
    ]
}

fn visible(text: &str) -> Vec<char> {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn is_sound(read: &ImportedConversation) -> Result<(), TestCaseError> {
    prop_assert!(!read.title.trim().is_empty() && read.title.chars().count() <= TITLE_CHARS, "{:?}", read.title);
    prop_assert!(!read.title.contains(char::is_control));
    prop_assert!((1..=MESSAGES).contains(&read.messages.len()));
    for message in &read.messages {
        prop_assert!(!message.markdown.trim().is_empty() && !message.markdown.contains(['\0', '\r']));
    }
    Ok(())
}

/// Whether `left` is the lines in order, each whole or without its label.
fn is_lines_without_labels(lines: &[(&str, String)], left: &[char]) -> bool {
    let Some(((label, words), rest)) = lines.split_first() else { return left.is_empty() };
    let words = visible(words);
    let whole = [visible(label), words.clone()].concat();
    let goes_on = |line: &[char]| left.starts_with(line) && is_lines_without_labels(rest, &left[line.len()..]);
    goes_on(&whole) || (whole != words && goes_on(&words))
}

proptest! {
    #[test]
    fn nothing_but_labels_is_lost_and_the_order_stays(
        lines in prop::collection::vec((prop::sample::select(LABELS), words()), 0..14), end in prop::sample::select(&["\n", "\r\n"][..]),
    ) {
        let pasted: String = lines.iter().map(|(label, words)| format!("{label} {words}{end}")).collect();
        match text(&pasted, None) {
            Ok(read) => {
                is_sound(&read)?;
                let left: Vec<char> = read.messages.iter().flat_map(|message| visible(&message.markdown)).collect();
                prop_assert!(is_lines_without_labels(&lines, &left), "{pasted:?} became {:?}", read.messages);
                let is_conversation = read.messages.iter().any(|message| message.role == MessageRole::User);
                prop_assert!(is_conversation || left == visible(&pasted), "a source is whole: {pasted:?}");
            }
            Err(error) => prop_assert!(error.code() == "empty" && pasted.trim().is_empty(), "{error}"),
        }
    }

    #[test]
    fn turns_that_are_written_down_are_read_back(
        turns in prop::collection::vec((any::<bool>(), "[a-zé日🌉][a-z .,`*é日🌉\n]{0,40}"), 0..12),
        (ask, answer) in prop::sample::select(&[("User:", "Assistant:"), ("**You:**", "**AI:**"), ("### Human", "### Bot"), ("You said:", "AI said:")][..]),
    ) {
        let turns: Vec<(bool, String)> = [(true, "a".to_owned()), (false, "b".to_owned())].into_iter().chain(turns).collect();
        // A fence would hide the labels after it, rightly.
        prop_assume!(turns.iter().all(|(_, words)| !words.contains("```")));
        let pasted: String =
            turns.iter().map(|(asks, words)| format!("{}\n{words}\n\n", if *asks { ask } else { answer })).collect();
        let read = text(&pasted, None).unwrap();
        let back: Vec<(bool, String)> =
            read.messages.into_iter().map(|message| (message.role == MessageRole::User, message.markdown)).collect();
        let expected: Vec<(bool, String)> = turns.into_iter().map(|(asks, words)| (asks, words.trim_end().to_owned())).collect();
        prop_assert_eq!(back, expected);
    }

    #[test]
    fn any_text_can_be_pasted(pasted in "\\PC{0,200}|[\\s\\S]{0,60}", title in prop::option::of("[\\s\\S]{0,300}")) {
        if let Ok(read) = text(&pasted, title.as_deref()) {
            is_sound(&read)?;
        }
    }

    #[test]
    fn any_bytes_can_be_uploaded(
        start in prop::sample::select(STARTS),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in prop::sample::select(&["a.txt", "a.md", "a.json", "a.zip", "a", "", ".", "a.b.", "\u{0}"][..]),
    ) {
        let bytes = [start, &bytes].concat();
        prop_assert!(bytes.len() <= UPLOAD_BYTES);
        check(name, &bytes)?;
    }

    #[test]
    fn a_damaged_zip_never_panics(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let mut bytes = fixture("chatgpt.zip");
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        check("a.zip", &bytes)?;
    }

    #[test]
    fn json_of_any_shape_is_read_or_refused(value in json(), wrap in 0..3) {
        let value = match wrap {
            0 => value,
            1 => serde_json::json!([value]),
            _ => serde_json::json!({"conversations": [value, {"mapping": {}}]}),
        };
        check("conversations.json", value.to_string().as_bytes())?;
    }

    #[test]
    fn an_export_with_anything_in_any_place_is_read_or_refused(
        chatgpt in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(json())), 1..5),
    ) {
        let bytes = fixture(if chatgpt { "chatgpt-conversations.json" } else { "claude-conversations.json" });
        let mut export: Value = serde_json::from_slice(&bytes).unwrap();
        for (at, new) in changes {
            let at = at.index(count(&export));
            replace(&mut export, &mut at.clone(), new);
        }
        check("conversations.json", export.to_string().as_bytes())?;
    }
}

fn check(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    match file(name, bytes, None) {
        Ok(Parsed::One(read)) => is_sound(&read),
        Ok(Parsed::Choice(archive)) => {
            for line in archive.list() {
                match archive.read(line.index, None) {
                    Ok(read) => {
                        is_sound(&read)?;
                        prop_assert_eq!(
                            (read.title, read.messages.len(), line.problem),
                            (line.title, line.messages, None)
                        );
                    }
                    Err(problem) => prop_assert_eq!(Some(problem), line.problem),
                }
            }
            Ok(())
        }
        // What such a conversation holds is a test of bundles.
        Ok(Parsed::Bundle(_)) => Ok(()),
        Err(error) => {
            prop_assert!(error.to_string().len() < 1_000, "{error}");
            Ok(())
        }
    }
}

/// JSON made of the words that exports use, so that it gets past the first checks.
fn json() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "mapping",
        "current_node",
        "parent",
        "children",
        "message",
        "author",
        "role",
        "user",
        "assistant",
        "system",
        "tool",
        "content",
        "content_type",
        "text",
        "parts",
        "multimodal_text",
        "code",
        "image_asset_pointer",
        "metadata",
        "weight",
        "recipient",
        "create_time",
        "title",
        "chat_messages",
        "uuid",
        "sender",
        "human",
        "type",
        "attachments",
        "files",
        "file_name",
        "extracted_content",
        "current_leaf_message_uuid",
        "parent_message_uuid",
        "name",
        "thinking",
        "tool_use",
        "a",
        "\u{e200}cite\u{e202}x\u{e201}",
        "\u{e200}entity\u{e202}[0,\"x\"]\u{e201}",
        "\0",
        "```",
    ];
    let word = prop::sample::select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(word.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
        ]
    })
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts `new` in the place of the value number `at`, in reading order; `None` makes it null.
fn replace(value: &mut Value, at: &mut usize, new: Option<Value>) -> bool {
    if *at == 0 {
        *value = new.unwrap_or_default();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, new.clone())),
        Value::Object(map) => map.values_mut().any(|item| replace(item, at, new.clone())),
        _ => false,
    }
}
