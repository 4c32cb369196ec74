use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::ids::{ActivityId, ClassId, ConversationId, ProjectId};

/// How long something stays in the trash before it is deleted.
pub const TRASH_DAYS: i32 = 30;

/// Conversations of the trash in one answer at most.
pub const MAX_TRASHED_A_PAGE: u32 = 100;

/// `DELETE /api/v1/conversations/{id}`: puts it into the trash; for its owner. 409 for the template of an activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrashConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(TrashConversation: Delete (), "/api/v1/conversations/{id}", id);

/// `DELETE /api/v1/classes/{class}`: puts it into the trash with its activities and projects; for its instructors. What people
/// shared with it stays theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrashClass {
    /// Which.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

endpoint!(TrashClass: Delete (), "/api/v1/classes/{class}", class);

/// Projects, activities, and classes, of the trash in one answer at most.
pub const MAX_TRASHED_OTHERS: i64 = 200;

/// `GET /api/v1/trash?after=&limit=`: what the caller can take out of the trash, what came last first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTrash {
    /// Only conversations after this one, the last of the answer before, and nothing else.
    #[serde(default)]
    pub after: Option<ConversationId>,
    /// How many conversations: 1 to [`MAX_TRASHED_A_PAGE`], which it is where it is missing.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What is in the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trash {
    /// The caller's own.
    pub conversations: Vec<TrashedConversation>,
    /// The caller's own, and those of classes in which they are staff; at most [`MAX_TRASHED_OTHERS`].
    pub projects: Vec<TrashedProject>,
    /// Of classes in which they are staff; at most [`MAX_TRASHED_OTHERS`].
    pub activities: Vec<TrashedActivity>,
    /// Those that they taught; at most [`MAX_TRASHED_OTHERS`].
    pub classes: Vec<TrashedClass>,
}

/// A class in the trash, with its activities, projects, groups and roster. What people shared with it is not: it is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedClass {
    /// Names it.
    pub id: ClassId,
    /// Its name.
    pub name: String,
    /// How many people were in it.
    pub members: i64,
    /// How many activities it has.
    pub activities: i64,
    /// How many copies of these people have begun.
    pub copies: i64,
    /// How many projects it has.
    pub projects: i64,
    /// Since when it is there, RFC 3339.
    pub trashed_at: String,
    /// From when on it is deleted, RFC 3339.
    pub deleted_at: String,
}

/// A project in the trash. Its chats are not: they are with those who wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedProject {
    /// Names it.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The name of its class, if it is a class's.
    pub class: Option<String>,
    /// How many files it has.
    pub files: i64,
    /// Since when it is there, RFC 3339.
    pub trashed_at: String,
    /// From when on it is deleted, RFC 3339.
    pub deleted_at: String,
}

/// An activity in the trash, with all its copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedActivity {
    /// Names it.
    pub id: ActivityId,
    /// Its title.
    pub title: String,
    /// The name of its class.
    pub class: String,
    /// How many copies of it people have begun.
    pub copies: i64,
    /// How many highlights these had at their last snapshots.
    pub highlights: i64,
    /// Since when it is there, RFC 3339.
    pub trashed_at: String,
    /// From when on it is deleted, RFC 3339.
    pub deleted_at: String,
}

/// A conversation in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedConversation {
    /// Names it.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// How many messages it has.
    pub messages: i64,
    /// How many highlights it had at the last snapshot.
    pub highlights: i32,
    /// Since when it is there, RFC 3339.
    pub trashed_at: String,
    /// From when on it is deleted, RFC 3339: [`TRASH_DAYS`] later.
    pub deleted_at: String,
}

impl Endpoint for ListTrash {
    const METHOD: Method = Method::Get;
    type Reply = Trash;

    fn path(&self) -> String {
        let after = self.after.map(|after| ["after=", &after.to_string()].concat());
        let limit = self.limit.map(|limit| ["limit=", &limit.to_string()].concat());
        let query: Vec<String> = after.into_iter().chain(limit).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        ["/api/v1/trash", mark, &query.join("&")].concat()
    }
}

/// `POST /api/v1/trash/conversations/{id}/restore`: takes it out again, as it was and shared as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(RestoreConversation: Post (), "/api/v1/trash/conversations/{id}/restore", id);

/// `DELETE /api/v1/trash/conversations/{id}`: deletes it for ever, with all that was written in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PurgeConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(PurgeConversation: Delete (), "/api/v1/trash/conversations/{id}", id);

/// `POST /api/v1/trash/projects/{project}/restore`: takes it out again, as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreProject {
    /// Which.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

endpoint!(RestoreProject: Post (), "/api/v1/trash/projects/{project}/restore", project);

/// `DELETE /api/v1/trash/projects/{project}`: deletes it for ever, with its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PurgeProject {
    /// Which.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

endpoint!(PurgeProject: Delete (), "/api/v1/trash/projects/{project}", project);

/// `POST /api/v1/trash/activities/{activity}/restore`: takes it out again, as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreActivity {
    /// Which.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

endpoint!(RestoreActivity: Post (), "/api/v1/trash/activities/{activity}/restore", activity);

/// `DELETE /api/v1/trash/activities/{activity}`: deletes it for ever, with all its copies and what was written in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PurgeActivity {
    /// Which.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

endpoint!(PurgeActivity: Delete (), "/api/v1/trash/activities/{activity}", activity);

/// `POST /api/v1/trash/classes/{class}/restore`: takes it out again, with all who were in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreClass {
    /// Which.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

endpoint!(RestoreClass: Post (), "/api/v1/trash/classes/{class}/restore", class);

/// `DELETE /api/v1/trash/classes/{class}`: deletes it for ever, with its activities and all that was written in their copies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PurgeClass {
    /// Which.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

endpoint!(PurgeClass: Delete (), "/api/v1/trash/classes/{class}", class);
