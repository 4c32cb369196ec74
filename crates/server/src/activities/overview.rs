//! Who has done what in an activity: a fixed number of queries, however many people and copies there are.

mod sheet;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Response},
};
use shared::{
    api::{CopyWork, LateWork, Overview, OverviewTag, PersonWork, WaitingStudent},
    ids::{ActivityId, ClassGroupId, ConversationId, TagId, UserId},
};
use sqlx::{PgPool, types::Json as JsonColumn};
use time::OffsetDateTime;
use uuid::Uuid;

use super::rfc3339;
use crate::{
    access::{self, Supervisor},
    error::Error,
    export, files,
    rooms::{Latecomer, Tally, Work},
    services::Services,
    sessions::Caller,
};

/// Copies that are decoded for one view: those that changed in the last seconds.
const MAX_FRESH: usize = 60;

/// And so many bytes of them together.
const MAX_FRESH_BYTES: i64 = 32 << 20;

/// Columns of tags; the rest of a vocabulary that has grown beyond is in the copies.
const MAX_TAGS: usize = 100;

/// `GET /api/v1/activities/{activity}/overview`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<Json<Overview>, Error> {
    let Path(id) = path?;
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller.id, id).await?;
    Ok(Json(read(&services, supervisor).await?))
}

/// `GET /api/v1/activities/{activity}/overview.csv`
pub async fn csv(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<Response, Error> {
    let Path(id) = path?;
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller.id, id).await?;
    let sheet = sheet::of(&read(&services, supervisor).await?);
    let title = sqlx::query_scalar!("select title from activities where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let disposition = files::disposition(&format!("{}.csv", export::file_name(&title)));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, &*disposition),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, sheet).into_response())
}

/// A copy with what is known of it.
struct Copy {
    id: ConversationId,
    person: Option<UserId>,
    group: Option<ClassGroupId>,
    tally: Option<Tally>,
    /// Bytes to be decoded, where the tally is behind.
    behind: Option<i64>,
}

/// Somebody of the class, or who was.
struct Someone {
    id: UserId,
    name: String,
    email: String,
    is_student: bool,
    is_member: bool,
    group: Option<(ClassGroupId, String)>,
}

async fn read(services: &Services, supervisor: Supervisor) -> Result<Overview, Error> {
    let (db, activity) = (&services.db, supervisor.participant().activity());
    let mut copies = copies(db, activity).await?;
    let behind = refresh(services, &mut copies).await?;
    let ids: Vec<Uuid> = copies.iter().map(|copy| copy.id.uuid()).collect();
    let seed = seed(db, activity).await?;
    let aliases = aliases(db, activity).await?;
    let work = in_person(summed(&copies, &seed), &aliases);
    let active = last_active(db, &ids).await?;
    let visitors = visitors(db, &ids).await?;
    let mut late = late(services, &ids, &aliases).await?;
    let authors: Vec<Uuid> = work.keys().chain(late.keys()).map(|user| user.uuid()).collect();
    let people = people(db, supervisor, &authors).await?;
    let groups: HashMap<ClassGroupId, String> = group_names(db, supervisor).await?;
    let tags = vocabulary(&copies, &seed);
    let copies_shown = named(&copies, &people, &groups);
    let waiting = waiting(db, supervisor).await?;
    let has_copy: HashSet<UserId> = copies.iter().filter_map(|copy| copy.person).collect();
    let people = people
        .into_iter()
        .filter(|one| one.is_student || work.contains_key(&one.id) || has_copy.contains(&one.id))
        .map(|one| {
            let done = work.get(&one.id).cloned().unwrap_or_default();
            let copy = copies.iter().find(|copy| is_theirs(copy, &one));
            // Whoever was in another group is not in this one's room yet.
            let in_it = |copy: &Copy| copy.person == Some(one.id) || visitors.contains(&(copy.id, one.id));
            let started = copy.is_some_and(in_it) || work.contains_key(&one.id);
            let copy = copy.map(|copy| copy.id);
            let of_tags = |counts: &BTreeMap<TagId, u32>| -> Vec<u32> {
                tags.iter().map(|tag| counts.get(&tag.id).copied().unwrap_or(0)).collect()
            };
            PersonWork {
                started,
                tagged: of_tags(&done.tagged),
                commented: of_tags(&done.commented),
                student: one.is_student,
                highlights: done.highlights,
                comments: done.comments,
                replies: done.replies,
                last_active: active.get(&one.id).copied().map(rfc3339),
                late: late.remove(&one.id).unwrap_or_default(),
                copy,
                id: one.id,
                name: one.name,
                email: one.email,
                group: one.group.map(|(_, name)| name),
            }
        })
        .collect();
    Ok(Overview { tags, people, waiting, copies: copies_shown, behind })
}

/// The copies by the names that the overview has for them, in their order.
pub(crate) async fn copies_shown(services: &Services, supervisor: Supervisor) -> Result<Vec<CopyWork>, Error> {
    let copies = copies(&services.db, supervisor.participant().activity()).await?;
    let owners: Vec<Uuid> = copies.iter().filter_map(|copy| copy.person.map(UserId::uuid)).collect();
    let people = people(&services.db, supervisor, &owners).await?;
    let groups = group_names(&services.db, supervisor).await?;
    Ok(named(&copies, &people, &groups))
}

/// Who is behind which alias, where the activity is anonymous; nobody where it is not.
pub(crate) async fn aliases(db: &PgPool, activity: ActivityId) -> Result<HashMap<UserId, UserId>, Error> {
    let rows = sqlx::query!(
        r#"select alias, user_id as "user_id!" from author_aliases where scope = $1 and user_id is not null"#,
        activity.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (UserId::from_uuid(row.alias), UserId::from_uuid(row.user_id))).collect())
}

