//! What the stand-in does, by what it is told.

use std::time::Duration;

/// What is done, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Text(String),
    Refusal(String),
    /// Waits for `FakeModel::release`, or a `POST /stand-in/release`.
    Gate,
    Pause(Duration),
    /// As it is.
    Raw(&'static str),
    /// Says nothing more until the reader leaves.
    Hang,
    FlatError,
    NestedError,
    Failed,
    Incomplete,
    /// The end, with all of the text once more, as the Responses API does it.
    End,
    /// All at once.
    Whole(String),
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    Refuse {
        status: u16,
        code: &'static str,
        after: Option<(&'static str, &'static str)>,
        times: u32,
    },
    Reply {
        acts: Vec<Act>,
        piece: usize,
    },
    /// Not even a status.
    Silence,
}

/// The words of a text, each with the space behind it.
pub fn words(text: &str) -> Vec<Act> {
    text.split_inclusive(' ').map(|word| Act::Text(word.to_owned())).collect()
}

/// A text of this many bytes in lines.
pub fn long_text(bytes: usize) -> String {
    "A line of a long reply.\n\n".chars().cycle().take(bytes).collect()
}

/// What is done when this was said.
pub fn plan(said: &str) -> Plan {
    let script = said.split_whitespace().find_map(|word| word.strip_prefix('#')).unwrap_or_default();
    let reply = |mut acts: Vec<Act>, end: &[Act]| {
        acts.extend_from_slice(end);
        Plan::Reply { acts, piece: usize::MAX }
    };
    let ended = |text: &str| reply(words(text), &[Act::End]);
    let refuse = |status, code| Plan::Refuse { status, code, after: None, times: u32::MAX };
    match script {
        // Words, one every 40 ms: for journeys.
        "slow" => {
            let pause = Act::Pause(Duration::from_millis(40));
            let text = "Bees sleep at night, most of them in their hive. ".repeat(12);
            reply(words(&text).into_iter().flat_map(|act| [act, pause.clone()]).collect(), &[Act::End])
        }
        // The first words, and the others when they are let through.
        "gated" => {
            reply([words("The first half. "), vec![Act::Gate], words("And the *second* half.")].concat(), &[Act::End])
        }
        // Two blocks and a part of a third, and the rest when it is let through.
        "blocks" => {
            let begun = words("A *first* block.\n\nA second block.\n\nThe third one is ");
            reply([begun, vec![Act::Gate], words("written.\n\nAnd the last.")].concat(), &[Act::End])
        }
        // A list and a table that are not finished, and their ends when they are let through.
        "list" => {
            let begun = words("Bees:\n\n- **one** of them\n- two ");
            let table = words("more\n\n| day | bees |\n|---|---|\n| *one* | 7 |");
            reply([begun, vec![Act::Gate], table, vec![Act::Gate], words("\n| two | 9 |")].concat(), &[Act::End])
        }
        // A block with a formula, and more when it is let through.
        "formulas" => {
            let begun = words("The square \\(x^2\\) of a number.\n\nAnd the root of that is ");
            let rest = words("\n\n$$\\sqrt{x^2} = x$$\n\nif it is positive.");
            reply([begun, vec![Act::Gate], rest].concat(), &[Act::End])
        }
        // Every word waits.
        "steps" => {
            let acts = words("One two three **four** five é 蜂 🐝 nine.");
            reply(acts.into_iter().flat_map(|act| [Act::Gate, act]).collect(), &[Act::Gate, Act::End])
        }
        "utf8" => Plan::Reply { acts: [words("Bienen: 蜂 🐝 é und ñ. "), vec![Act::End]].concat(), piece: 1 },
        "refusal" => reply(vec![Act::Refusal("I cannot ".into()), Act::Refusal("help with that.".into())], &[Act::End]),
        "refusal-late" => reply(words("Let us see."), &[Act::Refusal("I cannot ".into()), Act::Refusal("say.".into()), Act::End]),
        "flat-error" => reply(words("Some words "), &[Act::FlatError]),
        "nested-error" => reply(words("Some words "), &[Act::NestedError]),
        "error-first" => reply(Vec::new(), &[Act::NestedError]),
        "failed" => reply(words("Some words "), &[Act::Failed]),
        "length" => reply(words("Some words "), &[Act::Incomplete]),
        "cut" => reply(words("Some words "), &[]),
        "hang" => reply(words("Some words "), &[Act::Hang]),
        "silence" => Plan::Silence,
        "strange" => {
            let strange = [
                Act::Raw(": a comment\n\n"),
                Act::Raw("event: keepalive\ndata: keepalive\n\n"),
                Act::Raw("event: response.new.thing\ndata: {\"type\":\"response.new.thing\",\"delta\":{\"x\":1}}\n\n"),
                Act::Raw("data: {\"choices\":[]}\n\n"),
            ];
            reply([words("Some "), strange.to_vec(), words("words.")].concat(), &[Act::End])
        }
        "whole" => reply(vec![Act::Whole("All at once.".into())], &[]),
        "table" => ended("| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nlet x = 1;\n```\n\n**Bold** and $5."),
        "long" => reply(vec![Act::Text(long_text(1 << 20))], &[Act::End]),
        "too-long" => reply(vec![Act::Text(long_text(1 << 20)), Act::Text("One word more.".into())], &[Act::Hang]),
        "busy" => Plan::Refuse { status: 429, code: "rate_limit_exceeded", after: None, times: 1 },
        "busy-after" => {
            let after = Some(("retry-after-ms", "20"));
            Plan::Refuse { status: 429, code: "rate_limit_exceeded", after, times: 2 }
        }
        "busy-long" => {
            let after = Some(("retry-after", "3600"));
            Plan::Refuse { status: 429, code: "rate_limit_exceeded", after, times: u32::MAX }
        }
        "account" => refuse(429, "insufficient_quota"),
        "key" => refuse(401, "invalid_api_key"),
        "context" => refuse(400, "context_length_exceeded"),
        "model" => refuse(404, "model_not_found"),
        "down" => {
            Plan::Refuse { status: 503, code: "server_error", after: Some(("retry-after-ms", "5")), times: u32::MAX }
        }
        _ => ended(&format!("You said: {said}")),
    }
}

/// The text of the reply to this, if it comes to its end.
pub fn text_of(said: &str) -> String {
    let Plan::Reply { acts, .. } = plan(said) else { return format!("You said: {said}") };
    let mut text = String::new();
    let mut is_refused = false;
    for act in &acts {
        match act {
            Act::Refusal(more) => {
                // A paragraph of its own.
                if !std::mem::replace(&mut is_refused, true) && !text.is_empty() {
                    text += "\n\n";
                }
                text += more;
            }
            Act::Text(more) | Act::Whole(more) => text += more,
            _ => {}
        }
    }
    text
}
