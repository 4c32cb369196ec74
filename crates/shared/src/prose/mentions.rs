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

/// A mention as it is written.
pub fn mention(name: &str, user: UserId) -> String {
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
    text.push_str(SCHEME);
    text.push_str(&user.to_string());
    text.push(')');
    text
}
