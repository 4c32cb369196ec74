//! The Claude export.

use serde_json::{Value, json};
use shared::messages::MessageRole;

use crate::import::{Branches, ImportedConversation, Tool};

use super::{assistant, choice, fixture, message, one, shown, user};

fn read(messages: Value) -> ImportedConversation {
    one("conversations.json", json!({"uuid": "c", "name": "T", "chat_messages": messages}).to_string().as_bytes())
}

fn only(blocks: Value) -> String {
    let read = read(json!([{"sender": "assistant", "text": "fallback", "content": blocks}]));
    assert_eq!(read.messages.len(), 1);
    read.messages[0].markdown.clone()
}

#[test]
fn the_fixture_has_its_branches_and_shows_that_of_its_leaf() {
    let archive = choice("claude-conversations.json", &fixture("claude-conversations.json"));
    assert_eq!(archive.tool(), Tool::Claude);
    let read = archive.read(0, None).unwrap();
    assert_eq!(read.title, "Reading a sonnet aloud");
    assert_eq!(read.messages[1], assistant("An abandoned first answer."));
    assert_eq!(read.branches, Some(Branches { parents: vec![None, Some(0), Some(0), Some(2)], leaf: 3 }));
    assert_eq!(
        shown(&read),
        [
            user(
                "Where should I pause in this sonnet?\n\n[file: sonnet.txt]\n\n````\nThe tide that took the road returns the road,\n```and not the cart```\n````\n\n[file: reading\\_mara.m4a]"
            ),
            assistant(
                "After *road*, both times.\n\n**Marked copy**\n\n```markdown\nThe tide that took the road | returns the road |\n```\n\nThe bar marks a breath."
            ),
            user("Thank you! 谢谢"),
        ]
    );
    assert_eq!(
        read.notes,
        [
            "1 step of the model's thinking was left out.",
            "1 tool call or result was left out.",
            "1 message of another branch (an edit or another answer) was kept: the arrows at a message lead there.",
        ]
    );
    let source = read.source.unwrap();
    assert_eq!((source.tool, source.created.unwrap().unix_timestamp()), (Tool::Claude, 1_740_819_600));
}

#[test]
fn without_a_leaf_the_order_of_the_list_counts() {
    let archive = choice("claude-conversations.json", &fixture("claude-conversations.json"));
    let read = archive.read(1, None).unwrap();
    assert_eq!(read.messages, [user("Give me one word for the smell of rain."), assistant("Petrichor.")]);
    assert_eq!(read.title, "Give me one word for the smell of rain.");
    assert_eq!(archive.list()[1].created, None);
}

#[test]
fn without_a_leaf_the_branch_that_was_written_last_is_shown() {
    let message = |id: &str, parent: &str, sender: &str| json!({"uuid": id, "parent_message_uuid": parent, "sender": sender, "text": id});
    let nobody = "00000000-0000-4000-8000-000000000000";
    let mut all = [
        message("a", nobody, "human"),
        message("b", "a", "assistant"),
        message("c", "a", "assistant"),
        message("d", "c", "human"),
    ];
    let read = one("c.json", json!({"chat_messages": all}).to_string().as_bytes());
    assert_eq!(read.messages, [user("a"), assistant("b"), assistant("c"), user("d")]);
    assert_eq!(read.branches, Some(Branches { parents: vec![None, Some(0), Some(0), Some(2)], leaf: 3 }));
    // Where one follows what comes later, or is not there, nothing is told by that.
    for parent in ["d", "gone"] {
        all[1]["parent_message_uuid"] = parent.into();
        let read = one("c.json", json!({"chat_messages": all}).to_string().as_bytes());
        assert_eq!((read.messages.len(), read.branches), (4, None), "{parent}");
    }
}

#[test]
fn a_leaf_that_does_not_exist_is_no_leaf() {
    let value = json!({"current_leaf_message_uuid": "gone", "chat_messages": [
        {"uuid": "a", "sender": "human", "text": "a"},
        {"uuid": "b", "parent_message_uuid": "a", "sender": "assistant", "text": "b"}]});
    assert_eq!(one("c.json", value.to_string().as_bytes()).messages, [user("a"), assistant("b")]);
}

