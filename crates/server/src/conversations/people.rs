//! Who is in a conversation: what the caller may do there, and whose names may stand in it; and what it is marked with.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::{OwnRights, Person, TagSummary},
    document::Tag,
    ids::{ConversationId, UserId},
};

use sqlx::PgPool;

use crate::{access, authors, error::Error, services::Services, sessions::Caller};

/// `GET /api/v1/conversations/{id}/rights`
pub async fn rights(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<OwnRights>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let author_id = authors::of(&services.db, reader).await?.id;
    let row = sqlx::query!("select title, revision from conversations where id = $1", id.uuid())
        .fetch_optional(&services.db)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(Json(OwnRights { rights: reader.rights(), author_id, title: row.title, revision: row.revision }))
}

/// `GET /api/v1/conversations/{id}/tags`
pub async fn tags(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<TagSummary>>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let tags = services
        .rooms
        .tags(reader.conversation())
        .await
        .map_err(|error| Error::Internal(error.into()))?
        .ok_or(Error::NotFound)?;
    let summaries =
        tags.into_iter().map(|Tag { name, colour, description, .. }| TagSummary { name, colour, description });
    Ok(Json(summaries.collect()))
}

/// `GET /api/v1/conversations/{id}/people`: its owner; the members of the class that it is shared with; those who were
/// let in and have come; and whoever has written in it, also if they may not any more: their names stand by what they
/// wrote. Where it is anonymous, those of them who have come. And whoever wrote in it before it was imported.
pub async fn people(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Vec<Person>>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    Ok(Json(people_of(&services.db, reader).await?))
}

/// See [`people`].
pub(crate) async fn people_of(db: &PgPool, reader: access::Reader) -> Result<Vec<Person>, Error> {
    let rows = sqlx::query!(
        r#"with people as (
               select c.owner_id as id
               from conversations c
               where c.id = $1
               union
               select m.user_id
               from conversations c
               join memberships m on m.class_id = c.class_id
               where c.id = $1 and c.share = 'class'
               union
               select m.user_id
               from activity_copies w
               join activities a on a.id = w.activity_id
               join memberships m on m.class_id = a.class_id
               where w.conversation_id = $1
                 and (m.role <> 'student' or m.user_id = w.user_id
                      or (w.user_id is null and (w.group_id is null or w.group_id = m.group_id)))
               union
               select s.user_id
               from conversation_shares s
               where s.conversation_id = $1 and s.opened_at is not null
               union
               select w.user_id
               from conversation_links l
               join conversation_link_uses w on w.link_id = l.id
               where l.conversation_id = $1 and l.revoked_at is null and l.expires_at > now()
               union
               select m.author_id
               from messages m
               where m.conversation_id = $1 and m.author_id is not null
               union
               select a.author
               from annotation_client a
               where a.conversation_id = $1
               union
               select a.author
               from annotation_update a
               where a.conversation_id = $1
           )
           select u.id, u.name, a.alias as "alias?", case when not a.named then a.pseudonym end as "pseudonym?"
           from people
           join users u on u.id = people.id
           join conversations c on c.id = $1
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = u.id
           where c.alias_scope is null or a.alias is not null
           order by u.name"#,
        reader.conversation().uuid()
    )
    .fetch_all(db)
    .await?;
    let people = rows.into_iter().map(|row| {
        let author = UserId::from_uuid(row.alias.unwrap_or(row.id));
        authors::seen(reader.rights(), row.id == reader.user().uuid(), author, row.name, row.pseudonym)
    });
    let mut people: Vec<Person> = people.collect();
    let imported =
        sqlx::query!("select id, name from imported_people where conversation_id = $1", reader.conversation().uuid())
            .fetch_all(db)
            .await?;
    people.extend(imported.into_iter().map(|row| authors::imported(UserId::from_uuid(row.id), &row.name)));
    people.extend(of_nobody(db, reader).await?);
    // Whose real name comes first is nobody's business either.
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(people)
}

/// Aliases that are nobody's any more, of words that stay (`merge`).
async fn of_nobody(db: &PgPool, reader: access::Reader) -> Result<Vec<Person>, Error> {
    let rows = sqlx::query!(
        "select a.alias, a.pseudonym
         from conversations c
         join author_aliases a on a.scope = c.alias_scope and a.user_id is null
         where c.id = $1",
        reader.conversation().uuid()
    );
    let person = |alias, name| Person { id: UserId::from_uuid(alias), name, pseudonym: None };
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| person(row.alias, row.pseudonym)).collect())
}
