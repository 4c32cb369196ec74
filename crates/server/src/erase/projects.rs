//! Projects: a class keeps its own; somebody's own go with prompts and files.

use shared::ids::UserId;

use super::former;
use crate::{error::Error, files, services::Services, trash};

/// What is left of a project whose chats a class keeps: its name is nobody's business.
const NAMELESS: &str = "Deleted project";

/// To be called when the conversations are done. `false` if files are still there: then it is to be called again.
///
/// # Errors
/// The database's, or the store's of files.
pub(super) async fn forget(services: &Services, person: UserId) -> Result<bool, Error> {
    let db = &services.db;
    let own = sqlx::query_scalar!("select id from projects where owner_id = $1 and class_id is null", person.uuid())
        .fetch_all(db)
        .await?;
    let mut tx = db.begin().await?;
    sqlx::query!(
        "update projects set deleted_at = coalesce(deleted_at, now()), name = $2 where id = any($1)",
        &own,
        NAMELESS
    )
    .execute(&mut *tx)
    .await?;
    trash::delete_projects(&mut tx, &own).await?;
    tx.commit().await?;
    files::sweep(db, &services.files).await?;
    sqlx::query!(
        "delete from projects p
         where p.id = any($1)
           and not exists (select from conversations c where c.project_id = p.id)
           and not exists (select from files f where f.project_id = p.id)",
        &own
    )
    .execute(db)
    .await?;
    // Those of classes, and those in which a class has chats: each reply keeps the prompt that produced it.
    let others = sqlx::query_scalar!(
        "select p.id
         from projects p
         where p.owner_id = $1
           and (p.class_id is not null or exists (select from conversations c where c.project_id = p.id))",
        person.uuid()
    );
    for id in others.fetch_all(db).await? {
        let former = former::of(db, person, id).await?;
        sqlx::query!("update projects set owner_id = $2 where id = $1", id, former.uuid()).execute(db).await?;
    }
    let left =
        sqlx::query_scalar!(r#"select exists (select from projects where owner_id = $1) as "left!""#, person.uuid());
    Ok(!left.fetch_one(db).await?)
}
