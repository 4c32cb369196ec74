//! The yrs document of one conversation (design section 5; `docs/annotation-schema.md` for outside clients).
//!
//! Nothing is removed, everything is marked: a highlight, tag or comment is deleted by a flag, so that a reply made
//! offline to something deleted meanwhile is neither lost nor an orphan, and undo is the flag taken back. Only a
//! highlight's tag entries are taken out again.

mod changes;
mod command;
mod edit;
mod hand_over;
mod picture;
mod position;
mod purge;
mod rename;
mod responses;
mod retarget;
mod seed;

/// All of a document as plain values.
pub mod whole;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use yrs::{Doc, MapRef, OffsetKind, Options, TextRef};

pub use changes::{Changes, Count, Letters};
pub use command::{Command, Refusal, Trace, execute, inverse, trace};
pub use edit::{TextEdit, difference, moved_past};
pub use hand_over::{Written, hand_over};
pub use picture::{
    Comment, Highlight, MAX_TAG_NAME_CHARS, Picture, Stamp, Tag, TagGroup, current_tag, groups, highlight,
    highlight_ids, highlights, merged_tags, tags,
};
pub use position::{Letter, Position};
pub use purge::{NAMELESS, Purge, Purged, deleted_tags, purge, purge_said, purge_typed, said_by};
pub use rename::{Rewritten, rename, rename_mentions, rename_typed};
pub use responses::{response, responses};
pub use retarget::retarget;
pub use seed::{DEFAULT_TAGS, seed};

/// The version of this schema, in `meta`.
pub const SCHEMA: i64 = 1;

/// A comment's length in characters (Unicode code points) at most.
pub const MAX_COMMENT_CHARS: usize = 10_000;

/// A text of the document that a person types into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Root {
    /// The shared notes.
    Notes,
    /// The person's own response.
    Response,
}

/// The roots of a document. They are made once, outside any transaction.
#[derive(Clone)]
pub struct Roots {
    /// `Map<HighlightId, Map>`
    pub highlights: MapRef,
    /// `Map<TagId, Map>`
    pub tags: MapRef,
    /// `Map<TagGroupId, Map>`
    pub tag_groups: MapRef,
    /// The shared notes, Markdown.
    pub notes: TextRef,
    /// The server's alone.
    pub meta: MapRef,
}

impl Roots {
    /// The roots of `doc`. No transaction may be open.
    pub fn of(doc: &Doc) -> Self {
        Self {
            highlights: doc.get_or_insert_map("highlights"),
            tags: doc.get_or_insert_map("tags"),
            tag_groups: doc.get_or_insert_map("tag_groups"),
            notes: doc.get_or_insert_text("notes"),
            meta: doc.get_or_insert_map("meta"),
        }
    }
}

/// An empty document as every replica of ours opens it: offsets in UTF-16 code units, as Yjs and the DOM count, and no
/// edits of its own making (yrs would otherwise tidy formatting that we do not use).
pub fn empty() -> Doc {
    Doc::with_options(Options { offset_kind: OffsetKind::Utf16, cleanup_formatting: false, ..Options::default() })
}
