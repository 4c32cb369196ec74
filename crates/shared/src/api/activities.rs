use serde::{Deserialize, Serialize};

use crate::{
    api::Created,
    ids::{ActivityId, ClassGroupId, ClassId, ConversationId},
};

/// Instructions in bytes, at most.
pub const MAX_INSTRUCTIONS_BYTES: usize = 64 << 10;

/// Who works on one copy of an activity's template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The whole class.
    Together,
    /// Each group of the class.
    Groups,
    /// Each person.
    Individual,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Individual, Self::Groups, Self::Together];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Groups => "groups",
            Self::Individual => "individual",
        }
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Together => "Everybody together, in one conversation",
            Self::Groups => "Each group in a copy of its own",
            Self::Individual => "Everybody alone, each in a copy of their own",
        }
    }
}

/// The text is no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mode is together, groups or individual")]
pub struct InvalidMode;

impl std::str::FromStr for Mode {
    type Err = InvalidMode;

    fn from_str(text: &str) -> Result<Self, InvalidMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(InvalidMode)
    }
}

/// What the server's clock says of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityState {
    /// Not to be started yet.
    Waiting,
    /// To be started and worked on.
    Open,
    /// To be read by those who started it; no one starts it.
    Closed,
}

/// `GET /api/v1/classes/{class}/activities`: for members, newest first, at most 500.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListActivities {
    /// Of which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivitySummary {
    /// Its page is `/activities/{id}`.
    pub id: ActivityId,
    /// Its title.
    pub title: String,
    /// Who works on one copy.
    pub mode: Mode,
    /// Whether people see one another under pseudonyms in it.
    pub anonymous: bool,
    /// When it can be started, RFC 3339; at once if there is none.
    pub opens_at: Option<String>,
    /// When it is over, RFC 3339; never if there is none.
    pub closes_at: Option<String>,
    /// What is so now.
    pub state: ActivityState,
    /// The conversation that the caller works in, if it is started: their own, their group's or everybody's.
    pub copy: Option<ConversationId>,
}

endpoint!(ListActivities: Get Vec<ActivitySummary>, "/api/v1/classes/{class}/activities", class);

/// `GET /api/v1/classes/{class}/templates`: conversations that an activity can begin with: the caller's own and those
/// shared with the class; for staff. Newest first, at most 200.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTemplates {
    /// Of which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// A conversation that an activity can begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Names it.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// Its owner's name.
    pub owner: String,
}

endpoint!(ListTemplates: Get Vec<Template>, "/api/v1/classes/{class}/templates", class);

/// What staff say of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivitySettings {
    /// 1 to 200 characters.
    pub title: String,
    /// Markdown, at most 64 KiB; shown to students once it is open.
    #[serde(default)]
    pub instructions: String,
    /// What each copy begins with; fixed when the activity is first started.
    pub template: ConversationId,
    /// Who works on one copy; fixed when the activity is first started.
    pub mode: Mode,
    /// Whether people see one another under pseudonyms in the copies and in what is revealed of them, while staff see
    /// names; fixed when the activity is first started. Nobody but staff may have written in the template then.
    #[serde(default)]
    pub anonymous: bool,
    /// Whether copying, printing and exporting are switched off for students in all its copies, those that are there too,
    /// and in what is revealed of them. A new activity has it from its template anyway; where it is missing or `null`, an
    /// activity keeps what it has. A protected template that takes the place of another protects it.
    #[serde(default)]
    pub copy_protected: Option<bool>,
    /// Whether staff see the history of its copies: how they came to be, step by step. It is said to those who work in them.
    /// Where it is missing or `null`, an activity keeps what it has, and a new one is without. Once somebody has started it
    /// can only be switched off.
    #[serde(default)]
    pub staff_see_history: Option<bool>,
    /// When it can be started, RFC 3339; at once if there is none.
    #[serde(default)]
    pub opens_at: Option<String>,
    /// When it is over, RFC 3339; never if there is none.
    #[serde(default)]
    pub closes_at: Option<String>,
}

