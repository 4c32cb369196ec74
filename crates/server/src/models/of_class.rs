//! What a class allows: seen by its staff, set by its instructors.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use shared::{
    api::{ClassModels, Period, SetClassModels},
    ids::ClassId,
};

use crate::{access, error::Error, services::Services, sessions::Caller};

/// Models that a class may name.
const MAX_MODELS: usize = 50;

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
    let available = services.runs.model().map(|model| model.names().to_vec()).unwrap_or_default();
    Ok(Json(match row {
        None => {
            ClassModels { available, models: None, tokens_a_person: None, tokens_a_class: None, period: Period::Week }
        }
        Some(row) => ClassModels {
            available,
            models: row.models,
            tokens_a_person: row.tokens_a_person,
            tokens_a_class: row.tokens_a_class,
            period: if row.period == "day" { Period::Day } else { Period::Week },
        },
    }))
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
    let fits = |name: &String| (1..=200).contains(&name.chars().count()) && !name.contains('\0');
    if models.as_ref().is_some_and(|models| models.len() > MAX_MODELS || !models.iter().all(fits)) {
        let why = format!("models: at most {MAX_MODELS} names of 1 to 200 characters.");
        return Err(Error::Invalid("bad_models", why));
    }
    if [tokens_a_person, tokens_a_class].into_iter().flatten().any(i64::is_negative) {
        let why = "tokens_a_person, tokens_a_class: 0 or more, or null for no limit of the class's own.";
        return Err(Error::Invalid("bad_tokens", why.into()));
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
