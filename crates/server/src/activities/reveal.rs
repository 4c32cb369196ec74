//! Blind rounds: people work on copies, unseen by one another, until staff reveal them. The copies' documents are merged
//! into one conversation, in which everybody's reading is seen together under their names, or under the pseudonyms that they
//! had in the copies.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use serde::Deserialize;
use shared::{
    api::{Created, MAX_REVEALED, Revealed},
    ids::{ActivityId, ClassGroupId, ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    access::{self, Supervisor},
    error::Error,
    rooms::{MergeError, Merged},
    services::Services,
    sessions::Caller,
};

/// Revealed conversations of one activity.
const MAX_REVEALS: i64 = 20;

/// The body of [`shared::api::RevealActivity`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    copies: Vec<ConversationId>,
    #[serde(default)]
    group: Option<ClassGroupId>,
    #[serde(default)]
    random: Option<i64>,
}

/// How copies are chosen.
enum Choice {
    Named(Vec<ConversationId>),
    Group(ClassGroupId),
    Random(i64),
}

impl Choice {
    /// The end of the title of what so many copies are merged into, where no group's name stands there.
    fn in_words(&self, copies: usize) -> String {
        let copies = if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") };
        match self {
            Self::Named(_) => copies,
            Self::Group(_) => format!("{copies} of a group"),
            Self::Random(_) => format!("{copies} at random"),
        }
    }

    fn group(&self) -> Option<ClassGroupId> {
        if let Self::Group(group) = self { Some(*group) } else { None }
    }
}

impl Which {
    fn choice(self) -> Result<Choice, Error> {
        let most = MAX_REVEALED as usize;
        match (self.copies.len(), self.group, self.random) {
            (count, None, None) if (1..=most).contains(&count) => Ok(Choice::Named(self.copies)),
            (0, Some(group), None) => Ok(Choice::Group(group)),
            (0, None, Some(count)) if (1..=MAX_REVEALED).contains(&count) => Ok(Choice::Random(count)),
            _ => {
                let why = format!("copies: name 1 to {MAX_REVEALED} copies, or a group, or how many at random.");
                Err(Error::Invalid("bad_choice", why))
            }
        }
    }
}

/// `POST /api/v1/activities/{activity}/reveal`
pub async fn reveal(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    body: Result<Json<Which>, JsonRejection>,
) -> Result<(StatusCode, Json<Created>), Error> {
    let Path(id) = path?;
    let supervisor = access::supervisor(&mut *services.db.acquire().await?, caller.id, id).await?;
    supervisor.may_change()?;
    let Json(which) = body?;
    let choice = which.choice()?;
    let copies = chosen(&services.db, supervisor, &choice).await?;
    let merged = merge(&services, id, &copies).await?;
    if !merged.left_out.is_empty() {
        let why = format!(
            "{} of these copies cannot be told apart from others: a program has written under the same Yjs client id in \
             both. Choose without them: {}.",
            merged.left_out.len(),
            merged.left_out.iter().map(ConversationId::to_string).collect::<Vec<_>>().join(", ")
        );
        return Err(Error::Conflict("cannot_be_merged", why));
    }
    let mut tx = services.db.begin().await?;
    // So that the count of them is right, and nobody archives the class meanwhile.
    access::lock(&mut tx, supervisor.participant().class()).await?;
    access::supervisor(&mut tx, caller.id, id).await?.may_change()?;
    let made = store(&mut tx, supervisor, merged, (choice.group(), choice.in_words(copies.len()))).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Created { id: made })))
}

/// Copies of the activity: all that were named, or as many as there are up to the limit.
async fn chosen(db: &PgPool, supervisor: Supervisor, choice: &Choice) -> Result<Vec<ConversationId>, Error> {
    let (named, count) = match choice {
        Choice::Named(copies) => (Some(copies), MAX_REVEALED),
        Choice::Group(_) => (None, MAX_REVEALED + 1),
        Choice::Random(count) => (None, *count),
    };
    let group = choice.group().map(ClassGroupId::uuid);
    let ids: Option<Vec<Uuid>> = named.map(|copies| copies.iter().map(|copy| copy.uuid()).collect());
    let found = sqlx::query_scalar!(
        "select w.conversation_id
         from activity_copies w
         where w.activity_id = $1
           and (w.user_id is not null or w.group_id is not null)
           and ($2::uuid[] is null or w.conversation_id = any($2))
           and ($3::uuid is null or w.group_id = $3
                or w.user_id in (select m.user_id from memberships m where m.class_id = $4 and m.group_id = $3))
         order by random()
         limit $5",
        supervisor.participant().activity().uuid(),
        ids.as_deref(),
        group,
        supervisor.participant().class().uuid(),
        count
    )
    .fetch_all(db)
    .await?;
    let (has, asked) = (
        found.len(),
        ids.map_or(1, |mut ids| {
            ids.sort_unstable();
            ids.dedup();
            ids.len()
        }),
    );
    if has < asked {
        return Err(Error::Conflict(
            "no_copies",
            "There are no such copies of this activity that one person or group made.".into(),
        ));
    }
    if has as i64 > MAX_REVEALED {
        return Err(Error::Conflict(
            "too_many_copies",
            format!("At most {MAX_REVEALED} copies are revealed at a time."),
        ));
    }
    Ok(found.into_iter().map(ConversationId::from_uuid).collect())
}

