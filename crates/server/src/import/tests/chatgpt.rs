//! The ChatGPT export.

use serde_json::{Value, json};
use shared::messages::MessageRole;

use crate::import::{ImportedConversation, Tool};

use super::{assistant, choice, fixture, message, one, refused, user};

/// A conversation of one branch: each message becomes a node below the one before.
fn linear(messages: &[Value]) -> Value {
    let mut mapping = serde_json::Map::new();
    for (i, message) in messages.iter().enumerate() {
        let parent = i.checked_sub(1).map(|i| format!("n{i:04}"));
        mapping.insert(format!("n{i:04}"), json!({"parent": parent, "children": [], "message": message}));
    }
    json!({"title": "T", "mapping": mapping, "current_node": format!("n{:04}", messages.len() - 1)})
}

fn says(role: &str, text: &str) -> Value {
    json!({"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}})
}

fn with(mut message: Value, key: &str, value: Value) -> Value {
    message[key] = value;
    message
}

fn content(role: &str, content: Value) -> Value {
    json!({"author": {"role": role}, "content": content})
}

fn read(value: &Value) -> ImportedConversation {
    one("conversations.json", value.to_string().as_bytes())
}

#[test]
fn a_title_of_the_export_that_is_too_long_is_shortened_and_that_is_said() {
    let mut export = linear(&[says("user", "a"), says("assistant", "b")]);
    export["title"] = "word ".repeat(60).into();
    let read = read(&export);
    assert_eq!(read.title, format!("{} word…", ["word"; 39].join(" ")));
    assert!(read.title.chars().count() <= 200);
    assert!(read.notes.contains(&"The title was shortened to 200 characters.".to_owned()), "{:?}", read.notes);
}

fn only(message: Value) -> String {
    let read = read(&linear(&[message]));
    assert_eq!(read.messages.len(), 1);
    read.messages[0].markdown.clone()
}

#[test]
fn the_fixture_lists_its_conversations_with_what_is_wrong() {
    let archive = choice("chatgpt-conversations.json", &fixture("chatgpt-conversations.json"));
    assert_eq!(archive.tool(), Tool::ChatGpt);
    let list = archive.list();
    let lines: Vec<_> = list.iter().map(|line| (line.index, line.title.as_str(), line.messages)).collect();
    let expected = [
        (0, "Naming a river", 4),
        (1, "Übersetze bitte: „Wer wagt, gewinnt.“", 2),
        (2, "An entry without its messages", 0),
    ];
    assert_eq!(lines, expected);
    assert_eq!(list[0].created.unwrap().unix_timestamp(), 1_756_000_000);
    assert_eq!(list[1].created, None);
    assert_eq!(list[1].problem, None);
    let problem = list[2].problem.as_ref().unwrap();
    assert_eq!(problem.code(), "no_messages");
    assert!(problem.to_string().contains("(mapping) is missing"), "{problem}");
}

#[test]
fn the_fixtures_tree_is_the_branch_that_was_seen() {
    let archive = choice("chatgpt-conversations.json", &fixture("chatgpt-conversations.json"));
    let read = archive.read(0, None).unwrap();
    assert_eq!(
        read.messages,
        [
            user("Why do so many English rivers share a name with another river?"),
            assistant(
                "Let me check a gazetteer first.\n\nBecause the old word simply *meant* river. The River Avon is a \"River River\"."
            ),
            user(
                "[image]\n\nIs this one of them? Please count them in Python as well.\n\n[file: list\\_of\\_rivers.csv]"
            ),
            assistant("````python\n# a fence inside: ```\nprint(len({\"Avon\", \"Exe\", \"Esk\"}))\n````"),
        ]
    );
    assert_eq!(
        read.notes,
        [
            "1 message that ChatGPT does not show was left out.",
            "1 step of the model's reasoning was left out.",
            "2 tool messages were left out.",
            "1 citation mark was left out.",
            "1 message of another branch (an edit or a regenerated answer) was left out.",
        ]
    );
    let source = read.source.unwrap();
    assert_eq!((source.tool, source.model.as_deref()), (Tool::ChatGpt, Some("gpt-5")));
    assert_eq!(source.id.as_deref(), Some("6f1d0c1e-0000-4000-8000-000000000001"));
}

#[test]
fn without_a_current_node_the_newest_leaf_is_read() {
    let archive = choice("chatgpt-conversations.json", &fixture("chatgpt-conversations.json"));
    let read = archive.read(1, None).unwrap();
    assert_eq!(
        read.messages,
        [user("Übersetze bitte: „Wer wagt, gewinnt.“"), assistant("*Who dares, wins.* 谁敢，谁赢。")]
    );
    assert_eq!(read.notes, ["1 message of another branch (an edit or a regenerated answer) was left out."]);
}

#[test]
fn without_times_the_deepest_leaf_is_read() {
    let value = json!({"mapping": {
        "a": {"children": ["b", "z"], "message": says("user", "a")},
        "b": {"children": ["c"], "message": says("assistant", "b")},
        "c": {"children": [], "message": says("user", "c")},
        "z": {"children": [], "message": says("assistant", "z")},
    }});
    assert_eq!(read(&value).messages, [user("a"), assistant("b"), user("c")]);
}

#[test]
fn a_current_node_that_does_not_exist_is_no_current_node() {
    let mut value = linear(&[says("user", "a"), says("assistant", "b")]);
    value["current_node"] = "gone".into();
    assert_eq!(read(&value).messages, [user("a"), assistant("b")]);
}

#[test]
fn a_circle_ends_and_a_missing_parent_is_said() {
    let circle = json!({"current_node": "b", "mapping": {
        "a": {"parent": "b", "message": says("user", "a")},
        "b": {"parent": "a", "message": says("assistant", "b")},
    }});
    assert_eq!(read(&circle).messages, [user("a"), assistant("b")]);
    let no_leaf = json!({"mapping": {"a": {"parent": "a", "message": says("user", "a")}}});
    assert_eq!(read(&no_leaf).messages, [user("a")]);
    let cut = json!({"current_node": "b", "mapping": {"b": {"parent": "gone", "message": says("user", "b")}}});
    let read = read(&cut);
    assert_eq!(read.messages, [user("b")]);
    assert!(read.notes[0].starts_with("The beginning may be missing"), "{:?}", read.notes);
}

#[test]
fn what_chatgpt_hides_is_hidden_and_counted() {
    let hidden = |m| with(m, "metadata", json!({"is_visually_hidden_from_conversation": true}));
    let value = linear(&[
        says("system", "plumbing"),
        hidden(says("user", "instructions")),
        hidden(says("user", "")),
        with(says("assistant", "weightless"), "weight", json!(0)),
        says("user", "seen"),
        with(says("assistant", "search(x)"), "recipient", json!("web")),
        says("tool", "result"),
        content("assistant", json!({"content_type": "reasoning_recap", "content": "Thought for 3 s"})),
        with(says("assistant", "let me think"), "channel", json!("analysis")),
        says("assistant", "answer"),
    ]);
    let read = read(&value);
    assert_eq!(read.messages, [user("seen"), assistant("answer")]);
    assert_eq!(
        read.notes,
        [
            "2 messages that ChatGPT does not show were left out.",
            "2 steps of the model's reasoning were left out.",
            "2 tool messages were left out.",
        ]
    );
}

#[test]
fn a_system_message_of_the_person_is_shown() {
    let mine = with(says("system", "Be kind."), "metadata", json!({"is_user_system_message": true}));
    let read = read(&linear(&[mine, says("user", "a")]));
    assert_eq!(read.messages[0], message(MessageRole::System, Some("Custom instructions"), "Be kind."));
}

#[test]
fn pieces_of_one_answer_are_one_message() {
    let read = read(&linear(&[
        says("user", "a"),
        says("assistant", "b  \n"),
        says("assistant", ""),
        with(says("assistant", "c"), "end_turn", json!(true)),
        says("assistant", "d"),
        says("user", "e"),
        says("user", "f"),
    ]));
    assert_eq!(read.messages, [user("a"), assistant("b\n\nc"), assistant("d"), user("e"), user("f")]);
}

#[test]
fn a_picture_that_a_tool_made_is_part_of_the_answer() {
    let picture =
        content("tool", json!({"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}]}));
    let read = read(&linear(&[says("user", "Draw"), picture, says("assistant", "There.")]));
    assert_eq!(read.messages, [user("Draw"), assistant("[image]\n\nThere.")]);
    assert_eq!(read.notes, [""; 0]);
}

#[test]
fn every_kind_of_content_leaves_a_trace() {
    let of = |value| only(content("assistant", value));
    assert_eq!(of(json!({"content_type": "code", "language": "python", "text": "1"})), "```python\n1\n```");
    assert_eq!(of(json!({"content_type": "execution_output", "text": "2"})), "```\n2\n```");
    assert_eq!(of(json!({"content_type": "system_error", "name": "x", "text": "Too many"})), "[error: Too many]");
    assert_eq!(of(json!({"content_type": "tether_quote", "text": "a\nb", "title": "T"})), "> a\n> b\n\nT");
    assert_eq!(of(json!({"content_type": "brand_new", "parts": ["words"]})), "words");
    assert_eq!(of(json!({"content_type": "brand_new", "text": "words"})), "words");
    assert_eq!(of(json!({"content_type": "brand_new"})), "[brand\\_new]");
    assert_eq!(of(json!("bare words")), "bare words");
    assert_eq!(of(json!({"parts": "bare words"})), "bare words");
    let parts = json!([{"content_type": "audio_transcription", "text": "Hello"}, {"content_type": "audio_asset_pointer"},
        {"content_type": "video_container_asset_pointer"}, {"content_type": "new"}, null, 5, ""]);
    assert_eq!(
        of(json!({"content_type": "multimodal_text", "parts": parts})),
        "Hello\n\n[audio]\n\n[video]\n\n[attachment]"
    );
}

#[test]
fn citation_marks_go_and_words_stay() {
    for (marked, clean) in [
        ("A fact \u{e200}cite\u{e202}turn0search1\u{e201}. More", "A fact. More"),
        ("A \u{e200}cite\u{e202}x\u{e201} b", "A b"),
        ("\u{e200}url\u{e202}the page\u{e202}https://example.org\u{e201}!", "the page!"),
        ("\u{e200}entity\u{e202}[\"people\",\"Ada Lovelace\",\"x\"]\u{e201} wrote", "Ada Lovelace wrote"),
        ("\u{e200}entity\u{e202}broken\u{e201}x", "x"),
        ("stray \u{e200} and \u{e203}mark\u{e2ff}s", "stray  and marks"),
        ("\u{e200}cite\u{e202}never closed", "citenever closed"),
        ("\u{e200}cite\u{e200}cite\u{e202}x\u{e201}y", "citey"),
        ("other private use \u{e300} stays", "other private use \u{e300} stays"),
    ] {
        assert_eq!(only(says("assistant", marked)), clean, "{marked:?}");
    }
}

#[test]
fn a_citation_that_the_export_explains_becomes_its_link() {
    let mark = "\u{e200}cite\u{e202}turn0search1\u{e201}";
    let references = json!([{"matched_text": mark, "alt": "([Site](https://example.org))"}, {"matched_text": 3}, null]);
    let cited =
        with(says("assistant", &format!("A fact {mark}.")), "metadata", json!({"content_references": references}));
    let read = read(&linear(&[cited]));
    assert_eq!(read.messages[0].markdown, "A fact ([Site](https://example.org)).");
    assert_eq!(read.notes, [""; 0]);
}

#[test]
fn a_conversation_with_nothing_to_see_is_refused() {
    let error = refused("conversations.json", linear(&[says("system", "x"), says("user", " ")]).to_string().as_bytes());
    assert_eq!(error.code(), "no_messages");
}

#[test]
fn a_long_chain_of_nodes_is_read() {
    let messages: Vec<Value> = (0..5_000).map(|i| says(if i % 2 == 0 { "user" } else { "assistant" }, "x")).collect();
    assert_eq!(read(&linear(&messages)).messages.len(), 5_000);
    let one_more: Vec<Value> = messages.into_iter().chain([says("user", "x")]).collect();
    assert_eq!(refused("conversations.json", linear(&one_more).to_string().as_bytes()).code(), "too_many_messages");
}
