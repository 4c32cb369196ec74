//! Starting an activity: a copy of its template for whoever it is for, once, however many press at once.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::Created,
    ids::{ActivityId, ClassId, ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool, types::Json as JsonColumn};
use uuid::Uuid;

use crate::{
    access::{self, CopyKey, Starter},
    authors,
    error::Error,
    services::Services,
    sessions::Caller,
};

/// How often settings may be changed between taking the template and copying it.
const TRIES: usize = 5;

/// `POST /api/v1/activities/{activity}/start`
pub async fn start(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
) -> Result<Json<Created>, Error> {
    let Path(id) = path?;
    for _ in 0..TRIES {
        let mut conn = services.db.acquire().await?;
        let participant = access::participant(&mut conn, caller.id, id).await?;
        // What is started can be opened, also when it has closed.
        if let Ok(key) = participant.key()
            && let Some(copy) = copy_of(&mut conn, id, key).await?
        {
            return Ok(Json(Created { id: copy }));
        }
        participant.starter()?;
        drop(conn);
        take_seed(&services, id).await?;
        let mut tx = services.db.begin().await?;
        // Neither the settings nor the times change from here on.
        let has_seed = sqlx::query_scalar!(
            r#"select seed is not null as "has_seed!" from activities where id = $1 for share"#,
            id.uuid()
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound)?;
        let starter = access::participant(&mut tx, caller.id, id).await?.starter()?;
        // Otherwise the settings were changed meanwhile, or somebody else was first: both are found now.
        if has_seed && let Some(copy) = make(&mut tx, starter).await? {
            tx.commit().await?;
            return Ok(Json(Created { id: copy }));
        }
    }
    Err(Error::Conflict("changed", "The activity was changed meanwhile. Try again.".into()))
}

/// The end of the branch that was last written in, before what a model is still to write; nothing where there are none.
async fn leaf(db: &PgPool, template: ConversationId) -> Result<Option<Uuid>, Error> {
    let leaf = sqlx::query_scalar!(
        r#"with recursive branch as (
               select m.id, m.parent_id, m.position, m.state
               from conversations c
               join messages m on m.conversation_id = c.id and m.id = c.leaf_id
               where c.id = $1
               union all
               select p.id, p.parent_id, p.position, p.state
               from branch b
               join messages p on p.conversation_id = $1 and p.id = b.parent_id
           )
           select id as "id!"
           from branch b
           where not exists (
               select from branch before
               where before.position <= b.position and before.state in ('waiting', 'streaming')
           )
           order by position desc
           limit 1"#,
        template.uuid()
    );
    Ok(leaf.fetch_optional(db).await?)
}

fn columns(key: CopyKey) -> (Option<Uuid>, Option<Uuid>) {
    match key {
        CopyKey::Everybody => (None, None),
        CopyKey::Group(group) => (None, Some(group.uuid())),
        CopyKey::Person(user) => (Some(user.uuid()), None),
    }
}

async fn copy_of(conn: &mut PgConnection, id: ActivityId, key: CopyKey) -> Result<Option<ConversationId>, Error> {
    let (user, group) = columns(key);
    let found = sqlx::query_scalar!(
        "select conversation_id
         from activity_copies
         where activity_id = $1 and user_id is not distinct from $2 and group_id is not distinct from $3",
        id.uuid(),
        user,
        group
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(ConversationId::from_uuid))
}

