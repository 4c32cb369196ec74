//! What somebody may do: decided here alone, for conversations, for classes and for projects ([`projects`]).
//!
//! | in a class | student | tutor | instructor, admin |
//! |---|---|---|---|
//! | sees its name, its staff, their own group; leaves | yes | yes | yes |
//! | sees everybody with addresses, all groups, the roster's waiting lines, the code | | yes | yes |
//! | moderates the conversations shared with it, and copies of its activities | | yes | instructors |
//! | sees its activities, starts what is open | yes | yes | instructors |
//! | makes and changes activities, sees who has done what, takes in late work, reveals | | yes | yes |
//! | renames, archives; roles, groups, removals; code, links, roster | | | yes |
//!
//! Whoever belongs to a class and may not do a thing in it is told so (403). To all others the class does not exist (404).
//! An archived class is read-only: it can only be taken back or left, and what is shared with it is read by all but the
//! conversation's owner.
//!
//! A copy of an activity is not its owner's to share: whose it is writes in it while the activity is open and reads it for
//! ever, staff of the class moderate it at any time and alone rename it, and to all others it does not exist
//! ([`activities`]). What is in the trash is there for nobody but whoever may take it out or delete it (`trashed`, `trashed_activity`, `trashed_class`, `trashed_project`).
//! Whether its text may be copied, and that of what is revealed, its activity says. How it came to be is theirs whose it is;
//! staff see it where its activity says so, or whoever works alone in it lets them (`histories`).
//!
//! What somebody shared with a class who was erased, staff edit, show to fewer people and delete as if they owned it, since
//! nobody else is left who could; they give it to nobody else (`own`).

mod activities;
mod classes;
mod histories;
mod projects;

use std::collections::HashMap;

use shared::{
    access::{Access, Grant, Rights},
    ids::{ConversationId, UserId},
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::error::Error;

pub use activities::{
    CopyKey, Participant, Starter, Supervisor, TrashedActivity, mode, participant, state as activity_state, supervisor,
    trashed_activity,
};
pub use classes::{
    Change, Creator, Instructor, Member, Staff, Teacher, TrashedClass, change, creator, instructor, instructor_alone,
    lock, member, member_alone, role, staff, trashed_class,
};
pub use histories::{Chronicler, CopyOwner, Historian, chronicler, copy_owner, historian};
pub use projects::{
    ProjectEditor, ProjectMember, ProjectReader, Sender, TrashedProject, project_editor, project_editor_alone,
    project_member, project_reader, sender, sender_of, trashed_project,
};

/// Somebody who may read a conversation, with all that they may do there.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    conversation: ConversationId,
    user: UserId,
    rights: Rights,
}

impl Reader {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What they may do.
    pub fn rights(&self) -> Rights {
        self.rights
    }
}

/// Somebody who may read the conversation. To all others it does not exist.
pub async fn reader(db: impl PgExecutor<'_>, user: UserId, conversation: ConversationId) -> Result<Reader, Error> {
    let rights = of(db, user, conversation).await?.ok_or(Error::NotFound)?;
    Ok(Reader { conversation, user, rights })
}

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: impl PgExecutor<'_>, user: UserId, conversation: ConversationId) -> Result<Option<Rights>, Error> {
    Ok(of_all(db, &[(user, conversation)]).await?.into_values().next())
}

