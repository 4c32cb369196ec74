//! Pasted text: limits, titles, normalisation, the fixtures.

use shared::messages::MessageRole;

use crate::import::{ImportError, MESSAGE_BYTES, MESSAGES, PASTE_BYTES, Parsed, file, text};

use super::{fixture, message, one, refused};

fn title(pasted: &str) -> String {
    text(pasted, None).unwrap().title
}

#[test]
fn an_empty_paste_says_so() {
    for blank in ["", " ", "\n\t\r\n", "\u{feff}", "\u{3000}"] {
        let error = text(blank, Some("A title")).unwrap_err();
        assert_eq!(error.code(), "empty", "{blank:?}");
        assert_eq!(
            error.to_string(),
            "There is nothing to import: The text has no words in it. Paste a conversation or choose a file that holds one."
        );
    }
}

#[test]
fn a_paste_of_two_mebibytes_is_refused_with_both_sizes() {
    let error = text(&"a\n".repeat(1 << 20), None).unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(error.is_too_much());
    let words = error.to_string();
    assert!(words.contains("2,097,152 bytes") && words.contains("1,048,576 bytes (1 MiB)"), "{words}");
}

#[test]
fn a_paste_of_exactly_the_limit_is_taken() {
    let read = text(&"a".repeat(PASTE_BYTES), None).unwrap();
    assert_eq!(read.messages[0].markdown.len(), MESSAGE_BYTES);
    assert_eq!(text(&"a".repeat(PASTE_BYTES + 1), None).unwrap_err().code(), "too_large");
}

#[test]
fn one_message_over_its_limit_is_named() {
    let long = format!("User: a\nAssistant: {}\nUser: b", "é".repeat(MESSAGE_BYTES / 2 + 1));
    let error = refused("long.md", long.as_bytes());
    let expected = ImportError::MessageTooLarge {
        number: 2,
        role: MessageRole::Assistant,
        size: MESSAGE_BYTES + 2,
        limit: MESSAGE_BYTES,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().starts_with("Message 2 (assistant) is too long: 1,048,578 bytes"), "{error}");
    let fits = format!("User: a\nAssistant: {}\nUser: b", "é".repeat(MESSAGE_BYTES / 2));
    assert_eq!(one("long.md", fits.as_bytes()).messages.len(), 3);
}

#[test]
fn five_thousand_messages_are_taken_and_one_more_is_not() {
    let turns = |n: usize| (0..n).map(|i| if i % 2 == 0 { "User: a\n" } else { "AI: b\n" }).collect::<String>();
    assert_eq!(text(&turns(MESSAGES), None).unwrap().messages.len(), MESSAGES);
    let error = text(&turns(MESSAGES + 1), None).unwrap_err();
    assert_eq!(error, ImportError::TooManyMessages { count: MESSAGES + 1, limit: MESSAGES });
    let error = text(&format!("before\n{}", turns(MESSAGES)), None).unwrap_err();
    assert_eq!(error.code(), "too_many_messages");
}

#[test]
fn line_ends_are_made_alike_and_nul_is_replaced() {
    let read = text("\u{feff}a\r\nb\rc\0d\r\n\r\n", None).unwrap();
    assert_eq!(read.messages[0].markdown, "a\nb\nc\u{fffd}d");
}

#[test]
fn a_text_that_markdown_would_not_show_is_words() {
    let read = one("a.txt", b"[user]: hello\n[assistant]: answer");
    assert_eq!(read.messages[0].markdown, "\\[user]: hello\n\\[assistant]: answer");
    let kept = "[user]: hello\n\nAnd words: [user]";
    assert_eq!(one("a.txt", kept.as_bytes()).messages[0].markdown, kept, "what refers to something is left alone");
}

#[test]
fn blank_lines_around_go_and_everything_between_stays() {
    let read = text("\n \n   a  \n\n\n\tb\n \n", None).unwrap();
    assert_eq!(read.messages[0].markdown, "   a  \n\n\n\tb");
}

#[test]
fn a_title_that_is_given_is_taken_as_one_line() {
    let read = text("a", Some("  Week 3:\n the\tbridge ")).unwrap();
    assert_eq!(read.title, "Week 3: the bridge");
    assert_eq!(read.notes, [""; 0]);
    assert_eq!(text("a", Some(" \n")).unwrap().title, "a");
}

