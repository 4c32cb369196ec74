//! Deliveries that are due: taken by whichever server comes first, one of a webhook at a time, and for as long as an attempt
//! can take. Whatever a server that ends leaves is taken again when that is over, under the same id.

use std::time::Duration;

use rand::Rng;
use shared::{
    api::{DELIVERY_DAYS, MAX_DELIVERIES_KEPT},
    ids::{DeliveryId, WebhookId},
};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tracing::Instrument;

use super::send::{self, Outcome};
use crate::{error::Error, outbound::strangers::PATIENCE, services::Services};

/// Deliveries that a server sends at once.
const AT_ONCE: usize = 16;

/// And of one person's webhooks, about: others wait for a place too.
const AT_ONCE_OF_ONE: i64 = 3;

/// Between two looks for what is due.
const LOOK: Duration = Duration::from_secs(1);

/// Between two looks for what is old.
const SWEEP: Duration = Duration::from_secs(3_600);

/// Deliveries that are forgotten in one statement.
const SWEPT_AT_ONCE: i64 = 5_000;

/// For so many seconds a delivery is whose who took it.
const LEASE: i32 = 4 * PATIENCE.as_secs() as i32;

/// An attempt is over then, whatever it waits for: before somebody else may take it.
const WHOLE: Duration = Duration::from_secs(3 * PATIENCE.as_secs());

/// Seconds from each attempt to the next, a fifth more or less: nearly a day in all.
const PAUSES: [i64; 8] = [5, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800];

/// The first, and one after each pause.
const MAX_ATTEMPTS: i16 = PAUSES.len() as i16 + 1;

/// After so many failures in a row a webhook is left alone no longer than after that many: half an hour.
const PAUSES_OF_WEBHOOK: usize = 4;

/// A receiver that asks to be left alone for longer is asked then.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// Why something came to nothing that its receiver had no part in.
const OUR_FAULT: &str = "This server could not send it.";

/// A webhook is switched off after so many attempts that failed in a row, if the first of them was a day ago: a receiver
/// that is away for an hour, while a class writes, has failed as often.
const MANY_FAILURES: i32 = 50;

/// An attempt that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) webhook: WebhookId,
    pub(super) delivery: DeliveryId,
    /// From one.
    attempt: i16,
    /// It is sent once.
    is_test: bool,
    /// Until when the webhook is ours; a test is sent at once, beside whatever is, and by nobody else.
    lease: Option<OffsetDateTime>,
}

impl Claim {
    /// When to try again, in seconds from now; never after the last attempt.
    fn pause(&self) -> Option<i64> {
        let pause = PAUSES.get(usize::try_from(self.attempt - 1).ok()?).filter(|_| !self.is_test)?;
        Some(jittered(*pause))
    }
}

/// A fifth more or less, so that what failed together does not come together again.
fn jittered(seconds: i64) -> i64 {
    rand::rng().random_range(seconds * 4 / 5..=seconds * 6 / 5)
}

