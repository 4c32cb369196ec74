use serde::{Deserialize, Serialize};

/// An error answer: RFC 9457, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Identifies the kind of problem; stable, `/problems/{code}`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind in a few words.
    pub title: String,
    /// What went wrong this time and what to do, for a person.
    pub detail: String,
    /// Each thing that is wrong, where there are several: the lines of a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// One of several things that are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: u32,
    /// What is wrong in it and what to do, for a person.
    pub detail: String,
}

impl Problem {
    /// The stable code at the end of [`Self::kind`].
    pub fn code(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or_default()
    }
}