async fn merge(services: &Services, id: ActivityId, copies: &[ConversationId]) -> Result<Merged, Error> {
    let row = sqlx::query!(
        r#"select seed as "seed!", seed_clients, seed_authors
           from activities
           where id = $1 and seed is not null"#,
        id.uuid()
    )
    .fetch_optional(&services.db)
    .await?
    .ok_or(Error::NotFound)?;
    let authors = row.seed_clients.iter().map(|client| client.cast_unsigned());
    let authors = authors.zip(row.seed_authors.into_iter().map(UserId::from_uuid)).collect();
    services.rooms.merge(row.seed, authors, copies).await.map_err(|error| match error {
        MergeError::TooLarge => {
            let why = "Together these copies hold more than one conversation can: choose fewer.";
            Error::Conflict("too_large_together", why.into())
        }
        unreadable @ MergeError::Unreadable(_) => Error::Internal(unreadable.into()),
    })
}

/// A conversation of whoever reveals, shared with the class. Its title ends in how the copies were chosen: by the group's
/// name, but not where that would say who is behind the pseudonyms.
async fn store(
    conn: &mut PgConnection,
    supervisor: Supervisor,
    merged: Merged,
    (group, otherwise): (Option<ClassGroupId>, String),
) -> Result<ConversationId, Error> {
    let (id, activity) = (ConversationId::new(), supervisor.participant().activity().uuid());
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from activity_reveals where activity_id = $1"#, activity)
            .fetch_one(&mut *conn)
            .await?;
    if count >= MAX_REVEALS {
        return Err(Error::Conflict(
            "too_many_reveals",
            format!("An activity is revealed at most {MAX_REVEALS} times."),
        ));
    }
    sqlx::query!(
        "insert into conversations (id, title, owner_id, class_id, share, alias_scope)
         select $1, left('Revealed: ' || a.title, 200 - char_length(ending)) || ending, $3, a.class_id, 'class',
                case when a.anonymous then a.id end
         from activities a
         left join class_groups g on g.id = $4 and not a.anonymous
         cross join lateral (select ' · ' || coalesce(g.name, $5) as ending) of_it
         where a.id = $2",
        id.uuid(),
        activity,
        supervisor.participant().user().uuid(),
        group.map(ClassGroupId::uuid),
        otherwise
    )
    .execute(&mut *conn)
    .await?;
    super::start::copy_messages(conn, id, activity).await?;
    sqlx::query!(
        "insert into annotation_document_state (conversation_id, crdt_state, seq, highlight_count)
         values ($1, $2, 0, $3)",
        id.uuid(),
        merged.seed.state,
        merged.seed.highlight_count
    )
    .execute(&mut *conn)
    .await?;
    let (clients, authors): (Vec<i64>, Vec<Uuid>) =
        merged.seed.clients.iter().map(|(client, author)| (client.cast_signed(), author.uuid())).unzip();
    sqlx::query!(
        "insert into annotation_client (conversation_id, client, author)
         select $1, wrote.client, wrote.author
         from unnest($2::bigint[], $3::uuid[]) as wrote (client, author)",
        id.uuid(),
        &clients,
        &authors
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("insert into activity_reveals (conversation_id, activity_id) values ($1, $2)", id.uuid(), activity)
        .execute(conn)
        .await?;
    Ok(id)
}

/// What was revealed of an activity and this person may read, newest first.
pub(super) async fn list(conn: &mut PgConnection, user: UserId, id: ActivityId) -> Result<Vec<Revealed>, Error> {
    let rows = sqlx::query!(
        "select c.id, c.title, r.created_at
         from activity_reveals r
         join conversations c on c.id = r.conversation_id
         where r.activity_id = $1
           and c.trashed_at is null
           and (c.owner_id = $2
                or (c.share = 'class'
                    and exists (select from memberships m where m.class_id = c.class_id and m.user_id = $2)))
         order by c.id desc",
        id.uuid(),
        user.uuid()
    )
    .fetch_all(conn)
    .await?;
    let revealed = rows.into_iter().map(|row| Revealed {
        id: ConversationId::from_uuid(row.id),
        title: row.title,
        at: super::rfc3339(row.created_at),
    });
    Ok(revealed.collect())
}
