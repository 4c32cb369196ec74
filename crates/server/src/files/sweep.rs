//! What takes away bytes that nobody wants: of files that were deleted, and of those whose adding was cut off.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use shared::ids::FileId;
use sqlx::PgPool;

use super::Files;
use crate::{backup, error::Error};

/// Between two sweeps that nobody asked for.
const EVERY: Duration = Duration::from_secs(3_600);

/// Files of one sweep; what is left over is of the next.
const AT_ONCE: i64 = 200;

/// Files that are taken away at the same moment.
const AT_A_TIME: usize = 8;

/// Sweeps when somebody asks for it, and every hour.
pub async fn follow(db: PgPool, files: Files) {
    loop {
        if let Err(error) = sweep(&db, &files).await {
            tracing::warn!(%error, "files could not be swept");
        }
        tokio::select! {
            () = files.swept_soon() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Takes away what is to go. Repeating it, or another server doing the same at once, changes nothing.
///
/// # Errors
/// The database's or the store's; the next sweep goes on from there.
pub async fn sweep(db: &PgPool, files: &Files) -> Result<(), Error> {
    // Longer than any upload takes: whoever added these is gone.
    sqlx::query!(
        "update files
         set deleted_at = now()
         where stored_at is null and deleted_at is null and created_at < now() - interval '1 hour'"
    )
    .execute(db)
    .await?;
    loop {
        let mut tx = db.begin().await?;
        // A backup reads files as they were when it began: what was deleted since goes at the next sweep.
        if !backup::may_sweep(&mut tx).await? {
            return Ok(());
        }
        // One that is being added is left to whoever adds it: its bytes may still come.
        let gone = sqlx::query_scalar!(
            "select id
             from files
             where deleted_at is not null and purged_at is null
               and (stored_at is not null or created_at < now() - interval '1 hour')
             order by deleted_at
             limit $1",
            AT_ONCE
        )
        .fetch_all(&mut *tx)
        .await?;
        // A few at a time, which are a few ways to a store elsewhere; a transaction that stands idle is ended.
        let removals = stream::iter(gone.clone()).map(|id| files.remove(FileId::from_uuid(id)));
        removals.buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
        sqlx::query!("update files set purged_at = now() where id = any($1)", &gone).execute(&mut *tx).await?;
        tx.commit().await?;
        if gone.is_empty() {
            break;
        }
    }
    // Those that were sent along with a message stay, to be named there.
    sqlx::query!(
        "delete from files f
         where f.purged_at is not null
           and not exists (select from message_files m where m.file_id = f.id)"
    )
    .execute(db)
    .await?;
    Ok(())
}
