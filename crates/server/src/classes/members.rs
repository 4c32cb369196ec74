//! The people of a class: who is in it, as what, in which group, and how they go.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection, rejection::PathRejection, rejection::QueryRejection},
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    access::Role,
    api::{ClassMember, ClassPerson, MEMBERS_PAGE, MemberPage},
    ids::{ClassGroupId, ClassId, RosterEntryId, UserId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{access, error::Error, services::Services, sessions::Caller};

/// What is asked for of the list.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    find: String,
    #[serde(default)]
    after: String,
}

/// Whom a page begins behind: people are in the order of their names, and of their ids where two are called the same. An
/// address would order them too, and is not for everybody.
struct Place {
    name: String,
    id: Uuid,
}

impl Place {
    /// As it is given out.
    fn written(&self) -> String {
        format!("{}{}", self.id.simple(), self.name)
    }

    /// `None` for what we never gave out.
    fn read(text: &str) -> Option<Self> {
        let (id, name) = text.split_at_checked(32)?;
        let is_name = !name.is_empty() && name.len() <= 1_000 && !name.contains('\0');
        is_name.then_some(Self { name: name.to_owned(), id: Uuid::try_parse(id).ok()? })
    }
}

/// `GET /api/v1/classes/{class}/members`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<MemberPage>, Error> {
    let Path(class) = path?;
    let mut conn = services.db.acquire().await?;
    let member = access::member(&mut conn, caller.id, class).await?;
    let Query(Asked { find, after }) = query.map_err(|error| Error::Invalid("bad_query", error.body_text()))?;
    let bad = || Error::Invalid("bad_query", "after: the next of a page before is expected.".into());
    let after = if after.is_empty() { None } else { Some(Place::read(&after).ok_or_else(bad)?) };
    // The database takes no NUL, and nobody is called by other control characters either.
    let find: String = find.trim().chars().filter(|c| !c.is_control()).take(200).collect();
    Ok(Json(select(&mut conn, member, None, &find, after).await?))
}

/// `GET /api/v1/classes/{class}/members/{user}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, UserId)>, PathRejection>,
) -> Result<Json<ClassMember>, Error> {
    let Path((class, user)) = path?;
    let mut conn = services.db.acquire().await?;
    let member = access::member(&mut conn, caller.id, class).await?;
    let MemberPage { people, .. } = select(&mut conn, member, Some(user), "", None).await?;
    people.into_iter().next().map(Json).ok_or(Error::NotFound)
}

/// Those whom `member` may see, or `one` of them, and how many there are.
async fn select(
    conn: &mut PgConnection,
    member: access::Member,
    one: Option<UserId>,
    find: &str,
    after: Option<Place>,
) -> Result<MemberPage, Error> {
    let is_staff = member.role().is_staff();
    let (after, behind) = after.map(|place| (place.name, place.id)).unzip();
    // One more than is shown says whether there are more.
    let mut rows = sqlx::query!(
        r#"with own as (select group_id from memberships where class_id = $1 and user_id = $2),
                people as (
                    select u.id as user_id, null::uuid as entry_id, u.name, u.pronouns, u.email, m.role, m.group_id
                    from memberships m
                    join users u on u.id = m.user_id
                    where m.class_id = $1
                      and ($3 or m.role <> 'student' or m.user_id = $2 or m.group_id = (select group_id from own))
                      and ($4::uuid is null or m.user_id = $4)
                    union all
                    select null, r.id, r.name, null, r.email, r.role, r.group_id
                    from roster_entries r
                    where r.class_id = $1 and $3 and $4 is null),
                found as (
                    select p.*, lower(name) as key, coalesce(user_id, entry_id) as id
                    from people p
                    where $5 = '' or position(lower($5) in lower(name)) > 0
                       or ($3 and position(lower($5) in lower(email)) > 0))
           select user_id, entry_id, name as "name!", pronouns, email as "email!", role as "role!", group_id,
                  key as "key!", id as "id!",
                  (select count(*) from found) as "total!"
           from found
           where $6::text is null or (key, id) > ($6, $7::uuid)
           order by key, id
           limit $8"#,
        member.class().uuid(),
        member.user().uuid(),
        is_staff,
        one.map(UserId::uuid) as Option<Uuid>,
        find,
        after,
        behind,
        i64::from(MEMBERS_PAGE) + 1
    )
    .fetch_all(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let has_more = rows.len() > MEMBERS_PAGE as usize;
    rows.truncate(MEMBERS_PAGE as usize);
    let last = rows.last().filter(|_| has_more).map(|row| Place { name: row.key.clone(), id: row.id });
    let people = rows.into_iter().map(|row| {
        let who = match (row.user_id, row.entry_id) {
            (Some(user), _) => ClassPerson::User(UserId::from_uuid(user)),
            (None, entry) => ClassPerson::Waiting(RosterEntryId::from_uuid(entry.unwrap_or_default())),
        };
        let (email, group) = (is_staff.then_some(row.email), row.group_id.map(ClassGroupId::from_uuid));
        Ok(ClassMember { who, name: row.name, pronouns: row.pronouns, email, role: access::role(&row.role)?, group })
    });
    Ok(MemberPage { people: people.collect::<Result<_, Error>>()?, total, next: last.map(|last| last.written()) })
}

/// The body of [`shared::api::SetRole`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    role: Role,
}

