use serde::{Deserialize, Serialize};

use crate::{
    access::Role,
    ids::{ClassGroupId, ClassId, RosterEntryId, UserId},
};

/// People on one page of a class's list.
pub const MEMBERS_PAGE: u32 = 100;

/// `GET /api/v1/classes/{class}/members?find=&after=`: the people of a class by name, [`MEMBERS_PAGE`] at a time. Staff
/// see everybody, with addresses, and the lines of the roster that wait; a student sees the staff and their own group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMembers {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// A part of a name or, for staff, of an address; all where it is empty.
    #[serde(skip_serializing)]
    pub find: String,
    /// Behind whom the page begins: `next` of the page before; empty for the first.
    #[serde(skip_serializing)]
    pub after: String,
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// By name.
    pub people: Vec<ClassMember>,
    /// How many there are on all pages; 0 on a page that begins behind the last.
    pub total: i64,
    /// What to send as `after` for the next page; none if this is the last.
    pub next: Option<String>,
}

/// Somebody on the list of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassMember {
    /// Who it is: `user` and their id, or `waiting` and the id of a line of the roster.
    #[serde(flatten)]
    pub who: ClassPerson,
    /// Their name.
    pub name: String,
    /// How they are to be spoken of, where they said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pronouns: Option<String>,
    /// Their address; for staff.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// What they are, or will be.
    pub role: Role,
    /// Their group.
    pub group: Option<ClassGroupId>,
}

/// Whom a line of the list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassPerson {
    /// A member.
    User(UserId),
    /// Somebody of the roster who has not signed in yet.
    Waiting(RosterEntryId),
}

impl super::Endpoint for ListMembers {
    const METHOD: super::Method = super::Method::Get;
    type Reply = MemberPage;

    fn path(&self) -> String {
        let [find, after] = [&self.find, &self.after].map(|text| super::encoded(text));
        format!("/api/v1/classes/{}/members?find={find}&after={after}", self.class)
    }
}

/// `GET /api/v1/classes/{class}/members/{user}`: one member, whom the caller may see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetMember {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// Who.
    #[serde(skip_serializing)]
    pub user: UserId,
}

endpoint!(GetMember: Get ClassMember, "/api/v1/classes/{class}/members/{user}", class, user);

/// `PUT /api/v1/classes/{class}/members/{user}/role`: for instructors. The last instructor stays one (409).
#[derive(Debug, Clone, Serialize)]
pub struct SetRole {
    /// Which class.
    #[serde(skip)]
    pub class: ClassId,
    /// Whose.
    #[serde(skip)]
    pub user: UserId,
    /// What they are from now on.
    pub role: Role,
}

endpoint!(SetRole: Put (), "/api/v1/classes/{class}/members/{user}/role", class, user);

/// `PUT /api/v1/classes/{class}/members/{user}/group`: for instructors.
#[derive(Debug, Clone, Serialize)]
pub struct SetGroup {
    /// Which class.
    #[serde(skip)]
    pub class: ClassId,
    /// Whose.
    #[serde(skip)]
    pub user: UserId,
    /// Where they are from now on; `null` is in none.
    pub group: Option<ClassGroupId>,
}

endpoint!(SetGroup: Put (), "/api/v1/classes/{class}/members/{user}/group", class, user);

/// `DELETE /api/v1/classes/{class}/members/{user}`: for instructors. The last instructor stays (409).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// Who.
    #[serde(skip_serializing)]
    pub user: UserId,
}

endpoint!(RemoveMember: Delete (), "/api/v1/classes/{class}/members/{user}", class, user);

/// A group of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Names it.
    pub id: ClassGroupId,
    /// Its name.
    pub name: String,
    /// How many members are in it, with those who wait.
    pub members: i64,
}

/// `POST /api/v1/classes/{class}/groups`: for instructors. A name is that of one group only (409).
#[derive(Debug, Clone, Serialize)]
pub struct CreateGroup {
    /// Which class.
    #[serde(skip)]
    pub class: ClassId,
    /// 1 to 100 characters.
    pub name: String,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedGroup {
    /// Names it.
    pub id: ClassGroupId,
}

endpoint!(CreateGroup: Post CreatedGroup, "/api/v1/classes/{class}/groups", class);

/// `PATCH /api/v1/classes/{class}/groups/{group}`: for instructors.
#[derive(Debug, Clone, Serialize)]
pub struct RenameGroup {
    /// Which class.
    #[serde(skip)]
    pub class: ClassId,
    /// Which group.
    #[serde(skip)]
    pub group: ClassGroupId,
    /// 1 to 100 characters.
    pub name: String,
}

endpoint!(RenameGroup: Patch (), "/api/v1/classes/{class}/groups/{group}", class, group);

/// `DELETE /api/v1/classes/{class}/groups/{group}`: its members are in none then. For instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteGroup {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// Which group.
    #[serde(skip_serializing)]
    pub group: ClassGroupId,
}

endpoint!(DeleteGroup: Delete (), "/api/v1/classes/{class}/groups/{group}", class, group);
