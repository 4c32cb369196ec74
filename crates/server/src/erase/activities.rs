//! What the copies of activities begin with: bytes of a document in which its authors stand.

use shared::{
    api::FORMER_MEMBER,
    document,
    ids::{ActivityId, UserId},
};

use super::former;
use crate::{error::Error, services::Services};

/// Puts a former member into the place of somebody in what copies begin with; in how many.
///
/// # Errors
/// The database's.
pub(super) async fn forget(services: &Services, person: UserId) -> Result<usize, Error> {
    let db = &services.db;
    let text = person.to_string();
    let shouted = text.to_ascii_uppercase();
    let ids = sqlx::query_scalar!(
        "select id
         from activities
         where $1 = any(seed_authors) or position($2::bytea in seed) > 0 or position($4::bytea in seed) > 0
            or strpos(seed_tally::text, $3) > 0
         order by id",
        person.uuid(),
        text.as_bytes(),
        text,
        shouted.as_bytes()
    );
    let ids = ids.fetch_all(db).await?;
    let count = ids.len();
    for id in ids {
        let activity = ActivityId::from_uuid(id);
        let former = former::of(db, person, id).await?;
        in_seed(services, activity, (person, former)).await?;
    }
    Ok(count)
}

async fn in_seed(services: &Services, activity: ActivityId, (from, to): (UserId, UserId)) -> Result<(), Error> {
    let mut tx = services.db.begin().await?;
    // Whoever starts a copy waits.
    let seed = sqlx::query_scalar!(
        r#"select seed as "seed!" from activities where id = $1 and seed is not null for update"#,
        activity.uuid()
    );
    let Some(mut seed) = seed.fetch_optional(&mut *tx).await? else { return Ok(()) };
    document::rename(&mut seed, from, to);
    let changing = services.rooms.rewrite_kept(seed, move |doc| {
        let is_reworded = !document::rename_mentions(doc, to, FORMER_MEMBER).is_empty();
        is_reworded.then(|| doc.client_id().get())
    });
    let (client, seed) = changing.await.map_err(|error| Error::Internal(error.into()))?;
    // In the name of whoever wrote first in it, the owner: a former member who is only mentioned has written nothing there.
    let clients: Vec<i64> = client.into_iter().map(u64::cast_signed).collect();
    sqlx::query!(
        "update activities
         set seed = $4,
             seed_clients = seed_clients || $5::bigint[],
             seed_authors = array_replace(seed_authors || seed_authors[1:cardinality($5::bigint[])], $2, $3),
             seed_tally = replace(seed_tally::text, $2::uuid::text, $3::uuid::text)::jsonb
         where id = $1",
        activity.uuid(),
        from.uuid(),
        to.uuid(),
        seed,
        &clients
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
