//! With whom a conversation is shared: a class, people by their address, whoever has a link.

mod links;
mod settings;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{MAX_SHARES, PersonShare, ShareWithClass, ShareWithPerson, SharedWith, Sharing, SharingClass},
    ids::{ActivityId, ClassId, ConversationId, ShareId, UserId},
};
use sqlx::{PgConnection, PgPool};

use crate::{
    access::{self, Owner},
    authors,
    error::Error,
    services::Services,
    sessions::Caller,
    sign_in::Email,
};

pub use links::{create as create_link, open as open_link, preview as preview_link, revoke as revoke_link};
pub use settings::{protect, set_anonymity};

/// `GET /api/v1/conversations/{id}/sharing`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Sharing>, Error> {
    let Path(id) = path?;
    let owner = access::owner(&services.db, caller.id, id).await?;
    let sharing = alone(&services.db, owner).await?;
    let (classes, people, links) =
        tokio::try_join!(classes(&services.db, owner), people(&services.db, owner), links::list(&services.db, owner))?;
    Ok(Json(Sharing { classes, people, links, ..sharing }))
}

/// Without whom and what it could be shared with, and with whom it is beside a class.
async fn alone(db: &PgPool, owner: Owner) -> Result<Sharing, Error> {
    let row = sqlx::query!(
        r#"select c.title, k.id as "class?", k.name as "name?",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!",
                  coalesce(d.highlight_count, 0) as "highlights!",
                  c.alias_scope is not null as "anonymous!", c.copy_protected,
                  (select r.activity_id
                   from activity_reveals r
                   join activities a on a.id = r.activity_id
                   where r.conversation_id = c.id and a.copy_protected) as "protected_by?"
           from conversations c
           left join classes k on k.id = c.class_id and c.share = 'class'
           left join annotation_document_state d on d.conversation_id = c.id
           where c.id = $1"#,
        owner.conversation().uuid()
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound)?;
    let class = row.class.zip(row.name).map(|(id, name)| SharingClass { id: ClassId::from_uuid(id), name });
    Ok(Sharing {
        title: row.title,
        messages: row.messages,
        highlights: row.highlights,
        class,
        classes: Vec::new(),
        people: Vec::new(),
        links: Vec::new(),
        anonymous: row.anonymous,
        copy_protected: row.copy_protected,
        protected_by: row.protected_by.map(ActivityId::from_uuid),
    })
}

async fn classes(db: &PgPool, owner: Owner) -> Result<Vec<SharingClass>, Error> {
    let rows = sqlx::query!(
        "select k.id, k.name
         from memberships m
         join classes k on k.id = m.class_id
         where m.user_id = $1 and k.archived_at is null
         order by k.name, k.id
         limit 500",
        owner.user().uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| SharingClass { id: ClassId::from_uuid(row.id), name: row.name }).collect())
}

async fn people(db: &PgPool, owner: Owner) -> Result<Vec<PersonShare>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, s.email, s.access::text as "access!", u.name as "name?"
           from conversation_shares s
           left join users u on u.id = s.user_id and s.opened_at is not null
           where s.conversation_id = $1
           order by s.email
           limit $2"#,
        owner.conversation().uuid(),
        MAX_SHARES
    )
    .fetch_all(db)
    .await?;
    let shares = rows.into_iter().map(|row| {
        let access = access::grant(&row.access).map_err(|error| Error::Internal(error.into()))?;
        Ok(PersonShare { id: ShareId::from_uuid(row.id), email: row.email, name: row.name, access })
    });
    shares.collect()
}