#[test]
fn a_message_of_tools_alone_leaves_its_branches_where_it_was() {
    let value = json!({"current_leaf_message_uuid": "c", "chat_messages": [
        {"uuid": "c", "parent_message_uuid": "t", "sender": "human", "text": "c"},
        {"uuid": "a", "sender": "human", "text": "a"},
        {"uuid": "t", "parent_message_uuid": "a", "sender": "assistant", "text": "", "content": [{"type": "tool_use"}]},
        {"uuid": "b", "parent_message_uuid": "t", "sender": "human", "text": "b"},
        {"parent_message_uuid": "c", "sender": "assistant", "text": "d"}]});
    let read = one("c.json", value.to_string().as_bytes());
    assert_eq!(read.messages, [user("a"), user("c"), assistant("d"), user("b")]);
    assert_eq!(read.branches, Some(Branches { parents: vec![None, Some(0), Some(1), Some(0)], leaf: 2 }));
}

#[test]
fn a_circle_of_parents_ends() {
    let value = json!({"current_leaf_message_uuid": "b", "chat_messages": [
        {"uuid": "a", "parent_message_uuid": "b", "sender": "human", "text": "a"},
        {"uuid": "b", "parent_message_uuid": "a", "sender": "assistant", "text": "b"}]});
    assert_eq!(one("c.json", value.to_string().as_bytes()).messages, [user("a"), assistant("b")]);
}

#[test]
fn text_blocks_are_preferred_and_text_is_the_fallback() {
    assert_eq!(only(json!([{"type": "text", "text": "a"}])), "a");
    assert_eq!(only(json!([])), "fallback");
    assert_eq!(only(json!([{"type": "text", "text": " "}])), "fallback");
    assert_eq!(only(json!("nonsense")), "fallback");
}

#[test]
fn blocks_of_text_keep_their_own_spaces() {
    assert_eq!(
        only(json!([{"type": "text", "text": "half a "}, {"type": "text", "text": "sentence"}])),
        "half a sentence"
    );
    assert_eq!(only(json!([{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}])), "One.\n\nTwo.");
    let apart =
        json!([{"type": "text", "text": "One. "}, {"type": "tool_use", "name": "x"}, {"type": "text", "text": "Two."}]);
    assert_eq!(only(apart), "One.\n\nTwo.");
    assert_eq!(
        only(json!([{"type": "voice_note", "text": "Spoken"}, {"type": "new", "text": "words"}])),
        "Spoken\n\nwords"
    );
}

#[test]
fn a_message_of_tools_alone_is_left_out_with_a_note() {
    let placeholder = "```\nThis block is not supported on your current device yet.\n```";
    let read = read(json!([
        {"sender": "human", "text": "a"},
        {"sender": "assistant", "text": placeholder, "content": [{"type": "tool_use", "name": "x"}, {"type": "token_budget"}]},
        {"sender": "assistant", "text": "b"}]));
    assert_eq!(read.messages, [user("a"), assistant("b")]);
    assert_eq!(read.notes, ["1 tool call or result was left out.", "1 block of an unknown kind was left out."]);
}

#[test]
fn an_unknown_sender_keeps_its_name() {
    let read = read(json!([{"sender": "narrator", "text": "a"}, {"text": "b"}, {"sender": "human", "text": "c"}]));
    assert_eq!(
        read.messages,
        [message(MessageRole::Source, Some("narrator"), "a"), message(MessageRole::Source, None, "b"), user("c")]
    );
}

#[test]
fn attachments_and_files_leave_a_trace() {
    let read = read(
        json!([{"sender": "human", "text": "", "attachments": [{"extracted_content": "pasted"}, {"file_name": "empty.md"}, 5],
        "files": [{"file_name": "photo.png", "file_kind": "image"}, {"file_name": ""}, null]}]),
    );
    assert_eq!(
        read.messages[0].markdown,
        "[file: pasted text]\n\n```\npasted\n```\n\n[file: empty.md]\n\n[file: pasted text]\n\n[image: photo.png]"
    );
}
