use serde::{Deserialize, Serialize};

use crate::{
    access::Role,
    ids::{ClassId, RosterEntryId},
};

/// A roster's size in bytes at most; more is answered with 413.
pub const MAX_ROSTER_BYTES: usize = 2 << 20;

/// People in one roster at most.
pub const MAX_ROSTER_LINES: usize = 1_500;

/// Where rosters are sent to (multipart; `file`, and `dry_run` = `true` to be told what would happen), answered with a
/// [`RosterReport`], or with a problem that names every line that is wrong: then nothing was changed. For instructors.
///
/// A roster is CSV or XLSX with a line of headings: name, e-mail, and where wanted role and group, in any order. It adds
/// and changes people and takes nobody away. An empty role is student for who is new; an empty role or group is left as
/// it is for who is not.
pub fn roster_path(class: ClassId) -> String {
    format!("/api/v1/classes/{class}/roster")
}

/// What a roster did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterReport {
    /// Whether it was done.
    pub applied: bool,
    /// Lines by what became of them.
    pub added: usize,
    /// See there.
    pub changed: usize,
    /// See there.
    pub unchanged: usize,
    /// Groups that did not exist before.
    pub new_groups: Vec<String>,
    /// Each line of the file that names somebody, in order.
    pub lines: Vec<RosterLine>,
}

/// One person of a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterLine {
    /// The line of the file, from 1.
    pub line: u32,
    /// As the file has it.
    pub name: String,
    /// In lower case.
    pub email: String,
    /// What they are afterwards.
    pub role: Role,
    /// Their group afterwards.
    pub group: Option<String>,
    /// What becomes of them.
    pub outcome: Outcome,
    /// Whether they have not signed in yet, and belong to the class when they do. Missing where it was only shown what
    /// would happen: who has an account is not told for the asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<bool>,
}

/// What a roster does with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// They were not in the class.
    Added,
    /// Their role or group is another, or the name of somebody who waits.
    Changed,
    /// All is as it was.
    Unchanged,
}

/// `DELETE /api/v1/classes/{class}/roster/{entry}`: somebody who waits is not waited for any more; for instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveRosterEntry {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// Which line.
    #[serde(skip_serializing)]
    pub entry: RosterEntryId,
}

endpoint!(RemoveRosterEntry: Delete (), "/api/v1/classes/{class}/roster/{entry}", class, entry);
