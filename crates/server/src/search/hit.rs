//! One thing that was found, and the address of its place: pure.

use std::ops::Range;

use shared::{
    api::{Person, SearchHit, SearchKind, encoded},
    ids::{CommentId, ConversationId, HighlightId, MessageId},
};
use uuid::Uuid;

use super::{excerpt::excerpt, query::Query};

/// Characters by which an address tells words from the same words elsewhere.
const BEFORE: usize = 24;

/// An entry that matches.
pub(super) struct Row {
    pub(super) kind: SearchKind,
    /// What it is among those of its kind.
    pub(super) key: String,
    pub(super) author: Option<Uuid>,
    pub(super) message: Option<Uuid>,
    pub(super) highlight: Option<Uuid>,
    pub(super) comment: Option<Uuid>,
    pub(super) body: String,
}

/// It, with its address.
pub(super) fn hit(
    query: &Query,
    conversation: ConversationId,
    branches: bool,
    row: Row,
    author: Option<Person>,
) -> SearchHit {
    let (excerpt, first) = excerpt(&row.body, &query.terms);
    let message = row.message.map(MessageId::from_uuid);
    let highlight = row.highlight.map(HighlightId::from_uuid);
    let comment = row.comment.map(CommentId::from_uuid);
    let place = match (message, highlight, comment) {
        // Browsers that know of text fragments scroll to the words and mark them, the others to the message.
        (Some(message), ..) => {
            let branch = if branches { format!("?branch={message}") } else { String::new() };
            let fragment = |first: Range<usize>| format!(":~:text={}", encoded(&row.body[first]).replace('-', "%2D"));
            format!("{branch}#m-{message}{}", first.map(fragment).unwrap_or_default())
        }
        (None, Some(highlight), Some(comment)) => format!("#h={highlight}&c={comment}"),
        (None, Some(highlight), None) => format!("#h={highlight}"),
        (None, None, _) => match (row.kind, &author) {
            (SearchKind::Tag, _) => format!("#tag={}", row.key),
            (SearchKind::Notes, _) => format!("#tab=notes{}", words_at(&row.body, first)),
            (SearchKind::Response, Some(author)) => {
                format!("#tab=response&by={}{}", author.id, words_at(&row.body, first))
            }
            _ => String::new(),
        },
    };
    SearchHit {
        kind: row.kind,
        excerpt,
        author,
        message,
        highlight,
        comment,
        link: format!("/c/{conversation}{place}"),
    }
}

/// Words of a text as addresses name them, and some of what stands before them: they may stand there twice.
fn words_at(text: &str, at: Option<Range<usize>>) -> String {
    let Some(at) = at else { return String::new() };
    let start = text[..at.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(start, _)| start);
    let before = text[start..at.start].trim_start();
    let before = if before.is_empty() { String::new() } else { format!("&before={}", encoded(before)) };
    format!("{before}&words={}", encoded(&text[at]))
}

#[cfg(test)]
mod tests {
    use super::words_at;

    #[test]
    fn an_address_names_words_and_what_stands_before_them() {
        let text = "A first line of some length.\nThe clay & sand";
        let at = |words: &str| text.find(words).map(|start| start..start + words.len());
        assert_eq!(words_at(text, at("clay")), "&before=ine%20of%20some%20length.%0AThe%20&words=clay");
        assert_eq!(words_at(text, at("clay & sand")).rsplit('&').next(), Some("words=clay%20%26%20sand"));
        assert_eq!(words_at(text, at("A first")), "&words=A%20first");
        assert_eq!(words_at(text, None), "");
    }
}