/// The same with people in the place of authors.
fn in_person(work: BTreeMap<UserId, Work>, aliases: &HashMap<UserId, UserId>) -> BTreeMap<UserId, Work> {
    work.into_iter().map(|(author, work)| (aliases.get(&author).copied().unwrap_or(author), work)).collect()
}

fn is_theirs(copy: &Copy, one: &Someone) -> bool {
    match (copy.person, copy.group) {
        (Some(person), _) => person == one.id,
        (None, Some(group)) => one.group.as_ref().is_some_and(|(own, _)| *own == group),
        (None, None) => one.is_member,
    }
}

async fn copies(db: &PgPool, activity: ActivityId) -> Result<Vec<Copy>, Error> {
    let rows = sqlx::query!(
        r#"select w.conversation_id, w.user_id, w.group_id,
                  t.tally as "tally?: JsonColumn<Tally>",
                  greatest(s.seq, l.seq) > coalesce(t.seq, 0) as "behind!",
                  octet_length(s.crdt_state) + coalesce(l.bytes, 0) as "bytes!"
           from activity_copies w
           join annotation_document_state s on s.conversation_id = w.conversation_id
           left join copy_tallies t on t.conversation_id = w.conversation_id
           left join lateral (
               select max(u.seq) as seq, sum(octet_length(u.update))::bigint as bytes
               from annotation_update u
               where u.conversation_id = w.conversation_id
           ) l on true
           where w.activity_id = $1"#,
        activity.uuid()
    )
    .fetch_all(db)
    .await?;
    let copies = rows.into_iter().map(|row| Copy {
        id: ConversationId::from_uuid(row.conversation_id),
        person: row.user_id.map(UserId::from_uuid),
        group: row.group_id.map(ClassGroupId::from_uuid),
        tally: row.tally.map(|JsonColumn(tally)| tally),
        behind: row.behind.then_some(row.bytes),
    });
    Ok(copies.collect())
}

/// Counts what changed since it was last counted, within the limits. Answers how many copies are behind all the same.
async fn refresh(services: &Services, copies: &mut [Copy]) -> Result<usize, Error> {
    let mut bytes = 0;
    let fresh: Vec<ConversationId> = copies
        .iter()
        .filter_map(|copy| copy.behind.map(|size| (copy.id, size)))
        .take(MAX_FRESH)
        .take_while(|(_, size)| {
            bytes += size;
            bytes <= MAX_FRESH_BYTES
        })
        .map(|(id, _)| id)
        .collect();
    let mut tallies = services.rooms.tallies(&fresh).await?;
    for copy in copies.iter_mut() {
        if let Some(tally) = tallies.remove(&copy.id) {
            (copy.tally, copy.behind) = (Some(tally), None);
        }
    }
    Ok(copies.iter().filter(|copy| copy.behind.is_some()).count())
}

/// The tags that stood in every copy from the start.
pub(crate) async fn seed_tags(db: &PgPool, activity: ActivityId) -> Result<Vec<(TagId, String)>, Error> {
    Ok(seed(db, activity).await?.tags)
}

/// What stood in every copy from the start.
async fn seed(db: &PgPool, activity: ActivityId) -> Result<Tally, Error> {
    let seed = sqlx::query_scalar!(
        r#"select seed_tally as "tally?: JsonColumn<Tally>" from activities where id = $1"#,
        activity.uuid()
    )
    .fetch_one(db)
    .await?;
    Ok(seed.map(|JsonColumn(tally)| tally).unwrap_or_default())
}