/// `POST /api/v1/classes/{class}/activities`: makes one; for staff.
#[derive(Debug, Clone, Serialize)]
pub struct CreateActivity {
    /// In which class.
    #[serde(skip)]
    pub class: ClassId,
    /// What it is.
    #[serde(flatten)]
    pub settings: ActivitySettings,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedActivity {
    /// Its page is `/activities/{id}`.
    pub id: ActivityId,
}

endpoint!(CreateActivity: Post CreatedActivity, "/api/v1/classes/{class}/activities", class);

/// `GET /api/v1/activities/{activity}`: for members of its class; 404 for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetActivity {
    /// Which one.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

/// An activity as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// What the list says of it.
    #[serde(flatten)]
    pub summary: ActivitySummary,
    /// Its class.
    pub class: ClassId,
    /// That class's name.
    pub class_name: String,
    /// Markdown; empty for students until it is open.
    pub instructions: String,
    /// Whether the caller is staff of the class.
    pub staff: bool,
    /// Whether the class is archived: nothing is started or changed.
    pub archived: bool,
    /// Whether its text is protected against copying.
    pub copy_protected: bool,
    /// Whether staff see the history of its copies.
    pub staff_see_history: bool,
    /// The server's clock, RFC 3339: how long it is until it opens.
    pub now: String,
    /// Why the caller cannot start it although it is open, in words for them.
    pub hindrance: Option<String>,
    /// What each copy begins with; for staff.
    pub template: Option<Template>,
    /// How many copies there are; for staff.
    pub copies: Option<i64>,
    /// Conversations in which copies were merged, those that the caller may read, newest first.
    pub revealed: Vec<Revealed>,
}

/// A conversation in which copies were merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// Its page is `/c/{id}`.
    pub id: ConversationId,
    /// Its title, which says how the copies were chosen.
    pub title: String,
    /// When it was made, RFC 3339.
    pub at: String,
}

endpoint!(GetActivity: Get Activity, "/api/v1/activities/{activity}", activity);

/// `PUT /api/v1/activities/{activity}`: other settings; for staff. Once there are copies, template and mode stay as they
/// are, and whether it is anonymous, and staff do not come to see the history (409 otherwise).
#[derive(Debug, Clone, Serialize)]
pub struct ChangeActivity {
    /// Which one.
    #[serde(skip)]
    pub activity: ActivityId,
    /// What it is from now on.
    #[serde(flatten)]
    pub settings: ActivitySettings,
}

endpoint!(ChangeActivity: Put (), "/api/v1/activities/{activity}", activity);

/// `DELETE /api/v1/activities/{activity}`: puts it into the trash, with all its copies; for staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteActivity {
    /// Which one.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

endpoint!(DeleteActivity: Delete (), "/api/v1/activities/{activity}", activity);

/// `POST /api/v1/activities/{activity}/start`: the copy that the caller works in, made if it is not there. Asked again it
/// answers the same. 409 where it cannot be started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartActivity {
    /// Which one.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
}

endpoint!(StartActivity: Post Created, "/api/v1/activities/{activity}/start", activity);

/// Copies that are revealed at a time, at most.
pub const MAX_REVEALED: i64 = 60;

/// `POST /api/v1/activities/{activity}/reveal`: merges copies into a new conversation of the caller's that is shared with
/// the class; for staff. One of the three says which copies. 409 where they cannot be merged, or are too much together.
#[derive(Debug, Clone, Serialize)]
pub struct RevealActivity {
    /// Of which activity.
    #[serde(skip)]
    pub activity: ActivityId,
    /// These.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<ConversationId>,
    /// Those of a group and its members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<ClassGroupId>,
    /// So many, by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<i64>,
}

endpoint!(RevealActivity: Post Created, "/api/v1/activities/{activity}/reveal", activity);
