use serde::{Deserialize, Serialize};

use super::{Joined, WhenErased};
use crate::{
    access::Role,
    ids::{ClassId, InvitationId},
};

/// `GET /api/v1/classes/{class}/invitations`: those that are not revoked, newest first; for instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListInvitations {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
}

/// A link that people join a class by, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Names it.
    pub id: InvitationId,
    /// What people become by it.
    pub role: Role,
    /// Who made it, if they still are somebody.
    pub by: Option<String>,
    /// RFC 3339.
    pub expires_at: String,
    /// How many have joined by it.
    pub uses: i32,
    /// How many may.
    pub max_uses: i32,
    /// Whether somebody can still join by it.
    pub good: bool,
}

endpoint!(ListInvitations: Get Vec<Invitation>, "/api/v1/classes/{class}/invitations", class);

/// `POST /api/v1/classes/{class}/invitations`: makes a link; for instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    /// Which class.
    #[serde(skip, default = "ClassId::new")]
    pub class: ClassId,
    /// What people become by it.
    pub role: Role,
    /// Days until it expires, 1 to 365.
    pub days: i32,
    /// How many may join by it: 1 to 2,000, and at most 20 where they become staff.
    pub max_uses: i32,
}

/// A new link; it is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedInvitation {
    /// Names it.
    pub id: InvitationId,
    /// The whole address.
    pub link: String,
}

endpoint!(CreateInvitation: Post CreatedInvitation, "/api/v1/classes/{class}/invitations", class);

/// `DELETE /api/v1/classes/{class}/invitations/{invitation}`: nobody joins by it any more; for instructors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeInvitation {
    /// Which class.
    #[serde(skip_serializing)]
    pub class: ClassId,
    /// Which link.
    #[serde(skip_serializing)]
    pub invitation: InvitationId,
}

endpoint!(RevokeInvitation: Delete (), "/api/v1/classes/{class}/invitations/{invitation}", class, invitation);

/// `GET /api/v1/invitations/{token}`: what a link leads to, for whoever holds it and is signed in; 404 where it is not
/// good any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetInvitation {
    /// What stands at the end of the link: 43 letters, digits, hyphens and underscores.
    #[serde(skip_serializing)]
    pub token: String,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationPreview {
    /// The class.
    pub id: ClassId,
    /// Its name.
    pub name: String,
    /// What the caller would be in it.
    pub role: Role,
    /// What the caller is in it already.
    pub present: Option<Role>,
    /// What becomes of what somebody wrote in it when their account is erased.
    #[serde(default)]
    pub when_erased: WhenErased,
}

endpoint!(GetInvitation: Get InvitationPreview, "/api/v1/invitations/{token}", token);

/// `POST /api/v1/invitations/{token}/join`: the caller belongs to the class. Whoever does already becomes what the link
/// says if that is more, and loses nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AcceptInvitation {
    /// As in [`GetInvitation`].
    #[serde(skip_serializing)]
    pub token: String,
}

endpoint!(AcceptInvitation: Post Joined, "/api/v1/invitations/{token}/join", token);