#[test]
fn a_title_of_the_persons_own_that_is_too_long_is_refused() {
    let error = text("a", Some(&"x".repeat(201))).unwrap_err();
    assert_eq!(error, ImportError::TitleTooLong { chars: 201, limit: 200 });
    assert_eq!(file("a.md", b"a", Some(&"x".repeat(201))).unwrap_err(), error);
    assert_eq!(text("a", Some(&"é".repeat(200))).unwrap().title, "é".repeat(200));
    assert_eq!(text("a", Some(&format!("{} \n ", "x".repeat(200)))).unwrap().title, "x".repeat(200));
}

#[test]
fn a_cut_never_splits_a_grapheme() {
    let read = text(&format!("# {}", "👩‍👩‍👧‍👦".repeat(100)), None).unwrap();
    assert_eq!(read.title, format!("{}…", "👩‍👩‍👧‍👦".repeat(28)));
}

#[test]
fn a_title_comes_from_the_first_heading_of_a_source() {
    assert_eq!(title("Intro\n```\n# not this\n```\n## *The* bridge ##\nText"), "The bridge");
    assert_eq!(title("#hashtag\nText"), "hashtag");
}

#[test]
fn a_title_does_not_end_with_the_mark_that_breaks_a_line() {
    assert_eq!(title("What is energy?\\\nSecond line"), "What is energy?");
    assert_eq!(title("C:\\\\\nSecond line"), "C:\\");
}

#[test]
fn a_title_comes_from_the_first_line_of_the_person() {
    assert_eq!(title("System: Be brief.\nUser: **Why** is the sky blue?\nAI: # Light"), "Why is the sky blue?");
    assert_eq!(title("What is `2 * 3` or a*b in **R**?"), "What is 2 * 3 or a*b in R?");
    assert_eq!(title("\n\n> - A line\nmore"), "A line");
}

#[test]
fn a_long_first_line_is_cut_at_a_word() {
    let line = "The quick brown fox jumps over the lazy dog and then it runs away from the farm";
    assert_eq!(title(line), "The quick brown fox jumps over the lazy dog and then it…");
    let title = title(&"漢".repeat(80));
    assert_eq!(title, format!("{}…", "漢".repeat(59)));
}

#[test]
fn a_title_is_plain_words() {
    assert_eq!(title(r"Is a[0\] or \<img> [the *link*](https://x.org/y)?"), "Is a[0] or <img> the link?");
    assert_eq!(title("# **a***b* of [x](https://x.org)"), "ab of x");
    assert_eq!(title("User: Caf&eacute; __now__\nAI: x"), "Café now");
    assert_eq!(title("[x]: https://x.org\n\n**One\ntwo**"), "One");
    assert_eq!(title("1914\\. The war"), "1914. The war");
    assert_eq!(title("C# is a language"), "C# is a language");
}

#[test]
fn a_text_without_words_is_untitled() {
    assert_eq!(title("---\n* * *"), "Untitled conversation");
    assert_eq!(title("```\nlet x;\n```"), "let x;");
}

#[test]
fn the_plain_fixture_is_one_source() {
    let bytes = fixture("plain.txt");
    let read = one("plain.txt", &bytes);
    let whole = String::from_utf8(bytes).unwrap();
    assert_eq!(read.messages, [message(MessageRole::Source, None, whole.trim())]);
    assert_eq!(read.title, "The Lighthouse Keeper's Ledger");
    assert_eq!(read.source, None);
}

#[test]
fn the_labelled_fixture_has_its_turns() {
    let read = one("labelled.md", &fixture("labelled.md"));
    let roles: Vec<_> = read.messages.iter().map(|m| (m.role.as_str(), m.title.as_deref())).collect();
    let expected = [
        ("source", Some("Before the conversation")),
        ("user", None),
        ("assistant", None),
        ("user", None),
        ("assistant", Some("Claude")),
    ];
    assert_eq!(roles, expected);
    assert_eq!(read.title, "Was the bridge safe?");
    assert!(read.messages[2].markdown.contains("User: this line is inside a code block"));
    assert!(read.messages[3].markdown.ends_with("| flutter | the motion itself |"));
}

#[test]
fn a_title_goes_with_a_file_too() {
    let Ok(Parsed::One(read)) = file("plain.txt", b"words", Some("Mine")) else { panic!() };
    assert_eq!(read.title, "Mine");
}
