//! The task by which what somebody left is gone through.

use std::{sync::Arc, time::Duration};

use shared::ids::{FileId, UserId};
use sqlx::PgPool;
use tokio::sync::Notify;

use super::{activities, conversations, projects};
use crate::{error::Error, services::Services};

/// Between two looks for what another server left, or what could not be done.
const LOOK: Duration = Duration::from_secs(300);

/// Rings when an account is to be erased.
pub type Bell = Arc<Notify>;

/// Erases, for as long as the server runs.
pub async fn follow(services: Services) {
    loop {
        if let Err(error) = all(&services).await {
            tracing::warn!(%error, "accounts that are to be erased cannot be looked for");
        }
        tokio::select! {
            () = services.erase_bell.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn all(services: &Services) -> Result<(), Error> {
    let people = sqlx::query_scalar!("select id from users where erasing_since is not null order by erasing_since");
    for id in people.fetch_all(&services.db).await? {
        let user = UserId::from_uuid(id);
        match one(services, user).await {
            Ok(true) => tracing::info!(%user, "an account is erased"),
            Ok(false) => tracing::warn!(%user, "an account is not erased yet: it is gone on with later"),
            Err(error) => {
                let source = std::error::Error::source(&error);
                tracing::warn!(%user, %error, ?source, "an account is not erased yet: it is gone on with later");
            }
        }
    }
    Ok(())
}

/// Whether nothing is left.
async fn one(services: &Services, person: UserId) -> Result<bool, Error> {
    exports(services, person).await?;
    // What copies begin with, before the copies: whoever starts one now gets it as it is to be.
    activities::forget(&services.db, person).await?;
    loop {
        let pass = conversations::pass(services, person).await?;
        if pass.left > 0 {
            return Ok(false);
        }
        if pass.found == 0 {
            break;
        }
    }
    if !projects::forget(services, person).await? {
        return Ok(false);
    }
    // Something that refers to them would be refused here.
    sqlx::query!("delete from users where id = $1 and erasing_since is not null", person.uuid())
        .execute(&services.db)
        .await?;
    Ok(true)
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
