//! Links that people join a class by.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{CreateInvitation, CreatedInvitation, Invitation, InvitationPreview, Joined},
    ids::{ClassId, InvitationId},
};
use sqlx::PgConnection;

use super::joining;
use crate::{
    access, erase,
    error::Error,
    services::Services,
    sessions::{Caller, Secret},
    times::rfc3339,
};

/// Links of one class that are not revoked.
const MAX_INVITATIONS: i64 = 100;

/// How many may become staff by one link: it is a secret that is passed on.
const MAX_STAFF_BY_LINK: i32 = 20;

/// `POST /api/v1/classes/{class}/invitations`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    body: Result<Json<CreateInvitation>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedInvitation>), Error> {
    let Path(class) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let Json(asked) = body?;
    check(&asked)?;
    refuse_too_many(&mut tx, change).await?;
    let (id, secret) = (InvitationId::new(), Secret::new()?);
    sqlx::query!(
        "insert into class_invitations (id, class_id, token_hash, role, created_by, expires_at, max_uses)
         values ($1, $2, $3, $4, $5, now() + make_interval(days => $6), $7)",
        id.uuid(),
        change.class().uuid(),
        secret.hash(),
        asked.role.as_str(),
        change.user().uuid(),
        asked.days,
        asked.max_uses
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let link = format!("{}/join/{}", services.origin, secret.text());
    Ok((StatusCode::CREATED, Json(CreatedInvitation { id, link })))
}

fn check(asked: &CreateInvitation) -> Result<(), Error> {
    if !(1..=365).contains(&asked.days) {
        return Err(Error::Invalid("bad_days", "days: a link is good for 1 to 365 days.".into()));
    }
    let most = if asked.role.is_staff() { MAX_STAFF_BY_LINK } else { 2_000 };
    if !(1..=most).contains(&asked.max_uses) {
        let who = if asked.role.is_staff() { "staff" } else { "students" };
        let why = format!("max_uses: 1 to {most} {who} may join by one link.");
        return Err(Error::Invalid("bad_max_uses", why));
    }
    Ok(())
}

async fn refuse_too_many(conn: &mut PgConnection, change: access::Change) -> Result<(), Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from class_invitations where class_id = $1 and revoked_at is null"#,
        change.class().uuid()
    )
    .fetch_one(conn)
    .await?;
    if count < MAX_INVITATIONS {
        return Ok(());
    }
    let why = format!("A class has at most {MAX_INVITATIONS} links. Revoke some that are over.");
    Err(Error::Conflict("too_many_invitations", why))
}

/// `GET /api/v1/classes/{class}/invitations`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<Vec<Invitation>>, Error> {
    let Path(class) = path?;
    let mut conn = services.db.acquire().await?;
    let instructor = access::instructor(&mut conn, caller.id, class).await?;
    let rows = sqlx::query!(
        r#"select i.id, i.role, u.name as "by?", i.expires_at, i.uses, i.max_uses,
                  i.expires_at > now() and i.uses < i.max_uses and c.archived_at is null as "good!"
           from class_invitations i
           join classes c on c.id = i.class_id
           left join users u on u.id = i.created_by
           where i.class_id = $1 and i.revoked_at is null
           order by i.id desc
           limit 100"#,
        instructor.class().uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let invitations = rows.into_iter().map(|row| {
        Ok(Invitation {
            id: InvitationId::from_uuid(row.id),
            role: access::role(&row.role)?,
            by: row.by,
            expires_at: rfc3339(row.expires_at),
            uses: row.uses,
            max_uses: row.max_uses,
            good: row.good,
        })
    });
    Ok(Json(invitations.collect::<Result<_, Error>>()?))
}

/// `DELETE /api/v1/classes/{class}/invitations/{invitation}`
pub async fn revoke(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, InvitationId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, id)) = path?;
    let mut conn = services.db.acquire().await?;
    // Also of an archived class: nobody joins that, but it may be taken back.
    let instructor = access::instructor(&mut conn, caller.id, class).await?;
    let revoked = sqlx::query!(
        "update class_invitations
         set revoked_at = now()
         where id = $1 and class_id = $2 and revoked_at is null",
        id.uuid(),
        instructor.class().uuid()
    )
    .execute(&mut *conn)
    .await?;
    if revoked.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

/// `GET /api/v1/invitations/{token}`
pub async fn preview(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<InvitationPreview>, Error> {
    let secret = Secret::parse(&path?.0).ok_or(Error::NotFound)?;
    let row = sqlx::query!(
        r#"select c.id, c.name, c.when_erased, i.role, m.role as "present?"
           from class_invitations i
           join classes c on c.id = i.class_id
           left join memberships m on m.class_id = c.id and m.user_id = $2
           where i.token_hash = $1
             and i.revoked_at is null
             and i.expires_at > now()
             and i.uses < i.max_uses
             and c.archived_at is null
             and c.trashed_at is null"#,
        secret.hash(),
        caller.id.uuid()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(Error::NotFound)?;
    let (role, present) = (access::role(&row.role)?, row.present.as_deref().map(access::role).transpose()?);
    let when_erased = erase::when_erased(&row.when_erased);
    Ok(Json(InvitationPreview { id: ClassId::from_uuid(row.id), name: row.name, role, present, when_erased }))
}

/// `POST /api/v1/invitations/{token}/join`
pub async fn accept(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Joined>, Error> {
    let secret = Secret::parse(&path?.0).ok_or(Error::NotFound)?;
    let mut tx = services.db.begin().await?;
    let class = sqlx::query_scalar!("select class_id from class_invitations where token_hash = $1", secret.hash())
        .fetch_optional(&mut *tx)
        .await?;
    let class = ClassId::from_uuid(class.ok_or(Error::NotFound)?);
    access::lock(&mut tx, class).await?;
    // Looked at under the lock: of two people who press at once, one may be the last.
    let invitation = sqlx::query!(
        "select i.id, i.role
         from class_invitations i
         join classes c on c.id = i.class_id
         where i.token_hash = $1
           and i.revoked_at is null
           and i.expires_at > now()
           and i.uses < i.max_uses
           and c.archived_at is null
           and c.trashed_at is null",
        secret.hash()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    let (role, entered) = joining::enter(&mut tx, class, caller.id, access::role(&invitation.role)?).await?;
    if entered {
        sqlx::query!("update class_invitations set uses = uses + 1 where id = $1", invitation.id)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Json(Joined { id: class, role }))
}
