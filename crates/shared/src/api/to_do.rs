use serde::{Deserialize, Serialize};

use super::{ActivitySummary, Endpoint, Method};
use crate::ids::{ActivityId, ClassId};

/// Tasks in one answer at most.
pub const MAX_TO_DO_A_PAGE: u32 = 100;

/// `GET /api/v1/activities/open?after=&limit=`: what the caller has to do as a student, in all classes that are not
/// archived: activities that are open, started or not, those that close first at the head, those that never close last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListToDo {
    /// Only those after this one: the last of the answer before.
    #[serde(default)]
    pub after: Option<ActivityId>,
    /// 1 to [`MAX_TO_DO_A_PAGE`], which it is where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToDo {
    /// What the list of its class says of it.
    #[serde(flatten)]
    pub summary: ActivitySummary,
    /// Its class.
    pub class: ClassId,
    /// That class's name.
    pub class_name: String,
}

impl Endpoint for ListToDo {
    const METHOD: Method = Method::Get;
    type Reply = Vec<ToDo>;

    fn path(&self) -> String {
        let after = self.after.map(|after| format!("after={after}"));
        let limit = self.limit.map(|limit| format!("limit={limit}"));
        let query: Vec<String> = after.into_iter().chain(limit).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/api/v1/activities/open{mark}{}", query.join("&"))
    }
}
