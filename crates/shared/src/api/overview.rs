use serde::{Deserialize, Serialize};

use crate::ids::{ActivityId, ClassGroupId, ConversationId, TagId, UserId};

/// `GET /api/v1/activities/{activity}/overview`: who has done what; for staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetOverview {
    /// Of which one.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

/// Who has done what in an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The vocabulary of all copies, tags of the template first; at most 100.
    pub tags: Vec<OverviewTag>,
    /// The students of the class and whoever else has worked on it, by name.
    pub people: Vec<PersonWork>,
    /// Students of the roster who have not signed in yet, and so have started nothing, by name.
    pub waiting: Vec<WaitingStudent>,
    /// The copies, by what they are called.
    pub copies: Vec<CopyWork>,
    /// Copies whose newest changes, of the last seconds, are not counted.
    pub behind: usize,
}

/// A tag of the copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewTag {
    /// Names it.
    pub id: TagId,
    /// Its name.
    pub name: String,
}

/// A student whose line in the roster waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingStudent {
    /// Their name, as the roster has it.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The name of their group.
    pub group: Option<String>,
}

/// What one person has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonWork {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The name of their group.
    pub group: Option<String>,
    /// Whether they are a student of the class; staff and who has left it are not.
    pub student: bool,
    /// The copy that is theirs, their group's or everybody's, if it is started.
    pub copy: Option<ConversationId>,
    /// Whether they have started: made a copy of their own, or opened or changed the one that they share.
    pub started: bool,
    /// Highlights that they made and are not deleted.
    pub highlights: u32,
    /// Of those, how many bear each of [`Overview::tags`], in its order.
    pub tagged: Vec<u32>,
    /// Comments that they wrote, replies among them, and are not deleted.
    pub comments: u32,
    /// Of those, how many answer another.
    pub replies: u32,
    /// How many of their comments are on highlights, anybody's, that bear each of [`Overview::tags`], in its order.
    pub commented: Vec<u32>,
    /// When they last changed something, RFC 3339.
    pub last_active: Option<String>,
    /// Changes that they sent after it had closed and nobody has taken in.
    pub late: Vec<LateWork>,
}

/// What somebody made in time, as they say, and sent when the activity had closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateWork {
    /// In which copy.
    pub copy: ConversationId,
    /// How many changes.
    pub changes: i64,
    /// When the last of them came, RFC 3339.
    pub sent_at: String,
    /// What they come to; missing where that was too much to be read for this answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holds: Option<LateContent>,
}

/// What late work would add to its copy in its author's name, as it stands now. What the rules refuse is counted too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateContent {
    /// Highlights.
    pub highlights: u32,
    /// Comments, replies among them.
    pub comments: u32,
    /// Of those, how many answer another.
    pub replies: u32,
    /// By how much the notes and their response are longer, in UTF-16 units.
    pub text: u32,
}

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyWork {
    /// Its page is `/c/{id}`.
    pub id: ConversationId,
    /// Whose it is, if it is one person's.
    pub person: Option<UserId>,
    /// Which group's it is.
    pub group: Option<ClassGroupId>,
    /// The name of the person or the group; `Everybody`.
    pub name: String,
}

endpoint!(GetOverview: Get Overview, "/api/v1/activities/{activity}/overview", activity);

/// `POST /api/v1/activities/{activity}/late`: takes somebody's late work into the copy, in their name and within the rules
/// for them; for staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeInLateWork {
    /// Of which activity.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
    /// In which copy.
    pub copy: ConversationId,
    /// Whose.
    pub person: UserId,
}

/// What became of late work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenIn {
    /// Changes that are in the copy now.
    pub taken: usize,
    /// Why others cannot be, each reason once; they stay late work.
    pub refused: Vec<String>,
}

endpoint!(TakeInLateWork: Post TakenIn, "/api/v1/activities/{activity}/late", activity);
