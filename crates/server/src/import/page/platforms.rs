//! Whose page it is, and which of its elements are turns: one table, looked at on the server alone.
//!
//! The marks are those that the platforms' pages carried in 2026. They will age: a page whose marks are not found is
//! read as any other page, with all its words.

use shared::messages::MessageRole;

use super::dom::{Element, Id, Page, ROOT};

/// What an element is known by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Tag(&'static str),
    /// An attribute with this value, whatever its case.
    Is(&'static str, &'static str),
    /// A class.
    Class(&'static str),
    /// A class that begins so, and not so.
    ClassStarts(&'static str, &'static str),
    /// A class with this in it: names that a build lengthens.
    ClassHolds(&'static str),
    /// A link to `/maker/model`.
    ModelLink,
}

impl Mark {
    pub(super) fn is_on(self, element: &Element) -> bool {
        match self {
            Self::Tag(name) => element.name() == name,
            Self::Is(name, value) => element.attribute(name).is_some_and(|own| own.eq_ignore_ascii_case(value)),
            Self::Class(class) => element.has_class(class),
            Self::ClassStarts(start, other) => {
                element.classes().any(|class| class.starts_with(start) && !class.starts_with(other))
            }
            Self::ModelLink => {
                let path = element.attribute("href").map(|href| href.trim_start_matches("https://openrouter.ai"));
                element.name() == "a" && path.is_some_and(|path| path.starts_with('/') && path.split('/').count() == 3)
            }
            Self::ClassHolds(part) => element.classes().any(|class| class.contains(part)),
        }
    }
}

/// A platform whose pages are known.
#[derive(Debug)]
pub(super) struct Platform {
    /// As people call it.
    pub name: &'static str,
    /// What the preview says was read.
    pub kind: &'static str,
    /// Any of these on a page says that it is this platform's.
    tells: &'static [Mark],
    /// The turns, by whose words they are. What is `None` is left out and counted.
    turns: &'static [(Mark, Option<MessageRole>)],
    /// What stands within a turn and is none of its words.
    pub chrome: &'static [Mark],
    /// What leads to a source: a link, or else nothing that could be read.
    pub citations: &'static [Mark],
    /// What the model thought before it answered.
    pub thoughts: &'static [Mark],
    /// What names the language of the code that follows it.
    pub languages: &'static [Mark],
    /// What names the speaker of a turn, if more is known than the platform.
    pub speaker: Option<Mark>,
    /// Said in every report.
    pub caution: Option<&'static str>,
}

use Mark::{Class, ClassHolds, ClassStarts, Is, Tag};
use MessageRole::{Assistant, System, User};

/// Any words: `ClassStarts` with nothing that it must not begin with.
const NOTHING: &str = "\0";

/// The first that a page tells is taken: OpenRouter's names for turns are in part Claude's too.
pub(super) const PLATFORMS: &[Platform] = &[
    Platform {
        name: "OpenRouter",
        kind: "a page of OpenRouter",
        tells: &[Is("data-testid", "playground-container"), Is("data-testid", "assistant-message")],
        turns: &[
            (Is("data-testid", "user-message"), Some(User)),
            (Is("data-testid", "assistant-message"), Some(Assistant)),
            (Is("data-testid", "system-message"), Some(System)),
        ],
        chrome: &[Is("data-testid", "message-toolbar"), Tag("time")],
        citations: &[],
        thoughts: &[Is("data-testid", "reasoning")],
        languages: &[],
        speaker: Some(Mark::ModelLink),
        caution: None,
    },
    Platform {
        name: "ChatGPT",
        kind: "a page of ChatGPT",
        tells: &[Is("data-message-author-role", "user"), Is("data-message-author-role", "assistant")],
        turns: &[
            (Is("data-message-author-role", "user"), Some(User)),
            (Is("data-message-author-role", "assistant"), Some(Assistant)),
            (Is("data-message-author-role", "system"), Some(System)),
            (Is("data-message-author-role", "tool"), None),
        ],
        chrome: &[],
        citations: &[Is("data-testid", "webpage-citation-pill")],
        thoughts: &[],
        languages: &[],
        speaker: None,
        caution: None,
    },
    Platform {
        name: "Claude",
        kind: "a page of Claude",
        tells: &[
            Class("font-user-message"),
            ClassStarts("font-claude-response", "font-claude-response-body"),
            Class("font-claude-message"),
        ],
        turns: &[
            (Is("data-testid", "user-message"), Some(User)),
            (Class("font-user-message"), Some(User)),
            (ClassStarts("font-claude-response", "font-claude-response-body"), Some(Assistant)),
            (Class("font-claude-message"), Some(Assistant)),
        ],
        chrome: &[Is("data-testid", "message-actions")],
        citations: &[],
        thoughts: &[Is("data-testid", "thinking-block"), ClassStarts("thinking-", NOTHING)],
        languages: &[Class("font-small")],
        speaker: None,
        caution: None,
    },
    Platform {
        name: "Gemini",
        kind: "a page of Gemini",
        tells: &[Tag("user-query"), Tag("model-response")],
        turns: &[(Tag("user-query"), Some(User)), (Tag("model-response"), Some(Assistant))],
        chrome: &[
            Tag("mat-icon"),
            Tag("message-actions"),
            Tag("sources-list"),
            Tag("bard-avatar"),
            Class("buttons-container"),
            Class("response-container-header"),
        ],
        citations: &[],
        thoughts: &[Tag("model-thoughts")],
        languages: &[Class("code-block-decoration")],
        speaker: None,
        caution: None,
    },
    Platform {
        name: "Google AI Studio",
        kind: "a page of Google AI Studio",
        tells: &[Tag("ms-chat-turn"), Is("data-turn-role", "Model")],
        turns: &[
            (Is("data-turn-role", "User"), Some(User)),
            (Is("data-turn-role", "Model"), Some(Assistant)),
            (Is("data-turn-role", "System"), Some(System)),
        ],
        chrome: &[
            Tag("mat-icon"),
            Tag("ms-chat-turn-options"),
            Class("author-label"),
            Class("turn-footer"),
            Class("actions-container"),
        ],
        citations: &[],
        thoughts: &[Tag("ms-thought-chunk")],
        languages: &[],
        speaker: None,
        caution: Some(
            "Google AI Studio keeps only those turns in its page that are near the window: look whether all of them are here.",
        ),
    },
    Platform {
        name: "ScienceOS",
        kind: "a page of ScienceOS",
        tells: &[
            Class("chat-turn-container"),
            Is("data-testid", "chat-turn-container"),
            ClassStarts("_chat-turn-container", NOTHING),
        ],
        turns: &[(ClassHolds("_prompt_"), Some(User)), (ClassHolds("_markdown_"), Some(Assistant))],
        chrome: &[Tag("time")],
        citations: &[],
        thoughts: &[],
        languages: &[],
        speaker: None,
        caution: None,
    },
];

/// A turn of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub role: MessageRole,
    pub id: Id,
}

