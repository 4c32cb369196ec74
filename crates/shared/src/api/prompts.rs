use serde::{Deserialize, Serialize};

use crate::ids::{ProjectId, PromptVersionId};

/// A prompt's size in bytes at most.
pub const MAX_PROMPT_BYTES: usize = 64 << 10;

/// `GET /api/v1/projects/{project}/prompts`: all versions, newest first; for whoever sees the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListPrompts {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
}

/// A version of a project's prompt. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptVersion {
    /// Its id.
    pub id: PromptVersionId,
    /// From 1; the first of each project has no content.
    pub version: i32,
    /// What it is called.
    pub name: String,
    /// The instructions that the model is given; none where it is empty.
    pub content: String,
    /// Whether it is the one that new replies are given: exactly one of a project's is.
    pub active: bool,
    /// Who made it, if they are still there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_by: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

endpoint!(ListPrompts: Get Vec<PromptVersion>, "/api/v1/projects/{project}/prompts", project);

/// `POST /api/v1/projects/{project}/prompts`: the next version. It is not active until it is made so. For whoever may
/// change the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatePrompt {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
    /// 1 to 200 characters.
    pub name: String,
    /// At least one character, at most [`MAX_PROMPT_BYTES`].
    pub content: String,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedPrompt {
    /// Its id.
    pub id: PromptVersionId,
    /// Its number.
    pub version: i32,
}

endpoint!(CreatePrompt: Post CreatedPrompt, "/api/v1/projects/{project}/prompts", project);

/// `POST /api/v1/projects/{project}/prompts/{prompt}/activate`: new replies are given this one, and no other. For whoever
/// may change the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActivatePrompt {
    /// Of which project.
    #[serde(skip_serializing)]
    pub project: ProjectId,
    /// Which one.
    #[serde(skip_serializing)]
    pub prompt: PromptVersionId,
}

endpoint!(ActivatePrompt: Post (), "/api/v1/projects/{project}/prompts/{prompt}/activate", project, prompt);
