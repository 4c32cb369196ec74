//! Webhooks: addresses that are told of new comments, by the rules of Standard Webhooks
//! (<https://www.standardwebhooks.com>). What is to be told is written with the comment (`record`) and sent by whichever
//! server takes it first (`queue`, `send`). A webhook is its owner's alone, and hears what they may read when it is sent.

mod about;
mod queue;
/// Deliveries of what an update says, in the transaction that stores it.
pub(crate) mod record;
mod send;

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::TryRngCore;
use shared::{
    api::{
        CreateWebhook, Delivery, DeliveryState, EventKind, MAX_DELIVERIES_LISTED, MAX_OWN_WEBHOOKS_ABOUT,
        MAX_WEBHOOK_URL_CHARS, MAX_WEBHOOKS, MAX_WEBHOOKS_ABOUT, SecretRenewal, Webhook, WebhookDetails, WebhookSecret,
        WebhookState,
    },
    ids::{ConversationId, DeliveryId, UserId, WebhookId},
};
use sqlx::PgPool;
use url::Url;

use crate::{access, error::Error, outbound::strangers::Reach, services::Services, sessions::Caller, times::rfc3339};

use about::About;

pub use queue::follow;

/// What stands before a secret, so that it is known by eye.
const PREFIX: &str = "whsec_";

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// `GET /api/v1/webhooks`
pub async fn list(State(services): State<Services>, caller: Caller) -> Result<Json<Vec<Webhook>>, Error> {
    Ok(Json(of(&services.db, caller.id, None).await?))
}

/// `GET /api/v1/webhooks/{webhook}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<WebhookId>, PathRejection>,
) -> Result<Json<WebhookDetails>, Error> {
    let Path(id) = path?;
    let webhook = one(&services.db, caller.id, id).await?;
    Ok(Json(WebhookDetails { webhook, deliveries: deliveries(&services.db, id, None).await? }))
}

async fn one(db: &PgPool, owner: UserId, id: WebhookId) -> Result<Webhook, Error> {
    of(db, owner, Some(id)).await?.pop().ok_or(Error::NotFound)
}

/// Somebody's webhooks, or one of them.
async fn of(db: &PgPool, owner: UserId, only: Option<WebhookId>) -> Result<Vec<Webhook>, Error> {
    let rows = sqlx::query!(
        r#"select h.id, h.url, h.conversation_id, h.activity_id, h.class_id, h.state, h.failures, h.missed, h.missed_at, h.created_at,
                  coalesce(c.title, a.title, k.name) as "title!", m.user_id is not null as "belongs!",
                  (select count(*) from webhook_deliveries d
                   where d.webhook_id = h.id and d.state = 'waiting') as "waiting!"
           from webhooks h
           left join conversations c on c.id = h.conversation_id
           left join activities a on a.id = h.activity_id
           left join classes k on k.id = coalesce(a.class_id, h.class_id)
           left join memberships m on m.class_id = k.id and m.user_id = h.user_id and a.trashed_at is null
           where h.user_id = $1 and ($2::uuid is null or h.id = $2)
           order by h.id desc"#,
        owner.uuid(),
        only.map(WebhookId::uuid)
    )
    .fetch_all(db)
    .await?;
    let asked = rows.iter().filter_map(|row| Some((owner, ConversationId::from_uuid(row.conversation_id?))));
    let readable = access::of_all(db, &asked.collect::<Vec<_>>()).await?;
    let webhooks = rows.into_iter().filter_map(|row| {
        let about = About::of_columns(row.conversation_id, row.activity_id, row.class_id)?;
        let may_read = match about {
            About::Conversation(id) => readable.contains_key(&(owner, id)),
            About::Activity(_) | About::Class(_) => row.belongs,
        };
        Some(Webhook {
            id: WebhookId::from_uuid(row.id),
            url: row.url,
            subject: about.subject(),
            about: about.path(),
            title: may_read.then_some(row.title),
            state: state(&row.state),
            may_read,
            failures: u32::try_from(row.failures).unwrap_or_default(),
            waiting: u32::try_from(row.waiting).unwrap_or_default(),
            missed: u64::try_from(row.missed).unwrap_or_default(),
            missed_at: row.missed_at.map(rfc3339),
            created_at: rfc3339(row.created_at),
        })
    });
    Ok(webhooks.collect())
}

