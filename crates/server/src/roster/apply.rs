//! A roster against the class: what is new, what differs, and the few statements that make it so. Their number does not
//! grow with the roster.

use std::collections::HashMap;

use shared::{
    access::Role,
    api::{Outcome, RosterLine, RosterReport},
    ids::{ClassGroupId, RosterEntryId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::lines::Line;
use crate::{access, classes, error::Error};

/// Somebody as the class knows them before.
#[derive(Debug, Clone)]
struct Present {
    /// Their account, if they ever signed in.
    user: Option<Uuid>,
    /// What they are; `None` is not in the class.
    role: Option<Role>,
    group: Option<Uuid>,
    /// Under which name they wait.
    waits_as: Option<String>,
}

/// What one line comes to.
struct Decided<'a> {
    line: &'a Line,
    user: Option<Uuid>,
    role: Role,
    group: Option<Uuid>,
    outcome: Outcome,
}

/// Does what the lines say, in the transaction that `change` belongs to.
///
/// People who have signed in are members at once. The others wait in `roster_entries` for
/// [`classes::take_up`](crate::classes::take_up).
pub(super) async fn apply(
    conn: &mut PgConnection,
    change: access::Change,
    lines: Vec<Line>,
) -> Result<RosterReport, Error> {
    let present = find(conn, change, &lines).await?;
    let (groups, new_groups) = groups(conn, change, &lines).await?;
    let decided: Vec<Decided> = lines.iter().map(|line| decide(line, present.get(&line.email), &groups)).collect();
    write_members(conn, change, &decided).await?;
    write_waiting(conn, change, &decided).await?;
    refuse_crowd(conn, change).await?;
    classes::refuse_without_instructor(conn, change.class()).await?;
    let names: HashMap<Uuid, String> = groups.into_values().collect();
    Ok(report(&decided, &names, new_groups))
}

/// Whom of the lines the class or the site knows, by address.
async fn find(
    conn: &mut PgConnection,
    change: access::Change,
    lines: &[Line],
) -> Result<HashMap<String, Present>, Error> {
    let emails: Vec<String> = lines.iter().map(|line| line.email.clone()).collect();
    let rows = sqlx::query!(
        r#"select asked.email as "email!", u.id as "user?", coalesce(m.role, r.role) as role,
                  case when u.id is null then r.group_id else m.group_id end as group_id, r.name as "waits_as?"
           from unnest($2::text[]) as asked (email)
           left join users u on lower(u.email) = asked.email
           left join memberships m on m.class_id = $1 and m.user_id = u.id
           left join roster_entries r on r.class_id = $1 and r.email = asked.email and u.id is null"#,
        change.class().uuid(),
        &emails
    )
    .fetch_all(conn)
    .await?;
    let present = rows.into_iter().map(|row| {
        let role = row.role.as_deref().map(access::role).transpose()?;
        Ok((row.email, Present { user: row.user, role, group: row.group_id, waits_as: row.waits_as }))
    });
    present.collect()
}

/// Groups by their name in lower case, with their spelling.
type Groups = HashMap<String, (Uuid, String)>;

/// The class's groups, with those that the lines name and that were not there, and the names of these.
async fn groups(
    conn: &mut PgConnection,
    change: access::Change,
    lines: &[Line],
) -> Result<(Groups, Vec<String>), Error> {
    let class = change.class().uuid();
    let rows =
        sqlx::query!("select id, name from class_groups where class_id = $1", class).fetch_all(&mut *conn).await?;
    let mut groups: Groups = rows.into_iter().map(|row| (row.name.to_lowercase(), (row.id, row.name))).collect();
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for name in lines.iter().filter_map(|line| line.group.as_ref()) {
        groups.entry(name.to_lowercase()).or_insert_with(|| {
            let id = ClassGroupId::new().uuid();
            ids.push(id);
            names.push(name.clone());
            (id, name.clone())
        });
    }
    classes::refuse_many_groups(groups.len())?;
    sqlx::query!(
        "insert into class_groups (id, class_id, name)
         select id, $1, name
         from unnest($2::uuid[], $3::text[]) as new (id, name)",
        class,
        &ids,
        &names
    )
    .execute(conn)
    .await
    .map_err(classes::name_taken)?;
    Ok((groups, names))
}

fn decide<'a>(line: &'a Line, present: Option<&Present>, groups: &Groups) -> Decided<'a> {
    let named = line.group.as_ref().and_then(|name| groups.get(&name.to_lowercase())).map(|(id, _)| *id);
    let before = present.and_then(|person| Some((person.role?, person)));
    let role = line.role.or(before.map(|(role, _)| role)).unwrap_or(Role::Student);
    let group = named.or(before.and_then(|(_, person)| person.group));
    let outcome = match before {
        None => Outcome::Added,
        Some((was, person)) => {
            let is_renamed = person.waits_as.as_ref().is_some_and(|name| *name != line.name);
            if was == role && person.group == group && !is_renamed { Outcome::Unchanged } else { Outcome::Changed }
        }
    };
    Decided { line, user: present.and_then(|person| person.user), role, group, outcome }
}

