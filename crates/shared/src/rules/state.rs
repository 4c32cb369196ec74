//! The parts of a document that an update touches, as they are at one moment.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{Any, Map, MapRef, Out, ReadTxn};

use super::places::{CommentField, GroupField, HighlightField, Place, TagField};
use crate::{
    document::Roots,
    ids::{CommentId, HighlightId, TagGroupId, TagId},
};

/// Values of a map by key. Of a map inside it only that it is there.
pub(super) type Fields = BTreeMap<&'static str, Any>;

/// A highlight, with those of its tags and comments that are touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Highlight {
    pub(super) fields: Fields,
    pub(super) tags: BTreeMap<TagId, Any>,
    pub(super) comments: BTreeMap<CommentId, Fields>,
}

/// What an update touches: before it is applied, or after. What is not there has no entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub(super) highlights: BTreeMap<HighlightId, Highlight>,
    pub(super) tags: BTreeMap<TagId, Fields>,
    pub(super) groups: BTreeMap<TagGroupId, Fields>,
    /// All of it, if any of it is touched.
    pub(super) meta: BTreeMap<String, Any>,
}

impl State {
    /// Reads what stands at these places.
    pub fn read(roots: &Roots, txn: &impl ReadTxn, touched: &BTreeSet<Place>) -> Self {
        let mut state = Self::default();
        for place in touched {
            state.take(roots, txn, *place);
        }
        state
    }

    fn take(&mut self, roots: &Roots, txn: &impl ReadTxn, place: Place) {
        match place {
            Place::Highlight(id) | Place::HighlightField(id, _) => self.highlight(roots, txn, id),
            Place::HighlightTag(id, tag) => {
                self.highlight(roots, txn, id);
                let value = nested(&roots.highlights, txn, &id.to_string())
                    .and_then(|map| nested(&map, txn, HighlightField::Tags.key()))
                    .and_then(|tags| value(&tags, txn, &tag.to_string()));
                if let (Some(highlight), Some(value)) = (self.highlights.get_mut(&id), value) {
                    highlight.tags.insert(tag, value);
                }
            }
            Place::Comment(id, comment) | Place::CommentField(id, comment, _) => {
                self.highlight(roots, txn, id);
                let Some(highlight) = self.highlights.get_mut(&id) else { return };
                if let Some(map) = comment_map(roots, txn, id, comment) {
                    let keys = CommentField::ALL.iter().map(|field| field.key());
                    highlight.comments.entry(comment).or_insert_with(|| fields(&map, txn, keys));
                }
            }
            Place::Tag(id) | Place::TagField(id, _) => {
                if let Some(map) = nested(&roots.tags, txn, &id.to_string()) {
                    let keys = TagField::ALL.iter().map(|field| field.key());
                    self.tags.entry(id).or_insert_with(|| fields(&map, txn, keys));
                }
            }
            Place::Group(id) | Place::GroupField(id, _) => {
                if let Some(map) = nested(&roots.tag_groups, txn, &id.to_string()) {
                    let keys = GroupField::ALL.iter().map(|field| field.key());
                    self.groups.entry(id).or_insert_with(|| fields(&map, txn, keys));
                }
            }
            Place::Meta => {
                let keys = roots.meta.keys(txn).map(str::to_owned);
                self.meta = keys.filter_map(|key| Some((key.clone(), value(&roots.meta, txn, &key)?))).collect();
            }
            Place::Notes | Place::Response(_) | Place::Unknown => {}
        }
    }

    fn highlight(&mut self, roots: &Roots, txn: &impl ReadTxn, id: HighlightId) {
        if !self.highlights.contains_key(&id)
            && let Some(map) = nested(&roots.highlights, txn, &id.to_string())
        {
            let fields = fields(&map, txn, HighlightField::ALL.iter().map(|field| field.key()));
            self.highlights.insert(id, Highlight { fields, ..Highlight::default() });
        }
    }
}

/// A comment's map.
pub(super) fn comment_map(
    roots: &Roots,
    txn: &impl ReadTxn,
    highlight: HighlightId,
    comment: CommentId,
) -> Option<MapRef> {
    let highlight = nested(&roots.highlights, txn, &highlight.to_string())?;
    let comments = nested(&highlight, txn, HighlightField::Comments.key())?;
    nested(&comments, txn, &comment.to_string())
}

/// A map inside a map.
pub(super) fn nested(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

/// A plain value. A map inside is only said to be there.
fn value(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<Any> {
    match map.get(txn, key) {
        Some(Out::Any(any)) => Some(any),
        Some(_) => Some(Any::Bool(true)),
        None => None,
    }
}

fn fields(map: &MapRef, txn: &impl ReadTxn, keys: impl Iterator<Item = &'static str>) -> Fields {
    keys.filter_map(|key| Some((key, value(map, txn, key)?))).collect()
}
