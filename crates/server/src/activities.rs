//! Activities: tasks in a class. Each begins with a template, which is copied when it is started. Who may do what is said
//! in [`crate::access`].

/// What came after an activity had closed.
pub mod late;

mod overview;
mod owners;
mod reveal;
mod settings;
mod start;
mod to_do;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::{Activity, ActivityState, ActivitySummary, Template},
    ids::{ActivityId, ClassId, ConversationId, UserId},
};
use sqlx::PgConnection;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    access::{self, Participant},
    error::Error,
    services::Services,
    sessions::Caller,
};

pub use late::take_in as take_in_late_work;
pub(crate) use overview::{aliases, copies_shown as copies, seed_tags};
pub use overview::{csv as overview_csv, get as get_overview};
pub(crate) use owners::owners;
pub use reveal::reveal;
pub use settings::{change, create};
pub use start::start;
pub use to_do::list as list_to_do;

/// Activities of one class.
const MAX_ACTIVITIES: i64 = 500;

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// `GET /api/v1/classes/{class}/activities`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<Vec<ActivitySummary>>, Error> {
    let Path(class) = path?;
    let mut conn = services.db.acquire().await?;
    access::member(&mut conn, caller.id, class).await?;
    Ok(Json(summaries(&mut conn, caller.id, Some(class), None).await?))
}

/// Those of a class, or one.
async fn summaries(
    conn: &mut PgConnection,
    user: UserId,
    class: Option<ClassId>,
    one: Option<ActivityId>,
) -> Result<Vec<ActivitySummary>, Error> {
    let rows = sqlx::query!(
        r#"select a.id, a.title, a.mode, a.anonymous, a.opens_at, a.closes_at,
                  coalesce(a.opens_at > now(), false) as "waiting!",
                  coalesce(a.closes_at <= now(), false) as "closed!",
                  (select w.conversation_id
                   from activity_copies w
                   where w.activity_id = a.id
                     and (w.user_id = $1
                          or (w.user_id is null and m.user_id is not null
                              and (w.group_id is null or w.group_id = m.group_id)))
                   limit 1) as "copy?"
           from activities a
           left join memberships m on m.class_id = a.class_id and m.user_id = $1
           where (a.class_id = $2 or a.id = $3) and a.trashed_at is null
           order by a.id desc
           limit $4"#,
        user.uuid(),
        class.map(ClassId::uuid),
        one.map(ActivityId::uuid),
        MAX_ACTIVITIES
    )
    .fetch_all(conn)
    .await?;
    let summaries = rows.into_iter().map(|row| {
        Ok(ActivitySummary {
            id: ActivityId::from_uuid(row.id),
            title: row.title,
            mode: access::mode(&row.mode)?,
            anonymous: row.anonymous,
            opens_at: row.opens_at.map(rfc3339),
            closes_at: row.closes_at.map(rfc3339),
            state: access::activity_state(row.waiting, row.closed),
            copy: row.copy.map(ConversationId::from_uuid),
        })
    });
    summaries.collect()
}

/// `GET /api/v1/classes/{class}/templates`
pub async fn templates(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<Vec<Template>>, Error> {
    let Path(class) = path?;
    let mut conn = services.db.acquire().await?;
    access::staff(&mut conn, caller.id, class).await?;
    let rows = sqlx::query!(
        "select c.id, c.title, u.name
         from conversations c
         join users u on u.id = c.owner_id
         where (c.owner_id = $1 or (c.share = 'class' and c.class_id = $2))
           and c.alias_scope is null
           and c.trashed_at is null
           and not exists (select from activity_copies w where w.conversation_id = c.id)
         order by c.id desc
         limit 200",
        caller.id.uuid(),
        class.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let templates = rows.into_iter().map(|row| Template {
        id: ConversationId::from_uuid(row.id),
        title: row.title,
        owner: row.name,
    });
    Ok(Json(templates.collect()))
}

/// `GET /api/v1/activities/{activity}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<Json<Activity>, Error> {
    let Path(id) = path?;
    let mut conn = services.db.acquire().await?;
    let participant = access::participant(&mut conn, caller.id, id).await?;
    Ok(Json(read(&mut conn, participant).await?))
}

async fn read(conn: &mut PgConnection, participant: Participant) -> Result<Activity, Error> {
    let (id, staff) = (participant.activity(), participant.is_staff());
    let summary = summaries(conn, participant.user(), None, Some(id)).await?.pop().ok_or(Error::NotFound)?;
    let row = sqlx::query!(
        r#"select k.name as class, a.instructions, a.copy_protected, a.staff_see_history, now() as "now!", c.id as template, c.title, u.name as owner,
                  (select count(*) from activity_copies w where w.activity_id = a.id) as "copies!"
           from activities a
           join classes k on k.id = a.class_id
           join conversations c on c.id = a.template_id
           join users u on u.id = c.owner_id
           where a.id = $1"#,
        id.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let revealed = reveal::list(conn, participant.user(), id).await?;
    let may_read = staff || summary.state != ActivityState::Waiting;
    let template = Template { id: ConversationId::from_uuid(row.template), title: row.title, owner: row.owner };
    Ok(Activity {
        summary,
        class: participant.class(),
        class_name: row.class,
        instructions: if may_read { row.instructions } else { String::new() },
        staff,
        archived: participant.is_archived(),
        copy_protected: row.copy_protected,
        staff_see_history: row.staff_see_history,
        now: rfc3339(row.now),
        hindrance: participant.key().err().map(str::to_owned),
        template: staff.then_some(template),
        copies: staff.then_some(row.copies),
        revealed,
    })
}