/// What each person did in all copies, beyond what was there.
fn summed(copies: &[Copy], seed: &Tally) -> BTreeMap<UserId, Work> {
    let mut all = BTreeMap::<UserId, Work>::new();
    let nothing = Work::default();
    for (author, work) in copies.iter().filter_map(|copy| copy.tally.as_ref()).flat_map(|tally| &tally.people) {
        let before = seed.people.get(author).unwrap_or(&nothing);
        let sum = all.entry(*author).or_default();
        sum.highlights += work.highlights.saturating_sub(before.highlights);
        sum.comments += work.comments.saturating_sub(before.comments);
        sum.replies += work.replies.saturating_sub(before.replies);
        add(&mut sum.tagged, &work.tagged, &before.tagged);
        add(&mut sum.commented, &work.commented, &before.commented);
    }
    all.retain(|_, work| work.highlights + work.comments > 0);
    all
}

/// To what there is for each tag, what there is more than before.
fn add(sum: &mut BTreeMap<TagId, u32>, now: &BTreeMap<TagId, u32>, before: &BTreeMap<TagId, u32>) {
    for (tag, count) in now {
        *sum.entry(*tag).or_default() += count.saturating_sub(before.get(tag).copied().unwrap_or(0));
    }
}

/// The template's tags, and then those of the copies, the most used first.
fn vocabulary(copies: &[Copy], seed: &Tally) -> Vec<OverviewTag> {
    let known: HashSet<TagId> = seed.tags.iter().map(|(id, _)| *id).collect();
    let mut added = BTreeMap::<TagId, (u32, &str)>::new();
    for tally in copies.iter().filter_map(|copy| copy.tally.as_ref()) {
        for (id, name) in tally.tags.iter().filter(|(id, _)| !known.contains(id)) {
            let used: u32 = tally.people.values().filter_map(|work| work.tagged.get(id)).sum();
            let entry = added.entry(*id).or_insert((0, name));
            entry.0 += used;
        }
    }
    let mut added: Vec<_> = added.into_iter().filter(|(_, (used, _))| *used > 0).collect();
    added.sort_by_key(|(id, (used, _))| (Reverse(*used), *id));
    let added = added.into_iter().map(|(id, (_, name))| (id, name.to_owned()));
    let tags = seed.tags.iter().cloned().chain(added).take(MAX_TAGS);
    tags.map(|(id, name)| OverviewTag { id, name }).collect()
}

/// Who has opened or changed which of the copies.
async fn visitors(db: &PgPool, copies: &[Uuid]) -> Result<HashSet<(ConversationId, UserId)>, Error> {
    let rows = sqlx::query!(
        r#"select conversation_id as "copy!", user_id as "user!"
           from conversation_visits
           where conversation_id = any($1)
           union
           select conversation_id, user_id from copy_editors where conversation_id = any($1)
           union
           select conversation_id, author
           from annotation_update
           where conversation_id = any($1) and author is not null"#,
        copies
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (ConversationId::from_uuid(row.copy), UserId::from_uuid(row.user))).collect())
}

async fn last_active(db: &PgPool, copies: &[Uuid]) -> Result<HashMap<UserId, OffsetDateTime>, Error> {
    let rows = sqlx::query!(
        r#"select user_id as "user!", max(at) as "at!"
           from (select user_id, edited_at as at from copy_editors where conversation_id = any($1)
                 union all
                 select author, created_at
                 from annotation_update
                 where conversation_id = any($1) and author is not null) as edits
           group by user_id"#,
        copies
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (UserId::from_uuid(row.user), row.at)).collect())
}

async fn late(
    services: &Services,
    copies: &[Uuid],
    aliases: &HashMap<UserId, UserId>,
) -> Result<HashMap<UserId, Vec<LateWork>>, Error> {
    let rows = sqlx::query!(
        r#"select l.conversation_id, l.user_id, count(*) as "changes!", max(l.sent_at) as "sent_at!",
                  (sum(octet_length(l.update)) + max(octet_length(s.crdt_state)))::bigint as "bytes!"
           from late_work l
           join annotation_document_state s on s.conversation_id = l.conversation_id
           where l.conversation_id = any($1) and l.taken_in_at is null
           group by l.conversation_id, l.user_id
           order by max(l.sent_at), l.user_id"#,
        copies
    )
    .fetch_all(&services.db)
    .await?;
    let authors: HashMap<UserId, UserId> = aliases.iter().map(|(alias, user)| (*user, *alias)).collect();
    let latecomer = |copy: Uuid, user: Uuid| {
        let (copy, user) = (ConversationId::from_uuid(copy), UserId::from_uuid(user));
        Latecomer { copy, user, author: authors.get(&user).copied().unwrap_or(user) }
    };
    let mut bytes = 0;
    let read: Vec<Latecomer> = rows
        .iter()
        .take(MAX_FRESH)
        .take_while(|row| {
            bytes += row.bytes;
            bytes <= MAX_FRESH_BYTES
        })
        .map(|row| latecomer(row.conversation_id, row.user_id))
        .collect();
    let added = services.rooms.would_add(&read).await?;
    let mut late = HashMap::<UserId, Vec<LateWork>>::new();
    for row in rows {
        let one = latecomer(row.conversation_id, row.user_id);
        let (sent_at, holds) = (rfc3339(row.sent_at), added.get(&one).copied());
        let work = LateWork { copy: one.copy, changes: row.changes, sent_at, holds };
        late.entry(one.user).or_default().push(work);
    }
    Ok(late)
}