/// The same for many at once; those who may do nothing are left out.
pub async fn of_all(
    db: impl PgExecutor<'_>,
    asked: &[(UserId, ConversationId)],
) -> sqlx::Result<HashMap<(UserId, ConversationId), Rights>> {
    let users: Vec<Uuid> = asked.iter().map(|(user, _)| user.uuid()).collect();
    let conversations: Vec<Uuid> = asked.iter().map(|(_, conversation)| conversation.uuid()).collect();
    let found = sqlx::query_as!(
        Facts,
        r#"select asked.user_id as "user!", c.id,
                  c.owner_id = asked.user_id as "owner!",
                  c.share = 'class' and w.conversation_id is null and k.archived_at is null
                      and coalesce(m.role in ('tutor', 'instructor'), false)
                      and exists (select from users o where o.id = c.owner_id and o.is_former) as "heir!",
                  c.share = 'class' and m.user_id is not null as "shared!",
                  w.conversation_id is not null as "copy!",
                  m.user_id is not null as "member!",
                  coalesce(
                      w.user_id = asked.user_id
                      or (w.user_id is null and m.user_id is not null
                          and (w.group_id is null or w.group_id = m.group_id)),
                      false) as "theirs!",
                  coalesce(w.user_id = asked.user_id, false) as "alone_theirs!",
                  coalesce(a.staff_see_history or w.staff_see_history, false) as "shown!",
                  coalesce(a.opens_at > now(), false) as "waiting!",
                  coalesce(a.closes_at <= now(), false) as "closed!",
                  coalesce(m.role in ('tutor', 'instructor'), false) as "staff!",
                  coalesce(k.archived_at is not null, false) as "archived!",
                  c.alias_scope is not null as "anonymous!",
                  c.class_id is null and not c.class_gone as "alone!",
                  c.copy_protected or coalesce(a.copy_protected, false)
                      or exists (select from activity_reveals r
                                 join activities of_it on of_it.id = r.activity_id
                                 where r.conversation_id = c.id and of_it.copy_protected) as "protected!",
                  greatest(
                      (select max(s.access)
                       from conversation_shares s
                       where s.conversation_id = c.id and s.user_id = asked.user_id),
                      (select max(l.access)
                       from conversation_links l
                       join conversation_link_uses u on u.link_id = l.id
                       where l.conversation_id = c.id
                         and u.user_id = asked.user_id
                         and l.revoked_at is null
                         and l.expires_at > now()))::text as "granted?"
           from unnest($1::uuid[], $2::uuid[]) as asked (user_id, conversation_id)
           join conversations c on c.id = asked.conversation_id and c.trashed_at is null
           left join activity_copies w on w.conversation_id = c.id
           left join activities a on a.id = w.activity_id
           left join classes k on k.id = coalesce(a.class_id, c.class_id)
           left join memberships m on m.class_id = k.id and m.user_id = asked.user_id and k.trashed_at is null
           where a.trashed_at is null and (a.id is null or k.trashed_at is null)"#,
        &users,
        &conversations
    )
    .fetch_all(db)
    .await?;
    let mut all = HashMap::new();
    for facts in found {
        let place = (UserId::from_uuid(facts.user), ConversationId::from_uuid(facts.id));
        all.extend(facts.rights()?.map(|rights| (place, rights)));
    }
    Ok(all)
}

/// What decides what one person may do with one conversation.
struct Facts {
    user: Uuid,
    id: Uuid,
    owner: bool,
    /// Staff, and it was shared with their class by somebody who was erased.
    heir: bool,
    /// With their class.
    shared: bool,
    /// It is a copy of an activity, and then what [`activities::Work`] asks.
    copy: bool,
    member: bool,
    theirs: bool,
    /// It is a copy of theirs, and nobody else's.
    alone_theirs: bool,
    /// How it came to be is for staff too.
    shown: bool,
    waiting: bool,
    closed: bool,
    staff: bool,
    archived: bool,
    anonymous: bool,
    /// It belongs to no class.
    alone: bool,
    /// By its own setting, or as part of an activity that is protected.
    protected: bool,
    granted: Option<String>,
}

impl Facts {
    fn rights(&self) -> sqlx::Result<Option<Rights>> {
        // A copy belongs to its class, whoever works in it.
        let is_own = self.owner && !self.copy;
        let sees_names = !self.anonymous || self.staff || (is_own && self.alone);
        let may_copy = !self.protected || self.staff || is_own;
        let may = if self.copy { self.in_copy() } else { self.by_doors()? };
        Ok(may.map(|(access, moderates)| {
            // A copy is called as its activity is: many work in it, and staff tell copies apart by their titles.
            let may_rename = access.may_edit() && (!self.copy || moderates);
            let sees_history = if self.copy { self.sees_history_of_copy() } else { self.may_edit_by_doors() };
            Rights { access, moderates, sees_names, may_copy, may_rename, sees_history }
        }))
    }

    /// Staff see what students made, and not how they came to it, unless it is their own copy, or they are let by the
    /// activity's setting or by whoever's copy it is.
    fn sees_history_of_copy(&self) -> bool {
        if self.staff { self.alone_theirs || self.shown } else { self.theirs }
    }

    /// What somebody may as a member of a class is less.
    fn may_edit_by_doors(&self) -> bool {
        self.owner || self.granted.as_deref() == Some(Grant::Editor.as_str())
    }

    fn in_copy(&self) -> Option<(Access, bool)> {
        let Self { theirs, member, staff, archived, .. } = *self;
        let state = activities::state(self.waiting, self.closed);
        activities::Work { theirs, member, staff, archived, state }.rights()
    }