fn state(column: &str) -> WebhookState {
    match column {
        "active" => WebhookState::Active,
        "ended" => WebhookState::Ended,
        _ => WebhookState::Disabled,
    }
}

/// The newest deliveries of a webhook, or one of them.
async fn deliveries(db: &PgPool, webhook: WebhookId, only: Option<DeliveryId>) -> Result<Vec<Delivery>, Error> {
    let rows = sqlx::query!(
        r#"select d.id, d.conversation_id, d.is_test, d.state, d.attempts, d.status, d.reason, d.created_at, d.attempted_at,
                  greatest(d.due_at, h.paused_until) as "next_at!"
           from webhook_deliveries d
           join webhooks h on h.id = d.webhook_id
           where d.webhook_id = $1 and ($2::uuid is null or d.id = $2)
           order by d.id desc
           limit $3"#,
        webhook.uuid(),
        only.map(DeliveryId::uuid),
        i64::from(MAX_DELIVERIES_LISTED)
    )
    .fetch_all(db)
    .await?;
    let deliveries = rows.into_iter().map(|row| {
        let state = match &*row.state {
            "waiting" => DeliveryState::Waiting,
            "delivered" => DeliveryState::Delivered,
            "silent" => DeliveryState::Silent,
            _ => DeliveryState::Failed,
        };
        Delivery {
            id: DeliveryId::from_uuid(row.id),
            kind: if row.is_test { EventKind::Test } else { EventKind::CommentCreated },
            state,
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            reason: row.reason,
            conversation: row.conversation_id.map(ConversationId::from_uuid),
            created_at: rfc3339(row.created_at),
            attempted_at: row.attempted_at.map(rfc3339),
            next_at: (state == DeliveryState::Waiting).then(|| rfc3339(row.next_at)),
        }
    });
    Ok(deliveries.collect())
}

/// `POST /api/v1/webhooks`: by no token. One that leaked would otherwise hear on when it is revoked.
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    body: Result<Json<CreateWebhook>, JsonRejection>,
) -> Result<(StatusCode, Json<WebhookSecret>), Error> {
    caller.session()?;
    let Json(CreateWebhook { url, about }) = body?;
    let url = address(&url, &services.config.webhook_reach)?;
    let about = About::read(&about, &services.origin)?;
    about.check(&services.db, caller.id).await?;
    let (conversation, activity, class) = about.columns();
    let (id, secret) = (WebhookId::new(), secret()?);
    let mut tx = services.db.begin().await?;
    // What is counted stays so until this is committed.
    sqlx::query!("select id from users where id = $1 for no key update", caller.id.uuid()).fetch_one(&mut *tx).await?;
    about.hold(&mut tx).await?;
    let there = sqlx::query!(
        r#"select (select count(*) from webhooks where user_id = $1) as "of_caller!",
                  (select count(*) from webhooks
                   where user_id = $1 and state <> 'ended'
                       and (conversation_id = $2 or activity_id = $3 or class_id = $4)) as "of_both!",
                  -- Those that are told something.
                  (select count(*)
                   from webhooks h
                   join users u on u.id = h.user_id and u.banned_at is null
                   left join activities a on a.id = h.activity_id
                   left join memberships m on m.class_id = coalesce(a.class_id, h.class_id) and m.user_id = h.user_id
                   where h.state = 'active'
                       and (h.conversation_id = $2
                            or ((h.activity_id = $3 or h.class_id = $4) and m.user_id is not null))) as "about_it!""#,
        caller.id.uuid(),
        conversation,
        activity,
        class
    )
    .fetch_one(&mut *tx)
    .await?;
    if there.of_caller >= i64::from(MAX_WEBHOOKS) {
        let why = format!("You have {MAX_WEBHOOKS} webhooks. Delete one that you do not need first.");
        return Err(Error::Conflict("too_many_webhooks", why));
    }
    if there.of_both >= i64::from(MAX_OWN_WEBHOOKS_ABOUT) {
        let why = format!("You have {MAX_OWN_WEBHOOKS_ABOUT} webhooks about this. Delete one of them first.");
        return Err(Error::Conflict("too_many_webhooks", why));
    }
    if there.about_it >= i64::from(MAX_WEBHOOKS_ABOUT) {
        let why =
            format!("{MAX_WEBHOOKS_ABOUT} webhooks are told of this already, by all its readers. There is no room.");
        return Err(Error::Conflict("too_many_webhooks_about", why));
    }
    sqlx::query!(
        "insert into webhooks (id, user_id, conversation_id, activity_id, class_id, url, secret)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id.uuid(),
        caller.id.uuid(),
        conversation,
        activity,
        class,
        url.as_str(),
        &secret
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(WebhookSecret { id, secret: spelt(&secret) })))
}

