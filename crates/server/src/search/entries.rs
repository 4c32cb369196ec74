//! What of a conversation can be found: pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use sha2::{Digest, Sha256};
use shared::{
    api::SearchKind,
    document::{self, DEFAULT_TAGS, Roots},
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
    prose,
};
use uuid::Uuid;
use yrs::{Doc, GetString, Transact};

use super::{
    query::{author_mark, kind_mark, tag_mark},
    words::{Stems, words},
};

/// How entries are made. To be raised when they are made otherwise: everything is made anew then, beside those who search.
pub(super) const VERSION: i16 = 4;

/// Characters of an entry's text: Postgres knows 16,383 places in one, and what is found is to be seen at once.
const PASSAGE: usize = 3_000;

/// Characters that a passage has in common with the next, where no paragraph ends between them: a phrase is found there too.
const OVERLAP: usize = 200;

/// Passages of one text: what comes after them is not found. A message of 1 MiB has 400.
const MAX_PASSAGES: usize = 1_000;

/// Something that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: SearchKind,
    pub(super) key: String,
    pub(super) author: Option<UserId>,
    pub(super) message: Option<MessageId>,
    pub(super) highlight: Option<HighlightId>,
    pub(super) comment: Option<CommentId>,
    pub(super) body: String,
    /// Names of the tags on it.
    tags: Vec<String>,
}

impl Entry {
    fn new(kind: SearchKind, key: impl ToString, body: String) -> Self {
        // Postgres stores no NUL.
        let body = body.replace('\0', " ");
        let (author, message, highlight, comment, tags) = (None, None, None, None, Vec::new());
        Self { kind, key: key.to_string(), author, message, highlight, comment, body, tags }
    }

    /// Of everything: the same in, the same out.
    pub(super) fn hash(&self) -> Vec<u8> {
        let ids = [
            self.author.map(|id| id.uuid()),
            self.message.map(|id| id.uuid()),
            self.highlight.map(|id| id.uuid()),
            self.comment.map(|id| id.uuid()),
        ];
        let mut hash = Sha256::new();
        hash.update(VERSION.to_be_bytes());
        ids.iter().for_each(|id| hash.update(id.unwrap_or(Uuid::nil()).as_bytes()));
        for text in self.tags.iter().chain([&self.body]) {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        }
        hash.finalize()[..16].to_vec()
    }

    /// Its words and marks as a `tsvector` in its written form. All are letters, digits and signs of ours: nothing to escape.
    pub(super) fn words(&self) -> String {
        let mut places = BTreeMap::<String, Vec<usize>>::new();
        let stems = Stems::of(&self.body);
        for (place, word) in words(&self.body).into_iter().enumerate() {
            let stem = stems.stem(word.at.start, &self.body[word.at.clone()]);
            if !stem.is_empty() {
                places.entry(format!("~{stem}")).or_default().push(place + 1);
            }
            places.entry(word.folded).or_default().push(place + 1);
        }
        let author = self.author.map(|author| author_mark(&author.to_string()));
        let marks = self.tags.iter().filter_map(|tag| tag_mark(tag)).chain(author).chain([kind_mark(self.kind)]);
        places.extend(marks.map(|mark| (mark, Vec::new())));
        let mut out = String::new();
        for (word, places) in places {
            out.push('\'');
            out.push_str(&word);
            out.push_str("' ");
            if !places.is_empty() {
                let numbers: Vec<String> = places.iter().map(usize::to_string).collect();
                out.pop();
                out.push(':');
                out.push_str(&numbers.join(","));
                out.push(' ');
            }
        }
        out
    }
}

/// Of the title and the messages, which are `(id, canonical text)`.
pub(super) fn of_messages(title: String, messages: Vec<(MessageId, String)>) -> Vec<Entry> {
    let mut entries = vec![Entry::new(SearchKind::Title, "title", title)];
    for (message, text) in messages {
        let passages = passages(&text).into_iter();
        entries.extend(passages.map(|at| Entry {
            message: Some(message),
            ..Entry::new(SearchKind::Message, format!("{message}:{}", at.start), text[at].to_owned())
        }));
    }
    entries
}

/// Whether a new document has this tag by itself.
fn is_default(name: &str, description: &str) -> bool {
    DEFAULT_TAGS.iter().any(|(of_seed, _, describes)| (*of_seed, *describes) == (name, description))
}