async fn write_members(conn: &mut PgConnection, change: access::Change, decided: &[Decided<'_>]) -> Result<(), Error> {
    let (mut users, mut roles, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for one in decided.iter().filter(|one| one.outcome != Outcome::Unchanged) {
        let Some(user) = one.user else { continue };
        users.push(user);
        roles.push(one.role.as_str().to_owned());
        groups.push(one.group);
    }
    sqlx::query!(
        "insert into memberships (class_id, user_id, role, group_id)
         select $1, user_id, role, group_id
         from unnest($2::uuid[], $3::text[], $4::uuid[]) as new (user_id, role, group_id)
         on conflict (class_id, user_id) do update
         set role = excluded.role, group_id = excluded.group_id",
        change.class().uuid(),
        &users,
        &roles,
        &groups as &[Option<Uuid>]
    )
    .execute(&mut *conn)
    .await?;
    // A line that waited for an address which somebody took since without proving it is theirs.
    sqlx::query!(
        "delete from roster_entries
         where class_id = $1 and email in (select lower(email) from users where id = any($2))",
        change.class().uuid(),
        &users
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn write_waiting(conn: &mut PgConnection, change: access::Change, decided: &[Decided<'_>]) -> Result<(), Error> {
    let (mut ids, mut emails, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut roles, mut groups) = (Vec::new(), Vec::new());
    for one in decided.iter().filter(|one| one.user.is_none() && one.outcome != Outcome::Unchanged) {
        ids.push(RosterEntryId::new().uuid());
        emails.push(one.line.email.clone());
        names.push(one.line.name.clone());
        roles.push(one.role.as_str().to_owned());
        groups.push(one.group);
    }
    sqlx::query!(
        "insert into roster_entries (id, class_id, email, name, role, group_id)
         select id, $1, email, name, role, group_id
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[]) as new (id, email, name, role, group_id)
         on conflict (class_id, email) do update
         set name = excluded.name, role = excluded.role, group_id = excluded.group_id",
        change.class().uuid(),
        &ids,
        &emails,
        &names,
        &roles,
        &groups as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn refuse_crowd(conn: &mut PgConnection, change: access::Change) -> Result<(), Error> {
    let people = sqlx::query_scalar!(
        r#"select (select count(*) from memberships where class_id = $1)
                  + (select count(*) from roster_entries where class_id = $1) as "people!""#,
        change.class().uuid()
    )
    .fetch_one(conn)
    .await?;
    classes::refuse_crowd(people)
}

fn report(decided: &[Decided], groups: &HashMap<Uuid, String>, new_groups: Vec<String>) -> RosterReport {
    let count = |outcome| decided.iter().filter(|one| one.outcome == outcome).count();
    let lines = decided.iter().map(|one| RosterLine {
        line: one.line.line,
        name: one.line.name.clone(),
        email: one.line.email.clone(),
        role: one.role,
        group: one.group.and_then(|group| groups.get(&group).cloned()),
        outcome: one.outcome,
        waits: Some(one.user.is_none()),
    });
    RosterReport {
        applied: false,
        added: count(Outcome::Added),
        changed: count(Outcome::Changed),
        unchanged: count(Outcome::Unchanged),
        new_groups,
        lines: lines.collect(),
    }
}
