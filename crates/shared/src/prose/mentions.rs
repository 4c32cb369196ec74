//! Mentions: `[@Ann Lee](mention:{id})`, a link with a scheme of our own, so that whoever reads the Markdown elsewhere
//! reads the name.

use super::html;
use crate::ids::UserId;

/// What the address of a mention begins with; the id of an author follows, and nothing else.
const SCHEME: &str = "mention:";

/// What stands before the id in HTML. Nobody's text holds it: there `<` is a reference.
const OPENS: &str = "<span class=\"mention\" data-user=\"";

/// Whom an address mentions, if it is a mention's.
pub(super) fn mentioned(url: &str) -> Option<UserId> {
    url.strip_prefix(SCHEME)?.parse().ok()
}

/// The tag that opens a mention.
pub(super) fn opening(user: UserId) -> String {
    let mut html = OPENS.to_owned();
    html.push_str(&user.to_string());
    html.push_str("\">");
    html
}

/// Whom a text mentions, each once, in their order. What stands in code mentions nobody: it is asked of what is shown.
pub fn mentions(source: &str) -> Vec<UserId> {
    let mut users = Vec::new();
    if source.contains("](mention:") {
        for piece in html(source).split(OPENS).skip(1) {
            if let Some(user) = piece.get(..36).and_then(|id| id.parse().ok())
                && !users.contains(&user)
            {
                users.push(user);
            }
        }
    }
    users
}

/// As [`html`], for somebody who reads: what mentions them has `data-own`.
pub fn html_for(source: &str, reader: UserId) -> String {
    let html = html(source);
    let own = opening(reader);
    if html.contains(&own) { html.replace(&own, &own.replace('>', " data-own>")) } else { html }
}

/// A text in which somebody is called another name wherever it mentions them; nothing where they are called that already,
/// or not mentioned. What stands in code is changed too.
pub fn with_name(source: &str, user: UserId, name: &str) -> Option<String> {
    let (link, opens) = (SCHEME.to_owned() + &user.to_string(), opens_link(name));
    let folded = source.to_ascii_lowercase();
    let (mut text, mut taken) = (String::new(), 0);
    for (at, _) in folded.match_indices(&link) {
        let before = source[taken..at].trim_end_matches(|letter: char| letter == '<' || letter.is_whitespace());
        let Some(words) = before.strip_suffix("](") else { continue };
        let Some(begins) = opening_bracket(words) else { continue };
        text.push_str(&words[..begins]);
        text.push_str(&opens);
        text.push_str(&link);
        // Behind it may stand a bracket for the one that is gone, which is part of the link as well.
        taken = at + link.len();
        if source[taken..].starts_with('>') {
            taken += 1;
        }
    }
    text.push_str(&source[taken..]);
    (text != source).then_some(text)
}

/// Where the bracket stands that begins a link with these words before its other bracket.
fn opening_bracket(text: &str) -> Option<usize> {
    let mut open = 0;
    for (at, letter) in text.char_indices().rev().filter(|(_, letter)| matches!(letter, '[' | ']')) {
        let slashes = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        match letter {
            _ if slashes % 2 == 1 => {}
            ']' => open += 1,
            _ if open == 0 => return Some(at),
            _ => open -= 1,
        }
    }
    None
}

/// A mention as it is written.
pub fn mention(name: &str, user: UserId) -> String {
    let mut text = opens_link(name);
    text.push_str(SCHEME);
    text.push_str(&user.to_string());
    text.push(')');
    text
}

/// What stands before the address in a mention of somebody with this name.
fn opens_link(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 50);
    text.push_str("[@");
    for letter in name.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<' | '&' => text.extend(['\\', letter]),
            _ if letter.is_control() => text.push(' '),
            _ => text.push(letter),
        }
    }
    text.push_str("](");
    text
}
