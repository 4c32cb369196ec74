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
    ids::{ConversationId, RunId, UserId},
};
use sqlx::{PgConnection, PgExecutor};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{access, error::Error, model, services::Services, sessions::Caller};

pub use of_class::{get as get_of_class, set as set_of_class};

/// What people read where there is nobody to talk with.
pub const NO_MODEL: &str = "No model is configured on this server. What you wrote is not sent. The people who run it set one with OPENAI_MODEL.";

/// What is reserved for the words of a reply that is not written yet, where that much is left.
const OUTPUT_TOKENS: i64 = 1_000;

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
    let terms = terms(&services.db, model, caller.id, conversation, None).await?;
    let quota = Some(terms.person.quota());
    Ok(Json(ModelList { configured: true, models: terms.models, quota }))
}

/// What somebody may do in a conversation.
struct Terms {
    models: Vec<String>,
    person: Allowance,
    class: Option<Allowance>,
    /// Other replies of the person are being written, or wait.
    is_busy: bool,
}

/// Tokens in a period.
struct Allowance {
    tokens: i64,
    used: i64,
    resets_at: OffsetDateTime,
}

impl Allowance {
    fn left(&self) -> i64 {
        (self.tokens - self.used).max(0)
    }

    fn quota(&self) -> Quota {
        Quota { tokens: self.tokens, used: self.used, resets_at: self.resets_at.format(&Rfc3339).unwrap_or_default() }
    }
}

/// The model that somebody asks for in a conversation, or the first, if they may talk with it.
///
/// # Errors
/// Why they may not: there is no such model for them.
pub async fn choose(
    conn: &mut PgConnection,
    model: &model::Client,
    user: UserId,
    conversation: ConversationId,
    asked: Option<&str>,
) -> Result<String, Error> {
    let terms = terms(conn, model, user, Some(conversation), None).await?;
    let first = terms.models.first().ok_or_else(|| {
        Error::Conflict("no_model_allowed", "This class allows none of the models that the server has.".into())
    })?;
    let name = asked.unwrap_or(first);
    if !terms.models.iter().any(|allowed| allowed == name) {
        let why = format!("model: This class allows {} and not {name:.200}.", terms.models.join(", "));
        return Err(Error::Invalid("model_not_allowed", why));
    }
    Ok(name.to_owned())
}

/// Nobody else takes of what this person may use, or begins something for them, until the transaction ends. To be called
/// before anything else is held.
///
/// # Errors
/// The database's.
pub async fn hold(conn: &mut PgConnection, user: UserId) -> Result<(), Error> {
    lock(conn, format!("tokens of {user}")).await
}

async fn lock(conn: &mut PgConnection, what: String) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", what).execute(conn).await?;
    Ok(())
}

/// What a run takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The run.
    pub run: RunId,
    /// For whom.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// Which model.
    pub model: &'a str,
    /// What the model is to read, as far as that can be told.
    pub input_tokens: i64,
}

/// Takes what a run is thought to need of what is left to its person and their class: all that the model reads, and some
/// for what it writes. What it had reserved before is given back first. What it really took is stored at its end.
///
/// The person is held (see [`hold`]), and the class where it has a quota: of two that ask at once, the second finds what
/// the first has left.
///
/// # Errors
/// Nothing is left, or too little for what the model would read; until a moment that the error names.
pub async fn reserve(conn: &mut PgConnection, model: &model::Client, wanted: Wanted<'_>) -> Result<(), Error> {
    let Wanted { run, user, conversation, input_tokens, .. } = wanted;
    let class = sqlx::query_scalar!(
        "select k.class_id
         from conversations c
         join projects p on p.id = c.project_id
         join class_models k on k.class_id = p.class_id
         where c.id = $1 and k.tokens_a_class is not null",
        conversation.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(class) = class {
        lock(conn, format!("tokens of the class {class}")).await?;
    }
    let terms = terms(&mut *conn, model, user, Some(conversation), Some(run)).await?;
    terms.person.check(Whose::Own, input_tokens, terms.is_busy)?;
    if let Some(class) = &terms.class {
        class.check(Whose::OfClass, input_tokens, terms.is_busy)?;
    }
    let left = terms.class.iter().chain([&terms.person]).map(Allowance::left).min().unwrap_or_default();
    let output_tokens = (left - input_tokens).clamp(0, OUTPUT_TOKENS);
    sqlx::query!(
        "insert into model_usage (run_id, user_id, class_id, model, input_tokens, output_tokens, estimated)
         select $1, $2, p.class_id, $4, $5, $6, true
         from conversations c
         left join projects p on p.id = c.project_id
         where c.id = $3
         on conflict (run_id) do update
         set model = excluded.model, class_id = excluded.class_id, input_tokens = excluded.input_tokens,
             output_tokens = excluded.output_tokens, used_at = now()",
        run.uuid(),
        user.uuid(),
        conversation.uuid(),
        wanted.model,
        input_tokens,
        output_tokens
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose tokens they are.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Own,
    OfClass,
}

impl Allowance {
    /// Refuses what there are not enough tokens for. `is_busy`: other replies of the person are under way.
    fn check(&self, whose: Whose, wanted: i64, is_busy: bool) -> Result<(), Error> {
        let left = self.left();
        if left > 0 && wanted <= left {
            return Ok(());
        }
        let Allowance { tokens, resets_at, .. } = self;
        let mut why = match (left, whose) {
            (0, Whose::Own) => format!("You have used all of your {tokens} tokens"),
            (0, Whose::OfClass) => format!("The class has used all of its {tokens} tokens"),
            (_, Whose::Own) => {
                format!("The model would read about {wanted} tokens, and you have {left} of {tokens} left")
            }
            (_, Whose::OfClass) => {
                format!("The model would read about {wanted} tokens, and the class has {left} of {tokens} left")
            }
        };
        if is_busy {
            why.push_str(", counting what your replies that are under way may take");
        }
        let (day, hour, minute) = (resets_at.date(), resets_at.hour(), resets_at.minute());
        why.push_str(&format!(". There are new ones on {day} at {hour:02}:{minute:02} UTC."));
        let seconds = (*resets_at - OffsetDateTime::now_utc()).whole_seconds().max(1);
        Err(Error::QuotaReached(why, seconds.unsigned_abs()))
    }
}

/// All but what `run` has reserved counts as used.
async fn terms(
    db: impl PgExecutor<'_>,
    model: &model::Client,
    user: UserId,
    conversation: Option<ConversationId>,
    run: Option<RunId>,
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
                            where user_id = $1 and used_at >= day and run_id is distinct from $3), 0)::bigint as "own_of_day!",
                  coalesce((select sum(input_tokens + output_tokens)
                            from model_usage u
                            where user_id = $1 and u.class_id = terms.class_id and used_at >= period
                              and run_id is distinct from $3), 0)::bigint as "own!",
                  coalesce((select sum(input_tokens + output_tokens)
                            from model_usage u
                            where u.class_id = terms.class_id and used_at >= period
                              and run_id is distinct from $3), 0)::bigint as "class!",
                  exists (select from runs where user_id = $1 and state <> 'over' and id is distinct from $3) as "is_busy!"
           from terms"#,
        user.uuid(),
        conversation.map(ConversationId::uuid),
        run.map(RunId::uuid)
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
        is_busy: row.is_busy,
    })
}