    /// Whoever is let in by several doors may do what the widest lets them.
    fn by_doors(&self) -> sqlx::Result<Option<(Access, bool)>> {
        let granted = self.granted.as_deref().map(grant).transpose();
        let granted = granted.map_err(|error| sqlx::Error::Decode(error.into()))?.map(Access::from);
        let of_class = self.shared.then_some(if self.archived { Access::Viewer } else { Access::Annotator });
        let of_owner = (self.owner || self.heir).then_some(Access::Owner);
        let moderates = self.owner || (self.shared && self.staff && !self.archived);
        Ok(of_owner.max(of_class).max(granted).map(|access| (access, moderates)))
    }
}

/// A grant as a column has it, which its type keeps to the three.
pub fn grant(text: &str) -> Result<Grant, shared::access::InvalidGrant> {
    text.parse()
}

/// Somebody who may change a conversation's title.
#[derive(Debug, Clone, Copy)]
pub struct Titler(Reader);

impl Titler {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.0.conversation
    }
}

/// See [`Titler`]. Others who may read it are told that they may not.
pub async fn titler(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Titler, Error> {
    let reader = reader(db, user, conversation).await?;
    match reader.rights {
        Rights { may_rename: true, .. } => Ok(Titler(reader)),
        Rights { access, .. } if access.may_edit() => Err(Error::Forbidden(
            "A copy of an activity is called as the activity is: the staff of the class rename it.",
        )),
        _ => Err(Error::Forbidden("This is for people who may edit the conversation.")),
    }
}

/// Somebody who may edit a conversation's text.
#[derive(Debug, Clone, Copy)]
pub struct TextEditor(Reader);

impl TextEditor {
    /// As who they read it.
    pub fn reader(&self) -> Reader {
        self.0
    }
}

/// Whether somebody may edit the text of a conversation, if anybody may.
pub fn may_edit_text(rights: Rights) -> bool {
    rights.may_rename && rights.may_copy
}

/// See [`TextEditor`]. Others who may read it are told that they may not.
pub async fn text_editor(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<TextEditor, Error> {
    let reader = reader(db, user, conversation).await?;
    match reader.rights {
        rights if may_edit_text(rights) => Ok(TextEditor(reader)),
        Rights { may_rename: true, .. } => {
            Err(Error::Forbidden("This text is protected: its owner, and the staff of its class, may edit it."))
        }
        Rights { access, .. } if access.may_edit() => Err(Error::Forbidden(
            "The text of an activity's copy is the same for all: the staff of the class see to it.",
        )),
        _ => Err(Error::Forbidden("This is for people who may edit the conversation.")),
    }
}

/// Somebody who moderates a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Moderator(Reader);

impl Moderator {
    /// As who they read it.
    pub fn reader(&self) -> Reader {
        self.0
    }
}

/// See [`Moderator`]. Others who may read it are told that they do not.
pub async fn moderator(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Moderator, Error> {
    let reader = reader(db, user, conversation).await?;
    if !reader.rights.moderates {
        return Err(Error::Forbidden(
            "This is for people who moderate the conversation: its owner, the staff of its class.",
        ));
    }
    Ok(Moderator(reader))
}

/// Whoever a conversation belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Owner(Reader);

impl Owner {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.0.conversation
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.0.user
    }
}

/// See [`Owner`]. Others who may read it are told that this is not theirs.
pub async fn owner(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Owner, Error> {
    let reader = reader(db, user, conversation).await?;
    match reader.rights.access {
        Access::Owner => Ok(Owner(reader)),
        _ => Err(Error::Forbidden("This is for the conversation's owner.")),
    }
}

/// The same, where nobody else may who has it from a former member: they did not give it to others.
pub async fn own(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Owner, Error> {
    let owner = owner(db, user, conversation).await?;
    let theirs =
        sqlx::query!("select from conversations where id = $1 and owner_id = $2", conversation.uuid(), user.uuid());
    if theirs.fetch_optional(db).await?.is_none() {
        return Err(Error::Forbidden(
            "A former member shared this with the class. It can be deleted, and nobody else can be let in.",
        ));
    }
    Ok(owner)
}

/// The owner of a conversation that is in the trash, or staff who have it from a former member, in a transaction in which nobody
/// else takes it out or deletes it.
#[derive(Debug, Clone, Copy)]
pub struct Trashed(ConversationId);

impl Trashed {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.0
    }
}

/// See [`Trashed`]. To all others, and out of the trash, it does not exist.
pub async fn trashed(conn: &mut PgConnection, user: UserId, conversation: ConversationId) -> Result<Trashed, Error> {
    let found = sqlx::query!(
        "select from conversations
         where id = $1 and (owner_id = $2 or is_of_staff(id, $2)) and trashed_at is not null
         for update",
        conversation.uuid(),
        user.uuid()
    );
    found.fetch_optional(conn).await?.map(|_| Trashed(conversation)).ok_or(Error::NotFound)
}