/// Keeps what the template holds now as what every copy begins with, if nothing is kept yet.
async fn take_seed(services: &Services, id: ActivityId) -> Result<(), Error> {
    // A whole class that begins at once decodes the template once.
    let _alone = services.seeds.lock().await;
    let row = sqlx::query!(
        r#"select a.template_id, a.class_id, a.anonymous, c.owner_id
           from activities a
           join conversations c on c.id = a.template_id
           where a.id = $1 and a.seed is null"#,
        id.uuid()
    )
    .fetch_optional(&services.db)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (template, owner) = (ConversationId::from_uuid(row.template_id), UserId::from_uuid(row.owner_id));
    let seed = services.rooms.seed(template, owner).await.map_err(|error| Error::Internal(error.into()))?;
    let seed = seed.ok_or(Error::NotFound)?;
    let leaf = leaf(&services.db, template).await?;
    let (clients, authors): (Vec<i64>, Vec<Uuid>) =
        seed.clients.iter().map(|(client, author)| (client.cast_signed(), author.uuid())).unzip();
    let mut tx = services.db.begin().await?;
    // Copies get its messages as they are then: its text is not edited from here on (`revisions::edit`).
    sqlx::query!("select from conversations where id = $1 for share", template.uuid()).fetch_optional(&mut *tx).await?;
    if row.anonymous {
        // Settled for good with the first copy: nobody is given a name there who shall not have one.
        if !authors::all_staff(&mut tx, ClassId::from_uuid(row.class_id), template).await? {
            let why = "Others than the staff of the class have written in what this activity begins with, and it is \
                       anonymous. Tell the staff: it needs another template.";
            return Err(Error::Conflict("names_in_template", why.into()));
        }
        let mut staff = vec![owner.uuid()];
        staff.extend(&authors);
        authors::by_own_id(&mut tx, id, &staff).await?;
    }
    sqlx::query!(
        "update activities
         set seed = $3, seed_highlights = $4, seed_tally = $5, seed_clients = $6, seed_authors = $7, seed_leaf = $9
         where id = $1 and template_id = $2 and anonymous = $8 and seed is null
           and exists (select from annotation_document_state d where d.conversation_id = $2 and d.epoch = $10)",
        id.uuid(),
        template.uuid(),
        seed.state,
        seed.highlight_count,
        JsonColumn(&seed.tally) as _,
        &clients,
        &authors,
        row.anonymous,
        leaf,
        seed.epoch
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The copy, with the template's messages and the seed's very bytes; nothing if somebody else was first. To be rolled
/// back then.
async fn make(conn: &mut PgConnection, starter: Starter) -> Result<Option<ConversationId>, Error> {
    let (id, activity) = (ConversationId::new(), starter.participant().activity().uuid());
    let (user, group) = columns(starter.key());
    sqlx::query!(
        "insert into conversations (id, title, owner_id, alias_scope)
         select $1,
                left(case when g.name is null then a.title else a.title || ' · ' || g.name end, 200),
                coalesce($3, c.owner_id),
                case when a.anonymous then a.id end
         from activities a
         join conversations c on c.id = a.template_id
         left join class_groups g on g.id = $4
         where a.id = $2",
        id.uuid(),
        activity,
        user,
        group
    )
    .execute(&mut *conn)
    .await?;
    let first = sqlx::query!(
        "insert into activity_copies (conversation_id, activity_id, user_id, group_id)
         values ($1, $2, $3, $4)
         on conflict on constraint activity_copies_once do nothing",
        id.uuid(),
        activity,
        user,
        group
    )
    .execute(&mut *conn)
    .await?;
    if first.rows_affected() == 0 {
        return Ok(None);
    }
    fill(conn, id, activity).await?;
    Ok(Some(id))
}

/// The bytes do not leave the database.
async fn fill(conn: &mut PgConnection, id: ConversationId, activity: Uuid) -> Result<(), Error> {
    copy_messages(conn, id, activity).await?;
    sqlx::query!(
        "insert into annotation_document_state (conversation_id, crdt_state, seq, highlight_count)
         select $1, seed, 0, seed_highlights
         from activities
         where id = $2",
        id.uuid(),
        activity
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into annotation_client (conversation_id, client, author)
         select $1, wrote.client, wrote.author
         from activities a, unnest(a.seed_clients, a.seed_authors) as wrote (client, author)
         where a.id = $2",
        id.uuid(),
        activity
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The template's messages, of a chat those of one branch, under their ids, and who wrote before it was imported.
pub(super) async fn copy_messages(conn: &mut PgConnection, id: ConversationId, activity: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "with recursive branch as (
             select m.id, m.parent_id
             from activities a
             join messages m on m.conversation_id = a.template_id and m.id = a.seed_leaf
             where a.id = $2
             union all
             select p.id, p.parent_id
             from branch b
             join activities a on a.id = $2
             join messages p on p.conversation_id = a.template_id and p.id = b.parent_id
         )
         insert into messages (id, conversation_id, position, role, title, markdown, text, renderer, imported_author)
         select m.id, $1, m.position, m.role, m.title, m.markdown, m.text, m.renderer, m.imported_author
         from activities a
         join messages m on m.conversation_id = a.template_id
         where a.id = $2 and (a.seed_leaf is null or exists (select from branch b where b.id = m.id))",
        id.uuid(),
        activity
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into imported_people (conversation_id, id, name)
         select $1, p.id, p.name
         from activities a
         join imported_people p on p.conversation_id = a.template_id
         where a.id = $2",
        id.uuid(),
        activity
    )
    .execute(conn)
    .await?;
    Ok(())
}