/// An address that something may be sent to.
fn address(text: &str, reach: &Reach) -> Result<Url, Error> {
    let wrong = |why: &str| Err(Error::Invalid("webhook_url", format!("url: {why}")));
    let Ok(url) = Url::parse(text.trim()) else {
        return wrong("that is no address. It begins with https://");
    };
    let is_plain = url.scheme() == "http" && reach.is_wider();
    if url.scheme() != "https" && !is_plain {
        return wrong("an address begins with https://, so that nobody reads along.");
    }
    if url.as_str().chars().count() > MAX_WEBHOOK_URL_CHARS {
        return wrong(&format!("an address has at most {MAX_WEBHOOK_URL_CHARS} characters."));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return wrong("an address has no name or password before its host, and no # in it.");
    }
    match reach.check(&url) {
        Ok(()) => Ok(url),
        Err(refused) => wrong(&refused.to_string()),
    }
}

fn secret() -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; SECRET_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Internal(error.into()))?;
    Ok(bytes)
}

fn spelt(secret: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64_STANDARD.encode(secret))
}

/// `DELETE /api/v1/webhooks/{webhook}`
pub async fn delete(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<WebhookId>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let gone = sqlx::query!("delete from webhooks where id = $1 and user_id = $2", id.uuid(), caller.id.uuid());
    if gone.execute(&services.db).await?.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/webhooks/{webhook}/secret`: whoever verifies with the old one has a day to take the new one. The old one is
/// the one in use: a second one that is new within that day takes the place of the first. One that leaked need not sign for
/// that day; by a token nobody takes another's place.
pub async fn renew(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<WebhookId>, PathRejection>,
    body: Result<Json<SecretRenewal>, JsonRejection>,
) -> Result<Json<WebhookSecret>, Error> {
    caller.session()?;
    let (Path(id), Json(SecretRenewal { at_once })) = (path?, body?);
    let secret = secret()?;
    let renewed = sqlx::query!(
        "update webhooks
         set old_secret = case when not $4 then case when old_secret_until > now() then old_secret else secret end end,
             old_secret_until = case when not $4 then now() + interval '1 day' end,
             secret = $3
         where id = $1 and user_id = $2",
        id.uuid(),
        caller.id.uuid(),
        &secret,
        at_once
    );
    if renewed.execute(&services.db).await?.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    Ok(Json(WebhookSecret { id, secret: spelt(&secret) }))
}

/// `POST /api/v1/webhooks/{webhook}/test`: an address of somebody else's is not to be asked without end.
pub async fn test(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<WebhookId>, PathRejection>,
) -> Result<Json<Delivery>, Error> {
    let Path(id) = path?;
    let webhook = one(&services.db, caller.id, id).await?;
    if webhook.state == WebhookState::Ended {
        let why = "The address of this webhook answered that it is gone. Make another where there is a new one.";
        return Err(Error::Conflict("webhook_ended", why.into()));
    }
    services.webhooks_tested.count(caller.id)?;
    let delivery = queue::test(services.clone(), id).await?;
    deliveries(&services.db, id, Some(delivery)).await?.pop().map(Json).ok_or(Error::NotFound)
}
