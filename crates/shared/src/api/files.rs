use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, FileId, ProjectId};

/// A file's size in bytes at most; more is answered with 413.
pub const MAX_FILE_BYTES: usize = 25 << 20;

/// Files that are sent along with one message at most.
pub const MAX_FILES_A_MESSAGE: usize = 20;

/// Where files of a project are added (multipart, field `file`), answered with [`FileAdded`]. One is downloaded from the
/// same path and its id.
pub fn project_files_path(project: ProjectId) -> String {
    format!("/api/v1/projects/{project}/files")
}

/// The same of files of one chat alone.
pub fn chat_files_path(conversation: ConversationId) -> String {
    format!("/api/v1/conversations/{conversation}/files")
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAdded {
    /// Its id.
    pub id: FileId,
    /// The name that it has from now on.
    pub name: String,
    /// What its bytes say that it is.
    pub media_type: String,
    /// Why a model will not be given it, if it will not; for a person.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unread: Option<String>,
}

/// `GET /api/v1/projects/{project}/files`: newest first; for whoever sees the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListProjectFiles {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    /// Its id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// What its bytes say that it is.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Who added it, if they are still there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uploader: Option<String>,
    /// When it was added, RFC 3339.
    pub created_at: String,
}

endpoint!(ListProjectFiles: Get Vec<FileSummary>, "/api/v1/projects/{project}/files", project);

/// `DELETE /api/v1/projects/{project}/files/{file}`: for whoever may change the project. Messages that it was sent with
/// go on naming it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteProjectFile {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
    /// Which one.
    #[serde(skip_serializing)]
    pub file: FileId,
}

endpoint!(DeleteProjectFile: Delete (), "/api/v1/projects/{project}/files/{file}", project, file);

/// `GET /api/v1/conversations/{id}/files`: the files of a chat alone, newest first; for whoever may read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListChatFiles {
    /// Of which chat.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(ListChatFiles: Get Vec<FileSummary>, "/api/v1/conversations/{id}/files", id);

/// `DELETE /api/v1/conversations/{id}/files/{file}`: for whoever may send messages in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteChatFile {
    /// Of which chat.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// Which one.
    #[serde(skip_serializing)]
    pub file: FileId,
}

endpoint!(DeleteChatFile: Delete (), "/api/v1/conversations/{id}/files/{file}", id, file);

/// A file as the message names it that it was sent with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFile {
    /// Its id; it is downloaded from [`chat_files_path`] and this.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Whether it is not there any more.
    pub deleted: bool,
    /// Whether no model is given it: it is of a kind that is not read.
    pub unread: bool,
}