/// Sends what is due, for as long as the server runs.
pub async fn follow(services: Services) {
    let mut under_way = JoinSet::new();
    let mut sweep_at = Instant::now();
    loop {
        if Instant::now() >= sweep_at {
            sweep_at = Instant::now() + SWEEP;
            if let Err(error) = sweep(&services.db).await {
                tracing::warn!(%error, "old deliveries of webhooks cannot be forgotten");
            }
        }
        match claim(&services.db, AT_ONCE - under_way.len()).await {
            Ok(claims) => {
                for claim in claims {
                    let services = services.clone();
                    let sending = async move {
                        if let Err(error) = carry_out(&services, claim).await {
                            tracing::warn!(%error, webhook = %claim.webhook, "what came of a delivery cannot be written down");
                        }
                    };
                    under_way.spawn(sending.in_current_span());
                }
            }
            Err(error) => tracing::warn!(%error, "deliveries of webhooks cannot be looked for"),
        }
        tokio::select! {
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Sends a test now, and answers which delivery it is; also where whoever asked does not wait for it.
///
/// # Errors
/// The database's, or the webhook is not there any more.
pub(super) async fn test(services: Services, webhook: WebhookId) -> Result<DeliveryId, Error> {
    let delivery = DeliveryId::new();
    let sending = async move {
        let written = sqlx::query!(
            "insert into webhook_deliveries (id, webhook_id, is_test, attempts, attempted_at, due_at)
             select $1, id, true, 1, now(), now() + make_interval(secs => $3)
             from webhooks
             where id = $2
             for key share",
            delivery.uuid(),
            webhook.uuid(),
            f64::from(LEASE)
        );
        if written.execute(&services.db).await?.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        carry_out(&services, Claim { webhook, delivery, attempt: 1, is_test: true, lease: None }).await?;
        Ok::<_, Error>(delivery)
    };
    tokio::spawn(sending.in_current_span()).await.map_err(|error| Error::Internal(error.into()))?
}

/// What goes wrong with us is an attempt that failed too: it comes to an end like any other.
async fn carry_out(services: &Services, claim: Claim) -> Result<(), Error> {
    let outcome = match timeout(WHOLE, send::attempt(services, claim)).await {
        Ok(Ok(Some(outcome))) => outcome,
        Ok(Ok(None)) => return Ok(free(&mut *services.db.acquire().await?, claim).await?),
        Ok(Err(error)) => {
            tracing::warn!(%error, webhook = %claim.webhook, "a delivery could not be made");
            Outcome::failed(OUR_FAULT)
        }
        Err(_) => Outcome::failed(OUR_FAULT),
    };
    settle(&services.db, claim, outcome).await?;
    Ok(())
}

/// Takes the first due delivery of each webhook of which none is being sent: first of those people of whom the fewest are,
/// so that nobody's slow receivers hold all others up; of these, what waits longest. A webhook is busy for others only if
/// there was something to take.
async fn claim(db: &PgPool, most: usize) -> sqlx::Result<Vec<Claim>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let taken = sqlx::query!(
        r#"
        with due as (
            select h.id, h.user_id, first.due_at as since
            from webhooks h
            -- However much waits, one is looked at.
            cross join lateral (
                select d.due_at
                from webhook_deliveries d
                where d.webhook_id = h.id and d.state = 'waiting' and d.due_at <= now() and not d.is_test
                    and d.attempts < $3
                order by d.due_at
                limit 1
            ) first
            where h.state = 'active'
                and (h.busy_until is null or h.busy_until <= now())
                and (h.paused_until is null or h.paused_until <= now())
        ), in_turn as (
            select due.id, due.since,
                   row_number() over (partition by due.user_id order by due.since, due.id)
                   + (select count(*) from webhooks b where b.user_id = due.user_id and b.busy_until > now()) as place
            from due
        ), held as (
            select h.id
            from webhooks h
            where h.id in (select id from in_turn where place <= $4 order by place, since, id limit $1)
                and h.state = 'active'
                and (h.busy_until is null or h.busy_until <= now())
                and (h.paused_until is null or h.paused_until <= now())
            for no key update skip locked
        ), first as (
            select distinct on (d.webhook_id) d.id, d.webhook_id
            from webhook_deliveries d
            join held on held.id = d.webhook_id
            where d.state = 'waiting' and d.due_at <= now() and not d.is_test and d.attempts < $3
            order by d.webhook_id, d.due_at, d.id
        ), taken as (
            update webhook_deliveries d
            set attempts = d.attempts + 1, attempted_at = now(), due_at = now() + make_interval(secs => $2)
            from first
            -- Asked again: somebody may have tried it since this statement began.
            where d.id = first.id and d.state = 'waiting' and d.due_at <= now() and d.attempts < $3
            returning d.id, d.webhook_id, d.attempts
        )
        update webhooks h
        set busy_until = now() + make_interval(secs => $2)
        from taken
        where h.id = taken.webhook_id
        returning taken.id, taken.webhook_id, taken.attempts, h.busy_until
        "#,
        most as i64,
        f64::from(LEASE),
        MAX_ATTEMPTS,
        AT_ONCE_OF_ONE
    )
    .fetch_all(db)
    .await?;
    let claims = taken.into_iter().map(|row| Claim {
        webhook: WebhookId::from_uuid(row.webhook_id),
        delivery: DeliveryId::from_uuid(row.id),
        attempt: row.attempts,
        is_test: false,
        lease: row.busy_until,
    });
    Ok(claims.collect())
}

/// Writes down what came of an attempt, unless somebody else has it by now.
async fn settle(db: &PgPool, claim: Claim, outcome: Outcome) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    // Whoever takes the webhook away has it first, and then what waits for it.
    sqlx::query!("select id from webhooks where id = $1 for no key update", claim.webhook.uuid())
        .fetch_optional(&mut *tx)
        .await?;
    let pause = if matches!(outcome, Outcome::Failed { .. }) { claim.pause() } else { None };
    let (state, status, reason) = match &outcome {
        Outcome::Delivered { status } => ("delivered", Some(*status), None),
        Outcome::Failed { status, reason, .. } if pause.is_some() => ("waiting", *status, Some(reason.as_str())),
        Outcome::Failed { status, reason, .. } => ("failed", *status, Some(reason.as_str())),
        Outcome::Gone => ("failed", Some(410), Some("It answered that it is gone (410).")),
        Outcome::Silent { why } => ("silent", None, Some(*why)),
    };
    let settled = sqlx::query!(
        "update webhook_deliveries
         set state = $3,
             -- What nobody is to be told was not tried.
             attempts = case when $3 = 'silent' then attempts - 1 else attempts end,
             status = $4,
             reason = $5,
             due_at = case when $3 = 'waiting' then now() + make_interval(secs => $6) else due_at end,
             ended_at = case when $3 = 'waiting' then null else now() end
         where id = $1 and attempts = $2 and state = 'waiting'",
        claim.delivery.uuid(),
        claim.attempt,
        state,
        status.and_then(|status| i16::try_from(status).ok()),
        reason,
        pause.unwrap_or_default() as f64
    );
    if settled.execute(&mut *tx).await?.rows_affected() == 0 {
        free(&mut tx, claim).await?;
        return tx.commit().await;
    }
    let goes_on = note(&mut tx, claim, &outcome).await?;
    if !goes_on {
        end_of_silent(&mut tx, Some(claim.webhook)).await?;
    }
    tx.commit().await
}

/// A webhook whose delivery has gone meanwhile goes on with the next, if it is still ours.
async fn free(conn: &mut PgConnection, claim: Claim) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhooks set busy_until = null where id = $1 and busy_until = $2",
        claim.webhook.uuid(),
        claim.lease
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends what waits for webhooks that are told nothing any more, or for one of them.
async fn end_of_silent(conn: &mut PgConnection, only: Option<WebhookId>) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_deliveries d
         set state = 'failed', reason = 'The webhook is told nothing any more.', ended_at = now()
         from webhooks h
         where h.id = d.webhook_id and h.state <> 'active' and ($1::uuid is null or h.id = $1)
             and d.state = 'waiting' and not d.is_test",
        only.map(WebhookId::uuid)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What an attempt means for its webhook, which is free then, and left alone for a while if it failed; whether it goes on.
async fn note(conn: &mut PgConnection, claim: Claim, outcome: &Outcome) -> sqlx::Result<bool> {
    let (failed, delivered, gone) = match outcome {
        Outcome::Delivered { .. } => (false, true, false),
        Outcome::Failed { .. } => (true, false, false),
        Outcome::Gone => (false, false, true),
        Outcome::Silent { .. } => (false, false, false),
    };
    let asked_for = match outcome {
        Outcome::Failed { retry_after: Some(pause), .. } => (*pause).min(LONGEST_RETRY_AFTER).as_secs_f64(),
        _ => 0.0,
    };
    let pauses: Vec<f64> = PAUSES.iter().take(PAUSES_OF_WEBHOOK).map(|pause| jittered(*pause) as f64).collect();
    let goes_on = sqlx::query_scalar!(
        r#"
        update webhooks
        set busy_until = case when busy_until = $2 then null else busy_until end,
            paused_until = case
                when $4 then null
                when $3 and not $7 then now() + make_interval(
                    secs => greatest($8, ($9::float8[])[least(failures + 1, cardinality($9::float8[]))]))
                else paused_until
            end,
            failures = case when $3 then failures + 1 when $4 then 0 else failures end,
            failing_since = case when $3 then coalesce(failing_since, now()) when not $4 then failing_since end,
            state = case
                when state = 'ended' or $5 then 'ended'
                when $4 then 'active'
                when $3 and failures + 1 >= $6 and failing_since < now() - interval '1 day' then 'disabled'
                else state
            end
        where id = $1
        returning state = 'active' as "active!"
        "#,
        claim.webhook.uuid(),
        claim.lease,
        failed,
        delivered,
        gone,
        MANY_FAILURES,
        claim.is_test,
        asked_for,
        &pauses
    );
    Ok(goes_on.fetch_optional(conn).await?.unwrap_or_default())
}

/// Ends what nobody will settle, and forgets what is over: secrets and counts that are old, deliveries that are, and all but
/// the newest of each webhook.
async fn sweep(db: &PgPool) -> sqlx::Result<()> {
    end_of_silent(&mut *db.acquire().await?, None).await?;
    sqlx::query!(
        "update webhook_deliveries
         set state = 'failed', reason = coalesce(reason, $2), ended_at = now()
         where state = 'waiting' and due_at < now() and (is_test or attempts >= $1)",
        MAX_ATTEMPTS,
        OUR_FAULT
    )
    .execute(db)
    .await?;
    sqlx::query!("update webhooks set old_secret = null, old_secret_until = null where old_secret_until <= now()")
        .execute(db)
        .await?;
    sqlx::query!(
        "update webhooks set missed = 0, missed_at = null where missed_at < now() - make_interval(days => $1)",
        i32::from(DELIVERY_DAYS)
    )
    .execute(db)
    .await?;
    loop {
        let gone = sqlx::query!(
            "delete from webhook_deliveries
             where id in (select id from webhook_deliveries
                          where ended_at < now() - make_interval(days => $1)
                          limit $2)",
            i32::from(DELIVERY_DAYS),
            SWEPT_AT_ONCE
        );
        if gone.execute(db).await?.rows_affected() < SWEPT_AT_ONCE as u64 {
            break;
        }
    }
    loop {
        let gone = sqlx::query!(
            "delete from webhook_deliveries
             where id in (select beyond.id
                          from webhooks h
                          cross join lateral (select d.id from webhook_deliveries d
                                              where d.webhook_id = h.id and d.ended_at is not null
                                              order by d.id desc
                                              offset $1) beyond
                          limit $2)",
            i64::from(MAX_DELIVERIES_KEPT),
            SWEPT_AT_ONCE
        );
        if gone.execute(db).await?.rows_affected() < SWEPT_AT_ONCE as u64 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(attempt: i16, is_test: bool) -> Claim {
        Claim { webhook: WebhookId::new(), delivery: DeliveryId::new(), attempt, is_test, lease: None }
    }

    #[test]
    fn attempts_are_made_less_and_less_often_for_about_a_day_and_not_in_step() {
        let whole: i64 = PAUSES.iter().sum();
        assert!((20 * 3_600..26 * 3_600).contains(&whole), "{whole} s");
        for (place, wanted) in (1..).zip(PAUSES) {
            let pauses: Vec<i64> = (0..200).filter_map(|_| claim(place, false).pause()).collect();
            assert!(pauses.iter().all(|pause| (pause * 10 - wanted * 10).abs() <= wanted * 2), "{wanted}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        }
        assert_eq!(claim(PAUSES.len() as i16 + 1, false).pause(), None, "the last one");
        assert_eq!(claim(1, true).pause(), None, "a test is made once");
    }
}