/// `PUT /api/v1/classes/{class}/members/{user}/role`. The tables tell the rooms.
pub async fn set_role(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, UserId)>, PathRejection>,
    body: Result<Json<NewRole>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, user)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let NewRole { role } = body?.0;
    let changed = sqlx::query!(
        "update memberships
         set role = $3
         where class_id = $1 and user_id = $2",
        change.class().uuid(),
        user.uuid(),
        role.as_str()
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    refuse_without_instructor(&mut tx, class).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The body of [`shared::api::SetGroup`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    #[serde(deserialize_with = "Option::deserialize")]
    group: Option<ClassGroupId>,
}

/// `PUT /api/v1/classes/{class}/members/{user}/group`
pub async fn set_group(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, UserId)>, PathRejection>,
    body: Result<Json<NewGroup>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, user)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let group = body?.0.group.map(ClassGroupId::uuid);
    let changed = sqlx::query!(
        "update memberships
         set group_id = $3
         where class_id = $1 and user_id = $2
           and ($3::uuid is null or exists (select from class_groups where class_id = $1 and id = $3))",
        change.class().uuid(),
        user.uuid(),
        group as Option<Uuid>
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/classes/{class}/members/{user}`. The tables tell the rooms.
pub async fn remove(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, UserId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, user)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    go(&mut tx, change.class(), user).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/classes/{class}/leave`: also an archived one.
pub async fn leave(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(class) = path?;
    let mut tx = services.db.begin().await?;
    let member = access::member_alone(&mut tx, caller.id, class).await?;
    go(&mut tx, member.class(), member.user()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn go(conn: &mut PgConnection, class: ClassId, user: UserId) -> Result<(), Error> {
    let gone = sqlx::query!("delete from memberships where class_id = $1 and user_id = $2", class.uuid(), user.uuid())
        .execute(&mut *conn)
        .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    refuse_without_instructor(conn, class).await
}

/// A class that nobody teaches could be changed by nobody. Called after a change, in its transaction, under
/// [`access::lock`].
pub(crate) async fn refuse_without_instructor(conn: &mut PgConnection, class: ClassId) -> Result<(), Error> {
    let taught = sqlx::query_scalar!(
        r#"select exists (select from memberships where class_id = $1 and role = 'instructor') as "taught!""#,
        class.uuid()
    )
    .fetch_one(conn)
    .await?;
    if taught {
        return Ok(());
    }
    let why = "A class has at least one instructor: make somebody else an instructor first.";
    Err(Error::Conflict("last_instructor", why.into()))
}
