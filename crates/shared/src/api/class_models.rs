use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, UserId};

/// Tokens of a quota at most: more than any class can use, and far below where sums of them overflow.
pub const MAX_QUOTA_TOKENS: i64 = 1_000_000_000_000;

/// People of a class whose use of models is listed: those who used most.
pub const MAX_USERS_LISTED: usize = 20;

/// `GET /api/v1/classes/{class}/models`: what the class allows; for its staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetClassModels {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// What a class allows in chats of its projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassModels {
    /// What the server has.
    pub available: Vec<String>,
    /// What may be chosen of it; `null`: all.
    pub models: Option<Vec<String>>,
    /// Tokens of each person in a period; `null`: the server's own quota.
    pub tokens_a_person: Option<i64>,
    /// Tokens of all together in a period; `null`: no limit.
    pub tokens_a_class: Option<i64>,
    /// When there are new ones.
    pub period: Period,
    /// The server's own quota of each person and day; `null` where it has no model.
    pub tokens_a_day: Option<i64>,
    /// What was used since the period began.
    pub usage: ClassUsage,
}

/// What the people of a class have used in chats of its projects. Replies that are under way count as what is reserved for
/// them; chats that were deleted count as before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassUsage {
    /// Tokens of all together.
    pub tokens: i64,
    /// How many people used some.
    pub people: i64,
    /// Who used most comes first; at most [`MAX_USERS_LISTED`].
    pub most: Vec<PersonUsage>,
    /// When there are new ones, RFC 3339.
    pub resets_at: String,
}

/// What one of them has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonUsage {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// How many tokens.
    pub tokens: i64,
}

/// How often there are new tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// At midnight, UTC.
    Day,
    /// On Mondays at midnight, UTC.
    Week,
}

impl Period {
    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

endpoint!(GetClassModels: Get ClassModels, "/api/v1/classes/{class}/models", class);

/// `PUT /api/v1/classes/{class}/models`: sets it; for its instructors. Replies that wait in line are held against it too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetClassModels {
    /// Which class.
    #[serde(skip, default = "ClassId::new")]
    pub class: ClassId,
    /// See [`ClassModels::models`].
    pub models: Option<Vec<String>>,
    /// See [`ClassModels::tokens_a_person`].
    pub tokens_a_person: Option<i64>,
    /// See [`ClassModels::tokens_a_class`].
    pub tokens_a_class: Option<i64>,
    /// See [`ClassModels::period`].
    pub period: Period,
}

endpoint!(SetClassModels: Put (), "/api/v1/classes/{class}/models", class);
