//! The ChatGPT export.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::messages::MessageRole;

use crate::import::{Branches, ImportedConversation, ImportedMessage, Parsed, Tool, file};

use super::{assistant, choice, fixture, message, one, refused, shown, user};

/// A conversation of one branch: each message becomes a node below the one before.
fn linear(messages: &[Value]) -> Value {
    let mut mapping = serde_json::Map::new();
    for (i, message) in messages.iter().enumerate() {
        let parent = i.checked_sub(1).map(|i| format!("n{i:04}"));
        mapping.insert(format!("n{i:04}"), json!({"parent": parent, "children": [], "message": message}));
    }
    json!({"title": "T", "mapping": mapping, "current_node": format!("n{:04}", messages.len() - 1)})
}

const KEPT: &str =
    "1 message of another branch (an edit or another answer) was kept: the arrows at a message lead there.";

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
        (0, "Naming a river", 5),
        (1, "Übersetze bitte: „Wer wagt, gewinnt.“", 3),
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
fn the_fixtures_tree_has_its_branches_and_shows_the_one_that_was_seen() {
    let archive = choice("chatgpt-conversations.json", &fixture("chatgpt-conversations.json"));
    let read = archive.read(0, None).unwrap();
    let parents = vec![None, Some(0), Some(0), Some(2), Some(3)];
    assert_eq!(read.branches, Some(Branches { parents, leaf: 4 }));
    assert_eq!(
        read.messages,
        [
            user("Why do so many English rivers share a name with another river?"),
            assistant("This is the first answer, which was regenerated."),
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
            KEPT,
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
        shown(&read),
        [user("Übersetze bitte: „Wer wagt, gewinnt.“"), assistant("*Who dares, wins.* 谁敢，谁赢。")]
    );
    assert_eq!(read.messages[1], assistant("Older answer."));
    assert_eq!(read.notes, [KEPT]);
}

#[test]
fn without_times_the_deepest_leaf_is_read() {
    let value = json!({"mapping": {
        "a": {"children": ["b", "z"], "message": says("user", "a")},
        "b": {"children": ["c"], "message": says("assistant", "b")},
        "c": {"children": [], "message": says("user", "c")},
        "z": {"children": [], "message": says("assistant", "z")},
    }});
    let read = read(&value);
    assert_eq!(shown(&read), [user("a"), assistant("b"), user("c")]);
    assert_eq!(read.branches.unwrap().parents, [None, Some(0), Some(1), Some(0)]);
}

/// A tree by the numbers of parents (0 for none), whose nodes are called by their numbers and say them.
fn tree(parents: &[usize], says: impl Fn(usize) -> Value) -> Value {
    let mut mapping = serde_json::Map::new();
    for (at, parent) in (1..).zip(parents) {
        let children: Vec<String> =
            (1..).zip(parents).filter(|(_, parent)| **parent == at).map(|(child, _)| format!("n{child}")).collect();
        let parent = (*parent > 0).then(|| format!("n{parent}"));
        mapping.insert(format!("n{at}"), json!({"parent": parent, "children": children, "message": says(at)}));
    }
    json!({"title": "T", "mapping": mapping})
}

#[test]
fn an_answer_that_goes_on_in_two_ways_is_two_versions_of_it() {
    // 2 begins an answer, 3 and 5 go on with it, and 7 asks something before it was finished.
    let mut value = tree(&[0, 1, 2, 3, 2, 5, 2], |at| match at {
        1 | 4 | 6 | 7 => says("user", &at.to_string()),
        _ => says("assistant", &at.to_string()),
    });
    value["current_node"] = "n4".into();
    let read = read(&value);
    let [begun, one, other] = ["2", "2\n\n3", "2\n\n5"].map(assistant);
    assert_eq!(read.messages, [user("1"), begun, one, user("4"), other, user("6"), user("7")]);
    let parents = vec![None, Some(0), Some(0), Some(2), Some(0), Some(4), Some(1)];
    assert_eq!(read.branches, Some(Branches { parents, leaf: 3 }));
}

#[test]
fn siblings_stand_as_their_parent_has_them() {
    let mut value = tree(&[0, 1, 1, 1], |at| says(if at == 1 { "user" } else { "assistant" }, &at.to_string()));
    value["mapping"]["n1"]["children"] = json!(["n4", "n2", "n3"]);
    value["current_node"] = "n2".into();
    let read = read(&value);
    assert_eq!(read.messages, [user("1"), assistant("4"), assistant("2"), assistant("3")]);
    assert_eq!(read.branches.unwrap().leaf, 2);
}

#[test]
fn another_beginning_stands_beside_the_first_message_and_a_circle_is_counted() {
    let mut value =
        tree(&[0, 1, 0, 6, 4, 5], |at| says(if at % 2 == 1 { "user" } else { "assistant" }, &at.to_string()));
    value["current_node"] = "n2".into();
    let read = read(&value);
    assert_eq!(read.messages, [user("1"), assistant("2"), user("3")]);
    assert_eq!(read.branches, Some(Branches { parents: vec![None, Some(0), None], leaf: 1 }));
    assert_eq!(read.notes, [KEPT, "3 messages of other branches were left out."]);
}

#[test]
fn of_other_branches_there_is_what_fits_beside_the_one_that_is_shown() {
    // 1 is answered 5,001 times; what was seen is the last answer and a question to it.
    let mut parents = vec![1; 5_001];
    parents.insert(0, 0);
    parents.push(5_002);
    let mut value =
        tree(&parents, |at| says(if matches!(at, 1 | 5_003) { "user" } else { "assistant" }, &at.to_string()));
    value["current_node"] = "n5003".into();
    let many = read(&value);
    assert_eq!(many.messages.len(), 5_000);
    assert_eq!(shown(&many), [user("1"), assistant("5002"), user("5003")]);
    assert!(many.notes.contains(&"3 messages of other branches were left out.".to_owned()), "{:?}", many.notes);
    // Two answers are larger than a message may be, and something was said to one of them.
    let mut large = tree(&[0, 1, 1, 2, 1], |at| match at {
        2 | 5 => says("assistant", &"x".repeat((1 << 20) + 1)),
        _ => says("user", &at.to_string()),
    });
    large["current_node"] = "n3".into();
    let left = read(&large);
    assert_eq!(left.messages, [user("1"), user("3")]);
    assert_eq!((left.branches, left.notes), (None, vec!["3 messages of other branches were left out.".to_owned()]));
    // Each is as long as a message may be: there is room for fifteen, and the two that are shown.
    let mut full = tree(&[0].into_iter().chain([1; 20]).collect::<Vec<_>>(), |at| match at {
        1 => says("user", "1"),
        _ => says("assistant", &"x".repeat(1 << 20)),
    });
    full["current_node"] = "n21".into();
    let full = read(&full);
    assert_eq!((full.messages.len(), shown(&full).len()), (16, 2));
}

#[test]
fn the_branch_that_is_shown_goes_on_to_its_end() {
    // What was seen last is a stopped answer, 4, beside the finished ones; nothing is left of it.
    let mut value = tree(&[0, 1, 2, 1], |at| match at {
        4 => says("assistant", " "),
        2 => says("assistant", "2"),
        _ => says("user", &at.to_string()),
    });
    value["current_node"] = "n4".into();
    let read = read(&value);
    assert_eq!((shown(&read), &read.branches), (vec![user("1"), assistant("2"), user("3")], &None));
    assert_eq!(read.notes, [""; 0]);
}

#[test]
fn what_other_branches_would_grow_to_is_left_out() {
    let mut value = tree(&[0, 1, 1], |at| match at {
        2 => says("assistant", &"\0".repeat(400 << 10)),
        _ => says("user", &at.to_string()),
    });
    value["current_node"] = "n3".into();
    let read = read(&value);
    assert_eq!(read.messages, [user("1"), user("3")]);
    assert_eq!(read.notes, ["1 message of another branch was left out."]);
}

#[test]
fn one_explanation_is_not_told_a_thousand_times() {
    let mark = "\u{e200}\u{e201}";
    let references = json!([{"matched_text": mark, "alt": "x".repeat(1 << 20)}]);
    let cited = with(says("assistant", &mark.repeat(4_000)), "metadata", json!({"content_references": references}));
    let error = refused("conversations.json", linear(&[cited]).to_string().as_bytes());
    assert_eq!(error.code(), "message_too_large");
    assert!(error.to_string().contains("16"), "it grew no further than a conversation may: {error}");
}

#[test]
fn the_number_of_a_message_that_is_too_large_is_the_one_that_its_author_saw() {
    let mut value = tree(&[0, 1, 2, 1], |at| match at {
        4 => says("assistant", &"x".repeat((1 << 20) + 1)),
        _ => says("user", &at.to_string()),
    });
    value["current_node"] = "n4".into();
    let error = refused("conversations.json", value.to_string().as_bytes());
    assert!(error.to_string().contains("essage 2"), "{error}");
}

#[test]
fn what_cannot_be_shown_leaves_its_branches_where_it_was() {
    // 2 is an attachment mark alone, which nothing is left of; 3 and 4 follow it.
    let mut value = tree(&[0, 1, 2, 2], |at| match at {
        2 => says("user", "\u{feff}"),
        _ => says("user", &at.to_string()),
    });
    value["current_node"] = "n3".into();
    let read = read(&value);
    assert_eq!(read.messages, [user("1"), user("3"), user("4")]);
    assert_eq!(read.branches, Some(Branches { parents: vec![None, Some(0), Some(0)], leaf: 1 }));
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

/// Whether a branch is read whole. One that ended in what nobody sees goes on by the newest, in the same answer too.
fn begins(row: &[ImportedMessage], alone: &[ImportedMessage]) -> bool {
    let Some((last, before)) = alone.split_last() else { return false };
    row.starts_with(before) && row.get(before.len()).is_some_and(|message| message.markdown.starts_with(&last.markdown))
}

proptest! {
    /// The oracle is the conversation of one branch alone.
    #[test]
    fn every_branch_reads_as_if_it_were_the_only_one(
        nodes in prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, any::<bool>()), 1..24),
    ) {
        let parents: Vec<usize> = nodes.iter().enumerate().map(|(at, (parent, ..))| parent.index(at + 1)).collect();
        let message = |at: usize| {
            let (_, kind, ends) = nodes[at - 1];
            let text = at.to_string();
            let said = match kind {
                0 => says("user", &text),
                1 => says("tool", &text),
                _ => says("assistant", if kind == 2 { " " } else { &text }),
            };
            with(said, "end_turn", json!(ends))
        };
        let mut value = tree(&parents, message);
        let way = |end: usize| {
            let mut way: Vec<usize> =
                std::iter::successors(Some(end), |at| Some(parents[at - 1]).filter(|parent| *parent > 0)).collect();
            way.reverse();
            way
        };
        let read_one = |value: &Value| match file("conversations.json", value.to_string().as_bytes(), None) {
            Ok(Parsed::One(read)) => Some(*read),
            _ => None,
        };
        for end in (1..=parents.len()).filter(|at| !parents.contains(at)) {
            let alone: Vec<Value> = way(end).into_iter().map(message).collect();
            let alone = read_one(&linear(&alone)).map(|read| read.messages);
            value["current_node"] = format!("n{end}").into();
            let Some(read) = read_one(&value) else {
                prop_assert_eq!(alone, None);
                continue;
            };
            let Some(alone) = alone else { continue };
            prop_assert!(begins(&shown(&read), &alone), "{alone:?} is not shown of {read:?}");
            // Whichever branch is shown, all others are there as well.
            for other in (1..=parents.len()).filter(|at| !parents.contains(at)) {
                let there: Vec<Value> = way(other).into_iter().map(message).collect();
                let Some(there) = read_one(&linear(&there)).map(|read| read.messages) else { continue };
                let rows = (0..read.messages.len()).map(|leaf| match &read.branches {
                    Some(branches) => shown(&ImportedConversation {
                        branches: Some(Branches { parents: branches.parents.clone(), leaf }),
                        ..read.clone()
                    }),
                    None => read.messages.clone(),
                });
                prop_assert!(rows.into_iter().any(|row| begins(&row, &there)), "{there:?} is not in {read:?}");
            }
        }
    }
}
