//! What each unit of content is a part of. An item whose parent is implied by a neighbour (its origin) finds it here:
//! for each Yjs client, runs of clocks and what they belong to. Long runs of text are one entry.

use std::collections::HashMap;

use super::Refusal;
use crate::{
    ids::{CommentId, HighlightId, TagGroupId, TagId, UserId},
    sync::prescan::Id,
};

/// A part of the document that changes as a whole: a value, a map, or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The map of a highlight.
    Highlight(HighlightId),
    /// A value in it, or its map of tags or comments.
    HighlightField(HighlightId, HighlightField),
    /// A tag on a highlight: its place on the board.
    HighlightTag(HighlightId, TagId),
    /// The map of a comment.
    Comment(HighlightId, CommentId),
    /// A value in it.
    CommentField(HighlightId, CommentId, CommentField),
    /// The map of a tag.
    Tag(TagId),
    /// A value in it.
    TagField(TagId, TagField),
    /// The map of a group of tags.
    Group(TagGroupId),
    /// A value in it.
    GroupField(TagGroupId, GroupField),
    /// The shared notes.
    Notes,
    /// A member's response.
    Response(UserId),
    /// What the server alone writes.
    Meta,
    /// Something stored that is not of the schema. Nothing new belongs there.
    Unknown,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident { $($field:ident = $key:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the schema in `docs/annotation-schema.md` says what each is")]
        pub enum $name { $($field),* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$field),*];

            /// Its key in the map.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$field => $key),* }
            }

            fn named(key: &str) -> Result<Self, Refusal> {
                Self::ALL.iter().copied().find(|field| field.key() == key).ok_or(Refusal::UnknownKey)
            }
        }
    )*};
}

fields! {
    /// The keys of a highlight.
    HighlightField {
        Targets = "targets", Author = "author", CreatedAt = "created_at", Tags = "tags", Resolved = "resolved",
        Deleted = "deleted", Comments = "comments",
    }
    /// The keys of a comment.
    CommentField {
        Author = "author", CreatedAt = "created_at", Body = "body", EditedAt = "edited_at", Parent = "parent",
        Deleted = "deleted",
    }
    /// The keys of a tag.
    TagField {
        Name = "name", Colour = "colour", Description = "description", Group = "group", Order = "order",
        Locked = "locked", Author = "author", Deleted = "deleted", MergedInto = "merged_into",
    }
    /// The keys of a group of tags.
    GroupField { Name = "name", Colour = "colour", Order = "order", Author = "author", Deleted = "deleted" }
}

/// Something that holds places: a root, or a map within one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder {
    Highlights,
    Tags,
    Groups,
    Notes,
    Response(UserId),
    Meta,
    Highlight(HighlightId),
    HighlightTags(HighlightId),
    Comments(HighlightId),
    Comment(HighlightId, CommentId),
    Tag(TagId),
    Group(TagGroupId),
}

impl Holder {
    pub(super) fn root(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "highlights" => Self::Highlights,
            "tags" => Self::Tags,
            "tag_groups" => Self::Groups,
            "notes" => Self::Notes,
            "meta" => Self::Meta,
            _ => {
                let user = name.strip_prefix("response:").ok_or(Refusal::UnknownRoot)?;
                Self::Response(user.parse().map_err(|_| Refusal::UnknownRoot)?)
            }
        })
    }

    /// What the holder has under a key; texts have no keys, maps nothing else.
    pub(super) fn child(self, key: Option<&str>) -> Result<Place, Refusal> {
        let key = match (self, key) {
            (Self::Notes, None) => return Ok(Place::Notes),
            (Self::Response(user), None) => return Ok(Place::Response(user)),
            (Self::Meta, _) => return Ok(Place::Meta),
            (Self::Notes | Self::Response(_), Some(_)) => return Err(Refusal::UnknownKey),
            (_, None) => return Err(Refusal::UnknownKind),
            (_, Some(key)) => key,
        };
        Ok(match self {
            Self::Highlights => Place::Highlight(id(key)?),
            Self::Tags => Place::Tag(id(key)?),
            Self::Groups => Place::Group(id(key)?),
            Self::Highlight(highlight) => Place::HighlightField(highlight, HighlightField::named(key)?),
            Self::HighlightTags(highlight) => Place::HighlightTag(highlight, id(key)?),
            Self::Comments(highlight) => Place::Comment(highlight, id(key)?),
            Self::Comment(highlight, comment) => Place::CommentField(highlight, comment, CommentField::named(key)?),
            Self::Tag(tag) => Place::TagField(tag, TagField::named(key)?),
            Self::Group(group) => Place::GroupField(group, GroupField::named(key)?),
            Self::Notes | Self::Response(_) | Self::Meta => return Err(Refusal::UnknownKey),
        })
    }
}

fn id<T: std::str::FromStr>(key: &str) -> Result<T, Refusal> {
    key.parse().map_err(|_| Refusal::InvalidId)
}

impl Place {
    /// What the map at this place holds, if one belongs there.
    pub(super) fn holder(self) -> Option<Holder> {
        match self {
            Self::Highlight(id) => Some(Holder::Highlight(id)),
            Self::HighlightField(id, HighlightField::Tags) => Some(Holder::HighlightTags(id)),
            Self::HighlightField(id, HighlightField::Comments) => Some(Holder::Comments(id)),
            Self::Comment(highlight, id) => Some(Holder::Comment(highlight, id)),
            Self::Tag(id) => Some(Holder::Tag(id)),
            Self::Group(id) => Some(Holder::Group(id)),
            _ => None,
        }
    }

    /// Whether it is a text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Notes | Self::Response(_))
    }
}

/// Units `start..end` of one client, all of one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) place: Place,
}

/// The places of all units of a document, without holes.
#[derive(Debug, Clone, Default)]
pub struct Places {
    clients: HashMap<u64, Vec<Run>>,
}

impl Places {
    /// What this unit is a part of.
    pub fn at(&self, id: Id) -> Option<Place> {
        let runs = self.clients.get(&id.client)?;
        let run = runs.get(runs.partition_point(|run| run.end <= id.clock))?;
        (run.start <= id.clock).then_some(run.place)
    }

    /// The places of units `start..end` of a client, each once where neighbours agree.
    pub fn within(&self, client: u64, start: u32, end: u32) -> impl Iterator<Item = Place> {
        let runs = self.clients.get(&client).map_or(&[][..], Vec::as_slice);
        let from = runs.partition_point(|run| run.end <= start);
        runs[from..].iter().take_while(move |run| run.start < end).map(|run| run.place)
    }

    /// Takes the places of units behind those that are known. Runs of a client come in rising order.
    pub(super) fn extend(&mut self, client: u64, run: Run) {
        let runs = self.clients.entry(client).or_default();
        match runs.last_mut() {
            Some(last) if last.end == run.start && last.place == run.place => last.end = run.end,
            _ => runs.push(run),
        }
    }

    /// How many runs are kept, as a measure of memory.
    pub fn len(&self) -> usize {
        self.clients.values().map(Vec::len).sum()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}
