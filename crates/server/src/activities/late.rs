//! Late work: what came after an activity had closed, from people who might have made it in time, without a network. It is
//! kept as it came; staff take it in, and then the rules judge it as they would have.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
};
use bytes::Bytes;
use serde::Deserialize;
use shared::{
    access::{Access, Rights},
    api::TakenIn,
    ids::{ActivityId, ConversationId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    access::{self, Supervisor},
    error::Error,
    rooms::{Fate, Member},
    services::Services,
    sessions::{Caller, Proof},
};

/// What its author is told.
pub const KEPT: &str =
    "The activity has closed. This came too late; the staff can see that it is there, and take it in";

/// Late changes of one connection; then it is closed.
pub const MAX_CHANGES: u32 = 1_000;

/// Bytes of late work that are kept of one person in one copy. What is more is on their device.
const MAX_BYTES: i64 = 4 << 20;

/// Keeps what came too late, in its order.
///
/// # Errors
/// The database's.
pub async fn keep(db: &PgPool, copy: ConversationId, updates: &[(UserId, Bytes)]) -> sqlx::Result<()> {
    let (people, updates): (Vec<Uuid>, Vec<&[u8]>) =
        updates.iter().map(|(user, update)| (user.uuid(), update.as_ref())).unzip();
    let mut tx = db.begin().await?;
    // What is kept already is counted by one at a time.
    sqlx::query!("select from conversations where id = $1 for no key update", copy.uuid()).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into late_work (conversation_id, user_id, update)
         select $1, new.user_id, new.update
         from (
             select user_id, update, place,
                 sum(octet_length(update)) over (partition by user_id order by place) as bytes
             from unnest($2::uuid[], $3::bytea[]) with ordinality as given (user_id, update, place)
         ) as new
         where $4 >= new.bytes + (select coalesce(sum(octet_length(l.update)), 0)
                                  from late_work l
                                  where l.conversation_id = $1 and l.user_id = new.user_id)
         order by new.place
         on conflict do nothing",
        copy.uuid(),
        &people,
        &updates as _,
        MAX_BYTES
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The body of [`shared::api::TakeInLateWork`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    copy: ConversationId,
    person: UserId,
}

/// `POST /api/v1/activities/{activity}/late`
pub async fn take_in(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    body: Result<Json<Whose>, JsonRejection>,
) -> Result<Json<TakenIn>, Error> {
    let Path(id) = path?;
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller.id, id).await?;
    supervisor.may_change()?;
    let Json(whose) = body?;
    let Waiting { name, author, rows, updates } = waiting(&services.db, supervisor, &whose).await?;
    let member = Member {
        user: whose.person,
        author,
        of_epoch: None,
        name,
        rights: Rights {
            access: Access::Editor,
            moderates: false,
            sees_names: true,
            may_copy: true,
            may_rename: false,
            sees_history: false,
        },
        proof: Proof::Session(Vec::new()),
        as_of: services.rooms.now(),
        speaks_v1: true,
        epoch: None,
    };
    let fates = services.rooms.take_in(whose.copy, &member, updates).await;
    let fates = fates.map_err(|error| Error::Internal(error.into()))?;
    let taken: Vec<i64> =
        rows.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Taken).map(|(row, _)| *row).collect();
    sqlx::query!(
        "update late_work set taken_in_at = now(), taken_in_by = $2 where id = any($1)",
        &taken,
        supervisor.participant().user().uuid()
    )
    .execute(&services.db)
    .await?;
    let mut refused: Vec<String> = Vec::new();
    for fate in fates {
        let why = match fate {
            Fate::Taken => continue,
            Fate::Refused(why) => why,
            Fate::Unknown => "The server did not answer in time. Try again.".to_owned(),
        };
        if !refused.contains(&why) {
            refused.push(why);
        }
    }
    Ok(Json(TakenIn { taken: taken.len(), refused }))
}

/// Somebody's late work in a copy of the activity, in its order, and who they are there.
struct Waiting {
    name: String,
    author: UserId,
    rows: Vec<i64>,
    updates: Vec<Bytes>,
}

async fn waiting(db: &PgPool, supervisor: Supervisor, whose: &Whose) -> Result<Waiting, Error> {
    let rows = sqlx::query!(
        r#"select l.id, l.update, coalesce(case when not a.named then a.pseudonym end, u.name) as "name!",
                coalesce(a.alias, u.id) as "author!"
         from late_work l
         join activity_copies w on w.conversation_id = l.conversation_id
         join conversations c on c.id = w.conversation_id
         join users u on u.id = l.user_id
         left join author_aliases a on a.scope = c.alias_scope and a.user_id = u.id
         where w.activity_id = $1 and l.conversation_id = $2 and l.user_id = $3 and l.taken_in_at is null
         order by l.id"#,
        supervisor.participant().activity().uuid(),
        whose.copy.uuid(),
        whose.person.uuid()
    )
    .fetch_all(db)
    .await?;
    let first = rows.first().ok_or(Error::NotFound)?;
    let (name, author) = (first.name.clone(), UserId::from_uuid(first.author));
    let (rows, updates) = rows.into_iter().map(|row| (row.id, Bytes::from(row.update))).unzip();
    Ok(Waiting { name, author, rows, updates })
}
