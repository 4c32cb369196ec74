//! The typed HTTP API: one request type an endpoint, with its method, its path and its reply.
//!
//! The server answers these, the pages call them through one `call(request)`, and outside programs use the same paths
//! (`/api/v1/...`, JSON both ways, errors as RFC 9457 problems).

/// Says of a request type how it is sent, where, and what a success answers.
macro_rules! endpoint {
    ($request:ident: $method:ident $reply:ty, $path:literal $(, $field:ident)*) => {
        impl $crate::api::Endpoint for $request {
            const METHOD: $crate::api::Method = $crate::api::Method::$method;
            type Reply = $reply;

            fn path(&self) -> String {
                format!($path $(, $field = self.$field)*)
            }
        }
    };
}

mod activities;
mod agreement;
mod annotations;
mod class_models;
mod classes;
mod comparison;
mod conversation_lists;
mod conversations;
mod erase;
mod exports;
mod files;
mod history;
mod invitations;
mod members;
mod merge;
mod notices;
mod overview;
mod people;
mod problem;
mod projects;
mod prompts;
mod purge;
mod revisions;
mod roster;
mod runs;
mod search;
mod sessions;
mod sharing;
mod to_do;
mod tokens;
mod trash;
mod webhooks;

use serde::{Serialize, de::DeserializeOwned};

