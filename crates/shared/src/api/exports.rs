use serde::{Deserialize, Serialize};

use crate::ids::{ActivityId, ConversationId, ExportId, MessageId};

/// Hours for which a file that was made can be fetched.
pub const EXPORT_HOURS: u32 = 24;

/// What takes a while to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Pages with the notes in their margin.
    Pdf,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportState {
    /// Others are made before it.
    Queued,
    /// It is being made.
    Running,
    /// The file can be fetched.
    Done,
    /// There will be no file.
    Failed,
    /// Its maker does not want it any more.
    Cancelled,
}

/// `POST /api/v1/conversations/{id}/exports`: has a file made. Whoever has this conversation's under way already gets that. The
/// same of an activity, for staff of its class: all its copies; and of a search: the conversations that it finds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartExport {
    /// As what.
    pub format: ExportFormat,
    /// The branch through this message, of a chat that has several; none of an activity and of a search.
    #[serde(default)]
    pub branch: Option<MessageId>,
    /// What is looked for, of a search.
    #[serde(default)]
    pub q: Option<String>,
}

/// `GET /api/v1/conversations/{id}/exports`: what the caller had made of it within a day, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListExports {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

endpoint!(ListExports: Get Exports, "/api/v1/conversations/{id}/exports", id);

/// `GET /api/v1/activities/{activity}/exports`: the same of an activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListActivityExports {
    /// Of which activity.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

endpoint!(ListActivityExports: Get Exports, "/api/v1/activities/{activity}/exports", activity);

/// `GET /api/v1/search/exports`: the same of searches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSearchExports {}

endpoint!(ListSearchExports: Get Exports, "/api/v1/search/exports");

/// What somebody had made of a conversation, of an activity, or of searches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    /// The conversation's title, or the activity's; of searches what they are called.
    pub title: String,
    /// The newest first, ten at most.
    pub exports: Vec<Export>,
    /// Whether this server can make a PDF.
    pub prints: bool,
}

/// A file that takes a while to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// As what.
    pub format: ExportFormat,
    /// How far it is.
    pub state: ExportState,
    /// The same in hundredths.
    pub progress: u8,
    /// How many of others are made before it.
    pub ahead: u32,
    /// What the file is called, when it is there.
    pub name: Option<String>,
    /// Its bytes.
    pub size: Option<i64>,
    /// Where it can be fetched.
    pub link: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
    /// When it was asked for, RFC 3339.
    pub created_at: String,
}
