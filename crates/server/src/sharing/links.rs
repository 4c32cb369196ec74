//! Links that let people into a conversation.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{Audience, CreateLink, CreatedLink, LinkPreview, MAX_LINKS, Opened, ShareLink},
    ids::{ConversationId, LinkId},
};
use sqlx::PgPool;

use crate::{
    access::{self, Owner},
    error::Error,
    services::Services,
    sessions::{Caller, Secret},
    times::rfc3339,
};

/// Those that are not revoked.
pub(super) async fn list(db: &PgPool, owner: Owner) -> Result<Vec<ShareLink>, Error> {
    let rows = sqlx::query!(
        r#"select l.id, l.access::text as "access!", l.expires_at, l.expires_at > now() as "good!",
                  (select count(*) from conversation_link_uses u where u.link_id = l.id) as "uses!"
           from conversation_links l
           where l.conversation_id = $1 and l.revoked_at is null
           order by l.id desc
           limit $2"#,
        owner.conversation().uuid(),
        MAX_LINKS
    )
    .fetch_all(db)
    .await?;
    let links = rows.into_iter().map(|row| {
        let (access, expires_at) =
            (access::grant(&row.access).map_err(|error| Error::Internal(error.into()))?, rfc3339(row.expires_at));
        Ok(ShareLink { id: LinkId::from_uuid(row.id), access, expires_at, uses: row.uses, good: row.good })
    });
    links.collect()
}

/// `POST /api/v1/conversations/{id}/sharing/links`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<CreateLink>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedLink>), Error> {
    let Path(id) = path?;
    let owner = access::own(&services.db, caller.id, id).await?;
    let Json(CreateLink { access, days, .. }) = body?;
    if !(1..=365).contains(&days) {
        return Err(Error::Invalid("bad_days", "days: a link is good for 1 to 365 days.".into()));
    }
    let (id, secret) = (LinkId::new(), Secret::new()?);
    // Counted where it is made: one that is too many is not.
    let made = sqlx::query!(
        "insert into conversation_links (id, conversation_id, token_hash, access, expires_at)
         select $1, $2, $3, $4::text::granted_access, now() + make_interval(days => $5)
         where (select count(*) from conversation_links where conversation_id = $2 and revoked_at is null) < $6",
        id.uuid(),
        owner.conversation().uuid(),
        secret.hash(),
        access.as_str(),
        days,
        MAX_LINKS
    )
    .execute(&services.db)
    .await?;
    if made.rows_affected() == 0 {
        let why = format!("A conversation has at most {MAX_LINKS} links. Revoke some that are over.");
        return Err(Error::Conflict("too_many_links", why));
    }
    let link = format!("{}/s/{}", services.origin, secret.text());
    Ok((StatusCode::CREATED, Json(CreatedLink { id, link })))
}

/// `DELETE /api/v1/conversations/{id}/sharing/links/{link}`
pub async fn revoke(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, LinkId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((id, link)) = path?;
    let owner = access::owner(&services.db, caller.id, id).await?;
    let revoked = sqlx::query!(
        "update conversation_links
         set revoked_at = now()
         where id = $1 and conversation_id = $2 and revoked_at is null",
        link.uuid(),
        owner.conversation().uuid()
    )
    .execute(&services.db)
    .await?;
    if revoked.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

/// `GET /api/v1/links/{secret}`
pub async fn preview(
    State(services): State<Services>,
    _: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<LinkPreview>, Error> {
    let secret = Secret::parse(&path?.0).ok_or(Error::NotFound)?;
    let row = sqlx::query!(
        r#"select c.title, u.name as owner, l.access::text as "access!", c.alias_scope is not null as "anonymous!",
                  c.class_id is null and not c.class_gone as "alone!", case when not a.named then a.pseudonym end as "pseudonym?"
           from conversation_links l
           join conversations c on c.id = l.conversation_id
           join users u on u.id = c.owner_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = c.owner_id
           where l.token_hash = $1 and l.revoked_at is null and l.expires_at > now() and c.trashed_at is null"#,
        secret.hash()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(Error::NotFound)?;
    let access = access::grant(&row.access).map_err(|error| Error::Internal(error.into()))?;
    let names_seen_by = row.anonymous.then_some(if row.alone { Audience::Owner } else { Audience::Staff });
    Ok(Json(LinkPreview { title: row.title, owner: row.pseudonym.unwrap_or(row.owner), access, names_seen_by }))
}

/// `POST /api/v1/links/{secret}/open`
pub async fn open(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Opened>, Error> {
    let secret = Secret::parse(&path?.0).ok_or(Error::NotFound)?;
    let mut tx = services.db.begin().await?;
    let link = sqlx::query!(
        "select l.id, l.conversation_id, c.owner_id
         from conversation_links l
         join conversations c on c.id = l.conversation_id
         where l.token_hash = $1 and l.revoked_at is null and l.expires_at > now() and c.trashed_at is null",
        secret.hash()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    if link.owner_id != caller.id.uuid() {
        sqlx::query!(
            "insert into conversation_link_uses (link_id, user_id) values ($1, $2) on conflict do nothing",
            link.id,
            caller.id.uuid()
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(Json(Opened { id: ConversationId::from_uuid(link.conversation_id) }))
}
