//! What the copies of activities begin with: bytes of a document in which its authors stand.

use sha2::{Digest, Sha256};
use shared::{
    document,
    ids::{ActivityId, UserId},
};
use sqlx::types::Json;

use super::{conversations::Pass, former};
use crate::{error::Error, rooms::Tally, services::Services};

/// Puts whoever they become into the place of somebody in what copies begin with. One activity in which it cannot be done keeps
/// none of the others back.
///
/// # Errors
/// The database's.
pub(super) async fn forget(services: &Services, person: UserId) -> Result<Pass, Error> {
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
    let ids = ids.fetch_all(&services.db).await?;
    let mut pass = Pass { found: ids.len(), left: 0 };
    for id in ids {
        let activity = ActivityId::from_uuid(id);
        match in_seed(services, activity, person).await {
            Ok(true) => {}
            Ok(false) => pass.left += 1,
            Err(error) => {
                pass.left += 1;
                let source = std::error::Error::source(&error);
                tracing::warn!(%activity, %error, ?source, "somebody cannot be erased in what copies begin with");
            }
        }
    }
    Ok(pass)
}

/// `false` if copies begin with something else by now. There may be nothing that they begin with any more, and a word of who
/// wrote it nonetheless.
async fn in_seed(services: &Services, activity: ActivityId, from: UserId) -> Result<bool, Error> {
    let db = &services.db;
    let read = sqlx::query_scalar!("select seed from activities where id = $1", activity.uuid());
    let Some(read) = read.fetch_optional(db).await? else { return Ok(true) };
    let to = former::of(db, from, activity.uuid()).await?;
    let name = former::name(former::merged_into(db, from).await?, to);
    let hash = read.as_ref().map(|seed| Sha256::digest(seed).to_vec());
    let (client, seed, tally) = match read {
        Some(mut seed) => {
            document::rename(&mut seed, from, to);
            let changing = services.rooms.rewrite_kept(seed, move |doc| {
                let is_reworded = !document::rename_mentions(doc, to, &name).is_empty();
                // Counted anew: it may be two people's who are one now.
                (is_reworded.then(|| doc.client_id().get()), Tally::of(doc))
            });
            let ((client, tally), seed) = changing.await.map_err(|error| Error::Internal(error.into()))?;
            (client, Some(seed), Some(Json(tally)))
        }
        None => (None, None, None),
    };
    // In the name of whoever wrote first in it, the owner: a former member who is only mentioned has written nothing there.
    let clients: Vec<i64> = client.into_iter().map(u64::cast_signed).collect();
    let put = sqlx::query!(
        "update activities
         set seed = $4,
             seed_clients = seed_clients || $5::bigint[],
             seed_authors = array_replace(seed_authors || seed_authors[1:cardinality($5::bigint[])], $2, $3),
             seed_tally = coalesce($7, replace(seed_tally::text, $2::uuid::text, $3::uuid::text)::jsonb)
         where id = $1 and sha256(seed) is not distinct from $6",
        activity.uuid(),
        from.uuid(),
        to.uuid(),
        seed,
        &clients,
        hash,
        tally as _
    );
    Ok(put.execute(db).await?.rows_affected() == 1)
}
