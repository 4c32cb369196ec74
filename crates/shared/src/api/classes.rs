use serde::{Deserialize, Serialize};

use super::{Group, WhenErased};
use crate::{access::Role, ids::ClassId};

/// `GET /api/v1/classes`: those that the caller belongs to, by name; archived ones last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListClasses {}

/// The caller's classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// At most 500.
    pub classes: Vec<ClassSummary>,
    /// Whether the caller may make one.
    pub may_create: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// Its page is `/classes/{id}`.
    pub id: ClassId,
    /// Its name.
    pub name: String,
    /// What the caller is in it.
    pub role: Role,
    /// Whether it is read-only.
    pub archived: bool,
    /// How many people belong to it.
    pub members: i64,
}

endpoint!(ListClasses: Get Classes, "/api/v1/classes");

/// `POST /api/v1/classes`: makes a class; the caller is its first instructor. For admins, people who teach a class
/// already, and people who were told that they may; 403 for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateClass {
    /// 1 to 200 characters.
    pub name: String,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedClass {
    /// Its page is `/classes/{id}`.
    pub id: ClassId,
}

endpoint!(CreateClass: Post CreatedClass, "/api/v1/classes");

/// `GET /api/v1/classes/{class}`: for its members and admins; 404 for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetClass {
    /// Which one.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// A class as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its page is `/classes/{id}`.
    pub id: ClassId,
    /// Its name.
    pub name: String,
    /// Whether it is read-only: nobody joins or is changed, and what is shared with it is read.
    pub archived: bool,
    /// What the caller may do: an admin may in every class what its instructors may.
    pub role: Role,
    /// Whether the caller belongs to it.
    pub belongs: bool,
    /// How many people belong to it.
    pub members: i64,
    /// How many lines of its roster wait for their people to sign in; for staff.
    pub waiting: i64,
    /// What people join it by as students, if that is switched on; for staff.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// Its groups by name: all of them for staff, one's own for students.
    pub groups: Vec<Group>,
    /// What becomes of what somebody wrote in it when their account is erased.
    #[serde(default)]
    pub when_erased: WhenErased,
}

endpoint!(GetClass: Get Class, "/api/v1/classes/{class}", class);

/// `PATCH /api/v1/classes/{class}`: renames, archives or takes back; for instructors. An archived class can only be taken
/// back (409 otherwise).
#[derive(Debug, Clone, Serialize)]
pub struct ChangeClass {
    /// Which one.
    #[serde(skip)]
    pub class: ClassId,
    /// What is changed.
    #[serde(flatten)]
    pub change: ClassChange,
}

/// What is changed of a class; what is missing stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassChange {
    /// 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is read-only from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// What becomes of what somebody wrote in it when their account is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_erased: Option<WhenErased>,
}

endpoint!(ChangeClass: Patch (), "/api/v1/classes/{class}", class);

/// `POST /api/v1/classes/{class}/leave`: the caller belongs to it no more. The last instructor cannot leave (409).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeaveClass {
    /// Which one.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

endpoint!(LeaveClass: Post (), "/api/v1/classes/{class}/leave", class);

/// `POST /api/v1/classes/{class}/code`: a new code to join by; the one before is worth nothing from now on. For
/// instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RotateCode {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// A code that students join a class by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCode {
    /// Eight letters and digits with a hyphen in the middle: no vowels, and nothing that looks like something else.
    pub code: String,
}

endpoint!(RotateCode: Post NewCode, "/api/v1/classes/{class}/code", class);

/// `DELETE /api/v1/classes/{class}/code`: nobody joins by a code any more. For instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchOffCode {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

endpoint!(SwitchOffCode: Delete (), "/api/v1/classes/{class}/code", class);

/// `POST /api/v1/classes/join`: the caller becomes a student of the class with this code. A wrong code is 400; after ten
/// of them within ten minutes 429.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinByCode {
    /// In either case, with or without the hyphen.
    pub code: String,
}

/// The class that the caller belongs to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Its page is `/classes/{id}`.
    pub id: ClassId,
    /// What the caller is in it: what they were, if they belonged to it already and were more.
    pub role: Role,
}

endpoint!(JoinByCode: Post Joined, "/api/v1/classes/join");