pub use activities::{
    Activity, ActivitySettings, ActivityState, ActivitySummary, ChangeActivity, CreateActivity, CreatedActivity,
    DeleteActivity, GetActivity, InvalidMode, ListActivities, ListTemplates, MAX_INSTRUCTIONS_BYTES, MAX_REVEALED,
    Mode, RevealActivity, Revealed, StartActivity, Template,
};
pub use agreement::{
    Agreement, Coder, DisputedPassage, GetActivityAgreement, GetAgreement, MAX_COMPARED, MAX_DISPUTED,
    MAX_DISPUTED_CHARS, Marker, PairAgreement, TagAgreement,
};
pub use annotations::{BroughtIn, LeftOut};
pub use class_models::{
    ClassModels, ClassUsage, GetClassModels, MAX_QUOTA_TOKENS, MAX_USERS_LISTED, Period, PersonUsage, SetClassModels,
};
pub use classes::{
    ChangeClass, Class, ClassChange, ClassSummary, Classes, CreateClass, CreatedClass, GetClass, JoinByCode, Joined,
    LeaveClass, ListClasses, NewCode, RotateCode, SwitchOffCode,
};
pub use comparison::{Carried, CompareBranches, Comparison, MAX_CARRIED, Passage};
pub use conversation_lists::{ConversationSummary, ListConversations, MAX_CONVERSATIONS_A_PAGE, Shelf};
pub use conversations::{
    Annotated, Anonymity, Audience, Beginning, ChatOf, Conversation, CopyOf, CreateConversation, Created,
    GetConversation, GetRights, ImportChoice, ImportStep, Imported, ListPeople, ListRefused, ListTags, MAX_CHOICES,
    Message, OwnRights, Person, Reading, Reason, RefusedUpdate, RenameConversation, Share, TagSummary, Titled,
};
pub use erase::{EraseMe, ErasedClass, Erasure, FORMER_MEMBER, GetErasure, WhenErased};
pub use exports::{
    EXPORT_HOURS, Export, ExportFormat, ExportState, Exports, ListActivityExports, ListExports, ListSearchExports,
    StartExport,
};
pub use files::{
    DeleteChatFile, DeleteProjectFile, FileAdded, FileSummary, ListChatFiles, ListProjectFiles, MAX_FILE_BYTES,
    MAX_FILES_A_MESSAGE, MessageFile, chat_files_path, project_files_path,
};
pub use history::{
    CompareMoment, Different, GetMoment, History, HistoryComparison, HistoryMoment, HistoryResponse, HistoryStep,
    LetStaffSeeHistory, ListHistory, MAX_MOMENT_NAME_CHARS, MAX_NAMED_MOMENTS, MAX_STEPS_LISTED, MomentName,
    NameMoment, Piece, PieceKind, RestoreMoment, Restored, StaffSeeHistory, UnnameMoment,
};
pub use invitations::{
    AcceptInvitation, CreateInvitation, CreatedInvitation, GetInvitation, Invitation, InvitationPreview,
    ListInvitations, RevokeInvitation,
};
pub use members::{
    ClassMember, ClassPerson, CreateGroup, CreatedGroup, DeleteGroup, GetMember, Group, ListMembers, MEMBERS_PAGE,
    MemberPage, RemoveMember, RenameGroup, SetGroup, SetRole,
};
pub use merge::{GetMerging, MakeMergeCode, MergeCode, MergeMe, MergePreview, Merging, PreviewMerge};
pub use notices::{Inbox, ListNotices, MAX_NOTICES_A_PAGE, Notice, NoticeKind, ReadNotices, Unread};
pub use overview::{
    CopyWork, GetOverview, LateContent, LateWork, Overview, OverviewTag, PersonWork, TakeInLateWork, TakenIn,
    WaitingStudent,
};
pub use people::{
    ChangeMe, DevelopmentPerson, DevelopmentSignIn, GetMe, LOCALES, MAX_NAME_CHARS, MAX_PRONOUNS_CHARS, Me, SignOut,
};
pub use problem::{Fault, Problem};
pub use projects::{
    ChangeProject, ChatSummary, CreateProject, CreatedProject, DeleteProject, GetProject, ListChats, ListProjects,
    NewChat, Project, ProjectChange, ProjectSummary, Projects,
};
pub use prompts::{ActivatePrompt, CreatePrompt, CreatedPrompt, ListPrompts, MAX_PROMPT_BYTES, PromptVersion};
pub use purge::{
    Deleted, DeletedComment, DeletedGroup, DeletedHighlight, DeletedTag, ListDeleted, MAX_PURGED, PurgeItem,
    PurgeItems, PurgedItems,
};
pub use revisions::{
    ChangedAnchor, Confirmed, EditText, EditedMessage, GetRevision, ListRevisions, MAX_CHANGED_ANCHORS,
    MAX_REVISION_BYTES, MAX_REVISIONS, RenderedMessage, Revision, RevisionComment, RevisionHighlight, RevisionMessage,
    RevisionPassage, RevisionSummary, RevisionTag, Revisions, TextEdited,
};
pub use roster::{
    MAX_ROSTER_BYTES, MAX_ROSTER_LINES, Outcome, RemoveRosterEntry, RosterLine, RosterReport, roster_path,
};
pub use runs::{
    Blocks, Delta, IDEMPOTENCY_KEY, ListModels, MAX_RUNS_A_PERSON, MAX_WAITING_RUNS, MessageState, ModelList, Quota,
    Regenerate, RunDone, RunError, RunEvent, SendMessage, Snapshot, Started, StopRun, Usage, WITHDRAWN,
    run_events_path,
};
pub use search::{
    ExcerptPiece, MAX_QUERY_CHARS, MAX_RESULTS_A_PAGE, Search, SearchHit, SearchKind, SearchResult, SearchResults,
    encoded,
};
pub use sessions::{EndSession, ListSessions, Session, SignOutEverywhere};
pub use sharing::{
    CreateLink, CreatedLink, EndShare, GetLink, GetSharing, LinkPreview, MAX_LINKS, MAX_SHARES, OpenLink, Opened,
    PersonShare, ProtectText, RevokeLink, SetAnonymity, ShareLink, ShareWithClass, ShareWithPerson, SharedWith,
    Sharing, SharingClass,
};
pub use to_do::{ListToDo, MAX_TO_DO_A_PAGE, ToDo};
pub use tokens::{
    CreateToken, CreatedToken, ListTokens, MAX_TOKEN_DAYS, MAX_TOKENS, MAX_TOKENS_LISTED, RevokeToken, TOKEN_DAYS,
    Token, TokenScope,
};
pub use trash::{
    ListTrash, MAX_TRASHED_A_PAGE, MAX_TRASHED_OTHERS, PurgeActivity, PurgeClass, PurgeConversation, PurgeProject,
    RestoreActivity, RestoreClass, RestoreConversation, RestoreProject, TRASH_DAYS, Trash, TrashClass,
    TrashConversation, TrashedActivity, TrashedClass, TrashedConversation, TrashedProject,
};
pub use webhooks::{
    CreateWebhook, DELIVERY_DAYS, DeleteWebhook, Delivery, DeliveryState, Event, EventAuthor, EventConversation,
    EventData, EventKind, GetWebhook, ListWebhooks, MAX_DELIVERIES_KEPT, MAX_DELIVERIES_LISTED, MAX_OWN_WEBHOOKS_ABOUT,
    MAX_WAITING_DELIVERIES, MAX_WEBHOOK_URL_CHARS, MAX_WEBHOOKS, MAX_WEBHOOKS_ABOUT, NewComment, RenewWebhookSecret,
    SecretRenewal, TestWebhook, Webhook, WebhookDetails, WebhookSecret, WebhookState, WebhookSubject,
};

/// Methods that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; never changes anything.
    Get,
    /// Makes something.
    Post,
    /// Sets one thing to what is sent.
    Put,
    /// Changes what is sent and leaves the rest.
    Patch,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request has a body.
    pub fn has_body(self) -> bool {
        !matches!(self, Self::Get | Self::Delete)
    }
}

/// A request of the API. Its serialised form is the JSON body where the method has one; what stands in the path is skipped there.
pub trait Endpoint: Serialize {
    /// How it is sent.
    const METHOD: Method;
    /// What a success answers.
    type Reply: DeserializeOwned;

    /// The path with its parameters filled in, from `/api/v1` on.
    fn path(&self) -> String;

    /// For the header [`IDEMPOTENCY_KEY`], where the endpoint wants one.
    fn idempotency_key(&self) -> Option<&str> {
        None
    }
}

/// Where files are imported (multipart; fields `file`, `title`, `share`, `choice`), answered with [`Imported`].
pub const IMPORT_PATH: &str = "/api/v1/import";

/// An upload's size in bytes at most; more is answered with 413.
pub const MAX_UPLOAD_BYTES: usize = 25 << 20;
