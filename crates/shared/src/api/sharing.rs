use serde::{Deserialize, Serialize};

use super::Audience;
use crate::{
    access::Grant,
    ids::{ActivityId, ClassId, ConversationId, LinkId, ShareId},
};

/// People that one conversation is shared with by address, at most.
pub const MAX_SHARES: i64 = 200;

/// Links of one conversation that are not revoked, at most.
pub const MAX_LINKS: i64 = 20;

/// `GET /api/v1/conversations/{conversation}/sharing`: with whom it is shared; for its owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetSharing {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub conversation: ConversationId,
}

/// With whom a conversation is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// Its title.
    pub title: String,
    /// How many messages it has.
    pub messages: i64,
    /// How many highlights it had at the last snapshot.
    pub highlights: i32,
    /// The class whose members read it, as annotators.
    pub class: Option<SharingClass>,
    /// The classes that it could be shared with: the owner's, but for archived ones.
    pub classes: Vec<SharingClass>,
    /// By address, in its order.
    pub people: Vec<PersonShare>,
    /// Newest first, but for those that are revoked.
    pub links: Vec<ShareLink>,
    /// Whether people there see one another by pseudonyms.
    pub anonymous: bool,
    /// Whether its text is protected against copying.
    pub copy_protected: bool,
    /// The activity of which this was revealed, where it is protected: then so is this, whatever is said here.
    pub protected_by: Option<ActivityId>,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingClass {
    /// Names it.
    pub id: ClassId,
    /// What it is called.
    pub name: String,
}

/// Somebody who is let in by their address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonShare {
    /// Names it.
    pub id: ShareId,
    /// In lower case.
    pub email: String,
    /// Their name, since they have opened it.
    pub name: Option<String>,
    /// What they may do.
    pub access: Grant,
}

/// A link that lets people in, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLink {
    /// Names it.
    pub id: LinkId,
    /// What people may do by it.
    pub access: Grant,
    /// RFC 3339.
    pub expires_at: String,
    /// How many have come by it.
    pub uses: i64,
    /// Whether it still lets in.
    pub good: bool,
}

endpoint!(GetSharing: Get Sharing, "/api/v1/conversations/{conversation}/sharing", conversation);

/// `PUT /api/v1/conversations/{conversation}/sharing/class`: shares it with one of the owner's classes, or with none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareWithClass {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// `null`: with none.
    pub class: Option<ClassId>,
}

endpoint!(ShareWithClass: Put (), "/api/v1/conversations/{conversation}/sharing/class", conversation);

/// `PUT /api/v1/conversations/{conversation}/sharing/anonymity`: whether people there see one another by pseudonyms. 409
/// once anybody has written in it: who reads it has seen who they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAnonymity {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// Whether they do.
    pub anonymous: bool,
}

endpoint!(SetAnonymity: Put (), "/api/v1/conversations/{conversation}/sharing/anonymity", conversation);

/// `PUT /api/v1/conversations/{conversation}/sharing/protection`: whether pages make it a nuisance to copy the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectText {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// Whether they do.
    pub copy_protected: bool,
}

endpoint!(ProtectText: Put (), "/api/v1/conversations/{conversation}/sharing/protection", conversation);

/// `POST /api/v1/conversations/{conversation}/sharing/people`: lets somebody in; who is let in already may do this from
/// now on. The answer is the same whether or not anybody has that address here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareWithPerson {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub access: Grant,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedWith {
    /// Names it.
    pub id: ShareId,
}

endpoint!(ShareWithPerson: Post SharedWith, "/api/v1/conversations/{conversation}/sharing/people", conversation);

/// `DELETE /api/v1/conversations/{conversation}/sharing/people/{share}`: lets nobody in by it any more, at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndShare {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub conversation: ConversationId,
    /// Whom.
    #[serde(skip_serializing)]
    pub share: ShareId,
}

endpoint!(EndShare: Delete (), "/api/v1/conversations/{conversation}/sharing/people/{share}", conversation, share);

/// `POST /api/v1/conversations/{conversation}/sharing/links`: makes a link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// Which conversation.
    #[serde(skip, default = "ConversationId::new")]
    pub conversation: ConversationId,
    /// What people may do by it.
    pub access: Grant,
    /// Days until it, and what is done by it, ends: 1 to 365.
    pub days: i32,
}

/// A new link; it is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedLink {
    /// Names it.
    pub id: LinkId,
    /// The whole address.
    pub link: String,
}

endpoint!(CreateLink: Post CreatedLink, "/api/v1/conversations/{conversation}/sharing/links", conversation);

/// `DELETE /api/v1/conversations/{conversation}/sharing/links/{link}`: whoever came by it alone is out, at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeLink {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub conversation: ConversationId,
    /// Which link.
    #[serde(skip_serializing)]
    pub link: LinkId,
}

endpoint!(RevokeLink: Delete (), "/api/v1/conversations/{conversation}/sharing/links/{link}", conversation, link);

/// `GET /api/v1/links/{secret}`: what a link leads to, for whoever holds it and is signed in; 404 where it is not good
/// any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetLink {
    /// What stands at the end of the link: 43 letters, digits, hyphens and underscores.
    #[serde(skip_serializing)]
    pub secret: String,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPreview {
    /// The conversation's title.
    pub title: String,
    /// Its owner, as others see them there.
    pub owner: String,
    /// What one may do by it.
    pub access: Grant,
    /// Where it is anonymous: who sees names nonetheless.
    pub names_seen_by: Option<Audience>,
}

endpoint!(GetLink: Get LinkPreview, "/api/v1/links/{secret}", secret);

/// `POST /api/v1/links/{secret}/open`: the caller is let in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenLink {
    /// As in [`GetLink`].
    #[serde(skip_serializing)]
    pub secret: String,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The conversation.
    pub id: ConversationId,
}

endpoint!(OpenLink: Post Opened, "/api/v1/links/{secret}/open", secret);
