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
//! ever, staff of the class moderate it at any time, and to all others it does not exist ([`activities`]).

mod activities;
mod classes;
mod projects;

use std::collections::HashMap;

use shared::{
    access::{Access, Grant, Rights},
    ids::{ConversationId, UserId},
};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::error::Error;

pub use activities::{
    CopyKey, Participant, Starter, Supervisor, mode, participant, state as activity_state, supervisor,
};
pub use classes::{
    Change, Creator, Instructor, Member, Staff, Teacher, change, creator, instructor, instructor_alone, lock, member,
    member_alone, role, staff,
};
pub use projects::{
    ProjectEditor, ProjectMember, ProjectReader, Sender, project_editor, project_editor_alone, project_member,
    project_reader, sender, sender_of,
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
pub async fn reader(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Reader, Error> {
    let rights = of(db, user, conversation).await?.ok_or(Error::NotFound)?;
    Ok(Reader { conversation, user, rights })
}

/// What `user` may do with `conversation`; nothing if it does not exist or is not for them.
pub async fn of(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Option<Rights>, Error> {
    Ok(of_all(db, &[(user, conversation)]).await?.into_values().next())
}

/// The same for many at once; those who may do nothing are left out.
pub async fn of_all(
    db: impl PgExecutor<'_>,
    asked: &[(UserId, ConversationId)],
) -> sqlx::Result<HashMap<(UserId, ConversationId), Rights>> {
    let users: Vec<Uuid> = asked.iter().map(|(user, _)| user.uuid()).collect();
    let conversations: Vec<Uuid> = asked.iter().map(|(_, conversation)| conversation.uuid()).collect();
    let rows = sqlx::query!(
        r#"select asked.user_id as "user!", c.id,
                  c.owner_id = asked.user_id as "owner!",
                  c.share = 'class' and m.user_id is not null as "shared!",
                  w.conversation_id is not null as "copy!",
                  m.user_id is not null as "member!",
                  coalesce(
                      w.user_id = asked.user_id
                      or (w.user_id is null and m.user_id is not null
                          and (w.group_id is null or w.group_id = m.group_id)),
                      false) as "theirs!",
                  coalesce(a.opens_at > now(), false) as "waiting!",
                  coalesce(a.closes_at <= now(), false) as "closed!",
                  coalesce(m.role in ('tutor', 'instructor'), false) as "staff!",
                  coalesce(k.archived_at is not null, false) as "archived!",
                  c.alias_scope is not null as "anonymous!",
                  c.class_id is null as "alone!",
                  c.copy_protected,
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
           join conversations c on c.id = asked.conversation_id
           left join activity_copies w on w.conversation_id = c.id
           left join activities a on a.id = w.activity_id
           left join classes k on k.id = coalesce(a.class_id, c.class_id)
           left join memberships m on m.class_id = k.id and m.user_id = asked.user_id"#,
        &users,
        &conversations
    )
    .fetch_all(db)
    .await?;
    let mut all = HashMap::new();
    for row in rows {
        let place = (UserId::from_uuid(row.user), ConversationId::from_uuid(row.id));
        // A copy belongs to its class, whoever works in it.
        let is_own = row.owner && !row.copy;
        let sees_names = !row.anonymous || row.staff || (is_own && row.alone);
        let may_copy = !row.copy_protected || row.staff || is_own;
        if row.copy {
            let work = activities::Work {
                theirs: row.theirs,
                member: row.member,
                staff: row.staff,
                archived: row.archived,
                state: activities::state(row.waiting, row.closed),
            };
            let rights = work.rights();
            all.extend(rights.map(|(access, moderates)| (place, Rights { access, moderates, sees_names, may_copy })));
            continue;
        }
        let granted =
            row.granted.as_deref().map(grant).transpose().map_err(|error| sqlx::Error::Decode(error.into()))?;
        let granted = granted.map(Access::from);
        let of_class = row.shared.then_some(if row.archived { Access::Viewer } else { Access::Annotator });
        let of_owner = row.owner.then_some(Access::Owner);
        // Whoever is let in by several doors may do what the widest lets them.
        if let Some(access) = of_owner.max(of_class).max(granted) {
            let moderates = row.owner || (row.shared && row.staff && !row.archived);
            all.insert(place, Rights { access, moderates, sees_names, may_copy });
        }
    }
    Ok(all)
}

/// A grant as a column has it, which its type keeps to the three.
pub fn grant(text: &str) -> Result<Grant, shared::access::InvalidGrant> {
    text.parse()
}

/// Somebody who may change a conversation's title.
#[derive(Debug, Clone, Copy)]
pub struct Editor(Reader);

impl Editor {
    /// Which conversation.
    pub fn conversation(&self) -> ConversationId {
        self.0.conversation
    }
}

/// See [`Editor`]. Others who may read it are told that they may not.
pub async fn editor(db: &PgPool, user: UserId, conversation: ConversationId) -> Result<Editor, Error> {
    let reader = reader(db, user, conversation).await?;
    match reader.rights.access.may_edit() {
        true => Ok(Editor(reader)),
        false => Err(Error::Forbidden("This is for people who may edit the conversation.")),
    }
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
