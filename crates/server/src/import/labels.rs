//! The label of a turn at the start of a line: `User:`, `**Claude:**`, `### Assistant`, `ChatGPT said:`.

use shared::messages::MessageRole;

/// A label that was recognised in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub role: MessageRole,
    /// The speaker's name, where it says more than the role.
    pub title: Option<&'static str>,
    pub style: Style,
    /// Bytes from the start of the line to the first character of the turn's text.
    pub width: usize,
}

/// How a label is written. One conversation keeps to one style, so that labels of another style are part of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `You said:`, `ChatGPT said:`: what a copied page of a chat tool has.
    Said,
    /// `### User`
    Heading,
    /// `**User:**`
    Emphasis,
    /// `User:`
    Plain,
}

/// Names of speakers in lower case. A title is kept where the name says who it was, not only on which side.
const NAMES: &[(&str, MessageRole, Option<&str>)] = &[
    ("user", MessageRole::User, None),
    ("you", MessageRole::User, None),
    ("human", MessageRole::User, None),
    ("me", MessageRole::User, None),
    ("student", MessageRole::User, Some("Student")),
    ("assistant", MessageRole::Assistant, None),
    ("ai assistant", MessageRole::Assistant, None),
    ("ai", MessageRole::Assistant, None),
    ("bot", MessageRole::Assistant, None),
    ("chatbot", MessageRole::Assistant, None),
    ("model", MessageRole::Assistant, None),
    ("chatgpt", MessageRole::Assistant, Some("ChatGPT")),
    ("gpt-4", MessageRole::Assistant, Some("GPT-4")),
    ("gpt-4o", MessageRole::Assistant, Some("GPT-4o")),
    ("gpt-5", MessageRole::Assistant, Some("GPT-5")),
    ("claude", MessageRole::Assistant, Some("Claude")),
    ("gemini", MessageRole::Assistant, Some("Gemini")),
    ("copilot", MessageRole::Assistant, Some("Copilot")),
    ("deepseek", MessageRole::Assistant, Some("DeepSeek")),
    ("grok", MessageRole::Assistant, Some("Grok")),
    ("le chat", MessageRole::Assistant, Some("Le Chat")),
    ("llama", MessageRole::Assistant, Some("Llama")),
    ("meta ai", MessageRole::Assistant, Some("Meta AI")),
    ("mistral", MessageRole::Assistant, Some("Mistral")),
    ("perplexity", MessageRole::Assistant, Some("Perplexity")),
    ("system", MessageRole::System, None),
    ("system prompt", MessageRole::System, None),
];

/// The label at the start of `line`, if there is one. Four spaces or a tab before it make code of it.
pub(super) fn label(line: &str) -> Option<Label> {
    let unindented = line.trim_start_matches(' ');
    if line.len() - unindented.len() > 3 {
        return None;
    }
    let (heading, rest) = heading(unindented);
    let (emphasis, rest) = emphasis(rest);
    NAMES.iter().find_map(|&(name, role, title)| {
        let after_name = without_prefix(rest, name)?;
        let after_said = without_prefix(after_name, " said");
        let tail = tail(after_said.unwrap_or(after_name), emphasis)?;
        // A heading or "said" makes a label of a name alone on its line; a bare name there is just a word.
        let alone = tail.rest.trim().is_empty();
        let ok = match (heading, after_said.is_some()) {
            (true, _) => alone,
            (false, true) => tail.colon || alone,
            (false, false) => tail.colon,
        };
        let style = match (after_said.is_some(), heading, emphasis.is_empty()) {
            (true, _, _) => Style::Said,
            (false, true, _) => Style::Heading,
            (false, false, false) => Style::Emphasis,
            (false, false, true) => Style::Plain,
        };
        let text = tail.rest.trim_start_matches([' ', '\t']);
        ok.then(|| Label { role, title, style, width: line.len() - text.len() })
    })
}

fn heading(text: &str) -> (bool, &str) {
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    if (1..=6).contains(&level) && rest.starts_with([' ', '\t']) { (true, rest.trim_start()) } else { (false, text) }
}

fn emphasis(text: &str) -> (&str, &str) {
    let width = text.bytes().take(3).take_while(|&b| b == b'*').count();
    let width = if width > 0 { width } else { text.bytes().take(2).take_while(|&b| b == b'_').count() };
    text.split_at(width)
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

struct Tail<'a> {
    colon: bool,
    rest: &'a str,
}

/// What follows a name: the colon and the end of the emphasis, in either order.
fn tail<'a>(text: &'a str, emphasis: &str) -> Option<Tail<'a>> {
    let (before, text) = colon(text);
    let text = text.strip_prefix(emphasis)?;
    let (after, rest) = if before { (false, text) } else { colon(text) };
    let colon = before || after;
    // `User::new`, `user:/path`, `users`, `User-defined`: the name is a part of something longer.
    let goes_on = if colon {
        rest.starts_with([':', '/', '\\', '='])
    } else {
        !rest.is_empty() && !rest.starts_with([' ', '\t'])
    };
    (!goes_on).then_some(Tail { colon, rest })
}

fn colon(text: &str) -> (bool, &str) {
    // The wide colon is what Chinese and Japanese keyboards type.
    text.strip_prefix([':', '：']).map_or((false, text), |rest| (true, rest))
}
