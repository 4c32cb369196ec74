//! People's inboxes: comments that mention them or answer them. They are made with the updates that hold the comments
//! (`record.rs`), and shown only to whom they are for, as long as that person may see the conversation.

use std::collections::BTreeMap;

use axum::{
    Form, Json,
    extract::{
        Query, State,
        rejection::{FormRejection, JsonRejection, QueryRejection},
    },
    response::Redirect,
};
use shared::{
    access::Rights,
    api::{Inbox, ListNotices, MAX_NOTICES_A_PAGE, Notice, NoticeKind, ReadNotices, Unread},
    ids::{CommentId, ConversationId, HighlightId, NoticeId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{access, authors, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// Notices of what an update says, in the transaction that stores it.
pub mod record;

/// In one answer, where the caller names no limit.
const DEFAULT_LIMIT: u32 = 50;

/// `GET /api/v1/notices`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<ListNotices>, QueryRejection>,
) -> Result<Json<Inbox>, Error> {
    let Query(ListNotices { before, limit }) = query?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_NOTICES_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_NOTICES_A_PAGE}.")));
    }
    let db = &services.db;
    let conversations = readable(db, caller.id).await?;
    let notices = page(db, caller.id, &conversations, before, limit).await?;
    let next = notices.last().filter(|_| notices.len() == limit as usize).map(|notice| notice.id);
    Ok(Json(Inbox { unread: unread(db, caller.id, &conversations).await?, notices, next }))
}

/// The conversations in which somebody has notices and which they may see now, with what they may do there.
async fn readable(db: &PgPool, user: UserId) -> sqlx::Result<BTreeMap<Uuid, Rights>> {
    let noticed = sqlx::query_scalar!("select distinct conversation_id from notices where user_id = $1", user.uuid());
    let noticed = noticed.fetch_all(db).await?;
    if noticed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<_> = noticed.into_iter().map(|id| (user, ConversationId::from_uuid(id))).collect();
    let rights = access::of_all(db, &asked).await?.into_iter();
    Ok(rights.map(|((_, conversation), rights)| (conversation.uuid(), rights)).collect())
}

async fn page(
    db: &PgPool,
    user: UserId,
    conversations: &BTreeMap<Uuid, Rights>,
    before: Option<NoticeId>,
    limit: u32,
) -> sqlx::Result<Vec<Notice>> {
    let rows = sqlx::query!(
        r#"select n.id, n.kind, n.conversation_id, c.title, n.highlight_id, n.comment_id, n.by_user, u.name, n.excerpt,
                  a.alias as "alias?", case when not a.named then a.pseudonym end as "pseudonym?", n.created_at,
                  n.read_at is not null as "read!"
           from notices n
           join conversations c on c.id = n.conversation_id
           join users u on u.id = n.by_user
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = u.id
           where n.user_id = $1
             and n.conversation_id = any($2)
             and not n.comment_deleted
             and not n.highlight_deleted
             and ($3::uuid is null or n.id < $3)
           order by n.id desc
           limit $4"#,
        user.uuid(),
        &conversations.keys().copied().collect::<Vec<_>>(),
        before.map(NoticeId::uuid),
        i64::from(limit)
    )
    .fetch_all(db)
    .await?;
    let notices = rows.into_iter().filter_map(|row| {
        let author = UserId::from_uuid(row.alias.unwrap_or(row.by_user));
        let by = authors::seen(*conversations.get(&row.conversation_id)?, false, author, row.name, row.pseudonym);
        Some(Notice {
            id: NoticeId::from_uuid(row.id),
            kind: if row.kind == "mention" { NoticeKind::Mention } else { NoticeKind::Reply },
            conversation: ConversationId::from_uuid(row.conversation_id),
            title: row.title,
            highlight: HighlightId::from_uuid(row.highlight_id),
            comment: CommentId::from_uuid(row.comment_id),
            by,
            excerpt: row.excerpt,
            created_at: rfc3339(row.created_at),
            read: row.read,
        })
    });
    Ok(notices.collect())
}

async fn unread(db: &PgPool, user: UserId, conversations: &BTreeMap<Uuid, Rights>) -> sqlx::Result<u32> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from notices
           where user_id = $1
             and read_at is null
             and conversation_id = any($2)
             and not comment_deleted
             and not highlight_deleted"#,
        user.uuid(),
        &conversations.keys().copied().collect::<Vec<_>>()
    );
    Ok(u32::try_from(count.fetch_one(db).await?).unwrap_or(u32::MAX))
}

/// `POST /api/v1/notices/read`
pub async fn read(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<ReadNotices>, JsonRejection>,
) -> Result<Json<Unread>, Error> {
    let Json(request) = body?;
    mark(&services.db, caller.id, request).await?;
    let conversations = readable(&services.db, caller.id).await?;
    Ok(Json(Unread { unread: unread(&services.db, caller.id, &conversations).await? }))
}

/// `POST /inbox/read`: the same by a plain form.
pub async fn read_by_form(
    State(services): State<Services>,
    caller: Caller,
    form: Result<Form<ReadNotices>, FormRejection>,
) -> Result<Redirect, Error> {
    let Form(request) = form?;
    mark(&services.db, caller.id, request).await?;
    Ok(Redirect::to("/inbox"))
}

/// Nobody marks another's: `user` is part of the question.
async fn mark(db: &PgPool, user: UserId, ReadNotices { ids, up_to }: ReadNotices) -> Result<(), Error> {
    if ids.is_empty() == up_to.is_none() {
        return Err(Error::Invalid("which_notices", "Give either ids or up_to: which notices were read.".into()));
    }
    if ids.len() > MAX_NOTICES_A_PAGE as usize {
        return Err(Error::Invalid("ids", format!("ids: at most {MAX_NOTICES_A_PAGE} at once.")));
    }
    let ids: Vec<Uuid> = ids.into_iter().map(NoticeId::uuid).collect();
    sqlx::query!(
        "update notices
         set read_at = now()
         where user_id = $1 and read_at is null and (id = any($2) or id <= $3)",
        user.uuid(),
        &ids,
        up_to.map(NoticeId::uuid)
    )
    .execute(db)
    .await?;
    Ok(())
}
