use serde::{Deserialize, Serialize};

use super::{Created, PromptVersion, SharingClass};
use crate::ids::{ClassId, ConversationId, ProjectId};

/// `GET /api/v1/projects`: the caller's own and those of their classes, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListProjects {}

/// The projects that somebody sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projects {
    /// At most 500.
    pub projects: Vec<ProjectSummary>,
    /// Classes that the caller may make projects for.
    pub classes: Vec<SharingClass>,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSummary {
    /// Its page is `/projects/{id}`.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The class that it is of; nobody but its owner sees one of none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class: Option<SharingClass>,
    /// How many chats the caller has in it.
    pub chats: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

endpoint!(ListProjects: Get Projects, "/api/v1/projects");

/// `POST /api/v1/projects`: a project of the caller's own, or of a class that they are staff of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// 1 to 200 characters.
    pub name: String,
    /// The class that it is for.
    #[serde(default)]
    pub class: Option<ClassId>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedProject {
    /// Its page is `/projects/{id}`.
    pub id: ProjectId,
}

endpoint!(CreateProject: Post CreatedProject, "/api/v1/projects");

/// `GET /api/v1/projects/{project}`: for its owner, or for the members of its class; 404 for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetProject {
    /// Which one.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

/// A project as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its page is `/projects/{id}`.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The class that it is of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class: Option<SharingClass>,
    /// Whether the caller may change it: its name, prompts and files.
    pub may_change: bool,
    /// Whether the caller may make chats in it.
    pub may_chat: bool,
    /// What new replies are given.
    pub active_prompt: PromptVersion,
}

endpoint!(GetProject: Get Project, "/api/v1/projects/{project}", project);

/// `PATCH /api/v1/projects/{project}`: for its owner, or for the staff of its class.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeProject {
    /// Which one.
    #[serde(skip)]
    pub project: ProjectId,
    /// What is changed.
    #[serde(flatten)]
    pub change: ProjectChange,
}

/// What is changed of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectChange {
    /// 1 to 200 characters.
    pub name: String,
}

endpoint!(ChangeProject: Patch (), "/api/v1/projects/{project}", project);

/// `DELETE /api/v1/projects/{project}`: puts it into the trash with its prompts and files. Its chats stay with whom they
/// belong to, to be read and annotated, along with the files that were sent in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteProject {
    /// Which one.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

endpoint!(DeleteProject: Delete (), "/api/v1/projects/{project}", project);

/// `GET /api/v1/projects/{project}/conversations`: its chats that the caller may read, newest first, at most 200.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListChats {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

/// One line of a project's chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatSummary {
    /// Its page is `/c/{id}`.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// Its owner's name.
    pub owner: String,
    /// Whether the caller owns it.
    pub mine: bool,
    /// How many messages it has.
    pub messages: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

endpoint!(ListChats: Get Vec<ChatSummary>, "/api/v1/projects/{project}/conversations", project);

/// `POST /api/v1/projects/{project}/conversations`: an empty chat of the caller's own, for whoever sees the project. Nobody
/// else sees it until it is shared.
#[derive(Debug, Clone, Serialize)]
pub struct NewChat {
    /// In which project.
    #[serde(skip)]
    pub project: ProjectId,
    /// At most 200 characters; its first message names it where this is empty or missing.
    pub title: Option<String>,
}

endpoint!(NewChat: Post Created, "/api/v1/projects/{project}/conversations", project);