/// Everybody of the class and whoever else has done something, by name.
async fn people(db: &PgPool, supervisor: Supervisor, authors: &[Uuid]) -> Result<Vec<Someone>, Error> {
    let rows = sqlx::query!(
        r#"select u.id, u.name,
                  case when u.is_former or u.erasing_since is not null or u.merged_into is not null then '' else u.email end as "email!",
                  m.role as "role?", g.id as "group?", g.name as "group_name?"
           from users u
           left join memberships m on m.class_id = $1 and m.user_id = u.id
           left join class_groups g on g.id = m.group_id
           where m.user_id is not null or u.id = any($2)
           order by lower(u.name), u.id"#,
        supervisor.participant().class().uuid(),
        authors
    )
    .fetch_all(db)
    .await?;
    let people = rows.into_iter().map(|row| Someone {
        id: UserId::from_uuid(row.id),
        name: row.name,
        email: row.email,
        is_student: row.role.as_deref() == Some("student"),
        is_member: row.role.is_some(),
        group: row.group.map(ClassGroupId::from_uuid).zip(row.group_name),
    });
    Ok(people.collect())
}

/// Students of the roster who have never signed in. Who did since is a member.
async fn waiting(db: &PgPool, supervisor: Supervisor) -> Result<Vec<WaitingStudent>, Error> {
    let rows = sqlx::query!(
        r#"select r.name, r.email, g.name as "group?"
           from roster_entries r
           left join class_groups g on g.id = r.group_id
           where r.class_id = $1 and r.role = 'student'
           order by lower(r.name), r.email"#,
        supervisor.participant().class().uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| WaitingStudent { name: row.name, email: row.email, group: row.group }).collect())
}

async fn group_names(db: &PgPool, supervisor: Supervisor) -> Result<HashMap<ClassGroupId, String>, Error> {
    let class = supervisor.participant().class();
    let rows =
        sqlx::query!("select id, name from class_groups where class_id = $1", class.uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (ClassGroupId::from_uuid(row.id), row.name)).collect())
}

fn named(copies: &[Copy], people: &[Someone], groups: &HashMap<ClassGroupId, String>) -> Vec<CopyWork> {
    let names: HashMap<UserId, &str> = people.iter().map(|one| (one.id, one.name.as_str())).collect();
    let name = |copy: &Copy| match (copy.person, copy.group) {
        (Some(person), _) => names.get(&person).map_or("Somebody who has left", |name| *name).to_owned(),
        (None, Some(group)) => groups.get(&group).cloned().unwrap_or_default(),
        (None, None) => "Everybody".to_owned(),
    };
    let mut shown: Vec<CopyWork> = copies
        .iter()
        .map(|copy| CopyWork { id: copy.id, person: copy.person, group: copy.group, name: name(copy) })
        .collect();
    shown.sort_by_cached_key(|copy| (copy.name.to_lowercase(), copy.id));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_in_the_template_is_nobodys_work() {
        let (ann, ben, tag) = (UserId::new(), UserId::new(), TagId::new());
        let work = |highlights| {
            let counts: BTreeMap<TagId, u32> = [(tag, highlights)].into();
            Work { highlights, tagged: counts.clone(), commented: counts, ..Work::default() }
        };
        let tally = |people: Vec<(UserId, Work)>| Tally { people: people.into_iter().collect(), tags: Vec::new() };
        let copy = |tally| Copy { id: ConversationId::new(), person: None, group: None, tally, behind: None };
        let copies = [
            copy(Some(tally(vec![(ann, work(2))]))),
            copy(Some(tally(vec![(ann, work(2)), (ben, work(3))]))),
            copy(None),
        ];
        assert_eq!(summed(&copies, &tally(vec![(ann, work(2))])), [(ben, work(3))].into());
    }
}
