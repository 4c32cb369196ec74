//! The three units that meet here. A number without its unit is never an offset.

use serde::{Deserialize, Serialize};

/// Unicode code points before a place in a text: the unit of W3C Web Annotation, and of all that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CharOffset(pub u32);

/// UTF-16 code units before a place: the unit of the DOM, of JavaScript and of Yjs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utf16Offset(pub u32);

/// UTF-8 bytes before a place: the unit of Rust's strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteOffset(pub u32);

/// A length in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utf16Len(pub u32);

impl Utf16Len {
    /// The length of a text as JavaScript counts it.
    pub fn of(text: &str) -> Self {
        Self(text.chars().map(|character| character.len_utf16() as u32).sum())
    }
}
