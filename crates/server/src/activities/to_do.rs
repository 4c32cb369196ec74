//! What somebody has to do: the open activities of all their classes, in one query.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use shared::{
    api::{ActivityState, ActivitySummary, ListToDo, MAX_TO_DO_A_PAGE, ToDo},
    ids::{ActivityId, ClassId, ConversationId, UserId},
};
use sqlx::PgPool;

use super::rfc3339;
use crate::{access, error::Error, services::Services, sessions::Caller};

/// `GET /api/v1/activities/open`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<ListToDo>, QueryRejection>,
) -> Result<Json<Vec<ToDo>>, Error> {
    let Query(ListToDo { after, limit }) = query?;
    let limit = limit.unwrap_or(MAX_TO_DO_A_PAGE);
    if !(1..=MAX_TO_DO_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_TO_DO_A_PAGE}.")));
    }
    Ok(Json(read(&services.db, caller.id, after, limit).await?))
}

/// Only what is given to them as a student: staff give tasks, and find them in their classes.
async fn read(db: &PgPool, user: UserId, after: Option<ActivityId>, limit: u32) -> Result<Vec<ToDo>, Error> {
    let rows = sqlx::query!(
        r#"select a.id, a.title, a.mode, a.anonymous, a.opens_at, a.closes_at, k.id as class, k.name as class_name,
                  (select w.conversation_id
                   from activity_copies w
                   where w.activity_id = a.id
                     and (w.user_id = $1
                          or (w.user_id is null and (w.group_id is null or w.group_id = m.group_id)))
                   limit 1) as "copy?"
           from memberships m
           join classes k on k.id = m.class_id and k.archived_at is null and k.trashed_at is null
           join activities a on a.class_id = k.id and a.trashed_at is null
           -- Where the page before ended, wherever that is now; nothing if it is none of theirs.
           left join lateral (
               select b.id, coalesce(b.closes_at, 'infinity') as until
               from activities b
               join memberships n on n.class_id = b.class_id and n.user_id = $1
               where b.id = $2
           ) as last on true
           where m.user_id = $1
             and m.role = 'student'
             and (a.opens_at is null or a.opens_at <= now())
             and (a.closes_at is null or a.closes_at > now())
             and ($2::uuid is null
                  or coalesce(a.closes_at, 'infinity') > last.until
                  or (coalesce(a.closes_at, 'infinity') = last.until and a.id < last.id))
           order by coalesce(a.closes_at, 'infinity'), a.id desc
           limit $3"#,
        user.uuid(),
        after.map(ActivityId::uuid),
        i64::from(limit)
    )
    .fetch_all(db)
    .await?;
    let tasks = rows.into_iter().map(|row| {
        let summary = ActivitySummary {
            id: ActivityId::from_uuid(row.id),
            title: row.title,
            mode: access::mode(&row.mode)?,
            anonymous: row.anonymous,
            opens_at: row.opens_at.map(rfc3339),
            closes_at: row.closes_at.map(rfc3339),
            state: ActivityState::Open,
            copy: row.copy.map(ConversationId::from_uuid),
        };
        Ok(ToDo { summary, class: ClassId::from_uuid(row.class), class_name: row.class_name })
    });
    tasks.collect()
}
