use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person};
use crate::ids::{CommentId, ConversationId, HighlightId, MessageId};

/// Characters of a search at most.
pub const MAX_QUERY_CHARS: usize = 400;

/// Conversations on a page of results at most.
pub const MAX_RESULTS_A_PAGE: u32 = 50;

/// `GET /api/v1/search?q=&after=&limit=`: looks through all conversations that the caller may see, the best first.
///
/// Words are looked for in all their forms; `"in quotes"` as they stand; `begin*`; `-without`; `tag:`, `by:` (a name, or
/// `me`) and `in:` ([`SearchKind::filter`]) narrow it. All of it holds for one thing: a message's passage, a comment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What to look for.
    pub q: String,
    /// [`SearchResults::next`] of the answer before.
    #[serde(default)]
    pub after: Option<String>,
    /// Conversations, 1 to [`MAX_RESULTS_A_PAGE`]; 20 where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Endpoint for Search {
    const METHOD: Method = Method::Get;
    type Reply = SearchResults;

    fn path(&self) -> String {
        let after = self.after.as_deref().map(|after| ["&after=", &encoded(after)].concat()).unwrap_or_default();
        let limit = self.limit.map(|limit| ["&limit=", &limit.to_string()].concat()).unwrap_or_default();
        ["/api/v1/search?q=", &encoded(&self.q), &after, &limit].concat()
    }
}

/// A part of a query, percent-encoded (RFC 3986, 2.3 and 2.1).
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |four: u8| char::from(b"0123456789ABCDEF"[usize::from(four & 15)]);
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
    out
}

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchKind {
    /// A conversation's title.
    Title,
    /// A passage of a message.
    Message,
    /// A highlight's quote.
    Highlight,
    /// A comment.
    Comment,
    /// A tag's name and description.
    Tag,
    /// A passage of the shared notes.
    Notes,
    /// A passage of somebody's response.
    Response,
}

impl SearchKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Title, Self::Message, Self::Highlight, Self::Comment, Self::Tag, Self::Notes, Self::Response];

    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Message => "message",
            Self::Highlight => "highlight",
            Self::Comment => "comment",
            Self::Tag => "tag",
            Self::Notes => "notes",
            Self::Response => "response",
        }
    }

    /// As `in:` calls all of them.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Title => "titles",
            Self::Message => "messages",
            Self::Highlight => "highlights",
            Self::Comment => "comments",
            Self::Tag => "tags",
            Self::Notes => "notes",
            Self::Response => "responses",
        }
    }
}

/// Conversations in which something was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchResults {
    /// The best first.
    pub results: Vec<SearchResult>,
    /// For the page after this one, if there is more.
    pub next: Option<String>,
    /// Whether more matches than is looked through: then only what is in the newest conversations is found.
    pub is_cut: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// Which.
    pub conversation: ConversationId,
    /// Its title.
    pub title: String,
    /// Of somebody else's copy of an activity: whose it is, as the caller knows them. All copies have one title.
    pub whose: Option<String>,
    /// What was found in it, the best first, three at most.
    pub hits: Vec<SearchHit>,
    /// How many things were found in it.
    pub found: i64,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchHit {
    /// What it is.
    pub kind: SearchKind,
    /// Some of its text around what was looked for.
    pub excerpt: Vec<ExcerptPiece>,
    /// Who wrote it, as the caller may see them; nobody for titles and messages.
    pub author: Option<Person>,
    /// The message, of a passage.
    pub message: Option<MessageId>,
    /// The highlight, of one or of a comment on it.
    pub highlight: Option<HighlightId>,
    /// The comment.
    pub comment: Option<CommentId>,
    /// The page that shows it, at its place.
    pub link: String,
}

/// A piece of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcerptPiece {
    /// Its text.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_one_part_of_an_address() {
        let search = Search { q: "a&b=c 数".into(), after: None, limit: Some(5) };
        assert_eq!(search.path(), "/api/v1/search?q=a%26b%3Dc%20%E6%95%B0&limit=5");
    }
}
