//! People.

use std::fmt;

use anyhow::{Context, bail};
use serde::Serialize;
use shared::ids::UserId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    arguments::{AskedUsers, Only},
    words::{counted, table},
};
use crate::{
    config::Config,
    identities,
    sign_in::{Email, recovery},
    times::rfc3339,
};

/// Somebody.
#[derive(Serialize)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) email: String,
    admin: bool,
    may_create_classes: bool,
    banned_at: Option<String>,
    created_at: String,
}

const HEADS: [&str; 4] = ["ID", "NAME", "E-MAIL", "STANDING"];

impl Person {
    fn row(&self) -> Vec<String> {
        vec![self.id.to_string(), self.name.clone(), self.email.clone(), self.standing()]
    }

    fn standing(&self) -> String {
        let words = [
            (self.banned_at.is_some(), "banned"),
            (self.admin, "admin"),
            (self.may_create_classes, "may create classes"),
        ];
        words.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(&HEADS, [self.row()]))
    }
}

/// Some of them.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct People {
    people: Vec<Person>,
}

impl fmt::Display for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(&HEADS, self.people.iter().map(Person::row)))
    }
}

/// As a row of the table has it.
struct Row {
    id: uuid::Uuid,
    name: String,
    email: String,
    is_admin: bool,
    may_create_classes: bool,
    banned_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: UserId::from_uuid(row.id),
            name: row.name,
            email: row.email,
            admin: row.is_admin,
            may_create_classes: row.may_create_classes,
            banned_at: row.banned_at.map(rfc3339),
            created_at: rfc3339(row.created_at),
        }
    }
}

pub(super) async fn list(conn: &mut PgConnection, asked: &AskedUsers) -> anyhow::Result<People> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, email, is_admin, may_create_classes, banned_at, created_at
         from users
         where erasing_since is null and merged_into is null and not is_former
           and ($1 = '' or position(lower($1) in lower(name)) > 0 or position(lower($1) in lower(email)) > 0)
           and (not $2 or is_admin)
           and (not $3 or banned_at is not null)
           and ($4::uuid is null or id > $4)
         order by id
         limit $5",
        asked.find,
        asked.only == Some(Only::Admins),
        asked.only == Some(Only::Banned),
        asked.after.map(UserId::uuid),
        i64::from(asked.limit)
    );
    let people = rows.fetch_all(conn).await?.into_iter().map(Person::from).collect();
    Ok(People { people })
}

/// The person whom an id or an address names; held until the transaction ends.
pub(super) async fn find(conn: &mut PgConnection, user: &str) -> anyhow::Result<Person> {
    let id = user.parse::<UserId>().ok();
    let rows = sqlx::query_as!(
        Row,
        "select id, name, email, is_admin, may_create_classes, banned_at, created_at
         from users
         where (id = $1 or ($1::uuid is null and lower(email) = lower($2)))
           and erasing_since is null and merged_into is null and not is_former
         for update",
        id.map(UserId::uuid),
        user.trim()
    );
    let mut people = rows.fetch_all(conn).await?;
    match (people.pop(), people.len()) {
        (Some(person), 0) => Ok(person.into()),
        (None, _) => bail!("there is nobody with the id or e-mail address {user:?}; see promptgrimoire admin users"),
        _ => bail!("several people have the address {user:?}, spelt differently: give an id"),
    }
}

/// Somebody, with all that is known of them here.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    person: Person,
    /// The providers that vouch for them.
    sign_in_by: Vec<String>,
    last_seen_at: Option<String>,
    sessions: i64,
    tokens: i64,
    conversations: i64,
    classes: Vec<Place>,
}

/// What somebody is in a class.
#[derive(Serialize)]
struct Place {
    id: shared::ids::ClassId,
    name: String,
    role: String,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Person { id, name, email, banned_at, created_at, .. } = &self.person;
        let sign_in = if self.sign_in_by.is_empty() { "never yet".into() } else { self.sign_in_by.join(", ") };
        let has = [
            counted(self.sessions, "session"),
            counted(self.tokens, "token"),
            counted(self.conversations, "conversation"),
        ];
        let lines = [
            ("Id", id.to_string()),
            ("Name", name.clone()),
            ("E-mail", email.clone()),
            ("Standing", self.person.standing()),
            ("Banned", banned_at.clone().unwrap_or_default()),
            ("Came", created_at.clone()),
            ("Seen", self.last_seen_at.clone().unwrap_or_default()),
            ("Signs in by", sign_in),
            ("Has", has.join(", ")),
        ];
        let classes =
            self.classes.iter().map(|place| ("Class", format!("{} ({}), {}", place.name, place.role, place.id)));
        let rows = lines.into_iter().chain(classes).map(|(what, value)| vec![what.to_owned(), value]);
        f.write_str(&table(&["WHAT", "VALUE"], rows))
    }
}

