//! What a class allows and what it has used: seen by its staff, set by its instructors.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use shared::{
    api::{ClassModels, ClassUsage, MAX_QUOTA_TOKENS, MAX_USERS_LISTED, Period, PersonUsage, SetClassModels},
    ids::{ClassId, UserId},
};
use sqlx::PgConnection;

use crate::{access, error::Error, services::Services, sessions::Caller, times::rfc3339};

/// Names that are listed in an answer which refuses them.
const NAMED: usize = 10;

/// `GET /api/v1/classes/{class}/models`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<ClassModels>, Error> {
    let Path(class) = path?;
    let mut conn = services.db.acquire().await?;
    access::staff(&mut conn, caller.id, class).await?;
    let row = sqlx::query!(
        "select models, tokens_a_person, tokens_a_class, period from class_models where class_id = $1",
        class.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let is_daily = row.as_ref().is_some_and(|row| row.period == "day");
    let period = if is_daily { Period::Day } else { Period::Week };
    let usage = usage(&mut conn, class, period).await?;
    let (models, tokens_a_person, tokens_a_class) =
        row.map(|row| (row.models, row.tokens_a_person, row.tokens_a_class)).unwrap_or_default();
    let model = services.runs.model();
    Ok(Json(ClassModels {
        available: model.map(|model| model.names().to_vec()).unwrap_or_default(),
        models,
        tokens_a_person,
        tokens_a_class,
        period,
        tokens_a_day: model.map(|model| model.tokens_a_day()),
        usage,
    }))
}

/// Since the period began; deleted chats included.
async fn usage(conn: &mut PgConnection, class: ClassId, period: Period) -> Result<ClassUsage, Error> {
    let rows = sqlx::query!(
        r#"with period as (
               select date_trunc($2, now(), 'UTC') as begins,
                      date_trunc($2, now(), 'UTC') + case $2 when 'week' then interval '7 days' else interval '1 day' end as ends
           ),
           used as (
               select user_id, sum(input_tokens + output_tokens)::bigint as tokens
               from model_usage, period
               where class_id = $1 and used_at >= begins
               group by user_id
           )
           select p.ends as "ends!", u.id as "user?", u.name as "name?", used.tokens as "tokens?",
                  coalesce(sum(used.tokens) over (), 0)::bigint as "all!", count(used.tokens) over () as "people!"
           from period p
           left join used on true
           left join users u on u.id = used.user_id
           order by used.tokens desc nulls last, u.name, u.id
           limit $3"#,
        class.uuid(),
        period.as_str(),
        MAX_USERS_LISTED as i64
    )
    .fetch_all(conn)
    .await?;
    // Without anybody there is a row too, of the period alone.
    let first = rows.first().ok_or_else(|| Error::Internal(anyhow::anyhow!("a period without a row")))?;
    Ok(ClassUsage {
        tokens: first.all,
        people: first.people,
        resets_at: rfc3339(first.ends),
        most: rows
            .into_iter()
            .filter_map(|row| {
                Some(PersonUsage { user: UserId::from_uuid(row.user?), name: row.name?, tokens: row.tokens? })
            })
            .collect(),
    })
}

/// `PUT /api/v1/classes/{class}/models`
pub async fn set(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    body: Result<Json<SetClassModels>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(class) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let Json(SetClassModels { models, tokens_a_person, tokens_a_class, period, .. }) = body?;
    let available = services.runs.model().map(|model| model.names()).unwrap_or_default();
    let models = models.map(|models| known(models, available)).transpose()?;
    let fits = |tokens| (0..=MAX_QUOTA_TOKENS).contains(&tokens);
    if ![tokens_a_person, tokens_a_class].into_iter().flatten().all(fits) {
        let why = format!(
            "tokens_a_person, tokens_a_class: 0 to {MAX_QUOTA_TOKENS}, or null for no limit of the class's own."
        );
        return Err(Error::Invalid("bad_tokens", why));
    }
    sqlx::query!(
        "insert into class_models (class_id, models, tokens_a_person, tokens_a_class, period)
         values ($1, $2, $3, $4, $5)
         on conflict (class_id) do update
         set models = excluded.models, tokens_a_person = excluded.tokens_a_person,
             tokens_a_class = excluded.tokens_a_class, period = excluded.period",
        change.class().uuid(),
        models.as_deref(),
        tokens_a_person,
        tokens_a_class,
        period.as_str()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same names in the server's order, each once. A name that the server does not have is refused: with a misspelt one a
/// class would be left without a model and nobody would know why.
fn known(asked: Vec<String>, available: &[String]) -> Result<Vec<String>, Error> {
    let mut unknown: Vec<&String> = asked.iter().filter(|name| !available.contains(name)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if unknown.is_empty() {
        return Ok(available.iter().filter(|name| asked.contains(name)).cloned().collect());
    }
    let shown = |name: &&String| format!("“{}”", name.chars().take(200).collect::<String>());
    let mut names: Vec<String> = unknown.iter().take(NAMED).map(shown).collect();
    if unknown.len() > NAMED {
        names.push(format!("and {} more", unknown.len() - NAMED));
    }
    let there = match available {
        [] => "no model at all".to_owned(),
        names => names.join(", "),
    };
    let why = format!("models: this server has no {}. It has {there}.", names.join(", "));
    Err(Error::Invalid("unknown_models", why))
}
