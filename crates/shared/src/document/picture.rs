//! What a document says, as plain Rust values. Reading is lenient: an entry that is not of the schema (an outside
//! client's, before the rules refused it) is passed over, never a panic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use yrs::{Doc, GetString, Map, MapRef, Out, ReadTxn, Transact};

use super::{Roots, responses};
use crate::{
    ids::{CommentId, HighlightId, TagGroupId, TagId, UserId},
    order::sorted_by,
    selector::Target,
};

/// Who did something, and when (milliseconds since 1970, the author's clock).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: i64,
}

/// A highlight with its thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Highlight {
    /// Its id.
    pub id: HighlightId,
    /// What is marked: a range of each message that it touches, in the order of the text.
    pub targets: Vec<Target>,
    /// Who made it.
    pub author: UserId,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
    /// Its tags with their place on the board, by that place.
    pub tags: Vec<(TagId, f64)>,
    /// Whether the thread is resolved.
    pub resolved: Option<Stamp>,
    /// Whether it is deleted.
    pub deleted: Option<Stamp>,
    /// Its comments, oldest first.
    pub comments: Vec<Comment>,
}

/// A comment of a highlight's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Who wrote it.
    pub author: UserId,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
    /// Its text; empty when deleted.
    pub body: String,
    /// When it was last edited.
    pub edited_at: Option<i64>,
    /// What it answers; may name a deleted comment.
    pub parent: Option<CommentId>,
    /// Whether it is deleted.
    pub deleted: bool,
}

/// A tag of the conversation's vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its name.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// What it is for.
    pub description: String,
    /// The group it stands in.
    pub group: Option<TagGroupId>,
    /// Its place among the tags.
    pub order: f64,
    /// Whether staff alone may change it.
    pub locked: bool,
    /// Who made it.
    pub author: UserId,
}

/// What a document says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Those that are not deleted, oldest first.
    pub highlights: Vec<Highlight>,
    /// Those that are not deleted, in their order.
    pub tags: Vec<Tag>,
    /// The shared notes, Markdown.
    pub notes: String,
    /// What each member wrote in answer, Markdown.
    pub responses: Vec<(UserId, String)>,
}

impl Picture {
    /// May take milliseconds for a large document. No transaction may be open.
    pub fn of(doc: &Doc) -> Self {
        let (roots, responses) = (Roots::of(doc), responses(doc));
        let txn = doc.transact();
        let (highlights, tags) = (highlights(&roots, &txn), tags(&roots, &txn));
        Self { highlights, tags, notes: roots.notes.get_string(&txn), responses }
    }
}

