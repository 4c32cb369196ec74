//! Skeleton.

/// What is brought in: pasted text, files, exports of other tools.
pub mod import;
