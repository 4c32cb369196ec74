//! The task by which what somebody left is gone through, who is erased or goes on by another account.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use shared::ids::{FileId, UserId};
use sqlx::PgPool;
use tokio::sync::Notify;

use super::{activities, aliases, begin, conversations, former, projects, usage};
use crate::{error::Error, merge, runs, services::Services};

/// Between two looks for what another server left.
const LOOK: Duration = Duration::from_secs(300);

/// Before it is tried for the second time with somebody: what was in the way is mostly over then.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How often all that is kept here is gone through before there is a pause: each time but the first finds what was written
/// during the one before.
const PASSES: usize = 5;

/// The longest pause before it is tried again with somebody: each time all that is kept here is read.
const MAX_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

/// Rings when an account is to be erased, or becomes part of another.
pub type Bell = Arc<Notify>;

/// Those with whom it could not be done: from when on it is tried again, and how long the next pause is.
#[derive(Debug, Default)]
struct Pauses(HashMap<UserId, (Instant, Duration)>);

impl Pauses {
    /// How long the shortest of them lasts.
    fn rest(&self, now: Instant) -> Option<Duration> {
        self.0.values().map(|(from, _)| from.saturating_duration_since(now)).min()
    }

    fn is_over(&self, user: UserId, now: Instant) -> bool {
        self.0.get(&user).is_none_or(|(from, _)| *from <= now)
    }

    /// Twice as long each time.
    fn grow(&mut self, user: UserId, now: Instant) {
        let pause = self.0.get(&user).map_or(FIRST_PAUSE, |(_, next)| *next);
        self.0.insert(user, (now + pause, (pause * 2).min(MAX_PAUSE)));
    }
}

/// Erases, for as long as the server runs.
pub async fn follow(services: Services) {
    let mut pauses = Pauses::default();
    loop {
        if let Err(error) = all(&services, &mut pauses).await {
            tracing::warn!(%error, "accounts of which nothing is to be left cannot be looked for");
        }
        tokio::select! {
            () = services.erase_bell.notified() => {}
            () = tokio::time::sleep(pauses.rest(Instant::now()).map_or(LOOK, |rest| rest.min(LOOK))) => {}
        }
    }
}

async fn all(services: &Services, pauses: &mut Pauses) -> Result<(), Error> {
    let people = sqlx::query_scalar!(
        "select id from users where erasing_since is not null or merged_into is not null order by banned_at"
    );
    let people: Vec<_> = people.fetch_all(&services.db).await?.into_iter().map(UserId::from_uuid).collect();
    // Another server may have been done with some.
    pauses.0.retain(|user, _| people.contains(user));
    for user in people {
        if !pauses.is_over(user, Instant::now()) {
            continue;
        }
        match one(services, user).await {
            Ok(true) => {
                pauses.0.remove(&user);
                tracing::info!(%user, "nothing is left of an account");
                continue;
            }
            Ok(false) => tracing::warn!(%user, "something is left of an account: it is gone on with later"),
            Err(error) => {
                let source = std::error::Error::source(&error);
                tracing::warn!(%user, %error, ?source, "something is left of an account: it is gone on with later");
            }
        }
        pauses.grow(user, Instant::now());
    }
    Ok(())
}

/// Whether nothing is left.
async fn one(services: &Services, person: UserId) -> Result<bool, Error> {
    let db = &services.db;
    let merged = former::merged_into(db, person).await?;
    // Whatever was under way may have written something of them since; their address is nowhere any more.
    let mut tx = db.begin().await?;
    match merged {
        Some((stays, _)) => merge::go_on(&mut tx, person, stays).await?,
        None => begin::cut_off(&mut tx, person, "").await?,
    }
    tx.commit().await?;
    if merged.is_none() {
        exports(services, person).await?;
        // In chats of others too: what is in line would begin, in a name that is nobody's.
        runs::stop_all_of(services, person).await?;
    }
    if !everywhere(services, person).await? {
        return Ok(false);
    }
    aliases::forget(db, person).await?;
    if let Some((stays, _)) = merged {
        let mut tx = db.begin().await?;
        let is_gone = merge::finish(&mut tx, person, stays).await?;
        tx.commit().await?;
        return Ok(is_gone);
    }
    if !projects::forget(services, person).await? {
        return Ok(false);
    }
    usage::hand_over(db, person).await?;
    // Something that refers to them would be refused here; what does so without a key, whoever wrote meanwhile may have left.
    let gone = sqlx::query!(
        "delete from users
         where id = $1 and erasing_since is not null
           and not exists (select from annotation_client where author = $1)
           and not exists (select from activities where $1 = any(seed_authors))
           and not exists (select from author_aliases where alias = $1)",
        person.uuid()
    );
    Ok(gone.execute(db).await?.rows_affected() == 1)
}

/// Goes through all that is kept here until nothing is found; `false` if that was not to be had now.
async fn everywhere(services: &Services, person: UserId) -> Result<bool, Error> {
    for _ in 0..PASSES {
        // What copies begin with, before the copies: whoever starts one now gets it as it is to be. Again each time, as
        // somebody may have begun meanwhile with a template that was not done.
        let seeds = activities::forget(services, person).await?;
        let pass = conversations::pass(services, person).await?;
        if pass.found + seeds.found == 0 {
            return Ok(true);
        }
        if pass.left + seeds.left > 0 {
            return Ok(false);
        }
    }
    Ok(false)
}

/// Files that they had made.
async fn exports(services: &Services, person: UserId) -> Result<(), Error> {
    for id in exports_of(&services.db, person).await? {
        services.files.remove(FileId::from_uuid(id)).await?;
        sqlx::query!("delete from export_jobs where id = $1", id).execute(&services.db).await?;
    }
    Ok(())
}

/// One that is being made learns that it is not wanted any more, and puts nothing into the store then.
async fn exports_of(db: &PgPool, person: UserId) -> Result<Vec<uuid::Uuid>, Error> {
    sqlx::query!(
        "update export_jobs set state = 'cancelled' where user_id = $1 and state in ('queued', 'running')",
        person.uuid()
    )
    .execute(db)
    .await?;
    Ok(sqlx::query_scalar!("select id from export_jobs where user_id = $1", person.uuid()).fetch_all(db).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_tried_less_and_less_often() {
        let (mut pauses, user, start) = (Pauses::default(), UserId::new(), Instant::now());
        assert!(pauses.is_over(user, start));
        let mut now = start;
        assert_eq!(pauses.rest(now), None);
        let doubled = (0..14).map(|power| 2 << power);
        for seconds in doubled.chain([21_600, 21_600]) {
            pauses.grow(user, now);
            let pause = Duration::from_secs(seconds);
            assert_eq!(pauses.rest(now), Some(pause));
            assert!(!pauses.is_over(user, now + pause - Duration::from_secs(1)), "{seconds}");
            now += pause;
            assert!(pauses.is_over(user, now), "{seconds}");
        }
        assert!(pauses.is_over(UserId::new(), start), "another");
    }
}