pub(super) async fn show(conn: &mut PgConnection, user: &str) -> anyhow::Result<Shown> {
    let person = find(conn, user).await?;
    let id = person.id.uuid();
    let row = sqlx::query!(
        r#"select (select max(last_seen_at) from sessions where user_id = $1) as last_seen_at,
                  (select count(*) from sessions
                   where user_id = $1 and revoked_at is null and expires_at > now()) as "sessions!",
                  (select count(*) from tokens where user_id = $1 and revoked_at is null) as "tokens!",
                  (select count(*) from conversations where owner_id = $1) as "conversations!",
                  array(select distinct provider from identities where user_id = $1 order by provider) as "sign_in_by!""#,
        id
    )
    .fetch_one(&mut *conn)
    .await?;
    let classes = sqlx::query!(
        "select c.id, c.name, m.role
         from memberships m
         join classes c on c.id = m.class_id
         where m.user_id = $1
         order by lower(c.name), c.id",
        id
    )
    .fetch_all(conn)
    .await?;
    let classes = classes.into_iter().map(|row| Place {
        id: shared::ids::ClassId::from_uuid(row.id),
        name: row.name,
        role: row.role,
    });
    Ok(Shown {
        person,
        sign_in_by: row.sign_in_by,
        last_seen_at: row.last_seen_at.map(rfc3339),
        sessions: row.sessions,
        tokens: row.tokens,
        conversations: row.conversations,
        classes: classes.collect(),
    })
}

pub(super) async fn add(conn: &mut PgConnection, email: &str, name: Option<&str>) -> anyhow::Result<Person> {
    let Some(email) = Email::parse(email) else { bail!("{email:?} is no e-mail address") };
    match identities::add(conn, &email, name).await? {
        Some(_) => find(conn, email.as_str()).await,
        None => bail!("somebody has the address {} already", email.as_str()),
    }
}

/// Somebody was banned.
#[derive(Serialize)]
pub(super) struct Banned {
    #[serde(flatten)]
    person: Person,
    sessions_ended: u64,
}

impl fmt::Display for Banned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = counted(i64::try_from(self.sessions_ended).unwrap_or(i64::MAX), "session");
        write!(f, "{}{ended} ended.", self.person)
    }
}

/// The tables tell the servers.
pub(super) async fn ban(conn: &mut PgConnection, user: &str) -> anyhow::Result<Banned> {
    let id = find(conn, user).await?.id;
    sqlx::query!("update users set banned_at = now() where id = $1 and banned_at is null", id.uuid())
        .execute(&mut *conn)
        .await?;
    // Not for the ban, which every session is held against, but so that none of them is good when it is taken back.
    let ended =
        sqlx::query!("update sessions set revoked_at = now() where user_id = $1 and revoked_at is null", id.uuid())
            .execute(&mut *conn)
            .await?;
    recovery::withdraw(conn, id).await?;
    let person = find(conn, &id.to_string()).await?;
    Ok(Banned { person, sessions_ended: ended.rows_affected() })
}

pub(super) async fn unban(conn: &mut PgConnection, user: &str) -> anyhow::Result<Person> {
    let id = find(conn, user).await?.id;
    sqlx::query!("update users set banned_at = null where id = $1", id.uuid()).execute(&mut *conn).await?;
    find(conn, &id.to_string()).await
}

pub(super) async fn set_admin(conn: &mut PgConnection, user: &str, is_admin: bool) -> anyhow::Result<Person> {
    let id = find(conn, user).await?.id;
    sqlx::query!("update users set is_admin = $2 where id = $1", id.uuid(), is_admin).execute(&mut *conn).await?;
    find(conn, &id.to_string()).await
}

pub(super) async fn set_may_create_classes(conn: &mut PgConnection, user: &str, may: bool) -> anyhow::Result<Person> {
    let id = find(conn, user).await?.id;
    sqlx::query!("update users set may_create_classes = $2 where id = $1", id.uuid(), may).execute(&mut *conn).await?;
    find(conn, &id.to_string()).await
}

/// A link was made.
#[derive(Serialize)]
pub(super) struct SignInLink {
    user: Person,
    link: String,
    expires_at: String,
}

impl fmt::Display for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, email) = (&self.user.name, &self.user.email);
        writeln!(f, "Signs in as {name} ({email}), once, until {}. Hand it to nobody else:", self.expires_at)?;
        f.write_str(&self.link)
    }
}

pub(super) async fn sign_in_link(
    conn: &mut PgConnection,
    user: &str,
    minutes: u32,
    config: &Config,
) -> anyhow::Result<SignInLink> {
    let person = find(conn, user).await?;
    if person.banned_at.is_some() {
        bail!("{} is banned, and no link would let them in; see promptgrimoire admin unban", person.email);
    }
    let origin = config.public_origin(config.listen);
    if origin.port() == 0 {
        bail!("where the server is to be found is not known: set PUBLIC_ORIGIN, or LISTEN with its port");
    }
    let (secret, expires_at) =
        recovery::create(conn, person.id, minutes).await.context("the link could not be made")?;
    let link = format!("{origin}{}/{}", recovery::PATH, secret.text());
    Ok(SignInLink { user: person, link, expires_at: rfc3339(expires_at) })
}
