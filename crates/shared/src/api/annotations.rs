use serde::{Deserialize, Serialize};

/// What became, or would become, of annotations that are brought into a conversation:
/// `POST /api/v1/conversations/{id}/annotations`, whose body is JSON-LD.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtIn {
    /// Highlights whose words stand here as they are quoted.
    pub exact: usize,
    /// Highlights of something like what is quoted: shown as moved, for somebody to confirm.
    pub moved: usize,
    /// Comments, answers among them.
    pub comments: usize,
    /// Annotations that were brought in before, or made here.
    pub already_here: usize,
    /// Names of tags that were not here.
    pub new_tags: Vec<String>,
    /// What is not taken, in the order of the file.
    pub left_out: Vec<LeftOut>,
}

/// An annotation, or a part of one, that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its place in the file, from 1.
    pub number: usize,
    /// The beginning of what it is about, as far as it is known.
    pub quote: Option<String>,
    /// Why, for people.
    pub why: String,
}