/// `PUT /api/v1/conversations/{id}/sharing/class`
pub async fn share_with_class(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<ShareWithClass>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let owner = access::own(&services.db, caller.id, id).await?;
    let Json(ShareWithClass { class, .. }) = body?;
    let mut tx = services.db.begin().await?;
    // Who sees names where it is anonymous follows from the class, and stays when people have been told who does.
    let told = authors::were_told(&mut tx, owner.conversation()).await?;
    // Where it is one of their own classes; the others are not there for them.
    let done = sqlx::query!(
        "update conversations
         set class_id = case when $4 then class_id else $2::uuid end,
             class_gone = class_gone and $4,
             share = case when $2::uuid is null then 'none' else 'class' end
         where id = $1
           and (not $4 or $2::uuid is null or class_id is not distinct from $2::uuid)
           and ($2::uuid is null
                or exists (select
                           from memberships m
                           join classes k on k.id = m.class_id
                           where m.user_id = $3 and k.id = $2 and k.archived_at is null))",
        owner.conversation().uuid(),
        class.map(ClassId::uuid),
        owner.user().uuid(),
        told
    )
    .execute(&mut *tx)
    .await?;
    authors::class_changed(&mut tx, owner.conversation()).await?;
    tx.commit().await?;
    match done.rows_affected() {
        0 if told => Err(Error::Conflict(
            "names_settled",
            "class: people have come here anonymously and were told who sees their names. With another class others \
             would; share a new copy with it."
                .into(),
        )),
        0 => Err(Error::Invalid("no_class", "class: you are in no such class, or it is archived.".into())),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// `POST /api/v1/conversations/{id}/sharing/people`
pub async fn share_with_person(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<ShareWithPerson>, JsonRejection>,
) -> Result<(StatusCode, Json<SharedWith>), Error> {
    let Path(id) = path?;
    let owner = access::own(&services.db, caller.id, id).await?;
    let Json(ShareWithPerson { email, access, .. }) = body?;
    let email =
        Email::parse(&email).ok_or_else(|| Error::Invalid("bad_email", "email: this is no e-mail address.".into()))?;
    if email.as_str() == caller.email.to_lowercase() {
        return Err(Error::Invalid("own_email", "email: this is your own address.".into()));
    }
    let mut tx = services.db.begin().await?;
    let others = sqlx::query_scalar!(
        r#"select count(*) as "count!" from conversation_shares where conversation_id = $1 and email <> $2"#,
        owner.conversation().uuid(),
        email.as_str()
    )
    .fetch_one(&mut *tx)
    .await?;
    if others >= MAX_SHARES {
        let why = format!("A conversation is shared with at most {MAX_SHARES} people: use a class or a link.");
        return Err(Error::Conflict("too_many_shares", why));
    }
    // An address that is somebody's: they are let in at once. The answer is the same.
    let id = sqlx::query_scalar!(
        "insert into conversation_shares (id, conversation_id, email, user_id, access)
         values ($1, $2, $3, (select id from users where lower(email) = $3), $4::text::granted_access)
         on conflict (conversation_id, email) do update set access = excluded.access
         returning id",
        ShareId::new().uuid(),
        owner.conversation().uuid(),
        email.as_str(),
        access.as_str()
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(SharedWith { id: ShareId::from_uuid(id) })))
}

/// `DELETE /api/v1/conversations/{id}/sharing/people/{share}`
pub async fn end_share(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, ShareId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((id, share)) = path?;
    let owner = access::owner(&services.db, caller.id, id).await?;
    let ended = sqlx::query!(
        "delete from conversation_shares where id = $1 and conversation_id = $2",
        share.uuid(),
        owner.conversation().uuid()
    )
    .execute(&services.db)
    .await?;
    if ended.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

/// Lets somebody into what their address was given before they came. To be called whenever a person has proved that an
/// address is theirs.
pub async fn take_up(conn: &mut PgConnection, user: UserId, verified_email: &str) -> Result<(), Error> {
    sqlx::query!(
        "update conversation_shares set user_id = $1 where email = lower($2) and user_id is null",
        user.uuid(),
        verified_email.trim()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that somebody has opened what was shared with them: from now on its owner knows their name.
pub async fn note_opened(db: &PgPool, reader: access::Reader) -> Result<(), Error> {
    sqlx::query!(
        "update conversation_shares
         set opened_at = now()
         where conversation_id = $1 and user_id = $2 and opened_at is null",
        reader.conversation().uuid(),
        reader.user().uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
