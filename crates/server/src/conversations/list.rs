//! The conversations that somebody may see: their own, what is shared with them, and what they opened last.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use shared::{
    access::Rights,
    api::{ConversationSummary, ListConversations, MAX_CONVERSATIONS_A_PAGE, Share, Shelf},
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{access, authors, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// What was opened last is looked for among so many: those that somebody may not see any more are passed over.
const MAX_VISITS: i64 = 400;

/// `GET /api/v1/conversations`. The number of queries is the same however many there are, and each reads by an index no
/// more than the page that is asked for.
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<ListConversations>, QueryRejection>,
) -> Result<Json<Vec<ConversationSummary>>, Error> {
    let Query(ListConversations { of, after, limit }) = query?;
    let limit = limit.unwrap_or(MAX_CONVERSATIONS_A_PAGE);
    if !(1..=MAX_CONVERSATIONS_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_CONVERSATIONS_A_PAGE}.")));
    }
    if of == Some(Shelf::Recent) && after.is_some() {
        return Err(Error::Invalid("after", "after: what was opened last has one page only.".into()));
    }
    let (db, user) = (&services.db, caller.id);
    let place = Place { before: after.map_or(Uuid::max(), ConversationId::uuid), limit: limit.into() };
    let found = match of {
        Some(Shelf::Mine) => mine(db, user, place).await?,
        Some(Shelf::Shared) => shared_with(db, user, place).await?,
        Some(Shelf::Recent) => visited(db, user).await?,
        None => {
            let mut both = mine(db, user, place).await?;
            both.extend(shared_with(db, user, place).await?);
            both.sort_unstable_by(|one, other| other.cmp(one));
            both
        }
    };
    Ok(Json(summaries(db, user, &found, limit as usize).await?))
}

/// Where a page begins, newest first, and how long it is.
#[derive(Clone, Copy)]
struct Place {
    before: Uuid,
    limit: i64,
}

/// Whose the room of an activity is in `conversations` means nothing: it is everybody's who works in it.
async fn mine(db: &PgPool, user: UserId, Place { before, limit }: Place) -> sqlx::Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select c.id
         from conversations c
         where c.owner_id = $1 and c.id < $2 and c.trashed_at is null
           and not exists (select
                           from activity_copies w
                           join activities a on a.id = w.activity_id
                           join classes k on k.id = a.class_id
                           where w.conversation_id = c.id
                             and (w.user_id is null or a.trashed_at is not null or k.trashed_at is not null))
         order by c.id desc
         limit $3",
        user.uuid(),
        before,
        limit
    );
    ids.fetch_all(db).await
}

/// With a class of theirs, as a room of an activity, with their address, by a link that they came by. It finds; [`access`] decides.
async fn shared_with(db: &PgPool, user: UserId, Place { before, limit }: Place) -> sqlx::Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"(select c.id as "id!"
            from memberships m
            cross join lateral (
                select id
                from conversations
                where class_id = m.class_id and share = 'class' and owner_id <> $1 and id < $2 and trashed_at is null
                order by id desc
                limit $3) c
            where m.user_id = $1)
           union
           (select w.conversation_id
            from memberships m
            join activities a on a.class_id = m.class_id and a.trashed_at is null
            join activity_copies w on w.activity_id = a.id
            where m.user_id = $1 and w.user_id is null and w.conversation_id < $2
              and (w.group_id is null or w.group_id = m.group_id)
            order by w.conversation_id desc
            limit $3)
           union
           (select c.id
            from conversation_shares s
            join conversations c on c.id = s.conversation_id
            where s.user_id = $1 and c.owner_id <> $1 and s.conversation_id < $2 and c.trashed_at is null
            order by s.conversation_id desc
            limit $3)
           union
           (select c.id
            from conversation_link_uses w
            join conversation_links l on l.id = w.link_id
            join conversations c on c.id = l.conversation_id
            where w.user_id = $1 and c.owner_id <> $1 and l.conversation_id < $2 and c.trashed_at is null
              and l.revoked_at is null and l.expires_at > now()
            order by l.conversation_id desc
            limit $3)
           order by 1 desc
           limit $3"#,
        user.uuid(),
        before,
        limit
    );
    ids.fetch_all(db).await
}

/// What they opened last, the latest first.
async fn visited(db: &PgPool, user: UserId) -> sqlx::Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select conversation_id
         from conversation_visits
         where user_id = $1
         order by opened_at desc
         limit $2",
        user.uuid(),
        MAX_VISITS
    );
    ids.fetch_all(db).await
}

/// The first `limit` of these that the person may see, in their order.
async fn summaries(db: &PgPool, user: UserId, found: &[Uuid], limit: usize) -> Result<Vec<ConversationSummary>, Error> {
    let asked: Vec<_> = found.iter().map(|id| (user, ConversationId::from_uuid(*id))).collect();
    let rights = access::of_all(db, &asked).await?;
    let shown: Vec<((UserId, ConversationId), Rights)> =
        asked.into_iter().filter_map(|place| Some((place, *rights.get(&place)?))).take(limit).collect();
    let ids: Vec<Uuid> = shown.iter().map(|((_, conversation), _)| conversation.uuid()).collect();
    let rows = sqlx::query!(
        r#"select c.id, c.title, c.share, c.created_at, c.owner_id, u.name as owner,
                  case when w.conversation_id is not null then coalesce(g.name, k.name) end as "room?",
                  case when not a.named then a.pseudonym end as "pseudonym?",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!",
                  coalesce(d.highlight_count, 0) as "highlights!"
           from unnest($1::uuid[]) with ordinality as asked (id, place)
           join conversations c on c.id = asked.id
           join users u on u.id = c.owner_id
           left join annotation_document_state d on d.conversation_id = c.id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = c.owner_id
           left join activity_copies w on w.conversation_id = c.id and w.user_id is null
           left join activities t on t.id = w.activity_id
           left join classes k on k.id = t.class_id
           left join class_groups g on g.id = w.group_id
           order by asked.place"#,
        &ids
    )
    .fetch_all(db)
    .await?;
    let summaries = rows.into_iter().filter_map(|row| {
        let id = ConversationId::from_uuid(row.id);
        let rights = rights.get(&(user, id))?;
        let mine = row.owner_id == user.uuid() && row.room.is_none();
        let owner = || authors::seen(*rights, mine, UserId::from_uuid(row.owner_id), row.owner, row.pseudonym).name;
        Some(ConversationSummary {
            id,
            title: row.title,
            mine,
            owner: row.room.unwrap_or_else(owner),
            access: rights.access,
            may_rename: rights.may_rename,
            share: if row.share == "class" { Share::Class } else { Share::None },
            messages: row.messages,
            highlights: row.highlights,
            created_at: rfc3339(row.created_at),
        })
    });
    Ok(summaries.collect())
}

/// Notes that somebody opened a conversation; at most once a minute what is already the last that they opened.
pub(super) async fn note_visit(db: &PgPool, reader: access::Reader) -> Result<(), Error> {
    sqlx::query!(
        "insert into conversation_visits (user_id, conversation_id)
         values ($1, $2)
         on conflict (user_id, conversation_id) do update
         set opened_at = now()
         where conversation_visits.opened_at < now() - interval '1 minute'
            or exists (select from conversation_visits v
                       where v.user_id = excluded.user_id and v.opened_at > conversation_visits.opened_at)",
        reader.user().uuid(),
        reader.conversation().uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
