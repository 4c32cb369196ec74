//! What somebody may do with an activity and with its copies.

use shared::{
    access::{Access, Role},
    api::{ActivityState, Mode},
    ids::{ActivityId, ClassGroupId, ClassId, UserId},
};
use sqlx::PgConnection;

use super::role;
use crate::error::Error;

/// What somebody has to do with a copy.
pub(super) struct Work {
    /// It is their own, their group's or everybody's.
    pub(super) theirs: bool,
    /// They belong to the class.
    pub(super) member: bool,
    pub(super) staff: bool,
    pub(super) archived: bool,
    pub(super) state: ActivityState,
}

impl Work {
    /// What they may do there, and whether they moderate; nothing if it is not for them.
    pub(super) fn rights(&self) -> Option<(Access, bool)> {
        let moderates = self.staff && !self.archived;
        let access = match self.state {
            _ if moderates => Access::Editor,
            _ if !self.theirs && !self.staff => return None,
            // Who has left the class can read what they made.
            _ if self.archived || !self.member => Access::Viewer,
            ActivityState::Open => Access::Editor,
            ActivityState::Closed => Access::Closed,
            ActivityState::Waiting => Access::Viewer,
        };
        Some((access, moderates))
    }
}

/// What the clock says, in words of the API.
pub fn state(waiting: bool, closed: bool) -> ActivityState {
    match (waiting, closed) {
        (_, true) => ActivityState::Closed,
        (true, false) => ActivityState::Waiting,
        (false, false) => ActivityState::Open,
    }
}

/// Whose a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyKey {
    /// Everybody's.
    Everybody,
    /// A group's.
    Group(ClassGroupId),
    /// A person's.
    Person(UserId),
}

/// Somebody who belongs to the class of an activity, or an admin.
#[derive(Debug, Clone, Copy)]
pub struct Participant {
    activity: ActivityId,
    class: ClassId,
    user: UserId,
    role: Role,
    belongs: bool,
    archived: bool,
    group: Option<ClassGroupId>,
    mode: Mode,
    state: ActivityState,
}

/// Staff of the class of an activity.
#[derive(Debug, Clone, Copy)]
pub struct Supervisor(Participant);

/// Somebody who may start an activity now, with what they work in.
#[derive(Debug, Clone, Copy)]
pub struct Starter(Participant, CopyKey);

impl Participant {
    /// Which activity.
    pub fn activity(&self) -> ActivityId {
        self.activity
    }

    /// Of which class.
    pub fn class(&self) -> ClassId {
        self.class
    }

    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether they see what students do not.
    pub fn is_staff(&self) -> bool {
        self.role.is_staff()
    }

    /// Whether they are of the class, and not there as an admin alone.
    pub fn belongs(&self) -> bool {
        self.belongs
    }

    /// Whether the class is archived.
    pub fn is_archived(&self) -> bool {
        self.archived
    }

    /// What is so now.
    pub fn state(&self) -> ActivityState {
        self.state
    }

    /// Whose copy they work in; why in none, in words for them.
    pub fn key(&self) -> Result<CopyKey, &'static str> {
        match (self.mode, self.group) {
            _ if !self.belongs => Err("You do not belong to this class."),
            (Mode::Together, _) => Ok(CopyKey::Everybody),
            (Mode::Individual, _) => Ok(CopyKey::Person(self.user)),
            (Mode::Groups, Some(group)) => Ok(CopyKey::Group(group)),
            (Mode::Groups, None) => {
                Err("This is done in groups, and you are in none. The staff of the class can put you into one.")
            }
        }
    }

    /// The same person, if they may start it now.
    pub fn starter(self) -> Result<Starter, Error> {
        if self.archived {
            return Err(Error::archived());
        }
        match self.state {
            ActivityState::Waiting => Err(Error::Conflict("not_open", "This activity is not open yet.".into())),
            ActivityState::Closed => Err(Error::Conflict("closed", "This activity has closed.".into())),
            ActivityState::Open => match self.key() {
                Ok(key) => Ok(Starter(self, key)),
                Err(why) => Err(Error::Conflict("no_copy", why.into())),
            },
        }
    }

    /// The same person, if they are staff.
    pub fn supervisor(self) -> Result<Supervisor, Error> {
        if self.is_staff() { Ok(Supervisor(self)) } else { Err(Error::Forbidden("This is for the class's staff.")) }
    }
}

impl Supervisor {
    /// As everybody else.
    pub fn participant(&self) -> &Participant {
        &self.0
    }

