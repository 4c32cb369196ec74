//! Whom one may talk with, and how much.
//!
//! A class may allow fewer models than the server has, and set how many tokens each of its people, and all of them
//! together, may use in a day or a week. Where it says nothing of its people, the server's own quota counts all that
//! somebody uses in a day, in whatever class or alone. Weeks begin on Mondays, days at midnight, in UTC.

mod of_class;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::Deserialize;
use shared::{
    api::{ModelList, Quota},
    ids::{ConversationId, UserId},
};
use sqlx::PgExecutor;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{access, error::Error, model, services::Services, sessions::Caller};

pub use of_class::{get as get_of_class, set as set_of_class};

/// What people read where there is nobody to talk with.
pub const NO_MODEL: &str = "No model is configured on this server. What you wrote is not sent. The people who run it set one with OPENAI_MODEL.";

/// Which conversation a question about models is for.
#[derive(Deserialize)]
pub struct Asked {
    conversation: Option<ConversationId>,
}

/// `GET /api/v1/models`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<ModelList>, Error> {
    let Query(Asked { conversation }) = query?;
    if let Some(conversation) = conversation {
        access::reader(&services.db, caller.id, conversation).await?;
    }
    let Some(model) = services.runs.model() else {
        return Ok(Json(ModelList { configured: false, models: Vec::new(), quota: None }));
    };
    let terms = terms(&services.db, model, caller.id, conversation).await?;
    let quota = Some(terms.person.quota());
    Ok(Json(ModelList { configured: true, models: terms.models, quota }))
}

/// What somebody may do in a conversation.
struct Terms {
    models: Vec<String>,
    person: Allowance,
    class: Option<Allowance>,
}

/// Tokens in a period.
struct Allowance {
    tokens: i64,
    used: i64,
    resets_at: OffsetDateTime,
}

impl Allowance {
    fn is_used_up(&self) -> bool {
        self.used >= self.tokens
    }

    fn quota(&self) -> Quota {
        Quota { tokens: self.tokens, used: self.used, resets_at: self.resets_at.format(&Rfc3339).unwrap_or_default() }
    }
}

/// The model that somebody asks for in a conversation, or the first, if they may talk with it and have tokens left.
///
/// # Errors
/// Why they may not: there is no such model for them, or nothing is left until a moment that the error names.
pub async fn check(
    db: impl PgExecutor<'_>,
    model: &model::Client,
    user: UserId,
    conversation: ConversationId,
    asked: Option<&str>,
) -> Result<String, Error> {
    let terms = terms(db, model, user, Some(conversation)).await?;
    let first = terms.models.first().ok_or_else(|| {
        Error::Conflict("no_model_allowed", "This class allows none of the models that the server has.".into())
    })?;
    let name = asked.unwrap_or(first);
    if !terms.models.iter().any(|allowed| allowed == name) {
        let why = format!("model: here you can choose of {}.", terms.models.join(", "));
        return Err(Error::Invalid("model_not_allowed", why));
    }
    if terms.person.is_used_up() {
        return Err(used_up("You have used", &terms.person));
    }
    if let Some(class) = terms.class.filter(Allowance::is_used_up) {
        return Err(used_up("The class has used", &class));
    }
    Ok(name.to_owned())
}

fn used_up(who: &str, allowance: &Allowance) -> Error {
    let Allowance { tokens, resets_at, .. } = allowance;
    let (day, hour, minute) = (resets_at.date(), resets_at.hour(), resets_at.minute());
    let why = format!(
        "{who} all of the {tokens} tokens of this time. There are new ones on {day} at {hour:02}:{minute:02} UTC."
    );
    let seconds = (*resets_at - OffsetDateTime::now_utc()).whole_seconds().max(1);
    Error::QuotaReached(why, seconds.unsigned_abs())
}

async fn terms(
    db: impl PgExecutor<'_>,
    model: &model::Client,
    user: UserId,
    conversation: Option<ConversationId>,
) -> Result<Terms, Error> {
    let row = sqlx::query!(
        r#"with place as (
               select (select p.class_id
                       from conversations c
                       join projects p on p.id = c.project_id
                       where c.id = $2) as class_id
           ),
           terms as (
               select p.class_id, k.models, k.tokens_a_person, k.tokens_a_class,
                      date_trunc('day', now(), 'UTC') as day,
                      date_trunc(coalesce(k.period, 'day'), now(), 'UTC') as period,
                      case k.period when 'week' then interval '7 days' else interval '1 day' end as length
               from place p
               left join class_models k on k.class_id = p.class_id
           )
           select models as "models?", tokens_a_person as "tokens_a_person?", tokens_a_class as "tokens_a_class?",
                  day + interval '1 day' as "day_ends!", period + length as "period_ends!",
                  coalesce((select sum(input_tokens + output_tokens)
                            from model_usage
                            where user_id = $1 and used_at >= day), 0)::bigint as "own_of_day!",
                  coalesce((select sum(input_tokens + output_tokens)
                            from model_usage u
                            where user_id = $1 and u.class_id = terms.class_id and used_at >= period), 0)::bigint as "own!",
                  coalesce((select sum(input_tokens + output_tokens)
                            from model_usage u
                            where u.class_id = terms.class_id and used_at >= period), 0)::bigint as "class!"
           from terms"#,
        user.uuid(),
        conversation.map(ConversationId::uuid)
    )
    .fetch_one(db)
    .await?;
    let allows = |name: &&String| row.models.as_ref().is_none_or(|allowed| allowed.contains(name));
    Ok(Terms {
        models: model.names().iter().filter(allows).cloned().collect(),
        person: match row.tokens_a_person {
            Some(tokens) => Allowance { tokens, used: row.own, resets_at: row.period_ends },
            None => Allowance { tokens: model.tokens_a_day(), used: row.own_of_day, resets_at: row.day_ends },
        },
        class: row.tokens_a_class.map(|tokens| Allowance { tokens, used: row.class, resets_at: row.period_ends }),
    })
}