/// The turns of a page, and how many of its elements are turns of nobody.
#[derive(Debug)]
pub(super) struct Found {
    pub platform: &'static Platform,
    pub turns: Vec<Turn>,
    pub left_out: usize,
}

/// Whose page it is; `None` where it is nobody's, or has none of its turns.
pub(super) fn find(page: &Page) -> Option<Found> {
    let is_told = |platform: &&Platform| {
        let mut elements = page.below(ROOT).filter_map(|id| page.element(id));
        elements.any(|element| platform.tells.iter().any(|mark| mark.is_on(element)))
    };
    PLATFORMS.iter().filter(is_told).map(|platform| turns(page, platform)).find(|found| !found.turns.is_empty())
}

fn turns(page: &Page, platform: &'static Platform) -> Found {
    let mut found = Found { platform, turns: Vec::new(), left_out: 0 };
    let mut left = vec![ROOT];
    while let Some(id) = left.pop() {
        let of = |element: &Element| platform.turns.iter().find(|(mark, _)| mark.is_on(element));
        match page.element(id).and_then(of) {
            // What a turn holds is its own.
            Some((_, Some(role))) => found.turns.push(Turn { role: *role, id }),
            Some((_, None)) => found.left_out += 1,
            None => left.extend(page.children(id).rev()),
        }
    }
    found
}
