//! Labels in pasted text.

use shared::messages::MessageRole;

use crate::import::{ImportedMessage, text};

use super::{assistant, message, user};

fn messages(pasted: &str) -> Vec<ImportedMessage> {
    text(pasted, None).unwrap().messages
}

fn is_one_source(pasted: &str) {
    assert_eq!(messages(pasted), [message(MessageRole::Source, None, pasted)], "{pasted:?}");
}

#[test]
fn labels_of_both_sides_make_turns() {
    assert_eq!(
        messages("User: Hello\nthere\n\nAssistant:\n\nGood day.\n"),
        [user("Hello\nthere"), assistant("Good day.")]
    );
}

#[test]
fn every_way_to_write_a_label_is_known() {
    for (ask, answer, title) in [
        ("User:", "Assistant:", None),
        ("You:", "AI:", None),
        ("Human:", "Claude:", Some("Claude")),
        ("Me:", "ChatGPT:", Some("ChatGPT")),
        ("USER:", "gemini:", Some("Gemini")),
        ("user：", "copilot：", Some("Copilot")),
        ("You:", "Bot:", None),
        ("You:", "Model:", None),
        ("You said:", "ChatGPT said:", Some("ChatGPT")),
        ("You said", "Gemini said", Some("Gemini")),
        ("##### You said:", "###### ChatGPT said:", Some("ChatGPT")),
        ("**User:**", "**Assistant:**", None),
        ("**User**:", "__Assistant__:", None),
        ("### User", "### Assistant", None),
        ("# User", "# Assistant", None),
        ("## **You:**", "## **Claude:**", Some("Claude")),
        ("   User:", "  Assistant:", None),
    ] {
        let pasted = format!("{ask}\nQuestion\n\n{answer}\nReply\n");
        let expected = [user("Question"), message(MessageRole::Assistant, title, "Reply")];
        assert_eq!(messages(&pasted), expected, "{ask} {answer}");
    }
}

#[test]
fn text_on_the_line_of_a_label_belongs_to_the_turn() {
    assert_eq!(
        messages("**User:**  a **b**\n**ChatGPT said:** c"),
        [user("a **b**"), message(MessageRole::Assistant, Some("ChatGPT"), "c")]
    );
    assert_eq!(messages("User:a\nAI:b"), [user("a"), assistant("b")]);
}

#[test]
fn a_student_keeps_the_name() {
    assert_eq!(messages("Student: a\nAI: b")[0], message(MessageRole::User, Some("Student"), "a"));
}

#[test]
fn a_system_prompt_is_a_turn_only_before_the_first_answer() {
    assert_eq!(
        messages("System: Be brief.\nUser: a\nAI: b\nSystem: Linux 6\nUser: c"),
        [message(MessageRole::System, None, "Be brief."), user("a"), assistant("b\nSystem: Linux 6"), user("c")]
    );
}

#[test]
fn one_side_alone_is_no_conversation() {
    is_one_source("User: a\nUser: b");
    is_one_source("Claude: a\nChatGPT: b");
    is_one_source("System: a\nAssistant: b");
}

#[test]
fn a_side_that_says_nothing_is_no_side() {
    is_one_source("User:\nAssistant: answer");
    is_one_source("User: question\nAssistant:");
}

#[test]
fn words_that_only_look_like_labels_are_text() {
    for not_a_label in [
        "User",
        "**User**",
        "Users: a",
        "User::new()",
        "user:/path",
        "User guide: a",
        "## User guide",
        "    User: a",
        "> User: a",
        "a User: b",
        "Userin: a",
    ] {
        is_one_source(&format!("{not_a_label}\nAssistant: b"));
    }
}

#[test]
fn labels_in_fenced_code_never_count() {
    is_one_source("```\nUser: a\nAssistant: b\n```");
    is_one_source("~~~~\nUser: a\n~~~\nAssistant: b\n~~~~\nUser: c");
    assert_eq!(
        messages("User: a\nAssistant: ```text\nUser: x\n```\nUser: d"),
        [user("a"), assistant("```text\nUser: x\n```"), user("d")]
    );
}

#[test]
fn a_fence_that_is_never_closed_reaches_to_the_end() {
    assert_eq!(messages("User: a\nAI: b\n```\nUser: c"), [user("a"), assistant("b\n```\nUser: c")]);
}

#[test]
fn a_conversation_keeps_to_one_style_of_labels() {
    assert_eq!(
        messages("User: Write a dialogue.\nAssistant: Here:\n\n**User:** Hi\n**Assistant:** Ho\n\nUser: Thanks"),
        [user("Write a dialogue."), assistant("Here:\n\n**User:** Hi\n**Assistant:** Ho"), user("Thanks")]
    );
    assert_eq!(
        messages("You said:\nUser: a\nAssistant: b\nChatGPT said:\nOdd."),
        [user("User: a\nAssistant: b"), message(MessageRole::Assistant, Some("ChatGPT"), "Odd.")]
    );
}

#[test]
fn labels_of_a_copied_page_win_over_all_others() {
    assert_eq!(
        messages("Model: GPT-5\nUser: Mara\n\nYou said:\nHello\nChatGPT said:\nGood day."),
        [
            message(MessageRole::Source, Some("Before the conversation"), "Model: GPT-5\nUser: Mara"),
            user("Hello"),
            message(MessageRole::Assistant, Some("ChatGPT"), "Good day."),
        ]
    );
}

#[test]
fn mixed_styles_count_together_where_no_style_has_both_sides() {
    assert_eq!(messages("**User:** a\nAssistant: b"), [user("a"), assistant("b")]);
}

#[test]
fn text_before_the_first_label_is_kept() {
    assert_eq!(
        messages("# Week 3\nRead this.\n\nUser: a\nAI: b"),
        [
            message(MessageRole::Source, Some("Before the conversation"), "# Week 3\nRead this."),
            user("a"),
            assistant("b")
        ]
    );
}

#[test]
fn empty_turns_are_left_out_and_counted() {
    let read = text("User: a\nAssistant:\n\nAssistant: b\nUser:\n", None).unwrap();
    assert_eq!(read.messages, [user("a"), assistant("b")]);
    assert_eq!(read.notes, ["2 turns without any text were left out."]);
}

#[test]
fn indentation_of_the_first_line_of_a_turn_is_kept() {
    assert_eq!(messages("User:\n\n    code\n\nAI: b"), [user("    code"), assistant("b")]);
}
