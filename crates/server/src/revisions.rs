//! The texts that a conversation has had. An edit (`edit.rs`) puts another text into the place of the present one, which is
//! kept with its document as it was left, and never changes. What is marked is looked for in the new text
//! (`anchors.rs`) and written into the document in the same transaction, as a new generation of it.

mod anchors;
mod edit;
mod show;

pub use edit::edit;
pub use show::{get, list};

/// A new text as it is sent, in bytes: a conversation's text at most, in an ordinary JSON spelling.
pub const MAX_BYTES: usize = 25 << 20;