pub(super) fn field<T: DeserializeOwned>(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<T> {
    map.get_as(txn, key).ok()
}

/// A field that may be missing or null.
pub(super) fn optional<T: DeserializeOwned>(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<T> {
    field::<Option<T>>(map, txn, key).flatten()
}

fn nested(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

/// The ids of all highlights, deleted ones too, in no particular order.
pub fn highlight_ids(roots: &Roots, txn: &impl ReadTxn) -> Vec<HighlightId> {
    roots.highlights.keys(txn).filter_map(|key| key.parse().ok()).collect()
}

/// The highlight of that id, deleted or not.
pub fn highlight(roots: &Roots, txn: &impl ReadTxn, id: HighlightId) -> Option<Highlight> {
    let map = nested(&roots.highlights, txn, &id.to_string())?;
    let targets: Vec<Target> = field(&map, txn, "targets")?;
    if targets.is_empty() {
        return None;
    }
    Some(Highlight {
        id,
        targets,
        author: field(&map, txn, "author")?,
        created_at: field(&map, txn, "created_at")?,
        tags: highlight_tags(roots, &map, txn),
        resolved: optional(&map, txn, "resolved"),
        deleted: optional(&map, txn, "deleted"),
        comments: comments(&map, txn),
    })
}

/// Each tag once: what carries a merged tag carries the one that it became, where that does not stand there by itself.
fn highlight_tags(roots: &Roots, highlight: &MapRef, txn: &impl ReadTxn) -> Vec<(TagId, f64)> {
    let Some(entries) = nested(highlight, txn, "tags") else { return Vec::new() };
    let mut tags: Vec<(TagId, f64)> = Vec::new();
    let mut merged: Vec<(TagId, f64)> = Vec::new();
    for key in entries.keys(txn) {
        let (Ok(tag), Some(order)) = (key.parse(), field(&entries, txn, key)) else { continue };
        let current = current_tag(roots, txn, tag);
        if current == tag { tags.push((tag, order)) } else { merged.push((current, order)) }
    }
    let by_place = |(a_id, a): &(TagId, f64), (b_id, b): &(TagId, f64)| a.total_cmp(b).then(a_id.cmp(b_id));
    for (tag, order) in sorted_by(merged, by_place) {
        if tags.iter().all(|(own, _)| *own != tag) {
            tags.push((tag, order));
        }
    }
    sorted_by(tags, by_place)
}

/// The longest way from a merged tag to what it became, as the rules have it.
const MAX_MERGES: usize = 1_000;

/// What a tag has become by merging; itself, if it was not merged.
pub fn current_tag(roots: &Roots, txn: &impl ReadTxn, tag: TagId) -> TagId {
    let mut current = tag;
    for _ in 0..MAX_MERGES {
        let map = nested(&roots.tags, txn, &current.to_string());
        match map.and_then(|map| optional::<TagId>(&map, txn, "merged_into")) {
            Some(next) => current = next,
            None => return current,
        }
    }
    // Two merges made at once, offline, may have led in a circle: then nothing is mapped.
    tag
}

/// The tags that were merged into others, with what they became.
pub fn merged_tags(roots: &Roots, txn: &impl ReadTxn) -> BTreeMap<TagId, TagId> {
    let ids = roots.tags.keys(txn).filter_map(|key| key.parse().ok());
    ids.map(|id| (id, current_tag(roots, txn, id))).filter(|(id, current)| id != current).collect()
}

fn comments(highlight: &MapRef, txn: &impl ReadTxn) -> Vec<Comment> {
    let Some(entries) = nested(highlight, txn, "comments") else { return Vec::new() };
    let comments: Vec<Comment> = entries
        .iter(txn)
        .filter_map(|(key, value)| {
            let Out::YMap(map) = value else { return None };
            Some(Comment {
                id: key.parse().ok()?,
                author: field(&map, txn, "author")?,
                created_at: field(&map, txn, "created_at")?,
                body: field(&map, txn, "body")?,
                edited_at: optional(&map, txn, "edited_at"),
                parent: optional(&map, txn, "parent"),
                deleted: optional(&map, txn, "deleted").unwrap_or(false),
            })
        })
        .collect();
    sorted_by(comments, |a, b| (a.created_at, a.id).cmp(&(b.created_at, b.id)))
}

/// All highlights that are not deleted, oldest first.
pub fn highlights(roots: &Roots, txn: &impl ReadTxn) -> Vec<Highlight> {
    let all: Vec<Highlight> = highlight_ids(roots, txn)
        .into_iter()
        .filter_map(|id| highlight(roots, txn, id))
        .filter(|h| h.deleted.is_none())
        .collect();
    sorted_by(all, |a, b| (a.created_at, a.id).cmp(&(b.created_at, b.id)))
}

/// A tag's name has 1 to this many characters.
pub const MAX_TAG_NAME_CHARS: usize = 100;

/// Others write names and colours: what is shown is always something to press, and a colour.
fn shown_name(name: &str) -> String {
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(MAX_TAG_NAME_CHARS).collect();
    if name.is_empty() { "Unnamed".to_owned() } else { name }
}

fn shown_colour(colour: String) -> String {
    let is_colour = colour
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if is_colour { colour } else { "#6a655b".to_owned() }
}

/// A group of tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TagGroup {
    /// Its id.
    pub id: TagGroupId,
    /// Its name.
    pub name: String,
    /// Its place among the groups.
    pub order: f64,
    /// Who made it.
    pub author: UserId,
}

/// The groups of tags that are not deleted, in their order.
pub fn groups(roots: &Roots, txn: &impl ReadTxn) -> Vec<TagGroup> {
    let group = |(key, value): (&str, Out)| {
        let Out::YMap(map) = value else { return None };
        if optional::<bool>(&map, txn, "deleted") == Some(true) {
            return None;
        }
        Some(TagGroup {
            id: key.parse().ok()?,
            name: shown_name(&field::<String>(&map, txn, "name")?),
            order: field(&map, txn, "order")?,
            author: field(&map, txn, "author")?,
        })
    };
    let groups = roots.tag_groups.iter(txn).filter_map(group).collect();
    sorted_by(groups, |a: &TagGroup, b| a.order.total_cmp(&b.order).then(a.id.cmp(&b.id)))
}

/// The tags that are not deleted, in their order.
pub fn tags(roots: &Roots, txn: &impl ReadTxn) -> Vec<Tag> {
    let tags: Vec<Tag> = roots
        .tags
        .iter(txn)
        .filter_map(|(key, value)| {
            let Out::YMap(map) = value else { return None };
            if optional::<bool>(&map, txn, "deleted") == Some(true) {
                return None;
            }
            Some(Tag {
                id: key.parse().ok()?,
                name: shown_name(&field::<String>(&map, txn, "name")?),
                colour: shown_colour(field(&map, txn, "colour")?),
                description: field(&map, txn, "description").unwrap_or_default(),
                group: optional(&map, txn, "group"),
                order: field(&map, txn, "order")?,
                locked: optional(&map, txn, "locked").unwrap_or(false),
                author: field(&map, txn, "author")?,
            })
        })
        .collect();
    sorted_by(tags, |a, b| a.order.total_cmp(&b.order).then(a.id.cmp(&b.id)))
}