    /// Refuses what changes something, where the class is archived.
    pub fn may_change(&self) -> Result<(), Error> {
        if self.0.archived { Err(Error::archived()) } else { Ok(()) }
    }
}

impl Starter {
    /// As everybody else.
    pub fn participant(&self) -> &Participant {
        &self.0
    }

    /// Whose copy they work in.
    pub fn key(&self) -> CopyKey {
        self.1
    }
}

/// Somebody who belongs to the class of the activity, or an admin. To all others it does not exist.
pub async fn participant(conn: &mut PgConnection, user: UserId, activity: ActivityId) -> Result<Participant, Error> {
    found(conn, user, activity, false).await
}

/// The same for one that is in the trash, or that is not.
async fn found(
    conn: &mut PgConnection,
    user: UserId,
    activity: ActivityId,
    trashed: bool,
) -> Result<Participant, Error> {
    let row = sqlx::query!(
        r#"select a.class_id, a.mode, m.role as "role?", m.group_id as "group?", u.is_admin,
                  k.archived_at is not null as "archived!",
                  coalesce(a.opens_at > now(), false) as "waiting!",
                  coalesce(a.closes_at <= now(), false) as "closed!"
           from activities a
           join classes k on k.id = a.class_id
           join users u on u.id = $2
           left join memberships m on m.class_id = k.id and m.user_id = u.id
           where a.id = $1 and (a.trashed_at is not null) = $3 and k.trashed_at is null"#,
        activity.uuid(),
        user.uuid(),
        trashed
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    let own: Option<Role> = row.role.as_deref().map(role).transpose()?;
    let role = if row.is_admin { Role::Instructor } else { own.ok_or(Error::NotFound)? };
    Ok(Participant {
        activity,
        class: ClassId::from_uuid(row.class_id),
        user,
        role,
        belongs: own.is_some(),
        archived: row.archived,
        group: row.group.map(ClassGroupId::from_uuid),
        mode: mode(&row.mode)?,
        state: state(row.waiting, row.closed),
    })
}

/// See [`Supervisor`].
pub async fn supervisor(conn: &mut PgConnection, user: UserId, activity: ActivityId) -> Result<Supervisor, Error> {
    participant(conn, user, activity).await?.supervisor()
}

/// Staff of the class of an activity that is in the trash, in a transaction in which nobody else takes it out or deletes
/// it.
#[derive(Debug, Clone, Copy)]
pub struct TrashedActivity(ActivityId);

impl TrashedActivity {
    /// Which activity.
    pub fn activity(&self) -> ActivityId {
        self.0
    }
}

/// See [`TrashedActivity`]. To all others in the class, as to the rest, what is in the trash does not exist.
pub async fn trashed_activity(
    conn: &mut PgConnection,
    user: UserId,
    activity: ActivityId,
) -> Result<TrashedActivity, Error> {
    sqlx::query!("select from activities where id = $1 for update", activity.uuid()).fetch_optional(&mut *conn).await?;
    let supervisor = found(conn, user, activity, true).await?.supervisor().map_err(|_| Error::NotFound)?;
    supervisor.may_change()?;
    Ok(TrashedActivity(activity))
}

/// A mode as a column has it, which a constraint keeps to the three.
pub fn mode(text: &str) -> Result<Mode, Error> {
    text.parse().map_err(|error: shared::api::InvalidMode| Error::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_may_do_with_a_copy() {
        use ActivityState::{Closed, Open, Waiting};
        let of = |words: &str, state| {
            let is = |word| words.split(' ').any(|one| one == word);
            let (theirs, member, staff, archived) = (is("theirs"), is("member"), is("staff"), is("archived"));
            Work { theirs, member, staff, archived, state }.rights()
        };
        assert_eq!(of("theirs member", Open), Some((Access::Editor, false)));
        assert_eq!(of("theirs member", Closed), Some((Access::Closed, false)));
        assert_eq!(of("theirs member", Waiting), Some((Access::Viewer, false)));
        assert_eq!(of("theirs member archived", Open), Some((Access::Viewer, false)));
        assert_eq!(of("theirs", Open), Some((Access::Viewer, false)), "who has left");
        assert_eq!(of("member", Open), None, "another's");
        for state in [Open, Closed, Waiting] {
            assert_eq!(of("member staff", state), Some((Access::Editor, true)));
            assert_eq!(of("member staff archived", state), Some((Access::Viewer, false)));
            assert_eq!(of("", state), None);
        }
    }
}