/// Of the document: nothing that is deleted is found.
pub(super) fn of_document(doc: &Doc) -> Vec<Entry> {
    let roots = Roots::of(doc);
    let responses = document::responses(doc);
    let txn = doc.transact();
    let mut entries = Vec::new();
    let mut names = BTreeMap::<TagId, String>::new();
    let highlights = document::highlights(&roots, &txn);
    let used: BTreeSet<TagId> = highlights.iter().flat_map(|highlight| &highlight.tags).map(|(tag, _)| *tag).collect();
    for tag in document::tags(&roots, &txn) {
        // Every conversation begins with the same tags: until somebody uses one, it is nothing that anybody wrote there.
        if used.contains(&tag.id) || !is_default(&tag.name, &tag.description) {
            let body = cut(&format!("{}\n{}", tag.name, tag.description));
            entries.push(Entry { author: Some(tag.author), ..Entry::new(SearchKind::Tag, tag.id, body) });
        }
        names.insert(tag.id, tag.name);
    }
    for highlight in highlights {
        let tags: Vec<String> = highlight.tags.iter().filter_map(|(tag, _)| names.get(tag).cloned()).collect();
        let quotes: Vec<&str> = highlight.targets.iter().map(|target| target.exact.as_str()).collect();
        entries.push(Entry {
            author: Some(highlight.author),
            highlight: Some(highlight.id),
            tags: tags.clone(),
            ..Entry::new(SearchKind::Highlight, highlight.id, cut(&quotes.join("\n")))
        });
        for comment in highlight.comments.into_iter().filter(|comment| !comment.deleted) {
            entries.push(Entry {
                author: Some(comment.author),
                highlight: Some(highlight.id),
                comment: Some(comment.id),
                tags: tags.clone(),
                ..Entry::new(
                    SearchKind::Comment,
                    format!("{}:{}", highlight.id, comment.id),
                    cut(&prose::words(&comment.body)),
                )
            });
        }
    }
    entries.extend(long(SearchKind::Notes, None, &roots.notes.get_string(&txn)));
    for (author, text) in responses {
        entries.extend(long(SearchKind::Response, Some(author), &text));
    }
    // Ids are their writers' own, and one may stand twice: then the first of them is found.
    entries.sort_by(|a, b| (a.kind.as_str(), &a.key).cmp(&(b.kind.as_str(), &b.key)));
    entries.dedup_by(|a, b| (a.kind, &a.key) == (b.kind, &b.key));
    entries
}

fn long(kind: SearchKind, author: Option<UserId>, text: &str) -> Vec<Entry> {
    let of = author.map(|author| format!("{author}:")).unwrap_or_default();
    let entry = |(number, at): (usize, Range<usize>)| Entry {
        author,
        ..Entry::new(kind, format!("{of}{number}"), text[at].to_owned())
    };
    passages(text).into_iter().enumerate().map(entry).collect()
}

/// What is longer than a passage is found by its beginning.
fn cut(text: &str) -> String {
    text.trim().chars().take(PASSAGE).collect()
}

/// A text in pieces, in bytes: whole paragraphs, as many as fit in one, and parts of a paragraph that is longer.
fn passages(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() && pieces.len() < MAX_PASSAGES {
        let rest = &text[start..];
        let Some((limit, _)) = rest.char_indices().nth(PASSAGE) else {
            pieces.push(start..text.len());
            break;
        };
        let within = &rest[..limit];
        let next = match within.rfind('\n').map(|at| at + 1) {
            Some(end) => {
                pieces.push(start..start + end);
                end
            }
            None => {
                let end = within.rfind(char::is_whitespace).filter(|end| *end > limit / 2).unwrap_or(limit);
                pieces.push(start..start + end);
                let back = rest[..end].char_indices().rev().nth(OVERLAP).map_or(end, |(at, _)| at);
                let word = rest[back..end].find(char::is_whitespace).map_or(back, |at| back + at);
                if word == 0 { end } else { word }
            }
        };
        start += next;
    }
    pieces.retain(|piece| !text[piece.clone()].trim().is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_letter_is_in_a_passage(
            text in proptest::collection::vec("[a数é \n]{0,1500}", 0..8).prop_map(|parts| parts.concat())
        ) {
            let mut end = 0;
            for piece in passages(&text) {
                prop_assert!(text[end.min(piece.start)..piece.start].trim().is_empty(), "nothing is left out");
                prop_assert!(piece.end > end && text[piece.clone()].chars().count() <= PASSAGE);
                end = piece.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }

    #[test]
    fn a_phrase_across_the_end_of_a_passage_is_in_one_of_them() {
        let text = "word ".repeat(2_000);
        let pieces = passages(&text);
        assert!(pieces.len() > 3);
        assert!(pieces.windows(2).all(|two| two[1].start < two[0].end), "{pieces:?}");
    }

    #[test]
    fn an_entry_is_written_as_postgres_reads_it() {
        let entry = Entry {
            tags: vec!["Open Question".into(), "…".into()],
            ..Entry::new(SearchKind::Comment, "k", "It's a cat, the cat's".into())
        };
        let words = entry.words();
        assert!(words.contains("'cat':4,6 "), "{words}");
        assert!(words.contains("'#in:comment' ") && words.contains("'#tag:open_question' "), "{words}");
        assert_ne!(entry.hash(), Entry { tags: Vec::new(), ..entry.clone() }.hash());
    }
}
